"""Tagging: what a clip costs beyond its decoding, what all cores bring, and whether memory stays flat.

make bench DATA=<folder with audio files>; without DATA the demo corpus is used, if it has been composed.
"""

import argparse
import sys
import time
from pathlib import Path
from statistics import median

import numpy as np
import psutil

from lib.audio import SUFFIXES, load_excerpt, open_audio
from lib.paths import PROJECT, Study
from lib.pool import cores
from lib.tagging.model import SHIPPED, load
from lib.tagging.ood import song_features
from lib.tagging.predict import tag, windows
from lib.training.quiet import import_keras


def main() -> int:
    """Time the parts of a clip in turn, then a folder with one process and with all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default="", help="folder with audio files")
    parser.add_argument("--clips", type=int, default=400)
    given = parser.parse_args()
    folder = PROJECT / Path(given.data).expanduser() if given.data else Study("demo").audio
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)[: given.clips]
    if not paths:
        print(f"{folder} holds no audio. Give DATA=<folder>, or compose the demo corpus with `make report`.")
        return 1
    began = time.perf_counter()
    import_keras()
    tagger = load(SHIPPED)
    for size in (1, 2, 10):  # the first shapes are compiled
        tagger.predict(np.zeros((size, *tagger.spectrogram.shape), np.uint8))
    print(f"start-up {time.perf_counter() - began:.1f} s")

    spent: dict[str, list[float]] = {"decoding and resampling": [], "slices": [], "comparing": [], "network": []}
    for path in paths[:40]:
        marks = [time.perf_counter()]
        load_excerpt(path, tagger.spectrogram.sample_rate, tagger.spectrogram.excerpt_s)
        marks.append(time.perf_counter())
        with open_audio(path) as audio:
            (first, *_) = windows(audio, tagger.spectrogram)
        marks.append(time.perf_counter())
        song_features(first.slices, tagger.spectrogram)
        marks.append(time.perf_counter())
        tagger.predict(first.slices)
        marks.append(time.perf_counter())
        for name, seconds in zip(spent, np.diff(marks), strict=True):
            spent[name].append(seconds)
    middle = {name: median(values) for name, values in spent.items()}
    whole = middle["slices"] + middle["comparing"] + middle["network"]
    print("a clip in one process, median ms: " + ", ".join(f"{name} {1000 * s:.0f}" for name, s in middle.items()))
    print(f"  all of it {1000 * whole:.0f} ms, {whole / middle['decoding and resampling']:.1f} times its decoding")

    rates, process = {}, psutil.Process()
    for workers in dict.fromkeys((1, cores())):
        began, sizes = time.perf_counter(), []
        for _ in tag(tagger, paths, workers=workers):
            sizes.append(process.memory_info().rss)
        rates[workers] = len(paths) / (time.perf_counter() - began)
        quarter = sizes[len(sizes) // 4]
        print(
            f"{len(paths)} clips with {workers} worker{'s' * (workers != 1)}: {len(paths) / rates[workers]:.0f} s with "
            f"the workers' start, memory at the end {sizes[-1] / quarter:.2f} times that at a quarter"
        )
    if len(rates) > 1:
        print(f"  {cores()} workers are {rates[cores()] / rates[1]:.2f} times as fast as one")
    return 0


if __name__ == "__main__":
    sys.exit(main())
