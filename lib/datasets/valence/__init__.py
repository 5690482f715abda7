"""Valence of songs, from several sources in order of preference; which source said what is kept by track.

A source is an object with a `name` and a method ``look_up(tracks)`` that returns `Lookup`. What it cannot tell
is missing, never guessed; a source that fails as a whole says why, and the next one is tried. `sources` of
`lib.datasets.valence.sources` makes them by name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pandas as pd

from lib.io import read_json
from lib.paths import Study

OWN = "own"
SPOTIFY = "spotify"
CSV = "csv:"
FAILURES = "valence.json"  # in the study's work folder
COLUMNS = ("valence", "match", "score", "note")


@dataclass(frozen=True)
class Lookup:
    """What a source knows of some tracks.

    Attributes
    ----------
    table : pd.DataFrame
        One row per track [columns=`COLUMNS`]: ``valence`` (0..1 or missing), ``match`` (what the source took the
        track for), its ``score`` (0..1) and a ``note`` (why there is no valence); text is empty where it says nothing.
    failure : str
        Why the source stopped before all of them were looked up; empty if it did not.
    later : bool
        Whether trying again another time may help.
    """

    table: pd.DataFrame
    failure: str = ""
    later: bool = False


class Source(Protocol):
    """Where valence comes from."""

    name: str

    def look_up(self, tracks: pd.DataFrame) -> Lookup:
        """Look up tracks [columns=``track_id``, ``artist``, ``title``, ``whole_s`` and the corpus's ``valence``]."""


class Own:
    """The corpus's own valence.

    Parameters
    ----------
    name : str
        Of whoever estimated or asked for it.
    """

    def __init__(self, name: str):
        self.name = name

    def look_up(self, tracks: pd.DataFrame) -> Lookup:
        """Take what the corpus holds."""
        valence = tracks["valence"].astype("float64")
        return Lookup(blank(tracks).assign(valence=valence, note=np.where(valence.isna(), "none known", "")))


def fill(tracks: pd.DataFrame, sources: Sequence[Source]) -> tuple[pd.DataFrame, dict[str, dict]]:
    """Look up the tracks that are still without valence in one source after the other.

    Parameters
    ----------
    tracks : pd.DataFrame
        As `Source.look_up` takes them.
    sources : sequence of Source

    Returns
    -------
    pd.DataFrame
        ``track_id``, ``valence``, ``source`` (empty where none knows it), ``match``, ``score`` and ``note``: why each
        source has none.
    dict of str to dict
        By name of the source its ``failure`` and whether trying ``later`` may help.
    """
    filled = blank(tracks).assign(source="")
    notes = pd.Series([[] for _ in range(len(tracks))], index=tracks.index)
    failed = {}
    for source in sources:
        open_ = filled.index[filled["valence"].isna()]
        found = source.look_up(tracks.loc[open_])
        if found.failure:
            failed[source.name] = {"failure": found.failure, "later": found.later}
        known = found.table["valence"].notna()
        columns = ["valence", "match", "score"]
        filled.loc[open_[known], columns] = found.table.loc[known, columns]
        filled.loc[open_[known], "source"] = source.name
        for index, note in found.table.loc[~known, "note"].items():
            notes[index].append(f"{source.name}: {note}")
    filled["note"] = ["; ".join(lines) for lines in notes]
    filled.insert(0, "track_id", tracks["track_id"])
    return filled[["track_id", "valence", "source", "match", "score", "note"]], failed


def blank(tracks: pd.DataFrame) -> pd.DataFrame:
    """Return a table of `Lookup` in which nothing is known."""
    empty = {"valence": np.nan, "match": "", "score": np.nan, "note": ""}
    return pd.DataFrame({name: pd.Series(value, index=tracks.index) for name, value in empty.items()})


def source_failures(study: Study) -> dict[str, dict]:
    """Failures of sources as `fill` returned them to the corpus's notebook."""
    path = study.work / FAILURES
    return read_json(path) if path.is_file() else {}
