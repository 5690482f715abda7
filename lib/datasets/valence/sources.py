"""The sources of valence that a study names."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from lib.datasets.valence import CSV, OWN, SPOTIFY, Own, Source
from lib.datasets.valence.listed import Listed
from lib.datasets.valence.spotify import Spotify
from lib.errors import ReportError
from lib.paths import given_file


def sources(names: Sequence[str], *, own: str, cache: Path) -> list[Source]:
    """Make the sources that a study names.

    Parameters
    ----------
    names : sequence of str
        ``own`` (the corpus's), ``spotify``, or ``csv:`` with the path of a table of one's own; the first that
        knows a track counts.
    own : str
        Name of the corpus's own source.
    cache : Path
        File that keeps what a service answered.

    Raises
    ------
    ReportError
        If a name is unknown or stands there twice, or a table is missing or wrong.
    """
    made: list[Source] = []
    for position, name in enumerate(names):
        if name in names[:position]:
            raise ReportError(f"valence names the source {name!r} twice; keep one of them.")
        if name == OWN:
            made.append(Own(own))
        elif name == SPOTIFY:
            made.append(Spotify(cache))
        elif str(name).startswith(CSV):
            made.append(Listed(given_file(name.removeprefix(CSV), "valence source csv")))
        else:
            raise ReportError(f"valence source {name!r} is unknown; there are {OWN}, {SPOTIFY} and {CSV}<file>.")
    return made
