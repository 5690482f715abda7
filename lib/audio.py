"""Reading audio files."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

SUFFIXES = (".mp3", ".ogg", ".oga", ".opus", ".flac", ".wav", ".aif", ".aiff", ".au", ".caf")
SILENCE = 1e-4  # peak below which a clip counts as silent: -80 dB of full scale
LONGEST = 6 * 3600  # seconds; a header that claims more is taken for broken


class ClipError(Exception):
    """A clip that cannot be used; `status` is one of `lib.datasets.tracks.STATUSES`."""

    def __init__(self, status: str, reason: str):
        super().__init__(status, reason)
        self.status, self.reason = status, reason


def load_excerpt(path: Path, sample_rate: int = 22050, excerpt_s: float = 30.0) -> tuple[np.ndarray, float]:
    """Read the middle of an audio file, in mono.

    Parameters
    ----------
    path : path-like
        Any format that libsndfile reads.
    sample_rate : int > 0
        Hz of the result.
    excerpt_s : float > 0
        Seconds; a shorter file is taken whole.

    Returns
    -------
    y : np.ndarray [shape=(n,), dtype=float32]
        Mean of the channels.
    duration_s : float
        Seconds of the whole file.

    Raises
    ------
    ClipError
        If the file is missing, cannot be decoded, holds no samples or is silent.
    """
    with open_audio(path) as file:
        rate, frames = file.samplerate, file.frames
        wanted = round(excerpt_s * rate)
        if frames > wanted:
            file.seek((frames - wanted) // 2)
        stereo = file.read(min(frames, wanted), dtype="float32", always_2d=True)
    y = mono(stereo)
    if np.abs(y).max() < SILENCE:
        raise ClipError("silent", f"no sample is louder than {20 * np.log10(SILENCE):.0f} dB of full scale")
    return resampled(y, rate, sample_rate), frames / rate


@contextmanager
def open_audio(path: Path) -> Iterator:
    """Open an audio file as a `soundfile.SoundFile`.

    Raises
    ------
    ClipError
        If it is missing or longer than six hours; of ``unreadable`` with a cause, if it or what is read of it cannot be
        decoded.
    """
    import soundfile  # a machine that only trains has none

    if not Path(path).is_file():
        raise ClipError("missing", "the file does not exist")
    try:
        with soundfile.SoundFile(path) as file:
            if file.frames > LONGEST * file.samplerate:
                raise ClipError("unreadable", f"its header claims {file.frames / file.samplerate / 3600:.0f} hours")
            yield file
    except (soundfile.LibsndfileError, RuntimeError, ValueError, OSError) as error:
        reason = str(error).replace(str(path), Path(path).name)
        raise ClipError("unreadable", f"cannot be decoded: {reason}") from error


def mono(stereo: np.ndarray) -> np.ndarray:
    """Mean of the channels.

    Parameters
    ----------
    stereo : np.ndarray [shape=(n, channels), dtype=float32]

    Raises
    ------
    ClipError
        If there are no samples, or some that are not finite.
    """
    if not len(stereo):
        raise ClipError("unreadable", "holds no samples")
    if stereo.shape[1] == 2:
        y = (stereo[:, 0] + stereo[:, 1]) * np.float32(0.5)  # the mean, in a tenth of its time
    else:
        y = stereo.mean(axis=1) if stereo.shape[1] > 1 else stereo[:, 0]
    if not np.isfinite(y).all():
        raise ClipError("unreadable", "holds samples that are not finite numbers")
    return y


def resampled(y: np.ndarray, rate: int, sample_rate: int) -> np.ndarray:
    """Resample from one rate to another, in Hz."""
    import soxr

    return y if rate == sample_rate else soxr.resample(y, rate, sample_rate)
