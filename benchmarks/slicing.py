"""Slicing against the plain recipe that people write with librosa, side by side in one run.

make bench DATA=<folder with audio files>; without DATA the demo corpus is used, if it has been composed.
"""

import argparse
import sys
import time
from pathlib import Path
from statistics import median

import numpy as np

from lib.audio import SUFFIXES, Spectrogram, cut_slices, load_excerpt, log_mel, to_grey
from lib.paths import PROJECT, Study


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
    y, _ = load_excerpt(path, spectrogram.sample_rate, spectrogram.excerpt_s)
    return cut_slices(to_grey(log_mel(y, spectrogram)), spectrogram)


def decoding(path: Path, spectrogram: Spectrogram) -> None:
    """Decode and resample only: the floor of both."""
    load_excerpt(path, spectrogram.sample_rate, spectrogram.excerpt_s)


def main() -> int:
    """Time every clip with each way in turn, so that a noisy machine is noisy for all of them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default="", help="folder with audio files")
    parser.add_argument("--clips", type=int, default=40)
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
    seconds = {name: [] for name in ways}
    for path in paths:
        for name, way in ways.items():
            began = time.perf_counter()
            way(path, spectrogram)
            seconds[name].append(time.perf_counter() - began)
    middle = {name: median(values) for name, values in seconds.items()}
    print(f"{len(paths)} clips of {folder.name}, one process, median ms a clip:")
    print("  " + ", ".join(f"{name} {1000 * value:.0f}" for name, value in middle.items()))
    print(f"  ours is {middle['plain'] / middle['ours']:.2f} times as fast as the plain recipe")
    print(f"  and takes {middle['ours'] / middle['decoding and resampling']:.2f} times its decoding and resampling")
    return 0


if __name__ == "__main__":
    sys.exit(main())
