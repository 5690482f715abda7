"""Tests of paired differences, and their correction where many are made."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

ALPHA = 0.05  # of every test; a corrected p below it is significant, and intervals hold 1 - ALPHA
PERMUTATIONS = 9_999
MANY = 2_000  # clusters that differ, from which only the number of flips of each value is drawn
_CELLS = 2_000_000  # of one block of permutations or resamples: memory does not grow with their number


def blocks(total: int, cells: int) -> Iterator[int]:
    """Sizes of the blocks in which `total` permutations of so many cells each are drawn."""
    size = max(1, _CELLS // max(1, cells))
    for start in range(0, total, size):
        yield min(size, total - start)


def permuted(values: np.ndarray, cells: np.ndarray, permutations: int, seed: int) -> Iterator[np.ndarray]:
    """Permute values [shape=(..., songs)] within cells of songs, each row by itself; in blocks [shape=(n, ..., songs)].

    `cells` [shape=(songs,)] are numbers; the blocks hold `permutations` in all.
    """
    generator = np.random.default_rng(seed)
    members = [np.flatnonzero(cells == cell) for cell in np.unique(cells)]
    for n in blocks(permutations, values.size):
        block = np.empty((n, *values.shape), dtype=values.dtype)
        for member in members:
            own = values[..., member]
            block[..., member] = generator.permuted(np.broadcast_to(own, (n, *own.shape)), axis=-1)
        yield block


def sign_flip(differences: np.ndarray, groups: np.ndarray, *, permutations: int = PERMUTATIONS, seed: int = 0) -> float:
    """Two-sided p of a mean difference by flipping the signs of whole clusters (Fisher 1935; Pitman 1937).

    If neither side is better, each cluster's difference is as likely to point one way as the other.

    Parameters
    ----------
    differences : np.ndarray [shape=(songs,)]
        Paired; what one side scored less what the other did.
    groups : np.ndarray of int [shape=(songs,)]
        Cluster of each song, an artist or the song itself.
    permutations : int > 0
        Random flips; all of them where there are fewer (`scipy.stats.permutation_test`). Of more than `MANY` clusters
        it is drawn how many of each value are flipped, which gives the same distribution in a fraction of the time.
    seed : int >= 0

    Returns
    -------
    float
        NaN with fewer than two clusters.
    """
    from scipy.stats import permutation_test

    total = np.bincount(groups, weights=differences)
    if len(total) < 2:
        return float("nan")
    moving = total[np.abs(total) > 1e-12]  # a cluster that does not differ is the same either way
    if len(moving) < 2:
        return 1.0
    if len(moving) > MANY:
        return _flipped_by_value(moving, permutations, seed)
    found = permutation_test(
        (moving,),
        lambda one, axis: one.sum(axis=axis),
        permutation_type="samples",
        vectorized=True,
        n_resamples=permutations,
        batch=max(1, _CELLS // len(moving)),
        rng=np.random.default_rng(seed),
    )
    return float(found.pvalue)


def _flipped_by_value(moving: np.ndarray, permutations: int, seed: int) -> float:
    values, count = np.unique(np.abs(moving).round(12), return_counts=True)
    generator, extreme, found = np.random.default_rng(seed), 0, abs(moving.sum()) - 1e-9
    for n in blocks(permutations, len(values)):
        flips = generator.binomial(count, 0.5, (n, len(values)))
        extreme += int((np.abs((count - 2 * flips) @ values) >= found).sum())
    return (1 + extreme) / (1 + permutations)


def holm(p: pd.Series) -> pd.Series:
    """Correct p-values for their number (Holm 1979, Scandinavian Journal of Statistics 6); NaN stay NaN."""
    from statsmodels.stats.multitest import multipletests

    corrected = p.astype("float64").copy()
    known = corrected.notna()
    if known.any():
        corrected[known] = multipletests(corrected[known].to_numpy(), method="holm")[1]
    return corrected
