"""Valence from a table of one's own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from lib.datasets.artist_names import name_key
from lib.datasets.labels import numbers, read_labels
from lib.datasets.valence import Lookup, blank
from lib.errors import ReportError


class Listed:
    """A CSV file with a column ``valence`` (0..1) and ``track_id``, or ``artist`` and ``title``.

    Artists and titles are compared without case, accents, punctuation and a leading "The".

    Parameters
    ----------
    path : Path

    Raises
    ------
    ReportError
        If the file is wrong, or a track stands in it twice.
    """

    def __init__(self, path: Path):
        self.name = path.name
        table = read_labels(path)
        keys = ["track_id"] if "track_id" in table else ["artist", "title"]
        missing = [column for column in (*keys, "valence") if column not in table]
        if missing:
            raise ReportError(
                f"{path}: no column {missing[0]!r}; it needs valence and either track_id, or artist and title. It has "
                f"{', '.join(table.columns)}."
            )
        self._keys = keys
        values = numbers(table["valence"], path, 0, 1, blank=True)
        rows = _keys_of(table, keys)
        again = rows[rows.duplicated()]
        if len(again):
            named = " by ".join(reversed([table.loc[again.index[0], key] for key in keys]))
            raise ReportError(f"{path}, row {again.index[0] + 2}: {named!r} has a row already. Keep one of them.")
        self._values = dict(zip(rows, values, strict=True))

    def look_up(self, tracks: pd.DataFrame) -> Lookup:
        """Look the tracks up; see `lib.datasets.valence.Source`."""
        table = blank(tracks)
        keys = _keys_of(tracks, self._keys)
        table["valence"] = keys.map(lambda key: self._values.get(key, np.nan)).astype("float64")
        listed = keys.isin(list(self._values))
        table["note"] = np.select([table["valence"].notna(), listed], ["", "no valence there"], "not listed")
        return Lookup(table)


def _keys_of(table: pd.DataFrame, columns: list[str]) -> pd.Series:
    if columns == ["track_id"]:
        return table["track_id"].astype("object")
    cells = [table[column].fillna("").map(name_key) for column in columns]
    return pd.Series(list(zip(*cells, strict=True)), index=table.index, dtype="object")
