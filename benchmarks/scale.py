"""How time and private memory grow with the corpus: 1,000 to 100,000 tracks of generated slices and made-up answers.

make bench, or ``python benchmarks/scale.py --write`` to write the table and the figure beside this file.

What is measured does not depend on what the slices show, so none of it is music: tracks, shards of random pixels and
finished runs are made in the layout that notebooks 01 to 04 leave, and the report's own code goes on from there.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd
import psutil

from lib.features.slices import Slices
from lib.features.slicing import SHARD
from lib.features.spectrogram import Spectrogram
from lib.io import write_json, write_parquet
from lib.paths import PROJECT, Study

sys.path.insert(0, str(PROJECT))
from tests import fakes

SIZES = (1_000, 10_000, 100_000)
FOLDS = 5
STEPS = ("copies (01)", "training input", "evaluation (05)", "embedding search", "embedding (06)", "pages")
WORDS = 1_000  # of a clip's fingerprint


def make(root: Path, songs: int) -> Study:
    """Write tracks, slices and finished runs of so many songs, ten an artist."""
    tracks = fakes.fake_tracks(artists=songs // 40, songs=10)
    study = fakes.fake_study(root, corpus_tracks=tracks, name="scale")
    _store(study, tracks)
    for split in ("random", "artist"):
        for fold in range(FOLDS):
            fakes.fake_run(study, "yu2018", split, fold, folds=FOLDS)
    return study


def _store(study: Study, tracks: pd.DataFrame) -> None:
    """Replace the study's blank slices by shards of random pixels; no two shards are the same."""
    count, shape = len(tracks) * fakes.SLICES, Spectrogram().shape
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (min(SHARD, count), *shape), dtype=np.uint8)
    shards = []
    for number, start in enumerate(range(0, count, SHARD)):
        name, own = f"slices-{number:05d}.npy", pixels[: min(SHARD, count - start)]
        own[0, 0, :4] = np.frombuffer(np.int32(number).tobytes(), dtype=np.uint8)
        np.save(study.slices / name, own)
        shards.append({"file": name, "slices": len(own), "sha256": hashlib.sha256(own).hexdigest()})
    rows = np.arange(count)
    table = pd.DataFrame(
        {
            "track_id": np.repeat(tracks["track_id"].to_numpy(dtype=object), fakes.SLICES),
            "start_s": 3.0 * (rows % fakes.SLICES),
            "shard": (rows // SHARD).astype("int32"),
            "row": (rows % SHARD).astype("int32"),
        }
    )
    write_parquet(table.astype({"track_id": "string"}), study.slices / "slices.parquet")
    manifest = {"spectrogram": asdict(Spectrogram()), "shape": [count, *shape], "shards": shards, "source": "fake"}
    write_json(manifest, study.slices / "slices.json")


def copies(songs: int) -> None:
    """Look for copies among random fingerprints, of which every hundredth is one."""
    from lib.datasets import grouping

    rng = np.random.default_rng(0)
    prints = [rng.integers(1, 2**32, WORDS, dtype=np.uint32) for _ in range(songs)]
    prints[::100] = prints[1::100]
    if len(grouping.copies(prints)) != len(prints[::100]):
        raise SystemExit("not every copy was found")


def training_input(study: Study) -> None:
    """Plan a run and make every batch of one epoch, in shuffled order; train nothing."""
    from lib.models.descriptions import heads_of
    from lib.splits import assign
    from lib.training.fit import Batches
    from lib.training.recipes import Settings
    from lib.training.targets import targets

    tracks = pd.read_parquet(study.tracks)
    slices = Slices(study.slices)
    slices.verify()
    heads = heads_of(tracks, ["genre", "mood"])
    labels = tracks.set_index("track_id")[["genre", "mood"]].loc[slices.table["track_id"]].reset_index(drop=True)
    parts = assign(slices.table, tracks, "artist", fold=0, folds=FOLDS, validation=0)
    numbers = np.flatnonzero(parts == "train")
    batches = Batches(slices, numbers, targets(labels, heads, parts == "train"), heads, Settings(), seed=0)
    for index in range(len(batches)):
        batches[index]


def embedding_search(study: Study) -> None:
    """Find five neighbours of every song."""
    from lib.embedding.retrieval import neighbours

    tracks = pd.read_parquet(study.tracks)
    vectors = np.random.default_rng(0).normal(size=(len(tracks), fakes.WIDTH)).astype(np.float32)
    neighbours(pd.DataFrame(vectors, index=tracks["track_id"]), tracks)


def command(step: str, root: Path, songs: int) -> list[str]:
    """Command that does a step in a process of its own."""
    if step == "pages":
        return [sys.executable, "-m", "lib.workflow", "pages", "--study", "scale", "--root", str(root)]
    given = {"study": "scale", "root": str(root)}
    notebooks = {
        "evaluation (05)": ("05_error_analysis", {"corpus": "demo"}),
        "embedding (06)": ("06_fc_embedding", {"run": "yu2018-artist-f0-s0"}),
    }
    if step in notebooks:
        name, more = notebooks[step]
        output = Study("scale", root).notebooks / f"{name}.ipynb"
        words = [PROJECT / "notebooks" / f"{name}.ipynb", output, "--parameters", json.dumps({**given, **more})]
        return [sys.executable, "-m", "lib.workflow.notebook", *map(str, words)]
    return [sys.executable, __file__, "--step", step, "--sizes", str(songs), "--folder", str(root)]


def measured(words: list[str]) -> tuple[float, float]:
    """Seconds that a command takes, and the most MiB of private memory that its processes hold together."""
    most, over = 0, threading.Event()
    began = time.perf_counter()
    process = psutil.Popen(words, cwd=PROJECT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

    def watch() -> None:
        nonlocal most
        while not over.wait(0.2):
            most = max(most, sum(map(_anonymous, _tree(process))))

    watcher = threading.Thread(target=watch)
    watcher.start()
    errors = process.communicate()[1]
    over.set()
    watcher.join()
    if process.returncode:
        raise SystemExit(f"{' '.join(words)}\n{errors[-2000:]}")
    return time.perf_counter() - began, most / 1024


def _tree(process: psutil.Process) -> list[int]:
    try:
        return [one.pid for one in (process, *process.children(recursive=True))]
    except psutil.NoSuchProcess:
        return []


def _anonymous(pid: int) -> int:
    """KiB of a process' own memory: not of mapped files, which the system may drop."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except (OSError, ProcessLookupError):
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Anonymous:")), 0)


def figure(table: pd.DataFrame):
    """Draw time and memory by size, a line a step, with a straight line's slope for comparison."""
    import matplotlib.pyplot as plt
    from matplotlib.ticker import NullFormatter

    from lib.plots import GREY, use_style

    use_style()
    drawn, panels = plt.subplots(1, 2, figsize=(10, 4.2))
    for axes, column, label in zip(panels, ("seconds", "mib"), ("seconds", "private memory, MiB"), strict=True):
        for step in STEPS:
            own = table[table["step"] == step]
            axes.plot(own["tracks"], own[column], marker="o", label=step)
        axes.set(xscale="log", xlabel="tracks", ylabel=label)
    panels[0].set_yscale("log")
    panels[1].set_ylim(bottom=0)
    sizes = table["tracks"].agg(["min", "max"]).to_numpy()
    low = table.loc[table["tracks"] == sizes[0], "seconds"].min()
    panels[0].plot(sizes, low * sizes / sizes[0], color=GREY, linestyle=":", label="straight line")
    for axis in (panels[0].xaxis, panels[0].yaxis, panels[1].xaxis, panels[1].yaxis):
        axis.set_major_formatter(lambda value, _: f"{value:,.10g}")
        axis.set_minor_formatter(NullFormatter())
    drawn.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return drawn


def main() -> int:
    """Measure every step at every size, or do one step in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default="", help="not used; every benchmark takes it")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES[:2])
    parser.add_argument("--write", action="store_true", help="all sizes; write the table and the figure")
    parser.add_argument("--steps", nargs="+", choices=STEPS, default=STEPS, help="of the others the table is kept")
    parser.add_argument("--folder", type=Path, default=None, help="where there is room: 13 GB for 100,000 tracks")
    parser.add_argument("--step", default="", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.step == "copies (01)":
        copies(given.sizes[0])
    elif given.step:
        own = {"training input": training_input, "embedding search": embedding_search}[given.step]
        own(Study("scale", given.folder))
    if given.step:
        return 0
    table = measure(given.steps, SIZES if given.write else given.sizes, given.folder)
    if given.write:
        from lib.plots import svg

        here = Path(__file__).parent
        if (here / "scale.csv").is_file():
            before = pd.read_csv(here / "scale.csv")
            table = pd.concat([before[~before["step"].isin(given.steps)], table]).sort_values("tracks", kind="stable")
        table.to_csv(here / "scale.csv", index=False)
        (here / "scale.svg").write_text(svg(figure(table)), encoding="utf-8")
    return 0


def measure(steps: Sequence[str], sizes: Sequence[int], place: Path | None) -> pd.DataFrame:
    """Measure steps at some sizes, in folders of their own.

    Returns
    -------
    pd.DataFrame
        ``tracks``, ``step``, ``seconds`` and ``mib`` of private memory.
    """
    rows = []
    for songs in sizes:
        with tempfile.TemporaryDirectory(dir=place) as folder:
            began = time.perf_counter()
            if set(steps) - {STEPS[0]}:
                make(Path(folder), songs)
            print(f"{songs:,} tracks, made in {time.perf_counter() - began:.0f} s", flush=True)
            for step in steps:
                seconds, mib = measured(command(step, Path(folder), songs))
                rows.append({"tracks": songs, "step": step, "seconds": round(seconds, 1), "mib": round(mib)})
                print(f"  {step}: {seconds:.0f} s, {mib:,.0f} MiB", flush=True)
            pages = [
                Study("scale", folder).results / f"{name}.html" for name in ("05_error_analysis", "06_fc_embedding")
            ]
            for page in filter(Path.is_file, pages):
                print(f"  {page.name} has {page.stat().st_size / 1000:,.0f} kB", flush=True)
    return pd.DataFrame(rows)


if __name__ == "__main__":
    sys.exit(main())
