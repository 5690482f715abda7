"""Songs that every network predicts wrongly, against chance.

A song that all networks predict wrongly is hard in itself, wrongly labelled, or unlike their training music; which of
these it is, predictions alone cannot tell.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from lib.evaluation.bootstrap import percentiles
from lib.evaluation.predictions import STALE, Predictions
from lib.evaluation.results import by_strictness
from lib.evaluation.significance import permuted
from lib.training.recipes import BASELINE, BEST, plain

FACTS = ["title", "artist", "genre", "song_group", "artist_group"]


@dataclass(frozen=True)
class Panel:
    """One prediction of each of several networks for the same songs."""

    head: str
    split: str  # empty if no network was run
    songs: pd.DataFrame  # ``true`` and `FACTS` by ``track_id``; title and artist are empty where they are unknown
    predicted: pd.DataFrame  # predictions by ``track_id``, a column per network

    @property
    def networks(self) -> list[str]:
        """Names of the networks."""
        return list(self.predicted.columns)

    @property
    def correct(self) -> np.ndarray:
        """Whether each song (row) is predicted correctly by each network (column)."""
        return self.predicted.to_numpy(object) == self.songs["true"].to_numpy(object)[:, None]


def panel(collected: Sequence[Predictions], head: str, split: str = "") -> Panel:
    """Put the predictions of one head by all networks side by side.

    Each network counts once: under the recipe ``poster``, or its first recipe where that was not run, and with the seed
    that tested most songs, of several the lowest. Baselines, stale runs, what was selected (which may be one of the
    networks) and songs that not all networks tested are left out. An empty `split` is the strictest under which a
    network was run.
    """
    own = [a for a in collected if a.head == head and a.recipe not in (BASELINE, BEST) and STALE not in a.network]
    split = split or next(reversed(by_strictness(a.split for a in own)), "")
    chosen: dict[str, Predictions] = {}
    for network in dict.fromkeys(a.network for a in own if a.split == split):
        several = [a for a in own if a.split == split and a.network == network]
        recipe = plain(a.recipe for a in several)
        chosen[network] = next(a for a in several if a.recipe == recipe)
    if not chosen:
        nothing = pd.Index([], name="track_id", dtype=object)
        return Panel(head, "", pd.DataFrame(columns=["true", *FACTS], index=nothing), pd.DataFrame(index=nothing))
    tested = {name: _one_seed(predictions.songs) for name, predictions in chosen.items()}
    predicted = pd.concat(
        {name: songs["predicted"] for name, songs in tested.items()}, axis=1, join="inner"
    ).sort_index()
    predicted.index.name = "track_id"
    first = next(iter(chosen))
    facts = chosen[first].tracks.loc[predicted.index, FACTS].astype(object).fillna({"title": "", "artist": ""})
    facts.insert(0, "true", tested[first]["true"].loc[predicted.index])
    return Panel(head, split, facts, predicted)


def _one_seed(songs: pd.DataFrame) -> pd.DataFrame:
    """Predictions of the seed that tested most songs, the lowest of several, by ``track_id``."""
    tested = songs["seed"].value_counts().sort_index()
    return songs.loc[songs["seed"] == tested.idxmax()].set_index("track_id")


def missed_by_all(given: Panel) -> pd.DataFrame:
    """List the songs that no network predicts correctly.

    Returns
    -------
    pd.DataFrame
        ``head``, ``track_id``, ``title``, ``artist``, ``true``, ``predicted`` (the most frequent), ``agree`` (how many
        networks predict it), then the prediction of each network; where most agree comes first.
    """
    missed = ~given.correct.any(axis=1)
    predicted = given.predicted.loc[missed]
    common = predicted.mode(axis=1).reindex(columns=[0])[0].astype(object)  # the first of several
    songs = given.songs.loc[missed, ["title", "artist", "true"]]
    songs = songs.assign(predicted=common, agree=predicted.eq(common, axis=0).sum(axis=1).astype(int))
    table = pd.concat([songs, predicted], axis=1).rename_axis("track_id").reset_index()
    table.insert(0, "head", given.head)
    return table.sort_values(["agree", "track_id"], ascending=[False, True], ignore_index=True)


def agreement(given: Panel, *, resamples: int = 2000, seed: int = 0) -> pd.DataFrame:
    """How many networks predict a song correctly, against networks that err independently.

    Independent means: the number of errors of each network in each true class is fixed, and which songs they fall on
    does not depend on the other networks. A class that is hard for all is therefore no sign of dependence.

    Parameters
    ----------
    given : Panel
    resamples : int > 0
        Permutations of each network's errors among the songs of a class.
    seed : int >= 0

    Returns
    -------
    pd.DataFrame
        ``correct`` (0 to the number of networks), ``songs``, ``expected`` under independence (exact), ``low`` and
        ``high`` between which 95 % of the permutations lie, and ``p``, one-sided, of as many songs or more.
    """
    correct, classes = given.correct, pd.factorize(given.songs["true"])[0]
    count = correct.shape[1]
    songs = np.bincount(correct.sum(axis=1), minlength=count + 1)
    expected = np.zeros(count + 1)
    for name in np.unique(classes):
        own = correct[classes == name]
        expected += len(own) * _number_correct(own.mean(axis=0))
    drawn = _independent(correct, classes, resamples, seed)
    low, high = percentiles(drawn)
    table = {"correct": np.arange(count + 1), "songs": songs, "expected": expected, "low": low, "high": high}
    return pd.DataFrame(table | {"p": (1 + (drawn >= songs).sum(axis=0)) / (1 + resamples)})


def _number_correct(chances: np.ndarray) -> np.ndarray:
    """Distribution of the number of successes of independent trials [shape=(len(chances) + 1,)]."""
    found = np.ones(1)
    for chance in chances:
        found = np.convolve(found, [1 - chance, chance])
    return found


def _independent(correct: np.ndarray, classes: np.ndarray, resamples: int, seed: int) -> np.ndarray:
    """Songs that 0, 1, ... networks predict correctly [resamples, networks + 1], each network's errors permuted."""
    counts = []
    for block in permuted(correct.T, classes, resamples, seed):
        total = block.sum(axis=1)  # [resamples, songs]
        counts.append([np.bincount(row, minlength=correct.shape[1] + 1) for row in total])
    return np.concatenate(counts)
