"""Accuracy by share of the training artists (learning curve), and by class weighting."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from lib.evaluation.bootstrap import BOOTSTRAP, Bootstrap, bounded, columns, gap, quotient
from lib.evaluation.comparisons import compared, matched
from lib.evaluation.predictions import IDENTITY, Predictions, collect, recorded, variants
from lib.runs import metrics
from lib.runs.store import Finished
from lib.training.recipes import BALANCED, POSTER

CURVE_COLUMNS = [
    *IDENTITY, "share", "trained_on", "runs", "n_songs", "accuracy", "low", "high", *bounded("gained", "missing"),
]  # fmt: skip
BALANCE_COLUMNS = [
    "network", "split", "head", "measure", "plain", "balanced", "difference", "low", "high", "n_songs",
]  # fmt: skip


def learning_curve(runs: Sequence[Finished], tracks: pd.DataFrame, bootstrap: Bootstrap = BOOTSTRAP) -> pd.DataFrame:
    """Accuracy per song with a part of the training artists (or songs), and with all.

    Only folds and seeds that were run with every share count, so that each share is evaluated on the same songs.
    Stale runs are left out.

    Returns
    -------
    pd.DataFrame
        Columns `CURVE_COLUMNS`, by rising ``share``: ``trained_on`` is the number of training songs, mean over the
        runs, NaN where unknown; ``gained`` the accuracy less that with the smallest share, ``missing`` that with the
        largest share less this one, both paired over the songs, with intervals; NaN where both are the same. Empty
        unless a network was trained with several shares.
    """
    rows = []
    for by_share in variants([one for one in runs if not one.run.heads], lambda one: one.run.share):
        predictions = {share: {a.head: a for a in collect(by_share[share], tracks)} for share in sorted(by_share)}
        for head in predictions[max(predictions)]:
            if all(head in found for found in predictions.values()):
                curve = {share: found[head] for share, found in predictions.items()}
                rows += [_point(curve, share, by_share[share], bootstrap) for share in curve]
    return pd.DataFrame(rows, columns=CURVE_COLUMNS)


def _point(curve: dict[float, Predictions], share: float, runs: list[Finished], bootstrap: Bootstrap) -> dict:
    predictions = curve[share]
    ids, sums = predictions.sums("song")
    row = {**predictions.identity, "share": share, "runs": len(runs), "n_songs": len(ids)}
    row |= {"trained_on": recorded((one.metrics for one in runs), "train", predictions.head, "song", "n")}
    row |= columns("accuracy", bootstrap.ratio(sums, *predictions.clusters(ids)), "low", "high")
    for name, one, other in (("gained", share, min(curve)), ("missing", max(curve), share)):
        row |= compared(name, curve[one], curve[other], bootstrap) if one != other else {}
    return row


def balance(collected: Iterable[Predictions], bootstrap: Bootstrap = BOOTSTRAP) -> pd.DataFrame:
    """Compare the recipe ``balanced``, in which every class weighs alike, with ``poster``, per song.

    Returns
    -------
    pd.DataFrame
        Columns `BALANCE_COLUMNS`: ``measure`` is ``accuracy``, ``macro-F1`` or ``recall of <class>``;
        ``difference`` = balanced - plain, each the mean over its seeds, paired over the songs that both tested;
        ``n_songs`` those of the class for a recall.
    """
    found = {tuple(predictions.identity.values()): predictions for predictions in collected}
    rows = []
    for (network, split, recipe, head), weighted in found.items():
        plain = found.get((network, split, POSTER, head))
        if recipe == BALANCED and plain is not None:
            about = {"network": network, "split": split, "head": head}
            sides = matched(weighted, plain)
            rows += [about | row for row in _compared(*sides, bootstrap)] if sides else []
    return pd.DataFrame(rows, columns=BALANCE_COLUMNS)


def _compared(weighted: Predictions, plain: Predictions, bootstrap: Bootstrap) -> list[dict]:
    classes = list(dict.fromkeys([*plain.classes, *weighted.classes]))
    common = plain.class_sums("song")[0].intersection(weighted.class_sums("song")[0])
    drawn, found = plain.clusters(common), []
    for side, predictions in enumerate((weighted, plain)):
        ids, sums = predictions.class_sums("song")
        place = [predictions.classes.index(name) if name in predictions.classes else -1 for name in classes]
        own = replace(bootstrap, side=side)
        found.append(own.estimate(sums[ids.get_indexer(common)], _measures(place), *drawn))
    true = plain.truth(common)
    support = [len(common), len(common), *(int((true == name).sum()) for name in classes)]
    names = ["accuracy", "macro-F1", *(f"recall of {name}" for name in classes)]
    (after, _), (before, _) = found
    gained, low, high = gap(*found)
    table = {"measure": names, "plain": before, "balanced": after, "difference": gained, "low": low, "high": high}
    return pd.DataFrame(table | {"n_songs": support}).to_dict("records")


def _measures(place: list[int]) -> Callable[[np.ndarray], np.ndarray]:
    """Accuracy, macro-F1 and the recall of each class [shape=(..., m)] of sums of `Predictions.class_sums`."""

    def measure(sums: np.ndarray) -> np.ndarray:
        correct, truths = sums[..., 0, :], sums[..., 1, :]
        recall = np.where(np.array(place) >= 0, quotient(correct[..., place], truths[..., place]), np.nan)
        accuracy = quotient(correct.sum(axis=-1), truths.sum(axis=-1))
        return np.concatenate([accuracy[..., None], metrics.macro_f1(sums)[..., None], recall], axis=-1)

    return measure
