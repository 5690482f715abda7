"""Predictions of songs from several slices: accuracy by their number, and how far slices agree.

The prediction of a song is that of the mean of its slices' probabilities, a vote weighted by confidence
(Kittler et al. 1998, doi 10.1109/34.667881). Under ``random``, the slices of a song are predicted by the models of
several folds, so that a vote there averages models as well as slices.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations
from math import comb

import numpy as np
import pandas as pd

from lib.evaluation.bootstrap import BOOTSTRAP, Bootstrap, bounded, columns, pairs, quotient
from lib.evaluation.predictions import IDENTITY, Predictions, added_up
from lib.evaluation.results import networks
from lib.training.recipes import BEST

VOTING_COLUMNS = [*IDENTITY, "slices", "accuracy", "low", "high", *bounded("gain"), "n_songs"]
AGREEMENT_COLUMNS = [
    *IDENTITY, "n_songs", "slices", *bounded("share", "same"), "chance",
    *bounded("kappa", "same_correct", "same_wrong", "gap"),
]  # fmt: skip
_ENOUGH = 0.9  # of the songs have as many slices as the largest vote
_BLOCK = 500  # songs at a time: memory does not grow with the corpus


def voting(
    collected: Iterable[Predictions], bootstrap: Bootstrap = BOOTSTRAP, *, most: int = 10, draws: int = 300
) -> pd.DataFrame:
    """Accuracy of a song's prediction when only `k` of its test slices vote, drawn at random without replacement.

    All `k` are measured on the same songs, those with at least `most` slices; where fewer than 90 % of the songs
    have as many, the largest vote is the largest number of slices that 90 % do have. The expectation over the
    draws is exact where a song has no more than `draws` sets of `k` slices: of ten slices always, of more for
    ``k = 1`` and for all. A vote of all slices is the song's prediction in `lib.evaluation.results`.

    Baselines and what was selected are left out: they, or some of what may be selected, predict the same for each
    slice of a song.

    Returns
    -------
    pd.DataFrame
        Columns `VOTING_COLUMNS`, one row per number of ``slices`` that vote. ``low`` and ``high`` are the 95 %
        bootstrap interval of the accuracy over songs, under ``artist`` over artists within genre; ``gain`` is what the
        vote adds to the accuracy of one slice, its interval paired over the songs.
    """
    rows = []
    for predictions in (one for one in networks(collected) if one.recipe != BEST):
        songs, sums = _voted(predictions, most, draws, bootstrap.seed)
        drawn = predictions.clusters(songs)
        found = np.round(bootstrap.interval(sums, _with_gains, *drawn), 12)  # a gain of rounding errors is none
        top = sums.shape[-1] - 1
        for place in range(top):
            accuracy = found[:, place]
            if accuracy[0] in (0.0, 1.0):  # nothing to resample
                accuracy = (accuracy[0], *bootstrap.ratio(sums[..., [place, -1]], *drawn)[1:])
            row = {**predictions.identity, "slices": place + 1, "n_songs": len(songs)}
            rows.append(row | columns("accuracy", accuracy, "low", "high") | columns("gain", found[:, top + place]))
    return pd.DataFrame(rows, columns=VOTING_COLUMNS)


def _with_gains(sums: np.ndarray) -> np.ndarray:
    """Accuracy of each vote, then its gain over one slice, of summed correct predictions and their number."""
    accuracies = quotient(sums[..., :-1], sums[..., -1:])
    return np.concatenate([accuracies, accuracies - accuracies[..., :1]], axis=-1)


def _voted(predictions: Predictions, most: int, draws: int, seed: int) -> tuple[pd.Index, np.ndarray]:
    """Correct predictions expected of each vote and, last, 1 for each song that enters [songs, seeds, votes + 1]."""
    own = predictions.slices.sort_values(["seed", "track_id"], kind="stable")
    sizes = own.groupby(["seed", "track_id"]).size()
    # in the same order: one row per song and seed
    songs = predictions.songs.set_index(["seed", "track_id"]).loc[sizes.index].reset_index()
    chances, n = own[predictions.columns].to_numpy(), sizes.to_numpy()
    first = n.cumsum() - n
    # -1: the network lacks the class
    true = pd.Index(predictions.classes, dtype=object).get_indexer(songs["true"].astype(object))
    top = max((k for k in range(1, most + 1) if (n >= k).mean() >= _ENOUGH), default=1)
    correct, generator = np.zeros((len(n), top)), np.random.default_rng(seed)
    for size in np.unique(n[n >= top]):
        sets = [_sets(size, k, draws, generator) for k in range(1, top + 1)]
        alike = np.flatnonzero(n == size)
        for block in np.split(alike, range(_BLOCK, len(alike), _BLOCK)):
            votes = chances[first[block, None] + np.arange(size)]  # [songs, slices, classes]
            for place, chosen in enumerate(sets):
                correct[block, place] = ((chosen @ votes).argmax(axis=2) == true[block, None]).mean(axis=1)
    everyone = n == top
    correct[everyone, top - 1] = songs.loc[everyone, "correct"]  # the same but for ties that rounding decides
    enter = n >= top
    return added_up(songs.loc[enter], np.column_stack([correct, np.ones(len(n))])[enter])


def _sets(n: int, k: int, draws: int, generator: np.random.Generator) -> np.ndarray:
    """Choose sets of `k` of `n` slices, rows of 0 and 1: all of them, or `draws` random ones where there are more."""
    if comb(n, k) <= max(draws, n):
        chosen = np.array(list(combinations(range(n), k)))
    else:
        chosen = generator.random((draws, n)).argsort(axis=1)[:, :k]
    sets = np.zeros((len(chosen), n))
    np.put_along_axis(sets, chosen, 1.0, axis=1)
    return sets


def slice_agreement(collected: Iterable[Predictions], bootstrap: Bootstrap = BOOTSTRAP) -> pd.DataFrame:
    """Agreement of the predictions of a song's slices, correct or wrong.

    Every song with two test slices or more weighs the same, whatever their number, and every training seed. The
    agreement within songs is the observed agreement of Fleiss' kappa (1971, doi 10.1037/h0031619), and ``kappa``
    corrects it in the same way, except that chance is what slices of *different* songs agree in. (Fleiss counts a
    song's own slices towards chance, and statsmodels' ``fleiss_kappa`` needs equally many slices of all songs.)
    Baselines are left out, as in `voting`, and predictions without a song of two slices.

    Returns
    -------
    pd.DataFrame
        Columns `AGREEMENT_COLUMNS`. ``slices`` is their mean number per song; ``share`` of a song's slices that get
        its most frequent prediction, which is 1 / `slices` at the least; ``same`` and ``chance``, the share of pairs of
        slices of one song, and of different songs, with the same prediction; ``kappa = (same - chance) / (1 -
        chance)``; ``same_correct`` and ``same_wrong``, of songs predicted correctly or not; ``gap`` between them.
        Each has its 95 % interval as in `voting`, but for ``chance``, which moves little, resting on so many pairs.
    """
    rows = []
    for predictions in networks(collected):
        songs, sums, slices = _counted(predictions)
        if not len(songs):
            continue
        drawn = predictions.clusters(songs)
        row = {**predictions.identity, "n_songs": len(songs), "slices": slices}
        correct, wrong, same_correct, same_wrong, modal = np.moveaxis(sums[..., :5], -1, 0)
        for name, part, count in (
            ("share", modal, correct + wrong),
            ("same", same_correct + same_wrong, correct + wrong),
            ("same_correct", same_correct, correct),
            ("same_wrong", same_wrong, wrong),
        ):
            row |= columns(name, bootstrap.ratio(pairs(part, count), *drawn))
        found = np.round(bootstrap.interval(sums, _beyond, *drawn), 12)
        row |= {"chance": found[0, 0]} | columns("kappa", found[:, 1]) | columns("gap", found[:, 2])
        if row["same"] == 1:  # nothing to resample
            row |= {"kappa_low": np.nan, "kappa_high": np.nan}
        sides = {row["same_correct"], row["same_wrong"]}
        if sides & {0.0, 1.0} or np.isnan(row["same_correct_low"] + row["same_wrong_low"]):
            row |= _hybrid(row)
        rows.append(row)
    return pd.DataFrame(rows, columns=AGREEMENT_COLUMNS)


def _hybrid(row: dict) -> dict[str, float]:
    """Interval of the gap from those of its two sides, where one has nothing to resample; NaN where one has none.

    Newcombe 1998, doi 10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I.
    """
    correct, wrong = (
        (row[name] - row[f"{name}_low"], row[f"{name}_high"] - row[name]) for name in ("same_correct", "same_wrong")
    )
    return {
        "gap_low": row["gap"] - float(np.hypot(correct[0], wrong[1])),
        "gap_high": row["gap"] + float(np.hypot(correct[1], wrong[0])),
    }


def _counted(predictions: Predictions) -> tuple[pd.Index, np.ndarray, float]:
    """Add up what agreement is made of [songs, seeds, 6]; and the mean number of slices of a song."""
    predicted = pd.Categorical(predictions.slices["predicted"], categories=list(predictions.classes))
    counts = pd.crosstab([predictions.slices["seed"], predictions.slices["track_id"]], predicted, dropna=False)
    counts = counts.loc[counts.sum(axis=1) > 1]
    songs = predictions.songs.set_index(["seed", "track_id"]).loc[counts.index].reset_index()
    given, correct = counts.to_numpy(float), songs["correct"].to_numpy(float)
    n = given.sum(axis=1)
    same = ((given**2).sum(axis=1) - n) / (n * (n - 1))
    shares = given / n[:, None]
    chance = np.zeros(len(n))
    for own in songs.groupby("seed").indices.values():
        chance[own] = _with_others(shares[own])
    parts = [correct, 1 - correct, correct * same, (1 - correct) * same, shares.max(axis=1, initial=0), chance]
    return *added_up(songs, np.column_stack(parts)), float(n.mean()) if len(n) else float("nan")


def _with_others(shares: np.ndarray) -> np.ndarray:
    """Give what each song adds to the agreement of slices of different songs [songs]; NaN of a single song.

    The mean is that agreement, and resampling the songs moves it as far as it would move the agreement (Hoeffding
    1948, doi 10.1214/aoms/1177730196), while pairs made of resampled songs would now and then pair a song with itself.
    """
    if len(shares) < 2:
        return np.full(len(shares), np.nan)
    others = (shares @ shares.sum(axis=0) - (shares**2).sum(axis=1)) / (len(shares) - 1)
    return 2 * others - others.mean()


def _beyond(sums: np.ndarray) -> np.ndarray:
    """Chance, kappa and gap [shape=(..., 3)] of summed counts."""
    correct, wrong, same_correct, same_wrong, chance = (sums[..., place] for place in (0, 1, 2, 3, 5))
    chance = quotient(chance, correct + wrong)
    rest = np.where(1 - chance > 1e-9, 1 - chance, np.nan)
    kappa = (quotient(same_correct + same_wrong, correct + wrong) - chance) / rest
    return np.stack([chance, kappa, quotient(same_correct, correct) - quotient(same_wrong, wrong)], axis=-1)
