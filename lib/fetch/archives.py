"""Single members of a zip archive, on a server or on this machine; whatever it holds, it is not trusted.

Only names that the caller expects are looked up, sizes and ratios are bounded, and a member gets its name
here only when its checksum is right.
"""

from __future__ import annotations

import hashlib
import io
import lzma
import threading
import zipfile
import zlib
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import remotezip

from lib.errors import ReportError
from lib.fetch.patience import TRIES
from lib.fetch.remote import CHUNK, Remote
from lib.paths import PART, replacing

END_RECORD = 22  # bytes of the smallest zip archive, an empty one
RATIO = 200  # unpacked to packed, beyond which a member is taken for a bomb; text packs to some 1:10
_DAMAGED = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, ValueError)  # bz2: the last three


class BrokenError(Exception):
    """A member that cannot be used, whoever asks and however often; says why."""


@dataclass(frozen=True)
class Member:
    """What an archive says of a file in it: sizes in bytes, CRC-32."""

    name: str
    size: int
    packed: int
    crc: int


class Archive:
    """A zip archive on this machine.

    Parameters
    ----------
    path : Path
    """

    def __init__(self, path: Path):
        self.path = path
        self._own = threading.local()

    @property
    def name(self) -> str:
        """What messages call it."""
        return str(self.path)

    @cached_property
    def members(self) -> dict[str, Member | None]:
        """What is in it by name; None for a name that several members share.

        Raises
        ------
        ReportError
            If it is no zip archive or cannot be reached.
        """
        found: dict[str, Member | None] = {}
        for info in self._zip.infolist():
            again = info.filename in found
            member = Member(info.filename, info.file_size, info.compress_size, info.CRC)
            found[info.filename] = None if again else member
        return found

    def extract(self, name: str, target: Path, *, largest: int, told: Callable[[int], None] = lambda n: None) -> None:
        """Write one member to `target`, which takes its name when the checksum is right.

        Parameters
        ----------
        name : str
            Exactly as in the archive.
        target : Path
        largest : int
            Bytes that it may have at most.
        told : callable
            Told the number of new bytes that came over the network.

        Raises
        ------
        BrokenError
            If it is not there, or not what such a member should be.
        ReportError
            If the network fails.
        """
        self._check(name, largest)
        try:
            self._unpack(name, target)
        except _DAMAGED as error:
            raise BrokenError(f"damaged in {self.name} ({_why(error)})") from error

    @property
    def _zip(self) -> zipfile.ZipFile:
        """The archive as this thread opened it: one file position a thread."""
        if not hasattr(self._own, "zip"):
            try:
                self._own.zip = self._open()
            except (*_DAMAGED, remotezip.RemoteZipError, NotImplementedError) as error:
                raise ReportError(f"{self.name} is no whole zip archive ({error}). Get it anew.") from error
        return self._own.zip

    def _open(self) -> zipfile.ZipFile:
        return zipfile.ZipFile(self.path)

    def _check(self, name: str, largest: int) -> None:
        member = self.members.get(name, ...)
        if member is ...:
            raise BrokenError(f"not in {self.name}")
        if member is None:
            raise BrokenError(f"more than once in {self.name}")
        if member.size > largest:
            raise BrokenError(f"{member.size} bytes in {self.name}, more than the {largest} such a file may have")
        if member.size > RATIO * max(member.packed, 1):
            raise BrokenError(f"unpacks to more than {RATIO} times its size in {self.name}")

    def _unpack(self, name: str, target: Path) -> None:
        member = self.members[name]
        with replacing(target) as part:
            try:
                source = self._zip.open(name)
            except (RuntimeError, NotImplementedError) as error:  # a password, or a way of packing not known here
                raise BrokenError(f"cannot be unpacked from {self.name} ({error})") from error
            written = 0
            with source, part.open("wb") as file:
                while chunk := source.read(CHUNK):
                    written += len(chunk)
                    if written > member.size:
                        raise BrokenError(f"longer than {self.name} says")
                    file.write(chunk)
            if written != member.size:
                raise BrokenError(f"shorter than {self.name} says")


class RemoteArchive(Archive):
    """A zip archive on a server that gives parts of it; only the members asked for come over the network.

    Parameters
    ----------
    remote : Remote
    """

    def __init__(self, remote: Remote):
        super().__init__(Path(remote.name))
        self.remote = remote
        self._fetcher = _Fetcher(remote)

    @property
    def name(self) -> str:
        """What messages call it."""
        return self.remote.address

    def extract(self, name: str, target: Path, *, largest: int, told: Callable[[int], None] = lambda n: None) -> None:
        """As `Archive.extract`; a try that was cut off, or killed, is gone on with where it ended."""
        self._check(name, largest)
        part = target.with_name(f".{target.name}.packed{PART}")
        seen: set[bytes] = set()
        for _ in range(TRIES):
            self._fetcher.stage(part, told)
            try:
                self._unpack(name, target)
            except _DAMAGED as error:
                what = self._fetcher.forget()
                self._own.__dict__.pop("zip").close()
                if what in seen:  # the same bytes twice: the archive is so, not the network
                    raise BrokenError(f"damaged in {self.name} ({_why(error)})") from error
                seen.add(what)
            else:
                part.unlink(missing_ok=True)
                return
        raise ReportError(
            f"{self.name}: {name} came with other bytes each time, {TRIES} times, and never with the right checksum. "
            "What was got is kept; run the same command again over a better connection."
        )

    def _open(self) -> zipfile.ZipFile:
        if self.remote.size < END_RECORD:
            raise zipfile.BadZipFile("File is not a zip file")
        return remotezip.RemoteZip(self.remote.address, fetcher=lambda *_, **__: self._fetcher)


class _Fetcher:
    """Gives `remotezip` what it reads: the directory, kept for every thread, and members through a file each."""

    def __init__(self, remote: Remote):
        self._remote = remote
        self._directory: dict[tuple[int, int], bytes] = {}
        self._lock = threading.Lock()
        self._staged = threading.local()

    def stage(self, part: Path, told: Callable[[int], None]) -> None:
        """Say where this thread's next member goes."""
        self._staged.part, self._staged.told = part, told

    def forget(self) -> bytes:
        """Drop what this thread's member was read from; returns its checksum."""
        part = self._staged.part
        with self._lock:
            held = b"".join(self._directory[span] for span in sorted(self._directory))
            self._directory.clear()
        total = hashlib.sha256(part.read_bytes() if part.is_file() else held)
        part.unlink(missing_ok=True)
        return total.digest()

    def fetch(self, data_range: tuple[int, int | None], stream: bool = False) -> remotezip.PartialBuffer:
        first, last = data_range
        size = self._remote.size
        start, stop = (max(size + first, 0), size) if last is None else (first, last + 1)
        if stream:
            part = self._staged.part
            self._remote.save(part, start, stop, self._staged.told)
            return remotezip.PartialBuffer(part.open("rb"), start, stop - start, True)
        with self._lock:
            if (start, stop) not in self._directory:
                self._directory[start, stop] = self._remote.read(start, stop)
            with closing(io.BytesIO(self._directory[start, stop])) as held:
                return remotezip.PartialBuffer(held, start, stop - start, False)


def _why(error: Exception) -> str:
    return str(error).split(" for file")[0] or type(error).__name__
