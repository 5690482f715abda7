"""Which tracks must never lie on two sides of a split: copies of one recording, songs of one artist."""

from collections.abc import Hashable, Iterable

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from lib.datasets.artist_names import artist_names
from lib.datasets.fingerprint import likeness

SAME_RECORDING = 0.75  # share of equal bits; see `copies`
SHARED_WORDS = 2  # equal words that make a pair worth comparing; copies under 10 dB of noise share 15 or more
WORDS = 5_000_000  # looked at at once
COMMON = 24  # tracks; a word that more of them hold (a held note, a drum loop) tells nothing


def copies(fingerprints: list[np.ndarray], threshold: float = SAME_RECORDING) -> pd.DataFrame:
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
    threshold : float
        Least share of equal bits.

    Returns
    -------
    pd.DataFrame
        Columns ``a`` < ``b`` (places in `fingerprints`), ``share`` (of equal bits) and ``shift_s``
        (seconds by which b comes later), best first.
    """
    rows = []
    for a, b in _candidates(fingerprints):
        share, shift_s = likeness(fingerprints[a], fingerprints[b])
        if share >= threshold:
            rows.append((a, b, share, shift_s))
    found = pd.DataFrame(rows, columns=["a", "b", "share", "shift_s"])
    return found.sort_values("share", ascending=False, kind="stable", ignore_index=True)


def _candidates(fingerprints: list[np.ndarray]) -> list[tuple[int, int]]:
    """Pairs of tracks that share at least `SHARED_WORDS` words that are not common."""
    unique = [np.unique(words[words != 0]) for words in fingerprints]
    if not sum(map(len, unique)):
        return []
    some = 1 + sum(map(len, unique)) // WORDS
    found = [_sharing([words[words % some == rest] for words in unique]) for rest in range(some)]
    pair, place = np.unique(np.concatenate([pair for pair, _ in found]), return_inverse=True)
    shared = np.bincount(place, weights=np.concatenate([count for _, count in found]))
    return [divmod(int(p), len(unique)) for p in pair[shared >= SHARED_WORDS]]


def _sharing(unique: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of tracks, as first * tracks + second, and how many words that are not common they share."""
    words = np.concatenate(unique)
    track = np.repeat(np.arange(len(unique)), [len(part) for part in unique])
    order = np.lexsort((track, words))
    words, track = words[order], track[order]
    starts = np.flatnonzero(np.r_[True, words[1:] != words[:-1]])
    sizes = np.diff(np.r_[starts, len(words)])
    kept = np.repeat(sizes <= COMMON, sizes)
    words, track = words[kept], track[kept]
    pairs = [np.empty(0, dtype=np.int64)]
    for step in range(1, min(COMMON, len(words))):
        same = words[step:] == words[:-step]
        pairs.append(track[:-step][same].astype(np.int64) * len(unique) + track[step:][same])
    return np.unique(np.concatenate(pairs), return_counts=True)


def song_groups(
    track_ids: Iterable[str], sha256: Iterable[str | None], fingerprints: list[np.ndarray]
) -> tuple[pd.Series, pd.DataFrame]:
    """Group the copies of one recording: the same bytes, or fingerprints that agree.

    Parameters
    ----------
    track_ids : iterable of str
        Unique.
    sha256 : iterable of str or missing
        Of each file's bytes.
    fingerprints : list of np.ndarray
        Of each track, empty where there is none.

    Returns
    -------
    groups : pd.Series
        The smallest track id of each track's group, in the order of `track_ids`.
    matches : pd.DataFrame
        The pairs that the fingerprints found: ``track_a``, ``track_b``, ``share``, ``shift_s``.
    """
    ids = [str(track_id) for track_id in track_ids]
    found = copies(fingerprints)
    edges: list[tuple[int, Hashable]] = [(a, ("track", b)) for a, b in zip(found["a"], found["b"], strict=True)]
    edges += [(i, ("sha256", value)) for i, value in enumerate(sha256) if not pd.isna(value)]
    labels = _components(len(ids), edges)
    matches = pd.DataFrame(
        {
            "track_a": [ids[a] for a in found["a"]],
            "track_b": [ids[b] for b in found["b"]],
            "share": found["share"].astype(float),
            "shift_s": found["shift_s"].astype(float),
        }
    )
    return _smallest(ids, labels), matches


def artist_groups(tracks: pd.DataFrame) -> pd.Series:
    """Group the songs that share an artist, over all genres.

    The groups are the connected components of tracks, artists' names (`lib.datasets.artist_names`) and song
    groups: two tracks that share a name, or a recording, are in one. Where a track has no artist, its
    album stands in.

    Parameters
    ----------
    tracks : pd.DataFrame
        Columns ``track_id``, ``artist``, ``title``, ``album`` and ``song_group``.

    Returns
    -------
    pd.Series [dtype=string]
        The smallest track id of each track's group, with the index of `tracks`; missing where neither an
        artist nor an album is known.
    """
    names = artist_names(tracks)
    edges: list[tuple[int, Hashable]] = [(i, name) for i, held in enumerate(names) for name in held]
    edges += [(i, ("song", group)) for i, group in enumerate(tracks["song_group"]) if not pd.isna(group)]
    labels = _components(len(tracks), edges)
    known = set(labels[[bool(held) for held in names]].tolist()) if len(tracks) else set()
    groups = _smallest([str(i) for i in tracks["track_id"]], labels).set_axis(tracks.index)
    return groups.where([label in known for label in labels.tolist()])


def _components(count: int, edges: list[tuple[int, Hashable]]) -> np.ndarray:
    """Component of each track 0..count-1, given (track, thing it is joined through)."""
    nodes: dict[Hashable, int] = {("track", i): i for i in range(count)}
    ends = [nodes.setdefault(thing, len(nodes)) for _, thing in edges]
    starts = [track for track, _ in edges]
    graph = coo_array((np.ones(len(edges), dtype=np.int8), (starts, ends)), shape=(len(nodes), len(nodes)))
    return connected_components(graph.tocsr(), directed=False)[1][:count]


def _smallest(ids: list[str], labels: np.ndarray) -> pd.Series:
    table = pd.Series(ids, dtype="string")
    return table.groupby(labels).transform("min").astype("string")
