"""The sources of valence that a study names: the corpus's own, a table of one's own, a service."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from lib.datasets.artist_names import name_key
from lib.datasets.labels import numbers, read_labels
from lib.datasets.valence import CSV, OWN, SPOTIFY, Lookup, Source, blank
from lib.datasets.valence.spotify import Spotify
from lib.errors import ReportError
from lib.paths import given_file


def sources(names: Sequence[str], *, own: str, cache: Path) -> list[Source]:
    """Make the sources that a study names, of which the first that knows a track counts.

    Parameters
    ----------
    names : sequence of str
        ``own`` (the corpus's), ``spotify``, or ``csv:`` with the path of a table of one's own.
    own : str
        Name of the corpus's own source.
    cache : Path
        File that keeps what a service answered.

    Raises
    ------
    ReportError
        If a name is unknown or is there twice, or a table is missing or wrong.
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


@dataclass
class Own:
    """The corpus's own valence, by the name of whoever estimated or asked for it."""

    name: str

    def look_up(self, tracks: pd.DataFrame) -> Lookup:
        """Take what the corpus holds."""
        valence = tracks["valence"].astype("float64")
        return Lookup(blank(tracks).assign(valence=valence, note=np.where(valence.isna(), "none known", "")))


class Listed:
    """A CSV file with a column ``valence`` (0..1) and ``track_id``, or ``artist`` and ``title``.

    Artists and titles are compared without case, accents, punctuation and a leading "The".

    Raises
    ------
    ReportError
        If the file is wrong, or a track is in it twice.
    """

    def __init__(self, path: Path):
        self.name = path.name
        table = read_labels(path)
        self._columns = ["track_id"] if "track_id" in table else ["artist", "title"]
        for column in (*self._columns, "valence"):
            if column not in table:
                raise ReportError(
                    f"{path}: no column {column!r}; it needs valence and either track_id, or artist and title. It has "
                    f"{', '.join(table.columns)}."
                )
        keys = self._keys(table)
        values = numbers(table["valence"], path, 0, 1, blank=True)
        for row in keys[keys.duplicated()].index:
            named = " by ".join(table.loc[row, self._columns[::-1]])
            raise ReportError(f"{path}, row {row + 2}: {named!r} has a row already. Keep one of them.")
        self._values = dict(zip(keys, values, strict=True))

    def look_up(self, tracks: pd.DataFrame) -> Lookup:
        """Look the tracks up; see `lib.datasets.valence.Source`."""
        keys = self._keys(tracks)
        valence = keys.map(lambda key: self._values.get(key, np.nan)).astype("float64")
        note = np.select([valence.notna(), keys.isin(list(self._values))], ["", "no valence there"], "not listed")
        return Lookup(blank(tracks).assign(valence=valence, note=note))

    def _keys(self, table: pd.DataFrame) -> pd.Series:
        if self._columns == ["track_id"]:
            return table["track_id"].astype("object")
        cells = [table[column].fillna("").map(name_key) for column in self._columns]
        return pd.Series(list(zip(*cells, strict=True)), index=table.index, dtype="object")
