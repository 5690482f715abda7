"""Tracks, runs and predictions made by hand, for the tests of the evaluation."""

from types import SimpleNamespace

import numpy as np
import pandas as pd

from lib.datasets.tracks import tracks_table
from lib.evaluation.predictions import collect
from lib.runs.run import Run


def tracks_of(genres, *, moods=None, artists=None, groups=None):
    ids = [f"t{i}" for i in range(len(genres))]
    return tracks_table(
        pd.DataFrame(
            {
                "track_id": ids,
                "path": ids,
                "title": [f"title {i}" for i in ids],
                "artist": "somebody",
                "status": "ok",
                "genre": genres,
                "mood": moods if moods is not None else [pd.NA] * len(ids),
                "artist_group": artists if artists is not None else ids,
                "song_group": groups if groups is not None else ids,
            }
        )
    )


def run_of(
    predictions, *, classes=("a", "b"), network="net", split="random", fold=0, seed=0, stale=False, train=0.9, start=0,
    recipe="poster", share=1.0,
):  # fmt: skip
    """A finished run in memory; `predictions` is a list of (track_id, probabilities) of slices."""
    table = pd.DataFrame(
        {
            "slice": np.arange(start, start + len(predictions)),
            "track_id": [track for track, _ in predictions],
            "part": "test",
            **{f"genre:{name}": np.float32([p[i] for _, p in predictions]) for i, name in enumerate(classes)},
        }
    )
    run = Run(network, split, fold, seed, recipe, share=share)
    metrics = {
        "run": {"folds": 5},
        "heads": {"genre": list(classes)},
        "parts": {"train": {"genre": {"slice": {"accuracy": train}, "song": {"accuracy": None}}}},
    }
    return SimpleNamespace(
        run=run, folder="folder", metrics=metrics, stale=stale, predictions=lambda part, columns=None: table
    )


def numbers_of(predictions, *, network="net", split="random", seed=0, recipe="poster", stale=False):
    """A finished run in memory that predicts the valence; `predictions` is a list of (track_id, value) of slices."""
    track, value = zip(*predictions, strict=True)
    table = pd.DataFrame({"slice": range(len(track)), "track_id": track, "part": "test"})
    table["valence:value"] = np.float32(value)
    metrics = {"run": {"folds": 5}, "heads": {"valence": []}, "parts": {"train": {"valence": {"song": {"r2": 1.0}}}}}
    run = Run(network, split, 0, seed, recipe)
    return SimpleNamespace(
        run=run, folder="folder", metrics=metrics, stale=stale, predictions=lambda part, columns=None: table
    )


def sure(track, predicted, classes=("a", "b")):
    return track, [0.9 if name == predicted else 0.1 / (len(classes) - 1) for name in classes]


def one(table, **where):
    for column, value in where.items():
        table = table[table[column] == value]
    assert len(table) == 1
    return table.iloc[0]


def several():
    """Two networks, one of them under two recipes, what was selected, and two baselines, on 40 songs."""
    tracks = tracks_of(["a", "b"] * 20)

    def correct(share):
        return [sure(f"t{i}", "ab"[(i + (i >= 40 * share)) % 2]) for i in range(40)]

    runs = [
        run_of(correct(0.5), network="majority", recipe="baseline"),
        run_of(correct(0.7), network="mfcc_svm", recipe="baseline", train=1.0),
        run_of(correct(1.0), network="selected", recipe="best"),
        run_of(correct(0.9), network="yu2018", recipe="tuned"),
        run_of(correct(0.7), network="yu2018"),
        run_of(correct(0.4), network="zhang2016"),
        run_of(correct(0.6), network="short_chunk"),
        run_of(correct(0.6), network="mine", stale=True),
    ]
    return collect(runs, tracks)
