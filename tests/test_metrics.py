import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import pearsonr
from sklearn.metrics import f1_score, r2_score

from lib.paths import PROJECT
from lib.runs import metrics

CLASSES = ("a", "b", "c", "d")
labelled = st.lists(st.tuples(st.sampled_from(CLASSES), st.sampled_from(CLASSES)), min_size=1, max_size=30)
number = st.integers(-1000, 1000).map(lambda value: value / 100)
numbers = st.lists(st.tuples(number, number), min_size=2, max_size=30)


@given(labelled)
def test_classes_are_scored_as_scikit_learn_scores_them(pairs):
    truth, predicted = map(list, zip(*pairs, strict=True))
    found = metrics.categorical(truth, predicted, CLASSES)
    assert found["accuracy"] == pytest.approx(np.mean([t == a for t, a in pairs])) and found["n"] == len(pairs)
    assert found["macro_f1"] == pytest.approx(f1_score(truth, predicted, average="macro", zero_division=0))
    assert 0 <= found["macro_f1"] <= 1


@given(labelled)
def test_a_class_that_neither_occurs_nor_is_predicted_changes_nothing(pairs):
    truth, predicted = map(list, zip(*pairs, strict=True))
    assert metrics.categorical(truth, predicted, CLASSES) == metrics.categorical(truth, predicted, [*CLASSES, "never"])


def test_no_predictions_have_no_score():
    assert metrics.categorical([], [], CLASSES) == {"accuracy": None, "macro_f1": None, "n": 0}
    assert metrics.numeric([], []) == {"r2": None, "r": None, "ccc": None, "n": 0}


def test_always_the_most_frequent_class_has_a_poor_f1():
    found = metrics.categorical(list("aaab"), list("aaaa"), CLASSES)
    assert found["accuracy"] == 0.75 and found["macro_f1"] == pytest.approx((6 / 7) / 2)


@given(labelled)
def test_counts_of_any_selection_add_up(pairs):
    truth, predicted = map(np.array, zip(*pairs, strict=True))
    counts = metrics.class_counts(truth, predicted, CLASSES)
    rows = np.arange(len(pairs))[::2]
    expected = metrics.categorical(truth[rows], predicted[rows], CLASSES)["macro_f1"]
    both = metrics.macro_f1(np.stack([counts[rows].sum(axis=0), 3 * counts[rows].sum(axis=0)]))
    assert both == pytest.approx([expected, expected])
    assert np.isnan(metrics.macro_f1(0 * counts.sum(axis=0)))


@given(numbers)
def test_numbers_are_scored_as_scipy_and_scikit_learn_score_them(pairs):
    truth, values = np.array(pairs).T
    found = metrics.numeric(truth, values)
    if np.ptp(truth) == 0:
        assert found == {"r2": None, "r": None, "ccc": None, "n": len(pairs)}
        return
    assert found["r2"] == pytest.approx(r2_score(truth, values), rel=1e-6, abs=1e-6)
    if np.ptp(values) == 0:
        assert found["r"] is None and found["ccc"] == 0
        return
    assert found["r"] == pytest.approx(pearsonr(truth, values).statistic, abs=1e-6)
    lin = (
        2 * np.cov(truth, values, bias=True)[0, 1] / (truth.var() + values.var() + (truth.mean() - values.mean()) ** 2)
    )
    assert found["ccc"] == pytest.approx(lin, abs=1e-6)
    assert abs(found["ccc"]) <= abs(found["r"]) + 1e-9 and found["r2"] <= found["r"] ** 2 + 1e-6


@given(numbers, st.floats(0.1, 10), st.floats(-5, 5))
def test_correlation_is_blind_to_scale_and_concordance_is_not(pairs, scale, offset):
    truth, values = np.array(pairs).T
    if np.ptp(truth) == 0 or np.ptp(values) == 0:
        return
    before, after = metrics.numeric(truth, values), metrics.numeric(truth, scale * values + offset)
    assert after["r"] == pytest.approx(before["r"], abs=1e-6)
    assert metrics.numeric(truth, truth) == pytest.approx({"r2": 1, "r": 1, "ccc": 1, "n": len(truth)})
    assert metrics.numeric(truth, truth + 1)["ccc"] < 1 and metrics.numeric(truth, truth + 1)["r2"] < 1


def test_the_mean_explains_nothing_and_a_far_off_scale_is_no_trouble():
    truth = np.array([0.2, 0.4, 0.9])
    assert metrics.numeric(truth, np.full(3, truth.mean())) == {"r2": pytest.approx(0), "r": None, "ccc": 0.0, "n": 3}
    found = metrics.numeric(truth + 1e6, truth[::-1] + 1e6)
    assert found["r"] == pytest.approx(metrics.numeric(truth, truth[::-1])["r"], abs=1e-6)


def test_moments_of_any_selection_add_up():
    rng = np.random.default_rng(1)
    truth, values = rng.normal(3, 1, 40), rng.normal(0, 1, 40)
    rows = rng.integers(0, 40, 25)
    r2, r, ccc = metrics.from_moments(metrics.moments(truth, values)[rows].sum(axis=0))
    found = metrics.numeric(truth[rows], values[rows])
    assert (r2, r, ccc) == pytest.approx((found["r2"], found["r"], found["ccc"]))


@pytest.mark.parametrize("score", [metrics.numeric, lambda t, a: metrics.categorical(t, a, CLASSES)])
def test_one_prediction_a_truth(score):
    with pytest.raises(ValueError, match="one prediction per truth"):
        score([1, 2], [1])


def test_scores_need_numpy_and_pandas_alone():
    code = "import sys, lib.runs.metrics; print([m for m in ('sklearn', 'scipy', 'keras') if m in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
