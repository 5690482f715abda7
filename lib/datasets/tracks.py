"""The tracks table: the contract between the corpora and everything after them, one row per track, parquet."""

from pathlib import Path

import numpy as np
import pandas as pd

from lib.errors import ReportError
from lib.io import printable

MOODS = ("sad", "neutral", "happy")
QUADRANTS = ("Q1", "Q2", "Q3", "Q4")  # of valence and arousal (Russell 1980): happy, tense, sad, calm
STATUSES = ("ok", "missing", "unreadable", "short", "silent")
TRACK_COLUMNS = (
    "track_id", "path", "title", "artist", "album", "license", "genre", "valence", "mood", "duration_s",
    "sha256", "artist_group", "song_group", "status", "reason",
)  # fmt: skip
NUMBERS = ("valence", "duration_s")  # among them; the others are text
OPTIONAL = ("official", "album_group")  # text that only some corpora have: FMA's own split, albums
COUNTS = ("listeners", "felt_both")  # likewise: Emotify's listeners, and those who felt joyful activation and sadness


def numeric_targets(tracks: pd.DataFrame) -> list[str]:
    """Names of the numeric targets of a tracks table: ``valence`` and every column beyond the contract."""
    others = [c for c in tracks.columns if c not in TRACK_COLUMNS and pd.api.types.is_float_dtype(tracks[c])]
    return ["valence", *others]


def mood_scale(moods: pd.Series) -> tuple[str, ...]:
    """`QUADRANTS` where some moods are such, else `MOODS`."""
    return QUADRANTS if moods.isin(QUADRANTS).any() else MOODS


def tracks_table(rows: pd.DataFrame) -> pd.DataFrame:
    """Bring `rows` into the form of the tracks table and check it.

    Parameters
    ----------
    rows : pd.DataFrame
        At least ``track_id``, ``path`` and ``status``.

    Returns
    -------
    pd.DataFrame
        Columns `TRACK_COLUMNS` (empty where `rows` has none), those of `OPTIONAL` and `COUNTS` that `rows` has, and
        then every further numeric target, sorted by ``track_id``; text is ``string``, counts are ``Int64``, numbers
        ``float64``.

    Raises
    ------
    ReportError
        If an id repeats, a status or mood is unknown, or a valence lies outside 0..1.
    """
    extra = [c for c in (*OPTIONAL, *COUNTS) if c in rows]
    others = [c for c in rows.columns if c not in (*TRACK_COLUMNS, *extra)]
    table = rows.reindex(columns=[*TRACK_COLUMNS, *extra, *others])
    for column in TRACK_COLUMNS:
        if column not in NUMBERS:
            table[column] = table[column].map(printable, na_action="ignore")
    kinds = dict.fromkeys(table.columns, "string") | dict.fromkeys((*NUMBERS, *others), "float64")
    kinds |= {c: "Int64" for c in COUNTS if c in table}
    table = table.astype(kinds).sort_values("track_id", ignore_index=True)

    if table["track_id"].isna().any() or table["path"].isna().any():
        raise ReportError("tracks table: a row has no track_id or no path.")
    repeated = table.loc[table["track_id"].duplicated(), "track_id"]
    if len(repeated):
        raise ReportError(f"tracks table: track_id {repeated.iloc[0]!r} is in more than one row.")
    for column, allowed in (("status", STATUSES), ("mood", MOODS + QUADRANTS)):
        wrong = table.loc[table[column].notna() & ~table[column].isin(allowed), column]
        if len(wrong):
            raise ReportError(f"tracks table: {column} {wrong.iloc[0]!r} is none of {', '.join(allowed)}.")
    wrong = table[table["valence"].notna() & ~table["valence"].between(0, 1)]
    if len(wrong):
        raise ReportError(
            f"tracks table: valence {wrong['valence'].iloc[0]} of track {wrong['track_id'].iloc[0]} is outside 0..1."
        )
    return table


def moods(valence: pd.Series, cuts: str = "terciles") -> tuple[pd.Series, tuple[float, float]]:
    """Cut valence into sad, neutral and happy.

    Parameters
    ----------
    valence : pd.Series
        0..1 or missing.
    cuts : str
        ``"terciles"`` of the known values, or two numbers such as ``"0.333,0.667"``; a value on a cut
        belongs to the higher class.

    Returns
    -------
    mood : pd.Series
        One of `MOODS`, missing where valence is.
    cuts : tuple of two floats
        The cuts used.

    Raises
    ------
    ReportError
        If `cuts` is neither ``terciles`` nor two rising numbers within 0..1.
    """
    if cuts == "terciles":
        known = valence.dropna()
        low, high = np.quantile(known, [1 / 3, 2 / 3]).tolist() if len(known) else (1 / 3, 2 / 3)
    else:
        try:
            low, high = (float(part) for part in str(cuts).split(","))
        except ValueError:
            low, high = 1.0, 0.0
        if not 0 < low < high < 1:
            raise ReportError(f"mood_cuts {cuts!r}: give 'terciles' or two rising numbers such as '0.333,0.667'.")
    index = (valence >= low).astype(int) + (valence >= high).astype(int)
    mood = index.map(dict(enumerate(MOODS))).astype("string").where(valence.notna())
    return mood, (low, high)


def read_tracks(path: Path, columns: list[str] | None = None) -> pd.DataFrame:
    """Read the tracks table, or some of its columns."""
    return pd.read_parquet(path, columns=columns)
