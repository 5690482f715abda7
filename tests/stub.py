"""What stands for papermill, training and the site in tests of what runs when: the same files, in milliseconds.

What takes long to import is imported where it is used.
"""

import hashlib
import json
import shutil
from pathlib import Path

from lib.errors import ReportError
from lib.paths import Study

HEADS = {"genre": ["g0", "g1"], "mood": ["sad", "neutral", "happy"]}
COUNTS = Path("counts.txt")  # in the study's work folder: one line per step that ran


def execute(notebook, output, parameters, *, label=""):
    """Write what a chapter's notebook writes; a notebook that contains FAIL fails."""
    notebook, output = Path(notebook), Path(output)
    chapter, study = notebook.stem[:2], Study(parameters["study"], parameters.get("root", ""))
    print(f"  {label or notebook.stem}: begins", flush=True)
    note(study, label or notebook.stem)
    if "FAIL" in notebook.read_text(encoding="utf-8"):
        raise ReportError(f"{notebook.stem} failed in its cell 2:\n  ValueError: a made-up fault")
    {"01": tracks, "02": slices, "03": networks, "04": run}.get(chapter, tables)(study, parameters)
    output.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(notebook, output)
    print(f"  {label or notebook.stem}: done", flush=True)


def note(study, text):
    """Note that a step ran."""
    study.work.mkdir(parents=True, exist_ok=True)
    with (study.work / COUNTS).open("a") as file:
        file.write(f"{text}\n")


def tracks(study, given):
    """24 songs of two genres and twelve artists."""
    import pandas as pd

    from lib.datasets.tracks import tracks_table
    from lib.io import write_parquet

    rows = [
        {
            "track_id": f"t{n:02d}", "path": f"{n}.wav", "genre": f"g{n % 2}", "mood": HEADS["mood"][n % 3],
            "song_group": f"s{n}", "artist_group": f"a{n // 2}", "sha256": str(n), "status": "ok",
        }
        for n in range(24)
    ]  # fmt: skip
    write_parquet(tracks_table(pd.DataFrame(rows)), study.tracks)


def slices(study, given):
    """Four blank slices per song."""
    from dataclasses import asdict

    import numpy as np
    import pandas as pd

    from lib.datasets.tracks import read_tracks
    from lib.features.spectrogram import Spectrogram
    from lib.io import write_json, write_parquet

    ids = np.repeat(read_tracks(study.tracks)["track_id"].to_numpy(), 4)
    rows = np.arange(len(ids), dtype="int32")
    table = pd.DataFrame({"track_id": ids, "start_s": 0.0, "shard": np.int32(0), "row": rows})
    write_parquet(table, study.slices / "slices.parquet")
    data = np.zeros((len(ids), 2, 3), np.uint8)
    np.save(study.slices / "slices-00000.npy", data)
    shards = [{"file": "slices-00000.npy", "slices": len(ids), "sha256": hashlib.sha256(data).hexdigest()}]
    content = {"spectrogram": asdict(Spectrogram()), "shape": [len(ids), 2, 3], "shards": shards, "source": "stub"}
    write_json(content, study.slices / "slices.json")


def networks(study, given):
    """Descriptions without layers; that of ``yu2018`` follows its module's text."""
    from lib.io import write_json
    from lib.models import Head, baselines
    from lib.models.descriptions import write_description
    from lib.paths import PROJECT

    heads = [Head(name, tuple(classes)) for name, classes in HEADS.items()]
    for name in given["networks"]:
        text = (PROJECT / "lib" / "models" / f"{name}.py").read_text()
        config = {"text": hashlib.sha256(text.encode()).hexdigest()}
        described = {"name": name, "shape": [2, 3], "heads": HEADS, "parameters": 1, "config": config}
        write_description(study, described)
    for described in baselines.describe_all((2, 3), heads).values():
        write_description(study, described)
    write_json({"networks": given["networks"], "own": []}, study.zoo / "networks.json")


def run(study, given):
    """Obtain a run as 04 does; how it is made is `make`."""
    from lib.runs.execute import obtain
    from lib.runs.run import Run
    from lib.runs.spec import spec_for

    names = ("architecture", "split", "fold", "seed", "recipe", "validation", "candidate", "share")
    one = Run(**{name: given[name] for name in names}, heads=tuple(given["heads"]))
    changed = {"epochs": given["epochs"], **given.get("settings", {})}
    chosen = {name: given[name] for name in ("candidates", "validation_shares") if name in given}
    obtain(spec_for(study, one, given["folds"], changed=changed, **chosen))


def tables(study, given):
    """Write the tables that the later chapters declare."""
    study.tables.mkdir(parents=True, exist_ok=True)
    for name in ("results", "units", "tags", "costs"):
        (study.tables / f"{name}.csv").write_text("x\n1\n")
    (study.results / "summary.json").write_text("{}\n")


def make(folder, spec, on_epoch):
    """Write a run's files with even predictions."""
    import numpy as np
    import pandas as pd

    from lib.runs.make import write

    note(spec.study, f"make {spec.run.name}")
    numbers = np.flatnonzero(spec.parts == "validation" if spec.run.candidate else spec.parts != "")
    predictions = {head.name: np.full((len(numbers), head.width), 1 / head.width) for head in spec.heads}
    (folder / "model.weights.h5").write_bytes(b"weights")
    history = pd.DataFrame(columns=["epoch", "seconds"])
    write(folder, spec, numbers, predictions, np.zeros((len(numbers), 1)), seconds=0.0, history=history)


def build(study):
    """Write an index."""
    note(study, "pages")
    index = study.results / "index.html"
    index.write_text(json.dumps(sorted(path.name for path in study.notebooks.rglob("*.ipynb"))))
    return index
