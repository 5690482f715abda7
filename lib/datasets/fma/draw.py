"""Which tracks of FMA a study is made of: seeded, in one order for everybody."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from itertools import zip_longest

import numpy as np
import pandas as pd

from lib.datasets.artist_names import is_artist, name_key
from lib.datasets.fma.metadata import MOOD_BOUNDS, subset_of
from lib.errors import ReportError

GENRES = ("Rock", "Hip-Hop", "Pop", "Folk", "Instrumental", "Electronic")  # the poster's
# fma_small: without sound, or a second or two of it (mdeff/fma).
KNOWN_BAD = frozenset({98565, 98567, 98569, 99134, 108925, 133297})


@dataclass(frozen=True)
class Draw:
    """What is wanted of FMA."""

    subset: str = "small"  # one of `lib.datasets.fma.metadata.SUBSETS`
    genres: tuple[str, ...] = GENRES
    songs: int = 75  # a genre; 0 = all that there are
    per_artist: int = 3  # at most so many songs of an artist a genre, where the artist is known; 0 = any number
    equal_moods: bool = False  # sad, neutral and happy songs (valence cut at thirds) in turn, while there are any
    seed: int = 0

    def __post_init__(self):
        for name in ("songs", "per_artist", "seed"):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or value < 0:
                raise ReportError(f"{name} is {value!r}; it must be a whole number of 0 or more.")
        if not self.genres or len(set(self.genres)) < len(self.genres):
            raise ReportError(f"genres is {list(self.genres)}; it must name at least one genre, each once.")


def ordered(metadata: pd.DataFrame, draw: Draw) -> dict[str, list[int]]:
    """Candidates of each genre in the order in which they are taken.

    Songs with valence come before those without; otherwise chance decides, from the seed and the genre's
    name alone, so that a genre's order does not depend on the other genres. Raises `ReportError` if a genre is unknown.
    """
    there = subset_of(metadata, draw.subset)
    there = there[~there.index.isin(KNOWN_BAD)].sort_index()
    found = {}
    for genre in draw.genres:
        own = there[there["genre"] == genre]
        if not len(own):
            known = ", ".join(sorted(there["genre"].dropna().unique()))
            raise ReportError(f"genres holds {genre!r}, which fma_{draw.subset} has not; it has {known}.")
        rng = np.random.default_rng([draw.seed, zlib.crc32(genre.encode())])
        own = own.iloc[rng.permutation(len(own))]
        known = own["valence"].notna()
        first = own.index[known].tolist()
        if draw.equal_moods:
            mood = np.digitize(own.loc[first, "valence"], MOOD_BOUNDS)
            turns = zip_longest(*([track for track, m in zip(first, mood, strict=True) if m == n] for n in range(3)))
            first = [track for turn in turns for track in turn if track is not None]
        found[genre] = first + own.index[~known].tolist()
    return found


def choose(
    order: dict[str, list[int]], artists: pd.Series, draw: Draw, bad: Collection[int] = ()
) -> dict[str, list[int]]:
    """Take the first tracks of each genre that are not bad, no artist more often than wanted.

    A pure function: who finds the same clips bad gets the same songs, in whatever order they were found.

    Parameters
    ----------
    order : dict
        Tracks by genre, from `ordered`.
    artists : pd.Series of str
        By track number; missing where unknown.
    bad : collection of int
        Track numbers.

    Raises
    ------
    ReportError
        If a genre has too few.
    """
    bad = frozenset(bad)
    chosen = {}
    for genre, tracks in order.items():
        taken: list[int] = []
        times: Counter[str] = Counter()
        for track in tracks:
            if draw.songs and len(taken) == draw.songs:
                break
            artist = artists.get(track)
            key = name_key(artist) if is_artist(artist) else None
            often = key is not None and 0 < draw.per_artist <= times[key]
            if track not in bad and not often:
                times[key] += 1
                taken.append(track)
        if len(taken) < max(draw.songs, 1):
            raise ReportError(
                f"fma_{draw.subset} gives {len(taken)} usable songs of {genre!r}, but {draw.songs or 1} are wanted: of "
                f"{len(tracks)} candidates {len(bad.intersection(tracks))} are bad, and an artist counts "
                f"{draw.per_artist or 'any number of'} times. Lower songs, raise per_artist (0 = no limit), "
                "or take a larger subset."
            )
        chosen[genre] = taken
    return chosen
