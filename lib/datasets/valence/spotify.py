"""Valence from Spotify's Web API, through spotipy, for those whose application still has access.

Since 2024-11-27 ``audio-features`` answers 403 to new applications and to those in development mode.
"""

from __future__ import annotations

import json
import logging
import os
import warnings
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import cached_property
from pathlib import Path

import pandas as pd
import requests
import spotipy
from spotipy.cache_handler import MemoryCacheHandler
from spotipy.oauth2 import SpotifyClientCredentials, SpotifyOauthError

from lib.datasets.artist_names import is_artist, name_key
from lib.datasets.download.retry import TransientError, retry
from lib.datasets.valence import Lookup, blank
from lib.datasets.valence.matching import LEAST, Candidate, score
from lib.errors import ReportError
from lib.progress import tell

CREDENTIALS = ("SPOTIPY_CLIENT_ID", "SPOTIPY_CLIENT_SECRET")  # variables of the environment
API = "https://api.spotify.com/v1/"
TOKENS = "https://accounts.spotify.com/api/token"
BATCH = 100  # songs a question about features
LONGEST = 100  # characters of a query
RESULTS = 10  # of a search; no application gets fewer
TIMEOUT_S = 20.0

_REFUSALS = {
    401: "refused the credentials (401). Check " + " and ".join(CREDENTIALS),
    403: "does not let this application request audio features (403): since 2024-11-27 that is closed to new "
    "applications. Use another source of valence, or an application with extended access",
    404: "has withdrawn this question (404). Use another source of valence",
}  # fmt: skip


class RefusedError(Exception):
    """Spotify refuses, by the status of its response; without one, trying again another time may help."""

    def __init__(self, reason: str, status: int | None = None):
        super().__init__(reason)
        self.status, self.later = status, status in (None, 401)


class Cache:
    """Responses by kind and key, a line of JSON each, on disk as soon as they are put there.

    A line that a kill cut off is left out. Raises `ReportError` if the file cannot be used.
    """

    def __init__(self, path: Path):
        self.path = path
        self._values: dict[tuple[str, str], object] = {}
        self._append("")
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
            with suppress(ValueError, TypeError):
                kind, key, value = json.loads(line)
                self._values[kind, key] = value

    def get(self, kind: str, keys: Iterable[str]) -> dict[str, object]:
        """Values by key, of those that were put there."""
        return {key: self._values[kind, key] for key in keys if (kind, key) in self._values}

    def put(self, kind: str, values: dict[str, object]) -> None:
        """Keep values by key."""
        self._values |= {(kind, key): value for key, value in values.items()}
        # A break first, for the last line may have been cut off.
        self._append("\n" + "".join(f"{json.dumps([kind, key, value])}\n" for key, value in values.items()))

    def _append(self, text: str) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("a", encoding="utf-8") as file:
                file.write(text)
        except OSError as error:
            raise ReportError(f"{self.path} cannot be used ({error}). Check its folder and disk.") from error


