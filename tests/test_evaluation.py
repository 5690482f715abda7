import json
from itertools import product
from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import f1_score, r2_score

from lib import evaluation, scores
from lib.errors import ReportError
from lib.evaluation import claims, intervals, observations, poster, summary, verdicts
from lib.paths import NOTEBOOKS, PROJECT
from lib.plots import differences as differing
from lib.plots import evaluation as plots
from lib.plots import svg, use_style
from lib.runs import Run, finished
from lib.tables import tracks_table
from tests import fakes


def tracks_of(genres, *, moods=None, artists=None, groups=None):
    ids = [f"t{i}" for i in range(len(genres))]
    return tracks_table(
        pd.DataFrame(
            {
                "track_id": ids,
                "path": ids,
                "title": [f"title {i}" for i in ids],
                "artist": "somebody",
                "status": "ok",
                "genre": genres,
                "mood": moods if moods is not None else [pd.NA] * len(ids),
                "artist_group": artists if artists is not None else ids,
                "song_group": groups if groups is not None else ids,
            }
        )
    )


def run_of(
    answers, *, classes=("a", "b"), network="net", protocol="slice", fold=0, seed=0, stale=False, train=0.9, start=0,
    recipe="poster", share=1.0,
):  # fmt: skip
    """A finished run in memory; `answers` is a list of (track_id, probabilities) of slices."""
    table = pd.DataFrame(
        {
            "slice": np.arange(start, start + len(answers)),
            "track_id": [track for track, _ in answers],
            "part": "test",
            **{f"genre:{name}": np.float32([p[i] for _, p in answers]) for i, name in enumerate(classes)},
        }
    )
    run = Run(network, protocol, fold, seed, recipe, share=share)
    metrics = {
        "run": {"folds": 5},
        "heads": {"genre": list(classes)},
        "parts": {"train": {"genre": {"slice": {"accuracy": train}, "song": {"accuracy": None}}}},
    }
    return SimpleNamespace(run=run, folder="folder", metrics=metrics, stale=stale, predictions=lambda part: table)


def numbers_of(answers, *, network="net", protocol="slice", seed=0, recipe="poster", stale=False):
    """A finished run in memory that answers with the valence; `answers` is a list of (track_id, value) of slices."""
    track, value = zip(*answers, strict=True)
    table = pd.DataFrame({"slice": range(len(track)), "track_id": track, "part": "test"})
    table["valence:value"] = np.float32(value)
    metrics = {"run": {"folds": 5}, "heads": {"valence": []}, "parts": {"train": {"valence": {"song": {"r2": 1.0}}}}}
    run = Run(network, protocol, 0, seed, recipe)
    return SimpleNamespace(run=run, folder="folder", metrics=metrics, stale=stale, predictions=lambda part: table)


def sure(track, said, classes=("a", "b")):
    return track, [0.9 if name == said else 0.1 / (len(classes) - 1) for name in classes]


def one(table, **where):
    for column, value in where.items():
        table = table[table[column] == value]
    assert len(table) == 1
    return table.iloc[0]


# ---- answers


def test_a_songs_answer_is_the_mean_of_its_probabilities():
    run = run_of([("t0", [0.9, 0.1]), ("t0", [0.4, 0.6]), ("t0", [0.4, 0.6]), ("t1", [0.2, 0.8])])
    table = evaluation.results(evaluation.collect([run], tracks_of(["a", "b"])), resamples=50)
    assert one(table, level="slice").accuracy == pytest.approx(2 / 4)
    assert one(table, level="song").accuracy == 1
    assert list(table.columns[:10]) == [
        "network", "protocol", "recipe", "head", "level", "n_songs", "accuracy", "low", "high", "runs",
    ]  # fmt: skip


def test_folds_of_one_seed_are_pooled():
    tracks = tracks_of(["a", "b"])
    first = run_of([("t0", [0.4, 0.6]), ("t1", [0.1, 0.9])], fold=0)
    second = run_of([("t0", [0.9, 0.1])], fold=1, start=2)
    alone = evaluation.collect([first], tracks)[0].songs.set_index("track_id")
    pooled = evaluation.collect([first, second], tracks)[0].songs.set_index("track_id")
    assert alone.loc["t0", "said"] == "b" and pooled.loc["t0", "said"] == "a"
    assert pooled.loc["t0", "probability"] == pytest.approx(0.65)
    assert pooled["n_slices"].to_dict() == {"t0": 2, "t1": 1}


def test_seeds_are_averaged_and_count_as_no_further_songs():
    tracks = tracks_of(["a", "b"])
    right = run_of([sure("t0", "a"), sure("t1", "b")], seed=0, train=1.0)
    half = run_of([sure("t0", "a"), sure("t1", "a")], seed=1, train=0.5)
    row = one(evaluation.results(evaluation.collect([right, half], tracks), resamples=50), level="slice")
    assert row.accuracy == pytest.approx(0.75)
    assert (row.n_songs, row.runs, row.train_accuracy) == (2, 2, 0.75)


