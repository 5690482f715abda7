"""Accuracy by share of the training artists (learning curve), and by class weighting."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np
import pandas as pd

from lib.evaluation.bootstrap import BOOTSTRAP, Bootstrap, columns, measured, percentiles
from lib.evaluation.comparisons import difference
from lib.evaluation.predictions import Predictions, collect, variants
from lib.runs import metrics
from lib.runs.store import Finished
from lib.training.recipes import BALANCED, POSTER

CURVE_COLUMNS = (
    "network", "split", "recipe", "head", "share", "trained_on", "runs", "n_songs", "accuracy", "low", "high",
    "gained", "gained_low", "gained_high", "missing", "missing_low", "missing_high",
)  # fmt: skip
BALANCE_COLUMNS = (
    "network", "split", "head", "measure", "plain", "balanced", "difference", "low", "high", "n_songs",
)  # fmt: skip


def learning_curve(runs: Sequence[Finished], tracks: pd.DataFrame, bootstrap: Bootstrap = BOOTSTRAP) -> pd.DataFrame:
    """Accuracy per song with a part of the training artists (or songs), and with all.

    Only folds and seeds that were run with every share count, so that each share is evaluated on the same songs.
    Stale runs are left out.

    Parameters
    ----------
    runs : sequence of Finished
        With ``run.share``; not candidates.
    tracks : pd.DataFrame
        The tracks table.
    bootstrap : Bootstrap

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
    return pd.DataFrame(rows, columns=list(CURVE_COLUMNS))


def _point(curve: dict[float, Predictions], share: float, runs: list[Finished], bootstrap: Bootstrap) -> dict:
    predictions = curve[share]
    ids, correct, count = predictions.tally("song")
    row = {**predictions.identity, "share": share, "runs": len(runs), "n_songs": len(ids)}
    row |= {"trained_on": _trained_on(runs, predictions.head)}
    row |= columns("accuracy", bootstrap.ratio(correct, count, *predictions.clusters(ids)), "low", "high")
    for name, one, other in (("gained", share, min(curve)), ("missing", max(curve), share)):
        if one != other:
            found = difference(curve[one], curve[other], bootstrap=bootstrap)
            row |= columns(name, [found[key] for key in ("difference", "low", "high")])
    return row


def _trained_on(runs: list[Finished], head: str) -> float:
    """Mean number of training songs with a label; NaN where unknown."""
    parts = [one.metrics.get("parts", {}).get("train", {}).get(head, {}).get("song", {}).get("n") for one in runs]
    known = [n for n in parts if n is not None]
    return float(np.mean(known)) if known else float("nan")


def balance(collected: Iterable[Predictions], bootstrap: Bootstrap = BOOTSTRAP) -> pd.DataFrame:
    """Compare the recipe ``balanced``, in which every class weighs alike, with ``poster``, per song.

    Returns
    -------
    pd.DataFrame
        Columns `BALANCE_COLUMNS`: ``measure`` is ``accuracy``, ``macro-F1`` or ``recall of <class>``;
        ``difference`` = balanced - plain, each the mean over its seeds, paired over the songs that both tested;
        its interval resamples songs, under ``artist`` artists within genre; ``n_songs`` those of the class for a
        recall.
    """
    found = {tuple(predictions.identity.values()): predictions for predictions in collected}
    rows = []
    for (network, split, recipe, head), weighted in found.items():
        plain = found.get((network, split, POSTER, head))
        if recipe == BALANCED and plain is not None:
            about = {"network": network, "split": split, "head": head}
            rows += [about | row for row in _compared(plain, weighted, bootstrap)]
    return pd.DataFrame(rows, columns=list(BALANCE_COLUMNS))


def _compared(plain: Predictions, weighted: Predictions, bootstrap: Bootstrap) -> list[dict]:
    classes = list(dict.fromkeys([*plain.classes, *weighted.classes]))
    summed = [predictions.class_sums("song") for predictions in (plain, weighted)]
    common = summed[0][0].intersection(summed[1][0])
    if not len(common):
        return []
    drawn, values, samples = plain.clusters(common), [], []
    for predictions, (ids, sums) in zip((plain, weighted), summed, strict=True):
        measure = _measures(
            [predictions.classes.index(name) if name in predictions.classes else -1 for name in classes]
        )
        own = sums[ids.get_indexer(common)]
        values.append(measured(own, measure))
        samples.append(bootstrap.samples(own, measure, *drawn))
    true = plain.truth(common)
    support = [len(common), len(common), *(int((true == name).sum()) for name in classes)]
    rows = []
    for i, measure in enumerate(["accuracy", "macro-F1", *(f"recall of {name}" for name in classes)]):
        before, after = float(values[0][i]), float(values[1][i])
        low, high = percentiles(samples[1][:, i] - samples[0][:, i])
        row = {"measure": measure, "plain": before, "balanced": after, "n_songs": support[i]}
        rows.append(row | columns("difference", (after - before, low, high), "low", "high"))
    return rows


def _measures(place: list[int]) -> Callable[[np.ndarray], np.ndarray]:
    """Accuracy, macro-F1 and the recall of each class [shape=(..., m)] of sums of `Predictions.class_sums`."""

    def measure(sums: np.ndarray) -> np.ndarray:
        correct, truths = sums[..., 0, :], sums[..., 1, :]
        with np.errstate(invalid="ignore", divide="ignore"):
            recall = np.where(np.array(place) >= 0, correct[..., place] / truths[..., place], np.nan)
            accuracy = correct.sum(axis=-1) / truths.sum(axis=-1)
        return np.concatenate([accuracy[..., None], metrics.macro_f1(sums)[..., None], recall], axis=-1)

    return measure
