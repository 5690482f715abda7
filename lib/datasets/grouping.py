"""Which tracks must never lie on two sides of a split: copies of one recording, songs of one artist."""

from collections.abc import Hashable, Iterable

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from lib.datasets.artist_names import artist_names, name_key, remixes
from lib.datasets.fingerprint import likeness

SAME_RECORDING = 0.75  # share of equal bits; see `copies`
SHARED_WORDS = 2  # equal words that make a pair worth comparing; copies under 10 dB of noise share 15 or more
WORDS = 5_000_000  # looked at at once
COMMON = 24  # tracks; a word that more of them hold (a held note, a drum loop) tells nothing


def copies(fingerprints: list[np.ndarray]) -> pd.DataFrame:
    """Find the pairs of fingerprints that are one recording.

    Only pairs that share some words exactly are compared at all shifts, so the cost grows nearly linearly
    with the number of tracks (the search of Haitsma and Kalker 2002). The paper takes two recordings for
    one below a bit error rate of .35; here .25 must be met, over 8 s of sound, because machine-made songs
    of one tempo and one drum sound come nearer to each other than played ones. On Emotify's 400 songs, all
    pairs compared, copies reach .88 or more and no other pair .60.

    Parameters
    ----------
    fingerprints : list of np.ndarray [dtype=uint32]
        As `lib.datasets.fingerprint.fingerprint` makes them; an empty one matches nothing.

    Returns
    -------
    pd.DataFrame
        Columns ``a`` < ``b`` (places in `fingerprints`), ``share`` (of equal bits) and ``shift_s``
        (seconds by which b comes later), best first.
    """
    rows = [(a, b, *likeness(fingerprints[a], fingerprints[b])) for a, b in _candidates(fingerprints)]
    found = pd.DataFrame([row for row in rows if row[2] >= SAME_RECORDING], columns=["a", "b", "share", "shift_s"])
    return found.sort_values("share", ascending=False, kind="stable", ignore_index=True)


def _candidates(fingerprints: list[np.ndarray]) -> list[tuple[int, int]]:
    """Pairs of tracks that share at least `SHARED_WORDS` words that are not common."""
    if not fingerprints:
        return []
    unique = [np.unique(words[words != 0]) for words in fingerprints]
    chunks = 1 + sum(map(len, unique)) // WORDS
    shared = sum(_shared([words[words % chunks == rest] for words in unique]) for rest in range(chunks))
    return sorted(zip(*(tracks.tolist() for tracks in (shared >= SHARED_WORDS).nonzero()), strict=True))


def _shared(unique: list[np.ndarray]) -> sparse.csr_array:
    """Count the words that are not common of each pair of tracks, the first before the second [tracks, tracks]."""
    tracks = np.repeat(np.arange(len(unique)), [len(words) for words in unique])
    known, places, counts = np.unique(np.concatenate(unique), return_inverse=True, return_counts=True)
    kept = counts[places] <= COMMON
    ones = np.ones(np.count_nonzero(kept), dtype=np.int32)
    held = sparse.csr_array((ones, (tracks[kept], places[kept])), shape=(len(unique), len(known)))
    return sparse.triu(held @ held.T, k=1, format="csr")


def song_groups(track_ids: Iterable[str], sha256: Iterable[str | None], fingerprints: list[np.ndarray]) -> pd.Series:
    """Group the copies of one recording: the same bytes, or fingerprints that agree.

    Parameters
    ----------
    track_ids, sha256 : iterable of str
        Of each track; a checksum of its bytes may be missing.
    fingerprints : list of np.ndarray
        As `copies` takes them.

    Returns
    -------
    pd.Series [dtype=string]
        The smallest track id of each track's group, in the order of `track_ids`.
    """
    found = copies(fingerprints)
    edges: list[tuple[int, Hashable]] = [(a, ("track", b)) for a, b in zip(found["a"], found["b"], strict=True)]
    edges += [(i, ("sha256", value)) for i, value in enumerate(sha256) if not pd.isna(value)]
    ids = pd.Series([str(track_id) for track_id in track_ids], dtype="string")
    return _smallest(ids, _components(len(ids), edges))


def artist_groups(tracks: pd.DataFrame, *, by_title: bool = False) -> pd.Series:
    """Group the songs that share an artist, over all genres.

    The groups are the connected components of tracks [columns=``track_id``, ``artist``, ``title``, ``album``,
    ``song_group``], artists' names (`lib.datasets.artist_names`) and song groups: two tracks that share a name, or a
    recording, are in one. Where a track has no artist, its album takes its place. With `by_title` the artists of one
    song's remixes are in one, too, as far as titles tell.

    Returns
    -------
    pd.Series [dtype=string]
        The smallest track id of each track's group, with the index of `tracks`; missing where neither an
        artist nor an album is known.
    """
    names = artist_names(tracks)
    edges: list[tuple[int, Hashable]] = [(i, name) for i, held in enumerate(names) for name in held]
    edges += [(i, ("song", group)) for i, group in enumerate(tracks["song_group"]) if not pd.isna(group)]
    if by_title:
        edges += [(i, ("track", j)) for i, j in remixes(tracks["title"].astype(object).fillna("").map(str).tolist())]
    labels = _components(len(tracks), edges)
    known = labels[np.array([bool(held) for held in names], dtype=bool)]
    return _smallest(tracks["track_id"].astype("string"), labels).where(np.isin(labels, known))


def album_groups(tracks: pd.DataFrame) -> pd.Series:
    """Group the songs of one album by one artist, and the copies of a recording.

    Parameters
    ----------
    tracks : pd.DataFrame
        ``track_id``, ``album``, ``artist_group`` and ``song_group``. Albums of one name by several artists are several.

    Returns
    -------
    pd.Series [dtype=string]
        As of `artist_groups`; missing where no album is known.
    """
    album = tracks["album"].astype(object).map(lambda name: "" if pd.isna(name) else name_key(str(name)))
    edges: list[tuple[int, Hashable]] = [
        (i, ("album", artist, name))
        for i, (artist, name) in enumerate(zip(tracks["artist_group"].astype(object).fillna(""), album, strict=True))
        if name
    ]
    edges += [(i, ("song", group)) for i, group in enumerate(tracks["song_group"]) if not pd.isna(group)]
    labels = _components(len(tracks), edges)
    known = labels[album.to_numpy() != ""]
    return _smallest(tracks["track_id"].astype("string"), labels).where(np.isin(labels, known))


def _components(count: int, edges: list[tuple[int, Hashable]]) -> np.ndarray:
    """Component of each track 0..count-1, given (track, thing it is joined through)."""
    nodes: dict[Hashable, int] = {("track", i): i for i in range(count)}
    ends = [nodes.setdefault(thing, len(nodes)) for _, thing in edges]
    starts = [track for track, _ in edges]
    graph = sparse.coo_array((np.ones(len(edges), dtype=np.int8), (starts, ends)), shape=(len(nodes), len(nodes)))
    return connected_components(graph.tocsr(), directed=False)[1][:count]


def _smallest(ids: pd.Series, labels: np.ndarray) -> pd.Series:
    return ids.groupby(labels).transform("min").astype("string")
