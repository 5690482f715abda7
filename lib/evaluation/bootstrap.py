"""How far a number would move with other music and another training: bootstrap over artists and seeds, never slices.

Ten slices of one song are not ten witnesses, nor are ten songs of one artist. What is drawn again is therefore the
whole artist within a genre and, where a network was trained from several seeds, the seed.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from lib.evaluation.significance import ALPHA, blocks

LEVEL = 1 - ALPHA
_ROUNDING = 1e-12  # a difference of so much is none

Interval = tuple[np.ndarray, np.ndarray, np.ndarray]  # value, low, high
Measure = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Bootstrap:
    """How test sets and trainings are resampled.

    Parameters shared by the methods: `sums` [shape=(songs, seeds, ...)] is what adds up over the songs, for each
    training seed; `measure` makes of totals [shape=(..., seeds, ...)] measures [shape=(..., seeds)] or, several,
    [..., seeds, m]; `groups` and `strata` are those of `clusters`. Two calls with the same clusters see the same
    resamples, so that the difference of their samples is a bootstrap that is paired over artists.

    Attributes
    ----------
    resamples : int > 0
    seed : int >= 0
    side : int >= 0
        Which of several trainings, whose seeds are drawn independently: one seed under two splits is two trainings.
    """

    resamples: int = 2000
    seed: int = 0
    side: int = 0

    def weights(self, strata: np.ndarray, *stream: int) -> Iterator[np.ndarray]:
        """Weights of clusters [shape=(block, clusters)], in blocks of `resamples` rows in all.

        Of the n clusters of a stratum n - 1 are drawn with replacement and weighted by n / (n - 1), without
        which few clusters give intervals that are too narrow (Rao & Wu 1988, JASA 83, 231-241,
        doi 10.1080/01621459.1988.10478591). A stratum of one cluster keeps the weight 1. Each `stream` is drawn
        independently.
        """
        generator = np.random.default_rng([self.seed, *stream])
        members = [np.flatnonzero(strata == stratum) for stratum in np.unique(strata)]
        for rows in blocks(self.resamples, len(strata)):
            result = np.ones((rows, len(strata)))
            for member in members:
                n = len(member)
                if n > 1:
                    drawn = generator.integers(0, n, (rows, n - 1)) + n * np.arange(rows)[:, None]
                    result[:, member] = np.bincount(drawn.ravel(), minlength=rows * n).reshape(rows, n) * (n / (n - 1))
            yield result

    def samples(self, sums: np.ndarray, measure: Measure, groups: np.ndarray, strata: np.ndarray) -> np.ndarray:
        """Measures of resampled test sets [resamples] or [resamples, m], averaged over resampled seeds.

        NaN where a resample gives none; all NaN with a single cluster.
        """
        total = np.zeros((len(strata), *sums.shape[1:]))
        np.add.at(total, groups, sums)
        flat = total.reshape(len(strata), -1)
        found = [measure((weight @ flat).reshape(len(weight), *sums.shape[1:])) for weight in self.weights(strata)]
        values = np.concatenate(found)  # [resamples, seeds, ...]
        seeds = np.concatenate([*self.weights(np.zeros(sums.shape[1], dtype=int), 1, self.side)])
        drawn = _over_seeds(values, seeds.reshape(*seeds.shape, *[1] * (values.ndim - 2)), axis=1)
        return drawn if len(strata) > 1 else np.full_like(drawn, np.nan)

    def estimate(
        self, sums: np.ndarray, measure: Measure, groups: np.ndarray, strata: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Measures [m] or scalar, and their `samples`; `gap` makes of two such the interval of their difference."""
        return measured(sums, measure), self.samples(sums, measure, groups, strata)

    def interval(self, sums: np.ndarray, measure: Measure, groups: np.ndarray, strata: np.ndarray) -> Interval:
        """Measures [m] or scalar with their 95 % intervals over clusters; NaN bounds with a single cluster."""
        value, samples = self.estimate(sums, measure, groups, strata)
        return value, *percentiles(samples)

    def ratio(self, sums: np.ndarray, groups: np.ndarray, strata: np.ndarray) -> Interval:
        """Ratio of two sums [songs, seeds, 2], such as correct and all predictions, with its 95 % interval.

        Where the ratio is 0 or 1 there is nothing to resample: the Wilson interval with the number of clusters as n
        is used instead.
        """
        value = float(measured(sums, share))
        n = int((np.bincount(groups, weights=sums[..., 1].sum(axis=1)) > 0).sum())
        if n < 2:
            return value, float("nan"), float("nan")
        if value in (0.0, 1.0):
            return value, *wilson(value, n)
        return value, *percentiles(self.samples(sums, share, groups, strata))


