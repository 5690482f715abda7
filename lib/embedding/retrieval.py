"""Nearest songs of each song as recommendations: neighbours of like genre, mood or artist against chance, and hubs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from lib.embedding.vectors import FLAT
from lib.errors import ReportError
from lib.evaluation.bootstrap import BOOTSTRAP, Bootstrap, bounded, clusters, columns, pairs, share

CELLS = 10_000_000  # pairs compared at once
ALIKE = {"genre": "genre", "mood": "mood", "artist": "artist_group"}
FIRST = (1, 5, 10)  # how many of the nearest songs are looked at
AMONG = {"all other songs": "song_group", "songs by other artists": "artist_group"}
HITS_COLUMNS = ["by", "among", "first", "same", "share", "low", "high", "chance", "n_songs", *bounded("ahead")]


def neighbours(songs: pd.DataFrame, tracks: pd.DataFrame, count: int = 5, apart: str = "song_group") -> pd.DataFrame:
    """Nearest songs of each song by the cosine of the centred vectors.

    All pairs are compared, a block of rows at a time: memory does not grow with the square of the songs.

    Parameters
    ----------
    songs : pd.DataFrame [songs, units]
        As from `song_vectors`.
    count : int > 0
        Neighbours of each song; fewer where the songs run out.
    apart : str
        Songs of one such group are not offered for each other: ``song_group`` passes over copies of the
        recording, which are no recommendation, ``artist_group`` over all songs of the artist.

    Returns
    -------
    pd.DataFrame
        ``track_id``, ``rank`` (1 = nearest), ``neighbour`` (a track_id), ``similarity`` (-1..1). A vector
        of no length (all units at their means) is similar to nothing: 0.

    Raises
    ------
    ReportError
        If `count` is below 1.
    """
    if count < 1:
        raise ReportError(f"neighbours is {count}; it must be 1 or more.")
    centred = (songs - songs.mean()).to_numpy(float)
    length = np.linalg.norm(centred, axis=1, keepdims=True)
    unit = np.divide(centred, length, where=length > FLAT * length.max(initial=0), out=np.zeros_like(centred))
    row, nearest, similarity = _compared(unit, groups_of(songs.index, tracks, apart), count)
    ids = songs.index.to_numpy()
    found = pd.DataFrame({"track_id": ids[row], "neighbour": ids[nearest], "similarity": similarity})
    found.insert(1, "rank", found.groupby("track_id", sort=False).cumcount() + 1)
    return found


def _compared(unit: np.ndarray, group: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Row of each pair, its neighbour and their cosine, row by row and nearest first."""
    parts = []
    block = max(1, CELLS // len(unit))
    for start in range(0, len(unit), block):
        rows = np.arange(start, min(start + block, len(unit)))
        distance = unit[rows] @ unit.T
        np.negative(np.clip(distance, -1, 1, out=distance), out=distance)
        distance[group[rows][:, None] == group[None, :]] = np.inf
        if len(unit) > 4 * count:  # the first few need not be sorted with all others; of equal ones, any may be taken
            some = np.sort(np.argpartition(distance, count - 1, axis=1)[:, :count], axis=1)
        else:
            some = np.broadcast_to(np.arange(len(unit)), distance.shape)
        order = np.argsort(np.take_along_axis(distance, some, axis=1), axis=1, kind="stable")[:, :count]
        nearest = np.take_along_axis(some, order, axis=1)
        own = -np.take_along_axis(distance, nearest, axis=1)
        known = np.isfinite(own)
        parts.append((np.repeat(rows, known.sum(axis=1)), nearest[known], own[known]))
    return tuple(np.concatenate(column) for column in zip(*parts, strict=True))


def groups_of(ids: pd.Index, tracks: pd.DataFrame, column: str) -> np.ndarray:
    """Give each song the number of its group; a song without one is a group of its own."""
    names = tracks.set_index("track_id").loc[ids, column].astype(object)
    return pd.factorize(names.where(names.notna(), "\0" + pd.Series(ids, index=ids).astype(object)))[0]


@dataclass(frozen=True)
class Search:
    """Nearest songs by one representation, each song's among the test songs of its own fold."""

    near: pd.DataFrame  # as from `neighbours`, of all folds
    fold: pd.Series  # of each song, by ``track_id``
    apart: str  # songs of one such group were passed over


def search(folds: Sequence[pd.DataFrame], tracks: pd.DataFrame, apart: str, count: int = max(FIRST)) -> Search:
    """Find the `neighbours` of the test songs of each fold, every column [songs, width] brought to a spread of 1."""
    spreads = [songs.std(ddof=0) for songs in folds]
    even = [songs.loc[:, own > 0] / own[own > 0] for songs, own in zip(folds, spreads, strict=True)]
    near = [neighbours(songs, tracks, count, apart) for songs in even]
    fold = pd.Series(np.repeat(np.arange(len(folds)), [len(songs) for songs in folds]))
    return Search(pd.concat(near, ignore_index=True), fold.set_axis([i for songs in folds for i in songs.index]), apart)


def tally(found: Search, tracks: pd.DataFrame, same: str, first: int) -> pd.DataFrame:
    """Count the neighbours of each song, of the `first`, that have the `same` of `ALIKE`.

    Returns
    -------
    pd.DataFrame
        ``alike``, ``count`` and ``chance`` (share of like songs among those that may be neighbours) of each song, by
        ``track_id``. Pairs of which one label is missing are left out.
    """
    label = tracks.set_index("track_id")[ALIKE[same]].reindex(found.fold.index).astype(object)
    label = label[label.notna()]
    pairs = found.near.loc[found.near["rank"] <= first]
    pairs = pairs[pairs["track_id"].isin(label.index) & pairs["neighbour"].isin(label.index)]
    alike = label.loc[pairs["track_id"]].to_numpy() == label.loc[pairs["neighbour"]].to_numpy()
    table = pd.Series(alike).groupby(pairs["track_id"].to_numpy()).agg(["sum", "count"])
    table.columns = ["alike", "count"]
    barred = groups_of(label.index, tracks, found.apart)
    chance = _chance(label, pd.Series(barred, index=label.index), found.fold.loc[label.index])
    return table.assign(chance=chance.reindex(table.index)).rename_axis("track_id")


def _chance(label: pd.Series, barred: pd.Series, fold: pd.Series) -> pd.Series:
    """Share of like labels among the songs of its fold that may be neighbours, for each song."""
    frame = pd.DataFrame({"label": label, "barred": barred, "fold": fold})
    total = frame.groupby("fold")["label"].transform("size")
    same = frame.groupby(["fold", "label"])["barred"].transform("size")
    own = frame.groupby(["fold", "barred"])["label"].transform("size")
    both = frame.groupby(["fold", "label", "barred"])["barred"].transform("size")
    others = total - own
    return (same - both) / others.where(others > 0)


def hits(
    found: Mapping[tuple[str, str], Search],
    tracks: pd.DataFrame,
    bootstrap: Bootstrap = BOOTSTRAP,
    *,
    first: Sequence[int] = FIRST,
) -> pd.DataFrame:
    """Share of neighbours with the genre, mood or artist of the song.

    Parameters
    ----------
    found : mapping of (str, str) to Search
        (Representation, songs searched) -> what was found; the first of each set of songs is the reference.
    first : sequence of int
        Numbers of neighbours.

    Returns
    -------
    pd.DataFrame
        Columns `HITS_COLUMNS`: ``share`` of the neighbours with its 95 % interval over artists within genre,
        ``chance`` (neighbours drawn at random from the songs that may be offered), and by how much the first
        representation is ``ahead`` of this one, paired over the songs. Artists are left out where an artist's own
        songs are.
    """
    rows = []
    for (by, among), one in found.items():
        ahead = next(other for (_, where), other in found.items() if where == among)
        for k in first:
            for same, column in ALIKE.items():
                if column == one.apart:
                    continue
                own = tally(one, tracks, same, k)
                if not len(own):
                    continue
                drawn = clusters(tracks.set_index("track_id").loc[own.index].reset_index())
                row = {"by": by, "among": among, "first": k, "same": same, "chance": float(own["chance"].mean())}
                row |= columns("share", bootstrap.ratio(pairs(own["alike"], own["count"]), *drawn), "low", "high")
                row |= {"n_songs": len(own)}
                if one is not ahead:
                    best = tally(ahead, tracks, same, k).reindex(own.index)
                    gain = (best["alike"] / best["count"] - own["alike"] / own["count"]).fillna(0)
                    sums = pairs(gain, np.ones(len(gain)))
                    row |= columns("ahead", bootstrap.interval(sums, share, *drawn))
                rows.append(row)
    return pd.DataFrame(rows, columns=HITS_COLUMNS)


def hubs(found: Mapping[tuple[str, str], Search], first: int = 10) -> pd.DataFrame:
    """Hubness: how unevenly songs are recommended.

    Returns
    -------
    pd.DataFrame
        ``by``, ``among``, ``skewness`` of how often a song is among the first of others (Radovanovic et al. 2010:
        far above 1 where there are hubs; 0 here where all are offered equally often), ``most`` (how often the greatest
        hub is), and ``never`` (share of songs that are never among them).
    """
    from scipy.stats import skew

    rows = []
    for (by, among), one in found.items():
        near = one.near.loc[one.near["rank"] <= first]
        times = near["neighbour"].value_counts().reindex(one.fold.index.unique(), fill_value=0)
        row = {"by": by, "among": among, "skewness": float(skew(times)) if times.nunique() > 1 else 0.0}
        rows.append(row | {"most": int(times.max()), "never": float((times == 0).mean())})
    return pd.DataFrame(rows, columns=["by", "among", "skewness", "most", "never"])


def described(near: pd.DataFrame, tracks: pd.DataFrame) -> pd.DataFrame:
    """Neighbours with title, artist, genre and mood of both songs.

    Returns
    -------
    pd.DataFrame
        ``title``, ``artist``, ``genre``, ``mood``, ``rank``, ``similarity``, the same four of the neighbour
        with ``next_`` in front, ``track_id``, ``neighbour``.
    """
    what = ["title", "artist", "genre", "mood"]
    table = tracks.set_index("track_id")[what].astype(object)
    own = table.loc[near["track_id"]].reset_index(drop=True)
    others = table.loc[near["neighbour"]].reset_index(drop=True).add_prefix("next_")
    rest = near.reset_index(drop=True)
    return pd.concat([own, rest[["rank", "similarity"]], others, rest[["track_id", "neighbour"]]], axis=1)


def examples(near: pd.DataFrame) -> pd.DataFrame:
    """Rows of the songs whose nearest neighbour is nearest, median and farthest."""
    first = near[near["rank"] == 1].sort_values(["similarity", "track_id"], ascending=[False, True])
    if not len(first):
        return near
    places = dict.fromkeys([0, len(first) // 2, len(first) - 1])
    return pd.concat([near[near["track_id"] == first["track_id"].iloc[place]] for place in places])
