"""Sound altered as it may be on its way to a listener: noise, level, compression, pitch and tempo."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import soundfile

from lib import pool, progress
from lib.audio import load_excerpt
from lib.errors import ReportError

GAIN_DB = -12.0
BIT_RATE = 64_000
STEPS = 1.0  # semitones upwards
RATE = 1.05  # of the tempo


def noise(y: np.ndarray, rate: int, *, snr_db: float, seed: int = 0) -> np.ndarray:
    """Add white noise, `snr_db` below the mean power of the sound."""
    power = float(np.mean(np.square(y, dtype=np.float64))) / 10 ** (snr_db / 10)
    drawn = np.random.default_rng(seed).normal(0.0, np.sqrt(power), len(y))
    return (y + drawn).astype(np.float32)


def gain(y: np.ndarray, rate: int) -> np.ndarray:
    """Change the level by `GAIN_DB`."""
    return (y * 10 ** (GAIN_DB / 20)).astype(np.float32)


def mp3(y: np.ndarray, rate: int) -> np.ndarray:
    """Encode as mp3 of `BIT_RATE`, mono, and decode."""
    import av

    loudest = max(float(np.abs(y).max()), 1.0)  # mp3 clips beyond 1
    file = io.BytesIO()
    with av.open(file, "w", format="mp3") as container:
        stream = container.add_stream("libmp3lame", rate=rate, layout="mono", bit_rate=BIT_RATE)
        frame = av.AudioFrame.from_ndarray((y / loudest)[None].astype(np.float32), format="fltp", layout="mono")
        frame.sample_rate = rate
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            container.mux(packet)
    file.seek(0)
    decoded, _ = soundfile.read(file, dtype="float32")
    return decoded * np.float32(loudest)


def pitch(y: np.ndarray, rate: int) -> np.ndarray:
    """Shift the pitch up by `STEPS`, at the same tempo."""
    import librosa

    return librosa.effects.pitch_shift(y, sr=rate, n_steps=STEPS).astype(np.float32)


def tempo(y: np.ndarray, rate: int) -> np.ndarray:
    """Play `RATE` times as fast, at the same pitch."""
    import librosa

    return librosa.effects.time_stretch(y, rate=RATE).astype(np.float32)


NONE = "none"
ALTERATIONS: dict[str, Callable[[np.ndarray, int], np.ndarray]] = {
    NONE: lambda y, rate: y,
    "noise_20_db": partial(noise, snr_db=20.0),
    "noise_10_db": partial(noise, snr_db=10.0),
    "noise_0_db": partial(noise, snr_db=0.0),
    "gain_-12_db": gain,
    "mp3_64_kbit": mp3,
    "pitch_1_semitone": pitch,
    "tempo_5_percent": tempo,
}


def write_altered(
    name: str, tracks: pd.DataFrame, folder: Path, sample_rate: int, excerpt_s: float, *, workers: int = 0
) -> list[str]:
    """Write the middle of every song, altered, as WAV files of mono.

    Parameters
    ----------
    name : str
        One of `ALTERATIONS`.
    tracks : pd.DataFrame
        ``path`` of the songs.
    folder : path-like
    sample_rate : int > 0
        Hz.
    excerpt_s : float > 0
        Seconds of each song.
    workers : int >= 0
        Processes; 0 = one per core.

    Returns
    -------
    list of str
        Path of each altered song.

    Raises
    ------
    ReportError
        If the alteration is unknown, or a song cannot be read.
    """
    if name not in ALTERATIONS:
        raise ReportError(f"alteration {name!r} is unknown. Known are {', '.join(ALTERATIONS)}.")
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    paths = [str(folder / f"{number}.wav") for number in range(len(tracks))]
    alter = partial(_write, name=name, sample_rate=sample_rate, excerpt_s=excerpt_s)
    pairs = zip(tracks["path"], paths, strict=True)
    for number, ((path, _), _, reason) in enumerate(pool.run(alter, pairs, workers=workers, timeout_s=300), 1):
        if reason:
            raise ReportError(f"{path} could not be altered: {reason}")
        progress.tell(f"{name}: clip {number}/{len(tracks)}")
    return paths


def _write(paths: tuple[str, str], *, name: str, sample_rate: int, excerpt_s: float) -> None:
    y = ALTERATIONS[name](load_excerpt(paths[0], sample_rate, excerpt_s)[0], sample_rate)
    soundfile.write(paths[1], y, sample_rate, subtype="FLOAT")
