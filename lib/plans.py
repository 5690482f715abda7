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
from dataclasses import MISSING, asdict, dataclass, field, fields, replace
from pathlib import Path

import numpy as np
import pandas as pd

from lib import inside, provenance
from lib.errors import ReportError
from lib.paths import Study, replacing
from lib.recipes import BASELINE, POSTER, Settings
from lib.runs import SELECTED, Finished, Run
from lib.slicing import Slices
from lib.splits import PROTOCOLS, split
from lib.tables import read_json, write_packed
from lib.zoo import Head
from lib.zoo.descriptions import read_description, with_heads

OWN = "this_project"  # whose vectors page 06 is about
_SPLITS: dict[tuple, tuple[np.ndarray, np.ndarray]] = {}
_LABELS: dict[tuple, str] = {}
_MOST = 64  # of each that are kept
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
        description = read_description(study, run.architecture)
        set_(self, "description", with_heads(description, run.heads) if run.heads else description)
        set_(self, "slices", Slices(study.need(study.slices / "slices.json", "02_spectrogram_slicing").parent))
        shape = tuple(self.description["shape"])
        if shape != self.slices.shape[1:]:
            raise ReportError(
                f"{run.architecture} was described for slices of {shape}, but those in {study.slices} are "
                f"{self.slices.shape[1:]}. Run notebooks/03_model_zoo.ipynb again."
            )
        if ("baseline" in self.description) != (run.recipe == BASELINE):
            right = f"recipe {BASELINE!r}" if "baseline" in self.description else f"another recipe than {BASELINE!r}"
            raise ReportError(f"architecture {run.architecture!r} with recipe {run.recipe!r}: it needs {right}.")
        unknown = [name for name in self.settings.head_weights if name not in self.description["heads"]]
        if unknown:
            known = ", ".join(self.description["heads"])
            raise ReportError(f"head_weights: {run.architecture} has no head {unknown[0]!r}, only {known}.")
        names = [head.name for head in self.heads]
        told = self.description.get("baseline", {}).get("told")  # a label that a baseline is given
        names += [told] if told and told not in names else []
        tracks = pd.read_parquet(study.need(study.tracks, "01_data_acquisition"))
        missing = [name for name in names if name not in tracks]
        if missing:
            raise ReportError(f"{study.tracks} has no column {missing[0]!r}, a head of {run.architecture}.")
        labels = tracks.set_index("track_id")[names]
        for head in self.heads:
            if not head.numeric:  # classes are text, whatever the column holds
                labels[head.name] = labels[head.name].astype("object").map(str, na_action="ignore")
        # Last, so that the slices of a song share its text instead of having copies of their own.
        labels = labels.loc[self.slices.table["track_id"]].reset_index(drop=True)
        set_(self, "labels", labels)
        set_(self, "parts", self._split(tracks))

    def _split(self, tracks: pd.DataFrame) -> np.ndarray:
        """Part of every slice; kept for the other runs of the fold, for of many songs it takes long to find."""
        run = self.run
        how = {"fold": run.fold, "folds": self.folds, "dev": run.dev, "share": run.share}
        asked = (*self._tables, run.protocol, *how.items())
        if asked not in _SPLITS:
            names, codes = np.unique(split(self.slices.table, tracks, run.protocol, **how), return_inverse=True)
            _remember(_SPLITS, asked, (names, codes.astype(np.uint8)))
        names, codes = _SPLITS[asked]
        return names[codes]

    def _labels_digest(self) -> str:
        asked = (*self._tables, *((head.name, head.numeric) for head in self.heads), *self.labels.columns)
        if asked not in _LABELS:
            _remember(_LABELS, asked, digest(self.labels.astype("object").fillna("").to_csv(index=False)))
        return _LABELS[asked]

    @property
    def _tables(self) -> tuple:
        """What tells the study's tracks and slices, as they are now, from any others."""
        files = [self.study.tracks, self.study.slices / "slices.json"]
        return tuple((str(file), file.stat().st_mtime_ns, file.stat().st_size) for file in files)

    @property
    def heads(self) -> list[Head]:
        """The network's heads."""
        return [Head(name, tuple(classes)) for name, classes in self.description["heads"].items()]

    @property
    def key(self) -> dict[str, str]:
        """Checksums of all that decides the result; equal keys, equal results on one machine."""
        settings = {} if "baseline" in self.description else chosen(self.settings)
        decides = {"settings": settings, "run": chosen(self.run), "folds": self.folds}
        return {
            "parameters": digest(json.dumps(decides, sort_keys=True)),
            "network": digest(json.dumps(self.description, sort_keys=True)),
            "slices": self.slices.digest,
            "tracks": digest("|".join(self.slices.table["track_id"])),
            "labels": self._labels_digest(),
            "split": digest("|".join(self.parts)),
            "code": provenance.code_digest(self._code()),
        }

    def _code(self) -> tuple[Path, ...]:
        """Modules that train and ask; what they read has checksums of its own."""
        here = Path(__file__).parent
        if "baseline" in self.description:
            return here / "baselines.py", here / "features.py"
        used = ["training.py", "targets.py", "fused.py", "zoo/vector.py"]
        return tuple(here / name for name in used + ["augmentation.py"] * self.settings.augmented)

    @property
    def declared(self) -> dict:
        """What the record says of how it was made, enough for `plan_of_record`."""
        return {"settings": asdict(self.settings)}

    def make(self, folder: Path, on_epoch: Callable[[str], None], *, keep: bool) -> None:
        """Train, ask, and write the files of the run; there is nothing else to keep."""
        from lib.produce import produce

        produce(folder, self, on_epoch)


