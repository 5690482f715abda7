"""What goes into a run, its key, and the making of it.

The key is a checksum of what decides the result: parameters, network, slices, labels, split and the code
that trains. A run whose key is the wanted one is not computed again, whether it lies in ``work/`` or, its
small parts only, among the committed results.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from lib import provenance
from lib.errors import ReportError
from lib.paths import Study, replacing
from lib.runs import Finished, Run, Settings, training_digest
from lib.slicing import Slices
from lib.splits import split
from lib.tables import read_json, write_csv, write_json, write_parquet
from lib.zoo import Head
from lib.zoo.descriptions import read_description, rebuild

SMALL = ("metrics.json", "history.csv", "record.json")  # committed as they are; predictions and embedding reduced


@dataclass(frozen=True)
class Plan:
    """A run with everything that goes into it, read from the study.

    Parameters
    ----------
    study : Study
    run : Run
    settings : Settings
    folds : int >= 2
    """

    study: Study
    run: Run
    settings: Settings
    folds: int = 5
    description: dict = field(init=False)
    slices: Slices = field(init=False)
    labels: pd.DataFrame = field(init=False)
    parts: np.ndarray = field(init=False)

    def __post_init__(self):
        study, run = self.study, self.run
        set_ = object.__setattr__
        set_(self, "description", read_description(study, run.architecture))
        set_(self, "slices", Slices(study.need(study.slices / "slices.json", "02_spectrogram_slicing").parent))
        shape = tuple(self.description["shape"])
        if shape != self.slices.shape[1:]:
            raise ReportError(
                f"{run.architecture} was described for slices of {shape}, but those in {study.slices} are "
                f"{self.slices.shape[1:]}. Run notebooks/03_model_zoo.ipynb again."
            )
        names = [head.name for head in self.heads]
        tracks = pd.read_parquet(study.need(study.tracks, "01_data_acquisition"))
        missing = [name for name in names if name not in tracks]
        if missing:
            raise ReportError(f"{study.tracks} has no column {missing[0]!r}, a head of {run.architecture}.")
        labels = tracks.set_index("track_id").loc[self.slices.table["track_id"], names].reset_index(drop=True)
        set_(self, "labels", labels)
        set_(self, "parts", split(self.slices.table, tracks, run.protocol, fold=run.fold, folds=self.folds))

    @property
    def heads(self) -> list[Head]:
        """The network's heads."""
        return [Head(name, tuple(classes)) for name, classes in self.description["heads"].items()]

    @property
    def key(self) -> dict[str, str]:
        """Checksums of all that decides the result; equal keys, equal results on one machine."""
        decides = {"settings": asdict(self.settings), "run": asdict(self.run), "folds": self.folds}
        return {
            "parameters": _digest(json.dumps(decides, sort_keys=True)),
            "network": _digest(json.dumps(self.description, sort_keys=True)),
            "slices": self.slices.digest,
            "labels": _digest(self.labels.astype("object").fillna("").to_csv(index=False)),
            "split": _digest("|".join(self.parts)),
            "code": training_digest(),
        }


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def obtain(plan: Plan, *, on_epoch: Callable[[str], None] = lambda text: None) -> Finished:
    """Return the run of a plan: as it lies there if its key is the plan's, else trained now.

    Looks in ``work/`` first, then among the committed results. A new result takes its name only when it is
    whole; its small parts go to ``results/`` as well.
    """
    folder = plan.study.runs / plan.run.name
    key = plan.key
    if _key_of(folder) == key:
        return Finished(folder, plan.run)
    kept = plan.study.kept / plan.run.name
    if _key_of(kept) == key:
        with replacing(folder) as part:
            shutil.copytree(kept, part)
        return Finished(folder, plan.run)
    with replacing(folder) as part:
        part.mkdir(parents=True)
        _train_into(part, plan, key, on_epoch)
    _keep(folder, kept)
    return Finished(folder, plan.run)


def _key_of(folder: Path) -> dict | None:
    record = folder / "record.json"
    return read_json(record).get("key") if record.is_file() else None


def _train_into(folder: Path, plan: Plan, key: dict, on_epoch: Callable[[str], None]) -> None:
    from lib import training

    began = time.perf_counter()
    training.make_deterministic(plan.run.seed)
    model = rebuild(plan.description)
    history = training.train(
        model,
        plan.heads,
        plan.slices,
        plan.parts,
        plan.labels,
        plan.settings,
        seed=plan.run.seed,
        on_epoch=on_epoch,
    )
    seconds = time.perf_counter() - began
    numbers = np.flatnonzero(plan.parts != "")
    probabilities, embedding = training.predict(model, plan.heads, plan.slices, numbers)
    columns = {
        "slice": numbers.astype("int32"),
        "track_id": plan.slices.table["track_id"].to_numpy()[numbers],
        "part": plan.parts[numbers],
    }
    for head in plan.heads:
        columns |= {f"{head.name}:{name}": probabilities[head.name][:, i] for i, name in enumerate(head.classes)}
    predictions = pd.DataFrame(columns)
    write_csv(history, folder / "history.csv")
    write_parquet(predictions, folder / "predictions.parquet")
    np.save(folder / "embedding.npy", embedding)
    model.save_weights(folder / "model.weights.h5")
    described = {**asdict(plan.run), "folds": plan.folds}
    metrics = {
        "run": described,
        "heads": {head.name: list(head.classes) for head in plan.heads},
        "parts": _accuracies(predictions, plan),
        "epochs": len(history),
        "seconds": round(seconds, 1),
        "parameters": model.count_params(),
    }
    write_json(metrics, folder / "metrics.json")
    record = {
        "key": key,
        "run": described,
        "settings": asdict(plan.settings),
        "seconds": round(seconds, 1),
        "versions": provenance.versions(),
        "machine": provenance.machine(),
        "spectrogram": asdict(plan.slices.spectrogram),
    }
    write_json(record, folder / "record.json")


def _accuracies(predictions: pd.DataFrame, plan: Plan) -> dict:
    """Accuracy by part, head and level over the labelled slices and songs."""
    found: dict = {}
    for part, rows in predictions.groupby("part"):
        found[part] = {}
        for head in plan.heads:
            columns = [f"{head.name}:{name}" for name in head.classes]
            truth = plan.labels[head.name].to_numpy()[rows["slice"]]
            by_slice = rows[columns].assign(truth=truth, track_id=rows["track_id"]).dropna(subset="truth")
            by_song = by_slice.groupby("track_id").agg({**dict.fromkeys(columns, "mean"), "truth": "first"})
            found[part][head.name] = {}
            for level, table in (("slice", by_slice), ("song", by_song)):
                answers = np.array(head.classes)[table[columns].to_numpy().argmax(axis=1)]
                right = float((answers == table["truth"].to_numpy()).mean()) if len(table) else None
                found[part][head.name][level] = {"accuracy": right, "n": len(table)}
    return found


def _keep(folder: Path, kept: Path) -> None:
    """Copy the small parts of a run: test predictions and embeddings in half precision, no weights."""
    predictions = pd.read_parquet(folder / "predictions.parquet")
    test = (predictions["part"] == "test").to_numpy()
    floats = predictions.columns[3:]
    with replacing(kept) as part:
        part.mkdir(parents=True)
        for name in SMALL:
            shutil.copyfile(folder / name, part / name)
        write_parquet(
            predictions[test].astype(dict.fromkeys(floats, "float16")).reset_index(drop=True),
            part / "predictions.parquet",
        )
        np.save(part / "embedding.npy", np.load(folder / "embedding.npy")[test].astype(np.float16))
