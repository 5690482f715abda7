"""A server on this machine that fails in chosen ways, for tests of everything that reads from a network."""

import contextlib
import random
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Faults:
    """How the server fails; `cut` and `error` are shares of the requests, drawn from a seed.

    `cut` ends a response at a random byte, `error` responds with 500 instead, `flips` times the byte `flip_at` of the
    file is a wrong one, `pause_s` waits before each response, `ranges` gives parts, `retry_after` goes with a 429,
    `refuse` is the status of every response.
    """

    ranges: bool = True
    cut: float = 0.0
    error: float = 0.0
    flips: int = 0
    flip_at: int | None = None
    pause_s: float = 0.0
    busy: int = 0
    refuse: int = 0
    retry_after: str = "0"
    seed: int = 0


@dataclass
class Server:
    """What a test sees of the server: its address, what it serves, and the requests it got."""

    address: str
    files: dict[str, bytes]
    faults: Faults
    requests: list[tuple[str, str]] = field(default_factory=list)
    sent: int = 0


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        """Say nothing: clients that go away are part of the tests."""


@contextlib.contextmanager
def listening(handler: type[BaseHTTPRequestHandler]):
    """Handle requests until the block ends; yields the address."""
    http = _Quiet(("127.0.0.1", 0), handler)
    threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{http.server_address[1]}"
    finally:
        http.shutdown()
        http.server_close()


@contextlib.contextmanager
def serve(files: dict[str, bytes], faults: Faults | None = None):
    """Serve bytes by path until the block ends; yields a `Server`."""
    faults = faults or Faults()
    chance = random.Random(faults.seed)
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_):
            pass

        def do_GET(self):
            span = self.headers.get("Range", "")
            with lock:
                server.requests.append((self.path, span))
                draws = [chance.random() for _ in range(3)]
                busy, faults.busy = faults.busy > 0, max(faults.busy - 1, 0)
            time.sleep(faults.pause_s)
            body = files.get(self.path)
            if busy:
                return self._short(429, {"Retry-After": faults.retry_after})
            if body is None or faults.refuse:
                return self._short(faults.refuse or 404)
            if draws[0] < faults.error:
                return self._short(500)
            first, last, code = 0, len(body) - 1, 200
            if span and faults.ranges:
                low, high = span.removeprefix("bytes=").split("-")
                first, last, code = int(low), min(int(high or last), last), 206
            part = body[first : last + 1]
            if faults.flips and faults.flip_at is not None and first <= faults.flip_at <= last:
                faults.flips -= 1
                part = bytearray(part)
                part[faults.flip_at - first] ^= 0xFF
            self.send_response(code)
            self.send_header("Content-Length", str(len(part)))
            if code == 206:
                self.send_header("Content-Range", f"bytes {first}-{last}/{len(body)}")
            self.end_headers()
            whole = len(part)
            if draws[1] < faults.cut and whole > 1:
                part = part[: int(draws[2] * whole)]
            for at in range(0, len(part), 65536):
                self.wfile.write(part[at : at + 65536])
            with lock:
                server.sent += len(part)
            if len(part) < whole:
                self.close_connection = True
            return None

        def _short(self, code, headers=()):
            self.send_response(code)
            for name, value in dict(headers).items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

    server = Server("", files, faults)
    with listening(Handler) as server.address:
        yield server
