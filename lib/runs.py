"""Runs: one network trained under one protocol on one fold with one seed, and its folder.

A finished run holds ``metrics.json``, ``history.csv``, ``predictions.parquet``, ``embedding.npy``,
``model.weights.h5`` and ``record.json``, all that went in. `lib.plans` makes them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import pandas as pd

from lib.done import failures
from lib.errors import ReportError
from lib.paths import Study, check_name
from lib.recipes import BASELINE, BEST, POSTER, settings_of
from lib.splits import CONTROLS, PROTOCOLS
from lib.tables import read_json

SELECTED = "selected"  # stands for the network where the recipe chooses it


@dataclass(frozen=True)
class Run:
    """What is trained on what. Page 04.

    Parameters
    ----------
    architecture : str
        A network or baseline described in the study's ``zoo`` folder; ``selected`` where the recipe is
        ``best``.
    protocol : str
        One of `lib.splits.PROTOCOLS` or `lib.splits.CONTROLS`.
    fold : int >= 0
    seed : int >= 0
        Of the weights and of the order of the slices; the split has the seed 0 in every run, so that seeds
        differ by training alone.
    recipe : str
        One of `lib.recipes.NAMES`, or one with other settings as `lib.recipes.named` calls it.
    dev : int >= 0
        Which share of the fold's other songs is dev, see `lib.splits.split`.
    candidate : bool
        One of several to choose from: it is asked about its dev songs and never about the test songs.
    share : float, 0 < share <= 1
        Of the training artists or songs, see `lib.splits.split`.
    heads : tuple of str
        The network's heads that are trained, the others being taken off; empty = all.
    """

    architecture: str
    protocol: str
    fold: int = 0
    seed: int = 0
    recipe: str = POSTER
    dev: int = 0
    candidate: bool = False
    share: float = 1.0
    heads: tuple[str, ...] = ()

    def __post_init__(self):
        object.__setattr__(
            self, "heads", tuple(check_name(head, "head") for head in self.heads)
        )  # a record's is a list
        check_name(self.architecture, "architecture")
        known = PROTOCOLS + CONTROLS
        if self.protocol not in known:
            raise ReportError(f"protocol {self.protocol!r} is unknown. Known are {', '.join(known)}.")
        settings_of(self.recipe)
        for what, value in (("fold", self.fold), ("seed", self.seed), ("dev", self.dev)):
            if isinstance(value, bool) or not isinstance(value, int) or value < 0:
                raise ReportError(f"{what} is {value!r}; it must be a whole number of 0 or more.")
        if isinstance(self.share, bool) or not isinstance(self.share, (int, float)) or not 0 < self.share <= 1:
            raise ReportError(f"share is {self.share!r}; it must be a number of more than 0 and at most 1.")
        if (self.architecture == SELECTED) != (self.recipe == BEST):
            raise ReportError(
                f"architecture {self.architecture!r} with recipe {self.recipe!r}: the recipe {BEST!r} chooses the "
                f"network itself, so that its architecture is {SELECTED!r}, and no other recipe's is."
            )
        if self.recipe == BEST and self.candidate:
            raise ReportError(f"recipe {BEST!r} chooses among candidates and cannot be one.")

    @property
    def name(self) -> str:
        """Name of the run's folder, such as ``this_project-slice-f0-s0``."""
        parts = [self.architecture, self.protocol, f"f{self.fold}", f"s{self.seed}"]
        parts += [f"d{self.dev}"] if self.dev else []
        parts += [f"n{100 * self.share:g}"] if self.share < 1 else []
        parts += [self.recipe] if self.recipe not in (POSTER, BASELINE, BEST) else []
        parts += ["only", *self.heads] if self.heads else []
        return "-".join([*parts, "candidate"] if self.candidate else parts)


