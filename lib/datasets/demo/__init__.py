"""The built-in corpus: music that the project composes and synthesises itself.

Six genres after the poster, with artists and songs that each have a sound of their own, so that what is known of
real corpora (formats, tags, leakage of song and artist into a test set; Flexer and Schnitzer 2010,
doi 10.1162/COMJ_a_00004) can be seen without a download. It says nothing about real music: every rule that a network
can find here was put in by the composer.
"""

import hashlib
import re
from contextlib import closing
from dataclasses import asdict
from functools import cache
from numbers import Integral, Real
from pathlib import Path

import pandas as pd
import soundfile

from lib import pool
from lib.datasets.demo.catalogue import MOST_SONGS, NAMES
from lib.datasets.demo.composition import SUFFIXES, Song, compose
from lib.datasets.demo.files import LICENSE, write_song
from lib.datasets.demo.synthesis import render
from lib.errors import ReportError
from lib.io import checksum, sweep
from lib.paths import Study
from lib.progress import tell
from lib.provenance import code_digest

__all__ = ["LICENSE", "NAMES", "Song", "collect", "compose", "render"]

SHORTEST, LONGEST = 3, 600  # seconds
COLUMNS = (
    "track_id", "path", "title", "artist", "album", "license", "genre", "valence", "energy", "danceability",
)  # fmt: skip
TIMEOUT_S = 600.0  # for one song on a busy machine
_OWN_FILE = re.compile(rf"[a-z-]+-\d+-[0-9a-f]{{12}}\.({'|'.join(SUFFIXES)})")


def collect(
    study: Study,
    data: Path | None = None,
    *,
    songs_per_genre: int = 12,
    seconds: float = 30.0,
    seed: int = 0,
    workers: int = 0,
) -> pd.DataFrame:
    """Compose what is missing of the corpus and list it.

    A file's name tells what went into it, so that a file that is there is the right one; those that this call
    does not ask for are deleted.

    Parameters
    ----------
    study : Study
        The music goes to ``study.audio``, one folder per genre.
    data : None
        This corpus needs no folder of music.
    songs_per_genre : int in 1..100
        Two songs per artist; up to six songs, one per artist.
    seconds : float in 3..600
        Length of each song.
    seed : int >= 0
        The same seed gives the same bytes (with the same versions of the libraries).
    workers : int >= 0
        Processes; 0 = one per core, 1 = this one.

    Returns
    -------
    pd.DataFrame
        One row per song [columns=`COLUMNS`]; ``valence``, ``energy`` and ``danceability`` are 0..1.

    Raises
    ------
    ReportError
        If a parameter is out of bounds, a folder is given, or a song cannot be written.
    """
    if data is not None and str(data) not in ("", "."):
        raise ReportError(
            f"DATA {str(data)!r}: the demo corpus composes its own music and reads none. Leave DATA away, or name "
            "the study that reads it, such as STUDY=folder."
        )
    _check("songs_per_genre", songs_per_genre, 1, MOST_SONGS, Integral)
    _check("seconds", seconds, SHORTEST, LONGEST, Real)
    _check("seed", seed, 0, 2**32 - 1, Integral)
    songs = [
        compose(genre, index, seed, songs_per_genre, seconds) for genre in NAMES for index in range(songs_per_genre)
    ]
    paths = [study.audio / _file_name(song) for song in songs]
    missing = [(song, path) for song, path in zip(songs, paths, strict=True) if not path.is_file()]
    if missing:
        _compose_all(missing, workers)
    for path in study.audio.glob("*/*"):
        if _OWN_FILE.fullmatch(path.name) and path not in paths:  # of other parameters
            path.unlink()
    rows = [
        (s.track_id, str(path), s.title, s.artist.name, s.album, LICENSE, s.genre, s.valence, s.energy, s.danceability)
        for s, path in zip(songs, paths, strict=True)
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def _check(name: str, value: object, low: int, high: int, kind: type) -> None:
    if isinstance(value, bool) or not isinstance(value, kind) or not low <= value <= high:
        number = "whole number" if kind is Integral else "number"
        raise ReportError(f"demo: {name} is {value!r}; give a {number} from {low} to {high}.")


def _compose_all(missing: list[tuple[Song, Path]], workers: int) -> None:
    """Make files, here or in worker processes."""
    if workers == 1:
        results = ((item, _make(item), "") for item in missing)
    else:
        results = pool.run(_make, missing, workers=workers, timeout_s=TIMEOUT_S)
    try:
        with closing(results):
            for number, ((_, path), _, reason) in enumerate(results, 1):
                if reason:
                    raise ReportError(f"{path} could not be composed: {reason.removeprefix('ReportError: ')}")
                tell(f"composing {number}/{len(missing)}", every=0.2 if number < len(missing) else 0.0)
    finally:
        for folder in {path.parent for _, path in missing}:  # a worker that is stopped cannot clear up itself
            sweep(folder)


def _make(item: tuple[Song, Path]) -> None:
    song, path = item
    write_song(render(song), song, path)


def _file_name(song: Song) -> str:
    """Such as ``rock/rock-01-2f9d0c55a1b3.mp3``: number, and hash of all that decides the bytes."""
    key = hashlib.sha256(f"{_composer()} {asdict(song)}".encode()).hexdigest()[:12]
    return f"{song.genre.lower()}/{song.track_id}-{key}.{song.suffix}"


@cache
def _composer() -> str:
    """All that turns parameters into bytes: this package and the encoder."""
    folder = Path(__file__).parent
    code, catalogue = code_digest(tuple(sorted(folder.glob("*.py")))), checksum(folder / "catalogue.yaml")
    return f"{code} {catalogue} {soundfile.__libsndfile_version__}"
