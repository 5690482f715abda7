"""Valence from Spotify's Web API, through spotipy, for those whose application may still ask for it.

Since November 2024 ``audio-features`` answers 403 to most applications.
"""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pandas as pd
import requests
import spotipy
from spotipy.cache_handler import MemoryCacheHandler
from spotipy.oauth2 import SpotifyClientCredentials, SpotifyOauthError

from lib.credits import is_artist, name_key
from lib.errors import ReportError
from lib.fetch.patience import UnsteadyError, again, retry_after
from lib.progress import tell
from lib.valence import Answers, blank
from lib.valence.cache import MISSING, Cache
from lib.valence.matching import LEAST, Candidate, best

NAME = "Spotify"
CREDENTIALS = ("SPOTIPY_CLIENT_ID", "SPOTIPY_CLIENT_SECRET")  # variables of the environment
API = "https://api.spotify.com/v1/"
TOKENS = "https://accounts.spotify.com/api/token"
BATCH = 100  # songs a question about features
LONGEST = 80  # characters of an artist, and of a title, in a search
RESULTS = 10  # of a search; no application gets fewer
TIMEOUT_S = 20.0

_LATER = "What was answered is kept; run the same command again later to go on."


class RefusedError(Exception):
    """Spotify will not answer any more; says why and what to do.

    Parameters
    ----------
    reason : str
    later : bool
        Whether asking again another time may help.
    """

    def __init__(self, reason: str, *, later: bool = True):
        super().__init__(reason)
        self.later = later


class UnanswerableError(Exception):
    """Spotify cannot make sense of this one question."""


class Spotify:
    """Search by artist and title, a scored match, and the valence of what matched.

    Parameters
    ----------
    cache : Path
        File that keeps what was answered.
    api, tokens : str
        Addresses.
    patience : dict, optional
        As `lib.fetch.patience.again` takes it.
    """

    name = NAME

    def __init__(self, cache: Path, *, api: str = API, tokens: str = TOKENS, patience: dict | None = None):
        self._cache = Cache(cache)
        self._addresses = api, tokens
        self._patience = patience or {}
        self._service: spotipy.Spotify | None = None
        self._refused: RefusedError | None = None

    def ask(self, tracks: pd.DataFrame) -> Answers:
        """Look the tracks up; see `lib.valence.Source`."""
        table = blank(tracks)
        nameless = [
            not is_artist(artist) or pd.isna(title) or not _quotable(title) or not _quotable(artist)
            for artist, title in zip(tracks["artist"], tracks["title"], strict=True)
        ]
        table.loc[nameless, "note"] = "no artist or no title to search for"
        self._refused = None
        for part in _parts(tracks.index[[not it for it in nameless]]):
            matches = {index: self._match(tracks.loc[index], table) for index in part}
            matches = {index: match for index, match in matches.items() if match}
            features = self._features([match.id for match in matches.values()])
            for index, match in matches.items():
                valence = features.get(match.id, MISSING)
                if valence is MISSING:
                    table.loc[index, "note"] = "not asked for its features"
                elif valence is None:
                    table.loc[index, "note"] = "no features"
                else:
                    table.loc[index, "valence"] = valence
            tell(f"asking Spotify {tracks.index.get_loc(part[-1]) + 1}/{len(tracks)}")
        if self._refused is None:
            return Answers(table)
        return Answers(table, str(self._refused), self._refused.later)

    def _match(self, track: pd.Series, table: pd.DataFrame) -> Candidate | None:
        """Find the song that a track is, and write into the table what was found."""
        try:
            candidates = self._search(track["artist"], track["title"])
        except RefusedError:
            table.loc[track.name, "note"] = "not searched for"
            return None
        except UnanswerableError as error:
            table.loc[track.name, "note"] = str(error)
            return None
        seconds = track.get("whole_s")
        found, score = best(candidates, track["artist"], track["title"], None if pd.isna(seconds) else seconds)
        if found is None:
            table.loc[track.name, "note"] = "nothing found"
            return None
        table.loc[track.name, ["match", "score"]] = [str(found), round(score, 3)]
        if score < LEAST:
            table.loc[track.name, "note"] = f"doubtful match ({found}, {score:.2f})"
            return None
        return found

    def _search(self, artist: str, title: str) -> list[Candidate]:
        key = f"{name_key(artist)}|{name_key(title)}"
        held = self._cache.get("search", key)
        if held is MISSING:
            words = f'artist:"{_quotable(artist)}" track:"{_quotable(title)}"'
            held = self._call(lambda service: service.search(words, limit=RESULTS, type="track"), _songs, single=True)
            self._keep("search", {key: held})
        return [Candidate(song, name, tuple(artists), seconds) for song, name, artists, seconds in held]

    def _features(self, songs: list[str]) -> dict[str, float | None]:
        """Valence by id as far as it is known; None where Spotify has none."""
        held = {song: self._cache.get("valence", song) for song in songs}
        new = list(dict.fromkeys(song for song, value in held.items() if value is MISSING))
        if new:
            try:
                values = self._call(lambda service: service.audio_features(new), lambda answer: _valences(answer, new))
            except RefusedError:
                return {song: value for song, value in held.items() if value is not MISSING}
            held |= values
            with suppress(RefusedError):  # told at the end; these values are known all the same
                self._keep("valence", values)
        return held

    def _keep(self, kind: str, values: dict) -> None:
        try:
            self._cache.put(kind, values)
        except ReportError as error:
            self._refused = RefusedError(str(error))
            raise self._refused from error

    def _call(
        self, ask: Callable[[spotipy.Spotify], object], read: Callable[[object], object], *, single: bool = False
    ) -> object:
        """Ask, within the bounds of patience; what cannot be had is refused from then on.

        A `single` question, about one track, may be refused alone.
        """
        if self._refused:
            raise self._refused
        renewed = False

        def once() -> object:
            nonlocal renewed
            try:
                with warnings.catch_warnings():
                    # spotipy says that Spotify withdrew audio_features; who may still ask for it wants the answer.
                    warnings.simplefilter("ignore", DeprecationWarning)
                    return read(ask(self._opened()))
            except spotipy.SpotifyException as error:
                if error.http_status == 401 and not renewed:
                    renewed, self._service = True, None  # a token may end early
                    raise UnsteadyError("the token is not valid any more", 0) from None
                if single and error.http_status in (400, 404):
                    raise UnanswerableError(f"Spotify makes nothing of this title ({error.http_status})") from None
                _judge(error.http_status, (error.headers or {}).get("Retry-After"))
            except SpotifyOauthError as error:
                answer = getattr(error.__context__, "response", None)
                _judge(getattr(answer, "status_code", 401), getattr(answer, "headers", {}).get("Retry-After"))
            except requests.JSONDecodeError:
                raise UnsteadyError("Spotify answered something that is no JSON") from None
            except requests.RequestException:
                raise UnsteadyError("the connection to Spotify broke") from None
            except (KeyError, TypeError, ValueError, AttributeError):
                raise UnsteadyError("Spotify answered in another form than it documents") from None
            raise AssertionError("every failure is judged")

        try:
            return again(once, NAME, **self._patience)
        except UnsteadyError as error:
            wait = f", and asks to wait {error.after_s:.0f} s" if error.after_s else ""
            self._refused = RefusedError(f"{error}{wait}. {_LATER}")
        except RefusedError as error:
            self._refused = error
        raise self._refused

    def _opened(self) -> spotipy.Spotify:
        if self._service is None:
            given = [os.environ.get(name, "").strip() for name in CREDENTIALS]
            if not all(given):
                missing = " and ".join(name for name, value in zip(CREDENTIALS, given, strict=True) if not value)
                raise RefusedError(
                    f"{missing} not set. Put your application's credentials (developer.spotify.com) into these "
                    "variables of the environment."
                )
            # spotipy writes refusals to the log, and tokens at its finest level.
            logging.getLogger("spotipy").setLevel(logging.CRITICAL)
            api, tokens = self._addresses
            # In memory: spotipy would leave the token in a file of the current folder.
            auth = SpotifyClientCredentials(*given, cache_handler=MemoryCacheHandler(), requests_timeout=TIMEOUT_S)
            auth.OAUTH_TOKEN_URL = tokens
            # A session of one's own has no retries of its own, which would obey any Retry-After in silence.
            self._service = spotipy.Spotify(
                auth_manager=auth, requests_session=requests.Session(), requests_timeout=TIMEOUT_S
            )
            self._service.prefix = api
        return self._service


