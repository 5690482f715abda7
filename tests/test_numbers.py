import numpy as np
import pytest
from sklearn.metrics import r2_score

from lib.evaluation import comparisons, predictions, results
from lib.evaluation.bootstrap import Bootstrap
from lib.runs import metrics
from tests.predictions import numbers_of, one, run_of, sure, tracks_of


def valences(n, seed=0, artists=None):
    truth = np.random.default_rng(seed).uniform(0, 1, n)
    tracks = tracks_of(["a", "b"] * (n // 2), artists=artists)
    return truth, tracks.assign(valence=tracks["track_id"].map({f"t{i}": value for i, value in enumerate(truth)}))


def test_numeric_heads_are_passed_over_by_collect_and_classes_by_collect_numbers():
    _, tracks = valences(2)
    runs = [run_of([sure("t0", "a")]), numbers_of([("t0", 0.5), ("t1", 0.2)])]
    assert [a.head for a in predictions.collect(runs, tracks)] == ["genre"]
    assert [a.head for a in predictions.collect_numbers(runs, tracks)] == ["valence"]


def test_numbers_of_songs_are_means_over_slices():
    truth, tracks = valences(12)
    noise = np.random.default_rng(1).normal(0, 0.3, (12, 4))
    run = numbers_of([(f"t{i}", truth[i] + noise[i, j]) for i in range(12) for j in range(4)])
    table = results.numeric_results(predictions.collect_numbers([run], tracks))
    assert list(table.columns) == [
        "network", "split", "recipe", "head", "level", "n_songs", "r2", "r2_low", "r2_high", "r", "r_low", "r_high",
        "ccc", "ccc_low", "ccc_high", "runs",
    ]  # fmt: skip
    song, by_slice = one(table, level="song"), one(table, level="slice")
    expected = metrics.numeric(truth, truth + noise.mean(axis=1))
    assert [song.r2, song.r, song.ccc] == pytest.approx([expected[name] for name in ("r2", "r", "ccc")], abs=1e-5)
    assert by_slice.r2 == pytest.approx(r2_score(np.repeat(truth, 4), (truth[:, None] + noise).ravel()), abs=1e-5)
    for row in (song, by_slice):
        assert row.n_songs == 12
        for name in ("r2", "r", "ccc"):
            assert row[f"{name}_low"] < row[name] < row[f"{name}_high"]


def test_numbers_without_a_label_are_masked_and_seeds_averaged():
    truth, tracks = valences(6)
    tracks.loc[0, "valence"] = np.nan
    exact = numbers_of([(f"t{i}", truth[i]) for i in range(6)])
    wrong = numbers_of([(f"t{i}", 0.5) for i in range(6)], seed=1)
    row = one(results.numeric_results(predictions.collect_numbers([exact, wrong], tracks), Bootstrap(50)), level="song")
    assert (row.n_songs, row.runs) == (5, 2)
    assert row.r2 == pytest.approx((1 + metrics.numeric(truth[1:], np.full(5, 0.5))["r2"]) / 2, abs=1e-5)


def test_intervals_of_numbers_resample_artists():
    rng = np.random.default_rng(0)
    artists = [f"x{i // 10}{'ab'[i % 2]}" for i in range(120)]
    truth, tracks = valences(120, artists=artists)
    offset = dict(zip(sorted(set(artists)), rng.normal(0, 0.4, 24), strict=True))
    predicted = [(f"t{i}", truth[i] + offset[artists[i]]) for i in range(120)]
    songs = tracks.assign(artist_group=tracks["track_id"])
    width = {}
    for drawn, known in (("artist", tracks), ("song", songs)):
        collected = predictions.collect_numbers([numbers_of(predicted)], known)
        row = one(results.numeric_results(collected), level="song")
        width[drawn] = row.r2_high - row.r2_low
    assert width["artist"] > 1.3 * width["song"]


def test_an_interval_of_r_covers_the_truth_about_95_times_in_100():
    rng = np.random.default_rng(3)
    covered, n = 0, 200
    for _ in range(n):
        truth, noise = rng.normal(0, 1, (2, 80))
        sums = metrics.moments(truth, 0.6 * truth + 0.8 * noise)[:, None]
        _, low, high = Bootstrap(300).interval(sums, predictions.Numbers.measures, np.arange(80), np.zeros(80, int))
        covered += low[1] <= 0.6 <= high[1]
    assert 0.9 <= covered / n <= 0.99


def test_one_song_has_no_interval_and_a_constant_truth_no_score():
    _, tracks = valences(2)
    table = results.numeric_results(predictions.collect_numbers([numbers_of([("t0", 0.5)])], tracks))
    assert table[["r2", "r2_low", "r", "ccc_high"]].isna().all(axis=None)


def test_numbers_are_held_against_the_best_baseline_by_r2():
    truth, tracks = valences(40)
    runs = [
        numbers_of([(f"t{i}", truth[i] + 0.01 * (-1) ** i) for i in range(40)], network="yu2018"),
        numbers_of([(f"t{i}", 0.5) for i in range(40)], network="majority", recipe="baseline"),
        numbers_of([(f"t{i}", truth[i] / 2) for i in range(40)], network="mfcc_svm", recipe="baseline"),
    ]
    collected = predictions.collect_numbers(runs, tracks)
    row = one(comparisons.against_baselines(collected))
    assert (row.score, row.baseline) == ("r2", "majority") and row.low > 0
