"""What goes into a run, its key, and the making of it.

The key is a checksum of what decides the result: parameters, network, slices, labels, split and the code
that trains. A run whose key is the wanted one is not computed again, whether it lies in ``work/`` or, its
small parts only, among the committed results.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from lib.errors import ReportError
from lib.paths import Study, replacing
from lib.runs import Finished, Run, Settings, training_digest
from lib.slicing import Slices
from lib.splits import split
from lib.tables import read_json, write_parquet
from lib.zoo import Head
from lib.zoo.descriptions import read_description

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
            "tracks": _digest("|".join(self.slices.table["track_id"])),
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
    kept = plan.study.kept / plan.run.name
    if key not in (_key_of(folder), _key_of(kept)):
        from lib.produce import produce  # takes seconds to import, and is seldom needed

        with replacing(folder) as part:
            part.mkdir(parents=True)
            produce(part, plan, on_epoch)
    if _key_of(folder) != key:
        with replacing(folder) as part:
            shutil.copytree(kept, part)
    elif _key_of(kept) != key:
        _keep(folder, kept)
    return Finished(folder, plan.run)


def _key_of(folder: Path) -> dict | None:
    record = folder / "record.json"
    return read_json(record).get("key") if record.is_file() else None


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
