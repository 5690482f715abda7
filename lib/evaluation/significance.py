"""Tests of paired differences, and their correction where many are made."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

ALPHA = 0.05  # of every test; a corrected p below it is significant, and intervals hold 1 - ALPHA
PERMUTATIONS = 9_999
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


def holm(p: pd.Series) -> pd.Series:
    """Correct p-values for their number (Holm 1979, Scandinavian Journal of Statistics 6); NaN stay NaN."""
    from statsmodels.stats.multitest import multipletests

    corrected = p.astype("float64").copy()
    known = corrected.notna()
    if known.any():
        corrected[known] = multipletests(corrected[known].to_numpy(), method="holm")[1]
    return corrected