def test_seeds_that_tested_other_songs_weigh_alike():
    tracks = tracks_of(["a"] * 4)
    many = run_of([sure(f"t{i}", "a") for i in range(3)], seed=0)
    few = run_of([sure("t3", "b")], seed=1)
    assert one(evaluation.results(evaluation.collect([many, few], tracks)), level="song").accuracy == 0.5


def test_a_missing_label_is_masked():
    tracks = tracks_of(["a", pd.NA, "b"])
    answers = evaluation.collect([run_of([sure("t0", "a"), sure("t1", "b"), sure("t2", "a")])], tracks)[0]
    assert set(answers.songs["track_id"]) == {"t0", "t2"}
    assert one(evaluation.results([answers]), level="song").accuracy == 0.5


def test_a_head_that_no_song_has_is_left_out():
    assert evaluation.collect([run_of([sure("t0", "a")])], tracks_of([pd.NA])) == []


def test_stale_runs_stay_apart_and_are_named():
    runs = [run_of([sure("t0", "a")]), run_of([sure("t0", "b")], seed=1, stale=True)]
    collected = evaluation.collect(runs, tracks_of(["a"]))
    table = evaluation.results(collected)
    assert dict(zip(table["network"], table["accuracy"], strict=True)) == {"net": 1.0, "net (stale)": 0.0}
    assert evaluation.main_network(table) == "net"
    assert "`net-slice-f0-s1`" in claims.stale_note(collected) and "f0-s0" not in claims.stale_note(collected)


def test_a_track_that_the_table_lacks_is_an_error_but_for_stale_runs():
    with pytest.raises(ReportError, match="t9"):
        evaluation.collect([run_of([sure("t9", "a")])], tracks_of(["a"]))
    assert evaluation.collect([run_of([sure("t9", "a"), sure("t0", "a")], stale=True)], tracks_of(["a"]))
    with pytest.raises(ReportError, match="No finished run"):
        evaluation.collect([], tracks_of(["a"]))


def test_an_answer_to_a_class_the_network_lacks_is_wrong():
    answers = evaluation.collect([run_of([sure("t0", "a"), sure("t1", "b")])], tracks_of(["a", "c"]))
    assert one(evaluation.results(answers), level="song").accuracy == 0.5


# ---- intervals


def test_wilson_of_the_posters_figures():
    assert np.round(intervals.wilson(0.844, 225), 3).tolist() == [0.791, 0.886]
    assert np.round(intervals.wilson(0.79, 225), 3).tolist() == [0.732, 0.838]


@given(st.lists(st.integers(0, 3), min_size=1, max_size=12), st.integers(1, 40))
def test_weights_keep_the_size_of_every_stratum(strata, resamples):
    strata = pd.factorize(np.array(strata))[0]
    drawn = np.concatenate(list(intervals.weights(strata, resamples, 0)))
    assert drawn.shape == (resamples, len(strata)) and (drawn >= 0).all()
    for stratum in np.unique(strata):
        assert np.allclose(drawn[:, strata == stratum].sum(axis=1), (strata == stratum).sum())


def test_weights_come_in_blocks(monkeypatch):
    monkeypatch.setattr(intervals, "_CELLS", 30)
    blocks = list(intervals.weights(np.zeros(10, dtype=int), 20, 0))
    assert len(blocks) > 1 and sum(map(len, blocks)) == 20


def test_clusters_are_artists_within_genre_only_under_artist():
    tracks = tracks_of(["a", "a", "a", "b", "b"], artists=["x", "x", "y", "z", "w"], groups=["1", "1", "2", "3", pd.NA])
    groups, strata = intervals.clusters(tracks, "artist")
    assert len(set(groups)) == 4 and groups[0] == groups[1]
    assert strata[groups[0]] == strata[groups[2]] != strata[groups[3]] == strata[groups[4]]
    groups, strata = intervals.clusters(tracks, "slice")
    assert groups[0] == groups[1] and len(set(groups)) == 4 and set(strata) == {0}


@pytest.mark.parametrize(
    ("genres", "sizes"), [("abcd", [4]), ("aabbc", [2, 3]), ("aabb", [2, 2]), ("abbb", [4]), ("aabbcd", [2, 2, 2])]
)
def test_a_stratum_of_one_cluster_joins_another(genres, sizes):
    _, strata = intervals.clusters(tracks_of(list(genres)), "artist")
    assert sorted(np.bincount(strata)) == sizes


def test_an_interval_covers_the_truth_about_95_times_in_100():
    rng = np.random.default_rng(1)
    truth, covered, n = 0.7, 0, 400
    for _ in range(n):
        right = (rng.random(60) < truth).astype(float)
        _, low, high = intervals.accuracy_interval(right, np.ones(60), np.arange(60), np.zeros(60, int), resamples=400)
        covered += low <= truth <= high
    assert 0.91 <= covered / n <= 0.985


