"""Accuracy given something else: the genre of a song, or whether its label is near a cut."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from lib.evaluation.bootstrap import (
    BOOTSTRAP,
    Bootstrap,
    bounded,
    columns,
    measured,
    percentiles,
    quotient,
    share,
    two_sided,
)
from lib.evaluation.predictions import IDENTITY, Predictions

ALL = "all genres"
WITHIN_COLUMNS = [
    *IDENTITY, "genre", "n_songs", "accuracy", "low", "high", "usual", "usual_accuracy", *bounded("skill"), "p",
]  # fmt: skip
NEAR_COLUMNS = [*IDENTITY, "n_near", "n_far", "near", "far", "difference", "low", "high"]


def within_genre(collected: Iterable[Predictions], bootstrap: Bootstrap = BOOTSTRAP) -> pd.DataFrame:
    """Accuracy of mood per song within each genre, beside that of always predicting the genre's most frequent class.

    That class is the most frequent one of the test songs themselves, so it is an upper bound on the baseline
    ``genre_prior``, which is fitted to the training songs. Baselines are left out.

    Returns
    -------
    pd.DataFrame
        Columns `WITHIN_COLUMNS`, one row per genre and then one for all of them (`ALL`). ``usual`` is the genre's
        most frequent class and ``usual_accuracy`` its share of the songs; ``skill`` = accuracy - usual_accuracy,
        paired over the songs, with its ``p``. Songs without a genre are left out.
    """
    rows = []
    for predictions in collected:
        if predictions.head != "mood" or predictions.baseline:
            continue
        ids, sums = predictions.sums("song")
        known = predictions.tracks.loc[ids, "genre"].notna().to_numpy()
        ids, correct, count = ids[known], *np.moveaxis(sums[known], -1, 0)
        genre, true = predictions.tracks.loc[ids, "genre"].to_numpy(object), predictions.truth(ids)
        usual = {g: pd.Series(true[genre == g]).value_counts().sort_index(kind="stable").idxmax() for g in set(genre)}
        guessed = np.array([usual[g] == t for g, t in zip(genre, true, strict=True)], dtype=float)[:, None] * count
        for name in [*sorted(usual), ALL] if usual else []:
            own = np.flatnonzero((genre == name) | (name == ALL))
            drawn = predictions.clusters(ids[own])
            sums = np.stack([correct[own], guessed[own], count[own]], axis=-1)
            row = {**predictions.identity, "genre": name, "n_songs": len(own), "usual": usual.get(name, "")}
            row |= columns("accuracy", bootstrap.ratio(sums[..., [0, 2]], *drawn), "low", "high")
            row |= {"usual_accuracy": float(measured(sums[..., 1:], share))}
            skill, samples = bootstrap.estimate(sums, _ahead, *drawn)
            rows.append(row | columns("skill", (skill, *percentiles(samples))) | {"p": two_sided(skill, samples)})
    return pd.DataFrame(rows, columns=WITHIN_COLUMNS)


def _ahead(sums: np.ndarray) -> np.ndarray:
    """Accuracy less the baseline's, of sums [shape=(..., 3)] of correct predictions, correct baseline, and count."""
    return quotient(sums[..., 0] - sums[..., 1], sums[..., 2])


def near_a_cut(collected: Iterable[Predictions], near: pd.Series, bootstrap: Bootstrap = BOOTSTRAP) -> pd.DataFrame:
    """Accuracy of mood per song of songs whose valence lies near a cut, and of the others.

    `near` tells of each ``track_id`` whether the song lies within one standard error of a cut, see
    `lib.evaluation.label_noise`.

    Returns
    -------
    pd.DataFrame
        Columns `NEAR_COLUMNS`: ``difference`` = far - near, its interval over clusters.
    """
    rows = []
    for predictions in collected:
        if predictions.head != "mood":
            continue
        ids, sums = predictions.sums("song")
        known = ids.isin(near.index)
        ids, sums = ids[known], sums[known]
        close = near.loc[ids].to_numpy(bool)
        if close.all() or not close.any():
            continue
        parted = np.stack([sums * close[:, None, None], sums * ~close[:, None, None]], axis=2)
        (near_, *_), (far, *_), gap = zip(*bootstrap.interval(parted, _parted, *predictions.clusters(ids)), strict=True)
        row = {**predictions.identity, "n_near": int(close.sum()), "n_far": int((~close).sum())}
        rows.append(row | {"near": float(near_), "far": float(far)} | columns("difference", gap, "low", "high"))
    return pd.DataFrame(rows, columns=NEAR_COLUMNS)


def _parted(sums: np.ndarray) -> np.ndarray:
    """Accuracies near and far, and far less near [shape=(..., 3)], of sums [shape=(..., 2, 2)]."""
    near, far = np.moveaxis(share(sums), -1, 0)
    return np.stack([near, far, far - near], axis=-1)
