"""Votes of slices and their agreement, against known cases."""

from itertools import combinations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom
from statsmodels.stats.inter_rater import fleiss_kappa

from lib.evaluation import predictions, results
from lib.evaluation.bootstrap import Bootstrap
from lib.evaluation.slice_aggregation import slice_agreement, voting
from lib.plots import evaluation as confidence
from lib.plots import svg, use_style
from tests.predictions import one, run_of, sure, tracks_of


def collected_of(predicted, *, truth=None, classes=("a", "b"), artists=None, **about):
    """Predictions of one run; `predicted` holds those of each song's slices, all of one confidence."""
    slices = [sure(f"t{i}", label, classes) for i, own in enumerate(predicted) for label in own]
    truth = truth if truth is not None else ["a"] * len(predicted)
    return predictions.collect([run_of(slices, classes=classes, **about)], tracks_of(truth, artists=artists))


def random_predictions(songs, slices, *, p=0.6, seed=0):
    """Independent slices, each correct ("a") with probability `p`."""
    return np.where(np.random.default_rng(seed).random((songs, slices)) < p, "a", "b")


# ---- votes


def test_slices_that_say_the_same_gain_nothing_by_voting():
    predicted = [["a"] * 10] * 15 + [["b"] * 10] * 5
    table = voting(collected_of(predicted), Bootstrap(200))
    assert table["slices"].tolist() == list(range(1, 11)) and set(table["n_songs"]) == {20}
    assert table["accuracy"].to_numpy() == pytest.approx(0.75)
    assert (table[["gain", "gain_low", "gain_high"]] == 0).all(axis=None)


