"""Whole audio files: cut into windows, given to the network, and what is made of its predictions.

A window has the length of the excerpts that networks are trained on, and gives slices as training had them: their grey
levels count from the loudest bin of the window. A file that is no longer than an excerpt gives the very slices that
`lib.features.slicing` would cut.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path

import numpy as np

from lib import pool
from lib.audio import SILENCE, ClipError, mono, open_audio, resampled
from lib.features.spectrogram import Spectrogram, cut_slices, log_mel, to_grey
from lib.tagging.model import BATCH, Tagger
from lib.tagging.ood import Heard, listen

SURE = 0.5  # probability below which an answer is no answer
TIMEOUT_S = 600.0  # six hours of sound take a few minutes
STRANGE = "unlike the music that the network was trained on"


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


def windows(path: str | Path, spectrogram: Spectrogram) -> Iterator[Window]:
    """Cut a file into windows, reading one at a time: memory does not grow with its length.

    Parameters
    ----------
    path : path-like
        Any format that libsndfile reads.
    spectrogram : Spectrogram

    Raises
    ------
    lib.audio.ClipError
        If the file is missing, cannot be decoded at all, holds no samples or is longer than six hours. What follows
        damage within a file is left out.
    """
    start_s = 0.0
    try:
        with open_audio(path) as file:
            rate = file.samplerate
            wanted = round(spectrogram.excerpt_s * rate)
            while len(stereo := file.read(wanted, dtype="float32", always_2d=True)) or not start_s:
                y = mono(stereo)
                yield Window(start_s, len(y) / rate, _slices(y, rate, spectrogram))
                start_s += len(y) / rate
                if len(y) < wanted:
                    break
    except ClipError as error:
        if not start_s or error.__cause__ is None:  # else damage: the windows before it stand
            raise


def _slices(y: np.ndarray, rate: int, spectrogram: Spectrogram) -> np.ndarray:
    if np.abs(y).max() < SILENCE:
        return np.empty((0, *spectrogram.shape), np.uint8)
    decibel = log_mel(resampled(y, rate, spectrogram.sample_rate), spectrogram)
    return cut_slices(to_grey(decibel, spectrogram.top_db), spectrogram)


@dataclass(frozen=True)
class Tagged:
    """What is known of a file.

    Parameters
    ----------
    path : Path
    status, reason : str
        As of a clip in the tracks table; without slices everything below is empty.
    seconds : float
        Of sound that was read.
    starts : np.ndarray [shape=(slices,)]
        Seconds from the beginning of the file.
    answers : dict of str to np.ndarray [shape=(slices, head.width)]
        As `Tagger.ask` gives them.
    vector : np.ndarray [shape=(width,)]
        Mean over the slices of what the decision layers read.
    strangeness : float
        See `lib.tagging.ood`, median over the windows; above 1 the music is unlike the training music, NaN
        if that is not known of it.
    strangest : str
        In what it is farthest from it.
    """

    path: Path
    status: str
    reason: str = ""
    seconds: float = 0.0
    starts: np.ndarray = field(default_factory=lambda: np.empty(0))
    answers: dict[str, np.ndarray] = field(default_factory=dict)
    vector: np.ndarray = field(default_factory=lambda: np.empty(0))
    strangeness: float = float("nan")
    strangest: str = ""

    @property
    def ok(self) -> bool:
        """Whether there is an answer at all."""
        return self.status == "ok"

    @property
    def strange(self) -> bool:
        """Whether it is unlike the training music, so that no answer is worth having."""
        return self.strangeness > 1

    def song(self, head: str) -> np.ndarray:
        """Answer of a head for the whole file, the mean over its slices [shape=(head.width,)]."""
        return self.answers[head].mean(axis=0)


def tag(tagger: Tagger, paths: Iterable[Path], *, workers: int = 0, timeout_s: float = TIMEOUT_S) -> Iterator[Tagged]:
    """Tag files, in order; one that cannot be read is a result with a reason.

    Decoding and spectrograms are made in worker processes, one per core, while the network answers in this one; only a
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
    hear = partial(_hear, spectrogram=tagger.spectrogram, compare=tagger.familiarity is not None)
    waiting: list[tuple[Path, list[Window], list[Heard]]] = []
    for path, result, reason in pool.run(hear, map(str, paths), workers=workers, timeout_s=timeout_s):
        found, heard, status, why = result or ([], [], "unreadable", reason)
        if status == "ok":
            waiting.append((Path(path), found, heard))
        if status != "ok" or sum(len(one.slices) for _, of, _ in waiting for one in of) >= BATCH:
            yield from _answered(tagger, waiting)
            waiting = []
        if status != "ok":
            yield Tagged(Path(path), status, why.replace(str(path), Path(path).name))
    yield from _answered(tagger, waiting)


def _hear(path: str, spectrogram: Spectrogram, compare: bool) -> tuple[list[Window], list[Heard], str, str]:
    """Windows of a file and what is compared of them, status, reason; in a worker process."""
    _hush()
    try:
        found = list(windows(path, spectrogram))
    except ClipError as error:
        return [], [], error.status, error.reason
    sounding = [one for one in found if len(one.slices)]
    if not sounding:
        longest = max(one.seconds for one in found)
        if longest < spectrogram.slice_s:
            return [], [], "short", f"{longest:.1f} s; a slice needs {spectrogram.slice_s:g} s"
        return [], [], "silent", "nothing in it is loud enough to be heard"
    return found, [listen(one.slices, spectrogram) for one in sounding] if compare else [], "ok", ""


@cache
def _hush() -> None:
    """Keep what decoders write of broken files off the terminal; the file's reason says it."""
    if multiprocessing.parent_process() is not None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)


def _answered(tagger: Tagger, files: list[tuple[Path, list[Window], list[Heard]]]) -> Iterator[Tagged]:
    if not files:
        return
    answers, vectors = tagger.ask(np.concatenate([one.slices for _, found, _ in files for one in found]))
    at = 0
    for path, found, heard in files:
        starts = [one.start_s + tagger.spectrogram.slice_s * np.arange(len(one.slices)) for one in found]
        own = slice(at, at := at + sum(map(len, starts)))
        strangeness, strangest = float("nan"), ""
        if heard:
            known = tagger.familiarity
            each = [known.strangeness(one) for one in heard]
            strangeness = float(np.median(each))
            strangest = known.strangest(heard[int(np.argsort(each)[len(each) // 2])])
        yield Tagged(
            path, "ok", "", sum(one.seconds for one in found), np.concatenate(starts),
            {name: values[own] for name, values in answers.items()}, vectors[own].mean(axis=0), strangeness, strangest,
        )  # fmt: skip
