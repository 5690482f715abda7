"""Precision, recall and F1 by class, confusions, and the most confident errors."""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from lib.evaluation.bootstrap import BOOTSTRAP, Bootstrap, Interval, bounded, columns, gap, quotient, share
from lib.evaluation.predictions import IDENTITY, Predictions
from lib.evaluation.results import networks

CLASS_COLUMNS = [*IDENTITY, "class", *bounded("precision", "recall", "f1"), "support"]
MISTAKES = [*IDENTITY, "track_id", "title", "artist", "true", "predicted", "probability"]
_CORRECT, _TRUE, _PREDICTED = range(3)  # of Predictions.class_sums


def per_class(collected: Iterable[Predictions], bootstrap: Bootstrap = BOOTSTRAP) -> pd.DataFrame:
    """Precision, recall and F1 of every class, per song, with their 95 % intervals.

    The poster's accuracy of a class is its recall: the share of the songs of the class that are predicted correctly.

    Returns
    -------
    pd.DataFrame
        Columns `CLASS_COLUMNS`: averages over the seeds; ``support`` the number of songs of the class. Precision is
        NaN for a class never predicted, recall for a class without test songs, F1 for one that is both.
    """
    rows = []
    for predictions in collected:
        songs, sums = predictions.class_sums("song")
        drawn = predictions.clusters(songs)
        for place, name in enumerate(predictions.classes):
            own, row = sums[..., place], {**predictions.identity, "class": name}
            for score, whole in (("precision", _PREDICTED), ("recall", _TRUE)):
                row |= columns(score, bootstrap.ratio(own[..., [_CORRECT, whole]], *drawn))
            f1 = bootstrap.interval(own, _f1, *drawn)
            if f1[0] in (0, 1):  # nothing to resample, as in the recall's own interval
                f1 = (f1[0], row["recall_low"], row["recall_high"])
            rows.append(row | columns("f1", f1) | {"support": int((own[..., _TRUE] > 0).any(axis=1).sum())})
    return pd.DataFrame(rows, columns=CLASS_COLUMNS)


def _f1(sums: np.ndarray) -> np.ndarray:
    """Harmonic mean of precision and recall of one class [shape=(..., 3)]; NaN if neither true nor predicted."""
    return quotient(2 * sums[..., _CORRECT], sums[..., _TRUE] + sums[..., _PREDICTED])


def recall_difference(predictions: Predictions, one: str, other: str, bootstrap: Bootstrap = BOOTSTRAP) -> Interval:
    """Recall of class `one` minus recall of class `other`, with its 95 % interval; NaN where either is unknown."""
    ids, sums = predictions.sums("song")
    found = []
    for name in (one, other):
        own = (predictions.truth(ids) == name)[:, None, None]
        found.append(bootstrap.estimate(sums * own, share, *predictions.clusters(ids)))
    return gap(*found)


def confusion(predictions: Predictions) -> np.ndarray:
    """Share of the songs of each true class (row) that got each prediction (column), all seeds together.

    Returns
    -------
    np.ndarray [classes, classes]
        Each row sums to 1; NaN in the row of a class without test songs.
    """
    shares = pd.crosstab(predictions.songs["true"], predictions.songs["predicted"], normalize="index")
    classes = list(predictions.classes)
    return shares.reindex(columns=classes, fill_value=0).reindex(index=classes).to_numpy(float, copy=True)


def worst_confusion(predictions: Predictions) -> tuple[str, str, float] | None:
    """Find the most frequent mistake: true class, prediction and its share of that class; None without a mistake."""
    shares = confusion(predictions)
    np.fill_diagonal(shares, np.nan)
    if not np.nansum(shares) > 0:
        return None
    row, column = np.unravel_index(np.nanargmax(shares), shares.shape)
    return predictions.classes[row], predictions.classes[column], float(shares[row, column])


def mistakes(collected: Sequence[Predictions], count: int = 10) -> pd.DataFrame:
    """List `count` wrong predictions of the highest confidence, per song, of each network, split, recipe and head.

    Returns
    -------
    pd.DataFrame
        Columns `MISTAKES`: ``predicted`` and its ``probability`` by the mean of all seeds. Baselines are left out.
    """
    parts = [pd.DataFrame(columns=MISTAKES)] if not len(collected) else []
    for predictions in networks(collected):
        mean = predictions.songs.groupby(["track_id", "true"])[predictions.columns].mean()
        wrong = mean.index.to_frame(index=False)
        wrong["predicted"] = np.array(predictions.classes, dtype=object)[mean.to_numpy().argmax(axis=1)]
        wrong["probability"] = mean.to_numpy().max(axis=1)
        wrong = wrong.loc[wrong["predicted"] != wrong["true"]]
        wrong = wrong.sort_values(["probability", "track_id"], ascending=[False, True]).head(count)
        named = predictions.tracks.loc[wrong["track_id"], ["title", "artist"]].astype(object).fillna("")
        wrong[["title", "artist"]] = named.to_numpy()
        parts.append(wrong.assign(**predictions.identity))
    return pd.concat(parts, ignore_index=True)[MISTAKES]


def coverage(collected: Iterable[Predictions], slices: pd.DataFrame) -> pd.DataFrame:
    """How much of the corpus was tested, by how many folds and seeds; `slices` has ``track_id`` of every slice.

    Returns
    -------
    pd.DataFrame
        ``network``, ``split``, ``recipe``, ``head``, ``folds`` and ``seeds`` that were run, ``tested`` songs with a
        label and at least one tested slice, of the ``songs`` that have slices, and ``share``, the mean share of a
        tested song's slices that were tested.
    """
    total, rows = slices["track_id"].value_counts(), []
    for predictions in collected:
        done = predictions.slices.groupby("track_id")["slice"].nunique()
        row = {**predictions.identity, "folds": len({run.fold for run in predictions.runs})}
        row |= {"seeds": len({run.seed for run in predictions.runs}), "tested": len(done), "songs": len(total)}
        rows.append(row | {"share": float((done / total.reindex(done.index)).mean())})
    names = ["network", "split", "recipe", "head", "folds", "seeds", "tested", "songs", "share"]
    return pd.DataFrame(rows, columns=names)
