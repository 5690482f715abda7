"""A stand-in for Spotify's Web API that responds by the documented schema, and fails in chosen ways."""

import contextlib
import json
import re
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, urlsplit

from tests.loopback import listening

ID, SECRET = "an-id", "very-secret-indeed"


@dataclass
class Service:
    """What a test sees and sets.

    `songs` by id: artist, title, seconds, valence (None = no features). `faults` by question (token, search,
    audio-features): responses that go before the correct one, each a status, a pair of status and Retry-After, or text.
    """

    songs: dict[str, tuple[str, str, float, float | None]]
    address: str = ""
    faults: dict[str, list] = field(default_factory=dict)
    requests: list[tuple[str, str]] = field(default_factory=list)

    @property
    def addresses(self) -> dict[str, str]:
        return {"api": f"{self.address}/v1/", "tokens": f"{self.address}/api/token"}


@contextlib.contextmanager
def serve(songs):
    """Serve until the block ends; yields a `Service`."""
    service = Service(songs)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_):
            pass

        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            self.respond("token", lambda query: {"access_token": "a-token", "token_type": "Bearer", "expires_in": 3600})

        def do_GET(self):
            path = urlsplit(self.path).path
            if path.startswith("/v1/search"):
                self.respond("search", self.search)
            else:
                self.respond("audio-features", self.features)

        def respond(self, question, response):
            query = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
            service.requests.append((question, query.get("q") or query.get("ids", "")))
            waiting = service.faults.get(question, [])
            fault = waiting.pop(0) if waiting else None
            if fault is None:
                return self.send(200, json.dumps(response(query)))
            if isinstance(fault, str):
                return self.send(200, fault)
            status, wait = fault if isinstance(fault, tuple) else (fault, None)
            body = {"error": "invalid_client"} if question == "token" else {"error": {"status": status}}
            return self.send(status, json.dumps(body), wait)

        def send(self, status, body, wait=None):
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body.encode())))
            if wait:
                self.send_header("Retry-After", wait)
            self.end_headers()
            self.wfile.write(body.encode())

        def search(self, query):
            artist, title = re.fullmatch(r'artist:"(.*)" track:"(.*)"', query["q"]).groups()
            found = [
                {"id": song, "name": name, "artists": [{"name": by}], "duration_ms": int(seconds * 1000)}
                for song, (by, name, seconds, _) in service.songs.items()
                if artist.lower() in by.lower() and title.lower() in name.lower()
            ]
            return {"tracks": {"items": found[: int(query["limit"])], "total": len(found)}}

        def features(self, query):
            known = [(song, service.songs[song][3]) for song in query["ids"].split(",")]
            return {"audio_features": [v if v is None else {"id": s, "valence": v} for s, v in known]}

    with listening(Handler) as service.address:
        yield service
