"""Finding the audio files of a data folder."""

import os
from collections.abc import Iterator
from pathlib import Path

from lib.audio import SUFFIXES
from lib.errors import ReportError


def any_audio(folder: Path) -> None:
    """Raise `ReportError` if no audio file lies in or below a folder."""
    if next(audio_files(folder), None) is None:
        raise ReportError(
            f"{folder} holds no audio, nor does a folder below it. Put one folder per genre there, with files that end "
            f"in {', '.join(SUFFIXES)}."
        )


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
