"""One file on a server, read in parts that survive broken connections."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

import requests
import urllib3

from lib.errors import ReportError
from lib.fetch.members import CHUNK
from lib.fetch.patience import UnsteadyError, again, retry_after

TIMEOUT_S = (10.0, 60.0)  # to connect, and between two pieces of an answer
AGENT = "music-tagging-report/0.1 (python-requests)"

_SPAN = re.compile(r"bytes (\d+)-(\d+)/(\d+)")


class Remote:
    """A file at an address of http or https.

    Parameters
    ----------
    address : str
    timeout_s : tuple of float
        To connect, and between two pieces of an answer.
    patience : dict, optional
        Of `lib.fetch.patience.again`: tries, longest_s, sleep.

    Attributes
    ----------
    size : int
        Bytes.
    ranges : bool
        Whether the server gives parts of it.
    """

    def __init__(self, address: str, *, timeout_s: tuple[float, float] = TIMEOUT_S, patience: dict | None = None):
        if not address.startswith(("http://", "https://")):
            raise ReportError(f"address {address!r}: it must begin with http:// or https://.")
        self.address = address
        self.timeout_s = timeout_s
        self.patience = patience or {}
        self._session = requests.Session()
        self._session.headers.update({"User-Agent": AGENT, "Accept-Encoding": "identity"})

    @property
    def name(self) -> str:
        """Last part of the address."""
        return self.address.rstrip("/").rsplit("/", 1)[-1]

    @property
    def size(self) -> int:
        """Bytes of the whole file.

        Raises
        ------
        ReportError
            If the server does not answer, or has no such file.
        """
        return self._facts[0]

    @property
    def ranges(self) -> bool:
        """Whether the server gives parts of the file; raises as `size` does."""
        return self._facts[1]

    def read(self, start: int, stop: int) -> bytes:
        """Bytes from `start` up to, not including, `stop`; raises as `save` does."""
        held = bytearray()

        def more() -> None:
            for chunk in self._pieces(start + len(held), stop):
                held.extend(chunk)

        self._patiently(more, lambda: len(held))
        return bytes(held)

    def save(self, path: Path, start: int = 0, stop: int | None = None, told: Callable[[int], None] = lambda n: None):
        """Write bytes from `start` up to `stop` to a file, going on where it ends.

        Parameters
        ----------
        path : Path
            May hold the first of these bytes already. Without `ranges` it is begun anew.
        start, stop : int
            0 <= start < stop <= size; None = the end.
        told : callable
            Told the number of new bytes.

        Raises
        ------
        ReportError
            If the server refuses, goes on failing, or has another file by now. What was got stays in `path`.
        """
        stop = self.size if stop is None else stop
        path.parent.mkdir(parents=True, exist_ok=True)

        def have() -> int:
            return path.stat().st_size if path.is_file() else 0

        if have() > stop - start or not self.ranges:
            path.unlink(missing_ok=True)

        def more() -> None:
            with path.open("ab" if self.ranges else "wb") as file:
                for chunk in self._pieces(start + (have() if self.ranges else 0), stop):
                    file.write(chunk)
                    told(len(chunk))

        # Without ranges every try begins anew, so that no try comes forward.
        self._patiently(more, have if self.ranges else lambda: 0)

    def _patiently(self, more: Callable[[], None], have: Callable[[], int]) -> None:
        last = have()

        def moved() -> bool:
            nonlocal last
            before, last = last, have()
            return last > before

        try:
            again(more, self.name, moved=moved, **self.patience)
        except UnsteadyError as error:
            wait = f" (it asks to wait {error.after_s:.0f} s)" if error.after_s else ""
            raise ReportError(
                f"{self.address}: {error}{wait}. What was got is kept; run the same command again later."
            ) from error

    @cached_property
    def _facts(self) -> tuple[int, bool, str]:
        found: list[tuple[int, bool, str]] = []

        def ask() -> None:
            with self._answer({"Range": "bytes=0-0"}) as answer:
                tag = answer.headers.get("ETag") or answer.headers.get("Last-Modified") or ""
                span = _SPAN.fullmatch(answer.headers.get("Content-Range", ""))
                if answer.status_code == 206 and span:
                    found.append((int(span.group(3)), True, tag))
                elif answer.status_code == 200 and answer.headers.get("Content-Length", "").isdigit():
                    found.append((int(answer.headers["Content-Length"]), False, tag))
                else:
                    raise ReportError(f"{self.address}: the server does not say how large the file is.")

        self._patiently(ask, lambda: 0)
        return found[-1]

    def _pieces(self, start: int, stop: int) -> Iterator[bytes]:
        """One request for what is left, in pieces; every failure that may pass is an `UnsteadyError`."""
        if start >= stop:
            return
        size, ranges, tag = self._facts
        with self._answer({"Range": f"bytes={start}-{stop - 1}"} if ranges else {}) as answer:
            if ranges:
                span = _SPAN.fullmatch(answer.headers.get("Content-Range", ""))
                if answer.status_code != 206 or not span or int(span.group(1)) != start:
                    raise UnsteadyError("the server answered with another part than was asked for")
                now = answer.headers.get("ETag") or answer.headers.get("Last-Modified") or ""
                if int(span.group(3)) != size or now != tag:
                    raise ReportError(f"{self.address} changed while it was read. Run the same command again.")
            left = stop - start
            while left:
                chunk = answer.raw.read(min(CHUNK, left))
                if not chunk:
                    raise UnsteadyError("the connection ended early")
                left -= len(chunk)
                yield chunk

    @contextmanager
    def _answer(self, headers: dict[str, str]) -> Iterator[requests.Response]:
        try:
            with self._session.get(self.address, headers=headers, stream=True, timeout=self.timeout_s) as answer:
                _judge(answer, self.address)
                yield answer
        except (requests.ConnectionError, requests.Timeout, urllib3.exceptions.HTTPError, ConnectionError) as error:
            raise UnsteadyError(_plain(error)) from error
        except requests.RequestException as error:
            raise ReportError(f"{self.address}: {error}. Check the address.") from error


def _judge(answer: requests.Response, address: str) -> None:
    code = answer.status_code
    if code in (200, 206):
        return
    if code in (408, 425, 429) or code >= 500:
        raise UnsteadyError(f"the server answered {code}", retry_after(answer.headers.get("Retry-After")))
    if code in (404, 410):
        raise ReportError(f"{address}: there is no such file ({code}). It may have moved; check the address.")
    raise ReportError(f"{address}: the server refused ({code}). Check the address, or get the file by hand.")


def _plain(error: Exception) -> str:
    if isinstance(error, requests.Timeout | urllib3.exceptions.TimeoutError):
        return "no answer in time"
    text = str(error)
    for sign, meaning in (
        ("NameResolution", "the server's name is unknown (is this machine on a network?)"),
        ("refused", "the server does not accept connections"),
        ("certificate", "the server's certificate is not valid"),
    ):
        if sign in text:
            return meaning
    return "the connection broke"
