"""Where FMA's files are: in a folder or zip archive of the user's, downloaded already, or on FMA's server."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed
from functools import cache, partial
from pathlib import Path

from tqdm import tqdm

from lib.corpora.fma.metadata import ECHONEST, SUBSETS, TRACKS, sha1
from lib.errors import ReportError
from lib.fetch import space
from lib.fetch.archives import Archive, RemoteArchive
from lib.fetch.members import BrokenError
from lib.fetch.remote import Remote
from lib.paths import PART
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
OTHERWISE = "Or get the archives in another way and name their folder: DATA=<folder>."
LARGEST_CLIP = 4 * 1024**2  # bytes; 30 s at 320 kbit/s are 1.2 million
LARGEST_TABLE = 1024**3
CONNECTIONS = 4


class Places:
    """The files of one subset, wherever they are.

    Parameters
    ----------
    subset : str
        One of `lib.corpora.fma.metadata.SUBSETS`.
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
    patience : dict, optional
        As `lib.fetch.remote.Remote` takes it.
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
        patience: dict | None = None,
    ):
        if connections < 1:
            raise ReportError(f"connections is {connections}; it must be 1 or more.")
        self.subset, self.downloads, self.data, self.whole = subset, downloads, data, whole
        self.address = address if address.endswith("/") else f"{address}/"
        self.connections = connections
        self._stopped = threading.Event()
        self.patience = {"sleep": self._pause} | (patience or {})
        self._archive = cache(self._open)

    def tables(self) -> tuple[Path, Path]:
        """Paths of ``tracks.csv`` and ``echonest.csv``, fetched if need be.

        Raises
        ------
        ReportError
            If they cannot be had, or are not those that were published.
        """
        found = []
        for name in (TRACKS, ECHONEST):
            path = self._there(name)
            if path is None:
                path = self.downloads / name
                archive = self._archive("fma_metadata")
                member = archive.members.get(name)
                space.need(self.downloads, member.size + member.packed if member else 0, name)
                meter = _Meter(name, member.packed if member else 0)
                try:
                    archive.extract(
                        name, path, largest=LARGEST_TABLE, told=meter.add, check=partial(self._compare, name=name)
                    )
                except BrokenError as error:
                    raise ReportError(f"{name}: {error}. See https://github.com/mdeff/fma for the archive.") from error
            found.append(path)
        return found[0], found[1]

    def path(self, track: int) -> Path | None:
        """Where a clip lies already; None if it has yet to be got."""
        return self._there(*(_member(subset, track) for subset in self._holding))

    def absent(self, tracks: Iterable[int]) -> set[int]:
        """Tracks whose clip cannot be got, as far as that is known without asking anybody.

        Raises
        ------
        ReportError
            If the folder of the user's has no clips at all.
        """
        if self.data is None or any(self._local(f"fma_{subset}") for subset in self._holding):
            return set()
        if not any((self.data / f"fma_{subset}").is_dir() for subset in self._holding):
            self._archive(f"fma_{self.subset}")
        return {track for track in tracks if self.path(track) is None}

    def get(self, tracks: list[int]) -> dict[int, str]:
        """Get the clips that are not there yet, several at once.

        Returns
        -------
        dict
            Why, by track, for each that is broken where it comes from.

        Raises
        ------
        ReportError
            If server or disk fail; what was got is kept.
        """
        wanted = [track for track in tracks if self.path(track) is None]
        if not wanted:
            return {}
        here = [subset for subset in self._holding if self._local(f"fma_{subset}")]
        subset = here[0] if here else self.subset
        archive = self._archive(f"fma_{subset}")
        names = {track: _member(subset, track) for track in wanted}
        members = [archive.members[name] for name in names.values() if archive.members.get(name)]
        space.need(
            self.downloads, sum(m.size for m in members) + LARGEST_CLIP * self.connections, f"{len(wanted)} clips"
        )
        meter = _Meter("clips", sum(m.packed for m in members), len(wanted))
        broken: dict[int, str] = {}

        def told(number: int) -> None:
            if self._stopped.is_set():
                raise _StoppedError
            meter.add(number)

        def one(track: int) -> None:
            try:
                archive.extract(names[track], self.downloads / names[track], largest=LARGEST_CLIP, told=told)
            except BrokenError as error:
                broken[track] = str(error)

        self._stopped.clear()
        with ThreadPoolExecutor(self.connections) as pool:
            jobs = [pool.submit(one, track) for track in wanted]
            try:
                for job in as_completed(jobs):
                    job.result()
                    meter.step()
            except BaseException:
                self._stopped.set()  # the others stop at their next piece, or in the middle of a pause
                pool.shutdown(cancel_futures=True)
                raise
        return broken

    @property
    def _holding(self) -> tuple[str, ...]:
        """Subsets that hold the tracks of this one, itself first."""
        return SUBSETS[SUBSETS.index(self.subset) :]

    def _pause(self, seconds: float) -> None:
        if self._stopped.wait(seconds):
            raise _StoppedError

    def _there(self, *names: str) -> Path | None:
        """First of some files that is in a folder; nothing gets its name there before it is whole."""
        folders = (self.downloads,) if self.data is None else (self.data, self.downloads)
        return next((folder / name for name in names for folder in folders if (folder / name).is_file()), None)

    def _local(self, name: str) -> Path | None:
        """Find an archive on this machine: the user's, or one downloaded whole."""
        path = (self.data or self.downloads) / f"{name}.zip"
        return path if path.is_file() else None

    def _open(self, name: str) -> Archive:
        local = self._local(name)
        if local:
            return Archive(local)
        if self.data is not None:
            raise ReportError(
                f"DATA={self.data}: neither a folder {name} nor {name}.zip is there. Put one there, or leave DATA out "
                "to fetch what is needed."
            )
        remote = Remote(f"{self.address}{name}.zip", patience=self.patience)
        try:
            return RemoteArchive(remote) if remote.ranges else self._download(remote)
        except ReportError as error:
            raise ReportError(f"{error} {OTHERWISE}") from error

    def _download(self, remote: Remote) -> Archive:
        path = self.downloads / remote.name
        if not self.whole:
            raise ReportError(
                f"{remote.address}: this server gives no parts of a file, so that all of it, "
                f"{space.readable(remote.size)}, would have to be downloaded. If you want that: "
                "make fetch STUDY=<this study> WHOLE=yes."
            )
        space.need(self.downloads, remote.size, remote.name)
        part = path.with_name(f".{path.name}{PART}")
        meter = _Meter(remote.name, remote.size)
        remote.save(part, told=meter.add)
        try:
            self._compare(part, remote.name)
            if self.address != ADDRESS:  # whose checksums nobody published
                Archive(part).test(LARGEST_TABLE)
        except (ReportError, BrokenError) as error:
            part.unlink()
            raise ReportError(f"{remote.address}: {error}. It was deleted; run the same command again.") from error
        part.replace(path)
        return Archive(path)

    def _compare(self, path: Path, name: str) -> None:
        """Compare a file with the published checksum, if it comes from where that was published."""
        if self.data is None and self.address == ADDRESS and (found := sha1(path)) != SHA1[name]:
            raise ReportError(
                f"{name} from {self.address} has the sha1 {found}, but {SHA1[name]} was published. Run the same "
                "command again; if it stays so, see https://github.com/mdeff/fma."
            )


class _StoppedError(Exception):
    """Another thread failed, or somebody interrupted."""


def _member(subset: str, track: int) -> str:
    return f"fma_{subset}/{track // 1000:03d}/{track:06d}.mp3"


class _Meter:
    """Tells how far a download is: bytes, rate, time left."""

    def __init__(self, what: str, total: int, files: int = 0):
        self._what, self._total, self._files = what, total, files
        self._bytes = self._done = 0
        self._start = time.monotonic()
        self._lock = threading.Lock()

    def add(self, number: int) -> None:
        """So many bytes more."""
        with self._lock:
            self._bytes += number
            self._say()

    def step(self) -> None:
        """One file more."""
        with self._lock:
            self._done += 1
            self._say()

    def _say(self) -> None:
        count = f" {self._done}/{self._files}" if self._files else ""
        total = max(self._total, self._bytes)  # more than planned, where a part had to be asked for twice
        elapsed_s = time.monotonic() - self._start
        how = tqdm.format_meter(self._bytes, total, elapsed_s, unit="B", unit_scale=True, unit_divisor=1024, ncols=60)
        tell(f"fetching {self._what}{count} {how}")
