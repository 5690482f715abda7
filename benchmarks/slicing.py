"""Slicing against the plain recipe that people write with librosa, side by side in one run, alone and in company.

make bench DATA=<folder with audio files>; without DATA the demo corpus is used, if it has been composed.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import chain, repeat
from pathlib import Path
from statistics import median

import numpy as np

from lib import pool
from lib.audio import SUFFIXES, load_excerpt
from lib.features.slicing import clip_slices
from lib.features.spectrogram import Spectrogram, cut_slices, to_grey
from lib.paths import PROJECT, Study

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


@contextmanager
def company(busy: int) -> Iterator[None]:
    """Run beside so many processes that keep a core busy each."""
    others = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(busy)]
    try:
        yield
    finally:
        for other in others:
            other.kill()
            other.wait()


def compare(paths: list[Path], spectrogram: Spectrogram) -> dict[str, float]:
    """Median ms a clip of each way, each clip in turn by all of them, so that a noisy machine is noisy for all."""
    ways = {"plain": plain, "ours": ours, "decoding and resampling": decoding}
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for path in [paths[0], *paths]:  # the first time compiles and loads
        for name, way in ways.items():
            began = time.perf_counter()
            way(path, spectrogram)
            taken[name].append(1000 * (time.perf_counter() - began))
    return {name: median(values[1:]) for name, values in taken.items()}


def rate(way: Callable, paths: list[Path], spectrogram: Spectrogram, workers: int) -> float:
    """Clips a second with so many processes, from when all of them are warm."""
    first = list(chain.from_iterable(repeat(paths[:WARM_UP], workers)))
    outcomes = pool.run(partial(way, spectrogram=spectrogram), [*first, *paths], workers=workers)
    began = 0.0
    for done, (_, result, reason) in enumerate(outcomes, start=1):
        if result is None:
            raise SystemExit(f"a clip could not be read: {reason}")
        if done == len(first):
            began = time.perf_counter()
    return len(paths) / (time.perf_counter() - began)


def main() -> int:
    """Compare the ways in one process, alone and beside a busy core, then with a process a core."""
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
    for busy, where in enumerate(("alone", "beside a busy core")):
        with company(busy):
            middle = compare(paths, spectrogram)
        print(f"{len(paths)} clips of {folder.name}, one process, {where}, median ms a clip:")
        print("  " + ", ".join(f"{name} {value:.0f}" for name, value in middle.items()))
        print(f"  ours is {middle['plain'] / middle['ours']:.2f} times as fast as the plain recipe")
        print(f"  and takes {middle['ours'] / middle['decoding and resampling']:.2f} times its decoding and resampling")
    cores = pool.cores()
    rates = {
        (way, workers): max(rate(way, paths, spectrogram, workers) for _ in range(2))
        for workers in sorted({1, cores})
        for way in (plain, ours)
    }
    print("Clips a second by worker processes of one thread each:")
    for (way, workers), value in rates.items():
        print(f"  {way.__name__}, {workers}: {value:.1f}")
    print(f"  with {cores}, ours makes {rates[ours, cores] / rates[plain, cores]:.2f} times as many")
    print(f"  {cores} processes make {rates[ours, cores] / rates[ours, 1]:.2f} times as many as one")
    return 0


if __name__ == "__main__":
    sys.exit(main())
