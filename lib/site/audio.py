"""Rich outputs on a page: players of the sounds that a notebook offers, and its maps of songs.

Pages that are passed on hold no music and say how to get it (`Players`); those that ``make listen`` builds for this
machine alone play MP3 files that are cut from the music here (`LocalPlayers`).
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from markupsafe import Markup

from lib.audio import ClipError, load_excerpt
from lib.datasets.tracks import read_tracks
from lib.features.spectrogram import Spectrogram
from lib.io import read_json
from lib.paths import Study
from lib.rich_output import SongMap, Sound
from lib.site.frame import templates
from lib.site.sanitize import Media

MP3_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)  # Hz
MAX_EXCERPTS = 32  # kept in memory
FADE_S = 0.02  # at both ends of a cut, or it clicks
WIDTH, HEIGHT, EDGE = 1000, 660, 16  # of a map
MAP_START_S, MAP_LENGTH_S = 12.0, 6.0  # stretch of the excerpt that a point of a map plays


@dataclass
class Players:
    """Makes players; here none, as in pages that are passed on."""

    study: Study

    def html(self, sounds: Sequence[Sound], media: Media) -> Markup:
        """HTML in the place of sounds that a notebook offers."""
        return _macro("note", len(sounds), self.study.name)

    def address(self, sound: Sound, media: Media) -> str:
        """Address of the MP3 of a sound; empty where there is none to play."""
        return ""


class LocalPlayers(Players):
    """Makes players of MP3 files beside the page, cut from the files of this machine.

    If the study's tracks or slices are not there, a `ReportError` is raised.
    """

    def __init__(self, study: Study):
        super().__init__(study)
        self.tracks = read_tracks(study.need(study.tracks, "01_data_acquisition")).set_index("track_id")
        manifest = study.need(study.slices / "slices.json", "02_spectrogram_slicing")
        self.spectrogram = Spectrogram(**read_json(manifest)["spectrogram"])
        self._excerpt = lru_cache(MAX_EXCERPTS)(self._load)

    def html(self, sounds: Sequence[Sound], media: Media) -> Markup:
        """HTML of a player for each sound, with title, artist and licence."""
        return _macro("players", [self._player(sound, media) for sound in sounds])

    def address(self, sound: Sound, media: Media) -> str:
        """Address of the MP3 of a sound; empty if its song cannot be read or ends before."""
        y, missing = self._cut(sound)
        return "" if missing else media.add(_mp3(y, self.spectrogram.sample_rate), "audio/mpeg", sound.track_id)

    def _player(self, sound: Sound, media: Media) -> dict:
        y, missing = self._cut(sound)
        known = self.tracks.loc[sound.track_id].dropna() if sound.track_id in self.tracks.index else {}
        return {
            "sound": sound,
            "track": {name: known.get(name) for name in ("title", "artist", "license")},
            "missing": missing,
            "seconds": len(y) / self.spectrogram.sample_rate,
            "address": self.address(sound, media),
        }

    def _cut(self, sound: Sound) -> tuple[np.ndarray, str]:
        """Return the samples of a sound, and why there are none."""
        y, missing = self._excerpt(sound.track_id)
        rate = self.spectrogram.sample_rate
        start = round(sound.start_s * rate)
        y = y[start : start + round(sound.length_s * rate)] if sound.length_s else y[start:]
        return y, missing or ("" if len(y) else f"the file ends before {sound.start_s:g} s of its excerpt")

    def _load(self, track_id: str) -> tuple[np.ndarray, str]:
        if track_id not in self.tracks.index:
            return np.empty(0), "the tracks table does not hold it"
        path = self.tracks.loc[track_id, "path"]
        try:
            return load_excerpt(path, self.spectrogram.sample_rate, self.spectrogram.excerpt_s)[0], ""
        except ClipError as error:
            return np.empty(0), error.reason


def map_html(found: SongMap, players: Players, media: Media) -> Markup:
    """HTML of a map: titles without a script, a line of text and sound with one."""
    points = [
        {
            "x": EDGE + found.x[i] * (WIDTH - 2 * EDGE),
            "y": HEIGHT - EDGE - found.y[i] * (HEIGHT - 2 * EDGE),
            "text": found.texts[i],
            "colours": [colours[i] for _, colours, _ in found.layers],
            "address": players.address(Sound(song, start_s=MAP_START_S, length_s=MAP_LENGTH_S), media),
        }
        for i, song in enumerate(found.songs)
    ]
    group = "map-" + hashlib.sha256("|".join([found.about, *found.songs]).encode()).hexdigest()[:8]
    return _macro("map", found, group, points, WIDTH, HEIGHT)


def _macro(name: str, *arguments: object) -> Markup:
    return getattr(templates().get_template("outputs.html.j2").module, name)(*arguments)


def _mp3(y: np.ndarray, rate: int) -> bytes:
    """MP3 of some samples; brought to the nearest rate that the format has, where it lacks theirs."""
    import soundfile
    import soxr

    known = min(MP3_RATES, key=lambda one: abs(one - rate))
    y = y.copy() if known == rate else soxr.resample(y, rate, known)
    ramp = np.linspace(0, 1, min(round(FADE_S * known), len(y) // 2), dtype=y.dtype)
    y[: len(ramp)] *= ramp
    y[len(y) - len(ramp) :] *= ramp[::-1]
    file = io.BytesIO()
    soundfile.write(file, np.clip(y, -1, 1), known, format="MP3", subtype="MPEG_LAYER_III")
    return file.getvalue()
