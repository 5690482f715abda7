"""Nearest songs of each song: exact search, and beyond some 100,000 songs a graph's."""

from __future__ import annotations

import numpy as np
import pandas as pd

from lib.embedding.vectors import FLAT
from lib.errors import ReportError
from lib.rich_output import Sound

CELLS = 10_000_000  # pairs compared at once: memory does not grow with the square of the songs
EXACT = 100_000  # songs up to which every pair is compared
LINKS, EFFORT = 16, 200  # of the graph; more finds more and takes longer
_APART = 4  # a song's group takes so many places at most, before a song is searched exactly


def neighbours(
    songs: pd.DataFrame, tracks: pd.DataFrame, count: int = 5, apart: str = "song_group", *, exact: int = EXACT
) -> pd.DataFrame:
    """Nearest songs of each song by the cosine of the centred vectors. Page 06.

    Up to `exact` songs every pair is compared. Beyond, Voyager searches a graph of small worlds (Malkov & Yashunin
    2020), which misses a neighbour now and then: `recall` measures how many it finds.

    Parameters
    ----------
    songs : pd.DataFrame [songs, nodes]
        As from `song_vectors`.
    tracks : pd.DataFrame
        ``track_id`` and `apart`.
    count : int > 0
        Neighbours of each song; fewer where the songs run out.
    apart : str
        Songs of one such group are not offered for each other: ``song_group`` passes over copies of the
        recording, which are no recommendation, ``artist_group`` over all songs of the artist.
    exact : int >= 0

    Returns
    -------
    pd.DataFrame
        ``track_id``, ``rank`` (1 = nearest), ``neighbour`` (a track_id), ``similarity`` (-1..1). A vector
        of no length (all nodes at their means) is similar to nothing: 0.

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
    group = groups_of(songs.index, tracks, apart)
    search = _all_pairs if len(songs) <= exact else _graph
    row, nearest, similarity = search(unit, group, count)
    ids = songs.index.to_numpy()
    found = pd.DataFrame({"track_id": ids[row], "neighbour": ids[nearest], "similarity": similarity})
    found.insert(1, "rank", found.groupby("track_id", sort=False).cumcount() + 1)
    return found


def _all_pairs(unit: np.ndarray, group: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Row of each pair, its neighbour and their cosine, row by row and nearest first, by comparing all."""
    return _compared(unit, group, count, np.arange(len(unit)))


def _compared(
    unit: np.ndarray, group: np.ndarray, count: int, asked: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    parts = []
    block = max(1, CELLS // len(unit))
    for start in range(0, len(asked), block):
        rows = asked[start : start + block]
        distance = -np.clip(unit[rows] @ unit.T, -1, 1)
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


def _graph(unit: np.ndarray, group: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """As `_all_pairs`, from Voyager's graph; a song whose group fills what was found is compared with all."""
    import voyager

    index = voyager.Index(voyager.Space.Cosine, unit.shape[1], M=LINKS, ef_construction=EFFORT, random_seed=0)
    vectors = np.ascontiguousarray(unit, dtype=np.float32)  # it reads memory row by row, whatever the strides
    ids = np.asarray(index.add_items(vectors, num_threads=1), dtype=np.int64)  # one thread: the same graph each time
    wanted = min(len(unit), _APART * count + 1)
    found, _ = index.query(vectors, k=wanted, query_ef=max(EFFORT, wanted))
    found = np.argsort(ids)[found.astype(np.int64)]
    free = group[found] != group[:, None]
    kept = free & (np.cumsum(free, axis=1) <= count)
    short = kept.sum(axis=1) < count
    kept[short] = False
    row, place = np.nonzero(kept)
    nearest = found[row, place]
    pairs = [(row, nearest, np.clip((unit[row] * unit[nearest]).sum(axis=1), -1, 1))]
    pairs += [_compared(unit, group, count, np.flatnonzero(short))] if short.any() else []
    row, nearest, similarity = (np.concatenate(column) for column in zip(*pairs, strict=True))
    order = np.lexsort((-similarity, row))
    return row[order], nearest[order], similarity[order]


def recall(exactly: pd.DataFrame, found: pd.DataFrame) -> float:
    """Share of the exact neighbours that another search found too.

    Parameters
    ----------
    exactly, found : pd.DataFrame
        As from `neighbours`, for the same songs.
    """
    both = exactly.merge(found, on=["track_id", "neighbour"])
    return len(both) / len(exactly) if len(exactly) else float("nan")


def groups_of(ids: pd.Index, tracks: pd.DataFrame, column: str) -> np.ndarray:
    """Give each song the number of its group; a song without one is a group of its own."""
    names = tracks.set_index("track_id").loc[ids, column].astype(object)
    return pd.factorize(names.where(names.notna(), "\0" + pd.Series(ids, index=ids).astype(object)))[0]


def described(near: pd.DataFrame, tracks: pd.DataFrame) -> pd.DataFrame:
    """Neighbours with title, artist, genre and mood of both songs. Page 06.

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


def examples(listed: pd.DataFrame) -> pd.DataFrame:
    """Rows of the songs whose nearest neighbour is nearest, median and farthest. Page 06.

    Parameters
    ----------
    listed : pd.DataFrame
        As from `described`.
    """
    first = listed[listed["rank"] == 1].sort_values(["similarity", "track_id"], ascending=[False, True])
    if not len(first):
        return listed
    places = dict.fromkeys([0, len(first) // 2, len(first) - 1])
    return pd.concat([listed[listed["track_id"] == first["track_id"].iloc[place]] for place in places])


def heard(shown: pd.DataFrame) -> list[Sound]:
    """Return each song of `examples` with its neighbours, in the order in which one would listen. Page 06."""
    found = []
    for song, rows in shown.groupby("track_id", sort=False):
        found += [Sound(song, "Song"), *(Sound(row.neighbour, f"Neighbour {row.rank}") for row in rows.itertuples())]
    return found
