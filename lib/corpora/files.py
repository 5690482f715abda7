"""Finding the audio files of a data folder."""

import os
from collections.abc import Iterator
from pathlib import Path

from lib.audio import SUFFIXES
from lib.errors import ReportError
from lib.paths import PROJECT


def data_folder(data: str | Path, corpus: str) -> Path:
    """Folder that the parameter ``data`` names.

    Parameters
    ----------
    data : path-like
        ``~`` is the home folder; a relative path counts from the current folder, else from the project's.
    corpus : str
        Named in the error.

    Raises
    ------
    ReportError
        If `data` is empty, or no such folder exists.
    """
    if not str(data).strip():
        raise ReportError(
            f"corpus {corpus!r} needs the folder of its music: give DATA=<folder> (in a notebook the parameter `data`)."
        )
    path = Path(data).expanduser()
    places = [path] if path.is_absolute() else [Path.cwd() / path, PROJECT / path]
    for place in places:
        if place.is_dir():
            return place.resolve()
    if any(place.exists() for place in places):
        raise ReportError(f"DATA={data}: this is a file; give the folder that holds the music of corpus {corpus!r}.")
    raise ReportError(
        f"DATA={data}: there is no such folder (looked for {' and '.join(str(p) for p in dict.fromkeys(places))}). "
        f"Give the folder that holds the music of corpus {corpus!r}."
    )


def given_file(path: str | Path, what: str) -> Path:
    """File that a parameter names.

    Parameters
    ----------
    path : path-like
        As `data_folder` takes a folder.
    what : str
        Named in the error.

    Raises
    ------
    ReportError
        If no such file exists.
    """
    path = Path(path).expanduser()
    places = [path] if path.is_absolute() else list(dict.fromkeys([Path.cwd() / path, PROJECT / path]))
    found = next((place for place in places if place.is_file()), None)
    if found is None:
        raise ReportError(f"{what} {path}: there is no such file (looked for {' and '.join(map(str, places))}).")
    return found.resolve()


def folders(folder: Path) -> list[Path]:
    """Subfolders by name, hidden ones left out."""
    return sorted(p for p in folder.iterdir() if p.is_dir() and not p.name.startswith("."))


def audio_files(folder: Path) -> Iterator[Path]:
    """Audio files in and below a folder, by name.

    Hidden files and folders are left out. Links to folders are followed, but a folder is entered once
    only, so that a loop of links ends.
    """
    seen = set()
    for here, below, names in os.walk(folder, followlinks=True):
        state = Path(here).stat()
        if (state.st_dev, state.st_ino) in seen:
            below.clear()
            continue
        seen.add((state.st_dev, state.st_ino))
        below[:] = sorted(name for name in below if not name.startswith("."))
        for name in sorted(names):
            path = Path(here) / name
            # A link to nowhere is no file, but its row says so instead of hiding it.
            if not name.startswith(".") and path.suffix.lower() in SUFFIXES and (path.is_file() or path.is_symlink()):
                yield path