BOOTSTRAP = Bootstrap()


def clusters(songs: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Which songs are drawn together, and within which stratum.

    A cluster is an artist group, under every split, and its stratum the genre most of its songs have; a
    stratum with a single cluster, which alone would seem to have no variance, joins the other such
    strata or the smallest of the rest (Rust & Kalton 1987, J. Official Statistics 3(1), 69-81).

    Parameters
    ----------
    songs : pd.DataFrame
        One row per song: ``track_id``, ``song_group``, ``artist_group``, ``genre``; without an artist group the song
        group is the cluster, without either the song.

    Returns
    -------
    groups : np.ndarray of int [songs]
        Cluster of each song, 0..clusters-1.
    strata : np.ndarray of int [clusters]
        Stratum of each cluster, 0..strata-1.
    """
    names = "\0" + songs["track_id"].astype(object)
    for column in ("song_group", "artist_group"):
        names = songs[column].astype(object).where(songs[column].notna(), names)
    groups, _ = pd.factorize(names)
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


def measured(sums: np.ndarray, measure: Measure) -> np.ndarray:
    """Measure of all songs together, averaged over the seeds; the parameters are those of `Bootstrap`."""
    return _over_seeds(measure(sums.sum(axis=0)), np.ones(1), axis=0)


def _over_seeds(values: np.ndarray, weights: np.ndarray, axis: int) -> np.ndarray:
    """Weighted mean over an axis without what is NaN; NaN if all is."""
    weights = np.where(np.isfinite(values), weights, 0)
    return quotient((np.where(weights > 0, values, 0) * weights).sum(axis=axis), weights.sum(axis=axis))


def quotient(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Part of the whole; NaN where the whole is 0."""
    return np.divide(part, whole, where=whole > 0, out=np.full(np.broadcast(part, whole).shape, np.nan))


def share(sums: np.ndarray) -> np.ndarray:
    """Part of the whole, both in the last axis [shape=(..., 2)]; NaN where the whole is 0."""
    return quotient(sums[..., 0], sums[..., 1])


def pairs(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Two arrays [songs] or [songs, seeds] as the sums [songs, seeds, 2] of `share` and `Bootstrap.ratio`."""
    return np.stack([np.asarray(values, dtype=float).reshape(len(values), -1) for values in (part, whole)], axis=-1)


def columns(name: str, found: Interval, *ends: str) -> dict[str, float]:
    """Columns of a row: value, low and high as `name`, ``<name>_low`` and ``<name>_high``, or as `ends` say."""
    low, high = ends or (f"{name}_low", f"{name}_high")
    return dict(zip((name, low, high), map(float, found), strict=True))


def gap(one: tuple[np.ndarray, np.ndarray], other: tuple[np.ndarray, np.ndarray]) -> Interval:
    """Measures of `one` less those of `other`, with their intervals; both as from `Bootstrap.estimate`."""
    return one[0] - other[0], *percentiles(one[1] - other[1])


def bounded(*names: str) -> list[str]:
    """Names of the columns that `columns` makes: each name, ``<name>_low`` and ``<name>_high``."""
    return [f"{name}{end}" for name in names for end in ("", "_low", "_high")]


def percentiles(samples: np.ndarray) -> np.ndarray:
    """Percentile interval [2, ...] (Efron 1979, doi 10.1214/aos/1176344552) of samples [n, ...], NaN left out."""
    if samples.ndim > 1:
        return np.array([percentiles(column) for column in samples.T]).T.reshape(2, samples.shape[1])
    known = samples[np.isfinite(samples)]
    return np.quantile(known, [(1 - LEVEL) / 2, (1 + LEVEL) / 2]) if len(known) else np.full(2, np.nan)


def two_sided(value: float, samples: np.ndarray) -> float:
    """P value of a difference by its distance from 0 in standard errors, those of its bootstrap samples.

    Of a normal distribution (Efron & Tibshirani 1993, An Introduction to the Bootstrap, section 12.4): to count the
    resamples beyond 0 would need very many of them where p is small. NaN without samples; 1 if there is no difference.
    """
    from scipy.stats import norm

    known = samples[np.isfinite(samples)]
    if not len(known):
        return float("nan")
    error = known.std()
    return float(2 * norm.sf(abs(value) / error)) if error > 0 else float(abs(value) < _ROUNDING)


def wilson(share: float, n: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share of n (Wilson 1927, doi 10.1080/01621459.1927.10502953)."""
    from statsmodels.stats.proportion import proportion_confint

    low, high = proportion_confint(share * n, n, alpha=1 - LEVEL, method="wilson")
    return float(low), float(high)
