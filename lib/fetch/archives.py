"""Single members of a zip archive, on a server or on this machine; whatever it holds, it is not trusted.

Only names that the caller expects are looked up. What a member takes, packed and unpacked, is bounded before and
while it is read, and it gets its name here only when its checksum is right.
"""

from __future__ import annotations

import hashlib
import io
import os
import struct
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path

import remotezip

from lib.errors import ReportError
from lib.fetch.members import BrokenError, Member, members_of, unpack
from lib.fetch.patience import TRIES
from lib.fetch.remote import Remote
from lib.paths import PART, replacing

RATIO = 200  # unpacked to packed, beyond which a member is taken for a bomb; text packs to some 1:10
LARGEST_DIRECTORY = 64 * 1024**2  # bytes; FMA's largest archive has one of some 10 MB
END_RECORD = 22  # bytes of the smallest zip archive, an empty one


class Archive:
    """A zip archive on this machine.

    Parameters
    ----------
    path : Path
    """

    def __init__(self, path: Path):
        self.path = path
        self._lock = threading.Lock()
        self._members: dict[str, Member | None] | None = None

    @property
    def name(self) -> str:
        """What messages call it."""
        return str(self.path)

    @property
    def members(self) -> dict[str, Member | None]:
        """What is in it by name; None for a name that several members share.

        Raises
        ------
        ReportError
            If it is no zip archive or cannot be reached.
        """
        with self._lock:
            if self._members is None:
                self._members = self._directory()
            return self._members

    def extract(
        self,
        name: str,
        target: Path,
        *,
        largest: int,
        told: Callable[[int], None] = lambda n: None,
        check: Callable[[Path], None] = lambda path: None,
    ) -> None:
        """Write one member to `target`, which takes its name when the checksum is right.

        Parameters
        ----------
        name : str
            Exactly as in the archive.
        target : Path
        largest : int
            Bytes that it may have at most, unpacked and packed.
        told : callable
            Told the number of new bytes that came over the network.
        check : callable
            Shown the file before it takes its name; what it raises passes through.

        Raises
        ------
        BrokenError
            If it is not there, or not what such a member should be.
        ReportError
            If the network or this machine fails.
        """
        member = self._judged(name, largest)
        try:
            with self.path.open("rb") as file, replacing(target) as part:
                file.seek(member.offset)
                unpack(file, member, part, self.path.name)
                check(part)
        except OSError as error:
            raise ReportError(f"{error.filename or target}: {error.strerror or error}.") from error

    def test(self, largest: int) -> None:
        """Unpack every member to nowhere.

        Raises
        ------
        BrokenError
            Of the first that is broken.
        """
        with self.path.open("rb") as file:
            for name in self.members:
                member = self._judged(name, largest)
                file.seek(member.offset)
                unpack(file, member, Path(os.devnull), self.path.name)

    def _directory(self) -> dict[str, Member | None]:
        try:
            with zipfile.ZipFile(self.path) as opened:
                return members_of(opened)
        except OSError as error:
            raise ReportError(f"{self.name}: {error.strerror or error}.") from error
        except (zipfile.BadZipFile, NotImplementedError, ValueError, struct.error) as error:
            raise ReportError(f"{self.name} is no whole zip archive ({error}). Get it anew.") from error

    def _judged(self, name: str, largest: int) -> Member:
        """Return a member that may be unpacked."""
        member = self.members.get(name, ...)
        if member is ...:
            raise BrokenError(f"not in {self.path.name}")
        if member is None:
            raise BrokenError(f"more than once in {self.path.name}")
        if max(member.size, member.packed) > largest:
            most = max(member.size, member.packed)
            raise BrokenError(f"{most} bytes in {self.path.name}, more than the {largest} such a file may have")
        if member.size > RATIO * max(member.packed, 1):
            raise BrokenError(f"unpacks to more than {RATIO} times its size in {self.path.name}")
        return member


class RemoteArchive(Archive):
    """A zip archive on a server that gives parts of it; only the members asked for come over the network.

    Parameters
    ----------
    remote : Remote
    """

    def __init__(self, remote: Remote):
        super().__init__(Path(remote.name))
        self.remote = remote
        self._mark = b""  # checksum of the directory as it came
        self._confirmed: set[bytes] = set()  # those that came twice

    @property
    def name(self) -> str:
        """What messages call it."""
        return self.remote.address

    def extract(
        self,
        name: str,
        target: Path,
        *,
        largest: int,
        told: Callable[[int], None] = lambda n: None,
        check: Callable[[Path], None] = lambda path: None,
    ) -> None:
        """As `Archive.extract`; a try that was cut off, or killed, is gone on with where it ended.

        What seems broken is got again, directory and all, and believed only if the same bytes come twice.
        """
        part = target.with_name(f".{target.name}.packed{PART}")
        seen: set[bytes] = set()
        for _ in range(TRIES):
            try:
                member = self._judged(name, largest)
                stop = min(member.stop, self.remote.size)
                if member.offset >= stop:
                    raise BrokenError(f"damaged in {self.path.name} (begins beyond its end)")
                self.remote.save(part, member.offset, stop, told)
                with part.open("rb") as file, replacing(target) as whole:
                    unpack(file, member, whole, self.path.name)
                    check(whole)
            except BrokenError:
                what = hashlib.sha256(self._mark + (part.read_bytes() if part.is_file() else b"")).digest()
                part.unlink(missing_ok=True)
                self._forget()
                if what in seen:
                    raise
                seen.add(what)
            except OSError as error:
                raise ReportError(f"{error.filename or target}: {error.strerror or error}.") from error
            else:
                part.unlink(missing_ok=True)
                return
        raise ReportError(
            f"{self.name}: {name} came with other bytes each time, {TRIES} times, and never with the right checksum. "
            "What was got is kept; run the same command again over a better connection."
        )

    def _forget(self) -> None:
        with self._lock:
            if self._mark not in self._confirmed:
                self._members = None

    def _directory(self) -> dict[str, Member | None]:
        known = {self._mark}
        for _ in range(TRIES):
            fetcher = _Fetcher(self.remote)
            try:
                if self.remote.size < END_RECORD:
                    raise zipfile.BadZipFile("too small for one")
                opened = remotezip.RemoteZip(self.remote.address, fetcher=lambda *_, at=fetcher, **__: at)
                found = members_of(opened)
                failure = None
            except (
                zipfile.BadZipFile, remotezip.RemoteZipError, NotImplementedError, ValueError, OSError, struct.error
            ) as error:  # fmt: skip
                found, failure = {}, error
            self._mark = fetcher.mark
            if self._mark in known:
                self._confirmed.add(self._mark)
            if failure is None:
                return found
            if self._mark in known:
                break
            known.add(self._mark)
        raise ReportError(f"{self.name} is no whole zip archive ({failure}). It may have moved; check the address.")


class _Fetcher:
    """Gives `remotezip` the directory of an archive, and remembers what it gave."""

    def __init__(self, remote: Remote):
        self._remote = remote
        self._total = hashlib.sha256()

    @property
    def mark(self) -> bytes:
        return self._total.digest()

    def fetch(self, data_range: tuple[int, int | None], stream: bool = False) -> remotezip.PartialBuffer:
        first, last = data_range
        size = self._remote.size
        start, stop = (max(size + first, 0), size) if last is None else (first, min(last + 1, size))
        if not 0 <= start < stop or stop - start > LARGEST_DIRECTORY:
            raise zipfile.BadZipFile("its directory is not where it says, or too large")
        held = self._remote.read(start, stop)
        self._total.update(held)
        return remotezip.PartialBuffer(io.BytesIO(held), start, len(held), False)
