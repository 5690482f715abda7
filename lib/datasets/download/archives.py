"""Single members of a ZIP archive, on a server or on this machine; whatever it holds, it is not trusted.

Only names that the caller expects are looked up, and nothing is written to where a member's name says. `zipfile`
compares the checksum; a member gets its name here only when that is right.
"""

from __future__ import annotations

import lzma
import shutil
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import remotezip

from lib.datasets.download.remote import Remote
from lib.errors import ReportError
from lib.io import replacing

RATIO = 200  # unpacked to packed, beyond which a member is taken for a bomb; text packs to some 1:10
PIECE = 4096  # bytes asked for at once; zipfile reads as many packed ones and unpacks all of them
SPARE = 256 * 1024**2  # bytes that stay free on the disk

_DAMAGE = (
    zipfile.BadZipFile, remotezip.RemoteZipError, zlib.error, lzma.LZMAError, struct.error, EOFError, RuntimeError,
    ValueError,
)  # fmt: skip


class BrokenError(Exception):
    """A member that cannot be used, whoever asks and however often; says why."""


def open_archive(where: Path | Remote) -> zipfile.ZipFile:
    """Open an archive; of a remote one only the members that are read come over the network.

    Its ``filename`` is what messages call it. Raises `ReportError` if it is no ZIP archive or cannot be reached.
    """
    if isinstance(where, Path):
        try:
            return zipfile.ZipFile(where)
        except (*_DAMAGE, OSError) as error:
            raise ReportError(f"{where} is no whole zip archive ({error}). Get it anew.") from error
    failure = None
    for _ in range(2):  # a byte may have come wrong over the network
        try:
            opened = remotezip.RemoteZip(where.address, fetcher=lambda *_, **__: where)
            opened.filename = where.address
            return opened
        except (*_DAMAGE, OSError) as error:
            failure = error
            where.forget()
    raise ReportError(f"{where.address} is no whole zip archive ({failure}). It may have moved; check the address.")


def extract(
    archive: zipfile.ZipFile,
    name: str,
    target: Path,
    *,
    largest: int,
    check: Callable[[Path], None] = lambda path: None,
) -> None:
    """Write one member to `target`, which takes its name when the checksum is right.

    It may have at most `largest` bytes, unpacked and packed; `check` is shown the file before it takes its name, and
    what it raises passes through.

    Raises
    ------
    BrokenError
        If it is not there, or not what such a member should be.
    ReportError
        If the network or this machine fails.
    """
    where = Path(archive.filename).name
    if name not in archive.NameToInfo:
        raise BrokenError(f"not in {where}")
    info = archive.getinfo(name)
    most = max(info.file_size, info.compress_size)
    if most > largest:
        raise BrokenError(f"{most} bytes in {where}, more than the {largest} such a file may have")
    if info.file_size > RATIO * max(info.compress_size, 1):
        raise BrokenError(f"unpacks to more than {RATIO} times its size in {where}")
    try:
        with replacing(target) as part:
            with archive.open(info) as packed, part.open("wb") as out:
                shutil.copyfileobj(packed, out, PIECE)
            if part.stat().st_size != info.file_size:
                raise EOFError("shorter than its archive says")
            check(part)
    except (*_DAMAGE, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:  # bz2's has no number: the disk is not the archive
            raise ReportError(f"{error.filename or target}: {error.strerror or error}.") from error
        raise BrokenError(f"damaged in {where} ({error})") from error


def need_space(folder: Path, size: int, what: str) -> None:
    """Raise `ReportError` if a folder's disk has no room for `size` bytes and some to spare."""
    there = next(place for place in (folder, *folder.parents) if place.exists())
    free = shutil.disk_usage(there).free
    if free < size + SPARE:
        raise ReportError(
            f"{folder}: {what} need {mebibytes(size)} and {mebibytes(SPARE)} to spare, but {mebibytes(free)} are free. "
            "Free some space, or make the folder a link to a larger disk."
        )


def mebibytes(size: float) -> str:
    """Bytes as people read them, such as ``7,372.8 MiB``."""
    return f"{size / 1024**2:,.1f} MiB"
