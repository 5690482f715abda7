"""Anybody's music: a folder with one subfolder a genre."""

import hashlib
import re
import unicodedata
from pathlib import Path

import pandas as pd

from lib.datasets.file_tags import read_tags
from lib.datasets.files import any_audio, audio_files
from lib.datasets.labels import numbers, read_labels
from lib.datasets.tracks import MOODS, TRACK_COLUMNS
from lib.errors import ReportError
from lib.io import printable
from lib.paths import Study, data_folder

LABELS = "labels.csv"
TEXTS = ("genre", "artist", "title", "album", "license")  # columns of labels.csv that replace tag or folder

ABOUT = (
    "**A music collection of one's own**: one folder per genre, in it the songs, in whatever subfolders and in any "
    "format that libsndfile or FFmpeg reads. Titles, artists and albums come from the files' own tags. A file "
    "`labels.csv` beside the genre folders may add what the files do not tell: valence, moods, or further numbers "
    "to predict. The music stays where it is and keeps whatever licence its owners gave it; a page with excerpts of "
    "it should be shared only where that licence allows it."
)


def collect(study: Study, data: str | Path) -> pd.DataFrame:
    """Read a folder of music; `study` is not used.

    Parameters
    ----------
    data : path-like
        Folder with one subfolder a genre (its name is the genre; further subfolders do not matter), and
        perhaps a ``labels.csv`` with a column ``path`` (relative to the folder, or a file name that occurs
        once) or ``track_id``, and any of genre, valence (0..1), mood (sad, neutral, happy), artist, title,
        album, license and further columns of numbers. An empty cell says nothing.

    Returns
    -------
    pd.DataFrame
        One row per audio file, readable or not: ``track_id``, ``path``, ``title``, ``artist``, ``album``,
        ``license``, ``genre``, ``valence``, ``mood`` and the numbers of ``labels.csv``.

    Raises
    ------
    ReportError
        If there is no folder, no audio or no genre in it, or ``labels.csv`` is wrong.
    """
    folder = data_folder(data, "folder")
    any_audio(folder)
    files = list(audio_files(folder))
    table = pd.DataFrame([_row(folder, path) for path in files])
    table.insert(1, "path", pd.Series(list(map(str, files)), dtype=object))  # as they are, also where that is no text
    if (folder / LABELS).is_file():
        table = _labelled(table, folder / LABELS)
    if table["genre"].isna().all() and table["mood"].isna().all() and table["valence"].isna().all():
        raise ReportError(
            f"DATA={data}: {len(table)} audio files, but neither a genre nor a mood of any. Sort them into one "
            f"folder a genre, or add {LABELS} with the columns path and genre."
        )
    return table.drop(columns=["relative"])


def track_id(relative: str) -> str:
    """Id of a file, from its path relative to the data folder: readable, and the same wherever the folder lies.

    The last part, from a hash, keeps apart what the readable part, plain ASCII, does not.
    """
    relative = _normal(relative)
    plain = unicodedata.normalize("NFKD", relative.rsplit(".", 1)[0]).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:80].strip("-")
    return f"{slug or 'track'}-{hashlib.sha256(relative.encode('utf-8', 'surrogateescape')).hexdigest()[:8]}"


def _normal(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def _row(folder: Path, path: Path) -> dict:
    relative = path.relative_to(folder).as_posix()
    tags = read_tags(path)
    return {
        "track_id": track_id(relative),
        "relative": printable(_normal(relative)),
        "title": tags.get("title", printable(path.stem)),
        **{field: tags.get(field) for field in ("artist", "album", "license")},
        "genre": printable(_normal(relative.split("/")[0])).strip() if "/" in relative else None,
        "valence": float("nan"),
        "mood": None,
    }


def _labelled(table: pd.DataFrame, path: Path) -> pd.DataFrame:
    labels = read_labels(path)
    keys = [c for c in ("path", "track_id") if c in labels]
    if not keys:
        raise ReportError(f"{path}: no column 'path' or 'track_id'; it has {', '.join(labels.columns)}.")
    rows = _matched(labels[keys[0]], table, path)
    table = table.astype(dict.fromkeys((*TEXTS, "mood"), "object"))
    for column in labels.columns.difference(keys, sort=False):
        cells = labels[column]
        if column == "valence":
            values = numbers(cells, path, 0, 1, blank=True)
        elif column == "mood":
            values = cells.str.lower()
            for row in values[~values.isin([*MOODS, ""])].index:
                moods = ", ".join(MOODS)
                raise ReportError(f"{path}, row {row + 2}, column mood: {cells[row]!r} is none of {moods}.")
        elif column in TEXTS:
            values = cells.map(_normal)
        elif column == "" or column in TRACK_COLUMNS or column == "relative":
            raise ReportError(f"{path}: column {column!r} cannot be given here; remove it, or give it another name.")
        else:
            try:
                values = numbers(cells, path, blank=True)
            except ReportError as error:
                known = ", ".join(("path", "track_id", "valence", "mood", *TEXTS))
                raise ReportError(f"{error} Columns other than {known} are targets and hold numbers.") from error
            table[column] = float("nan")
        given = (cells != "").to_numpy()
        table.loc[rows[given], column] = values[given].tolist()
    return table


def _matched(cells: pd.Series, table: pd.DataFrame, path: Path) -> pd.Index:
    """Row of the table that each row of labels is about, by a column of track ids or paths."""
    key, places = cells.name, {}
    if key == "path":
        names = table["relative"].str.rsplit("/", n=1).str[-1]
        single = names[~names.duplicated(keep=False)]
        places = dict(zip(single, single.index, strict=True))
        cells = cells.map(_normal).str.replace("\\", "/").str.removeprefix("./")
    places |= dict(zip(table["relative" if key == "path" else key], table.index, strict=True))
    absent = cells[~cells.isin(list(places))]
    if len(absent):
        value = absent.iloc[0]
        several = key == "path" and "/" not in value and (table["relative"].str.endswith(f"/{value}")).sum() > 1
        why = "more than one file has this name; give its path" if several else "no audio file is called so"
        raise ReportError(
            f"{path}: {len(absent)} of {len(cells)} rows match no file, first row {absent.index[0] + 2}, "
            f"{key} {value!r} ({why}). Paths count from {path.parent}."
        )
    rows = cells.map(places)
    if (again := rows.duplicated()).any():
        row = again.idxmax()
        raise ReportError(f"{path}, row {row + 2}: {cells[row]!r} has a row already. Keep one of them.")
    return pd.Index(rows.astype(int))
