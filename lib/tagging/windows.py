"""A whole file in windows of the length that networks are trained on, each to slices as training had them.

A slice's grey levels count from the loudest bin of its window, as those of the training slices count from the loudest
bin of their excerpt. A file that is no longer than an excerpt gives the very slices that `lib.slicing` would cut.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lib.audio import LONGEST, SILENCE, ClipError, Spectrogram, cut_slices, log_mel, to_grey


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
    import soundfile
    import soxr

    path = Path(path)
    if not path.is_file():
        raise ClipError("missing", "the file does not exist")
    start_s = 0.0
    try:
        with soundfile.SoundFile(path) as file:
            rate = file.samplerate
            if file.frames > LONGEST * rate:
                raise ClipError("unreadable", f"its header claims {file.frames / rate / 3600:.0f} hours")
            wanted = round(spectrogram.excerpt_s * rate)
            while len(stereo := file.read(wanted, dtype="float32", always_2d=True)):
                y = stereo.mean(axis=1) if stereo.shape[1] > 1 else stereo[:, 0]
                if not np.isfinite(y).all():
                    raise ClipError("unreadable", "holds samples that are not finite numbers")
                yield Window(start_s, len(y) / rate, _slices(y, rate, spectrogram, soxr.resample))
                start_s += len(y) / rate
                if len(y) < wanted:
                    break
    except (soundfile.LibsndfileError, RuntimeError, ValueError, OSError) as error:
        if not start_s:
            reason = str(error).replace(str(path), path.name)
            raise ClipError("unreadable", f"cannot be decoded: {reason}") from error
    if not start_s:
        raise ClipError("unreadable", "holds no samples")


def _slices(y: np.ndarray, rate: int, spectrogram: Spectrogram, resample) -> np.ndarray:
    if np.abs(y).max() < SILENCE:
        return np.empty((0, *spectrogram.shape), np.uint8)
    if rate != spectrogram.sample_rate:
        y = resample(y, rate, spectrogram.sample_rate)
    return cut_slices(to_grey(log_mel(y, spectrogram), spectrogram.top_db), spectrogram)
