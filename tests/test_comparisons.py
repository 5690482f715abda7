from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from lib import evaluation
from lib.evaluation import claims, summary, verdicts
from lib.plots import differences as differing
from lib.runs import Run
from tests.answers import one, run_of, several, sure, tracks_of


def test_drop_is_paired_over_the_songs_tested_under_both():
    tracks = tracks_of(["a"] * 20)
    slices = run_of([sure(f"t{i}", "a") for i in range(20)], protocol="slice")
    artists = run_of([sure(f"t{i}", "b" if i < 6 else "a") for i in range(12)], protocol="artist")
    row = one(evaluation.drops(evaluation.collect([slices, artists], tracks)), level="song")
    assert (row.leaky, row.strict, row.n_songs, bool(row.paired)) == ("slice", "artist", 12, True)
    assert row["drop"] == pytest.approx(0.5) and 0 < row.low < 0.5 < row.high < 1


def test_drop_of_equal_answers_is_zero_without_spread():
    tracks = tracks_of(["a", "b"] * 10)
    answers = [sure(f"t{i}", "a") for i in range(20)]
    runs = [run_of(answers, protocol=protocol) for protocol in ("slice", "artist")]
    row = one(evaluation.drops(evaluation.collect(runs, tracks)), level="song")
    assert (row["drop"], row.low, row.high) == (0, 0, 0)
    assert "not established" in claims.drop_sentence(row)


def test_drop_over_different_songs_is_unpaired():
    tracks = tracks_of(["a"] * 40)
    slices = run_of([sure(f"t{i}", "a" if i % 4 else "b") for i in range(20)], protocol="slice")
    artists = run_of([sure(f"t{i}", "a" if i % 2 else "b") for i in range(20, 40)], protocol="artist")
    row = one(evaluation.drops(evaluation.collect([slices, artists], tracks)), level="song")
    assert not row.paired and row["drop"] == pytest.approx(0.25) and row.low < 0 < row.high


def test_ranking_names_the_better_network_first():
    tracks = tracks_of(["a"] * 20)
    good = run_of([sure(f"t{i}", "a") for i in range(20)], network="good")
    bad = run_of([sure(f"t{i}", "a" if i < 8 else "b") for i in range(20)], network="bad")
    row = one(evaluation.ranking(evaluation.collect([bad, good], tracks)), level="song")
    assert (row.better, row.worse, row.difference) == ("good", "bad", pytest.approx(0.6)) and row.low > 0
    assert row.p == pytest.approx(2 / 2**12, abs=5e-4)  # twelve songs differ, all one way


def test_the_more_networks_are_compared_the_less_one_difference_says():
    tracks = tracks_of(["a"] * 20)
    right = {"good": 20, "fair": 14, "poor": 13}
    runs = [
        run_of([sure(f"t{i}", "a" if i < n else "b") for i in range(20)], network=network)
        for network, n in right.items()
    ]
    ranks = evaluation.ranking(evaluation.collect(runs, tracks), resamples=20).query("level == 'song'")
    assert len(ranks) == 3 and (ranks["p_holm"] >= ranks["p"]).all()
    assert ranks["p_holm"].min() == pytest.approx(3 * ranks["p"].min())


def test_drops_start_at_slice_and_never_lead_to_a_leakier_protocol():
    tracks = tracks_of(["a"] * 4)
    answers = [sure(f"t{i}", "a") for i in range(4)]
    runs = [run_of(answers, protocol=protocol) for protocol in ("poster_split", "slice", "song", "artist")]
    table = evaluation.drops(evaluation.collect(runs, tracks))
    pairs = {("slice", "song"), ("slice", "artist"), ("song", "artist")}
    assert set(zip(table["leaky"], table["strict"], strict=True)) == pairs
    whole = evaluation.whole_drops(table)
    assert set(zip(whole["leaky"], whole["strict"], strict=True)) == {("slice", "artist")}
    table = evaluation.drops(evaluation.collect([runs[0], runs[3]], tracks))
    assert set(zip(table["leaky"], table["strict"], strict=True)) == {("poster_split", "artist")}


