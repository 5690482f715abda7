"""How far a number would move with other songs: bootstrap over songs or artists, never over slices.

Ten slices of one song are not ten witnesses. What is drawn again is therefore the whole song (with its
copies) or, where the artists were kept apart, the whole artist within a genre.
"""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pandas as pd

from lib.splits import CONTROLS

LEVEL = 0.95
_CELLS = 2_000_000  # of one block of weights: memory does not grow with the number of resamples


def clusters(songs: pd.DataFrame, protocol: str) -> tuple[np.ndarray, np.ndarray]:
    """Which songs are drawn together, and within which stratum.

    Under ``artist`` and its controls a cluster is an artist group and its stratum the genre most of its songs have; a
    stratum with a single cluster, which alone would seem to have no variance, joins the other such
    strata or the smallest of the rest (Rust & Kalton 1987, J. Official Statistics 3(1), 69-81). Under
    any other protocol a cluster is a song group, in one stratum.

    Parameters
    ----------
    songs : pd.DataFrame
        One row a song: ``track_id``, ``song_group``, ``artist_group``, ``genre``; a missing group is a
        group of its own.
    protocol : str

    Returns
    -------
    groups : np.ndarray of int [songs]
        Cluster of each song, 0..clusters-1.
    strata : np.ndarray of int [clusters]
        Stratum of each cluster, 0..strata-1.
    """
    by_artist = protocol in ("official", "artist", *CONTROLS)
    column = "artist_group" if by_artist else "song_group"
    names = songs[column].astype(object).where(songs[column].notna(), "\0" + songs["track_id"].astype(object))
    groups, levels = pd.factorize(names)
    if not by_artist:
        return groups, np.zeros(len(levels), dtype=int)
    genre = songs["genre"].astype(object).where(songs["genre"].notna(), "")
    common = pd.crosstab(groups, genre.to_numpy()).idxmax(axis=1)
    return groups, _collapsed(pd.factorize(common.sort_index())[0])


def _collapsed(strata: np.ndarray) -> np.ndarray:
    sizes = np.bincount(strata)
    lone = np.flatnonzero(sizes == 1)
    if len(lone) == 0 or len(sizes) == 1:
        return strata
    joined = list(lone)
    if len(lone) == 1:
        joined.append(int(np.argmin(np.where(sizes > 1, sizes, sizes.max() + 1))))
    return pd.factorize(np.where(np.isin(strata, joined), -1, strata))[0]


