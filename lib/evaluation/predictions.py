"""Test predictions of all folds and seeds of a network together, and what they add up to by song."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from lib import baselines
from lib.errors import ReportError
from lib.evaluation.poster import POSTER
from lib.recipes import BASELINE, order_of
from lib.runs import SELECTED, Finished, Run
from lib.splits import CONTROLS, PROTOCOLS

LEVELS = ("slice", "song")
STALE = " (stale)"
_SONG = ["song_group", "artist_group", "genre", "title", "artist"]


@dataclass(frozen=True)
class Tested:
    """Answers of one head of one network under one protocol and recipe, all its folds and seeds.

    Attributes
    ----------
    network : str
        Architecture, with `STALE` behind it if the runs were made with other data or code than now.
    protocol, recipe, head : str
    runs : tuple of Run
    folds : int
        Folds that the protocol has, run or not.
    slices : pd.DataFrame
        One row a slice and seed: ``seed``, ``slice``, ``track_id``, ``true`` and what was answered.
    songs : pd.DataFrame
        The same by song, without ``slice`` and with ``n_slices``; the answer is that of the mean.
    tracks : pd.DataFrame
        Groups, genre, title and artist of the songs, by ``track_id``.
    """

    network: str
    protocol: str
    recipe: str
    head: str
    runs: tuple[Run, ...]
    folds: int
    slices: pd.DataFrame
    songs: pd.DataFrame
    tracks: pd.DataFrame

    @property
    def baseline(self) -> bool:
        """Whether this is no network, but what a network must beat."""
        return self.recipe == BASELINE

    def frame(self, level: str) -> pd.DataFrame:
        """Rows of one of the `LEVELS`."""
        return self.songs if level == "song" else self.slices


def added_up(frame: pd.DataFrame, values: np.ndarray) -> tuple[pd.Index, np.ndarray]:
    """Add the rows of a table up by song and seed.

    Parameters
    ----------
    frame : pd.DataFrame
        ``track_id`` and ``seed``.
    values : np.ndarray [shape=(len(frame), ...)]

    Returns
    -------
    track_id : pd.Index [songs]
    sums : np.ndarray [shape=(songs, seeds, ...)]
        0 where a seed did not test a song.
    """
    song, songs = pd.factorize(frame["track_id"], sort=True)
    seed, seeds = pd.factorize(frame["seed"], sort=True)
    sums = np.zeros((len(songs), len(seeds), *values.shape[1:]))
    np.add.at(sums, (song, seed), values)
    return pd.Index(songs, name="track_id"), sums


@dataclass(frozen=True)
class Pool:
    """Finished runs of one network, protocol and recipe.

    Attributes
    ----------
    about : dict
        ``network``, ``protocol``, ``recipe``, ``runs`` and ``folds`` of the answers made of it.
    runs : list of Finished
    table : pd.DataFrame
        Their test predictions, with the ``seed``.
    heads : dict of str to dict
        Classes of each head as keys; none for a number.
    """

    about: dict
    runs: list[Finished]
    table: pd.DataFrame
    heads: dict[str, dict]

    def answers(self, head: str, columns: list[str], labels: pd.Series) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Mean of the answers by slice and by song, of songs with a label and of runs with the head.

        Parameters
        ----------
        head : str
        columns : list of str
            Columns of the answers in the table.
        labels : pd.Series
            Known labels by ``track_id``.
        """
        own = self.table.loc[self.table["track_id"].isin(labels.index)]
        known = own.reindex(columns=["seed", "slice", "track_id", *columns])
        known[columns] = known[columns].astype("float64")
        # a head that some of the runs do not have says nothing in those runs
        known = known.dropna(subset=columns, how="all").fillna(dict.fromkeys(columns, 0.0))
        slices = known.groupby(["seed", "slice", "track_id"], as_index=False)[columns].mean()
        by_song = known.groupby(["seed", "track_id"])
        songs = by_song[columns].mean().assign(n_slices=by_song["slice"].nunique()).reset_index()
        return slices.assign(true=slices["track_id"].map(labels)), songs.assign(true=songs["track_id"].map(labels))


