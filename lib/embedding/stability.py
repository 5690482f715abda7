"""Is the same found again? Nodes and spaces of networks that differ by fold or seed alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from lib.embedding.vectors import dead_nodes
from lib.evaluation.words import fixed, listed

TWINS = 0.95  # |r| from which two nodes of one network say the same
AGAIN = 0.7  # |r| from which a node counts as found again: half of its variance is shared
SHUFFLES = 20


def correlations(one: pd.DataFrame, other: pd.DataFrame) -> np.ndarray:
    """Pearson's r of each node of one network with each of another over the same songs; 0 for dead nodes.

    Parameters
    ----------
    one : pd.DataFrame [songs, n]
    other : pd.DataFrame [songs, m]

    Returns
    -------
    np.ndarray [n, m]
    """
    unit = []
    for vectors in (one.to_numpy(float), other.to_numpy(float)):
        centred = vectors - vectors.mean(axis=0)
        length = np.linalg.norm(centred, axis=0)
        unit.append(np.divide(centred, length, where=length > 1e-12, out=np.zeros_like(centred)))
    return unit[0].T @ unit[1]


def twins(songs: pd.DataFrame, least: float = TWINS) -> pd.DataFrame:
    """Pairs of nodes of one network that say nearly the same. Page 06.

    Returns
    -------
    pd.DataFrame
        ``node``, ``other``, ``r`` of every pair with |r| >= `least`, the closest first.
    """
    r = correlations(songs, songs)
    rows, columns = np.triu_indices(len(r), 1)
    table = pd.DataFrame({"node": songs.columns[rows], "other": songs.columns[columns], "r": r[rows, columns]})
    near = table.loc[table["r"].abs() >= least]
    return near.sort_values("r", key=np.abs, ascending=False, ignore_index=True)


def cka(one: np.ndarray, other: np.ndarray) -> float:
    """Linear centred kernel alignment of two representations of the same songs. Page 06.

    1 = the same up to rotation and scale, 0 = nothing in common (Kornblith et al. 2019, ICML).

    Parameters
    ----------
    one : np.ndarray [songs, n]
    other : np.ndarray [songs, m]

    Returns
    -------
    float
        NaN if one of them does not vary.
    """
    x, y = (values - values.mean(axis=0) for values in (np.asarray(one, dtype=float), np.asarray(other, dtype=float)))
    both = np.linalg.norm(x.T @ x) * np.linalg.norm(y.T @ y)
    return float(np.linalg.norm(y.T @ x) ** 2 / both) if both > 0 else float("nan")


def matched(one: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    """Match the nodes of two networks one to one, so that the sum of their |r| is greatest (Li et al. 2016, ICLR).

    Returns
    -------
    pd.DataFrame
        ``node`` of `one`, ``partner`` in `other`, ``r``; of a wider network some nodes stay without a partner.
    """
    from scipy.optimize import linear_sum_assignment

    r = correlations(one, other)
    rows, columns = linear_sum_assignment(-np.abs(r))
    return pd.DataFrame({"node": one.columns[rows], "partner": other.columns[columns], "r": r[rows, columns]})


def found_again(own: pd.DataFrame, others: Mapping[str, pd.DataFrame], *, seed: int = 0) -> pd.DataFrame:
    """How surely each node is found again in other networks. Page 06.

    Parameters
    ----------
    own : pd.DataFrame [songs, nodes]
    others : mapping of str to pd.DataFrame
        Vectors of the same songs (those that both have are compared) by further networks.
    seed : int
        Of the order in which songs are shuffled for chance.

    Returns
    -------
    pd.DataFrame
        A row a node and network: ``node``, ``network``, ``partner``, ``r``, ``chance`` (mean |r| of a best match
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
    columns = ["node", "network", "partner", "r", "chance", "cka", "cka_chance", "songs"]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


def alignment(vectors: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """CKA of every two networks over the songs that both have [networks, networks]. Page 06."""
    table = pd.DataFrame(np.nan, index=list(vectors), columns=list(vectors))
    for name, one in vectors.items():
        for other_name, other in vectors.items():
            common = one.index.intersection(other.index)
            if len(common) > 2:
                table.loc[name, other_name] = cka(one.loc[common], other.loc[common])
    return table


def twins_sentence(found: pd.DataFrame, songs: pd.DataFrame) -> str:
    """Which nodes are duplicates of others. Page 06."""
    alive = songs.shape[1] - len(dead_nodes(songs))
    if not len(found):
        r = correlations(songs, songs)
        np.fill_diagonal(r, 0)
        closest = "" if alive < 2 else f" (the closest two have |r| = {fixed(np.abs(r).max(), 2)})"
        return f"No two nodes are duplicates, with |r| of {TWINS:g} or more over the test songs{closest}."
    pairs = [f"{row.node} and {row.other} (r = {fixed(row.r, 2).replace('-', '−')})" for row in found.itertuples()]
    return f"**Duplicates**, which say nearly the same (|r| of {TWINS:g} or more over the test songs): {listed(pairs)}."


def again_claim(found: pd.DataFrame) -> str:
    """Title of the figure: how many nodes are found again in most other networks. Page 06."""
    if not len(found):
        return "There is no other network to look for the nodes in"
    again = (found["r"].abs() >= AGAIN).groupby(found["node"], sort=False).mean()
    count, networks = int((again >= 0.5).sum()), found["network"].nunique()
    return (
        f"{count} of {len(again)} nodes are found again in at least half of {networks} other "
        f"network{'s' * (networks != 1)} (|r| of {AGAIN:g} or more)"
    )


def again_sentences(found: pd.DataFrame, kinds: Mapping[str, Sequence[str]]) -> list[str]:
    """Say how alike the networks are, for each kind of other network. Page 06.

    Parameters
    ----------
    found : pd.DataFrame
        As from `found_again`.
    kinds : mapping of str to sequence of str
        What differs -> names of networks.
    """
    told = []
    for kind, names in kinds.items():
        own = found.loc[found["network"].isin(names)]
        if not len(own):
            continue
        count = own["network"].nunique()
        alike = own.drop_duplicates("network")
        again = (own["r"].abs() >= AGAIN).groupby(own["node"]).mean()
        told.append(
            f"{kind} ({count} network{'s' * (count != 1)}): matched one to one, a node and its partner have a mean "
            f"|r| of {fixed(own['r'].abs().mean(), 2)} (shuffled songs: {fixed(own['chance'].mean(), 2)}); the spaces "
            f"have a CKA of {fixed(alike['cka'].mean(), 2)} (shuffled: {fixed(alike['cka_chance'].mean(), 2)}); "
            f"{int((again >= 0.5).sum())} of {len(again)} nodes are found again in at least half of these."
        )
    return told
