"""Members of a zip archive that nobody vouches for: what a directory says of them, and unpacking within bounds.

The standard library's `zipfile` reads directories; its readers of members unpack without a bound.
"""

from __future__ import annotations

import bz2
import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO

CHUNK = 64 * 1024  # bytes of a piece
# Before a member's bytes (APPNOTE.TXT 4.3.7): signature, version, flags, method, time, date, checksum, sizes, lengths
# of name and extra field.
_LOCAL = struct.Struct("<4s5H3L2H")
_ENCRYPTED = 0x1


class BrokenError(Exception):
    """A member that cannot be used, whoever asks and however often; says why."""


@dataclass(frozen=True)
class Member:
    """What an archive says of a file in it.

    Attributes
    ----------
    name : str
    size, packed : int
        Bytes.
    crc : int
        CRC-32.
    offset, stop : int
        Where it begins, and where whatever follows does.
    method : int
        How it is packed, as `zipfile` numbers it.
    """

    name: str
    size: int
    packed: int
    crc: int
    offset: int
    stop: int
    method: int


def members_of(opened: zipfile.ZipFile) -> dict[str, Member | None]:
    """List what an archive's directory says, by name; None for a name that several members share."""
    found: dict[str, Member | None] = {}
    starts = sorted({*(info.header_offset for info in opened.infolist()), opened.start_dir})
    follows = dict(pairwise(starts))
    for info in opened.infolist():
        # No further than a member can reach, whatever gap an archive leaves behind it.
        reach = info.header_offset + _LOCAL.size + 2 * 65_535 + info.compress_size
        member = Member(
            info.orig_filename, info.file_size, info.compress_size, info.CRC, info.header_offset,
            min(follows.get(info.header_offset, reach), reach), info.compress_type,
        )  # fmt: skip
        found[member.name] = None if member.name in found else member
    return found


def unpack(file: BinaryIO, member: Member, part: Path, where: str) -> None:
    """Unpack a member into a file, no more of it than is announced, and compare size and checksum.

    Parameters
    ----------
    file : binary file
        At the member's `Member.offset`.
    member : Member
    part : Path
    where : str
        What messages call the archive.

    Raises
    ------
    BrokenError
        If it is not what its archive says.
    """
    size = crc = 0
    try:
        with part.open("wb") as out:
            for piece in _unpacked(file, member):
                size += len(piece)
                if size > member.size:
                    raise ValueError("longer than its archive says")
                crc = zlib.crc32(piece, crc)
                out.write(piece)
        if size != member.size:
            raise ValueError("shorter than its archive says")
        if crc != member.crc:
            raise ValueError("wrong checksum")
    except (OSError, ValueError, EOFError, zlib.error, struct.error) as error:
        if isinstance(error, OSError) and error.errno is not None:  # bz2's has no number: the disk is not the archive
            raise
        raise BrokenError(f"damaged in {where} ({error})") from error


def _unpacked(file: BinaryIO, member: Member) -> Iterator[bytes]:
    """Bytes of a member in pieces of at most `CHUNK`, whatever it claims to be."""
    signature, _, flags, method, *_, name, extra = _LOCAL.unpack(file.read(_LOCAL.size))
    if signature != b"PK\x03\x04":
        raise ValueError("does not begin where its archive says")
    if flags & _ENCRYPTED:
        raise ValueError("has a password")
    if file.read(name) != member.name.encode("utf-8" if flags & 0x800 else "cp437") or method != member.method:
        raise ValueError("is another file than its archive says")
    file.seek(extra, io.SEEK_CUR)
    left = member.packed

    def packed() -> bytes:
        nonlocal left
        piece = file.read(min(CHUNK, left))
        left -= len(piece)
        return piece

    if method == zipfile.ZIP_STORED:
        while piece := packed():
            yield piece
    elif method == zipfile.ZIP_DEFLATED:
        inflate = zlib.decompressobj(-zlib.MAX_WBITS)
        while not inflate.eof and (piece := inflate.unconsumed_tail or packed()):
            yield inflate.decompress(piece, CHUNK)
        yield inflate.flush()
    elif method == zipfile.ZIP_BZIP2:
        unzip = bz2.BZ2Decompressor()
        while not unzip.eof:
            piece = packed() if unzip.needs_input else b""
            if unzip.needs_input and not piece:
                raise EOFError("ends early")
            yield unzip.decompress(piece, CHUNK)
    else:
        raise ValueError(f"is packed in a way that is not read here, number {method}")
