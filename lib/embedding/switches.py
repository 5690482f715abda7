"""What happens to the accuracy when a node is switched off."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from lib.embedding.vectors import node_names
from lib.evaluation.intervals import clusters, interval, share
from lib.evaluation.pooling import known_labels
from lib.evaluation.significance import holm, sign_flip
from lib.evaluation.words import listed, points
from lib.runs.internals import Inside
from lib.runs.store import Finished

SURE = 0.05
SWITCH_COLUMNS = (
    "run", "node", "head", "n_songs", "accuracy", "without", "loss", "low", "high", "changed", "p", "p_holm",
)  # fmt: skip


def answers(vectors: np.ndarray, decision: tuple[np.ndarray, np.ndarray], songs: np.ndarray) -> np.ndarray:
    """Class of each song: that with the highest probability, mean over the song's slices.

    Parameters
    ----------
    vectors : np.ndarray [slices, width]
    decision : (np.ndarray [width, classes], np.ndarray [classes])
        Kernel and bias.
    songs : np.ndarray of int [slices]
        Number of each slice's song, 0..n-1.

    Returns
    -------
    np.ndarray of int [n]
    """
    from scipy.special import softmax

    kernel, bias = decision
    chances = softmax(vectors @ kernel + bias, axis=1)
    sums = np.zeros((songs.max() + 1, len(bias)))
    np.add.at(sums, songs, chances)
    return sums.argmax(axis=1)


def switched_off(
    run: Finished, inside: Inside, tracks: pd.DataFrame, *, resamples: int = 2000, seed: int = 0
) -> pd.DataFrame:
    """Accuracy by song with each node held at its mean, whatever the slice. Page 06.

    The mean is that over the training songs. A node is thus made silent rather than set to 0, which batch normalisation
    could make an unusual value.

    Parameters
    ----------
    run : Finished
        With its embedding.
    inside : Inside
    tracks : pd.DataFrame
        The tracks table.
    resamples, seed : int

    Returns
    -------
    pd.DataFrame
        Columns `SWITCH_COLUMNS`: ``loss`` = accuracy - without, with the interval over artists (or whatever the
        protocol keeps together); ``changed`` is the share of songs whose answer changes; ``p`` of a sign-flip test and
        ``p_holm``, corrected for the number of nodes of all heads.
    """
    slices, vectors = run.predictions("test"), run.embedding("test").astype(np.float64)
    by_id = tracks.set_index("track_id")
    usual = inside.songs.loc[(inside.part == "train").to_numpy()].mean().to_numpy()
    rows = []
    for head, decision in inside.decisions.items():
        labels = known_labels(by_id, head)
        own = slices["track_id"].isin(labels.index).to_numpy()
        number, ids = pd.factorize(slices.loc[own, "track_id"], sort=True)
        classes = list(run.metrics["heads"][head])
        true = np.array([classes.index(label) if label in classes else -1 for label in labels.loc[ids].astype(str)])
        before = answers(vectors[own], decision, number)
        groups, strata = clusters(by_id.loc[ids].reset_index(), run.run.protocol)
        for place, node in enumerate(node_names(vectors.shape[1])):
            off = vectors[own].copy()
            off[:, place] = usual[place]
            after = answers(off, decision, number)
            difference = (before == true).astype(float) - (after == true)
            sums = np.stack([difference, np.ones(len(ids))], axis=-1)[:, None]
            loss, low, high = interval(sums, share, groups, strata, resamples=resamples, seed=seed)
            accuracy = float((before == true).mean())
            row = {"run": run.run.name, "node": node, "head": head, "n_songs": len(ids), "accuracy": accuracy}
            row |= {"without": accuracy - float(loss), "loss": float(loss), "low": float(low), "high": float(high)}
            row |= {"changed": float((before != after).mean())}
            rows.append(row | {"p": sign_flip(difference, groups, seed=seed) if len(strata) > 1 else float("nan")})
    table = pd.DataFrame(rows, columns=list(SWITCH_COLUMNS[:-1]))
    return table.assign(p_holm=holm(table["p"]))


def loss_claim(table: pd.DataFrame) -> str:
    """Title of the figure: which single node costs most, and how many cost anything for sure. Page 06."""
    if not len(table):
        return "No head of classes can be asked without one of its nodes"
    worst = table.loc[table["loss"].idxmax()]
    sure = int(((table["p_holm"] < SURE) & (table["loss"] > 0)).sum())
    if worst["loss"] <= 0:
        return "No single node is missed: without any one of them no accuracy falls"
    return (
        f"Without {worst['node']} the accuracy in {worst['head']} falls by {points(worst['loss'])}, the most; "
        f"established for {sure} of {len(table)} pairs of node and head"
    )


def loss_sentences(tables: Sequence[pd.DataFrame]) -> list[str]:
    """Say what single nodes are worth, over the networks of all folds. Page 06."""
    whole = pd.concat(tables, ignore_index=True) if len(tables) else pd.DataFrame(columns=list(SWITCH_COLUMNS))
    told = []
    for head, own in whole.groupby("head", sort=False):
        networks = own["run"].nunique()
        sure = own.loc[(own["p_holm"] < SURE) & (own["loss"] > 0)]
        most = own.groupby("run")["loss"].max()
        idle = own.groupby("run")["changed"].apply(lambda values: (values == 0).sum()).mean()
        several = f" over {networks} networks" if networks > 1 else ""
        named = (
            listed(f"{row.node} of `{row.run}` ({points(row.loss)})" for row in sure.itertuples()) if len(sure) else ""
        )
        told.append(
            f"**{head.capitalize()}**{several}: without one node the accuracy falls by {points(own['loss'].mean())} on "
            f"average and by {points(most.mean())} where it is the most important one; {idle:.1f} nodes a network "
            f"change no song's answer at all. "
            + (f"Established: {named}." if named else "No single loss is established.")
        )
    return told
