"""Predictions of whole audio files, cut into windows.

A window has the length of the excerpts that networks are trained on, and gives slices as training had them: their grey
levels count from the loudest bin of the window. A file that is no longer than an excerpt gives the very slices that
`lib.features.slicing` would cut.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np

from lib import pool
from lib.audio import SILENCE, Audio, ClipError, mono, open_audio, resampled
from lib.features.spectrogram import Spectrogram, cut_slices, log_mel, to_grey
from lib.tagging.model import BATCH, Tagger
from lib.tagging.ood import SongFeatures, song_features

SURE = 0.5  # probability below which no class is predicted
TIMEOUT_S = 600.0  # six hours of sound take a few minutes
OUT_OF_DISTRIBUTION = "unlike the music that the network was trained on"


@dataclass(frozen=True)
class Window:
    """A stretch of a file.

    Parameters
    ----------
    start_s : float
        Seconds from the beginning of the file.
    seconds : float
        Its length; that of a whole window but for the last of a file.
    slices : np.ndarray [shape=(n, n_mels, slice_frames), dtype=uint8]
        None of them where the stretch is silent or shorter than a slice.
    """

    start_s: float
    seconds: float
    slices: np.ndarray


def windows(audio: Audio, spectrogram: Spectrogram) -> Iterator[Window]:
    """Cut an open file into windows, reading one at a time: memory does not grow with its length.

    Parameters
    ----------
    audio : lib.audio.Audio
    spectrogram : Spectrogram

    Raises
    ------
    lib.audio.ClipError
        If it holds no samples, or some that are not finite.
    """
    wanted, start_s = round(spectrogram.excerpt_s * audio.rate), 0.0
    while len(stereo := audio.read(wanted)) or not start_s:
        y = mono(stereo)
        yield Window(start_s, len(y) / audio.rate, _slices(y, audio.rate, spectrogram))
        start_s += len(y) / audio.rate
        if len(y) < wanted:
            break


def _slices(y: np.ndarray, rate: int, spectrogram: Spectrogram) -> np.ndarray:
    if np.abs(y).max() < SILENCE:
        return np.empty((0, *spectrogram.shape), np.uint8)
    decibel = log_mel(resampled(y, rate, spectrogram.sample_rate), spectrogram)
    return cut_slices(to_grey(decibel, spectrogram.top_db), spectrogram)


@dataclass(frozen=True)
class Tagged:
    """Predictions of a file.

    Parameters
    ----------
    path : Path
    status, reason : str
        As of a clip in the tracks table, or what of the file could not be decoded; without slices everything below is
        empty.
    seconds : float
        Of sound that was read.
    starts : np.ndarray [shape=(slices,)]
        Seconds from the beginning of the file.
    predictions : dict of str to np.ndarray [shape=(slices, head.width)]
        As from `Tagger.predict`.
    vector : np.ndarray [shape=(width,)]
        Mean over the slices of the input of the decision layers.
    ood_score : float
        Out-of-distribution score, see `lib.tagging.ood`, median over the windows; NaN if the training distribution is
        unknown.
    farthest_feature : str
        In which it is farthest from the training music.
    """

    path: Path
    status: str
    reason: str = ""
    seconds: float = 0.0
    starts: np.ndarray = field(default_factory=lambda: np.empty(0))
    predictions: dict[str, np.ndarray] = field(default_factory=dict)
    vector: np.ndarray = field(default_factory=lambda: np.empty(0))
    ood_score: float = float("nan")
    farthest_feature: str = ""

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


def tag(tagger: Tagger, paths: Iterable[Path], *, workers: int = 0, timeout_s: float = TIMEOUT_S) -> Iterator[Tagged]:
    """Tag files, in order; one that cannot be read is a result with a reason.

    Decoding and spectrograms are made in worker processes, one per core, while the network predicts in this one; only a
    few files are held at a time.

    Parameters
    ----------
    tagger : Tagger
    paths : iterable of path-like
    workers : int >= 0
        Processes; 0 = one per core.
    timeout_s : float > 0
        Seconds a file may take.
    """
    read = partial(_read, spectrogram=tagger.spectrogram, compare=tagger.training_distribution is not None)
    waiting: list[tuple[Path, list[Window], list[SongFeatures], str]] = []
    for path, result, reason in pool.run(read, map(str, paths), workers=workers, timeout_s=timeout_s):
        found, compared, status, why = result or ([], [], "unreadable", reason)
        if status == "ok":
            waiting.append((Path(path), found, compared, why))
        if status != "ok" or sum(len(one.slices) for _, of, *_ in waiting for one in of) >= BATCH:
            yield from _predicted(tagger, waiting)
            waiting = []
        if status != "ok":
            yield Tagged(Path(path), status, why.replace(str(path), Path(path).name))
    yield from _predicted(tagger, waiting)


def _read(path: str, spectrogram: Spectrogram, compare: bool) -> tuple[list[Window], list[SongFeatures], str, str]:
    """Windows of a file and their features, status, reason; in a worker process."""
    try:
        with open_audio(path) as audio:
            found = list(windows(audio, spectrogram))
            left_out = audio.left_out
    except ClipError as error:
        return [], [], error.status, error.reason
    sounding = [one for one in found if len(one.slices)]
    if not sounding:
        longest = max(one.seconds for one in found)
        if longest < spectrogram.slice_s:
            return [], [], "short", f"{longest:.1f} s; a slice needs {spectrogram.slice_s:g} s"
        return [], [], "silent", "nothing in it is loud enough to be heard"
    return found, [song_features(one.slices, spectrogram) for one in sounding] if compare else [], "ok", left_out


def _predicted(tagger: Tagger, files: list[tuple[Path, list[Window], list[SongFeatures], str]]) -> Iterator[Tagged]:
    if not files:
        return
    predictions, vectors = tagger.predict(np.concatenate([one.slices for _, found, *_ in files for one in found]))
    at = 0
    for path, found, compared, left_out in files:
        starts = [one.start_s + tagger.spectrogram.slice_s * np.arange(len(one.slices)) for one in found]
        own = slice(at, at := at + sum(map(len, starts)))
        ood_score, farthest_feature = float("nan"), ""
        if compared:
            known = tagger.training_distribution
            each = [known.ood_score(one) for one in compared]
            ood_score = float(np.median(each))
            farthest_feature = known.farthest_feature(compared[int(np.argsort(each)[len(each) // 2])])
        yield Tagged(
            path, "ok", left_out, sum(one.seconds for one in found), np.concatenate(starts),
            {name: values[own] for name, values in predictions.items()}, vectors[own].mean(axis=0), ood_score,
            farthest_feature,
        )  # fmt: skip
