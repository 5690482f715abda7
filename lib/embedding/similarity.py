"""Similarity of units and spaces of networks that differ by fold or seed alone."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from lib.embedding.vectors import pearson

TWINS = 0.95  # |r| from which two units of one network are duplicates
AGAIN = 0.7  # |r| from which a unit counts as reproduced: half of its variance is shared
SHUFFLES = 20


def correlations(one: pd.DataFrame, other: pd.DataFrame) -> np.ndarray:
    """Pearson's r [n, m] of units of two networks over the same songs [songs, n] and [songs, m]; 0 for dead units."""
    return np.nan_to_num(pearson(one.to_numpy(float), other.to_numpy(float)))


def twins(songs: pd.DataFrame, least: float = TWINS) -> pd.DataFrame:
    """Pairs of units of one network with |r| >= `least`: ``unit``, ``other``, ``r``, the closest first."""
    r = correlations(songs, songs)
    rows, columns = np.triu_indices(len(r), 1)
    table = pd.DataFrame({"unit": songs.columns[rows], "other": songs.columns[columns], "r": r[rows, columns]})
    near = table.loc[table["r"].abs() >= least]
    return near.sort_values("r", key=np.abs, ascending=False, ignore_index=True)


def cka(one: np.ndarray, other: np.ndarray) -> float:
    """Linear centred kernel alignment of two representations [songs, n] and [songs, m] of the same songs.

    1 = the same up to rotation and scale, 0 = nothing in common (Kornblith et al. 2019, ICML); NaN if one of them does
    not vary.
    """
    x, y = (values - values.mean(axis=0) for values in (np.asarray(one, dtype=float), np.asarray(other, dtype=float)))
    both = np.linalg.norm(x.T @ x) * np.linalg.norm(y.T @ y)
    return float(np.linalg.norm(y.T @ x) ** 2 / both) if both > 0 else float("nan")


def matched(one: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    """Match the units of two networks one to one, so that the sum of their |r| is greatest (Li et al. 2016, ICLR).

    Returns
    -------
    pd.DataFrame
        ``unit`` of `one`, ``partner`` in `other`, ``r``; of a wider network some units stay without a partner.
    """
    from scipy.optimize import linear_sum_assignment

    r = correlations(one, other)
    rows, columns = linear_sum_assignment(-np.abs(r))
    return pd.DataFrame({"unit": one.columns[rows], "partner": other.columns[columns], "r": r[rows, columns]})


def found_again(own: pd.DataFrame, others: Mapping[str, pd.DataFrame], *, seed: int = 0) -> pd.DataFrame:
    """Find each unit's partner in other networks, and the same for shuffled songs, which is chance.

    `own` and `others` are vectors [songs, units]; songs that both have are compared.

    Returns
    -------
    pd.DataFrame
        A row a unit and network: ``unit``, ``network``, ``partner``, ``r``, ``chance`` (mean |r| of a best match
        where the songs of the other network are shuffled), ``cka`` and ``cka_chance`` of the two networks, ``songs``.
    """
    generator, parts = np.random.default_rng(seed), []
    for name, vectors in others.items():
        common = own.index.intersection(vectors.index)
        if len(common) < 3:
            continue
        one, other = own.loc[common], vectors.loc[common]
        shuffled = [other.iloc[generator.permutation(len(other))] for _ in range(SHUFFLES)]
        chance = np.mean([matched(one, mixed)["r"].abs().mean() for mixed in shuffled])
        alike = {"cka": cka(one, other), "cka_chance": float(np.mean([cka(one, mixed) for mixed in shuffled]))}
        parts.append(matched(one, other).assign(network=name, chance=chance, songs=len(common), **alike))
    columns = ["unit", "network", "partner", "r", "chance", "cka", "cka_chance", "songs"]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)
