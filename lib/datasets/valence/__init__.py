"""Valence of songs, from several sources in order of preference; which source said what is kept by track.

A source is an object with a `name` and a method ``ask(tracks)`` that returns `Answers`. What it cannot tell
is missing, never guessed; a source that fails as a whole says why, and the next one is asked. `sources` of
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
TROUBLES = "valence.json"  # in the study's work folder
COLUMNS = ("valence", "match", "score", "note")


@dataclass(frozen=True)
class Answers:
    """What a source says of the tracks that it was asked about.

    Attributes
    ----------
    table : pd.DataFrame
        Rows as asked [columns=`COLUMNS`]: ``valence`` (0..1 or missing), ``match`` (what the source took the
        track for), its ``score`` (0..1) and a ``note`` (why there is no valence); text is empty where it says nothing.
    trouble : str
        Why the source stopped before it had been asked about all of them; empty if it did not.
    later : bool
        Whether asking again another time may help.
    """

    table: pd.DataFrame
    trouble: str = ""
    later: bool = False


class Source(Protocol):
    """Where valence comes from."""

    name: str

    def ask(self, tracks: pd.DataFrame) -> Answers:
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

    def ask(self, tracks: pd.DataFrame) -> Answers:
        """Take what the corpus holds."""
        valence = tracks["valence"].astype("float64")
        return Answers(blank(tracks).assign(valence=valence, note=np.where(valence.isna(), "none known", "")))


def fill(tracks: pd.DataFrame, asked: Sequence[Source]) -> tuple[pd.DataFrame, dict[str, dict]]:
    """Ask one source after the other about the tracks that are still without valence.

    Parameters
    ----------
    tracks : pd.DataFrame
        As `Source.ask` takes them.
    asked : sequence of Source

    Returns
    -------
    pd.DataFrame
        ``track_id``, ``valence``, ``source`` (empty where none knows it), ``match``, ``score`` and ``note``: what each
        source that could not tell said.
    dict of str to dict
        By name of the source its ``trouble`` and whether asking ``later`` may help.
    """
    found = blank(tracks).assign(source="")
    notes = pd.Series([[] for _ in range(len(tracks))], index=tracks.index)
    troubles = {}
    for source in asked:
        open_ = found.index[found["valence"].isna()]
        answers = source.ask(tracks.loc[open_])
        if answers.trouble:
            troubles[source.name] = {"trouble": answers.trouble, "later": answers.later}
        known = answers.table["valence"].notna()
        columns = ["valence", "match", "score"]
        found.loc[open_[known], columns] = answers.table.loc[known, columns]
        found.loc[open_[known], "source"] = source.name
        for index, note in answers.table.loc[~known, "note"].items():
            notes[index].append(f"{source.name}: {note}")
    found["note"] = ["; ".join(said) for said in notes]
    found.insert(0, "track_id", tracks["track_id"])
    return found[["track_id", "valence", "source", "match", "score", "note"]], troubles


def blank(tracks: pd.DataFrame) -> pd.DataFrame:
    """Answers that say nothing."""
    empty = {"valence": np.nan, "match": "", "score": np.nan, "note": ""}
    return pd.DataFrame({name: pd.Series(value, index=tracks.index) for name, value in empty.items()})


def troubles(study: Study) -> dict[str, dict]:
    """Read what `fill` said of the sources that stopped, as the corpus's notebook wrote it down."""
    path = study.work / TROUBLES
    return read_json(path) if path.is_file() else {}
