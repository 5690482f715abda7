"""Ablation of units: accuracy without each of them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from lib.embedding.vectors import unit_names
from lib.evaluation.bootstrap import Bootstrap, clusters, share
from lib.evaluation.predictions import known_labels
from lib.evaluation.significance import holm, sign_flip
from lib.runs.internals import Internals
from lib.runs.store import Finished

COLUMNS = (
    "run", "unit", "head", "n_songs", "accuracy", "without", "drop", "low", "high", "changed", "p", "p_holm",
)  # fmt: skip


def predict(vectors: np.ndarray, decision: tuple[np.ndarray, np.ndarray], songs: np.ndarray) -> np.ndarray:
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


def ablate(
    run: Finished, inside: Internals, tracks: pd.DataFrame, *, resamples: int = 2000, seed: int = 0
) -> pd.DataFrame:
    """Accuracy per song with each unit ablated: held at its mean over the training songs, whatever the slice.

    Setting it to 0 instead could be an unusual value after batch normalisation.

    Parameters
    ----------
    run : Finished
        With its embedding.
    inside : Internals
    tracks : pd.DataFrame
        The tracks table.
    resamples, seed : int

    Returns
    -------
    pd.DataFrame
        Columns `COLUMNS`: ``drop`` = accuracy - without, with the interval over artists (or whatever the
        split keeps together); ``changed`` is the share of songs whose prediction changes; ``p`` of a sign-flip test and
        ``p_holm``, corrected for the number of units of all heads.
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
        before = predict(vectors[own], decision, number)
        groups, strata = clusters(by_id.loc[ids].reset_index(), run.run.split)
        for place, unit in enumerate(unit_names(vectors.shape[1])):
            ablated = vectors[own].copy()
            ablated[:, place] = usual[place]
            after = predict(ablated, decision, number)
            difference = (before == true).astype(float) - (after == true)
            sums = np.stack([difference, np.ones(len(ids))], axis=-1)[:, None]
            drop, low, high = Bootstrap(resamples, seed).interval(sums, share, groups, strata)
            accuracy = float((before == true).mean())
            row = {"run": run.run.name, "unit": unit, "head": head, "n_songs": len(ids), "accuracy": accuracy}
            row |= {"without": accuracy - float(drop), "drop": float(drop), "low": float(low), "high": float(high)}
            row |= {"changed": float((before != after).mean())}
            rows.append(row | {"p": sign_flip(difference, groups, seed=seed) if len(strata) > 1 else float("nan")})
    table = pd.DataFrame(rows, columns=list(COLUMNS[:-1]))
    return table.assign(p_holm=holm(table["p"]))
