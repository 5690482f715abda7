from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from lib.datasets.tracks import tracks_table
from lib.evaluation import learning_curve, predictions, results
from lib.evaluation.bootstrap import Bootstrap
from lib.plots import intervals as plots
from lib.plots import svg, use_style
from lib.runs.run import Run

MOODS = ("sad", "neutral", "happy")


def tracks_of(songs=60, artists=20, moods=MOODS, shares=None):
    """Songs of two genres; `shares` of the moods, else in turn."""
    ids = [f"t{i:03d}" for i in range(songs)]
    mood = np.repeat(moods, shares) if shares else np.array(moods)[np.arange(songs) % len(moods)]
    artist = [f"a{i % artists}" for i in range(songs)]
    genre = [("x", "y")[(i % artists) % 2] for i in range(songs)]
    rows = {"track_id": ids, "path": ids, "status": "ok", "mood": mood, "genre": genre, "song_group": ids}
    return tracks_table(pd.DataFrame({**rows, "artist_group": artist}))


def run_of(tracks, correct, *, share=1.0, seed=0, fold=0, recipe="poster", network="net", stale=False, trained_on=None):
    """A finished run in memory, correct on the songs where `correct` is true and one class further on the others."""
    true = tracks["mood"].map({name: i for i, name in enumerate(MOODS)}).to_numpy(int)
    predicted = np.where(correct, true, (true + 1) % 3)
    table = pd.DataFrame({"slice": range(len(tracks)), "track_id": tracks["track_id"], "part": "test"})
    for i, name in enumerate(MOODS):
        table[f"mood:{name}"] = np.where(predicted == i, 0.8, 0.1).astype("float32")
    song = {} if trained_on is None else {"n": trained_on}
    metrics = {
        "run": {"folds": 5},
        "heads": {"mood": list(MOODS)},
        "parts": {"train": {"mood": {"slice": {}, "song": song}}},
    }
    run = Run(network, "artist", fold, seed, recipe, share=share)
    return SimpleNamespace(
        run=run, folder="folder", metrics=metrics, stale=stale, predictions=lambda part, columns=None: table
    )


def curve_runs(tracks, shares_correct, **settings):
    rng = np.random.default_rng(0)
    at_random = rng.permutation(len(tracks))
    return [
        run_of(tracks, at_random < correct * len(tracks), share=share, trained_on=round(100 * share), **settings)
        for share, correct in shares_correct.items()
    ]


# ---- learning curve


def test_a_curve_of_known_accuracies():
    tracks = tracks_of()
    runs = curve_runs(tracks, {1.0: 0.9, 0.25: 0.5, 0.75: 0.8, 0.5: 0.6})
    table = learning_curve.learning_curve(runs, tracks, Bootstrap(500))
    assert table["share"].tolist() == [0.25, 0.5, 0.75, 1.0] and table["trained_on"].tolist() == [25, 50, 75, 100]
    assert table["accuracy"].tolist() == pytest.approx([0.5, 0.6, 0.8, 0.9])
    assert table["gained"].tolist()[1:] == pytest.approx([0.1, 0.3, 0.4]) and np.isnan(table["gained"][0])
    assert table["missing"].tolist()[:3] == pytest.approx([0.4, 0.3, 0.1]) and np.isnan(table["missing"][3])
    assert (table["low"] < table["accuracy"]).all() and (table["accuracy"] < table["high"]).all()
    last = table.iloc[-1]
    assert 0 < last["gained_low"] < 0.4 < last["gained_high"]


def test_what_does_not_change_is_not_significant():
    tracks = tracks_of()
    table = learning_curve.learning_curve(curve_runs(tracks, {0.5: 0.5, 1.0: 0.5}), tracks, Bootstrap(100))
    assert (table["gained"].iloc[1], table["missing"].iloc[0]) == (0, 0)


def test_only_folds_and_seeds_of_every_share_count():
    tracks = tracks_of()
    half, other = tracks.iloc[:30], tracks.iloc[30:]
    runs = [
        run_of(half, np.ones(30, bool), share=0.5, fold=0),
        run_of(half, np.ones(30, bool), fold=0),
        run_of(other, np.zeros(30, bool), fold=1),
        run_of(half, np.zeros(30, bool), fold=0, seed=1),
        run_of(half, np.zeros(30, bool), fold=0, share=0.25, stale=True),
    ]
    table = learning_curve.learning_curve(runs, tracks, Bootstrap(50))
    assert table["share"].tolist() == [0.5, 1.0] and table["accuracy"].tolist() == [1, 1]
    assert table["runs"].tolist() == [1, 1] and table["trained_on"].isna().all()


