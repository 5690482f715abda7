"""What can be compared: a finished study, read from its results alone, or one of its runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from lib.corpora.summary import checksum
from lib.errors import ReportError
from lib.narrative.findings import SYNTHETIC
from lib.paths import Study
from lib.report.chapters import EVALUATION, TRAINING, Executed, find, run_parts
from lib.report.front import read_summary
from lib.runs import finished
from lib.tables import read_tracks

MOST = 8  # studies or runs that fit beside each other
_APART = {"study", "root", "run", "runs", "data"}  # what no two can have in common, or what depends on the machine
_OF_RUNS = ("architecture", "protocol", "fold", "seed", "recipe", "share")


@dataclass(frozen=True)
class Item:
    """A study or a run, with what it was made with and its results.

    Attributes
    ----------
    name : str
        ``emotify``, or ``emotify/this_project-artist-f0-s0``.
    study : Study
    corpus, checksum : str
        The checksum is empty where an older version made the results.
    made_with : Mapping of str to str
        Every parameter, by its name with the chapter's number before it.
    results : pd.DataFrame
        Columns of `lib.evaluation.results.RESULT_COLUMNS`.
    stale : bool
        A run that was made with other data, parameters or code than its study has now.
    """

    name: str
    study: Study
    corpus: str
    checksum: str
    made_with: Mapping[str, str]
    results: pd.DataFrame
    stale: bool = False

    @property
    def synthetic(self) -> bool:
        """Whether its music was made by the project."""
        return self.corpus == SYNTHETIC


def items(names: Sequence[str], root: str | Path = "") -> list[Item]:
    """Read what is to be compared.

    Parameters
    ----------
    names : sequence of str
        Of studies, or of runs in the form ``study/run``; two or more of one kind.
    root : path-like
        Folder of ``work/`` and ``results/``; empty = the project's own.

    Raises
    ------
    ReportError
        If there are fewer than two or too many, kinds are mixed, one stands twice or is not finished.
    """
    names = [name.strip("/") for name in names]
    if len(set(names)) < len(names) or not 2 <= len(names) <= MOST:
        raise ReportError(
            f"STUDIES={' '.join(names)!r}: give two to {MOST} different studies, such as STUDIES='emotify demo', or "
            "runs, such as STUDIES='emotify/this_project-slice-f0-s0 emotify/this_project-artist-f0-s0'."
        )
    if len({name.count("/") for name in names}) > 1 or any(name.count("/") > 1 for name in names):
        raise ReportError(f"STUDIES={' '.join(names)!r}: compare studies with studies, or runs (study/run) with runs.")
    return [_run(name, root) if "/" in name else _study(name, root) for name in names]


def _study(name: str, root: str | Path) -> Item:
    study = Study(name, root)
    table = study.tables / "results.csv"
    if not table.is_file():
        raise ReportError(
            f"study {name!r} is not finished: {table} does not exist. Run `make report STUDY={name}` first."
        )
    chapters, summary = find(study), read_summary(study)
    results = pd.read_csv(table, keep_default_na=False, na_values=[""])
    corpus, sums = _corpus(study, chapters), str(summary.get("checksum") or "")
    return Item(name, study, corpus, sums, _parameters(chapters), results)


def _corpus(study: Study, chapters: Mapping[str, Sequence[Executed]]) -> str:
    """Corpus that the evaluation or the acquisition was told; else what the study is called."""
    given = (
        one for chapter in (EVALUATION, *chapters) for executed in chapters[chapter] for one in executed.parameters
    )
    return next((one.text for one in given if one.name == "corpus"), "") or study.name


def _parameters(chapters: Mapping[str, Sequence[Executed]]) -> dict[str, str]:
    """Parameters that the notebooks ran with; for 04, which has no page of most runs, what the runs' names say."""
    found: dict[str, set[str]] = {}
    for chapter, executed in chapters.items():
        for one in executed:
            for parameter in one.parameters:
                if parameter.name not in _APART and not (chapter == TRAINING and parameter.name in _OF_RUNS):
                    found.setdefault(f"{chapter[:2]} {parameter.name}", set()).add(parameter.text)
    evaluated = [parameter for one in chapters[EVALUATION] for parameter in one.parameters if parameter.name == "runs"]
    for name in (name for parameter in evaluated for name in parameter.value or []):
        for part, value in run_parts(name).items():
            found.setdefault(f"04 {part}", set()).add(value or "none")
    return {name: ", ".join(sorted(filter(None, values))) for name, values in found.items()}


def _run(name: str, root: str | Path) -> Item:
    from lib.evaluation.predictions import collect
    from lib.evaluation.results import results

    study_name, _, run_name = name.partition("/")
    study = Study(study_name, root)
    if run_name.endswith("-candidate"):
        raise ReportError(
            f"{name} was asked about dev songs only, so that it has no test results. Compare runs without -candidate."
        )
    tracks = read_tracks(study.need(study.tracks, "01_data_acquisition"))
    one = finished(study, [run_name])[0]
    record = one.record
    made_with = {f"run {key}": str(record["run"].get(key, getattr(one.run, key))) for key in _OF_RUNS}
    for part in ("settings", "spectrogram", "versions", "machine"):
        made_with |= {f"{part} {key}": str(value) for key, value in record.get(part, {}).items()}
    collected = collect([one], tracks)
    if not collected:
        raise ReportError(
            f"{name} answers with numbers alone, which are not compared here; page 05 of {study_name} shows its "
            "scores. Compare runs that name a class."
        )
    try:
        corpus = _corpus(study, find(study))
    except ReportError:  # no notebook of it was executed
        corpus = study_name
    return Item(name, study, corpus, checksum(tracks), made_with, results(collected), one.stale)
