"""Scores of predictions: of classes by accuracy and macro-F1, of numbers by R2, Pearson's r and CCC.

Written in NumPy and pandas alone, so that training needs nothing else but Keras.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from lib.models import Head


def categorical(truth: Sequence, predicted: Sequence, classes: Sequence[str]) -> dict:
    """Score predictions that are classes.

    Parameters
    ----------
    truth, predicted : sequence of str, of one length
        Missing truths are left out by the caller.
    classes : sequence of str
        All that may be predicted; a truth that is none of them counts as a class of its own.

    Returns
    -------
    dict
        ``accuracy`` in 0..1, ``macro_f1`` in 0..1 and ``n``, the number of predictions; both None if `n` is 0.
        Macro-F1 is the mean of F1 over the classes that occur in `truth` or in `predicted`, so that a class
        of the corpus that is absent from a small part neither helps nor harms.
    """
    truth, predicted = np.asarray(truth, dtype=object), np.asarray(predicted, dtype=object)
    _same_length(truth, predicted)
    if not len(truth):
        return {"accuracy": None, "macro_f1": None, "n": 0}
    counts = class_counts(truth, predicted, classes).sum(axis=0)
    return {"accuracy": float((truth == predicted).mean()), "macro_f1": float(macro_f1(counts)), "n": len(truth)}


def class_counts(truth: np.ndarray, predicted: np.ndarray, classes: Sequence[str]) -> np.ndarray:
    """Count what F1 is made of, one row per prediction; the rows of any selection add up.

    Returns
    -------
    np.ndarray [shape=(n, 3, k), dtype=float64]
        Correct predictions, truths and predictions of each class; `k` is the number of `classes` and of others met.
    """
    codes = {name: i for i, name in enumerate(dict.fromkeys([*classes, *truth, *predicted]))}
    ones = np.eye(len(codes))
    true, predictions = (ones[[codes[name] for name in names]] for names in (truth, predicted))
    return np.stack([true * predictions, true, predictions], axis=1)


def macro_f1(counts: np.ndarray) -> np.ndarray:
    """Macro-F1 of summed `class_counts`.

    Parameters
    ----------
    counts : np.ndarray [shape=(..., 3, k)]

    Returns
    -------
    np.ndarray [shape=(...)]
        In 0..1; NaN where nothing was predicted.
    """
    correct, truths, predicted = np.moveaxis(np.asarray(counts, dtype="float64"), -2, 0)
    occurs = truths + predicted > 0
    f1 = np.divide(2 * correct, truths + predicted, where=occurs, out=np.zeros_like(correct))
    with np.errstate(invalid="ignore"):
        return f1.sum(axis=-1) / occurs.sum(axis=-1)


def numeric(truth: Sequence[float], values: Sequence[float]) -> dict:
    """Score predictions that are numbers.

    Parameters
    ----------
    truth, values : sequence of float, of one length
        Missing truths are left out by the caller.

    Returns
    -------
    dict
        ``r2``, ``r``, ``ccc`` and ``n``, the number of predictions. R2 is 1 - squared error / squared distance
        of the truths from their own mean: 0 is what predicting that mean gives, below 0 is worse. r is
        Pearson's correlation, blind to scale and offset. CCC is Lin's concordance correlation coefficient
        (1989, doi 10.2307/2532051), which counts both. What is undefined is None: all three where the
        truths do not vary, r also where the predictions do not.
    """
    truth, values = np.asarray(truth, dtype="float64"), np.asarray(values, dtype="float64")
    _same_length(truth, values)
    sums = moments(truth, values).sum(axis=0)
    found = dict(zip(("r2", "r", "ccc"), from_moments(sums), strict=True))
    return {name: float(value) if np.isfinite(value) else None for name, value in found.items()} | {"n": len(truth)}


def moments(truth: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Compute what the scores of numbers are made of, one row per number; the rows of any selection add up.

    Returns
    -------
    np.ndarray [shape=(n, 6), dtype=float64]
        1, truth, value, truth^2, value^2, truth * value, the numbers taken from the mean of all truths,
        which no score depends on.
    """
    centre = truth.mean() if len(truth) else 0.0
    x, y = truth - centre, values - centre
    return np.stack([np.ones_like(x), x, y, x * x, y * y, x * y], axis=-1)


def from_moments(sums: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """R2, r and CCC of summed `moments`.

    Parameters
    ----------
    sums : np.ndarray [shape=(..., 6)]

    Returns
    -------
    r2, r, ccc : np.ndarray [shape=(...)]
        NaN where undefined.
    """
    n, x, y, xx, yy, xy = np.moveaxis(np.asarray(sums, dtype="float64"), -1, 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        var_x = _positive(xx / n - (x / n) ** 2, xx / n)
        var_y = _positive(yy / n - (y / n) ** 2, yy / n)
        cov = xy / n - x * y / n**2
        r2 = 1 - (xx - 2 * xy + yy) / (n * var_x)
        r = np.clip(cov / np.sqrt(var_x * var_y), -1, 1)
        spread = var_x + np.where(np.isnan(var_y), 0, var_y) + ((x - y) / n) ** 2
        ccc = 2 * np.where(np.isnan(var_y), 0, cov) / spread
    return r2, r, ccc


def _positive(variance: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Return a variance, NaN where it is nothing but rounding."""
    return np.where(variance > 1e-12 * scale, variance, np.nan)


def _same_length(truth: np.ndarray, predicted: np.ndarray) -> None:
    if truth.shape != predicted.shape or truth.ndim != 1:
        raise ValueError(f"truths have shape {truth.shape}, predictions {predicted.shape}: one prediction per truth")


def measures(predictions: pd.DataFrame, heads: Sequence[Head], labels: pd.DataFrame) -> dict:
    """How good the predictions are, by part, head and level, over the labelled slices and songs.

    Parameters
    ----------
    predictions : pd.DataFrame
        ``slice``, ``track_id``, ``part`` and the probabilities or numbers, as in ``predictions.parquet``.
    heads : sequence of Head
    labels : pd.DataFrame
        One row per slice of the study, one column per head.

    Returns
    -------
    dict
        ``[part][head][level]`` ``accuracy``, ``macro_f1`` or ``r2``, ``r``, ``ccc``,
        and ``n``. A song's prediction is the mean over its slices.
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
    predicted, truth = table[head.columns].to_numpy(), table["truth"].to_numpy()
    if head.numeric:
        return numeric(truth.astype(float), predicted[:, 0])
    return categorical(truth, np.array(head.classes)[predicted.argmax(axis=1)], head.classes)


def measures_table(measured: dict) -> pd.DataFrame:
    """Lay out what `measures` found: one row per head, level and measure, one column per part."""
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
    return table.reindex(columns=[part for part in ("train", "validation", "test") if part in table])