def test_without_shares_there_is_no_curve():
    tracks = tracks_of()
    whole = [run_of(tracks, np.ones(60, bool)), run_of(tracks, np.ones(60, bool), recipe="balanced")]
    for runs in ([], whole, [run_of(tracks, np.ones(60, bool), share=0.5), whole[1]]):
        table = learning_curve.learning_curve(runs, tracks)
        assert not len(table)


def test_a_true_gain_is_covered_about_95_times_in_100(monkeypatch):
    rng, tracks, covered = np.random.default_rng(1), tracks_of(120, 40), 0
    for seed in range(40):
        less = rng.random(120) < 0.5
        more = np.where(rng.random(120) < 0.5, rng.random(120) < 0.7, less)  # .6 in the long run
        table = learning_curve.learning_curve(
            [run_of(tracks, less, share=0.5), run_of(tracks, more)], tracks, Bootstrap(200, seed)
        )
        row = table.iloc[-1]
        covered += row["gained_low"] <= 0.1 <= row["gained_high"]
    assert covered / 40 >= 0.87


def test_the_figure_shows_every_share_and_the_ceiling():
    use_style()
    tracks = tracks_of()
    runs = curve_runs(tracks, {0.25: 0.5, 1.0: 0.9}) + curve_runs(tracks, {0.25: 0.4, 1.0: 0.8}, network="other")
    table = learning_curve.learning_curve(runs, tracks, Bootstrap(50))
    drawn = svg(plots.curves(table, {"mood": (0.79, 0.82)}))
    for text in ("25 %", "100 songs", "training artists", "ceiling of the labels", "net, artist", "other, artist"):
        assert text in drawn
    plain = svg(plots.curves(table))
    assert "ceiling" not in plain
    plt.close("all")


# ---- balance


def balanced_pair(seeds=(0,)):
    """Plain finds the frequent class only, balanced all classes at some cost."""
    tracks = tracks_of(shares=[40, 10, 10])
    plain = (tracks["mood"] == "sad").to_numpy()
    weighted = np.arange(60) % 4 != 0
    runs = [run_of(tracks, plain, seed=seed) for seed in seeds]
    return tracks, [*runs, run_of(tracks, weighted, recipe="balanced")], plain, weighted


def test_balance_of_known_predictions():
    tracks, runs, plain, weighted = balanced_pair()
    table = learning_curve.balance(predictions.collect(runs, tracks), Bootstrap(300)).set_index("measure")
    assert list(table.index) == ["accuracy", "macro-F1", "recall of sad", "recall of neutral", "recall of happy"]
    assert table.loc["accuracy", ["plain", "balanced"]].tolist() == pytest.approx([plain.mean(), weighted.mean()])
    assert table.loc["recall of sad", ["plain", "balanced"]].tolist() == pytest.approx([1, 0.75])
    assert table.loc["recall of neutral", "difference"] == pytest.approx(weighted[40:50].mean())
    assert table["n_songs"].tolist() == [60, 60, 40, 10, 10]
    table_ = results.results(predictions.collect(runs, tracks), Bootstrap(20))
    f1 = table_[table_["level"] == "song"].set_index("recipe")["macro_f1"]
    assert table.loc["macro-F1", ["plain", "balanced"]].tolist() == pytest.approx(f1[["poster", "balanced"]].tolist())
    assert (table["low"] <= table["difference"]).all() and (table["difference"] <= table["high"]).all()


def test_balance_is_paired_and_averages_seeds():
    tracks, runs, _, weighted = balanced_pair((0, 1))
    same = [run_of(tracks, weighted, seed=seed) for seed in (0, 1)] + runs[-1:]
    table = learning_curve.balance(predictions.collect(same, tracks), Bootstrap(100))
    assert np.allclose(table[["difference", "low", "high"]], 0)


def test_balance_needs_both_recipes():
    tracks, runs, _, _ = balanced_pair()
    for alone in (runs[:1], runs[1:]):
        assert not len(learning_curve.balance(predictions.collect(alone, tracks)))
