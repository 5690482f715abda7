"""Slicing against the plain recipe that people write with librosa, side by side in one run.

make bench DATA=<folder with audio files>; without DATA the demo corpus is used, if it has been composed.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from functools import partial
from itertools import chain, repeat
from pathlib import Path
from statistics import median

import numpy as np
import soundfile
import soxr

from lib import pool
from lib.audio import SUFFIXES, Spectrogram, cut_slices, load_excerpt, log_mel, to_grey
from lib.paths import PROJECT, Study
from lib.slicing import clip_slices

WARM_UP = 8  # clips a process that are not timed: imports, compiled functions, the disk's cache


def plain(path: Path, spectrogram: Spectrogram) -> np.ndarray:
    """Return the slices of one clip by librosa alone."""
    import librosa

    y, rate = librosa.load(path, sr=spectrogram.sample_rate)
    extra = max(0, len(y) - round(spectrogram.excerpt_s * rate)) // 2
    mel = librosa.feature.melspectrogram(
        y=y[extra : len(y) - extra],
        sr=rate,
        n_fft=spectrogram.n_fft,
        hop_length=spectrogram.hop_length,
        n_mels=spectrogram.n_mels,
    )
    return cut_slices(to_grey(librosa.power_to_db(mel, ref=np.max, top_db=spectrogram.top_db)), spectrogram)


def ours(path: Path, spectrogram: Spectrogram) -> np.ndarray:
    """Return the slices of one clip as the report makes them."""
    return clip_slices(str(path), spectrogram)[0]


def decoding(path: Path, spectrogram: Spectrogram) -> np.ndarray:
    """Decode and resample only: the floor of both."""
    return load_excerpt(path, spectrogram.sample_rate, spectrogram.excerpt_s)[0]


def steps(path: Path, spectrogram: Spectrogram) -> dict[str, float]:
    """Seconds of each step of ours."""
    marks = [time.perf_counter()]

    def mark() -> None:
        marks.append(time.perf_counter())

    stereo, rate = soundfile.read(path, dtype="float32", always_2d=True)
    mark()
    y = (stereo[:, 0] + stereo[:, -1]) * np.float32(0.5)
    mark()
    y = soxr.resample(y, rate, spectrogram.sample_rate)[: round(spectrogram.excerpt_s * spectrogram.sample_rate)]
    mark()
    decibel = log_mel(y, spectrogram)
    mark()
    cut_slices(to_grey(decibel, spectrogram.top_db), spectrogram)
    mark()
    names = ("decode", "channels to one", "resample", "log-mel spectrogram", "grey levels and slices")
    return dict(zip(names, np.diff(marks).tolist(), strict=True))


def rate(way: Callable, paths: list[Path], spectrogram: Spectrogram, workers: int) -> float:
    """Clips a second with so many processes, from when all of them are warm."""
    first = list(chain.from_iterable(repeat(paths[:WARM_UP], workers)))
    began = 0.0
    for done, (_, result, reason) in enumerate(
        pool.run(partial(way, spectrogram=spectrogram), [*first, *paths], workers=workers), start=1
    ):
        if result is None:
            raise SystemExit(f"a clip could not be read: {reason}")
        if done == len(first):
            began = time.perf_counter()
    return len(paths) / (time.perf_counter() - began)


def main() -> int:
    """Time every clip with each way in turn, so that a noisy machine is noisy for all of them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default="", help="folder with audio files")
    parser.add_argument("--clips", type=int, default=100)
    given = parser.parse_args()
    folder = PROJECT / Path(given.data).expanduser() if given.data else Study("demo").audio
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
    paths = paths[:: max(1, len(paths) // given.clips)][: given.clips]
    if not paths:
        print(f"{folder} holds no audio. Give DATA=<folder>, or compose the demo corpus with `make report`.")
        return 1
    spectrogram = Spectrogram()
    ways = {"plain": plain, "ours": ours, "decoding and resampling": decoding}
    for way in ways.values():
        way(paths[0], spectrogram)  # the first call compiles and loads
    seconds, spent = {name: [] for name in ways}, []
    for path in paths:
        for name, way in ways.items():
            began = time.perf_counter()
            way(path, spectrogram)
            seconds[name].append(time.perf_counter() - began)
        spent.append(steps(path, spectrogram))
    middle = {name: median(values) for name, values in seconds.items()}
    print(f"{len(paths)} clips of {folder.name}, one process, median ms a clip:")
    print("  " + ", ".join(f"{name} {1000 * value:.0f}" for name, value in middle.items()))
    print(f"  ours is {middle['plain'] / middle['ours']:.2f} times as fast as the plain recipe")
    print(f"  and takes {middle['ours'] / middle['decoding and resampling']:.2f} times its decoding and resampling")
    shares = {name: median(one[name] for one in spent) for name in spent[0]}
    print("  where ours spends it: " + ", ".join(f"{name} {1000 * value:.1f}" for name, value in shares.items()))
    cores, rates = pool.cores(), {}
    for workers in sorted({1, cores}):
        for name in ("plain", "ours"):
            rates[name, workers] = max(rate(ways[name], paths, spectrogram, workers) for _ in range(2))
    print("Clips a second by worker processes:")
    for (name, workers), value in rates.items():
        print(f"  {name}, {workers}: {value:.1f}")
    for workers in sorted({1, cores}):
        print(f"  with {workers}, ours makes {rates['ours', workers] / rates['plain', workers]:.2f} times as many")
    print(f"  {cores} processes make {rates['ours', cores] / rates['ours', 1]:.2f} times as many as one")
    return 0


if __name__ == "__main__":
    sys.exit(main())