def whole(runs: Sequence[Finished]) -> list[Finished]:
    """Pick the runs of whole training sets and networks, no controls, no shares, no fewer heads. Pages 05 and 09."""
    return [run for run in runs if run.run.protocol in PROTOCOLS and run.run.share == 1 and not run.run.heads]


def controls(runs: Sequence[Finished]) -> list[Finished]:
    """Pick the runs of the controls, `lib.splits.CONTROLS`. Page 05."""
    return [run for run in runs if run.run.protocol in CONTROLS]


def known_labels(tracks: pd.DataFrame, head: str) -> pd.Series:
    """Labels of a head that are not missing, by ``track_id``; none if the tracks have no such column."""
    labels = tracks[head] if head in tracks else pd.Series(pd.NA, index=tracks.index)
    return labels[labels.notna()]


def song_facts(tracks: pd.DataFrame, songs: pd.DataFrame) -> pd.DataFrame:
    """Return groups, genre, title and artist of some songs, as `Tested.tracks` holds them."""
    return tracks.loc[songs["track_id"].unique(), _SONG]


def pools(runs: Sequence[Finished], tracks: pd.DataFrame, part: str = "test") -> Iterator[Pool]:
    """Pool finished runs: folds of one seed together, seeds side by side; stale runs apart.

    Parameters
    ----------
    runs : sequence of Finished
    tracks : pd.DataFrame
        By ``track_id``.
    part : str
        ``test``, or ``dev`` for candidates.

    Yields
    ------
    Pool
        Networks in the poster's order, then others by name, then what was selected, then baselines; of one
        network by protocol (leakiest first) and recipe.

    Raises
    ------
    ReportError
        If there is no run, or a run that is not stale tested a track that the tracks table lacks.
    """
    if not runs:
        raise ReportError("No finished run to evaluate. Run notebooks/04_training.ipynb first, or `make report`.")
    pooled: dict[tuple[str, str, str], list[Finished]] = {}
    for finished in runs:
        run = finished.run
        key = (run.architecture + (STALE if finished.stale else ""), run.protocol, run.recipe)
        pooled.setdefault(key, []).append(finished)
    for key, own in pooled.items():
        shares = {finished.run.share for finished in own}
        if len(shares) > 1:
            raise ReportError(
                f"{key[0]} under {key[1]} was trained on {len(shares)} shares of the artists, which cannot be pooled; "
                "evaluate the runs of one share at a time."
            )
    for key in sorted(pooled, key=_order):
        own = pooled[key]
        heads: dict[str, dict] = {}
        for finished in own:
            for head, classes in finished.metrics["heads"].items():
                heads.setdefault(head, {}).update(dict.fromkeys(classes))
        about = dict(zip(("network", "protocol", "recipe"), key, strict=True))
        about["runs"] = tuple(finished.run for finished in own)
        about["folds"] = max(int(finished.metrics["run"].get("folds") or 0) for finished in own)
        yield Pool(about, own, pd.concat([_tested(one, tracks, part) for one in own], ignore_index=True), heads)


def _order(key: tuple[str, str, str]) -> tuple:
    network, protocol, recipe = key
    known = [*POSTER]
    name = network.removesuffix(STALE)
    place = known.index(name) if name in known else len(known) + (name == SELECTED)
    if recipe == BASELINE and name in baselines.NAMES:
        place = baselines.NAMES.index(name)
    strictness = PROTOCOLS.index(protocol) if protocol in PROTOCOLS else len(PROTOCOLS)
    return recipe == BASELINE, network != name, place, network, strictness, protocol, order_of(recipe)


def _tested(finished: Finished, tracks: pd.DataFrame, part: str) -> pd.DataFrame:
    table = finished.predictions(part)
    unknown = table.loc[~table["track_id"].isin(tracks.index), "track_id"]
    if len(unknown) and not finished.stale:
        raise ReportError(
            f"{finished.folder}: its {part} predictions hold track {unknown.iloc[0]!r}, which the tracks table "
            "lacks. Delete that run's folder and run notebooks/04_training.ipynb again."
        )
    return table.assign(seed=finished.run.seed)
