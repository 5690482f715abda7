"""The store of runs: finished ones in ``work/``, their small parts among the committed results.

A finished run holds ``metrics.json``, ``history.csv``, ``predictions.parquet``, ``embedding.npy``, ``internals.npz``,
``model.weights.h5`` and ``record.json``, which says what it was made of. `lib.runs.execute` makes them.
"""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from lib.errors import ReportError
from lib.io import read_json, replacing, write_packed
from lib.paths import Study
from lib.runs import internals, nearest
from lib.runs.key import key
from lib.runs.run import Run
from lib.runs.spec import run_of_record, spec_of_record
from lib.splits import SPLITS
from lib.training.recipes import PLAIN

SMALL = ("metrics.json", "history.csv", "record.json")  # committed as they are; predictions and embedding reduced
FAILURES = "failures.json"  # in the study's work folder
OWN = "yu2018"  # whose vectors are committed


@dataclass(frozen=True)
class Finished:
    """A finished run and its parts."""

    folder: Path
    run: Run
    stale: bool = False  # made with other parameters, data, network, split or code than the study has now

    @property
    def metrics(self) -> dict:
        """Accuracy and the like by part, head and level, epochs, seconds and parameters."""
        return read_json(self.folder / "metrics.json")

    @property
    def record(self) -> dict:
        """All that went in."""
        return read_json(self.folder / "record.json")

    def history(self) -> pd.DataFrame:
        """One row per epoch, as `lib.training.fit.train` returns it."""
        return pd.read_csv(self.folder / "history.csv")

    def predictions(self, part: str | None = "test", columns: Sequence[str] | None = None) -> pd.DataFrame:
        """Predictions on the slices of a part: ``slice``, ``track_id``, ``part``, ``<head>:<class or value>`` columns.

        Only the rows of the part, and `columns` where given, are read.
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
    """Finished runs of a study.

    Parameters
    ----------
    study : Study
    names : sequence of str
        Of the runs, in this order, but for those that failed in a sweep; empty = all, by name.
    candidates : bool
        Where no names are given: the candidates, if any, instead of the runs that predict test songs.

    Raises
    ------
    ReportError
        If a named run is not finished, or there is none at all.
    """
    failed = failures(study)
    names = [name for name in names if name not in failed]
    there = sorted(path.parent.name for path in study.runs.glob("[!.]*/record.json"))
    there = there if names else [name for name in there if name.endswith("-candidate") == candidates]
    missing = [name for name in names if name not in there]
    if missing or not (there or candidates):
        raise ReportError(
            f"run {missing[0] if missing else '(any)'!r} is not finished in {study.runs}. Train it with "
            f"notebooks/04_training.ipynb or `make report STUDY={study.name}`."
        )
    found = {name: read_run(study.runs / name, study) for name in names or there}
    if names and None in found.values():
        unread = next(name for name, run in found.items() if run is None)
        raise ReportError(
            f"{study.runs / unread} was made by another version of this project. Delete it and run "
            "notebooks/04_training.ipynb again."
        )
    return [run for run in found.values() if run is not None]


def failures(study: Study) -> dict[str, str]:
    """Name the runs that failed in the last call of a sweep, and say why."""
    path = study.work / FAILURES
    return dict(read_json(path)) if path.is_file() else {}


def read_run(folder: Path, study: Study | None = None) -> Finished | None:
    """Finished run as its record names it; None if this version knows no such run.

    Where a study is given, the run is stale if its key is another than it would have now.
    """
    record = read_json(folder / "record.json")
    try:
        run = run_of_record(record)
    except (ReportError, KeyError, TypeError):  # a recipe or split that is no more
        return None
    return Finished(folder, run, study is not None and not is_current(study, record))


def is_current(study: Study, record: dict) -> bool:
    """Whether a run would be made of the same now, as its record declares it."""
    try:
        return record.get("key") == key(spec_of_record(study, record))
    except (ReportError, KeyError, TypeError):  # the network, a setting, or what it needs, is gone
        return False


def key_of(folder: Path) -> dict | None:
    """Key of a finished run, as its record holds it; None if there is none."""
    record = folder / "record.json"
    return read_json(record).get("key") if record.is_file() else None


def restore(study: Study, run: Run, wanted: dict) -> bool:
    """See that a run of this key is in ``work/`` if the committed results have it; whether it is there."""
    folder, kept = study.runs / run.name, study.kept / run.name
    if key_of(folder) == wanted:
        return True
    if key_of(kept) != wanted:
        return False
    with replacing(folder) as part:
        shutil.copytree(kept, part)
    return True


def commit(study: Study, run: Run) -> None:
    """Copy the small parts of a finished run to the results.

    No weights; predictions in half precision; vectors only of the runs that chapter 6 reads.
    """
    folder = study.runs / run.name
    predictions = pd.read_parquet(folder / "predictions.parquet")
    rows = (predictions["part"] == ("validation" if run.candidate else "test")).to_numpy()
    floats = [column for column in predictions.columns[3:] if not column.endswith(":value")]
    with replacing(study.kept / run.name) as part:
        part.mkdir(parents=True)
        for name in SMALL:
            shutil.copyfile(folder / name, part / name)
        halves = predictions[rows].astype(dict.fromkeys(floats, "float16")).reset_index(drop=True)
        write_packed(halves, part / "predictions.parquet")
        if run.architecture in nearest.NETWORKS and run.seed == 0 and run.split in SPLITS and not run.candidate:
            nearest.commit(folder, part)
        plain = run.recipe in PLAIN and run.share == 1 and not (run.heads or run.candidate)
        songs = plain and run.split == SPLITS[-1] and run.architecture.startswith(OWN)
        slices = songs and run.architecture == OWN and run.seed == 0  # of each slice, not of each song alone
        if slices and (folder / "embedding.npy").is_file():
            np.save(part / "embedding.npy", np.load(folder / "embedding.npy")[rows].astype(np.float16))
        if songs and (folder / internals.FILE).is_file():
            known = internals.read(folder)
            tested = (known.part == "test").to_numpy()
            fewer = replace(known, songs=known.songs[tested], part=known.part[tested], last=known.last.iloc[:0, :0])
            internals.save(part, known if slices else fewer)
