"""Valence of songs, from several sources in order of preference; which source said what is kept by track.

What a source cannot tell is missing, never guessed; one that fails as a whole says why, and the next one is tried.
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


@dataclass(frozen=True)
class Lookup:
    """What a source knows of some tracks.

    Attributes
    ----------
    table : pd.DataFrame
        One row per track: ``valence`` (0..1 or missing), ``match`` (what the source took the track for), its
        ``score`` (0..1) and a ``note`` (why there is no valence); text is empty where it says nothing.
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


def fill(tracks: pd.DataFrame, sources: Sequence[Source]) -> tuple[pd.DataFrame, dict[str, dict]]:
    """Look up the tracks that are still without valence in one source after the other.

    Returns
    -------
    pd.DataFrame
        ``track_id``, ``valence``, ``source`` (empty where none knows it), ``match``, ``score`` and ``note``: why each
        source has none.
    dict of str to dict
        By name of the source its ``failure`` and whether trying ``later`` may help.
    """
    filled = blank(tracks).assign(track_id=tracks["track_id"], source="")
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
        filled.loc[open_[~known], "note"] += f"; {source.name}: " + found.table.loc[~known, "note"]
    filled["note"] = filled["note"].str.removeprefix("; ")
    return filled[["track_id", "valence", "source", "match", "score", "note"]], failed


def blank(tracks: pd.DataFrame) -> pd.DataFrame:
    """Return a table of `Lookup` in which nothing is known."""
    return pd.DataFrame({"valence": np.nan, "match": "", "score": np.nan, "note": ""}, index=tracks.index)


def source_failures(study: Study) -> dict[str, dict]:
    """Failures of sources as `fill` returned them to the corpus's notebook."""
    path = study.work / FAILURES
    return read_json(path) if path.is_file() else {}
