"""What a run is made of: its settings, network, slices, labels and split.

Specifications are values: they read the study, and neither train nor write.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
import pandas as pd

from lib.errors import ReportError
from lib.features.slices import Slices
from lib.models import Head
from lib.models.descriptions import read_description, with_heads
from lib.paths import Study
from lib.runs.run import Run
from lib.splits import assign
from lib.training.recipes import BASELINE, BEST, Settings, members, settings_of


@lru_cache(2)
def _slices_and_tracks(study: Study, files: tuple) -> tuple[Slices, pd.DataFrame]:
    """Slices and tracks of a study, whose `files` are as they are now; all its runs share them."""
    return Slices(study.slices), pd.read_parquet(study.tracks)


@lru_cache(64)
def _split(study: Study, files: tuple, split: str, **how) -> tuple[np.ndarray, np.ndarray]:
    """Names of the parts, and the number of each slice's; kept, for of many songs they take long to find."""
    slices, tracks = _slices_and_tracks(study, files)
    names, codes = np.unique(assign(slices.table, tracks, split, **how), return_inverse=True)
    return names, codes.astype(np.uint8)


@dataclass(frozen=True)
class RunSpec:
    """A run with everything that decides its result, read from the study.

    Raises
    ------
    ReportError
        If something of it is missing or does not fit.
    """

    study: Study
    run: Run
    changed: Mapping[str, object] = field(default_factory=dict)  # settings in place of the recipe's
    folds: int = 5
    settings: Settings = field(init=False)
    description: dict = field(init=False)  # of the network or baseline, see `lib.models.descriptions`
    slices: Slices = field(init=False)
    labels: pd.DataFrame = field(init=False)  # [slices, heads]
    parts: np.ndarray = field(init=False)  # [slices], as `lib.splits.assign` returns them

    def __post_init__(self):
        study, run = self.study, self.run
        set_ = object.__setattr__
        set_(self, "settings", settings_of(run.recipe, **self.changed))
        description = read_description(study, run.architecture)
        set_(self, "description", with_heads(description, run.heads) if run.heads else description)
        study.need(study.slices / "slices.json", "02_spectrogram_slicing")
        study.need(study.tracks, "01_data_acquisition")
        slices, tracks = _slices_and_tracks(study, self.files)
        set_(self, "slices", slices)
        self._check()
        set_(self, "labels", self._read_labels(tracks))
        how = {"fold": run.fold, "folds": self.folds, "validation": run.validation, "share": run.share}
        names, codes = _split(study, self.files, run.split, **how)
        set_(self, "parts", names[codes])

    @property
    def heads(self) -> list[Head]:
        """The network's heads."""
        return [Head(name, tuple(classes)) for name, classes in self.description["heads"].items()]

    @property
    def is_baseline(self) -> bool:
        """Whether it is fitted without training a network."""
        return "baseline" in self.description

    @property
    def declared(self) -> dict:
        """What the record holds of how it was made, enough for `spec_of_record`."""
        return {"changed": dict(self.changed)}

    def _check(self) -> None:
        run, shape = self.run, tuple(self.description["shape"])
        if shape != self.slices.shape[1:]:
            raise ReportError(
                f"{run.architecture} was described for slices of {shape}, but those in {self.study.slices} are "
                f"{self.slices.shape[1:]}. Run notebooks/03_model_zoo.ipynb again."
            )
        if self.is_baseline != (run.recipe == BASELINE):
            wanted = f"recipe {BASELINE!r}" if self.is_baseline else f"another recipe than {BASELINE!r}"
            raise ReportError(f"architecture {run.architecture!r} with recipe {run.recipe!r}: it needs {wanted}.")
        unknown = [name for name in self.settings.head_weights if name not in self.description["heads"]]
        if unknown:
            known = ", ".join(self.description["heads"])
            raise ReportError(f"head_weights: {run.architecture} has no head {unknown[0]!r}, only {known}.")

    def _read_labels(self, tracks: pd.DataFrame) -> pd.DataFrame:
        names = [head.name for head in self.heads]
        given = self.description.get("baseline", {}).get("given")  # a label that a baseline is given
        names += [given] if given and given not in names else []
        missing = [name for name in names if name not in tracks]
        if missing:
            raise ReportError(f"{self.study.tracks} has no column {missing[0]!r}, a head of {self.run.architecture}.")
        labels = tracks.set_index("track_id")[names]
        for head in self.heads:
            if not head.numeric:  # classes are text, whatever the column holds
                labels[head.name] = labels[head.name].astype("object").map(str, na_action="ignore")
        # Last, so that the slices of a song share its text instead of having copies of their own.
        return labels.loc[self.slices.table["track_id"]].reset_index(drop=True)

    @property
    def files(self) -> tuple:
        """The study's tracks and slices as they are now: path, time and size of each."""
        found = [self.study.tracks, self.study.slices / "slices.json"]
        return tuple((str(file), file.stat().st_mtime_ns, file.stat().st_size) for file in found)


