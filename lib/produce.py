"""The making of a run: train, ask, and write its files."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from lib import provenance, training
from lib.tables import write_csv, write_json, write_parquet
from lib.zoo import Head
from lib.zoo.descriptions import rebuild

if TYPE_CHECKING:
    from lib.plans import Plan


def produce(folder: Path, plan: Plan, on_epoch: Callable[[str], None]) -> None:
    """Train the network of a plan and write everything of its run but what was asked for later.

    Probabilities and vectors are rounded to half precision first, as the committed parts hold them, so that
    every number that is computed from them is the same with and without those parts.

    Parameters
    ----------
    folder : path-like
        Exists and is empty.
    plan : lib.plans.Plan
    on_epoch : callable
        Told how far the training is.
    """
    began = time.perf_counter()
    training.make_deterministic(plan.run.seed)
    model = rebuild(plan.description)
    history = training.train(
        model,
        plan.heads,
        plan.slices,
        plan.parts,
        plan.labels,
        plan.settings,
        seed=plan.run.seed,
        on_epoch=on_epoch,
    )
    seconds = time.perf_counter() - began
    numbers = np.flatnonzero(plan.parts != "")
    probabilities, embedding = training.predict(model, plan.heads, plan.slices, numbers)
    probabilities = {head: half(values) for head, values in probabilities.items()}
    embedding = half(embedding)
    columns = {
        "slice": numbers.astype("int32"),
        "track_id": plan.slices.table["track_id"].to_numpy()[numbers],
        "part": plan.parts[numbers],
    }
    for head in plan.heads:
        columns |= {f"{head.name}:{name}": probabilities[head.name][:, i] for i, name in enumerate(head.classes)}
    predictions = pd.DataFrame(columns)
    write_csv(history, folder / "history.csv")
    write_parquet(predictions, folder / "predictions.parquet")
    np.save(folder / "embedding.npy", embedding)
    model.save_weights(folder / "model.weights.h5")
    described = {**asdict(plan.run), "folds": plan.folds}
    metrics = {
        "run": described,
        "heads": {head.name: list(head.classes) for head in plan.heads},
        "parts": accuracies(predictions, plan.heads, plan.labels),
        "epochs": len(history),
        "seconds": round(seconds, 1),
        "parameters": model.count_params(),
    }
    write_json(metrics, folder / "metrics.json")
    record = {
        "key": plan.key,
        "run": described,
        "settings": asdict(plan.settings),
        "seconds": round(seconds, 1),
        "versions": provenance.versions(),
        "machine": provenance.machine(),
        "spectrogram": asdict(plan.slices.spectrogram),
    }
    write_json(record, folder / "record.json")


def half(values: np.ndarray) -> np.ndarray:
    """Round to half precision, kept as float32."""
    return values.astype(np.float16).astype(np.float32)


def accuracies(predictions: pd.DataFrame, heads: Sequence[Head], labels: pd.DataFrame) -> dict:
    """Accuracy by part, head and level over the labelled slices and songs.

    Parameters
    ----------
    predictions : pd.DataFrame
        ``slice``, ``track_id``, ``part`` and the probabilities, as in ``predictions.parquet``.
    heads : sequence of Head
    labels : pd.DataFrame
        One row a slice of the study, one column a head.

    Returns
    -------
    dict
        ``[part][head][level]`` with ``accuracy`` (None where nothing is labelled) and ``n``.
    """
    found: dict = {}
    for part, rows in predictions.groupby("part"):
        found[part] = {}
        for head in heads:
            columns = [f"{head.name}:{name}" for name in head.classes]
            truth = labels[head.name].to_numpy()[rows["slice"]]
            by_slice = rows[columns].assign(truth=truth, track_id=rows["track_id"]).dropna(subset="truth")
            by_song = by_slice.groupby("track_id").agg({**dict.fromkeys(columns, "mean"), "truth": "first"})
            found[part][head.name] = {}
            for level, table in (("slice", by_slice), ("song", by_song)):
                answers = np.array(head.classes)[table[columns].to_numpy().argmax(axis=1)]
                right = float((answers == table["truth"].to_numpy()).mean()) if len(table) else None
                found[part][head.name][level] = {"accuracy": right, "n": len(table)}
    return found
