"""Nearest songs, and whether they share genre, mood and artist more often than chance."""

import numpy as np
import pandas as pd

from lib.embedding.vectors import FLAT
from lib.errors import ReportError
from lib.evaluation.intervals import accuracy_interval
from lib.sounds import Sound

BLOCK = 1024  # songs compared at once: memory grows with the songs, not with their square


def neighbours(songs: pd.DataFrame, tracks: pd.DataFrame, count: int = 5, apart: str = "song_group") -> pd.DataFrame:
    """Nearest songs of each song by the cosine of the centred vectors. Page 06.

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
    centred = (songs - songs.mean()).to_numpy()
    length = np.linalg.norm(centred, axis=1, keepdims=True)
    unit = np.divide(centred, length, where=length > FLAT * length.max(initial=0), out=np.zeros_like(centred))
    group = _groups(songs.index, tracks, apart)
    parts = []
    for start in range(0, len(unit), BLOCK):
        rows = np.arange(start, min(start + BLOCK, len(unit)))
        similarity = np.clip(unit[rows] @ unit.T, -1, 1)
        similarity[group[rows][:, None] == group[None, :]] = -np.inf
        nearest = np.argsort(-similarity, axis=1, kind="stable")[:, :count]
        found = pd.DataFrame(
            {
                "track_id": np.repeat(songs.index.to_numpy()[rows], nearest.shape[1]),
                "rank": np.tile(np.arange(1, nearest.shape[1] + 1), len(rows)),
                "neighbour": songs.index.to_numpy()[nearest.ravel()],
                "similarity": np.take_along_axis(similarity, nearest, axis=1).ravel(),
            }
        )
        parts.append(found[np.isfinite(found["similarity"])])
    return pd.concat(parts, ignore_index=True)


def _groups(ids: pd.Index, tracks: pd.DataFrame, column: str) -> np.ndarray:
    """Give each song the number of its group; a song without one is a group of its own."""
    names = tracks.set_index("track_id").loc[ids, column].astype(object)
    return pd.factorize(names.where(names.notna(), "\0" + pd.Series(ids, index=ids).astype(object)))[0]


def neighbour_hits(
    near: pd.DataFrame,
    songs: pd.DataFrame,
    tracks: pd.DataFrame,
    apart: str = "song_group",
    *,
    resamples: int = 2000,
    seed: int = 0,
) -> pd.DataFrame:
    """How often a neighbour has the genre, mood or artist of the song it was found for.

    Parameters
    ----------
    near : pd.DataFrame
        As from `neighbours`.
    songs : pd.DataFrame
        The songs among which they were sought, as from `song_vectors`.
    tracks : pd.DataFrame
        The tracks table.
    apart : str
        What `neighbours` was given.
    resamples, seed : int
        Of the bootstrap over songs with their copies.

    Returns
    -------
    pd.DataFrame
        ``same`` (genre, mood, artist), ``share`` of neighbours with its 95 % interval ``low``, ``high``,
        ``chance`` (neighbours drawn at random from the songs that may be offered), ``n_songs``. Pairs of
        which one label is missing are left out, and so is artist where the artist's own songs are.
    """
    table = tracks.set_index("track_id").loc[songs.index]
    copies = pd.Series(_groups(songs.index, tracks, "song_group"), index=songs.index)
    barred = pd.Series(_groups(songs.index, tracks, apart), index=songs.index)
    rows = []
    for name, column in (("genre", "genre"), ("mood", "mood"), ("artist", "artist_group")):
        label = table[column].astype(object)
        label = label[label.notna()]
        pairs = near[near["track_id"].isin(label.index) & near["neighbour"].isin(label.index)]
        if not len(pairs) or column == apart:
            continue
        right = label.loc[pairs["track_id"]].to_numpy() == label.loc[pairs["neighbour"]].to_numpy()
        tally = pd.Series(right).groupby(pairs["track_id"].to_numpy()).agg(["sum", "count"])
        groups = pd.factorize(copies.loc[tally.index])[0]
        one_stratum = np.zeros(groups.max() + 1, dtype=int)
        share, low, high = accuracy_interval(
            tally["sum"], tally["count"], groups, one_stratum, resamples=resamples, seed=seed
        )
        chance = _chance(label, barred.loc[label.index], tally.index)
        rows.append({"same": name, "share": share, "low": low, "high": high, "chance": chance, "n_songs": len(tally)})
    return pd.DataFrame(rows, columns=["same", "share", "low", "high", "chance", "n_songs"])


def hits_among(
    near: dict[str, tuple[str, pd.DataFrame]], songs: pd.DataFrame, tracks: pd.DataFrame, *, seed: int = 0
) -> pd.DataFrame:
    """`neighbour_hits` of several searches, with a column ``among`` in front. Page 06.

    Parameters
    ----------
    near : dict
        Where was sought -> (the `apart` of the search, what it found).
    """
    parts = []
    for among, (apart, found) in near.items():
        hits = neighbour_hits(found, songs, tracks, apart, seed=seed)
        hits.insert(0, "among", among)
        parts.append(hits)
    return pd.concat(parts, ignore_index=True)


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


def _chance(label: pd.Series, barred: pd.Series, queries: pd.Index) -> float:
    """Share of like labels among the songs that may be offered, mean over the `queries`."""
    frame = pd.DataFrame({"label": label, "barred": barred})
    same = frame.groupby("label")["barred"].transform("size")
    own = frame.groupby("barred")["label"].transform("size")
    both = frame.groupby(["label", "barred"])["barred"].transform("size")
    others = len(frame) - own
    return float(((same - both) / others.where(others > 0)).loc[queries].mean())
