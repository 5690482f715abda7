"""P values by simulation, and their correction by hand."""

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from lib.evaluation import significance
from lib.evaluation.bootstrap import Bootstrap, pairs, share, two_sided
from lib.evaluation.significance import holm


def p_of(differences, groups, **settings):
    """P value of a mean difference over songs."""
    sums = pairs(differences, np.ones(len(differences)))
    return two_sided(*Bootstrap(**settings).estimate(sums, share, groups, np.zeros(groups.max() + 1, dtype=int)))


def test_the_size_of_a_block_changes_nothing(monkeypatch):
    differences = np.random.default_rng(0).normal(0.1, 1, 300)
    whole = p_of(differences, np.arange(300))
    monkeypatch.setattr(significance, "_CELLS", 10_000)
    assert p_of(differences, np.arange(300)) == whole


def test_the_songs_of_an_artist_are_one_witness():
    differences = np.repeat([1.0, 1.0, 1.0, -1.0], 10)
    assert p_of(differences, np.repeat([0, 1, 2, 3], 10)) > 0.05 > p_of(differences, np.arange(40))
    assert np.isnan(p_of(differences, np.zeros(40, dtype=int)))


def test_what_does_not_differ_is_not_significant():
    assert p_of(np.zeros(30), np.arange(30)) == 1
    assert p_of(np.eye(30)[0], np.arange(30)) > 0.05  # one song alone may as well have gone the other way


def test_without_a_difference_one_in_twenty_is_called_one():
    rng = np.random.default_rng(0)
    artists = np.repeat(np.arange(40), 3)
    found = [
        p_of(rng.normal(size=120) + np.repeat(rng.normal(size=40), 3), artists, resamples=400, seed=trial)
        for trial in range(400)
    ]
    assert binomtest(int((np.array(found) <= 0.05).sum()), 400, 0.05).pvalue > 0.001


def test_seeds_enter_and_are_drawn_independently_for_each_training():
    rng = np.random.default_rng(0)
    groups, strata, n = np.arange(200), np.zeros(200, dtype=int), 200
    missed = {"seeds": 0, "songs": 0}
    for trial in range(n):
        moved = rng.normal(0, 0.08, 3)  # what a training's seed does to its accuracy
        correct = (rng.random((200, 3)) < 0.7 + moved).astype(float)
        sums = np.stack([correct, np.ones((200, 3))], axis=-1)
        _, low, high = Bootstrap(200, trial).ratio(sums, groups, strata)
        missed["seeds"] += not low <= 0.7 <= high
        _, low, high = Bootstrap(200, trial).ratio(sums.sum(axis=1, keepdims=True), groups, strata)
        missed["songs"] += not low <= 0.7 <= high
    assert missed["seeds"] / n < 0.2 < missed["songs"] / n  # three seeds say little, none say nothing
    one, other = (Bootstrap(100, side=side).samples(sums, share, groups, strata) for side in (0, 1))
    assert np.std(one - other) > 0.02
    assert np.allclose(one, Bootstrap(100).samples(sums, share, groups, strata))


def test_holm_by_hand_and_without_the_unknown():
    given = pd.Series([0.01, np.nan, 0.04, 0.03], index=list("abcd"))
    np.testing.assert_allclose(holm(given)[["a", "c", "d"]], [0.03, 0.06, 0.06])
    assert np.isnan(holm(given)["b"])
    assert holm(pd.Series(dtype=float)).empty


@settings(deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_a_correction_never_helps(p):
    corrected = holm(pd.Series(p))
    assert (corrected >= np.array(p) - 1e-12).all() and (corrected <= 1).all()
