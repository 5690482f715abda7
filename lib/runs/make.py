"""The making of a run: train, predict, and write its files."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd

from lib import provenance
from lib.io import write_csv, write_json, write_parquet
from lib.models import baselines
from lib.runs import internals, metrics
from lib.runs.key import key
from lib.runs.spec import RunSpec, SelectionSpec

_ROWS = 100_000


def make(folder: Path, spec: RunSpec, on_epoch: Callable[[str], None]) -> None:
    """Train the network or fit the baseline of a run, and write everything of it.

    A candidate predicts its validation slices alone. Probabilities and vectors are rounded to half precision first, as
    the committed parts hold them, so that every number that is computed from them is the same with and without those
    parts.

    Parameters
    ----------
    folder : path-like
        Exists and is empty.
    spec : RunSpec
    on_epoch : callable
        Called with how far the training is.
    """
    spec.slices.verify()
    began = time.perf_counter()
    numbers = np.flatnonzero(spec.parts == "validation" if spec.run.candidate else spec.parts != "")
    history = pd.DataFrame(columns=["epoch", "seconds"])
    if spec.is_baseline:
        predictions, vectors = baselines.fit_and_predict(
            spec.run.architecture, spec.slices, spec.parts, spec.labels, spec.heads, numbers
        )
        seconds = time.perf_counter() - began
    else:
        from lib.training import fit  # only here are Keras and its backend needed

        model, history = fit.train_anew(
            spec.description,
            spec.heads,
            spec.slices,
            spec.parts,
            spec.labels,
            spec.settings,
            seed=spec.run.seed,
            on_epoch=on_epoch,
        )
        seconds = time.perf_counter() - began
        model.save_weights(folder / "model.weights.h5")
        predictions, vectors = fit.predict(model, spec.heads, spec.slices, numbers)
        if not spec.run.candidate:
            internals.write(folder, model, spec.heads, spec.slices, numbers, spec.parts[numbers], half(vectors))
    write(folder, spec, numbers, predictions, vectors, seconds=seconds, history=history)


def write(
    folder: Path,
    spec: RunSpec | SelectionSpec,
    numbers: np.ndarray,
    predictions: dict[str, np.ndarray],
    vectors: np.ndarray,
    *,
    seconds: float,
    history: pd.DataFrame,
    **more,
) -> None:
    """Write the files of a run but for its weights.

    Parameters
    ----------
    folder : path-like
        Exists.
    spec : RunSpec or SelectionSpec
    numbers : np.ndarray [shape=(n,), dtype=int]
        Slices that are predicted.
    predictions : dict of str to np.ndarray [shape=(n, head.width)]
    vectors : np.ndarray [shape=(n, width)]
    seconds : float
        Of training.
    history : pd.DataFrame
        One row per epoch.
    **more
        Further entries of ``metrics.json``.
    """
    columns = {
        "slice": numbers.astype("int32"),
        "track_id": spec.slices.table["track_id"].to_numpy()[numbers],
        "part": spec.parts[numbers],
    }
    for head in spec.heads:
        given = predictions[head.name] if head.numeric else half(predictions[head.name])
        columns |= dict(zip(head.columns, given.astype(np.float32).T, strict=True))
    table = pd.DataFrame(columns)
    write_csv(history, folder / "history.csv")
    write_parquet(table, folder / "predictions.parquet")
    if not spec.run.candidate:
        np.save(folder / "embedding.npy", half(vectors))
    described = {**asdict(spec.run), "folds": spec.folds}
    measured = {
        "run": described,
        "heads": {head.name: list(head.classes) for head in spec.heads},
        "parts": metrics.measures(table, spec.heads, spec.labels),
        "epochs": len(history),
        "seconds": round(seconds, 1),
        "parameters": spec.description["parameters"],
        **more,
    }
    write_json(measured, folder / "metrics.json")
    record = {
        "key": key(spec),
        "run": described,
        **spec.declared,
        "settings": asdict(spec.settings) if isinstance(spec, RunSpec) else {},
        "seconds": round(seconds, 1),
        "versions": provenance.versions(),
        "machine": provenance.machine(),
        "spectrogram": asdict(spec.slices.spectrogram),
    }
    write_json(record, folder / "record.json")


def half(values: np.ndarray) -> np.ndarray:
    """Round to half precision, kept as float32; what lies beyond its range comes to its end."""
    most, rounded = np.finfo(np.float16).max, np.empty(values.shape, np.float32)
    for start in range(0, len(values), _ROWS):  # whole, the steps between would take several times the memory
        rows = slice(start, start + _ROWS)
        rounded[rows] = np.clip(values[rows], -most, most).astype(np.float16)
    return rounded
