"""Vectors of songs: means of slice vectors, units that do not vary, and how far classes lie apart."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from lib.errors import ReportError

FLAT = 1e-6  # a unit that varies less than this share of the widest one is dead


def unit_names(width: int) -> list[str]:
    """Name the units of a vector: ``unit 1`` .. ``unit <width>``."""
    return [f"unit {number}" for number in range(1, width + 1)]


def song_vectors(vectors: np.ndarray, track_ids: Sequence[str]) -> pd.DataFrame:
    """Mean vector of each song's slices, of vectors [slices, units].

    Returns
    -------
    pd.DataFrame [songs, units]
        Index ``track_id`` (sorted), columns as from `unit_names`, float64.

    Raises
    ------
    ReportError
        If the two lengths differ, there is no slice, or a value is not finite.
    """
    vectors = np.asarray(vectors, dtype=np.float64)
    if vectors.ndim != 2 or len(vectors) != len(track_ids) or not len(vectors):
        raise ReportError(
            f"embedding: {vectors.shape} vectors for {len(track_ids)} slices. Delete the run's folder and train again."
        )
    if not np.isfinite(vectors).all():
        raise ReportError("embedding: a value is not finite. Delete the run's folder and train again.")
    frame = pd.DataFrame(vectors, columns=unit_names(vectors.shape[1]))
    return frame.groupby(pd.Index(track_ids, name="track_id")).mean()


def dead_units(songs: pd.DataFrame) -> list[str]:
    """Units that do not vary over the songs."""
    spread = songs.std(ddof=0)
    return list(spread.index[spread <= FLAT * max(spread.max(), np.finfo(float).tiny)])


def pearson(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Pearson's r [..., m] of values [n] or [n, many] with each column of others [n, m]; NaN where one is constant."""
    x, y = one - one.mean(axis=0), other - other.mean(axis=0)
    lengths = [np.sqrt((values**2).sum(axis=0)) for values in (x, y)]
    varies = np.multiply.outer(*(length > 1e-12 for length in lengths))
    return np.divide(x.T @ y, np.multiply.outer(*lengths), where=varies, out=np.full(varies.shape, np.nan)).clip(-1, 1)


def variance_explained(vectors: np.ndarray, labels: Sequence) -> tuple[float, float]:
    """Share of the variance of vectors [songs, units] that lies between the classes, all units together.

    Songs whose label is missing are left out.

    Returns
    -------
    share, chance : float
        0..1, and what classes assigned at random would reach on average, (classes - 1) / (songs - 1); NaN
        with fewer than two classes or no variance.
    """
    labels = pd.Series(list(labels), dtype=object)
    known = labels.notna().to_numpy()
    values, names = np.asarray(vectors, dtype=np.float64)[known], labels[known]
    total = ((values - values.mean(axis=0)) ** 2).sum() if len(values) else 0.0
    if names.nunique() < 2 or not total > 0:
        return float("nan"), float("nan")
    frame = pd.DataFrame(values)
    means = frame.groupby(names.to_numpy()).transform("mean").to_numpy()
    between = ((means - values.mean(axis=0)) ** 2).sum()
    return float(between / total), (names.nunique() - 1) / (len(values) - 1)