def _judge(status: int, wait: str | None) -> None:
    if status == 429 or status >= 500:
        raise UnsteadyError(f"Spotify answered {status}", retry_after(wait))
    reasons = {
        400: "refused the credentials (400). Check " + " and ".join(CREDENTIALS),
        401: "refused the credentials (401). Check " + " and ".join(CREDENTIALS),
        403: (
            "does not let this application ask for audio features (403), as it has most applications since November "
            "2024. Use another source of valence, or an application with extended access"
        ),
        404: "has withdrawn this question (404). Use another source of valence",
    }
    reason = reasons.get(status, f"refused ({status}). Use another source of valence")
    raise RefusedError(f"Spotify {reason}.", later=status in (400, 401))


def _songs(answer: dict) -> list[list]:
    """Id, title, artists and seconds of each result, all that is needed of them."""
    items = answer["tracks"]["items"]
    return [
        [
            str(i["id"]),
            str(i["name"]),
            [str(a["name"]) for a in i["artists"]],
            (i.get("duration_ms") or 0) / 1000 or None,
        ]
        for i in items
        if i and i.get("id")
    ]


def _valences(answer: list, songs: list[str]) -> dict[str, float | None]:
    if not isinstance(answer, list) or len(answer) != len(songs):
        raise ValueError("not one answer a song")
    values = {}
    for song, features in zip(songs, answer, strict=True):
        value = features and features.get("valence")
        values[song] = None if value is None else float(value)
        if value is not None and not 0 <= values[song] <= 1:
            raise ValueError("valence outside 0..1")
    return values


def _quotable(text: str) -> str:
    """Text that a search may hold: no quotes, and not so long that Spotify refuses it."""
    return " ".join(text.replace('"', " ").split())[:LONGEST].strip()


def _parts(indices: pd.Index) -> Iterator[pd.Index]:
    """One track, so that a refusal shows before hundreds of searches, and then as many as one question may name."""
    yield from (
        part for part in (indices[:1], *(indices[i : i + BATCH] for i in range(1, len(indices), BATCH))) if len(part)
    )
