"""Whether there is room, before anything is written."""

import shutil
from pathlib import Path

from lib.errors import ReportError

SPARE = 256 * 1024**2  # bytes that stay free


def readable(size: float) -> str:
    """Bytes as people say them, such as ``7.2 GiB``."""
    for unit in ("bytes", "KiB", "MiB"):
        if size < 1024:
            return f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} GiB"


def need(folder: Path, size: int, what: str) -> None:
    """Raise if a folder's disk has no room for `size` bytes and some to spare.

    Raises
    ------
    ReportError
        Naming what is needed and what is free.
    """
    there = next(place for place in (folder, *folder.parents) if place.exists())
    free = shutil.disk_usage(there).free
    if free < size + SPARE:
        raise ReportError(
            f"{folder}: {what} need {readable(size)} and {readable(SPARE)} to spare, but {readable(free)} are free. "
            "Free some space, or make the folder a link to a larger disk."
        )