def test_an_interval_over_few_artists_in_strata_covers_too():
    rng = np.random.default_rng(2)
    artists, songs, n, covered, naive = 24, 5, 300, 0, 0
    groups, strata = np.repeat(np.arange(artists), songs), np.repeat(np.arange(4), 6)
    for _ in range(n):
        skill = rng.beta(1.4, 0.6, artists)  # mean .7, songs of one artist alike
        right = (rng.random(artists * songs) < skill[groups]).astype(float)
        count = np.ones(len(right))
        _, low, high = intervals.accuracy_interval(right, count, groups, strata, resamples=400)
        covered += low <= 0.7 <= high
        alone = np.arange(len(right))
        _, low, high = intervals.accuracy_interval(right, count, alone, 0 * alone, resamples=400)
        naive += low <= 0.7 <= high
    assert 0.90 <= covered / n <= 0.985
    assert naive / n < 0.88  # songs taken for independent promise too much


def test_clusters_make_wider_intervals_than_songs():
    right, groups = np.repeat([1.0, 0.0, 1.0, 0.0, 1.0, 1.0], 10), np.repeat(np.arange(6), 10)
    _, low, high = intervals.accuracy_interval(right, np.ones(60), groups, np.zeros(6, int))
    _, low_song, high_song = intervals.accuracy_interval(right, np.ones(60), np.arange(60), np.zeros(60, int))
    assert high - low > 1.8 * (high_song - low_song)


def test_an_interval_of_all_right_is_not_of_no_width_and_of_one_cluster_unknown():
    value, low, high = intervals.accuracy_interval(np.ones(30), np.ones(30), np.arange(30), np.zeros(30, int))
    assert (value, high) == (1, pytest.approx(1)) and 0.8 < low < 0.95
    value, low, high = intervals.accuracy_interval(np.ones(3), np.ones(3), np.zeros(3, int), np.zeros(1, int))
    assert value == 1 and np.isnan(low) and np.isnan(high)


def test_slices_of_a_song_are_drawn_together():
    song = run_of([sure(f"t{i}", "a" if i % 2 else "b") for i in range(12) for _ in range(10)])
    table = evaluation.results(evaluation.collect([song], tracks_of(["a"] * 12)))
    by_slice, by_song = one(table, level="slice"), one(table, level="song")
    assert (by_slice.low, by_slice.high) == pytest.approx((by_song.low, by_song.high))


# ---- differences


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


# ---- chance, classes, mistakes


def test_kappa_and_majority():
    said = dict(zip(range(10), "aaaaaaabbb", strict=True))
    tracks = tracks_of(list("aaaaaabbbb"))
    row = one(
        evaluation.results(evaluation.collect([run_of([sure(f"t{i}", a) for i, a in said.items()])], tracks)),
        level="song",
    )
    expected = 0.7 * 0.6 + 0.3 * 0.4
    assert row.accuracy == 0.9 and row.majority == 0.6
    assert row.kappa == pytest.approx((0.9 - expected) / (1 - expected))


def test_classes_and_confusion_of_known_answers():
    names = ("a", "b", "c", "d")
    said = [("a", "a"), ("a", "b"), ("a", "b"), ("b", "b"), ("c", "a")]
    run = run_of([sure(f"t{i}", answer, names) for i, (_, answer) in enumerate(said)], classes=names)
    answers = evaluation.collect([run], tracks_of([true for true, _ in said]))[0]
    shares = evaluation.confusion(answers)
    assert np.allclose(shares[0], [1 / 3, 2 / 3, 0, 0]) and np.isnan(shares[3]).all()
    assert np.allclose(shares[:3].sum(axis=1), 1)
    assert evaluation.worst_confusion(answers) == ("c", "a", 1.0)
    table = evaluation.per_class([answers]).set_index("class")
    assert table["recall"].tolist()[:3] == pytest.approx([1 / 3, 1, 0]) and np.isnan(table.loc["d", "recall"])
    assert table["precision"].tolist()[:2] == pytest.approx([1 / 2, 1 / 3]) and np.isnan(table.loc["c", "precision"])
    assert table["support"].tolist() == [3, 1, 1, 0]


def test_class_scores_agree_with_scikit_learn_and_lie_within_their_intervals():
    from sklearn.metrics import precision_recall_fscore_support

    rng = np.random.default_rng(3)
    names = ("a", "b", "c")
    true = rng.choice(names, 120).tolist()
    said = [name if rng.uniform() < 0.6 else str(rng.choice(names)) for name in true]
    run = run_of([sure(f"t{i}", answer, names) for i, answer in enumerate(said)], classes=names)
    answers = evaluation.collect([run], tracks_of(true))[0]
    table = evaluation.per_class([answers], resamples=400)
    expected = precision_recall_fscore_support(true, said, labels=list(names))
    for score, values in zip(("precision", "recall", "f1"), expected[:3], strict=True):
        assert np.allclose(table[score], values)
        assert (table[f"{score}_low"] < values).all() and (values < table[f"{score}_high"]).all()
        width = table[f"{score}_high"] - table[f"{score}_low"]
        assert width.between(0.1, 0.4).all()  # some 40 songs a class
    shown = evaluation.with_intervals(table)
    assert "f1_low" not in shown and shown["f1"].str.fullmatch(r"0\.\d\d \(0\.\d\d to 0\.\d\d\)").all()


