"""Training input and its memory: what it costs to feed batches from the memory maps.

make bench. Uses slices of random pixels, so that nothing else is needed; speed does not depend on what they
show. Each pair is timed in turn, epoch by epoch, so that a noisy machine is noisy for both.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from lib.features.slices import Slices
from lib.features.spectrogram import Spectrogram
from lib.io import write_json, write_parquet
from lib.isolation import ALLOCATOR, set_allocator
from lib.models import Head
from lib.training.recipes import Settings, settings_of

GENRES = tuple("abcdef")
HEADS = [Head("genre", GENRES), Head("mood", ("sad", "neutral", "happy"))]
NETWORKS = ("yu2018", "zhang2016", "choi2016")
SIZES = (4_000, 400_000)


def store(folder: Path, n: int, *, sparse: bool = False) -> Slices:
    """Write `n` slices and open them; sparse ones are holes in a file, all black, and take no room on the disk."""
    shape = (n, *Spectrogram().shape)
    data = np.lib.format.open_memmap(folder / "slices-00000.npy", mode="w+", dtype=np.uint8, shape=shape)
    if not sparse:
        data[:] = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    data.flush()
    del data
    rows = np.arange(n, dtype="int32")
    table = pd.DataFrame({"track_id": (rows // 10).astype(str), "start_s": rows % 10 * 3.0, "shard": 0, "row": rows})
    write_parquet(table.astype({"track_id": "string", "shard": "int32"}), folder / "slices.parquet")
    shards = [{"file": "slices-00000.npy", "slices": n, "sha256": ""}]
    manifest = {"spectrogram": asdict(Spectrogram()), "shape": list(shape), "shards": shards, "source": "random"}
    write_json(manifest, folder / "slices.json")
    return Slices(folder)


def labels(n: int) -> pd.DataFrame:
    """Random labels of `n` slices."""
    rng = np.random.default_rng(0)
    drawn = {head.name: rng.choice(np.array(head.classes, dtype=object), n) for head in HEADS}
    return pd.DataFrame(drawn, dtype=object)


def network(name: str, heads: list[Head], steps: int):
    """Build a compiled network of the zoo."""
    from lib.models import builder
    from lib.training.fit import compile_network

    model = builder(name)(Spectrogram().shape, heads)
    compile_network(model, heads, Settings(), steps)
    return model


def batches_of(slices: Slices, heads: list[Head], settings: Settings | None = None):
    """Batches of all slices, as training takes them."""
    from lib.training.fit import Batches
    from lib.training.targets import targets

    numbers = np.arange(len(slices))
    wanted = targets(labels(len(slices)), heads, np.ones(len(slices), dtype=bool))
    return Batches(slices, numbers, wanted, heads, settings or Settings(), seed=0)


def quickest(repeats: int, *ways) -> list[float]:
    """Quickest seconds of each way, all in turn: what else the machine does only adds."""
    seconds = [[] for _ in ways]
    for repeat in range(repeats + 1):
        for way, times in zip(ways, seconds, strict=True):
            began = time.perf_counter()
            way()
            if repeat:  # the first call compiles
                times.append(time.perf_counter() - began)
    return [min(times) for times in seconds]


def epoch(model, batches):
    """Return a call that trains one epoch."""
    return lambda: model.fit(batches, verbose=0, shuffle=False)  # a tf.data.Dataset shuffles by itself


def make_all(batches) -> None:
    """Make every batch of an epoch and train nothing."""
    for index in range(len(batches)):
        batches[index]


def feeding(folder: Path, n: int, repeats: int) -> None:
    """Compare an epoch from the memory maps with as many steps on one batch held in memory."""
    import keras

    slices = store(folder, n)
    for recipe, settings in (("poster", Settings()), ("tuned", settings_of("tuned", batch_size=75))):
        batches = batches_of(slices, HEADS, settings)
        held = batches[0]

        class Held(keras.utils.PyDataset):
            def __len__(self):
                return len(batches)  # noqa: B023

            def __getitem__(self, index):
                return held  # noqa: B023 - used within this turn of the loop

        same = Held()
        for name in NETWORKS:
            model = network(name, HEADS, len(batches))
            fed, bare, making = quickest(repeats, epoch(model, batches), epoch(model, same), partial(make_all, batches))
            print(
                f"  {name}, recipe {recipe}: {fed / bare:.3f} times a batch held in memory; making the batches by "
                f"itself takes {making / bare:.1%} of that",
                flush=True,
            )


def pictures(folder: Path, n: int, repeats: int) -> None:
    """Compare an epoch from the memory maps with one from PNG files, the plain Keras way."""
    import keras
    from matplotlib.image import imsave

    slices = store(folder, n)
    genre = HEADS[:1]
    for name, label in zip(range(n), labels(n)["genre"], strict=True):
        place = folder / "png" / label
        place.mkdir(parents=True, exist_ok=True)
        imsave(place / f"{name}.png", slices.take(np.array([name]))[0], cmap="gray", vmin=0, vmax=255)
    read = keras.utils.image_dataset_from_directory(
        folder / "png",
        color_mode="grayscale",
        label_mode="categorical",
        batch_size=75,
        image_size=slices.shape[1:],
        verbose=False,
    )
    plain = read.map(lambda x, y: (x[..., 0], {"genre": y}))
    batches = batches_of(slices, genre)
    for name in NETWORKS:
        model = network(name, genre, len(batches))
        ours, theirs = quickest(repeats, epoch(model, batches), epoch(model, plain))
        print(f"  {name}: {ours / theirs:.3f} times image_dataset_from_directory", flush=True)


def one_operation(folder: Path, n: int, repeats: int) -> None:
    """Compare an epoch with `lib.models.fused` with one of plain layers."""
    import keras

    from lib.training import fit as training

    batches = batches_of(store(folder, n), HEADS)
    for name in ("yu2018", "choi2016"):
        fused, fuse = network(name, HEADS, len(batches)), training.fuse
        training.fuse = lambda model: None
        try:
            plain = network(name, HEADS, len(batches))
        finally:
            training.fuse = fuse
        one, several = quickest(repeats, epoch(fused, batches), epoch(plain, batches))
        print(f"  {name} on {keras.backend.backend()}: {one / several:.3f} times plain layers", flush=True)


GLIBC = {-1: 1 << 17, -2: 1 << 17, -4: 1 << 16, -8: 0}  # what the C library's allocator does by itself


def step_rate(folder: Path, allocator: dict[int, int]) -> int:
    """Print the quickest seconds of an epoch of yu2018, in a process of its own."""
    set_allocator(allocator)
    batches = batches_of(Slices(folder), HEADS)
    print(*quickest(3, epoch(network("yu2018", HEADS, len(batches)), batches)))
    return 0


def kept_memory(folder: Path, n: int, repeats: int) -> None:
    """Compare an epoch where freed memory stays with the process with one where it goes back to the system."""
    store(folder, n)
    seconds: dict[str, list[float]] = {"kept": [], "returned": []}
    for _ in range(max(repeats // 3, 1)):
        for memory, found in seconds.items():
            command = [sys.executable, __file__, "--rate-of", folder, "--freed", memory]
            said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
            found.append(float(said.split()[-1]))
    kept, returned = min(seconds["kept"]), min(seconds["returned"])
    print(f"  yu2018: {kept / returned:.3f} times one that returns it to the system", flush=True)


def asking(folder: Path, n: int, repeats: int) -> None:
    """Compare prediction in batches of 250 with smaller and larger ones."""
    from lib.training.fit import PREDICT_BATCH

    slices = store(folder, n)
    numbers = np.arange(n)
    for name in NETWORKS:
        model = network(name, HEADS, 1)

        def predict(size):
            for batch in slices.batches(numbers, size):
                model.predict_on_batch(batch)  # noqa: B023

        sizes = (PREDICT_BATCH, 25, 75, 750)
        ours, *others = quickest(repeats, *(partial(predict, size) for size in sizes))
        told = [
            f"{ours / other:.2f} times that in batches of {size}" for size, other in zip(sizes[1:], others, strict=True)
        ]
        print(f"  {name}: {', '.join(told)}", flush=True)


def private_memory(steps: int, folder: Path) -> int:
    """Train `steps` steps of a small network on batches from all over a store; print MiB of anonymous memory."""
    batches = batches_of(Slices(folder), HEADS)
    model = network("zhang2016", HEADS, steps)
    for index in np.linspace(0, len(batches) - 1, steps).astype(int):
        model.train_on_batch(*batches[int(index)])
    rollup = Path("/proc/self/smaps_rollup").read_text().splitlines()
    print(next(int(line.split()[1]) // 1024 for line in rollup if line.startswith("Anonymous:")))
    return 0


def memory(steps: int) -> None:
    """Compare the private memory of training from a small and from a large store, each in a process of its own."""
    if not Path("/proc/self/smaps_rollup").is_file():
        print("  memory is read from /proc/self/smaps_rollup, which this system does not have")
        return
    found = {}
    for n in SIZES:
        with tempfile.TemporaryDirectory() as folder:
            store(Path(folder), n, sparse=True)
            command = [sys.executable, __file__, "--memory-of", folder, "--steps", str(steps)]
            found[n] = int(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()[-1])
        print(f"  {n:,} slices: {found[n]:,} MiB of private memory after {steps} steps", flush=True)
    more = (found[SIZES[1]] - found[SIZES[0]]) * 2**20 / (SIZES[1] - SIZES[0])
    pixels = int(np.prod(Spectrogram().shape))
    print(
        f"  {SIZES[1] // SIZES[0]} times the slices, {found[SIZES[1]] / found[SIZES[0]]:.2f} times the memory: "
        f"{more:.0f} bytes a slice, of {pixels:,} that its pixels have"
    )


def main() -> int:
    """Run all comparisons, or one memory measurement in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default="", help="not used; every benchmark takes it")
    parser.add_argument("--slices", type=int, default=750)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--memory-of", default="", help=argparse.SUPPRESS)
    parser.add_argument("--rate-of", default="", help=argparse.SUPPRESS)
    parser.add_argument("--freed", default="kept", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.rate_of:
        return step_rate(Path(given.rate_of), ALLOCATOR if given.freed == "kept" else GLIBC)
    if given.memory_of:
        return private_memory(given.steps, Path(given.memory_of))
    for title, measure in (
        (f"An epoch of {given.slices} slices from the memory maps takes", feeding),
        (f"An epoch of {given.slices} slices from the memory maps, one head, takes", pictures),
        ("An epoch with batch norm and the gradient of max-pooling as one operation each takes", one_operation),
        ("An epoch with freed memory kept takes", kept_memory),
        ("Prediction in batches of 250 takes", asking),
    ):
        print(title, flush=True)
        with tempfile.TemporaryDirectory() as folder:
            measure(Path(folder), given.slices, given.repeats)
    print("Private memory of training")
    memory(given.steps)
    return 0


if __name__ == "__main__":
    sys.exit(main())
