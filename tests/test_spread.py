"""Accuracy by fold and by seed."""

import pytest

from lib.evaluation.comparisons import spread, widths
from tests.predictions import run_of, sure, tracks_of


@pytest.fixture
def runs():
    """Two folds of ten songs, three seeds: fold 0 all correct, fold 1 half; seed 2 none of fold 1."""
    return [
        run_of([sure(f"t{10 * fold + i}", "a" if i < correct else "b") for i in range(10)], fold=fold, seed=seed)
        for seed in range(3)
        for fold, correct in enumerate((10, 0 if seed == 2 else 5))
    ]


def test_folds_are_those_of_the_first_seed_and_seeds_pool_the_folds(runs):
    table = spread(runs, tracks_of(["a"] * 20))
    by = {(row.over, row.number): row.accuracy for row in table.itertuples()}
    assert by == {("fold", 0): 1, ("fold", 1): 0.5, ("seed", 0): 0.75, ("seed", 1): 0.75, ("seed", 2): 0.5}
    seeds = widths(table).set_index("over").loc["seed"]
    assert (seeds["n"], seeds["lowest"], seeds["highest"]) == (3, 0.5, 0.75)
    assert seeds["sd"] == pytest.approx(0.25 / 3**0.5)


def test_seeds_are_compared_on_the_folds_that_all_have(runs):
    table = spread([run for run in runs if run.run.seed == 0 or run.run.fold == 0], tracks_of(["a"] * 20))
    assert table.loc[table["over"] == "seed", "accuracy"].tolist() == [1, 1, 1]


def test_one_run_has_no_spread_and_baselines_are_left_out(runs):
    assert spread(runs[:1], tracks_of(["a"] * 20)).empty
    baseline = [run_of([sure("t0", "a")], network="majority", recipe="baseline", fold=fold) for fold in range(2)]
    assert spread(baseline, tracks_of(["a"])).empty