def test_mistakes_are_the_surest_wrong_answers():
    run = run_of([("t0", [0.1, 0.9]), ("t1", [0.4, 0.6]), ("t2", [0.8, 0.2])])
    wrong = evaluation.mistakes(evaluation.collect([run], tracks_of(["a", "a", "a"])), count=5)
    assert wrong["track_id"].tolist() == ["t0", "t1"] and wrong["title"].tolist() == ["title t0", "title t1"]
    assert wrong["probability"].tolist() == pytest.approx([0.9, 0.6])


def test_coverage_counts_songs_and_slices():
    answers = evaluation.collect([run_of([sure("t0", "a"), sure("t0", "a"), sure("t1", "a")])], tracks_of(["a"] * 3))[0]
    slices = pd.DataFrame({"track_id": np.repeat(["t0", "t1", "t2"], 10)})
    assert evaluation.coverage(answers, slices) == (2, 3, pytest.approx(0.15))
    assert "2 of the 3 songs" in claims.coverage_sentences([answers], slices)[0]


# ---- the poster, claims


def test_the_posters_sizes_do_not_fit_its_songs():
    assert poster.slices_in_corpus() == 4500
    assert "= 4524 samples" in observations.poster_sizes() and "inference" in observations.poster_sizes()
    assert poster.ranking("genre") == ["this_project", "choi2016", "zhang2016"]


def test_comparison_holds_the_poster_and_networks_of_ones_own():
    runs = [run_of([sure("t0", "a")], network=name) for name in ("mine", "this_project")]
    table = evaluation.comparison(evaluation.results(evaluation.collect(runs, tracks_of(["a"]))))
    published = table[table["protocol"] == evaluation.tables.PUBLISHED]
    assert set(published["network"]) == set(poster.POSTER)
    assert published.set_index("network").loc["this_project", "genre_interval"] == "0.791 to 0.886"
    assert set(table.loc[table["network"] == "mine", "protocol"]) == {"slice"}
    shown = evaluation.readable(table)
    assert not shown.isna().any().any() and "genre test" in shown


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (0.1, 0.4, "an established drop"),
        (-0.1, 0.4, "not established"),
        (-0.4, -0.1, "an established rise"),
        (np.nan, np.nan, "without an interval"),
    ],
)
def test_a_drop_is_told_as_it_is(low, high, verdict):
    row = pd.Series(
        {"network": "n", "head": "genre", "level": "song", "leaky": "slice", "strict": "artist", "n_songs": 9}
        | {"drop": np.nanmean([low, high]) if low == low else 0.0, "low": low, "high": high, "paired": True}
    )
    assert verdict in claims.drop_sentence(row)


def test_signs_and_units_in_words():
    assert claims.percent(0.8449) == "84\u00a0%" and claims.whole(-0.126) == "−13"
    assert claims.points(0.0101) == "1 point" and claims.listed("abc") == "a, b and c"
    assert "too few" in claims.interval(np.nan, np.nan)


def test_observations_on_classes_that_are_not_there_cannot_be_tested():
    collected = evaluation.collect([run_of([sure("t0", "a")])], tracks_of(["a"]))
    told = observations.class_observations(collected, "net")
    assert len(told) == 2 and all("cannot be tested" in sentence for sentence in told)


def test_one_fold_and_one_seed_are_called_so():
    one_run = evaluation.collect([run_of([sure("t0", "a")])], tracks_of(["a"]))
    assert "one fold (of 5) and one seed" in claims.basis(one_run)
    more = evaluation.collect([run_of([sure("t0", "a")], seed=seed) for seed in (0, 1)], tracks_of(["a"]))
    assert "1 fold and 2 seeds" in claims.basis(more)


def test_findings_of_a_single_run_say_what_cannot_be_said():
    collected = evaluation.collect([run_of([sure("t0", "a"), sure("t1", "b")])], tracks_of(["a", "b"]))
    table, dropped, ranks = evaluation.results(collected), evaluation.drops(collected), evaluation.ranking(collected)
    told = evaluation.findings(collected, table, dropped, ranks, "demo")
    assert "synthetic songs" in told[0] and "cannot be measured" in told[0] and "cannot be compared" in told[1]
    assert "names the genre of 100" in claims.protocols_claim(table, dropped)