@dataclass(frozen=True)
class SelectionSpec:
    """A run of the recipe ``best`` (nested selection) with everything that decides its result.

    Raises
    ------
    ReportError
        If there is nothing to choose from, or the candidates have different heads.
    """

    study: Study
    run: Run
    candidates: tuple[str, ...]  # see `lib.training.recipes.members`; declared before anything is trained
    validation_shares: tuple[int, ...] = (0,)  # validation in turn, each a training of every candidate
    folds: int = 5
    changed: Mapping[str, object] = field(default_factory=dict)  # settings in place of the recipes'
    specs: dict[tuple[str, str, int], RunSpec] = field(init=False)  # by network, recipe and validation share
    heads: list[Head] = field(init=False)  # of all candidates
    slices: Slices = field(init=False)
    labels: pd.DataFrame = field(init=False)
    # ``test``, or ``validation`` for what trains some of the models and chooses among the others.
    parts: np.ndarray = field(init=False)
    is_baseline: bool = field(default=False, init=False)

    def __post_init__(self):
        if not self.candidates or not self.validation_shares:
            raise ReportError("recipe 'best' needs at least one candidate and one validation share to choose by.")
        specs = {
            (architecture, recipe, validation): self._spec(architecture, recipe, validation)
            for architecture, recipe in sorted({pair for name in self.candidates for pair in members(name)})
            for validation in self.validation_shares
        }
        first = next(iter(specs.values()))
        for spec in specs.values():
            if spec.heads != first.heads:
                raise ReportError(
                    f"candidates must have the same heads, but {spec.run.architecture} has "
                    f"{', '.join(head.name for head in spec.heads)} and {first.run.architecture} "
                    f"{', '.join(head.name for head in first.heads)}. Take one of them out of the list."
                )
        parts = np.where((first.parts == "train") | (first.parts == "validation"), "validation", first.parts)
        own = {"specs": specs, "heads": first.heads, "slices": first.slices, "labels": first.labels, "parts": parts}
        for name, value in own.items():
            object.__setattr__(self, name, value)

    def _spec(self, architecture: str, recipe: str, validation: int) -> RunSpec:
        run = Run(architecture, self.run.split, self.run.fold, self.run.seed, recipe, validation, candidate=True)
        return RunSpec(self.study, run, self.changed, self.folds)

    @property
    def description(self) -> dict:
        """In place of a network's: nothing to count before the choice is made."""
        return {"parameters": None}

    @property
    def declared(self) -> dict:
        """What the record holds of how it was made."""
        return {
            "candidates": list(self.candidates),
            "validation_shares": list(self.validation_shares),
            "changed": dict(self.changed),
        }


def spec_for(
    study: Study,
    run: Run,
    folds: int,
    *,
    changed: Mapping,
    candidates: Sequence[str] = (),
    validation_shares: Sequence[int] = (0,),
) -> RunSpec | SelectionSpec:
    """Specify a run of any recipe; `candidates` and `validation_shares` are of the recipe ``best`` (`SelectionSpec`).

    The settings `changed` replace the recipe's; ``epochs``, ``batch_size`` and ``learning_rate`` of 0 stay.
    """
    own = ("epochs", "batch_size", "learning_rate")
    changed = {name: value for name, value in changed.items() if value or name not in own}
    if run.recipe == BEST:
        return SelectionSpec(study, run, tuple(candidates), tuple(validation_shares), folds, changed)
    return RunSpec(study, run, changed, folds)


def spec_of_record(study: Study, record: Mapping) -> RunSpec | SelectionSpec:
    """Specify a finished run as its ``record.json`` declares it, with what the study and the recipes are now."""
    best = {name: record[name] for name in ("candidates", "validation_shares") if name in record}
    return spec_for(study, run_of_record(record), record["run"]["folds"], changed=record["changed"], **best)


def run_of_record(record: Mapping) -> Run:
    """Name of a finished run."""
    return Run(**{name: value for name, value in record["run"].items() if name != "folds"})
