import pandas as pd
import pytest

from lib.errors import ReportError
from lib.evaluation import predictions, results
from lib.evaluation.bootstrap import Bootstrap
from tests.predictions import one, run_of, sure, tracks_of


def test_a_songs_prediction_is_the_mean_of_its_probabilities():
    run = run_of([("t0", [0.9, 0.1]), ("t0", [0.4, 0.6]), ("t0", [0.4, 0.6]), ("t1", [0.2, 0.8])])
    table = results.results(predictions.collect([run], tracks_of(["a", "b"])), Bootstrap(50))
    assert one(table, level="slice").accuracy == pytest.approx(2 / 4)
    assert one(table, level="song").accuracy == 1
    assert list(table.columns[:10]) == [
        "network", "split", "recipe", "head", "level", "n_songs", "accuracy", "low", "high", "runs",
    ]  # fmt: skip


def test_folds_of_one_seed_are_pooled():
    tracks = tracks_of(["a", "b"])
    first = run_of([("t0", [0.4, 0.6]), ("t1", [0.1, 0.9])], fold=0)
    second = run_of([("t0", [0.9, 0.1])], fold=1, start=2)
    alone = predictions.collect([first], tracks)[0].songs.set_index("track_id")
    pooled = predictions.collect([first, second], tracks)[0].songs.set_index("track_id")
    assert alone.loc["t0", "predicted"] == "b" and pooled.loc["t0", "predicted"] == "a"
    assert pooled.loc["t0", "probability"] == pytest.approx(0.65)
    assert pooled["n_slices"].to_dict() == {"t0": 2, "t1": 1}


def test_seeds_are_averaged_and_count_as_no_further_songs():
    tracks = tracks_of(["a", "b"])
    correct = run_of([sure("t0", "a"), sure("t1", "b")], seed=0, train=1.0)
    half = run_of([sure("t0", "a"), sure("t1", "a")], seed=1, train=0.5)
    row = one(results.results(predictions.collect([correct, half], tracks), Bootstrap(50)), level="slice")
    assert row.accuracy == pytest.approx(0.75)
    assert (row.n_songs, row.runs, row.train_accuracy) == (2, 2, 0.75)


def test_seeds_that_tested_other_songs_weigh_alike():
    tracks = tracks_of(["a"] * 4)
    many = run_of([sure(f"t{i}", "a") for i in range(3)], seed=0)
    few = run_of([sure("t3", "b")], seed=1)
    assert one(results.results(predictions.collect([many, few], tracks)), level="song").accuracy == 0.5


def test_a_missing_label_is_masked():
    tracks = tracks_of(["a", pd.NA, "b"])
    predicted = predictions.collect([run_of([sure("t0", "a"), sure("t1", "b"), sure("t2", "a")])], tracks)[0]
    assert set(predicted.songs["track_id"]) == {"t0", "t2"}
    assert one(results.results([predicted]), level="song").accuracy == 0.5


def test_a_head_that_no_song_has_is_left_out():
    assert predictions.collect([run_of([sure("t0", "a")])], tracks_of([pd.NA])) == []


def test_stale_runs_stay_apart_and_are_named():
    runs = [run_of([sure("t0", "a")]), run_of([sure("t0", "b")], seed=1, stale=True)]
    collected = predictions.collect(runs, tracks_of(["a"]))
    table = results.results(collected)
    assert dict(zip(table["network"], table["accuracy"], strict=True)) == {"net": 1.0, "net (stale)": 0.0}
    assert results.main_network(table) == "net"


def test_a_track_that_the_table_lacks_is_an_error_but_for_stale_runs():
    with pytest.raises(ReportError, match="t9"):
        predictions.collect([run_of([sure("t9", "a")])], tracks_of(["a"]))
    assert predictions.collect([run_of([sure("t9", "a"), sure("t0", "a")], stale=True)], tracks_of(["a"]))
    with pytest.raises(ReportError, match="No finished run"):
        predictions.collect([], tracks_of(["a"]))


def test_a_class_the_network_lacks_is_predicted_wrongly():
    predicted = predictions.collect([run_of([sure("t0", "a"), sure("t1", "b")])], tracks_of(["a", "c"]))
    assert one(results.results(predicted), level="song").accuracy == 0.5


def test_runs_of_several_shares_of_the_artists_are_not_pooled():
    runs = [run_of([sure("t0", "a")], split="artist", share=share) for share in (0.5, 1.0)]
    with pytest.raises(ReportError, match="2 shares of the artists"):
        predictions.collect(runs, tracks_of(["a"]))
    assert [run.run.share for run in predictions.whole(runs)] == [1]
