"""Ablation of units: accuracy without each of them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from lib.embedding.vectors import unit_names
from lib.evaluation.bootstrap import BOOTSTRAP, Bootstrap, clusters, columns, pairs, percentiles, share, two_sided
from lib.evaluation.predictions import known_labels
from lib.evaluation.significance import holm
from lib.runs.internals import Internals
from lib.runs.store import Finished

COLUMNS = [
    "run", "unit", "head", "n_songs", "accuracy", "without", "drop", "low", "high", "changed", "p", "p_holm",
]  # fmt: skip


def predict(vectors: np.ndarray, decision: tuple[np.ndarray, np.ndarray], songs: np.ndarray) -> np.ndarray:
    """Class of each song [n]: that with the highest probability, mean over the song's slices.

    `vectors` [slices, width] are read by a `decision`, kernel [width, classes] and bias; `songs` [slices] are the
    numbers of the slices' songs, 0..n-1.
    """
    from scipy.special import softmax

    kernel, bias = decision
    chances = softmax(vectors @ kernel + bias, axis=1)
    sums = np.zeros((songs.max() + 1, len(bias)))
    np.add.at(sums, songs, chances)
    return sums.argmax(axis=1)


def ablate(run: Finished, inside: Internals, tracks: pd.DataFrame, bootstrap: Bootstrap = BOOTSTRAP) -> pd.DataFrame:
    """Accuracy per song with each unit ablated: held at its mean over the training songs, whatever the slice.

    Setting it to 0 instead could be an unusual value after batch normalisation.

    Returns
    -------
    pd.DataFrame
        Columns `COLUMNS`: ``drop`` = accuracy - without, with its interval and ``p``; ``changed`` is the share of
        songs whose prediction changes; ``p_holm`` is corrected for the number of units of all heads.
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
        drawn = clusters(by_id.loc[ids].reset_index())
        for place, unit in enumerate(unit_names(vectors.shape[1])):
            ablated = vectors[own].copy()
            ablated[:, place] = usual[place]
            after = predict(ablated, decision, number)
            difference = (before == true).astype(float) - (after == true)
            sums = pairs(difference, np.ones(len(ids)))
            lost, samples = bootstrap.estimate(sums, share, *drawn)
            row = columns("drop", (lost, *percentiles(samples)), "low", "high") | {"p": two_sided(lost, samples)}
            row |= {"run": run.run.name, "unit": unit, "head": head, "n_songs": len(ids)}
            row |= {"accuracy": float((before == true).mean()), "changed": float((before != after).mean())}
            rows.append(row)
    table = pd.DataFrame(rows, columns=COLUMNS)
    return table.assign(without=table["accuracy"] - table["drop"], p_holm=holm(table["p"]))