def test_against_chance_stands_the_main_network_not_the_one_that_tested_best():
    tracks = tracks_of(["a", "b"] * 10)
    truth = [sure(f"t{i}", "ab"[i % 2]) for i in range(20)]
    half = [sure(f"t{i}", "a") for i in range(20)]
    runs = [
        run_of(half, network="this_project", protocol="slice"),
        run_of(half, network="this_project", protocol="song"),
        run_of(truth, network="choi2016", protocol="song"),
        run_of(truth, network="choi2016", protocol="artist"),
    ]
    collected = evaluation.collect(runs, tracks)
    table = evaluation.results(collected, resamples=200)
    told = summary.chance_finding(table)
    assert "choi2016" not in told and "`this_project` names the genre of 50\u00a0% of the 20 songs" in told
    assert "(`song`)" in told and "not established to be more than" in told


def test_counted_drops_say_that_their_intervals_are_not_corrected():
    tracks = tracks_of(["a", "b"] * 10)
    runs = [run_of([sure(f"t{i}", "a") for i in range(20)], protocol=protocol) for protocol in ("slice", "artist")]
    collected = evaluation.collect(runs, tracks)
    table, dropped = evaluation.results(collected, resamples=50), evaluation.drops(collected, resamples=50)
    for told in (claims.drops_claim(dropped), summary.leakage_finding(table, dropped)):
        assert "established in 0 of 1 comparisons" in told and "not corrected for the number" in told


# ---- macro-F1, recipes, baselines


def test_macro_f1_is_the_mean_over_classes_with_an_interval():
    said = list(zip("aaaaaabbcc", "aaaaaaabcb", strict=True))
    run = run_of([sure(f"t{i}", s, "abc") for i, (_, s) in enumerate(said)], classes=tuple("abc"))
    row = one(evaluation.results(evaluation.collect([run], tracks_of([t for t, _ in said]))), level="song")
    expected = f1_score([t for t, _ in said], [s for _, s in said], average="macro")
    assert row.macro_f1 == pytest.approx(expected) and row.macro_f1_low < expected < row.macro_f1_high


def test_macro_f1_of_slices_resamples_songs_and_averages_seeds():
    tracks = tracks_of(["a", "b"] * 6)
    truth = [sure(f"t{i}", "ab"[i % 2]) for i in range(12) for _ in range(10)]
    always = [sure(f"t{i}", "a") for i in range(12) for _ in range(10)]
    table = evaluation.results(evaluation.collect([run_of(truth), run_of(always, seed=1)], tracks))
    by_slice, by_song = one(table, level="slice"), one(table, level="song")
    assert by_slice.macro_f1 == pytest.approx((1 + 1 / 3) / 2)
    names = ["macro_f1", "macro_f1_low", "macro_f1_high"]
    assert by_slice[names].to_list() == pytest.approx(by_song[names].to_list())


def test_all_right_is_not_sure_for_ever():
    run = run_of([sure(f"t{i}", "ab"[i % 2]) for i in range(12)])
    row = one(evaluation.results(evaluation.collect([run], tracks_of(["a", "b"] * 6))), level="song")
    assert (row.macro_f1, row.macro_f1_low, row.macro_f1_high) == (1, row.low, row.high) and row.low < 0.9


def several():
    """Two networks, one of them under two recipes, what was selected, and two baselines, on 40 songs."""
    tracks = tracks_of(["a", "b"] * 20)

    def right(share):
        return [sure(f"t{i}", "ab"[(i + (i >= 40 * share)) % 2]) for i in range(40)]

    runs = [
        run_of(right(0.5), network="majority", recipe="baseline"),
        run_of(right(0.7), network="mfcc_svm", recipe="baseline", train=1.0),
        run_of(right(1.0), network="selected", recipe="best"),
        run_of(right(0.9), network="this_project", recipe="tuned"),
        run_of(right(0.7), network="this_project"),
        run_of(right(0.4), network="zhang2016"),
        run_of(right(0.6), network="short_chunk"),
        run_of(right(0.6), network="mine", stale=True),
    ]
    return evaluation.collect(runs, tracks)


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
    other = {**row, "strict": "song", "drop": 0.05, "low": np.nan, "high": np.nan}
    wide = evaluation.drops_by_pair(pd.DataFrame([row, other]))
    assert wide.to_dict("records") == [{"head": "genre", "slice to artist": "12 (−2 to 30)", "slice to song": "5"}]


