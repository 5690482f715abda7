"""The making of a run: train, ask, and write its files."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from lib import baselines, provenance, scores
from lib.tables import write_csv, write_json, write_parquet
from lib.zoo import Head

if TYPE_CHECKING:
    from lib.plans import Plan


def produce(folder: Path, plan: Plan, on_epoch: Callable[[str], None]) -> None:
    """Make the run of a plan and write everything of it but what was asked for later.

    A candidate is asked about its dev slices alone. Answers and vectors are rounded to half precision first,
    as the committed parts hold them, so that every number that is computed from them is the same with and
    without those parts.

    Parameters
    ----------
    folder : path-like
        Exists and is empty.
    plan : lib.plans.Plan
    on_epoch : callable
        Told how far the training is.
    """
    began = time.perf_counter()
    numbers = np.flatnonzero(plan.parts == "dev" if plan.run.candidate else plan.parts != "")
    history = pd.DataFrame(columns=["epoch", "seconds"])
    if "baseline" in plan.description:
        answers, vectors = baselines.fit_and_ask(
            plan.run.architecture, plan.slices, plan.parts, plan.labels, plan.heads, numbers
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
        answers, vectors = ask(model, plan, numbers)
    write(folder, plan, numbers, answers, vectors, seconds=seconds, history=history)


def ask(model, plan: Plan, numbers: np.ndarray) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Answers of a trained network on some slices and their vectors, see `lib.training.predict`."""
    from lib import training

    return training.predict(model, plan.heads, plan.slices, numbers)


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
        columns |= dict(zip(head.columns, half(answers[head.name]).T, strict=True))
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


def half(values: np.ndarray) -> np.ndarray:
    """Round to half precision, kept as float32."""
    return values.astype(np.float16).astype(np.float32)


def measures(predictions: pd.DataFrame, heads: Sequence[Head], labels: pd.DataFrame) -> dict:
    """How good the answers are, by part, head and level, over the labelled slices and songs.

    Parameters
    ----------
    predictions : pd.DataFrame
        ``slice``, ``track_id``, ``part`` and the answers, as in ``predictions.parquet``.
    heads : sequence of Head
    labels : pd.DataFrame
        One row a slice of the study, one column a head.

    Returns
    -------
    dict
        ``[part][head][level]`` as `lib.scores` measures: ``accuracy``, ``macro_f1`` or ``r2``, ``r``, ``ccc``,
        and ``n``. A song's answer is the mean over its slices.
    """
    found: dict = {}
    for part, rows in predictions.groupby("part"):
        found[part] = {}
        for head in heads:
            truth = labels[head.name].to_numpy()[rows["slice"]]
            by_slice = rows[head.columns].assign(truth=truth, track_id=rows["track_id"]).dropna(subset="truth")
            by_song = by_slice.groupby("track_id").agg({**dict.fromkeys(head.columns, "mean"), "truth": "first"})
            found[part][head.name] = {
                level: _measured(head, table) for level, table in (("slice", by_slice), ("song", by_song))
            }
    return found


def _measured(head: Head, table: pd.DataFrame) -> dict:
    answers, truth = table[head.columns].to_numpy(), table["truth"].to_numpy()
    if head.numeric:
        return scores.numeric(truth.astype(float), answers[:, 0])
    return scores.categorical(truth, np.array(head.classes)[answers.argmax(axis=1)], head.classes)


def measures_table(measured: dict) -> pd.DataFrame:
    """Lay out what `measures` found: one row a head, level and measure, one column a part."""
    rows = [
        {"head": head, "level": level, "measure": measure, "part": part, "value": value}
        for part, by_head in measured.items()
        for head, by_level in by_head.items()
        for level, found in by_level.items()
        for measure, value in found.items()
        if measure != "n"
    ]
    table = pd.DataFrame(rows).astype({"value": float})
    table = table.pivot_table(index=["head", "level", "measure"], columns="part", values="value", sort=False)
    return table.reindex(columns=[part for part in ("train", "dev", "test") if part in table])
