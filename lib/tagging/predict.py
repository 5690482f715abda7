"""Predictions of whole audio files, cut into windows.

A window has the length of the excerpts that networks are trained on, and gives slices as training had them: their grey
levels count from the loudest bin of the window. A file that is no longer than an excerpt gives the very slices that
`lib.features.slicing` would cut.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np

from lib import pool
from lib.audio import SILENCE, Audio, ClipError, mono, open_audio, resampled
from lib.datasets.files import audio_files
from lib.errors import ReportError
from lib.features.spectrogram import Spectrogram, cut_slices, log_mel, to_grey
from lib.tagging.model import BATCH, Tagger
from lib.tagging.ood import SongFeatures, song_features

SURE = 0.5  # probability below which no class is predicted
TIMEOUT_S = 600.0  # six hours of sound take a few minutes
OUT_OF_DISTRIBUTION = "unlike the music that the network was trained on"


@dataclass(frozen=True)
class Window:
    """A stretch of a file: its beginning, length and slices, of which there are none where it is silent or short."""

    start_s: float
    seconds: float
    slices: np.ndarray  # [shape=(n, n_mels, slice_frames), dtype=uint8]
    features: SongFeatures | None = None


def windows(audio: Audio, spectrogram: Spectrogram, *, compare: bool = False) -> Iterator[Window]:
    """Cut an open file into windows, reading one at a time: memory does not grow with its length.

    Those that have slices get features where they are to be compared with the training music.

    Raises
    ------
    lib.audio.ClipError
        If it holds no samples, or some that are not finite.
    """
    wanted, start_s = round(spectrogram.excerpt_s * audio.rate), 0.0
    while len(stereo := audio.read(wanted)) or not start_s:
        y, seconds = mono(stereo), len(stereo) / audio.rate
        slices = np.empty((0, *spectrogram.shape), np.uint8)
        if np.abs(y).max() >= SILENCE:
            decibel = log_mel(resampled(y, audio.rate, spectrogram.sample_rate), spectrogram)
            slices = cut_slices(to_grey(decibel, spectrogram.top_db), spectrogram)
        yield Window(start_s, seconds, slices, song_features(slices, spectrogram) if compare and len(slices) else None)
        start_s += seconds
        if len(y) < wanted:
            break


def files_of(given: Sequence[Path]) -> list[Path]:
    """Files that are named, and those in and below folders; each once.

    Raises
    ------
    ReportError
        If there is no such file or folder, or no audio in it.
    """
    found: dict[str, Path] = {}
    for place in map(Path.expanduser, given):
        if not place.exists():
            raise ReportError(f"{place}: there is no such file or folder.")
        for path in audio_files(place) if place.is_dir() else [place]:
            found.setdefault(os.path.realpath(path), path)  # that of Path fails at a link to itself
    if not found:
        raise ReportError(f"{', '.join(map(str, given))}: no audio file there or below.")
    return list(found.values())


@dataclass(frozen=True)
class Tagged:
    """Predictions of a file; one that has none has a reason alone."""

    path: Path
    status: str  # and reason: as of a clip in the tracks table, or what of the file could not be decoded
    reason: str = ""
    seconds: float = 0.0  # of sound that was read
    starts: np.ndarray | None = None  # of the slices, in seconds from the beginning of the file [shape=(n,)]
    predictions: dict[str, np.ndarray] = field(default_factory=dict)  # by head [shape=(n, head.width)]
    vector: np.ndarray | None = None  # mean over the slices of the input of the decision layers [shape=(width,)]
    ood_score: float = float("nan")  # see `lib.tagging.ood`, median over the windows; NaN if unknown
    farthest_feature: str = ""  # in which it is farthest from the training music

    @property
    def ok(self) -> bool:
        """Whether there are predictions."""
        return self.status == "ok"

    @property
    def out_of_distribution(self) -> bool:
        """Whether it is unlike the training music, so that predictions are not reliable."""
        return self.ood_score > 1

    def song(self, head: str) -> np.ndarray:
        """Prediction of a head for the whole file, the mean over its slices [shape=(head.width,)]."""
        return self.predictions[head].mean(axis=0)


def tag(tagger: Tagger, paths: Iterable[Path], *, workers: int = 0) -> Iterator[Tagged]:
    """Tag files, in order; one that cannot be read is a result with a reason.

    Decoding and spectrograms are made in `workers` processes, 0 for one per core, while the network predicts in this
    one; only a few files are held at a time.
    """
    read = partial(_read, spectrogram=tagger.spectrogram, compare=tagger.training_distribution is not None)
    waiting: list[tuple[Path, list[Window], str]] = []
    for name, result, failure in pool.run(read, map(str, paths), workers=workers, timeout_s=TIMEOUT_S):
        path, (found, status, reason) = Path(name), result or ([], "unreadable", failure)
        if found:
            waiting.append((path, found, reason))
        if not found or sum(len(one.slices) for _, of_file, _ in waiting for one in of_file) >= BATCH:
            yield from _predicted(tagger, waiting)
            waiting = []
        if not found:
            yield Tagged(path, status, reason.replace(name, path.name))
    yield from _predicted(tagger, waiting)


def _read(path: str, spectrogram: Spectrogram, compare: bool) -> tuple[list[Window], str, str]:
    """Windows of a file, none where nothing can be predicted, its status and reason; in a worker process."""
    try:
        with open_audio(path) as audio:
            found = list(windows(audio, spectrogram, compare=compare))
            left_out = audio.left_out
    except ClipError as error:
        return [], error.status, error.reason
    if any(len(one.slices) for one in found):
        return found, "ok", left_out
    if (longest := max(one.seconds for one in found)) < spectrogram.slice_s:
        return [], "short", f"{longest:.1f} s; a slice needs {spectrogram.slice_s:g} s"
    return [], "silent", "nothing in it is loud enough to be heard"


def _predicted(tagger: Tagger, files: list[tuple[Path, list[Window], str]]) -> Iterator[Tagged]:
    if not files:
        return
    predictions, vectors = tagger.predict(np.concatenate([one.slices for _, found, _ in files for one in found]))
    at = 0
    for path, found, left_out in files:
        starts = [one.start_s + tagger.spectrogram.slice_s * np.arange(len(one.slices)) for one in found]
        own = slice(at, at := at + sum(map(len, starts)))
        ood_score, farthest_feature = float("nan"), ""
        if known := tagger.training_distribution:
            compared = [one.features for one in found if one.features]
            each = [known.ood_score(one) for one in compared]
            ood_score = float(np.median(each))
            farthest_feature = known.farthest_feature(compared[int(np.argsort(each)[len(each) // 2])])
        yield Tagged(
            path, "ok", left_out, sum(one.seconds for one in found), np.concatenate(starts),
            {name: values[own] for name, values in predictions.items()}, vectors[own].mean(axis=0), ood_score,
            farthest_feature,
        )  # fmt: skip
