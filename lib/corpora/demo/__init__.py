"""The built-in corpus: music that the project composes and synthesises itself.

Six genres after the poster, with artists and songs that each have a sound of their own, so that what is known of
real corpora (formats, tags, leakage of song and artist into a test set; Flexer and Schnitzer 2010,
doi 10.1162/COMJ_a_00004) can be seen without a download. It says nothing about real music: every rule that a network
can find here was put in by the composer.
"""

import hashlib
import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

import pandas as pd
import soundfile

from lib import pool
from lib.corpora.demo.composition import Song, check, compose
from lib.corpora.demo.files import LICENSE, relative_path, write_song
from lib.corpora.demo.genres import NAMES
from lib.corpora.demo.mixing import render
from lib.errors import ReportError
from lib.paths import Study
from lib.progress import tell
from lib.tables import read_json, write_json

__all__ = ["LICENSE", "NAMES", "Song", "collect", "compose", "render"]

MANIFEST = "manifest.json"
TIMEOUT_S = 600.0  # for one song
_FILE = re.compile(r"[a-z-]+/[a-z0-9-]+\.[a-z0-9]+")  # names that this module gives


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

    A manifest beside the music holds the hash of each file and of what went into it; only a file that is missing,
    damaged or made otherwise is composed again.

    Parameters
    ----------
    study : Study
        The music goes to ``study.audio``, one folder a genre.
    data : None
        This corpus needs no folder of music.
    songs_per_genre : int in 1..500
        Two songs an artist; up to six songs, one an artist.
    seconds : float in 3..600
        Length of each song.
    seed : int >= 0
        The same seed gives the same bytes (with the same versions of the libraries).
    workers : int >= 0
        Processes; 0 = one a core, 1 = this one.

    Returns
    -------
    pd.DataFrame
        One row a song: ``track_id``, ``path``, ``title``, ``artist``, ``album``, ``license``, ``genre``,
        ``valence``, ``energy``, ``danceability`` (the last three 0..1).

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
    check(NAMES[0], 0, seed, songs_per_genre, seconds)
    songs = [
        compose(genre, index, seed, songs_per_genre, seconds) for genre in NAMES for index in range(songs_per_genre)
    ]
    paths = [study.audio / relative_path(song) for song in songs]
    _complete(songs, paths, study.audio, workers)
    rows = [
        {
            "track_id": song.track_id,
            "path": str(path),
            "title": song.title,
            "artist": song.artist.name,
            "album": song.artist.album,
            "license": LICENSE,
            "genre": song.genre,
            "valence": song.valence,
            "energy": song.energy,
            "danceability": song.danceability,
        }
        for song, path in zip(songs, paths, strict=True)
    ]
    return pd.DataFrame(rows)


def _complete(songs: list[Song], paths: list[Path], folder: Path, workers: int) -> None:
    """Bring the folder to the state in which it holds exactly these songs."""
    known = _read_manifest(folder / MANIFEST)
    composer = _composer()
    keys, kept, missing = {}, {}, []
    for song, path in zip(songs, paths, strict=True):
        name = relative_path(song)
        keys[path] = hashlib.sha256(f"{composer} {asdict(song)}".encode()).hexdigest()
        entry = known.get(name, {})
        if entry.get("made_from") == keys[path] and path.is_file() and _sha256(path) == entry.get("sha256"):
            kept[name] = entry
        else:
            missing.append((song, path))
    for name in known.keys() - {relative_path(song) for song in songs}:
        (folder / name).unlink(missing_ok=True)  # of another size of corpus
    if not missing and kept == known:
        return
    try:
        with closing(_make_all(missing, workers)) as made:
            for number, (song, path, sha256, reason) in enumerate(made, 1):
                if reason:
                    raise ReportError(f"{path} could not be composed: {reason.removeprefix('ReportError: ')}")
                kept[relative_path(song)] = {"made_from": keys[path], "sha256": sha256}
                write_json({"songs": kept}, folder / MANIFEST)
                tell(f"composing {number}/{len(missing)}", every=0.2 if number < len(missing) else 0.0)
    except BaseException:
        for _, path in missing:  # a worker that is stopped cannot clear up what it was writing
            for part in path.parent.glob(f".{path.name}.*.part"):
                part.unlink(missing_ok=True)
        raise
    write_json({"songs": kept}, folder / MANIFEST)


def _make_all(missing: list[tuple[Song, Path]], workers: int) -> Iterator[tuple[Song, Path, str | None, str]]:
    """Make files, here or in worker processes: song, path, hash and why it failed."""
    if not missing:
        return
    if workers == 1:
        for song, path in missing:
            yield song, path, _make((song, path)), ""
        return
    for (song, path), sha256, reason in pool.run(_make, missing, workers=workers, timeout_s=TIMEOUT_S):
        yield song, path, sha256, reason


def _make(item: tuple[Song, Path]) -> str:
    """Render and write one song, and hash its file."""
    song, path = item
    write_song(render(song), song, path)
    return _sha256(path)


def _read_manifest(path: Path) -> dict[str, dict]:
    """Read what the folder is known to hold; a damaged manifest knows nothing, and everything is composed again."""
    try:
        songs = read_json(path)["songs"] if path.is_file() else {}
    except (ReportError, KeyError, TypeError):
        return {}
    if not isinstance(songs, dict):
        return {}
    return {name: entry for name, entry in songs.items() if _FILE.fullmatch(name) and isinstance(entry, dict)}


def _composer() -> str:
    """Hash of all that turns parameters into bytes: these modules and the encoder."""
    digest = hashlib.sha256(soundfile.__libsndfile_version__.encode())
    for module in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(module.read_bytes())
    return digest.hexdigest()


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
