"""Paired tests against exact values and by simulation."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from lib.evaluation import significance
from lib.evaluation.significance import holm, sign_flip


@pytest.mark.parametrize(("better", "worse"), [(5, 0), (7, 1), (4, 4), (6, 3)])
def test_songs_that_differ_by_one_give_the_sign_test(better, worse):
    differences = np.repeat([1.0, -1.0, 0.0], [better, worse, 20])
    expected = binomtest(better, better + worse).pvalue
    assert sign_flip(differences, np.arange(len(differences))) == pytest.approx(expected, abs=1e-9)


def test_many_songs_are_drawn_and_agree_with_the_exact_test():
    differences = np.repeat([1.0, -1.0], [45, 30])
    expected = binomtest(45, 75).pvalue
    assert sign_flip(differences, np.arange(75)) == pytest.approx(expected, abs=0.015)


@pytest.mark.parametrize("ahead", [0, 40, 100, 200])
def test_drawing_how_many_of_each_value_are_flipped_is_the_same_test(ahead, monkeypatch):
    rng = np.random.default_rng(ahead)
    differences = rng.choice([-2.0, -1.0, 0.3, 1.0], 3000)
    differences[:ahead] = np.abs(differences[:ahead])
    drawn = sign_flip(differences, np.arange(3000))
    monkeypatch.setattr(significance, "MANY", 3000)
    assert drawn == pytest.approx(sign_flip(differences, np.arange(3000)), abs=0.02)


def test_the_size_of_a_block_changes_nothing(monkeypatch):
    differences = np.random.default_rng(0).normal(0.1, 1, 300)
    whole = sign_flip(differences, np.arange(300))
    monkeypatch.setattr(significance, "_CELLS", 10_000)
    assert sign_flip(differences, np.arange(300)) == whole


def test_the_songs_of_an_artist_are_one_witness():
    differences = np.ones(20)
    assert sign_flip(differences, np.repeat([0, 1], 10)) == pytest.approx(0.5)
    assert sign_flip(differences, np.arange(20)) < 0.001
    assert np.isnan(sign_flip(differences, np.zeros(20, dtype=int)))


def test_what_does_not_differ_is_not_significant():
    assert sign_flip(np.zeros(30), np.arange(30)) == 1
    assert sign_flip(np.eye(30)[0], np.arange(30)) == 1  # one song alone may as well have gone the other way


def test_without_a_difference_one_in_twenty_is_called_one():
    rng = np.random.default_rng(0)
    artists = np.repeat(np.arange(40), 3)
    found = [
        sign_flip(rng.normal(size=120) + np.repeat(rng.normal(size=40), 3), artists, permutations=499, seed=trial)
        for trial in range(400)
    ]
    assert binomtest(int((np.array(found) <= 0.05).sum()), 400, 0.05).pvalue > 0.001


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
