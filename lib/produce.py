"""The making of a run: train, ask, and write its files."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from lib import baselines, inside, provenance
from lib.metrics import measures
from lib.tables import write_csv, write_json, write_parquet

if TYPE_CHECKING:
    from lib.plans import Plan


def produce(folder: Path, plan: Plan, on_epoch: Callable[[str], None]) -> None:
    """Make the run of a plan and write everything of it but what was asked for later.

    A candidate is asked about its dev slices alone. Probabilities and vectors are rounded to half precision
    first, as the committed parts hold them, so that every number that is computed from them is the same with
    and without those parts.

    Parameters
    ----------
    folder : path-like
        Exists and is empty.
    plan : lib.plans.Plan
    on_epoch : callable
        Told how far the training is.
    """
    plan.slices.verify()
    began = time.perf_counter()
    numbers = np.flatnonzero(plan.parts == "dev" if plan.run.candidate else plan.parts != "")
    history = pd.DataFrame(columns=["epoch", "seconds"])
    if "baseline" in plan.description:
        answers, vectors = baselines.fit_and_ask(
            plan.run.architecture, plan.slices, _to_fit(plan), plan.labels, plan.heads, numbers
        )
        seconds = time.perf_counter() - began
    else:
        from lib import training  # only here are Keras and its backend needed

        model, history = training.train_anew(
            plan.description,
            plan.heads,
            plan.slices,
            plan.parts,
            plan.labels,
            plan.settings,
            seed=plan.run.seed,
            on_epoch=on_epoch,
        )
        seconds = time.perf_counter() - began
        model.save_weights(folder / "model.weights.h5")
        answers, vectors = training.predict(model, plan.heads, plan.slices, numbers)
        if not plan.run.candidate:
            inside.write(folder, model, plan.heads, plan.slices, numbers, plan.parts[numbers], half(vectors))
    write(folder, plan, numbers, answers, vectors, seconds=seconds, history=history)


def _to_fit(plan: Plan) -> np.ndarray:
    """Parts of the slices, where a machine whose time grows with the square of its songs trains on some of many."""
    songs = plan.slices.table["track_id"].to_numpy()
    known = np.unique(songs[plan.parts == "train"].astype(str))
    if not plan.run.architecture.endswith("_svm") or len(known) <= SVM_SONGS:
        return plan.parts
    kept = np.random.default_rng(0).choice(known, SVM_SONGS, replace=False)
    return np.where((plan.parts == "train") & ~np.isin(songs.astype(str), kept), "", plan.parts)


def write(
    folder: Path,
    plan: Plan,
    numbers: np.ndarray,
    answers: dict[str, np.ndarray],
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
    plan : lib.plans.Plan
    numbers : np.ndarray [shape=(n,), dtype=int]
        Slices that were asked about.
    answers : dict of str to np.ndarray [shape=(n, head.width)]
    vectors : np.ndarray [shape=(n, width)]
    seconds : float
        Of training.
    history : pd.DataFrame
        One row an epoch.
    **more
        Further entries of ``metrics.json``.
    """
    columns = {
        "slice": numbers.astype("int32"),
        "track_id": plan.slices.table["track_id"].to_numpy()[numbers],
        "part": plan.parts[numbers],
    }
    for head in plan.heads:
        given = answers[head.name] if head.numeric else half(answers[head.name])
        columns |= dict(zip(head.columns, given.astype(np.float32).T, strict=True))
    predictions = pd.DataFrame(columns)
    write_csv(history, folder / "history.csv")
    write_parquet(predictions, folder / "predictions.parquet")
    if not plan.run.candidate:
        np.save(folder / "embedding.npy", half(vectors))
    described = {**asdict(plan.run), "folds": plan.folds}
    metrics = {
        "run": described,
        "heads": {head.name: list(head.classes) for head in plan.heads},
        "parts": measures(predictions, plan.heads, plan.labels),
        "epochs": len(history),
        "seconds": round(seconds, 1),
        "parameters": plan.description["parameters"],
        **more,
    }
    write_json(metrics, folder / "metrics.json")
    record = {
        "key": plan.key,
        "run": described,
        **plan.declared,
        "seconds": round(seconds, 1),
        "versions": provenance.versions(),
        "machine": provenance.machine(),
        "spectrogram": asdict(plan.slices.spectrogram),
    }
    write_json(record, folder / "record.json")


SVM_SONGS = 10_000  # that a support vector machine is fitted to
_ROWS = 100_000


def half(values: np.ndarray) -> np.ndarray:
    """Round to half precision, kept as float32; what lies beyond its range comes to its end."""
    most, rounded = np.finfo(np.float16).max, np.empty(values.shape, np.float32)
    for start in range(0, len(values), _ROWS):  # whole, the steps between would take several times the memory
        rows = slice(start, start + _ROWS)
        rounded[rows] = np.clip(values[rows], -most, most).astype(np.float16)
    return rounded
