"""Emotify: 400 songs of four genres with the emotions that listeners felt."""

from pathlib import Path

import pandas as pd

from lib.audio import SUFFIXES
from lib.datasets.file_tags import read_tags
from lib.datasets.labels import numbers, read_labels
from lib.errors import ReportError
from lib.paths import Study, data_folder

GENRES = ("classical", "rock", "electronic", "pop")  # in the order of the global track ids
SONGS = 100  # a genre
EMOTIONS = (
    "amazement", "solemnity", "tenderness", "nostalgia", "calmness", "power", "joyful_activation", "tension", "sadness",
)  # fmt: skip
VALENCE_PARTS = ("joyful_activation", "sadness")  # that valence is computed from
LICENSE = "CC BY-NC-SA (Magnatune)"
LABEL_FILES = ("emotions.csv", "data.csv")  # means over the listeners, or each listener
PAGE = "http://www2.projects.science.uu.nl/memotion/emotifydata/"

ABOUT = (
    "**Emotify** (Aljanaki et al. 2016) holds 400 songs of the label Magnatune, 100 each of classical, "
    "rock, electronic and pop music. In an online game, listeners heard a song and marked which of nine emotions they "
    "*felt*: amazement, solemnity, tenderness, nostalgia, calmness, power, joyful activation, tension and sadness, the "
    "terms of the Geneva Emotional Music Scale (Zentner et al. 2008, doi 10.1037/1528-3542.8.4.494). An "
    "emotion's value is the share of a song's listeners who felt it. Emotify asks for no valence; this report takes "
    "(1 + joyful activation - sadness) / 2, which is 1 if every listener felt joyful activation and none sadness. "
    "The music is licensed CC BY-NC-SA by Magnatune and its artists, who are credited one by one in chapter "
    "1; the authors ask to cite "
    "A. Aljanaki, F. Wiering and R. C. Veltkamp, *Studying emotion induced by music through a crowdsourcing game*, "
    "Information Processing & Management 52(1), 2016, doi 10.1016/j.ipm.2015.03.004. "
    f"Data: {PAGE}."
)