def test_networks_come_before_what_was_selected_and_baselines_last():
    table = evaluation.results(several(), resamples=20)
    assert list(dict.fromkeys(zip(table["network"], table["recipe"], strict=True))) == [
        ("zhang2016", "poster"), ("this_project", "poster"), ("this_project", "tuned"), ("short_chunk", "poster"),
        ("selected", "best"), ("mine (stale)", "poster"), ("majority", "baseline"), ("mfcc_svm", "baseline"),
    ]  # fmt: skip


def test_baselines_are_no_networks():
    collected = several()
    table = evaluation.results(collected, resamples=20)
    assert not {"majority", "mfcc_svm"} & set(evaluation.comparison(table)["network"])
    ranks = evaluation.ranking(collected, resamples=20)
    assert not {"majority", "mfcc_svm"} & {*ranks["better"], *ranks["worse"]}
    assert "mfcc_svm" not in claims.gap_claim(table.assign(accuracy=0.0))
    assert not {"majority", "mfcc_svm"} & set(evaluation.mistakes(collected)["network"])
    assert len(evaluation.networks(collected)) == len(collected) - 2
    only = [answers for answers in collected if answers.baseline]
    assert evaluation.main_network(evaluation.results(only, resamples=20)) == "majority"


def test_claims_on_the_main_network_are_of_the_posters_recipe():
    collected = several()
    table = evaluation.results(collected, resamples=20)
    assert evaluation.main_network(table) == "this_project"
    assert set(evaluation.main_rows(table)["recipe"]) == {"poster"}
    assert [a.recipe for a in evaluation.strictest(collected, "this_project")] == ["poster"]
    dropped, ranks = evaluation.drops(collected), evaluation.ranking(collected, resamples=20)
    assert "70" in claims.protocols_claim(table, dropped)
    assert "`this_project` 70" in summary.pattern_finding(table, ranks)


def test_what_was_selected_is_ranked_against_every_network_and_a_recipe_against_another():
    ranks = evaluation.ranking(several(), resamples=20).query("level == 'song'")
    pairs = {(row.better, row.worse, row.recipe) for row in ranks.itertuples()}
    assert ("selected", "zhang2016", "best, poster") in pairs
    assert ("this_project", "this_project", "tuned, poster") in pairs
    assert ("this_project", "short_chunk", "poster") in pairs
    assert not any({"tuned", "poster"} == set(recipe.split(", ")) and a != b for a, b, recipe in pairs)


def test_sides_of_a_comparison_name_the_recipe_where_a_network_has_several():
    ranks = evaluation.ranking(several(), resamples=20).query("level == 'song'")
    told = "\n".join(claims.ranking_sentences(ranks))
    assert "`selected` and `this_project, tuned`" in told and "`selected` is ahead of `zhang2016`" in told
    assert "`this_project`" not in told and "`zhang2016`" in told
    labels = [text.get_text() for text in differing.ranking(ranks).axes[0].get_yticklabels()]
    assert len(labels) == len(set(labels)) == len(ranks)


def test_general_figures_show_the_posters_recipe_what_was_selected_and_baselines():
    collected = several()
    table = evaluation.results(collected, resamples=20)
    assert set(evaluation.featured(table)["recipe"]) == {"poster", "best", "baseline"}
    assert {answers.recipe for answers in evaluation.featured_answers(collected)} == {"poster", "best", "baseline"}
    tuned = table[table["recipe"] == "tuned"]
    assert len(evaluation.featured(tuned)) == len(tuned) > 0
    assert len(evaluation.featured(table.iloc[:0])) == 0


def test_accuracy_by_protocol_is_one_row_a_network_and_head():
    table = evaluation.results(several(), resamples=20)
    wide = evaluation.by_protocol(table)
    assert not wide[["network", "head"]].duplicated().any()
    assert "this_project, tuned" in set(wide["network"])
    first = table[table["level"] == "song"].iloc[0]
    cell = wide.loc[wide["network"] == first["network"], first["protocol"]].iloc[0]
    assert cell == f"{first['accuracy']:.2f} ({first['low']:.2f} to {first['high']:.2f})"
    assert evaluation.by_protocol(table.iloc[:0]).empty