def chosen(given) -> dict:
    """Fields of a dataclass that are not at their defaults, so that a new choice makes no old result stale."""
    plain = {f.name: f.default for f in fields(given)} | {
        f.name: f.default_factory() for f in fields(given) if f.default_factory is not MISSING
    }
    return {name: value for name, value in asdict(given).items() if value != plain[name]}


def _remember(kept: dict, asked: tuple, value: object) -> None:
    if len(kept) >= _MOST:
        kept.pop(next(iter(kept)))
    kept[asked] = value


def digest(text: str) -> str:
    """Short checksum of a text."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def plan_of_record(study: Study, run: Run, record: dict):
    """Plan of a run as its record names it, read from the study as it is now.

    Returns
    -------
    Plan or lib.selection.Selection
    """
    folds = record["run"]["folds"]
    if run.architecture == SELECTED:
        from lib.selection import Selection  # stands on this module

        return Selection(study, run, tuple(record["candidates"]), tuple(record["devs"]), folds, record["changed"])
    return Plan(study, run, Settings(**record["settings"]), folds)


def obtain(
    plan, *, on_epoch: Callable[[str], None] = lambda text: None, weights: bool = False, keep: bool = True
) -> Finished:
    """Return the run of a plan: as it lies there if its key is the plan's, else made now. Page 04.

    Looks in ``work/`` first, then among the committed results. A new result takes its name only when it is
    whole; its small parts go to ``results/`` as well.

    Parameters
    ----------
    plan : Plan or lib.selection.Selection
    on_epoch : callable
        Told how far a training is.
    weights : bool
        Make it again if its weights are not there; committed results have none.
    keep : bool
        Write the small parts to ``results/``; a run with other settings than its study's must not, for it
        would take the place of the study's own.
    """
    folder = plan.study.runs / plan.run.name
    key = plan.key
    kept = plan.study.kept / plan.run.name
    there = [place for place in (folder, kept) if _key_of(place) == key]
    if weights and not (folder in there and (folder / "model.weights.h5").is_file()):
        there = []
    if not there:
        with replacing(folder) as part:
            part.mkdir(parents=True)
            plan.make(part, on_epoch, keep=keep)
    elif folder not in there:
        with replacing(folder) as part:
            shutil.copytree(kept, part)
    if keep and _key_of(kept) != key:
        _keep(folder, kept, plan.run)
    return Finished(folder, plan.run)


def _key_of(folder: Path) -> dict | None:
    record = folder / "record.json"
    return read_json(record).get("key") if record.is_file() else None


def _keep(folder: Path, kept: Path, run: Run) -> None:
    """Copy the small parts of a run: no weights, answers in half precision, and vectors where page 06 asks."""
    predictions = pd.read_parquet(folder / "predictions.parquet")
    rows = (predictions["part"] == ("dev" if run.candidate else "test")).to_numpy()
    floats = [column for column in predictions.columns[3:] if not column.endswith(":value")]
    with replacing(kept) as part:
        part.mkdir(parents=True)
        for name in SMALL:
            shutil.copyfile(folder / name, part / name)
        halves = predictions[rows].astype(dict.fromkeys(floats, "float16")).reset_index(drop=True)
        write_packed(halves, part / "predictions.parquet")
        asked, songs = _kept_vectors(run)
        if asked and (folder / "embedding.npy").is_file():
            np.save(part / "embedding.npy", np.load(folder / "embedding.npy")[rows].astype(np.float16))
        if (asked or songs) and (folder / inside.FILE).is_file():
            known = inside.read(Finished(folder, run))
            tested = (known.part == "test").to_numpy()
            fewer = replace(known, songs=known.songs[tested], part=known.part[tested], last=known.last.iloc[:0, :0])
            inside.save(part, known if asked else fewer)


def _kept_vectors(run: Run) -> tuple[bool, bool]:
    """Whether page 06 may ask for a run's vectors of slices and its last convolution, and for its vectors of songs."""
    plain = run.recipe == POSTER and run.share == 1 and not (run.heads or run.candidate)
    strict = plain and run.protocol == PROTOCOLS[-1]
    return strict and run.architecture == OWN and run.seed == 0, strict and run.architecture.startswith(OWN)
