"""Synthetic songs for the tests of the corpora: no two alike, an artist's songs in one sound."""

import os
from pathlib import Path

import numpy as np
import soundfile

RATE = 22050


def song(seed: int, seconds: float = 20.0, artist: int = 0) -> np.ndarray:
    """Seeded melody over chords and drums [dtype=float32]; `artist` sets timbre, tempo and drum sound."""
    rng, sound = np.random.default_rng([seed, 1]), np.random.default_rng([artist, 2])
    beat = RATE * 60 / sound.uniform(90, 150)
    partials = sound.uniform(0.1, 1, 6) / np.arange(1, 7)
    hit = sound.normal(size=2000) * np.exp(-np.arange(2000) / 300)
    y = np.zeros(int(seconds * RATE) + RATE)
    for number in range(int(seconds * RATE / beat)):
        start = int(number * beat)
        for pitch in rng.choice([57, 60, 62, 64, 65, 67, 69, 72, 74, 76], 3, replace=False):
            n = int(beat * rng.uniform(0.5, 1.2))
            t = np.arange(n) / RATE
            tone = sum(
                a * np.sin(2 * np.pi * 440 * 2 ** ((pitch - 69) / 12) * (k + 1) * t) for k, a in enumerate(partials)
            )
            y[start : start + n] += (tone * np.exp(-3 * t))[: len(y) - start]
        y[start : start + 2000] += 0.5 * hit[: len(y) - start]
    y = y[: int(seconds * RATE)]
    return (0.5 * y / np.abs(y).max()).astype(np.float32)


def write(path: Path, y: np.ndarray, rate: int = RATE, **tags: str) -> Path:
    """Write a clip in the format of its suffix, with tags."""
    import mutagen

    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, y, rate)
    if tags:
        file = mutagen.File(path, easy=True)
        if file.tags is None:
            file.add_tags()
        for key, value in tags.items():
            file[key] = value
        file.save()
    return path


class Deadly(os.PathLike):
    """A path that kills whatever other process looks at it."""

    def __init__(self):
        self.home = os.getpid()

    def __fspath__(self) -> str:
        if os.getpid() != self.home:
            os._exit(7)
        return "deadly.wav"

    def __str__(self) -> str:
        return "deadly.wav"


def serial(function, items, **_):
    """Do what `lib.pool.run` does, in this process."""
    for item in items:
        yield item, function(item), ""
