"""Whether several slices of a song say more than one.

The answer on a song is that of the mean of its slices' probabilities, a vote in which a sure slice counts for more
(Kittler et al. 1998, doi 10.1109/34.667881). Under ``slice``, the slices of a song are answered by the models of
several folds, so that a vote there averages models as well as slices.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations
from math import comb

import numpy as np
import pandas as pd

from lib.evaluation.answers import Answers
from lib.evaluation.claims import interval as span
from lib.evaluation.claims import name_of
from lib.evaluation.intervals import accuracy_interval, clusters, interval, share
from lib.evaluation.pooling import added_up
from lib.evaluation.tables import identity, main_rows, networks
from lib.evaluation.verdicts import strict_rows
from lib.evaluation.words import PERCENT, bound, listed, percent, points
from lib.recipes import BEST

VOTING_COLUMNS = (
    "network", "protocol", "recipe", "head", "slices", "accuracy", "low", "high", "gain", "gain_low", "gain_high",
    "n_songs",
)  # fmt: skip
NO_VOTE = "No song was tested with two slices or more, so there is nothing to average"
_ENOUGH = 0.9  # of the songs have as many slices as the largest vote
_BLOCK = 500  # songs at a time: memory does not grow with the corpus


def voting(
    collected: Iterable[Answers], *, most: int = 10, draws: int = 300, resamples: int = 2000, seed: int = 0
) -> pd.DataFrame:
    """Accuracy of a song's answer when only `k` of its test slices vote, drawn at random without replacement. Page 05.

    All `k` are measured on the same songs, those with at least `most` slices; where fewer than 90 % of the songs
    have as many, the largest vote is the largest number of slices that 90 % do have. The expectation over the
    draws is exact where a song has no more than `draws` sets of `k` slices: of ten slices always, of more for
    ``k = 1`` and for all. A vote of all slices is the song's answer in `lib.evaluation.results`.

    Parameters
    ----------
    collected : iterable of Answers
        Baselines and what was selected are left out: they hear the song and say the same of each slice, or some of
        what may be selected does.
    most : int > 0
    draws : int > 0
        Sets of slices that stand for all where there are more.
    resamples, seed : int

    Returns
    -------
    pd.DataFrame
        Columns `VOTING_COLUMNS`, one row a number of ``slices`` that vote. ``low`` and ``high`` are the 95 % bootstrap
        interval of the accuracy over songs, under ``artist`` over artists within genre; ``gain`` is what the vote
        adds to the accuracy of one slice, its interval paired over the songs.
    """
    rows = []
    for answers in (one for one in networks(collected) if one.recipe != BEST):
        songs, sums = _voted(answers, most, draws, seed)
        drawn = clusters(answers.tracks.loc[songs].reset_index(), answers.protocol)
        found = interval(sums, _with_gains, *drawn, resamples=resamples, seed=seed)
        values, low, high = (np.round(one, 12) for one in found)  # a gain of rounding errors is none
        top = sums.shape[-1] - 1
        for place in range(top):
            ends = low[place], high[place]
            if values[place] in (0.0, 1.0):  # nothing to resample
                ends = accuracy_interval(sums[..., place], sums[..., -1], *drawn)[1:]
            row = (values[place], *ends, values[top + place], low[top + place], high[top + place])
            numbers = dict(zip(VOTING_COLUMNS[5:11], map(float, row), strict=True))
            rows.append({**identity(answers), "slices": place + 1, **numbers, "n_songs": len(songs)})
    return pd.DataFrame(rows, columns=list(VOTING_COLUMNS))


def _with_gains(sums: np.ndarray) -> np.ndarray:
    """Accuracy of each vote, then its gain over one slice, of summed right answers and their number."""
    right, count = sums[..., :-1], sums[..., -1:]
    accuracies = share(np.stack([right, np.broadcast_to(count, right.shape)], axis=-1))
    return np.concatenate([accuracies, accuracies - accuracies[..., :1]], axis=-1)


def _voted(answers: Answers, most: int, draws: int, seed: int) -> tuple[pd.Index, np.ndarray]:
    """Give the right answers expected of each vote and, last, 1 for each song that enters [songs, seeds, votes + 1]."""
    own = answers.slices.sort_values(["seed", "track_id"], kind="stable")
    sizes = own.groupby(["seed", "track_id"]).size()
    # in the same order: one row a song and seed
    songs = answers.songs.set_index(["seed", "track_id"]).loc[sizes.index].reset_index()
    chances, n = own[answers.columns].to_numpy(), sizes.to_numpy()
    first, true = n.cumsum() - n, _codes(songs["true"], answers)
    top = max((k for k in range(1, most + 1) if (n >= k).mean() >= _ENOUGH), default=1)
    right, generator = np.zeros((len(n), top)), np.random.default_rng(seed)
    for size in np.unique(n[n >= top]):
        sets = [_sets(size, k, draws, generator) for k in range(1, top + 1)]
        alike = np.flatnonzero(n == size)
        for block in np.split(alike, range(_BLOCK, len(alike), _BLOCK)):
            votes = chances[first[block, None] + np.arange(size)]  # [songs, slices, classes]
            for place, chosen in enumerate(sets):
                right[block, place] = ((chosen @ votes).argmax(axis=2) == true[block, None]).mean(axis=1)
    everyone = n == top
    right[everyone, top - 1] = songs.loc[everyone, "right"]  # the same but for ties that rounding decides
    enter = n >= top
    values = np.column_stack([right, np.ones(len(n))])
    return added_up(songs.loc[enter], values[enter])


def _codes(true: pd.Series, answers: Answers) -> np.ndarray:
    """Place of each true class; -1 for one that the network does not know."""
    return pd.Index(answers.classes, dtype=object).get_indexer(true.astype(object))


def _sets(n: int, k: int, draws: int, generator: np.random.Generator) -> np.ndarray:
    """Choose sets of `k` of `n` slices, rows of 0 and 1: all of them, or `draws` random ones where there are more."""
    if comb(n, k) <= max(draws, n):
        chosen = np.array(list(combinations(range(n), k)))
    else:
        chosen = generator.random((draws, n)).argsort(axis=1)[:, :k]
    sets = np.zeros((len(chosen), n))
    np.put_along_axis(sets, chosen, 1.0, axis=1)
    return sets


def gain_span(low: float, high: float) -> str:
    """Interval of a difference of shares, such as ``(95 % interval -2 to 5 points)``, or that there is none."""
    return span(low, high) if pd.isna(low) or pd.isna(high) else f"(95{PERCENT} interval {bounds(low, high)})"


def bounds(low: float, high: float) -> str:
    """``-2 to 5 points``, with a decimal where rounding would hide on which side of 0 a bound lies."""
    return f"{bound(low)} to {bound(high)} points"


def voting_sentence(rows: pd.DataFrame) -> str:
    """Rows of `voting` of one network and head under one protocol in words. Page 05."""
    rows = rows.sort_values("slices")
    one, last = rows.iloc[0], rows.iloc[-1]
    where = f"under `{one['protocol']}`, {name_of(one)} names the {one['head']} of {percent(one['accuracy'])} of "
    where += f"the {one['n_songs']} songs from one slice"
    if last["slices"] == 1:
        return f"{where}; too few songs have a second one to average with"
    return f"{where} and of {percent(last['accuracy'])} from {last['slices']}: {_gained(last)}"


def _gained(row: pd.Series) -> str:
    gap, told = points(row["gain"]), gain_span(row["gain_low"], row["gain_high"])
    if row["gain"] == 0:
        return f"averaging adds nothing {told}"
    text = f"averaging {'adds' if row['gain'] > 0 else 'takes away'} {gap} {told}"
    return text if pd.isna(row["gain_low"]) else f"{text}, which is {'' if _sure(row) else 'not '}established"


def _sure(row: pd.Series) -> bool:
    return row["gain_low"] > 0 or row["gain_high"] < 0


def voting_claim(table: pd.DataFrame) -> str:
    """Title of the figure of votes: what the largest vote adds for the main network, strictest protocol. Page 05.

    Parameters
    ----------
    table : pd.DataFrame
        As from `voting`.
    """
    if not len(table):
        return NO_VOTE
    own = strict_rows(main_rows(table))
    last = own.loc[own.groupby("head", sort=False)["slices"].idxmax()]
    where = f"Under {own['protocol'].iloc[0]}"
    voted = last.loc[last["slices"] > 1]
    if not len(voted):
        return f"{where}, too few songs were tested with a second slice to average with"
    told = [f"{row['head']} by {_signed(row)}" for _, row in voted.iterrows()]
    numbers = listed(dict.fromkeys(str(k) for k in voted["slices"]))
    return (
        f"{where}, averaging {numbers} slices instead of taking one changes the accuracy of "
        f"{own['network'].iloc[0]} in {listed(told)}"
    )


def _signed(row: pd.Series) -> str:
    sign = "+" if row["gain"] >= 0.005 else "−" if row["gain"] <= -0.005 else ""
    text = f"{sign}{points(row['gain'])} {gain_span(row['gain_low'], row['gain_high'])}"
    return text if _sure(row) or pd.isna(row["gain_low"]) else f"{text.removesuffix(')')}, not established)"