def test_drops_by_pair_are_told_in_points():
    row = {"head": "genre", "leaky": "slice", "strict": "artist", "drop": 0.123, "low": -0.02, "high": 0.3}
    row |= {"level": "song"}
    other = {**row, "strict": "song", "drop": 0.05, "low": np.nan, "high": np.nan}
    wide = evaluation.drops_by_pair(pd.DataFrame([row, other]))
    assert wide.to_dict("records") == [
        {"head": "genre, by song", "slice to artist": "12 (−2 to 30)", "slice to song": "5"}
    ]


def test_folds_and_seeds_that_differ_are_named_apart():
    def answers(network, protocol, folds, seeds):
        runs = tuple(Run(network, protocol, fold, seed) for fold in range(folds) for seed in range(seeds))
        return SimpleNamespace(network=network, protocol=protocol, recipe="poster", runs=runs)

    collected = [answers(name, "slice", 5, 1) for name in ("zhang2016", "choi2016")]
    collected += [answers("this_project", "slice", 5, 3), answers("choi2016", "poster_split", 1, 1)]
    assert claims.basis(collected) == (
        "Each song is tested once, by the model of its fold, and the answers of all folds are counted together; where "
        "there are several seeds, their accuracies are averaged. Numbers rest on 5 folds and 1 seed, except 1 fold "
        "and 1 seed under "
        "`poster_split`; 5 folds and 3 seeds `this_project` under `slice`. The intervals resample songs, not seeds."
    )


def test_networks_are_held_against_the_best_baseline():
    table = evaluation.against_baselines(several(), resamples=400)
    assert list(table.columns[:9]) == [
        "network", "protocol", "recipe", "head", "baseline", "difference", "low", "high", "n_songs",
    ]  # fmt: skip
    assert set(table["baseline"]) == {"mfcc_svm"} and set(table["n_songs"]) == {40} and table["paired"].all()
    best, same, less = (
        one(table, network=network, recipe=recipe)
        for network, recipe in (("selected", "best"), ("this_project", "poster"), ("zhang2016", "poster"))
    )
    assert best.difference == pytest.approx(0.3) and best.low > 0 and best.p_holm < 0.05
    assert best.established and not same.established and not less.established
    assert "that it is worse is not shown" in verdicts.against_sentence(less)
    assert "beats the baseline by 30 points" in verdicts.against_sentence(best)
    assert (same.difference, same.low, same.high) == (0, 0, 0)
    assert "they are level" in verdicts.against_sentence(same)
    assert "does not beat the baseline" in verdicts.against_sentence(same)
    assert less.high < 0 and "it is 30 points behind" in verdicts.against_sentence(less)
    told = verdicts.baseline_finding(table)
    assert "`selected`" in told and "`this_project` names" in told and "tuned" not in told and "zhang" not in told


def test_a_lead_within_its_interval_is_not_established():
    tracks = tracks_of(["a"] * 20)
    runs = [
        run_of([sure(f"t{i}", "ab"[i in (1, 2)]) for i in range(20)]),
        run_of([sure(f"t{i}", "ab"[i in (3, 4, 5)]) for i in range(20)], network="majority", recipe="baseline"),
    ]
    row = one(evaluation.against_baselines(evaluation.collect(runs, tracks)))
    assert row.low < 0 < row.difference < row.high
    assert "behind" in verdicts.against_sentence(row.replace({row.difference: -row.difference}))
    assert "5 points ahead" in verdicts.against_sentence(row) and "not established" in verdicts.against_sentence(row)


def test_a_bound_shows_on_which_side_of_zero_it_lies():
    row = {"network": "n", "protocol": "slice", "recipe": "tuned", "head": "genre", "baseline": "majority"}
    row |= {"value": 0.5, "baseline_value": 0.45, "difference": 0.05, "low": 0.003, "high": 0.1, "n_songs": 9}
    row |= {"score": "accuracy", "paired": True, "p_holm": 0.012, "established": True}
    told = verdicts.against_sentence(pd.Series(row))
    assert (
        "`n` (tuned)" in told and "0.3 to 10; corrected p 0.012)" in told and "beats the baseline by 5 points" in told
    )
    assert verdicts.signed(-0.001) == "0.00" and verdicts.signed(-0.126) == "−0.13"


def test_without_baselines_nothing_is_compared():
    collected = evaluation.collect([run_of([sure("t0", "a")])], tracks_of(["a"]))
    table = evaluation.against_baselines(collected)
    assert len(table) == 0 and verdicts.baseline_finding(table) == ""
