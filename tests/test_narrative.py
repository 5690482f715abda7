"""Sentences and titles hold the numbers of the tables."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.evaluation import (
    artist_effects,
    calibration,
    comparisons,
    difficulty,
    learning_curve,
    per_class,
    predictions,
    results,
    slice_aggregation,
)  # fmt: skip
from lib.evaluation.bootstrap import Bootstrap
from lib.io import write_csv
from lib.narrative import findings, format, titles
from lib.paths import Study
from tests.predictions import numbers_of, run_of, several, sure, tracks_of

NET = {"network": "yu2018", "recipe": "poster"}
NO_RANKS = pd.DataFrame(columns=["split", "recipe", "head", "level", "better", "worse", "p_holm"])

# ---- numbers and tables


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [(0.695, 2, "0.70"), (0.765, 2, "0.77"), (-0.0004, 2, "0.00"), (69.5, 0, "70"), (70.5, 0, "71"), (-12.5, 0, "-13")],
)
def test_halves_are_rounded_away_from_zero(value, digits, text):
    assert format.fixed(value, digits) == text


@given(st.integers(0, 400))
def test_a_share_is_the_same_in_a_sentence_and_in_a_table(correct):
    share = correct / 400
    assert format.percent(share).split("\u00a0")[0] == str(int(format.fixed(share, 2).replace(".", "")))
    assert format.points(-share).split()[0] == format.whole(share)


@pytest.mark.parametrize(
    ("value", "text"), [(3.21e30, "3.2e+30"), (-1e12, "-1.0e+12"), (999_999_999.96, "1000000000.0")]
)
def test_a_huge_number_is_a_power_of_ten(value, text):
    assert format.fixed(value, 1) == text


def test_signs_units_and_bounds():
    assert format.percent(0.8449) == "84\u00a0%" and format.whole(-0.126) == "−13" and format.signed(-0.126) == "−0.13"
    assert format.points(0.0101) == "1 point" and format.listed("abc") == "a, b and c"
    assert "too few" in format.interval(np.nan, np.nan)
    assert format.interval(-0.003, 0.08, unit="").endswith("−0.3 to 8)")  # on which side of 0 it lies
    rise = pd.Series({"drop": -0.1, "low": -0.15, "high": -0.05})
    assert format.drop(rise).replace("\u00a0", " ") == "a rise of 10 points (95 % interval 5 to 15)"


def test_a_shown_table_joins_scores_with_their_intervals():
    table = results.results(several(), Bootstrap(20)).query("level == 'song'")
    shown = format.shown(table, ["network", "accuracy", "macro_f1"])
    first = table.iloc[0]
    assert shown.iloc[0]["accuracy"] == f"{first.accuracy:.2f} ({first.low:.2f} to {first.high:.2f})"
    assert "yu2018, tuned" in shown.index and shown["macro f1"].str.contains(" to ").all()
    assert format.shown(table.head(0), otherwise="nothing").data == "nothing"
    assert format.readable(pd.DataFrame({"a": [1], "b": [True], "c": [np.nan]})).iloc[0].tolist() == ["yes", "–"]


def test_a_table_of_another_study_is_read_where_there_is_one(tmp_path):
    study = Study("other", tmp_path)
    assert format.elsewhere(study, "balance").empty
    write_csv(pd.DataFrame({"a": [1]}), study.tables / "balance.csv")
    assert format.elsewhere(study, "balance")["a"].tolist() == [1]


# ---- headline and findings


def accuracies(**values):
    """Result table of the main network per slice: ``random_genre=.8`` and so on."""
    rows = []
    for name, value in values.items():
        split, head = name.split("_")
        rows.append({**NET, "split": split, "head": head, "level": "slice", "accuracy": value, "n_songs": 400})
    return pd.DataFrame(rows)


def drop(leaky, strict, head, value, low, high):
    return {**NET, "leaky": leaky, "strict": strict, "head": head, "level": "slice", "drop": value} | {
        "share_lost": np.nan, "low": low, "high": high, "significant": low > 0, "n_songs": 400, "before": 0.8,
        "after": 0.8 - value,
    }  # fmt: skip


@pytest.fixture
def table():
    return accuracies(
        random_genre=0.8, random_mood=0.7, song_genre=0.75, song_mood=0.6, artist_genre=0.7, artist_mood=0.5
    )


@pytest.fixture
def drops():
    return pd.DataFrame(
        [
            drop("random", "artist", "genre", 0.1, 0.05, 0.15),
            drop("random", "artist", "mood", 0.2, -0.01, 0.41),
            drop("random", "song", "genre", 0.05, 0.01, 0.09),
            drop("song", "artist", "genre", 0.05, 0.004, 0.1),
            drop("seen", "unseen", "genre", 0.12, 0.06, 0.18),
        ]
    )


def sentences(table, drops, beaten=None):
    return [text.replace("\u00a0", " ") for text in findings.headline([], table, drops, NO_RANKS, beaten=beaten)]


def test_three_sentences_tell_the_drop_its_parts_and_what_is_left(table, drops):
    lead = {**NET, "split": "artist", "score": "accuracy", "baseline": "mfcc_svm", "baseline_value": 0.62}
    beaten = pd.DataFrame(
        [
            {**lead, "head": "genre", "difference": 0.08, "low": 0.02, "high": 0.14, "significant": True},
            {**lead, "head": "mood", "difference": -0.01, "low": -0.05, "high": 0.05, "significant": False},
            {**lead, "head": "energy", "score": "r2", "difference": 0.3, "low": 0.1, "high": 0.5, "significant": True},
        ]
    )
    first, second, third = sentences(table, drops, beaten)
    assert "of 70 % and 60 %" in first and "400 songs" in first
    assert "a drop of 10 points (95 % interval 5 to 15) in genre" in first
    assert "20 points (95 % interval −1 to 41) in mood" in first
    assert "5 points (95 % interval 1 to 9)" in second and "5 points (95 % interval 0.4 to 10)" in second
    assert "8 points ahead of" in third and "1 point behind" in third and "energy" not in third
    assert third.count("significant after correction") == 1


def test_the_control_stands_in_where_there_are_no_steps(table, drops):
    text = sentences(table, drops[drops["strict"] != "song"])[1]
    assert "training set held fixed" in text and "12 points (95 % interval 6 to 18)" in text


def test_leakage_alone_is_in_the_control_and_by_one_model_and_by_all(table, drops):
    levels = {comparisons.ONE_MODEL: (0.09, 0.06, 0.12), "song": (0.27, 0.22, 0.32)}
    more = [drop("random", "artist", "genre", *found) | {"level": level} for level, found in levels.items()]
    (text,) = findings.leakage_alone(table, pd.concat([drops, pd.DataFrame(more)]))
    text = text.replace("\u00a0", " ")
    assert "`artist` brings a drop of 9 points (95 % interval 6 to 12) in genre" in text
    assert "12 points (95 % interval 6 to 18)" in text and "27 points (95 % interval 22 to 32)" in text
    assert findings.leakage_alone(table, drops.iloc[:4]) == []


def test_without_intervals_without_drops_and_without_classes(table):
    few = pd.DataFrame([drop("random", "artist", "genre", 0.1, np.nan, np.nan)])
    assert "a drop of 10 points (too few songs or artists for an interval) in genre" in sentences(table, few)[0]
    (alone,) = sentences(accuracies(artist_genre=0.7), pd.DataFrame())
    assert "the genre of 70 %" in alone
    assert sentences(pd.DataFrame(columns=["network", "recipe", "level"]), pd.DataFrame()) == []


def test_findings_of_a_single_run_name_what_cannot_be_measured():
    collected = predictions.collect([run_of([sure("t0", "a"), sure("t1", "b")])], tracks_of(["a", "b"]))
    table, dropped, ranks = results.results(collected), comparisons.drops(collected), comparisons.ranking(collected)
    text = findings.findings(collected, table, dropped, ranks, "demo")
    assert "synthetic songs" in text[0] and "cannot be measured" in text[0] and "cannot be compared" in text[1]
    assert "100\u00a0%" in titles.splits(table, dropped)


def test_against_chance_stands_the_main_network_not_the_one_that_tested_best():
    tracks = tracks_of(["a", "b"] * 10)
    truth = [sure(f"t{i}", "ab"[i % 2]) for i in range(20)]
    half = [sure(f"t{i}", "a") for i in range(20)]
    runs = [
        run_of(half, network="yu2018", split="random"),
        run_of(half, network="yu2018", split="song"),
        run_of(truth, network="choi2016", split="song"),
        run_of(truth, network="choi2016", split="artist"),
    ]
    text = findings.chance_finding(results.results(predictions.collect(runs, tracks), Bootstrap(200)))
    assert "choi2016" not in text and "the genre of 50\u00a0% of the 20 songs" in text
    assert "(`song`)" in text and "not significantly more" in text


def test_counted_drops_are_corrected_for_their_number():
    tracks = tracks_of(["a", "b"] * 10)
    runs = [run_of([sure(f"t{i}", "a") for i in range(20)], split=split) for split in ("random", "artist")]
    collected = predictions.collect(runs, tracks)
    table, dropped = results.results(collected, Bootstrap(50)), comparisons.drops(collected, Bootstrap(50))
    for text in (titles.drops(dropped), *findings.leakage(table, dropped)):
        assert "significant in 0 of 1 comparisons" in text


def test_baselines_and_numbers_are_those_of_the_main_network_and_of_what_was_selected():
    text = findings.baseline_finding(comparisons.against_baselines(several(), Bootstrap(400)))
    assert "`selected`" in text and "`yu2018`" in text and "tuned" not in text and "zhang" not in text
    assert "30 points ahead" in text and text.count("a significant lead") == 1 and "0 points apart" in text
    assert findings.baseline_finding(None) == findings.baseline_finding(pd.DataFrame()) == ""
    tracks = tracks_of(["a", "b"] * 5)
    tracks["valence"] = np.linspace(0, 1, 10)
    values = [(f"t{i}", value + 0.01 * (-1) ** i) for i, value in enumerate(tracks["valence"])]
    numeric = results.numeric_results(predictions.collect_numbers([numbers_of(values)], tracks), Bootstrap(20))
    text = findings.number_finding(numeric)
    assert "the valence of 10 songs with R² 1.00" in text and findings.number_finding(numeric.head(0)) == ""


def test_label_noise_without_an_estimate():
    (text,) = findings.label_noise(None, pd.DataFrame())
    assert "cannot be estimated" in text


# ---- titles


def test_titles_of_empty_tables_say_so():
    empty = results.results([])
    assert "no accuracy" in titles.splits(empty, comparisons.drops([])) and "not known" in titles.gaps(empty)
    assert "no drop" in titles.drops(comparisons.drops([]))
    assert "none can be said to lead" in titles.ranking(comparisons.ranking([]))
    assert "cannot be shown" in titles.spread(comparisons.widths(comparisons.spread([], pd.DataFrame())), "net")
    assert "No test song" in titles.recalls(per_class.per_class([]), "genre", "random")
    assert "Too few songs" in titles.voting(slice_aggregation.voting([]))
    assert "no confidence" in titles.reliability(calibration.calibration([]))


def test_titles_hold_the_numbers_of_the_main_network():
    collected = several()
    table, dropped = results.results(collected, Bootstrap(50)), comparisons.drops(collected, Bootstrap(50))
    assert "70\u00a0%" in titles.splits(table, dropped)
    assert "mfcc_svm" not in titles.gaps(table.assign(accuracy=0.0))
    named = comparisons.against_baselines(collected, Bootstrap(400))
    assert "2 of 6 comparisons" in titles.baselines(named) and "selected, best, in genre" in titles.baselines(named)
    ranks = comparisons.ranking(collected, Bootstrap(20)).query("level == 'song'")
    assert f"{(ranks['p_holm'] < 0.05).sum()} of {len(ranks)} differences" in titles.ranking(ranks)
    scores = calibration.calibration(collected, Bootstrap(50))
    assert "90\u00a0% and 70\u00a0% in genre" in titles.reliability(scores)
    recalls = titles.recalls(per_class.per_class(collected, Bootstrap(50)), "genre", "random")
    assert recalls.startswith("Under random, yu2018 finds")


def test_titles_of_curves_and_sets_tell_gain_from_none():
    row = {"network": "net", "split": "artist", "recipe": "poster", "head": "mood", "share": 1.0, "gained_low": 0.1}
    curve = pd.DataFrame([row | {"share": 0.25, "gained_low": np.nan}, row])
    assert titles.learning_curve(curve).endswith("a significant gain for mood of net")
    assert titles.learning_curve(curve.assign(gained_low=-0.1)).endswith("none for mood of net")
    assert list(learning_curve.CURVE_COLUMNS)[4] == "share"
    about = {"head": "mood", "score": "accuracy", "heads": [1, 2], "names": ["", "power"]}
    table = pd.DataFrame(about | {"difference": [np.nan, 0.4], "p_holm": [np.nan, 0.01]})
    assert titles.together(table) == "Learning together with other heads helps mood (40 points, with power)"
    assert "not significant" in titles.together(table.assign(p_holm=0.5)) and format.sets(table)[0] == "alone"


def test_titles_of_missed_songs_and_artists():
    nobody = difficulty.panel([], "genre")
    assert "No song" in titles.missed(nobody, difficulty.agreement(nobody))
    assert "cannot be tested" in titles.artists(artist_effects.hard_artists(nobody), nobody)


def test_a_title_says_where_fewer_songs_are_compared_than_were_tested(table, drops):
    assert "over the" not in titles.splits(table, drops)
    assert "over the 12 songs that both test" in titles.splits(table, drops.assign(n_songs=12))
