"""Labels as a network is trained on them: class numbers and standardised numbers, missing ones masked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from lib.errors import ReportError
from lib.models import Head


@dataclass(frozen=True)
class Targets:
    """What the heads are to predict for every slice.

    Attributes
    ----------
    values : dict of str to np.ndarray [shape=(slices,)]
        By head: numbers of the classes (int32), or numbers less their mean over the training labels, divided
        by their standard deviation (float32); 0 where the label is missing.
    weights : dict of str to np.ndarray [shape=(slices,), dtype=float32]
        1, or 0 where the label is missing.
    balance : dict of str to np.ndarray [shape=(slices,), dtype=float32]
        What training weighs with: the same, or, where classes are balanced, so much that each class of a head
        weighs alike.
    scales : dict of str to (float, float)
        Mean and standard deviation of each numeric head.
    """

    values: dict[str, np.ndarray]
    weights: dict[str, np.ndarray]
    balance: dict[str, np.ndarray]
    scales: dict[str, tuple[float, float]]


def targets(labels: pd.DataFrame, heads: Sequence[Head], train: np.ndarray, *, balanced: bool = False) -> Targets:
    """Make targets of labels.

    Parameters
    ----------
    labels : pd.DataFrame
        One row per slice, one column per head.
    heads : sequence of Head
    train : np.ndarray [shape=(slices,), dtype=bool]
        Slices whose labels set the scale of numeric heads and the weights of classes.
    balanced : bool

    Raises
    ------
    ReportError
        If a label is none of its head's classes, or is not a number for a numeric head.
    """
    values, weights, balance, scales = {}, {}, {}, {}
    for head in heads:
        column = labels[head.name]
        if head.numeric:
            numbers = pd.to_numeric(column, errors="coerce").astype("float64")
        else:
            numbers = column.map({name: number for number, name in enumerate(head.classes)})
        wrong = column[column.notna() & numbers.isna()]
        if len(wrong):
            what = "not a number" if head.numeric else f"none of the network's classes ({', '.join(head.classes)})"
            raise ReportError(f"{head.name} {wrong.iloc[0]!r} is {what}. Run 03 again on this corpus.")
        weights[head.name] = numbers.notna().to_numpy(dtype=np.float32)
        if head.numeric:
            mean, deviation = numbers[train].mean(), numbers[train].std(ddof=0)
            # Without two different training labels there is nothing to scale by; the head learns what it can.
            scales[head.name] = (float(mean) if mean == mean else 0.0, float(deviation) if deviation > 0 else 1.0)
            numbers = (numbers - scales[head.name][0]) / scales[head.name][1]
        values[head.name] = numbers.fillna(0).to_numpy(dtype=np.float32 if head.numeric else np.int32)
        balance[head.name] = weights[head.name]
        if balanced and not head.numeric:
            counts = np.bincount(values[head.name], weights[head.name] * train, head.width)
            even = counts.sum() / np.maximum(counts, 1) / np.count_nonzero(counts)
            balance[head.name] = weights[head.name] * even[values[head.name]].astype(np.float32)
    return Targets(values, weights, balance, scales)
