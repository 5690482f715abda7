"""Whether a search result is the song that was searched for."""

from __future__ import annotations

import re
from typing import NamedTuple

from rapidfuzz import fuzz, utils

WEIGHTS = {"title": 0.45, "artist": 0.35, "duration": 0.2}
LEAST = 0.85  # of the whole score
LEAST_NAME = 0.8  # of title and artist each
NEAR_S, FAR_S = 3.0, 15.0  # durations that agree fully, and not at all
OTHER = 0.3  # taken off for another version of a song, or another number in a name

_VERSION = re.compile(
    r"\b(live|remix|mix|acoustic|instrumental|karaoke|cover|demo|edit|reprise|a cappella|unplugged)\b", re.IGNORECASE
)
_ASIDE = re.compile(
    r"\s*[(\[](?:feat|ft|with)\b[^)\]]*[)\]]|\s+(?:feat\.?|ft\.)\s.*$|\s*[-–(\[]\s*(?:\d{4}\s+)?remaster(?:ed)?\b.*$",
    re.IGNORECASE,
)  # fmt: skip


class Candidate(NamedTuple):
    """A song that a search found."""

    id: str
    title: str
    artists: list[str]
    seconds: float | None = None

    def __str__(self):
        return f"{', '.join(self.artists)}: {self.title}"


def score(candidate: Candidate, artist: str, title: str, seconds: float | None = None) -> float:
    """How well a candidate matches a song, 0..1; 0 if title or artist is too far off to be the same song.

    Title and artist are compared without case, punctuation and order of words; guests and remasters in a title do
    not count, but another version (live, remix, ...) does. Where both durations are known they count too.
    """
    of_title = _alike(*(_ASIDE.sub("", name) or name for name in (candidate.title, title)))
    versions, wanted = ({v.lower() for v in _VERSION.findall(name)} for name in (candidate.title, title))
    if versions != wanted:
        of_title = max(of_title - OTHER, 0.0)
    of_artist = max(_alike(name, artist) for name in (*candidate.artists, " ".join(candidate.artists)))
    if min(of_title, of_artist) < LEAST_NAME:
        return 0.0
    parts = {"title": of_title, "artist": of_artist}
    if seconds and candidate.seconds:
        apart_s = abs(seconds - candidate.seconds)
        parts["duration"] = min(max((FAR_S - apart_s) / (FAR_S - NEAR_S), 0.0), 1.0)
    return sum(WEIGHTS[name] * value for name, value in parts.items()) / sum(WEIGHTS[name] for name in parts)


def _alike(a: str, b: str) -> float:
    # Without letters of any kind ("!!!"), the default processing leaves nothing to compare.
    left, right = utils.default_process(a), utils.default_process(b)
    if not left or not right:
        return float(a.strip().casefold() == b.strip().casefold())
    alike = fuzz.token_sort_ratio(left, right) / 100
    # "Part 1" and "Part 2" differ in one letter and are two songs.
    same_numbers = sorted(re.findall(r"\d+", left)) == sorted(re.findall(r"\d+", right))
    return alike if same_numbers else max(alike - OTHER, 0.0)
