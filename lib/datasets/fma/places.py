"""Where FMA's files are: in a folder or zip archive of the user's, downloaded already, or on FMA's server."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed
from functools import cache, partial
from pathlib import Path

from tqdm import tqdm

from lib.datasets.download.archives import BrokenError, extract, mebibytes, need_space, open_archive
from lib.datasets.download.remote import Remote
from lib.datasets.fma.metadata import ECHONEST, SUBSETS, TRACKS
from lib.errors import ReportError
from lib.io import checksum, replacing, sweep
from lib.progress import tell

ADDRESS = "https://os.unil.cloud.switch.ch/fma/"  # as https://github.com/mdeff/fma gives it
SHA1 = {  # as published there
    "fma_metadata.zip": "f0df49ffe5f2a6008d7dc83c6915b31835dfe733",
    "fma_small.zip": "ade154f733639d52e35e32f5593efe5be76c6d70",
    "fma_medium.zip": "c67b69ea232021025fca9231fc1c7c1a063ab50b",
    "fma_large.zip": "497109f4dd721066b5ce5e5f250ec604dc78939e",
    TRACKS: "e65cfe18cbba4e37921b58ea5293c2510329de75",
    ECHONEST: "d02a25fb1279cdc632448215abf752f9caf509de",
}
LARGEST_CLIP = 4 * 1024**2  # bytes; 30 s at 320 kbit/s are 1.2 million
LARGEST_TABLE = 1024**3
CONNECTIONS = 4


class Places:
    """The files of one subset, wherever they are.

    Here and in all methods it is a `ReportError` if a parameter is wrong, files are missing, damaged or not those that
    were published, or server or disk fail; what was got is kept.

    Parameters
    ----------
    subset : str
        One of `lib.datasets.fma.metadata.SUBSETS`.
    downloads : Path
        Folder in the official layout for what is fetched or unpacked.
    data : Path, optional
        Folder of the user's with ``fma_metadata`` and ``fma_<subset>`` (or a larger subset), as folders or as
        ``.zip``. Nothing is written there, and with it nothing is fetched.
    address : str
        Folder of the archives on a server.
    whole : bool
        Download whole archives where the server gives no parts of them.
    connections : int >= 1
        At once.
    """

    def __init__(
        self,
        subset: str,
        downloads: Path,
        data: Path | None = None,
        *,
        address: str = ADDRESS,
        whole: bool = False,
        connections: int = CONNECTIONS,
    ):
        if subset not in SUBSETS:
            raise ReportError(f"subset {subset!r} is unknown; there are {', '.join(SUBSETS)}.")
        if connections < 1:
            raise ReportError(f"connections is {connections}; it must be 1 or more.")
        self.downloads, self.data, self.whole, self.connections = downloads, data, whole, connections
        self.address = address if address.endswith("/") else f"{address}/"
        self._holding = SUBSETS[SUBSETS.index(subset) :]  # subsets that hold the tracks of this one, itself first
        self._stopped = threading.Event()
        self._archive = cache(self._find)
        sweep(downloads)

    def tables(self) -> tuple[Path, Path]:
        """Paths of ``tracks.csv`` and ``echonest.csv``, fetched if need be."""
        missing = [name for name in (TRACKS, ECHONEST) if self._there(name) is None]
        for name, reason in self._unpack("fma_metadata", missing, LARGEST_TABLE).items():
            raise ReportError(f"{name}: {reason}. See https://github.com/mdeff/fma for the archive.")
        return self._there(TRACKS), self._there(ECHONEST)

    def path(self, track: int) -> Path | None:
        """Where a clip lies already; None if it has yet to be got."""
        return self._there(*(_member(subset, track) for subset in self._holding))

    def absent(self, tracks: Iterable[int]) -> set[int]:
        """Tracks whose clip cannot be got, as far as that is known without asking anybody."""
        if self.data is None or self._local():
            return set()
        if not any((self.data / f"fma_{subset}").is_dir() for subset in self._holding):
            self._archive(f"fma_{self._holding[0]}")
        return {track for track in tracks if self.path(track) is None}

    def get(self, tracks: list[int]) -> dict[int, str]:
        """Get the clips that are not there yet, several at once; returns why, by track, for each that is broken."""
        subset = self._local() or self._holding[0]
        wanted = {_member(subset, track): track for track in tracks if self.path(track) is None}
        broken = self._unpack(f"fma_{subset}", list(wanted), LARGEST_CLIP)
        return {wanted[name]: reason for name, reason in broken.items()}

    def _unpack(self, archive: str, names: list[str], largest: int) -> dict[str, str]:
        """Write members of an archive to `downloads`; returns why, by name, for each that is broken."""
        if not names:
            return {}
        where = self._archive(archive)
        broken = self._once(where, names, largest)
        if broken and isinstance(where, Remote):
            # A byte may have come wrong over the network, so what seems broken is believed when it comes twice.
            where.forget()
            broken = self._once(where, list(broken), largest)
        return broken

    def _once(self, where: Path | Remote, names: list[str], largest: int) -> dict[str, str]:
        self._stopped.clear()
        with open_archive(where) as archive:
            infos = [archive.getinfo(name) for name in names if name in archive.NameToInfo]
        what = f"{len(names)} files"
        need_space(self.downloads, sum(info.file_size for info in infos), what)
        if isinstance(where, Remote):
            where.received = _meter(what, sum(info.compress_size for info in infos))
        broken: dict[str, str] = {}

        def some(own: list[str]) -> None:
            with open_archive(where) as archive:
                for name in own:
                    if self._stopped.is_set():
                        return
                    check = partial(self._compare, name)
                    try:
                        extract(archive, name, self.downloads / name, largest=largest, check=check)
                    except BrokenError as error:
                        broken[name] = str(error)

        with ThreadPoolExecutor(self.connections) as pool:
            shares = (names[number :: self.connections] for number in range(self.connections))
            jobs = [pool.submit(some, share) for share in shares if share]
            try:
                for job in as_completed(jobs):
                    job.result()
            except BaseException:
                self._stopped.set()  # the others stop after their present file, or in the middle of a pause
                raise
        return broken

    def _pause(self, seconds: float) -> None:
        if self._stopped.wait(seconds):
            raise _StoppedError

    def _there(self, *names: str) -> Path | None:
        """First of some files that is in a folder; nothing gets its name there before it is whole."""
        folders = (self.downloads,) if self.data is None else (self.data, self.downloads)
        return next((folder / name for name in names for folder in folders if (folder / name).is_file()), None)

    def _local(self) -> str | None:
        """First subset whose archive is on this machine: the user's, or one downloaded whole."""
        folder = self.data or self.downloads
        return next((subset for subset in self._holding if (folder / f"fma_{subset}.zip").is_file()), None)

    def _find(self, name: str) -> Path | Remote:
        local = (self.data or self.downloads) / f"{name}.zip"
        if local.is_file():
            return local
        if self.data is not None:
            raise ReportError(
                f"DATA={self.data}: neither a folder {name} nor {name}.zip is there. Put one there, or leave DATA out "
                "to fetch what is needed."
            )
        try:
            remote = Remote(f"{self.address}{name}.zip", sleep=self._pause)
            return remote if remote.ranges else self._download(remote, local)
        except ReportError as error:
            raise ReportError(
                f"{error} Or get the archives in another way and name their folder: DATA=<folder>."
            ) from error

    def _download(self, remote: Remote, path: Path) -> Path:
        if not self.whole:
            raise ReportError(
                f"{remote.address}: this server gives no parts of a file, so that all of it, "
                f"{mebibytes(remote.size)}, would have to be downloaded. If you want that: "
                "make fetch STUDY=<this study> WHOLE=yes."
            )
        need_space(self.downloads, remote.size, remote.name)
        remote.received = _meter(remote.name, remote.size)
        with replacing(path) as part:
            remote.save(part)
            self._compare(remote.name, part)
            with open_archive(part) as archive:
                # The checksums of another server's archives are not published.
                broken = archive.testzip() if self.address != ADDRESS else None
            if broken:
                raise ReportError(f"{remote.address}: {broken} is damaged. Run the same command again.")
        return path

    def _compare(self, name: str, path: Path) -> None:
        """Compare a file with its published checksum, if it comes from where that was published."""
        published = SHA1.get(name) if self.data is None and self.address == ADDRESS else None
        if published and (found := checksum(path, "sha1")) != published:
            raise ReportError(
                f"{name} from {self.address} has the sha1 {found}, but {published} was published. Run the same "
                "command again; if it stays so, see https://github.com/mdeff/fma."
            )


class _StoppedError(Exception):
    """Another thread failed, or somebody interrupted."""


def _member(subset: str, track: int) -> str:
    return f"fma_{subset}/{track // 1000:03d}/{track:06d}.mp3"


def _meter(what: str, total: int) -> Callable[[int], None]:
    """Make a function that is given numbers of new bytes and tells how far a download is: bytes, rate, time left."""
    lock, start, done = threading.Lock(), time.monotonic(), 0
    bytes_ = {"unit": "B", "unit_scale": True, "unit_divisor": 1024, "ncols": 60}

    def more(count: int) -> None:
        nonlocal done
        with lock:
            done += count
            # More than planned, where a part had to be asked for twice.
            how = tqdm.format_meter(done, max(total, done), time.monotonic() - start, **bytes_)
            tell(f"fetching {what} {how}")

    return more
