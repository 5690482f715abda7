"""The folder of results: what this program wrote there, by name and checksum, so that it replaces nothing else."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path

from lib.errors import ReportError
from lib.io import checksum, read_json, replacing, write_json

MANIFEST = "manifest.json"
FORMAT = 1
_NAME = re.compile(r"(playlists/)?[^/\\]+\.[a-z0-9]+")


def apart(folder: Path, music: Iterable[Path]) -> None:
    """Raise a `ReportError` if the folder of results is, contains or lies in one of the folders of music."""
    place = folder.resolve()
    for one in music:
        own = one.expanduser().resolve()
        if own.is_dir() and (place == own or place in own.parents or own in place.parents):
            how = "is" if place == own else "contains" if place in own.parents else "lies in"
            raise ReportError(
                f"--out {folder}: it {how} the music folder {one}. Name another folder, outside of your music."
            )


def check(folder: Path, names: Iterable[str]) -> None:
    """Make sure that files of some names can be written into a folder without loss.

    Raises
    ------
    ReportError
        If it is not empty and holds no manifest of `publish`, or one of `names` that this program did not write there
        or that was changed since.
    """
    known = _known(folder)
    for name in sorted(names):
        path = folder / name
        if os.path.lexists(path) and not _own(path, known.get(name, ())):
            raise ReportError(
                f"--out {folder}: it holds {name}, which this program did not write there, or which was changed since. "
                "Move it away, or name another folder."
            )
        if os.path.lexists(path.parent) and not path.parent.is_dir():
            raise ReportError(f"--out {folder}: {path.parent} is no folder. Move it away, or name another folder.")


def writable(folder: Path) -> None:
    """Raise a `ReportError`, before the work whose results go there, if a folder can't be made or written into."""
    nearest = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    if not nearest.is_dir():
        raise ReportError(f"--out {folder}: {nearest} is no folder. Name another folder.")
    try:
        tempfile.TemporaryFile(dir=nearest).close()
    except OSError as error:
        raise ReportError(f"--out {folder}: it cannot be written ({error.strerror}). Name another folder.") from error


def publish(made: Path, folder: Path) -> None:
    """Bring finished results into a folder; only what this program wrote there is replaced or removed, see `check`.

    The manifest lists old and new checksums before the first file is touched, so that results of which only some were
    replaced when the machine stopped are known as the program's own all the same.
    """
    new = {path.relative_to(made).as_posix(): [checksum(path)] for path in sorted(made.rglob("*")) if path.is_file()}
    check(folder, new)
    old = _known(folder)
    both = {name: sorted({*old.get(name, []), *new.get(name, [])}) for name in old | new}
    write_json({"format": FORMAT, "files": both}, folder / MANIFEST)
    for name in new:
        with replacing(folder / name) as part:
            shutil.copyfile(made / name, part)
    for name in old.keys() - new.keys():
        if _own(folder / name, old[name]):
            (folder / name).unlink()
    write_json({"format": FORMAT, "files": new}, folder / MANIFEST)


def _known(folder: Path) -> dict[str, list[str]]:
    """Checksums of the files that the program wrote into a folder, by name; none if it is missing or empty."""
    path = folder / MANIFEST
    if not path.is_file():
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise ReportError(
                f"--out {folder}: it holds something else, and no {MANIFEST} of an earlier result. Name a new folder."
            )
        return {}
    content = read_json(path)
    files = content.get("files") if isinstance(content, dict) and content.get("format") == FORMAT else None
    if not isinstance(files, dict) or not all(
        _NAME.fullmatch(name) and isinstance(checksums, list) for name, checksums in files.items()
    ):
        raise ReportError(f"{path} is no manifest that this program wrote. Name another folder with --out.")
    return files


def _own(path: Path, checksums: Iterable[str]) -> bool:
    return path.is_file() and not path.is_symlink() and checksum(path) in checksums