def weights(strata: np.ndarray, resamples: int, seed: int | Sequence[int]) -> Iterator[np.ndarray]:
    """Bootstrap weights of clusters, in blocks.

    Of the n clusters of a stratum n - 1 are drawn with replacement and weighted by n / (n - 1), without
    which few clusters give intervals that are too narrow (Rao & Wu 1988, JASA 83, 231-241,
    doi 10.1080/01621459.1988.10478591). A stratum of one cluster keeps the weight 1.

    Yields
    ------
    np.ndarray [block, clusters]
        Blocks of rows, `resamples` rows in all; each stratum's weights sum to its number of clusters.
    """
    generator = np.random.default_rng(seed)
    members = [np.flatnonzero(strata == stratum) for stratum in np.unique(strata)]
    block = max(1, _CELLS // max(1, len(strata)))
    for start in range(0, resamples, block):
        rows = min(block, resamples - start)
        result = np.ones((rows, len(strata)))
        for member in members:
            n = len(member)
            if n > 1:
                drawn = generator.integers(0, n, (rows, n - 1)) + n * np.arange(rows)[:, None]
                result[:, member] = np.bincount(drawn.ravel(), minlength=rows * n).reshape(rows, n) * (n / (n - 1))
        yield result


def resampled(
    sums: np.ndarray,
    measure: Callable[[np.ndarray], np.ndarray],
    groups: np.ndarray,
    strata: np.ndarray,
    resamples: int,
    seed: int | Sequence[int],
) -> np.ndarray:
    """Measures of resampled test sets.

    Two calls with the same clusters and the same `seed` see the same resamples, so that the difference
    of their results is a paired bootstrap.

    Parameters
    ----------
    sums : np.ndarray [shape=(songs, seeds, ...)]
        What adds up over the songs, for each training seed.
    measure : callable
        Totals [shape=(..., seeds, ...)] -> measures [shape=(..., seeds)] or, several, [..., seeds, m].
    groups : np.ndarray of int [songs]
    strata : np.ndarray of int [clusters]
        Both as from `clusters`.
    resamples : int > 0
    seed : int or sequence of int

    Returns
    -------
    np.ndarray [resamples] or [resamples, m]
        Averaged over the seeds; NaN where a resample gives none.
    """
    total = np.zeros((len(strata), *sums.shape[1:]))
    np.add.at(total, groups, sums)
    flat = total.reshape(len(strata), -1)
    blocks = []
    for weight in weights(strata, resamples, seed):
        blocks.append(_over_seeds(measure((weight @ flat).reshape(len(weight), *sums.shape[1:])), axis=1))
    return np.concatenate(blocks)


def measured(sums: np.ndarray, measure: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Measure of all songs together, averaged over the seeds; the parameters are those of `resampled`."""
    return _over_seeds(measure(sums.sum(axis=0)), axis=0)


def _over_seeds(values: np.ndarray, axis: int) -> np.ndarray:
    """Mean over an axis without what is NaN; NaN if all is."""
    known = np.isfinite(values)
    total, n = np.where(known, values, 0).sum(axis=axis), known.sum(axis=axis)
    return np.divide(total, n, where=n > 0, out=np.full(np.shape(total), np.nan))


def interval(
    sums: np.ndarray,
    measure: Callable[[np.ndarray], np.ndarray],
    groups: np.ndarray,
    strata: np.ndarray,
    *,
    resamples: int = 2000,
    seed: int | Sequence[int] = 0,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Measures with their 95 % intervals over clusters; the parameters are those of `resampled`.

    Returns
    -------
    value, low, high : np.ndarray [m] or scalars
        With a single cluster no interval can be given (NaN).
    """
    value = measured(sums, measure)
    if len(strata) < 2:
        return value, np.full_like(value, np.nan), np.full_like(value, np.nan)
    samples = resampled(sums, measure, groups, strata, resamples, seed)
    bounds = [percentiles(column) for column in samples.reshape(len(samples), -1).T]
    low, high = np.array(bounds).T.reshape(2, *np.shape(value))
    return value, low, high


def share(sums: np.ndarray) -> np.ndarray:
    """Part of the whole, both in the last axis [shape=(..., 2)]; NaN where the whole is 0."""
    part, whole = sums[..., 0], sums[..., 1]
    return np.divide(part, whole, where=whole > 0, out=np.full(np.shape(whole), np.nan))


def bootstrap(
    right: np.ndarray,
    count: np.ndarray,
    groups: np.ndarray,
    strata: np.ndarray,
    resamples: int,
    seed: int | Sequence[int],
) -> np.ndarray:
    """Accuracies [resamples] of resampled test sets, see `resampled`.

    Parameters
    ----------
    right, count : np.ndarray [songs] or [songs, seeds]
        Right answers and answers of each song, for each training seed.
    """
    return resampled(_pairs(right, count), share, groups, strata, resamples, seed)


def accuracy(right: np.ndarray, count: np.ndarray) -> float:
    """Accuracy [0..1]: right answers over answers, averaged over the seeds (columns) that have answers."""
    return float(measured(_pairs(right, count), share))


def _pairs(right: np.ndarray, count: np.ndarray) -> np.ndarray:
    return np.stack([np.asarray(values, dtype=float).reshape(len(values), -1) for values in (right, count)], axis=-1)


def percentiles(samples: np.ndarray) -> tuple[float, float]:
    """Percentile interval (Efron 1979, doi 10.1214/aos/1176344552) of bootstrap samples, NaN left out."""
    samples = samples[np.isfinite(samples)]
    if not len(samples):
        return float("nan"), float("nan")
    low, high = np.quantile(samples, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


def accuracy_interval(
    right: np.ndarray,
    count: np.ndarray,
    groups: np.ndarray,
    strata: np.ndarray,
    *,
    resamples: int = 2000,
    seed: int | Sequence[int] = 0,
) -> tuple[float, float, float]:
    """Accuracy with its 95 % interval over clusters.

    Where every answer is right, or none, there is nothing to resample: the Wilson interval with the
    number of clusters as n stands in. With a single cluster no interval can be given (NaN).

    Returns
    -------
    accuracy, low, high : float
    """
    value = accuracy(right, count)
    present = np.bincount(groups, weights=np.asarray(count, dtype=float).reshape(len(groups), -1).sum(axis=1)) > 0
    n = int(present.sum())
    if n < 2:
        return value, float("nan"), float("nan")
    if value in (0.0, 1.0):
        return value, *wilson(value, n)
    return value, *percentiles(bootstrap(right, count, groups, strata, resamples, seed))


def wilson(share: float, n: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share of n (Wilson 1927, doi 10.1080/01621459.1927.10502953)."""
    from statsmodels.stats.proportion import proportion_confint

    low, high = proportion_confint(share * n, n, alpha=1 - LEVEL, method="wilson")
    return float(low), float(high)
