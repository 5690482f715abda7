import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.evaluation import bootstrap, predictions, results, significance
from lib.evaluation.bootstrap import Bootstrap, pairs
from tests.predictions import one, run_of, sure, tracks_of


def test_wilson_of_the_posters_figures():
    assert np.round(bootstrap.wilson(0.844, 225), 3).tolist() == [0.791, 0.886]
    assert np.round(bootstrap.wilson(0.79, 225), 3).tolist() == [0.732, 0.838]


@given(st.lists(st.integers(0, 3), min_size=1, max_size=12), st.integers(1, 40))
def test_weights_keep_the_size_of_every_stratum(strata, resamples):
    strata = pd.factorize(np.array(strata))[0]
    drawn = np.concatenate(list(Bootstrap(resamples).weights(strata)))
    assert drawn.shape == (resamples, len(strata)) and (drawn >= 0).all()
    for stratum in np.unique(strata):
        assert np.allclose(drawn[:, strata == stratum].sum(axis=1), (strata == stratum).sum())


def test_weights_come_in_blocks(monkeypatch):
    monkeypatch.setattr(significance, "_CELLS", 30)
    blocks = list(Bootstrap(20).weights(np.zeros(10, dtype=int)))
    assert len(blocks) > 1 and sum(map(len, blocks)) == 20


def test_clusters_are_artists_within_genre():
    tracks = tracks_of(["a", "a", "a", "b", "b"], artists=["x", "x", "y", "z", "w"], groups=["1", "1", "2", "3", pd.NA])
    groups, strata = bootstrap.clusters(tracks)
    assert len(set(groups)) == 4 and groups[0] == groups[1]
    assert strata[groups[0]] == strata[groups[2]] != strata[groups[3]] == strata[groups[4]]
    unknown = tracks.assign(artist_group=pd.NA, song_group=["1", "1", "2", "3", pd.NA])
    groups, _ = bootstrap.clusters(unknown)
    assert groups[0] == groups[1] and len(set(groups)) == 4


@pytest.mark.parametrize(
    ("genres", "sizes"), [("abcd", [4]), ("aabbc", [2, 3]), ("aabb", [2, 2]), ("abbb", [4]), ("aabbcd", [2, 2, 2])]
)
def test_a_stratum_of_one_cluster_joins_another(genres, sizes):
    _, strata = bootstrap.clusters(tracks_of(list(genres)))
    assert sorted(np.bincount(strata)) == sizes


def test_an_interval_covers_the_truth_about_95_times_in_100():
    rng = np.random.default_rng(1)
    truth, covered, n = 0.7, 0, 400
    for _ in range(n):
        correct = (rng.random(60) < truth).astype(float)
        _, low, high = Bootstrap(400).ratio(pairs(correct, np.ones(60)), np.arange(60), np.zeros(60, int))
        covered += low <= truth <= high
    assert 0.91 <= covered / n <= 0.985


def test_an_interval_over_few_artists_in_strata_covers_too():
    rng = np.random.default_rng(2)
    artists, songs, n, covered, naive = 24, 5, 300, 0, 0
    groups, strata = np.repeat(np.arange(artists), songs), np.repeat(np.arange(4), 6)
    for _ in range(n):
        skill = rng.beta(1.4, 0.6, artists)  # mean .7, songs of one artist alike
        correct = (rng.random(artists * songs) < skill[groups]).astype(float)
        count = np.ones(len(correct))
        _, low, high = Bootstrap(400).ratio(pairs(correct, count), groups, strata)
        covered += low <= 0.7 <= high
        alone = np.arange(len(correct))
        _, low, high = Bootstrap(400).ratio(pairs(correct, count), alone, 0 * alone)
        naive += low <= 0.7 <= high
    assert 0.90 <= covered / n <= 0.985
    assert naive / n < 0.88  # songs taken for independent promise too much


def test_clusters_make_wider_intervals_than_songs():
    correct, groups = np.repeat([1.0, 0.0, 1.0, 0.0, 1.0, 1.0], 10), np.repeat(np.arange(6), 10)
    _, low, high = Bootstrap().ratio(pairs(correct, np.ones(60)), groups, np.zeros(6, int))
    _, low_song, high_song = Bootstrap().ratio(pairs(correct, np.ones(60)), np.arange(60), np.zeros(60, int))
    assert high - low > 1.8 * (high_song - low_song)


def test_an_interval_of_all_correct_is_not_of_no_width_and_of_one_cluster_unknown():
    value, low, high = Bootstrap().ratio(pairs(np.ones(30), np.ones(30)), np.arange(30), np.zeros(30, int))
    assert (value, high) == (1, pytest.approx(1)) and 0.8 < low < 0.95
    value, low, high = Bootstrap().ratio(pairs(np.ones(3), np.ones(3)), np.zeros(3, int), np.zeros(1, int))
    assert value == 1 and np.isnan(low) and np.isnan(high)


def test_slices_of_a_song_are_drawn_together():
    song = run_of([sure(f"t{i}", "a" if i % 2 else "b") for i in range(12) for _ in range(10)])
    table = results.results(predictions.collect([song], tracks_of(["a"] * 12)))
    by_slice, by_song = one(table, level="slice"), one(table, level="song")
    assert (by_slice.low, by_slice.high) == pytest.approx((by_song.low, by_song.high))