@dataclass(frozen=True)
class Finished:
    """A finished run and its parts.

    Parameters
    ----------
    folder : path-like
    run : Run
    stale : bool
        Made with other parameters, data, network, split or code than the study has now.
    """

    folder: Path
    run: Run
    stale: bool = False

    @property
    def metrics(self) -> dict:
        """Accuracy and the like by part, head and level, epochs, seconds and parameters."""
        return read_json(self.folder / "metrics.json")

    @property
    def record(self) -> dict:
        """All that went in."""
        return read_json(self.folder / "record.json")

    def history(self) -> pd.DataFrame:
        """One row an epoch, as `lib.training.train` returns it."""
        return pd.read_csv(self.folder / "history.csv")

    def predictions(self, part: str | None = "test", columns: Sequence[str] | None = None) -> pd.DataFrame:
        """Answers on the slices of a part: ``slice``, ``track_id``, ``part``, ``<head>:<class or value>`` columns.

        Of large tables only what is asked for is read: the rows of the part, and `columns` where they are named.
        """
        chosen = None if part is None else [("part", "==", part)]
        file = self.folder / "predictions.parquet"
        table = pd.read_parquet(file, columns=columns and list(columns), filters=chosen)
        floats = [column for column in table.columns if ":" in column]
        return table.astype(dict.fromkeys(floats, "float32")).reset_index(drop=True)

    def embedding(self, part: str | None = "test") -> np.ndarray:
        """FC vectors of the slices of a part [shape=(len(predictions(part)), width), dtype=float32].

        Raises
        ------
        ReportError
            If it holds none: those of most committed runs are left out.
        """
        file = self.folder / "embedding.npy"
        if not file.is_file():
            raise ReportError(
                f"{file} is missing: the run was taken from results/, which keep the vectors of some runs only. Delete "
                f"{self.folder} and runs/{self.folder.name} in the study's results, and train it again with "
                "notebooks/04_training.ipynb."
            )
        vectors = np.load(file, allow_pickle=False).astype(np.float32)
        if part is None:
            return vectors
        parts = pd.read_parquet(self.folder / "predictions.parquet", columns=["part"])["part"]
        return vectors[(parts == part).to_numpy()]


def finished(study: Study, names: Sequence[str] = (), *, candidates: bool = False) -> list[Finished]:
    """Finished runs of a study. Pages 05, 06 and 09.

    Parameters
    ----------
    study : Study
    names : sequence of str
        Names of runs, in this order, but for those that failed in a sweep; empty = all, by name.
    candidates : bool
        Where no names are given: the candidates, if any, instead of the runs that were asked about test songs.

    Raises
    ------
    ReportError
        If a named run is not finished, or there is none at all.
    """
    there = sorted(path.parent.name for path in study.runs.glob("[!.]*/record.json"))
    there = there if names else [name for name in there if name.endswith("-candidate") == candidates]
    failed = failures(study)
    asked, names = names, [name for name in names if name not in failed]
    missing = [name for name in names if name not in there] or list(asked if asked and not names else ())
    if missing or not (there or candidates):
        raise ReportError(
            f"run {missing[0] if missing else '(any)'!r} is not finished in {study.runs}. Train it with "
            f"notebooks/04_training.ipynb or `make report STUDY={study.name}`."
        )
    found = {name: _read(study, name) for name in names or there}
    unread = [name for name, run in found.items() if run is None]
    if unread and names:
        raise ReportError(
            f"{study.runs / unread[0]} was made by another version of this project. Delete it and run "
            "notebooks/04_training.ipynb again."
        )
    return [run for run in found.values() if run is not None]


def read_run(folder: Path) -> Finished | None:
    """Finished run as its record names it, whether stale or not; None if this version knows no such run."""
    record, known = read_json(folder / "record.json"), {field.name for field in fields(Run)}
    try:
        return Finished(folder, Run(**{name: value for name, value in record["run"].items() if name in known}))
    except (ReportError, KeyError, TypeError):  # a recipe or protocol that is no more
        return None


def _read(study: Study, name: str) -> Finished | None:
    """Finished run, stale if its key is another than it would have now; None if unknown."""
    from lib.plans import plan_of_record  # the other way round at import

    found = read_run(study.runs / name)
    if found is None:
        return None
    run, record = found.run, found.record
    try:
        now = plan_of_record(study, run, record).key
    except (ReportError, KeyError, TypeError, AssertionError):  # the network, a setting, or what it needs, is gone
        now = None
    return Finished(study.runs / name, run, record.get("key") != now)
