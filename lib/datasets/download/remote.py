"""One file on a server, read whole or in ranges that survive broken connections."""

from __future__ import annotations

import io
import re
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import BinaryIO

import remotezip
import requests
import urllib3

from lib.datasets.download.retry import T, TransientError, retry
from lib.errors import ReportError

TIMEOUT_S = (10.0, 60.0)  # to connect, and between two pieces of an answer
HEADERS = {"User-Agent": "music-tagging-report/0.1 (python-requests)", "Accept-Encoding": "identity"}
CHUNK = 64 * 1024  # bytes
LARGEST_RANGE = 512 * 1024**2  # bytes; FMA's largest directory has some 10 MB, the archive of tracks.csv 342 MiB
REMEDY = "What was fetched is kept; run the same command again later."

_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+)")
_REASONS = {
    "NameResolution": "the server's name is unknown (is this machine on a network?)",
    "refused": "the server does not accept connections",
    "certificate": "the server's certificate is not valid",
}


class Remote:
    """A file at an address of http or https; what cannot be had is a `ReportError`.

    Parameters
    ----------
    address : str
    **patience
        Of `lib.datasets.download.retry.retry`: tries, sleep.

    Attributes
    ----------
    name : str
        Last part of the address.
    received : callable
        Given the number of new bytes as they come.
    """

    def __init__(self, address: str, **patience):
        if not address.startswith(("http://", "https://")):
            raise ReportError(f"address {address!r}: it must begin with http:// or https://.")
        self.address = address
        self.name = address.rstrip("/").rsplit("/", 1)[-1]
        self.received: Callable[[int], None] = lambda count: None
        self._patience = patience
        self._directory: dict[tuple[int, int], bytes] = {}
        self._lock = threading.Lock()
        self._session = requests.Session()
        self._session.headers.update(HEADERS)

    @property
    def size(self) -> int:
        """Bytes of the whole file."""
        return self._facts[0]

    @property
    def ranges(self) -> bool:
        """Whether the server gives parts of the file."""
        return self._facts[1]

    def read(self, start: int, stop: int) -> bytes:
        """Bytes from `start` up to, not including, `stop`; a broken connection goes on where it ended."""
        held = io.BytesIO()

        def more() -> None:
            before = held.tell()
            try:
                self._copy(held, start + before, stop)
            except TransientError:
                if held.tell() == before:  # only a try that brought nothing counts
                    raise

        while held.tell() < stop - start:
            self._patiently(more)
        return held.getvalue()

    def save(self, path: Path) -> None:
        """Write the whole file, from a server that gives no ranges: a broken connection begins anew."""

        def whole() -> None:
            with path.open("wb") as file:
                self._copy(file, 0, self.size)

        self._patiently(whole)

    def fetch(self, data_range: tuple[int, int | None], stream: bool = False) -> remotezip.PartialBuffer:
        """Range that `remotezip` asks for: a member (`stream`), or the directory, which is asked for once."""
        first, last = data_range
        start, stop = (max(self.size + first, 0), self.size) if last is None else (first, min(last + 1, self.size))
        if not 0 <= start < stop or stop - start > LARGEST_RANGE:
            raise zipfile.BadZipFile(f"bytes {start} to {stop} of {self.size} are beyond its bounds")
        if stream:
            held = self.read(start, stop)
        else:
            with self._lock:
                if (start, stop) not in self._directory:
                    self._directory[start, stop] = self.read(start, stop)
                held = self._directory[start, stop]
        return remotezip.PartialBuffer(io.BytesIO(held), start, len(held), False)

    def forget(self) -> None:
        """Ask for the directory once more."""
        self._directory.clear()

    def _patiently(self, call: Callable[[], T]) -> T:
        try:
            return retry(call, self.name, **self._patience)
        except TransientError as error:
            raise ReportError(f"{self.address}: {error}. {REMEDY}") from error

    @cached_property
    def _facts(self) -> tuple[int, bool]:
        """Size, and whether there are ranges."""

        def request() -> tuple[int, bool]:
            with self._response({"Range": "bytes=0-0"}) as response:
                given = _RANGE.fullmatch(response.headers.get("Content-Range", ""))
                length = given.group(3) if given else response.headers.get("Content-Length", "")
                if not length.isdigit():
                    raise ReportError(f"{self.address}: the server does not say how large the file is.")
                return int(length), given is not None

        return self._patiently(request)

    def _copy(self, file: BinaryIO, start: int, stop: int) -> None:
        """Append bytes from `start` up to `stop` in one request."""
        with self._response({"Range": f"bytes={start}-{stop - 1}"} if self.ranges else {}) as response:
            given = _RANGE.fullmatch(response.headers.get("Content-Range", ""))
            if self.ranges and (given is None or int(given.group(1)) != start):
                raise TransientError("the server answered with another part than was asked for")
            left = stop - start
            while left:
                chunk = response.raw.read(min(CHUNK, left))
                if not chunk:
                    raise TransientError("the connection ended early")
                left -= len(chunk)
                file.write(chunk)
                self.received(len(chunk))

    @contextmanager
    def _response(self, headers: dict[str, str]) -> Iterator[requests.Response]:
        try:
            with self._session.get(self.address, headers=headers, stream=True, timeout=TIMEOUT_S) as response:
                code = response.status_code
                if code in (408, 425, 429) or code >= 500:
                    raise TransientError(f"the server answered {code}", response.headers.get("Retry-After"))
                if code not in (200, 206):
                    gone = f"there is no such file ({code}). It may have moved; check the address."
                    refused = f"the server refused ({code}). Check the address, or get the file by hand."
                    raise ReportError(f"{self.address}: {gone if code in (404, 410) else refused}")
                yield response
        except (requests.Timeout, urllib3.exceptions.TimeoutError) as error:
            raise TransientError("no answer in time") from error
        except (requests.ConnectionError, urllib3.exceptions.HTTPError, ConnectionError) as error:
            reason = next((reason for sign, reason in _REASONS.items() if sign in str(error)), "the connection broke")
            raise TransientError(reason) from error
        except requests.RequestException as error:
            raise ReportError(f"{self.address}: {error}. Check the address.") from error
