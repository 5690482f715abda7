"""Confidence against accuracy, against simulations that are calibrated and others that are not."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from lib.evaluation import calibration as calibrating
from lib.evaluation import predictions
from lib.evaluation.bootstrap import Bootstrap
from lib.evaluation.calibration import calibration, reliability
from lib.plots import evaluation as plots
from lib.plots import svg, use_style
from tests.predictions import one, run_of, sure, tracks_of

CLASSES = ("a", "b", "c")


def simulated(rng, songs=200, *, slices=1, sharpness=1.0, together=False):
    """Predictions whose truths are drawn with the given probabilities, before these are sharpened.

    With `together`, slices of a song have one confidence and are correct or wrong as one.
    """
    draws = 1 if together else slices
    chances = rng.dirichlet([1.0, 1.0, 1.0], (songs, draws))
    true = (rng.random((songs, draws, 1)) > chances.cumsum(axis=-1)[..., :-1]).sum(axis=-1)
    chances = chances.repeat(slices // draws, axis=1)
    sharp = chances**sharpness / (chances**sharpness).sum(axis=-1, keepdims=True)
    return sharp, np.broadcast_to(true, (songs, slices))


def predictions_of(chances, true, *, split="song", groups=None):
    """Predictions made by hand: `collect` has one truth a song, simulated slices one each."""
    songs, slices, _ = chances.shape
    frame = pd.DataFrame(chances.reshape(-1, 3), columns=[f"genre:{name}" for name in CLASSES])
    frame.insert(0, "track_id", np.repeat([f"t{i}" for i in range(songs)], slices))
    frame = frame.assign(seed=0, slice=range(len(frame)), true=np.array(CLASSES, dtype=object)[true.ravel()])
    best = chances.reshape(-1, 3).argmax(axis=1)
    frame = frame.assign(predicted=np.array(CLASSES, dtype=object)[best])
    frame["probability"] = chances.reshape(-1, 3).max(axis=1)
    frame["correct"] = frame["predicted"] == frame["true"]
    tracks = tracks_of(["a"] * songs, artists=groups).set_index("track_id")
    songs = frame.drop_duplicates("track_id").drop(columns="slice").assign(n_slices=slices)
    about = {"network": "net", "split": split, "recipe": "poster", "head": "genre", "runs": (), "folds": 5}
    return predictions.Predictions(**about, slices=frame, songs=songs, tracks=tracks, classes=CLASSES, train={})


def calibrated(predicted, level="slice", *, flips=200, bins=10):
    return one(calibration([predicted], Bootstrap(200), flips=flips, bins=bins), level=level)


# ---- known predictions


def test_ece_overconfidence_and_brier_of_known_predictions():
    cases = [("a", 0.95, True)] * 8 + [("a", 0.95, False)] * 2 + [("b", 0.65, True)] * 4 + [("b", 0.65, False)] * 6
    classes = ("a", "b")
    predicted, truth = [], []
    for i, (name, p, correct) in enumerate(cases):
        predicted.append((f"t{i}", [p, 1 - p] if name == "a" else [1 - p, p]))
        truth.append(name if correct else "ab"[name == "a"])
    collected = predictions.collect([run_of(predicted, classes=classes)], tracks_of(truth))
    row = one(calibration(collected, Bootstrap(100)), level="song")
    assert (row.n, row.n_songs, row.accuracy) == (20, 20, 0.6)
    assert row.confidence == pytest.approx(0.8) and row.overconfidence == pytest.approx(0.2)
    assert row.ece == pytest.approx((0.15 + 0.25) / 2)
    brier = 2 * np.mean([(1 - p) ** 2 if correct else p**2 for _, p, correct in cases])
    assert row.brier == pytest.approx(brier, abs=1e-6) and row.brier_low < brier < row.brier_high
    bins = reliability(collected, Bootstrap(100), level="song")
    assert bins[["lower", "upper", "n", "n_songs"]].to_numpy().tolist() == [[0.6, 0.7, 10, 10], [0.9, 1.0, 10, 10]]
    assert bins["confidence"].tolist() == pytest.approx([0.65, 0.95])
    assert bins["accuracy"].tolist() == pytest.approx([0.4, 0.8])
    assert ((bins["low"] < bins["accuracy"]) & (bins["accuracy"] < bins["high"])).all()


def test_the_bins_make_the_ece():
    rng = np.random.default_rng(0)
    predicted = predictions_of(*simulated(rng, 150, slices=4))
    bins = reliability([predicted], Bootstrap(20), level="slice", bins=7)
    ece = (bins["n"] * (bins["confidence"] - bins["accuracy"]).abs()).sum() / bins["n"].sum()
    assert calibrated(predicted, bins=7).ece == pytest.approx(ece)
    assert bins["n"].sum() == 600 and (bins["confidence"].between(bins["lower"], bins["upper"])).all()


@pytest.mark.parametrize(("value", "place"), [(0.7, 6), (np.float32(0.7), 6), (0.7001, 7), (1.0, 9), (0.05, 0), (0, 0)])
def test_a_bin_holds_its_upper_edge(value, place):
    assert calibrating._bin(np.array([float(value)]), 10).tolist() == [place]


def test_a_class_that_the_network_lacks_costs_as_one_given_no_probability():
    run = run_of([("t0", [0.8, 0.2]), ("t1", [0.8, 0.2])])
    row = one(calibration(predictions.collect([run], tracks_of(["a", "z"])), Bootstrap(20)), level="song")
    assert row.brier == pytest.approx(np.mean([0.2**2 + 0.2**2, 0.8**2 + 0.2**2 + 1]), abs=1e-6)


def test_missing_labels_are_masked():
    run = run_of([("t0", [0.8, 0.2]), ("t1", [0.6, 0.4])])
    row = one(calibration(predictions.collect([run], tracks_of(["a", pd.NA])), Bootstrap(20)), level="song")
    assert (row.n_songs, row.accuracy) == (1, 1) and row.confidence == pytest.approx(0.8)


# ---- simulations


def test_calibrated_predictions_have_the_ece_that_is_expected_of_them():
    rng = np.random.default_rng(1)
    rows = [calibrated(predictions_of(*simulated(rng, 150))) for _ in range(50)]
    found, expected = (np.mean([row[name] for row in rows]) for name in ("ece", "ece_expected"))
    assert found == pytest.approx(expected, rel=0.12) and found > 0.03  # above 0, though they are calibrated
    assert np.mean([row.ece > row.ece_limit for row in rows]) <= 0.15


def test_the_expectation_is_that_of_a_calibrated_network_also_for_one_that_is_not():
    rng = np.random.default_rng(5)
    sharp, true = simulated(rng, 600, sharpness=6.0)
    drawn = (rng.random((600, 1, 1)) > sharp.cumsum(axis=-1)[..., :-1]).sum(axis=-1)
    sharpened, drawn_anew = (calibrated(predictions_of(sharp, truths), flips=400) for truths in (true, drawn))
    assert sharpened.ece > 0.15 > drawn_anew.ece
    assert sharpened.ece_expected == pytest.approx(drawn_anew.ece_expected, rel=0.6)


def test_slices_that_are_correct_together_have_a_larger_ece_by_chance():
    rng = np.random.default_rng(2)
    rows = [calibrated(predictions_of(*simulated(rng, 60, slices=8, together=True))) for _ in range(35)]
    found, expected = (np.mean([row[name] for row in rows]) for name in ("ece", "ece_expected"))
    alone = np.mean([calibrated(predictions_of(*simulated(rng, 480))).ece for _ in range(20)])
    assert found == pytest.approx(expected, rel=0.12) and found > 1.8 * alone


def test_the_interval_of_the_overconfidence_of_calibrated_predictions_covers_0_about_95_times_in_100():
    rng = np.random.default_rng(3)
    rows = [calibrated(predictions_of(*simulated(rng, 80, slices=3, together=True)), flips=2) for _ in range(50)]
    covered = np.mean([row.low <= 0 <= row.high for row in rows])
    assert 0.88 <= covered <= 1


def test_sharpened_predictions_are_over_confident_and_flattened_ones_under_confident():
    rng = np.random.default_rng(4)
    for sharpness, verdict in ((3.0, (True, False)), (0.4, (False, True))):
        row = calibrated(predictions_of(*simulated(rng, 300, sharpness=sharpness)))
        assert (row.low > 0, row.high < 0) == verdict and row.ece > row.ece_limit


def test_errors_that_cancel_out_are_seen_by_the_ece():
    rng = np.random.default_rng(5)
    sure_, unsure = np.tile([0.9, 0.05, 0.05], (400, 1, 1)), np.tile([0.5, 0.25, 0.25], (400, 1, 1))
    correct = np.concatenate([rng.random(400) < 0.7, rng.random(400) < 0.7])
    row = calibrated(predictions_of(np.concatenate([sure_, unsure]), np.where(correct, 0, 1)[:, None]))
    assert row.low <= 0 <= row.high and row.ece > row.ece_limit


def test_artists_are_drawn_together():
    rng = np.random.default_rng(6)
    chances, groups = np.tile([0.7, 0.2, 0.1], (200, 1, 1)), [f"x{i // 10}" for i in range(200)]
    true = np.where(np.repeat(rng.random(20) < 0.7, 10), 0, 1)[:, None]
    song, artist = (calibrated(predictions_of(chances, true, groups=own)) for own in (None, groups))
    assert artist.high - artist.low > 2 * (song.high - song.low)
    assert artist.ece_expected > 2 * song.ece_expected


# ---- edges


def test_all_correct_is_not_taken_for_under_confidence():
    few = predictions.collect([run_of([(f"t{i}", [0.9, 0.1]) for i in range(6)])], tracks_of(["a"] * 6))
    row = one(calibration(few, Bootstrap(50)), level="song")
    assert row.accuracy == 1 and row.low < 0 < row.high
    many = predictions.collect([run_of([(f"t{i}", [0.6, 0.4]) for i in range(60)])], tracks_of(["a"] * 60))
    assert one(calibration(many, Bootstrap(50)), level="song").high < 0


def test_a_single_song_has_neither_interval_nor_expectation():
    collected = predictions.collect([run_of([sure("t0", "a")])], tracks_of(["a"]))
    table = calibration(collected)
    assert table[["low", "high", "brier_low", "ece_expected", "ece_limit"]].isna().all(axis=None)


def test_seeds_are_averaged_in_the_scores_and_pooled_in_the_bins():
    tracks = tracks_of(["a"] * 20)
    runs = [run_of([(f"t{i}", [p, 1 - p]) for i in range(20)], seed=seed) for seed, p in enumerate((0.95, 0.75))]
    collected = predictions.collect(runs, tracks)
    row = one(calibration(collected, Bootstrap(50)), level="song")
    assert row.ece == pytest.approx((0.05 + 0.25) / 2, abs=1e-6) and (row.n, row.n_songs) == (40, 20)
    bins = reliability(collected, Bootstrap(50))
    assert bins["n"].tolist() == [20, 20] and bins["confidence"].tolist() == pytest.approx([0.75, 0.95])


def test_figure_draws_every_network_and_nothing():
    use_style()
    rng = np.random.default_rng(7)
    table = reliability([predictions_of(*simulated(rng, 40))], Bootstrap(20), level="slice")
    several = pd.concat(
        [table.assign(network=network, head=head) for network in ("net", "zhang2016", "a$b$", "x") for head in "gm"]
    )
    figure = plots.reliability_figure(several)
    assert len(figure.axes) == 8 and "zhang2016, g" in svg(figure)
    assert "<svg" in svg(plots.reliability_figure(table.head(0)))
    plt.close("all")
