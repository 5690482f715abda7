"""Players of the sounds that a page offers; in pages that are passed on, how to get them."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from markupsafe import Markup

from lib.audio import ClipError, Spectrogram, load_excerpt
from lib.paths import Study
from lib.report.clean import Media
from lib.sounds import Sound
from lib.tables import read_json, read_tracks

RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)  # Hz that MP3 has
HELD = 32  # excerpts that are kept in memory, the oldest going first
FADE_S = 0.02  # at both ends of a cut, or it clicks
_NOTE = Markup(
    '<p class="quiet sounds">To hear {}, run <code>make listen STUDY={}</code>: it builds these pages with players, '
    "for your machine alone.</p>"
)
_PLAYER = Markup('<div class="sound"><p>{}</p><audio controls preload="none" src="{}" aria-label="{}"{}></audio></div>')
_MISSING = Markup('<div class="sound"><p>{}</p><p class="quiet">It cannot be played: {}.</p></div>')


@dataclass
class Players:
    """Makes players; here none, as in pages that are passed on.

    Parameters
    ----------
    study : Study
    """

    study: Study

    def html(self, sounds: Sequence[Sound], media: Media) -> Markup:
        """HTML in the place of sounds that a notebook offers."""
        return _NOTE.format("it" if len(sounds) == 1 else "them", self.study.name)

    def address(self, sound: Sound, media: Media) -> str:
        """Address of the MP3 of a sound; empty where there is none to play."""
        return ""


@dataclass
class LocalPlayers(Players):
    """Makes players that play MP3 files beside the page, cut from the files of this machine.

    Raises
    ------
    ReportError
        If the study's tracks or slices are not there.
    """

    tracks: pd.DataFrame = field(init=False)
    spectrogram: Spectrogram = field(init=False)
    _read: dict[str, np.ndarray | str] = field(init=False, default_factory=dict)

    def __post_init__(self):
        self.tracks = read_tracks(self.study.need(self.study.tracks, "01_data_acquisition")).set_index("track_id")
        manifest = self.study.need(self.study.slices / "slices.json", "02_spectrogram_slicing")
        self.spectrogram = Spectrogram(**read_json(manifest)["spectrogram"])

    def html(self, sounds: Sequence[Sound], media: Media) -> Markup:
        """HTML of a player for each sound, with title, artist and licence."""
        return Markup('<div class="sounds">{}</div>').format(Markup("").join(self._one(one, media) for one in sounds))

    def _one(self, sound: Sound, media: Media) -> Markup:
        if sound.track_id not in self.tracks.index:
            return _MISSING.format(_about(sound, {}), "the tracks table does not hold it")
        track = self.tracks.loc[sound.track_id].dropna().to_dict()
        y = self._excerpt(sound.track_id)
        if isinstance(y, str):
            return _MISSING.format(_about(sound, track), y)
        rate = self.spectrogram.sample_rate
        start, stop = self._stretch(sound, y)
        if stop <= start:
            return _MISSING.format(_about(sound, track), f"the file ends before {sound.start_s:g} s of its excerpt")
        address = self.address(sound, media)
        marks = Markup("")
        if sound.picture:
            marks = Markup(' data-picture="{}" data-left="{:.4f}" data-right="{:.4f}"').format(
                sound.picture, *sound.span
            )
        seconds = (stop - start) / rate
        label = f"{track.get('title', sound.track_id)}, {seconds:.0f} s"
        return _PLAYER.format(_about(sound, track), address, label, marks)

    def address(self, sound: Sound, media: Media) -> str:
        """Address of the MP3 of a sound; empty if its song cannot be read or ends before."""
        y = self._excerpt(sound.track_id) if sound.track_id in self.tracks.index else ""
        if isinstance(y, str):
            return ""
        start, stop = self._stretch(sound, y)
        return (
            media.add(_mp3(y[start:stop], self.spectrogram.sample_rate), "audio/mpeg", sound.track_id)
            if stop > start
            else ""
        )

    def _stretch(self, sound: Sound, y: np.ndarray) -> tuple[int, int]:
        rate = self.spectrogram.sample_rate
        start = round(sound.start_s * rate)
        return start, min(len(y), start + round(sound.length_s * rate)) if sound.length_s else len(y)

    def _excerpt(self, track_id: str) -> np.ndarray | str:
        """Return the samples of a song's excerpt, or why there are none."""
        if track_id not in self._read:
            while len(self._read) >= HELD:
                self._read.pop(next(iter(self._read)))
            try:
                path = self.tracks.loc[track_id, "path"]
                self._read[track_id], _ = load_excerpt(path, self.spectrogram.sample_rate, self.spectrogram.excerpt_s)
            except ClipError as error:
                self._read[track_id] = error.reason
        return self._read[track_id]


def _about(sound: Sound, track: Mapping) -> Markup:
    """Say what is played, by whom, and under which licence."""
    named = Markup("<b>{}</b>").format(track.get("title", sound.track_id))
    more = [track[name] for name in ("artist", "license") if track.get(name)]
    text = Markup(", ").join([named, *more])
    return Markup("{}: {}").format(sound.about, text) if sound.about else text


def _mp3(y: np.ndarray, rate: int) -> bytes:
    """MP3 of some samples; brought to the nearest rate that the format has, where it lacks theirs."""
    import soundfile
    import soxr

    known = min(RATES, key=lambda one: abs(one - rate))
    y = y.copy() if known == rate else soxr.resample(y, rate, known)
    rate = known
    ramp = np.linspace(0, 1, min(round(FADE_S * rate), len(y) // 2), dtype=y.dtype)
    y[: len(ramp)] *= ramp
    y[len(y) - len(ramp) :] *= ramp[::-1]
    file = io.BytesIO()
    soundfile.write(file, np.clip(y, -1, 1), rate, format="MP3", subtype="MPEG_LAYER_III")
    return file.getvalue()