class Spotify:
    """Search by artist and title, a scored match, and the valence of what matched.

    Once Spotify has refused, only what is known already is found: in the file `cache`. `api` and `tokens` are
    addresses, `patience` goes to `lib.datasets.download.retry.retry`.
    """

    name = "Spotify"

    def __init__(self, cache: Path, *, api: str = API, tokens: str = TOKENS, **patience):
        self._cache = Cache(cache)
        self._addresses = api, tokens
        self._patience = patience
        self._refused: RefusedError | None = None

    def look_up(self, tracks: pd.DataFrame) -> Lookup:
        """Look the tracks up; see `lib.datasets.valence.Source`."""
        self._refused = None
        table = blank(tracks)
        # One track first, so that a refusal shows before hundreds of searches.
        for start, stop in [(0, 1), *((at, at + BATCH) for at in range(1, len(tracks), BATCH))]:
            matches = {}
            for index, track in tracks.iloc[start:stop].iterrows():
                found, value, note = self._match(track)
                table.loc[index, ["match", "score", "note"]] = [str(found or ""), value, note]
                if not note:
                    matches[index] = found.id
            known = self._known("valence", list(dict.fromkeys(matches.values())), self._features)
            for index, song in matches.items():
                value = known.get(song)
                note = "" if value is not None else "no features" if song in known else "features not requested"
                table.loc[index, ["valence", "note"]] = [value, note]
            tell(f"asking Spotify {min(stop, len(tracks))}/{len(tracks)}")
        return Lookup(table, str(self._refused), self._refused.later) if self._refused else Lookup(table)

    def _match(self, track: pd.Series) -> tuple[Candidate | None, float, str]:
        """Find the song that a track is taken for, its score, and why it is not taken for it."""
        artist, title, seconds = track["artist"], track["title"], track["whole_s"]
        if not is_artist(artist) or pd.isna(title) or not _quotable(title) or not _quotable(artist):
            return None, float("nan"), "no artist or no title to search for"
        key = f"{name_key(artist)}|{name_key(title)}"
        held = self._known("search", [key], lambda keys: {key: self._search(artist, title)})
        if not held.get(key):
            note = "nothing found" if key in held else "not searched for" if self._refused else "not understood"
            return None, float("nan"), note
        seconds = None if pd.isna(seconds) else seconds
        scored = [(score(song, artist, title, seconds), song) for song in (Candidate(*song) for song in held[key])]
        value, found = max(scored, key=lambda pair: pair[0])
        return found, round(value, 3), "" if value >= LEAST else f"doubtful match ({found}, {value:.2f})"

    def _known(self, kind: str, keys: list[str], request: Callable[[list[str]], dict]) -> dict:
        """Values by key: from the cache, and unless Spotify has refused from the service."""
        held = self._cache.get(kind, keys)
        new = [key for key in keys if key not in held]
        if new and not self._refused:
            try:
                values = retry(lambda: _judged(request, new), self.name, **self._patience)
                held |= values
                self._cache.put(kind, values)
            except TransientError as error:
                self._refused = RefusedError(f"{error}. What was found is kept; run the same command again later.")
            except RefusedError as error:
                if kind != "search" or error.status not in (400, 404):  # those concern this one title
                    self._refused = error
            except ReportError as error:  # what was found is known all the same
                self._refused = RefusedError(str(error))
        return held

    def _search(self, artist: str, title: str) -> list[tuple]:
        """Ask for what a `Candidate` is made of, of each result."""
        words = _query(_quotable(artist), _quotable(title))
        items = self._service.search(words, limit=RESULTS, type="track")["tracks"]["items"]
        return [
            (str(i["id"]), str(i["name"]), [str(a["name"]) for a in i["artists"]], (i.get("duration_ms") or 0) / 1000)
            for i in items
            if i and i.get("id")
        ]

    def _features(self, songs: list[str]) -> dict[str, float | None]:
        """Valence by id; None where Spotify has none."""
        with warnings.catch_warnings():
            # spotipy says that Spotify withdrew audio_features; who still has access wants the response.
            warnings.simplefilter("ignore", DeprecationWarning)
            response = self._service.audio_features(songs)
        valence = {features["id"]: features.get("valence") for features in response if features}
        if len(response) != len(songs) or not all(value is None or 0 <= value <= 1 for value in valence.values()):
            raise ValueError("not what was asked for, or valence outside 0..1")
        return {song: valence.get(song) for song in songs}

    @cached_property
    def _service(self) -> spotipy.Spotify:
        given = {name: os.environ.get(name, "").strip() for name in CREDENTIALS}
        if missing := [name for name, value in given.items() if not value]:
            raise RefusedError(
                f"{' and '.join(missing)} not set. Put your application's credentials (developer.spotify.com) into "
                "these variables of the environment."
            )
        # spotipy writes refusals to the log, and tokens at its finest level.
        logging.getLogger("spotipy").setLevel(logging.CRITICAL)
        # In memory: spotipy would leave the token in a file of the current folder.
        auth = SpotifyClientCredentials(*given.values(), cache_handler=MemoryCacheHandler(), requests_timeout=TIMEOUT_S)
        # A session of one's own has no retries of its own, which would obey any Retry-After in silence.
        service = spotipy.Spotify(auth_manager=auth, requests_session=requests.Session(), requests_timeout=TIMEOUT_S)
        service.prefix, auth.OAUTH_TOKEN_URL = self._addresses
        return service


def _query(artist: str, title: str) -> str:
    """Words of a search; of long names the beginning, for a longer query than `LONGEST` is refused."""
    most = LONGEST - len('artist:"" track:""')
    artist = artist[: max(most // 2, most - len(title))]
    return f'artist:"{artist.strip()}" track:"{title[: most - len(artist)].strip()}"'


def _judged(request: Callable[[list[str]], dict], keys: list[str]) -> dict:
    """Request; what fails is a `TransientError` or a `RefusedError`."""
    try:
        return request(keys)
    except spotipy.SpotifyException as error:
        status, headers = error.http_status, error.headers or {}
    except SpotifyOauthError as error:
        response = getattr(error.__context__, "response", None)
        status, headers = getattr(response, "status_code", 401), getattr(response, "headers", {})
        status = 401 if status == 400 else status
    except (KeyError, TypeError, ValueError, AttributeError):
        raise TransientError("Spotify responded in another form than it documents") from None
    except requests.RequestException:
        raise TransientError("the connection to Spotify broke") from None
    if status == 429 or status >= 500:
        raise TransientError(f"Spotify responded {status}", headers.get("Retry-After"))
    reason = _REFUSALS.get(status, f"refused ({status}). Use another source of valence")
    raise RefusedError(f"Spotify {reason}.", status)


def _quotable(text: str) -> str:
    """Text that a search may hold: no quotes."""
    return " ".join(text.replace('"', " ").split())
