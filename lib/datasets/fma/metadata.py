"""FMA's metadata as published: ``tracks.csv`` and ``echonest.csv`` (Defferrard et al., ISMIR 2017).

Both files have several header rows, then a row that names the index.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pandas as pd

from lib.datasets.tracks import MOODS
from lib.errors import ReportError

SUBSETS = ("small", "medium", "large")  # each holds those before it
SPLITS = {"training": "train", "validation": "validation", "test": "test"}
TRACKS, ECHONEST = "fma_metadata/tracks.csv", "fma_metadata/echonest.csv"  # as named in the archive
MOOD_BOUNDS = (1 / 3, 2 / 3)  # of valence, where a draw or a count needs moods before there is a study
FEATURES = ("danceability", "energy", "acousticness", "instrumentalness", "liveness", "speechiness")
_COLUMNS = {
    "track/title": "title",
    "artist/name": "artist",
    "album/title": "album",
    "track/license": "license",
    "track/genre_top": "genre",
    "track/duration": "whole_s",
    "set/subset": "subset",
    "set/split": "official",
}
_FEATURE_COLUMNS = {f"echonest/audio_features/{name}": name for name in ("valence", *FEATURES)}
_SHORT = "Get fma_metadata.zip anew, see https://github.com/mdeff/fma."


def read_metadata(tracks: Path, echonest: Path) -> pd.DataFrame:
    """Read what is known of every track, heard or not.

    Returns
    -------
    pd.DataFrame, index=track number
        ``title``, ``artist``, ``album``, ``license``, ``genre`` (the one top genre, missing where a track has
        several), ``subset`` (the smallest that holds it), ``official`` (train, validation or test; artists are on one
        side only), ``whole_s`` (seconds of the whole track, of which the clip is 30), and from Echo Nest
        ``valence`` and `FEATURES` (0..1), missing for most.

    Raises
    ------
    ReportError
        If a file is not what was published under its name.
    """
    table = _read(tracks, _COLUMNS, headers=2)
    for column, known in (("subset", SUBSETS), ("official", tuple(SPLITS))):
        for track, wrong in table.loc[~table[column].isin(known), column].dropna().items():
            raise ReportError(f"{tracks}, track {track}: {column} {wrong!r} is none of {known}.")
    table["official"] = table["official"].map(SPLITS)
    table["whole_s"] = pd.to_numeric(table["whole_s"], errors="coerce").astype("float64")
    features = _read(echonest, _FEATURE_COLUMNS, headers=3).apply(pd.to_numeric, errors="coerce").astype("float64")
    valence = features["valence"].dropna()
    for track, wrong in valence[~valence.between(0, 1)].items():
        raise ReportError(f"{echonest}, track {track}: valence {wrong:g} is outside 0..1. {_SHORT}")
    return table.join(features)


def subset_of(metadata: pd.DataFrame, subset: str) -> pd.DataFrame:
    """Tracks of a subset, those of the smaller ones included; raises `ReportError` if there is no such subset."""
    if subset not in SUBSETS:
        raise ReportError(f"subset {subset!r} is unknown; there are {', '.join(SUBSETS)}.")
    return metadata[metadata["subset"].isin(SUBSETS[: SUBSETS.index(subset) + 1])]


def archive_counts(metadata: pd.DataFrame, subset: str) -> pd.DataFrame:
    """Count what there is to draw from, by top genre.

    Returns
    -------
    pd.DataFrame, index=genre
        ``tracks``, ``artists`` (those known), ``valence`` (tracks that have one) and, of these, the shares that are
        ``sad``, ``neutral`` and ``happy`` with valence cut at `MOOD_BOUNDS`; the last row is all of them.
    """
    there = subset_of(metadata, subset)
    there = there[there["genre"].notna()]
    rows = {}
    for genre, part in [*there.groupby("genre"), ("all", there)]:
        known = part["valence"].dropna()
        mood = np.bincount(np.digitize(known, MOOD_BOUNDS), minlength=3) / max(len(known), 1)
        counts = {"tracks": len(part), "artists": part["artist"].nunique(), "valence": len(known)}
        rows[genre] = counts | dict(zip(MOODS, mood if len(known) else [np.nan] * 3, strict=True))
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("genre")


def _read(path: Path, wanted: dict[str, str], headers: int) -> pd.DataFrame:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = csv.reader(file)
            names = ["/".join(parts) for parts in zip(*(next(rows) for _ in range(headers)), strict=True)]
        for name in wanted:
            if name not in names:
                raise ReportError(f"{path}: the header has no column {name!r}. {_SHORT}")
        places = [names.index(name) for name in wanted]
        table = pd.read_csv(
            path, skiprows=headers + 1, header=None, usecols=[0, *places], index_col=0, encoding="utf-8",
            dtype=dict.fromkeys(places, "string") | {0: np.int64}, keep_default_na=False,
        )  # fmt: skip
    except (ValueError, StopIteration, OSError) as error:
        raise ReportError(f"{path} cannot be read as FMA publishes it: {error}. {_SHORT}") from error
    if table.index.has_duplicates:
        raise ReportError(f"{path}: track {table.index[table.index.duplicated()][0]} has more than one row. {_SHORT}")
    table = table[places].set_axis(list(wanted.values()), axis=1).rename_axis("track")
    return table.apply(lambda column: column.str.strip().replace("", pd.NA))