def collect(study: Study, data: str | Path) -> pd.DataFrame:
    """Read Emotify's songs and labels; `study` is not used.

    Parameters
    ----------
    data : path-like
        Folder in the official layout: ``<genre>/<n>.mp3`` (also within ``emotifymusic/``, as the archive
        unpacks) beside ``data.csv`` (one row per listener and song), ``emotions.csv`` (one row per song) or both.

    Returns
    -------
    pd.DataFrame
        ``track_id`` (such as ``emotify-rock-005``), ``path``, ``title``, ``artist``, ``album``,
        ``license``, ``genre``, ``valence`` and the nine `EMOTIONS` (0..1); with ``data.csv`` also the number of its
        ``listeners`` and of those who ``felt_both`` joyful activation and sadness. A song without labels keeps its
        genre; labels without a song are a row whose file is missing.

    Raises
    ------
    ReportError
        If folder, songs or labels are missing, or labels are wrong or match no song.
    """
    folder = data_folder(data, "emotify")
    music = folder if any((folder / genre).is_dir() for genre in GENRES) else folder / "emotifymusic"
    songs = _songs(music if music.is_dir() else folder)
    labels, file = _labels(folder)
    if not set(songs) & set(labels.index):
        raise ReportError(
            f"{file}: none of its {len(labels)} track ids (such as {_examples(labels.index)}) belongs to "
            f"one of the {len(songs)} songs in {folder} (ids such as {_examples(songs)})."
        )
    rows = {}
    for number in sorted({*songs, *labels.index}):
        genre, n = GENRES[(number - 1) // SONGS], (number - 1) % SONGS + 1
        path = songs.get(number, music / genre / f"{n}.mp3")
        tags = read_tags(path) if number in songs else {}
        rows[number] = {
            "track_id": f"emotify-{genre}-{n:03d}",
            "path": str(path),
            "title": tags.get("title", f"{genre} {n}"),
            "artist": tags.get("artist"),
            "album": tags.get("album"),
            "license": LICENSE,
            "genre": genre.title(),
        }
    table = pd.DataFrame(list(rows.values()), index=list(rows)).join(labels).reset_index(drop=True)
    table["valence"] = (1 + table["joyful_activation"] - table["sadness"]) / 2
    return table


def _songs(folder: Path) -> dict[int, Path]:
    """Path of each song by its global track id."""
    songs: dict[int, Path] = {}
    for order, genre in enumerate(GENRES):
        for path in sorted((folder / genre).glob("[!.]*")):
            if path.suffix.lower() not in SUFFIXES:
                continue
            n = int(path.stem) if path.stem.isascii() and path.stem.isdigit() else 0
            if not 1 <= n <= SONGS:
                raise ReportError(
                    f"{path}: Emotify's songs are named 1.mp3 to {SONGS}.mp3. Move this file elsewhere, or use "
                    "STUDY=folder for music of your own."
                )
            if other := songs.get(order * SONGS + n):
                raise ReportError(f"{path} and {other.name} are both song {n}. Keep one of them.")
            songs[order * SONGS + n] = path
    if not songs:
        raise ReportError(
            f"DATA={folder}: no song in the folders {', '.join(GENRES)}. Unpack emotifymusic.zip ({PAGE}) here, "
            "so that classical/1.mp3 is one of its files."
        )
    return songs


def _labels(folder: Path) -> tuple[pd.DataFrame, Path]:
    """Mean of the emotions by global track id, with the counts of `data.csv`, and the file they are from."""
    paths = [folder / name for name in LABEL_FILES if (folder / name).is_file()]
    if not paths:
        raise ReportError(f"DATA={folder}: neither {' nor '.join(LABEL_FILES)} is there. Get data.csv from {PAGE}.")
    labels = _read(paths[0]).groupby(level=0).mean()
    if paths[-1].name == "data.csv":
        each = _read(paths[-1])
        felt_both = each[[*VALENCE_PARTS]].min(axis=1) > 0
        labels["listeners"] = each.groupby(level=0).size()
        labels["felt_both"] = felt_both.groupby(level=0).sum()
    return labels, paths[0]


def _read(path: Path) -> pd.DataFrame:
    """Emotions of each row of a label file, by global track id."""
    table = read_labels(path)
    absent = [c for c in ("track_id", "genre", *EMOTIONS) if c not in table]
    if absent:
        raise ReportError(
            f"{path}: the header lacks {', '.join(absent)}; it has {', '.join(table.columns[:20])}. Get the file anew "
            f"from {PAGE}."
        )
    track = numbers(table["track_id"], path, 1, len(GENRES) * SONGS)
    if (wrong := track % 1 != 0).any():
        row = wrong.idxmax()
        raise ReportError(f"{path}, row {row + 2}: track id {track[row]:g} is not a whole number.")
    track = track.astype(int)
    expected = ((track - 1) // SONGS).map(dict(enumerate(GENRES)))
    for row in track[table["genre"].str.lower() != expected].index:
        first = (track[row] - 1) // SONGS * SONGS + 1
        raise ReportError(
            f"{path}, row {row + 2}: track {track[row]} is called {table['genre'][row]!r}, but tracks {first} to "
            f"{first + SONGS - 1} are {expected[row]}."
        )
    values = pd.DataFrame({e: numbers(table[e], path, 0, 1) for e in EMOTIONS})
    if path.name == "emotions.csv" and (again := track.duplicated()).any():
        row = again.idxmax()
        raise ReportError(
            f"{path}, row {row + 2}: track {track[row]} has a row already; this file has one row per song."
        )
    return values.set_index(track)


def _examples(ids) -> str:
    return ", ".join(str(number) for number in sorted(ids)[:3])