def test_folds_and_seeds_that_differ_are_named_apart():
    def answers(network, protocol, folds, seeds):
        runs = tuple(Run(network, protocol, fold, seed) for fold in range(folds) for seed in range(seeds))
        return SimpleNamespace(network=network, protocol=protocol, recipe="poster", runs=runs)

    collected = [answers(name, "slice", 5, 1) for name in ("zhang2016", "choi2016")]
    collected += [answers("this_project", "slice", 5, 3), answers("choi2016", "poster_split", 1, 1)]
    assert claims.basis(collected) == (
        "Folds are pooled and seeds averaged: every number rests on 5 folds and 1 seed; all under `poster_split` on "
        "1 fold and 1 seed; `this_project` under `slice` on 5 folds and 3 seeds. The intervals resample songs, not "
        "seeds."
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
    assert best.difference == pytest.approx(0.3) and best.low > 0
    assert "beats the baseline by 30 points" in verdicts.against_sentence(best)
    assert (same.difference, same.low, same.high) == (0, 0, 0)
    assert "they are level" in verdicts.against_sentence(same)
    assert "does not beat the baseline" in verdicts.against_sentence(same)
    assert less.high < 0 and "falls 30 points short" in verdicts.against_sentence(less)
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
    told = verdicts.against_sentence(pd.Series(row | {"score": "accuracy", "paired": True}))
    assert "`n` (tuned)" in told and "0.3 to 10)" in told and "beats the baseline by 5 points" in told
    assert verdicts.signed(-0.001) == "0.00" and verdicts.signed(-0.126) == "−0.13"


def test_without_baselines_nothing_is_compared():
    collected = evaluation.collect([run_of([sure("t0", "a")])], tracks_of(["a"]))
    table = evaluation.against_baselines(collected)
    assert len(table) == 0 and verdicts.baseline_finding(table) == ""


# ---- numbers


def valences(n, seed=0, artists=None):
    truth = np.random.default_rng(seed).uniform(0, 1, n)
    tracks = tracks_of(["a", "b"] * (n // 2), artists=artists)
    return truth, tracks.assign(valence=tracks["track_id"].map({f"t{i}": value for i, value in enumerate(truth)}))


def test_numeric_heads_are_passed_over_by_collect_and_classes_by_collect_numbers():
    _, tracks = valences(2)
    runs = [run_of([sure("t0", "a")]), numbers_of([("t0", 0.5), ("t1", 0.2)])]
    assert [a.head for a in evaluation.collect(runs, tracks)] == ["genre"]
    assert [a.head for a in evaluation.collect_numbers(runs, tracks)] == ["valence"]


def test_numbers_of_songs_are_means_over_slices():
    truth, tracks = valences(12)
    noise = np.random.default_rng(1).normal(0, 0.3, (12, 4))
    run = numbers_of([(f"t{i}", truth[i] + noise[i, j]) for i in range(12) for j in range(4)])
    table = evaluation.numeric_results(evaluation.collect_numbers([run], tracks))
    assert list(table.columns) == [
        "network", "protocol", "recipe", "head", "level", "n_songs", "r2", "r2_low", "r2_high", "r", "r_low", "r_high",
        "ccc", "ccc_low", "ccc_high", "runs",
    ]  # fmt: skip
    song, by_slice = one(table, level="song"), one(table, level="slice")
    expected = scores.numeric(truth, truth + noise.mean(axis=1))
    assert [song.r2, song.r, song.ccc] == pytest.approx([expected[name] for name in ("r2", "r", "ccc")], abs=1e-5)
    assert by_slice.r2 == pytest.approx(r2_score(np.repeat(truth, 4), (truth[:, None] + noise).ravel()), abs=1e-5)
    for row in (song, by_slice):
        assert row.n_songs == 12
        for name in ("r2", "r", "ccc"):
            assert row[f"{name}_low"] < row[name] < row[f"{name}_high"]


def test_numbers_without_a_label_are_masked_and_seeds_averaged():
    truth, tracks = valences(6)
    tracks.loc[0, "valence"] = np.nan
    right = numbers_of([(f"t{i}", truth[i]) for i in range(6)])
    wrong = numbers_of([(f"t{i}", 0.5) for i in range(6)], seed=1)
    row = one(
        evaluation.numeric_results(evaluation.collect_numbers([right, wrong], tracks), resamples=50), level="song"
    )
    assert (row.n_songs, row.runs) == (5, 2)
    assert row.r2 == pytest.approx((1 + scores.numeric(truth[1:], np.full(5, 0.5))["r2"]) / 2, abs=1e-5)


def test_intervals_of_numbers_resample_artists_under_artist():
    rng = np.random.default_rng(0)
    artists = [f"x{i // 10}{'ab'[i % 2]}" for i in range(120)]
    truth, tracks = valences(120, artists=artists)
    offset = dict(zip(sorted(set(artists)), rng.normal(0, 0.4, 24), strict=True))
    answers = [(f"t{i}", truth[i] + offset[artists[i]]) for i in range(120)]
    runs = [numbers_of(answers, protocol=protocol) for protocol in ("song", "artist")]
    table = evaluation.numeric_results(evaluation.collect_numbers(runs, tracks)).query("level == 'song'")
    width = (table["r2_high"] - table["r2_low"]).set_axis(table["protocol"])
    assert width["artist"] > 1.3 * width["song"]


def test_an_interval_of_r_covers_the_truth_about_95_times_in_100():
    rng = np.random.default_rng(3)
    covered, n = 0, 200
    for _ in range(n):
        truth, noise = rng.normal(0, 1, (2, 80))
        sums = scores.moments(truth, 0.6 * truth + 0.8 * noise)[:, None]
        _, low, high = intervals.interval(
            sums, evaluation.Numbers.measures, np.arange(80), np.zeros(80, int), resamples=300
        )
        covered += low[1] <= 0.6 <= high[1]
    assert 0.9 <= covered / n <= 0.99


def test_one_song_has_no_interval_and_a_constant_truth_no_score():
    _, tracks = valences(2)
    table = evaluation.numeric_results(evaluation.collect_numbers([numbers_of([("t0", 0.5)])], tracks))
    assert table[["r2", "r2_low", "r", "ccc_high"]].isna().all(axis=None)
    assert "not established" in verdicts.number_sentence(one(table, level="song"))


def test_numbers_are_held_against_the_best_baseline_by_r2():
    truth, tracks = valences(40)
    runs = [
        numbers_of([(f"t{i}", truth[i] + 0.01 * (-1) ** i) for i in range(40)], network="this_project"),
        numbers_of([(f"t{i}", 0.5) for i in range(40)], network="majority", recipe="baseline"),
        numbers_of([(f"t{i}", truth[i] / 2) for i in range(40)], network="mfcc_svm", recipe="baseline"),
    ]
    collected = evaluation.collect_numbers(runs, tracks)
    row = one(evaluation.against_baselines(collected))
    assert (row.score, row.baseline) == ("r2", "majority") and row.low > 0
    assert "with an R²" in verdicts.against_sentence(row) and "beats the baseline" in verdicts.against_sentence(row)
    told = verdicts.number_finding(evaluation.numeric_results(collected))
    assert "`this_project` predicts the valence" in told and "is established to be above 0" in told


# ---- the whole page


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """Notebook 05 executed on a fake study, with a student's own network and a stale run."""
    study = fakes.fake_study(tmp_path_factory.mktemp("study"))
    for network, skill in (("this_project", 2.2), ("zhang2016", 0.5)):
        for protocol in ("slice", "artist"):
            fakes.fake_run(study, network, protocol, skill=skill)
    fakes.fake_run(study, "this_project", "slice", fold=1, seed=0)
    fakes.fake_run(study, "my_own-net", "song", moods=False)
    fakes.fake_run(study, "choi2016", "slice", stale=True)
    return study, execute(study)


def execute(study):
    """Run notebook 05 on a study."""
    import papermill

    given = {"study": study.name, "root": str(study.root), "corpus": "folder", "resamples": 200}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(PROJECT))
        return papermill.execute_notebook(
            NOTEBOOKS / "05_error_analysis.ipynb", study.root / "05.ipynb", given, kernel_name="python3",
            cwd=NOTEBOOKS, progress_bar=False,
        )  # fmt: skip


def shown(book, cell_id):
    """Markdown or text that a cell showed."""
    cell = next(cell for cell in book.cells if cell.get("id") == cell_id)
    return "".join(out["data"].get("text/markdown", out["data"]["text/plain"]) for out in cell.outputs if "data" in out)


def test_page_writes_its_tables(page):
    study, _ = page
    table = pd.read_csv(study.tables / "results.csv")
    assert set(table["network"]) == {"this_project", "zhang2016", "my_own-net", "choi2016 (stale)"}
    assert (table.query("network == 'this_project' and protocol == 'slice'")["runs"] == 2).all()
    assert table.query("network == 'my_own-net'")["head"].unique().tolist() == ["genre"]
    assert table["accuracy"].between(0, 1).all()
    assert ((table["low"] <= table["accuracy"]) & (table["accuracy"] <= table["high"])).mean() > 0.9
    for name in ("comparison", "leakage", "ranking", "classes", "mistakes"):
        assert len(pd.read_csv(study.tables / f"{name}.csv"))


def test_page_writes_the_summary_and_figures(page):
    study, _ = page
    told = json.loads((study.results / "summary.json").read_text(encoding="utf-8"))
    assert (told["study"], told["corpus"], told["synthetic"]) == ("fake", "folder", False)
    assert 2 <= len(told["findings"]) <= 3 and "**Stale:**" in told["findings"][0]
    assert "**Stale:**" in told["headline"][0] and "Dealt" not in told["headline"][0] and len(told["headline"]) >= 3
    assert told["figure"]["name"] == "protocols" and "this_project" in told["figure"]["claim"]
    assert (study.tables / f"{told['main_table']}.csv").is_file()
    drawn = {path.stem for path in study.figures.glob("*.svg")}
    assert drawn >= {"protocols", "drops", "gaps", "recall-genre", "recall-mood", "confusion-genre", "confusion-mood"}


def test_page_says_that_there_are_no_baselines_and_no_numbers(page):
    study, book = page
    assert "No baseline was run" in shown(book, "baselines") and "No network of this study" in shown(book, "numbers")
    assert not (study.tables / "baselines.csv").exists() and not (study.tables / "numbers.csv").exists()


def test_page_with_baselines_numbers_and_what_was_selected(tmp_path):
    study = fakes.fake_study(tmp_path)
    for protocol in ("slice", "artist"):
        fakes.fake_run(study, "this_project", protocol, numeric=("energy",))
        fakes.fake_run(study, "short_chunk", protocol, recipe="tuned", skill=3, numeric=("energy",))
        fakes.fake_run(study, "selected", protocol, recipe="best", skill=4, numeric=("energy",))
        fakes.fake_run(study, "mfcc_svm", protocol, recipe="baseline", skill=0.5, numeric=("energy",))
        fakes.fake_run(study, "genre_prior", protocol, recipe="baseline", skill=0, genres=False, numeric=("energy",))
    for protocol, fold in product(("seen", "unseen"), range(5)):
        fakes.fake_run(study, "this_project", protocol, fold, numeric=("energy",))
    book = execute(study)
    dropped = pd.read_csv(study.tables / "leakage.csv")
    assert set(zip(dropped["leaky"], dropped["strict"], strict=True)) == {("slice", "artist"), ("seen", "unseen")}
    assert dropped.query("leaky == 'seen'")["paired"].all() and "seen to unseen" in shown(book, "drops-figure")
    assert not {"seen", "unseen"} & set(pd.read_csv(study.tables / "results.csv")["protocol"])
    assert "`this_project`" in shown(book, "baselines") and "energy with an R²" in shown(book, "baselines")
    beaten = pd.read_csv(study.tables / "baselines.csv")
    assert set(beaten["network"]) == {"this_project", "short_chunk", "selected"} and set(beaten["head"]) == {
        "genre", "mood", "energy",
    }  # fmt: skip
    numeric = pd.read_csv(study.tables / "numbers.csv")
    assert list(dict.fromkeys(numeric["network"])) == [
        "this_project", "short_chunk", "selected", "genre_prior", "mfcc_svm",
    ]  # fmt: skip
    said = json.loads((study.results / "summary.json").read_text(encoding="utf-8"))
    assert len(said["headline"]) == 3 and "(the control)" in said["headline"][1]
    assert "control" in (study.figures / "protocols.svg").read_text(encoding="utf-8")
    told = said["findings"]
    assert len(told) == 5 and told[3].startswith("**Against simple baselines**") and told[4].startswith("**Numbers**")
    assert "stale" not in told[0].lower()
    protocols = (study.figures / "protocols.svg").read_text(encoding="utf-8")
    assert "best baseline" in protocols and "mfcc_svm" not in protocols
    assert "mfcc_svm" not in (study.figures / "confusion-mood.svg").read_text(encoding="utf-8")


def test_page_of_numbers_alone(tmp_path):
    study = fakes.fake_study(tmp_path)
    fakes.fake_run(study, "this_project", "artist", genres=False, moods=False, numeric=("energy", "valence"))
    book = execute(study)
    assert "energy" in shown(book, "numbers")
    told = json.loads((study.results / "summary.json").read_text(encoding="utf-8"))
    assert told["headline"] == []
    assert told["main_table"] == "numbers" and "`this_project` predicts the energy" in told["findings"][0]


def test_page_escapes_titles(page):
    _, book = page
    html = [
        o["data"]["text/html"] for c in book.cells for o in c.get("outputs", []) if "text/html" in o.get("data", {})
    ]
    assert any("&lt;b&gt;Song" in text for text in html) and not any("<b>Song" in text for text in html)


def test_runs_of_several_shares_of_the_artists_are_not_pooled():
    runs = [run_of([sure("t0", "a")], protocol="artist", share=share) for share in (0.5, 1.0)]
    with pytest.raises(ReportError, match="2 shares of the artists"):
        evaluation.collect(runs, tracks_of(["a"]))
    assert [run.run.share for run in evaluation.whole(runs)] == [1]


def test_runs_can_be_chosen_by_name(page):
    study, _ = page
    chosen = finished(study, ["zhang2016-slice-f0-s0"])
    collected = evaluation.collect(chosen, pd.read_parquet(study.tracks))
    assert [answers.network for answers in collected] == ["zhang2016"] * 2


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


def test_names_with_dollars_and_angles_are_drawn_as_they_are():
    names = ("a$b$", "<i>c</i>")
    run = run_of([sure("t0", "a$b$", names), sure("t1", "a$b$", names)], classes=names)
    collected = evaluation.collect([run], tracks_of(list(names)))
    use_style()
    for figure in (plots.confusions(collected, "genre"), plots.recalls(evaluation.per_class(collected), "genre")):
        drawn = svg(figure)
        assert "a$b$" in drawn and "&lt;i&gt;c" in drawn and "<i>" not in drawn
        plt.close(figure)
