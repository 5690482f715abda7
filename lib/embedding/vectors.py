"""Vectors of songs, and how they lie: means of slice vectors, principal components, classes apart."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from lib.errors import ReportError

FLAT = 1e-6  # a node that varies less than this share of the widest one is dead


def node_names(width: int) -> list[str]:
    """``node 1`` .. ``node <width>``. Page 06."""
    return [f"node {number}" for number in range(1, width + 1)]


def song_vectors(vectors: np.ndarray, track_ids: Sequence[str]) -> pd.DataFrame:
    """Mean vector of each song's slices. Page 06.

    Parameters
    ----------
    vectors : np.ndarray [slices, nodes]
    track_ids : sequence of str [slices]

    Returns
    -------
    pd.DataFrame [songs, nodes]
        Index ``track_id`` (sorted), columns as from `node_names`, float64.

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
    frame = pd.DataFrame(vectors, columns=node_names(vectors.shape[1]))
    return frame.groupby(pd.Index(track_ids, name="track_id")).mean()


def dead_nodes(songs: pd.DataFrame) -> list[str]:
    """Nodes that say the same of every song. Page 06."""
    spread = songs.std(ddof=0)
    return list(spread.index[spread <= FLAT * max(spread.max(), np.finfo(float).tiny)])


def project(vectors: np.ndarray, *others: np.ndarray) -> tuple[np.ndarray, tuple[np.ndarray, ...]]:
    """First two principal components (Pearson 1901, doi 10.1080/14786440109462720). Page 06.

    Parameters
    ----------
    vectors : np.ndarray [n, nodes]
        The directions are those in which these vary most; the largest loading of each is positive.
    *others : np.ndarray [m, nodes]
        Projected too.

    Returns
    -------
    explained : np.ndarray [2]
        Share of the variance along each direction, 0..1.
    planes : tuple of np.ndarray [n or m, 2]
        Coordinates of `vectors` and of each of `others`.
    """
    vectors = np.asarray(vectors, dtype=np.float64)
    centre = vectors.mean(axis=0)
    _, lengths, directions = np.linalg.svd(vectors - centre, full_matrices=False)
    directions = (
        directions * np.sign(directions[np.arange(len(directions)), np.abs(directions).argmax(axis=1)])[:, None]
    )
    axes, power = np.zeros((2, vectors.shape[1])), np.zeros(2)
    count = min(2, len(directions))
    axes[:count], power[:count] = directions[:count], lengths[:count] ** 2
    total = (lengths**2).sum()
    explained = power / total if total > 0 else power
    return explained, tuple((np.asarray(points, dtype=np.float64) - centre) @ axes.T for points in (vectors, *others))


def variance_explained(vectors: np.ndarray, labels: Sequence) -> tuple[float, float]:
    """Share of the vectors' variance that lies between the classes, all nodes together.

    Parameters
    ----------
    vectors : np.ndarray [songs, nodes]
    labels : sequence [songs]
        Missing = left out.

    Returns
    -------
    share, chance : float
        0..1, and what classes dealt at random would reach on average, (classes - 1) / (songs - 1); NaN
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