def test_a_vote_of_independent_slices_is_the_binomial_majority():
    table = voting(collected_of(random_predictions(1500, 9)), Bootstrap(200), most=9).set_index("slices")
    for k in (1, 3, 5, 7, 9):
        assert table.loc[k, "accuracy"] == pytest.approx(binom.sf(k // 2, k, 0.6), abs=0.03)
    assert table.loc[9, "gain_low"] > 0
    assert (table["gain_high"] - table["gain_low"]).iloc[1:].gt(0).all()


def test_a_vote_of_all_slices_is_the_songs_prediction_and_of_one_that_of_the_slices():
    rng = np.random.default_rng(1)
    drawn = [(f"t{i}", rng.dirichlet([1.5, 1, 1])) for i in range(40) for _ in range(10)]
    runs = [run_of(drawn, classes=tuple("abc"), seed=seed) for seed in (0, 1)]
    runs[1] = run_of([(track, p[::-1]) for track, p in drawn], classes=tuple("abc"), seed=1)
    collected = predictions.collect(runs, tracks_of(["a", "b", "c", "a"] * 10))
    table, scored = voting(collected, Bootstrap(300)), results.results(collected, Bootstrap(300))
    for slices, level in ((1, "slice"), (10, "song")):
        row, whole = one(table, slices=slices), one(scored, level=level)
        assert (row.accuracy, row.low, row.high) == pytest.approx((whole.accuracy, whole.low, whole.high))


def test_the_expectation_over_the_draws_is_exact_for_ten_slices():
    rng = np.random.default_rng(2)
    chances = rng.dirichlet([1, 1, 1], 10)
    run = run_of([("t0", p) for p in chances], classes=tuple("abc"))
    table = voting(predictions.collect([run], tracks_of(["b"])))
    correct = [np.float32(chances)[list(chosen)].mean(axis=0).argmax() == 1 for chosen in combinations(range(10), 4)]
    assert one(table, slices=4).accuracy == pytest.approx(np.mean(correct))


def test_more_slices_than_can_be_listed_are_drawn():
    table = voting(collected_of(random_predictions(600, 14)), Bootstrap(50), draws=60).set_index("slices")
    assert table.index.max() == 10
    for k in (1, 5, 9):
        assert table.loc[k, "accuracy"] == pytest.approx(binom.sf(k // 2, k, 0.6), abs=0.04)
    again = voting(collected_of(random_predictions(600, 14)), Bootstrap(50), draws=60).set_index("slices")
    pd.testing.assert_frame_equal(table, again)


def test_songs_with_too_few_slices_stay_out_or_lower_the_largest_vote():
    nine_in_ten = [["a"] * 10] * 9 + [["b"] * 8]
    table = voting(collected_of(nine_in_ten), Bootstrap(20))
    assert table["slices"].max() == 10 and set(table["n_songs"]) == {9} and set(table["accuracy"]) == {1.0}
    fewer = voting(collected_of([["a"] * 10] * 8 + [["b"] * 3] * 2), Bootstrap(20))
    assert fewer["slices"].max() == 3 and set(fewer["n_songs"]) == {10}
    lone = voting(collected_of([["a"]] * 5 + [["b"] * 2]), Bootstrap(20))
    assert lone["slices"].tolist() == [1]


def test_all_correct_still_has_an_interval():
    table = voting(collected_of([["a"] * 10] * 12), Bootstrap(50))
    assert (table["accuracy"] == 1).all() and (table["low"] < 0.9).all()


def test_a_single_song_has_no_interval():
    table = voting(collected_of([["a", "a", "b"]]), most=3)
    assert table["accuracy"].tolist() == pytest.approx([2 / 3, 1, 1]) or table["accuracy"].iloc[2] == 1
    assert table[["low", "high", "gain_low", "gain_high"]].isna().all(axis=None)


def test_missing_labels_and_classes_that_the_network_lacks():
    collected = collected_of([["a"] * 4, ["b"] * 4, ["a"] * 4], truth=["a", pd.NA, "c"])
    table = voting(collected, Bootstrap(20), most=4)
    assert set(table["n_songs"]) == {2} and (table["accuracy"] == 0.5).all()


def test_seeds_are_averaged():
    tracks = tracks_of(["a"] * 12)
    correct = run_of([sure(f"t{i}", "a") for i in range(12) for _ in range(3)], seed=0)
    mixed = run_of([sure(f"t{i}", predicted) for i in range(12) for predicted in "aab"], seed=1)
    table = voting(predictions.collect([correct, mixed], tracks), Bootstrap(50), most=3).set_index("slices")
    assert table.loc[1, "accuracy"] == pytest.approx((1 + 2 / 3) / 2) and table.loc[3, "accuracy"] == 1
    assert set(table["n_songs"]) == {12}


def test_artists_are_drawn_together():
    predicted = [["a"] * 4 if i // 10 % 2 else ["a", "b", "b", "b"] for i in range(80)]
    artists = [f"x{i // 10}" for i in range(80)]
    tables = [voting(collected_of(predicted, artists=own), most=4) for own in (None, artists)]
    song, artist = (one(table, slices=1) for table in tables)
    assert artist.high - artist.low > 1.8 * (song.high - song.low)


# ---- agreement


def test_agreement_of_slices_that_say_the_same_and_of_chance():
    predicted = [["a"] * 5, ["b"] * 5] * 10
    row = one(slice_agreement(collected_of(predicted, truth=["a", "b"] * 10), Bootstrap(200)))
    assert (row.share, row.same, row.kappa, row.same_correct) == (1, 1, 1, 1)
    assert row.same_low < 0.9 and np.isnan(row.same_wrong) and np.isnan(row.gap_low)
    assert row.chance == pytest.approx(9 / 19)  # of 19 other songs 9 are of its kind


def test_independent_slices_agree_no_more_than_chance():
    rows = [one(slice_agreement(collected_of(random_predictions(300, 6, seed=s)), Bootstrap(200))) for s in range(8)]
    for row in rows:
        assert row.same == pytest.approx(0.6**2 + 0.4**2, abs=0.03) and row.chance == pytest.approx(row.same, abs=0.03)
    assert sum(row.kappa_low < 0 < row.kappa_high for row in rows) >= 6
    assert np.mean([row.kappa for row in rows]) == pytest.approx(0, abs=0.015)


def test_agreement_within_songs_is_that_of_fleiss():
    rng = np.random.default_rng(3)
    predicted = [rng.choice(list("abc"), 8, p=rng.dirichlet([1, 1, 1])) for _ in range(300)]
    row = one(slice_agreement(collected_of(predicted, classes=tuple("abc")), Bootstrap(20)))
    counts = np.array([[(own == name).sum() for name in "abc"] for own in predicted])
    assert row.kappa == pytest.approx(fleiss_kappa(counts), abs=0.01)
    with pytest.raises(AssertionError):  # why it is not used: songs with unequal numbers of slices
        fleiss_kappa(np.array([[2, 0, 0], [1, 1, 1]]))


def test_agreement_with_unequal_numbers_of_slices():
    row = one(slice_agreement(collected_of(["aab", "bb", "a"], truth=["a", "a", "a"]), Bootstrap(20)))
    assert (row.n_songs, row.slices) == (2, 2.5)  # a lone slice agrees with none
    assert row.same == pytest.approx((1 / 3 + 1) / 2) and row["share"] == pytest.approx((2 / 3 + 1) / 2)
    assert (row.same_correct, row.same_wrong) == (pytest.approx(1 / 3), 1)
    assert row.chance == pytest.approx(1 / 3)  # slices a, a, b against b, b


def test_correct_and_wrong_songs_apart():
    predicted = [["a"] * 6] * 30 + [["b"] * 4 + ["a"] * 2] * 30
    row = one(slice_agreement(collected_of(predicted), Bootstrap(200)))
    assert row.same_correct == 1 and row.same_wrong == pytest.approx((6 + 1) / 15)
    assert row.gap == pytest.approx(8 / 15) and row.gap_low > 0
    few = one(slice_agreement(collected_of(["aaa"] * 15 + ["aab"] * 15 + ["bbb"] * 2), Bootstrap(200)))
    assert few.same_wrong == 1 and few.gap == pytest.approx(-1 / 3)
    assert few.gap_high > 0  # two songs with nothing to resample say little


def test_an_interval_of_kappa_covers_the_truth_about_95_times_in_100():
    # songs of three kinds: what they say of a slice is "a" with these probabilities
    kinds, rng, covered, n = np.array([0.9, 0.5, 0.2]), np.random.default_rng(4), 0, 40
    same, chance = (kinds**2 + (1 - kinds) ** 2).mean(), kinds.mean() ** 2 + (1 - kinds.mean()) ** 2
    for _ in range(n):
        predicted = np.where(rng.random((40, 6)) < rng.choice(kinds, 40)[:, None], "a", "b")
        row = one(slice_agreement(collected_of(predicted), Bootstrap(200)))
        covered += row.kappa_low <= (same - chance) / (1 - chance) <= row.kappa_high
    assert 0.87 <= covered / n <= 0.99


def test_agreement_of_one_song_seeds_and_nothing():
    row = one(slice_agreement(collected_of(["aab"])))
    assert row.same == pytest.approx(1 / 3) and np.isnan([row.same_low, row.chance, row.kappa]).all()
    tracks = tracks_of(["a"] * 8)
    runs = [
        run_of([sure(f"t{i}", x) for i in range(8) for x in predicted], seed=s)
        for s, predicted in enumerate(("aa", "ab"))
    ]
    assert one(slice_agreement(predictions.collect(runs, tracks), Bootstrap(20))).same == pytest.approx(0.5)
    assert len(slice_agreement(collected_of(["a", "b"]))) == 0
    assert len(slice_agreement([])) == len(voting([])) == 0


def test_baselines_do_not_vote():
    tracks = tracks_of(["a"] * 4)
    runs = [
        run_of([sure(f"t{i}", "a") for i in range(4) for _ in "12"], network="net"),
        run_of([sure(f"t{i}", "a") for i in range(4) for _ in "12"], network="majority", recipe="baseline"),
    ]
    collected = predictions.collect(runs, tracks)
    for table in (voting(collected, Bootstrap(20)), slice_agreement(collected, Bootstrap(20))):
        assert set(table["network"]) == {"net"}


# ---- figure


def test_figure_draws_every_network_and_nothing():
    use_style()
    table = voting(collected_of(random_predictions(30, 6)), Bootstrap(50))
    names = ("zhang2016", "choi2016", "yu2018", "a$b$")
    table = pd.concat([table.assign(network=name, accuracy=0.5 + i / 10) for i, name in enumerate(names)])
    both = pd.concat([table, table.assign(head="mood")])
    figure = confidence.voting_figure(both)
    assert len(figure.axes) == 4
    drawn = svg(figure)
    assert all(name in drawn for name in (*names, "genre", "mood"))
    for other in (table.query("slices == 1"), table.head(0)):
        assert "<svg" in svg(confidence.voting_figure(other))
    plt.close("all")
