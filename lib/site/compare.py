"""Results of studies side by side, and the settings in which they differ: ``make compare STUDIES="emotify demo"``."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from lib.errors import ReportError
from lib.io import replacing, write_csv
from lib.narrative.format import fixed, with_span
from lib.paths import Study
from lib.site.executed import EVALUATION, TRAINING, find, run_parts

KEYS = ["network", "split", "recipe", "head", "level"]
_VALUES = ["accuracy", "low", "high", "kappa"]
_APART = {"study", "root", "run", "runs", "data"}  # settings that no two can share, or that depend on the machine
_OF_RUNS = {"architecture", "split", "fold", "seed", "recipe", "share"}  # of 04, which has no page of most runs


def compare(names: Sequence[str], root: str | Path = "") -> Path:
    """Write results and differing settings of finished studies into ``results/compare/<names>.md``; return its path.

    Beside it lies ``<names>.csv``, the results with all digits.

    Raises
    ------
    ReportError
        If fewer than two different studies are given, or one has no results.
    """
    if len(names) < 2 or len(set(names)) < len(names):
        raise ReportError(f"STUDIES={' '.join(names)!r}: give two or more different studies, as in 'emotify demo'.")
    studies = [Study(name, root) for name in names]
    for study in studies:
        if not (study.tables / "results.csv").is_file():
            raise ReportError(
                f"study {study.name!r} has no results: {study.tables / 'results.csv'} does not exist. "
                f"Run `make report STUDY={study.name}` first."
            )
    results, settings = side_by_side(studies), differing(studies)
    stem = "_and_".join(names)
    stem = stem if len(stem) <= 120 else hashlib.sha256(stem.encode()).hexdigest()[:16]
    path = studies[0].root / "results" / "compare" / f"{stem}.md"
    write_csv(results, path.with_suffix(".csv"))
    shown = results[KEYS].copy()
    for name in names:
        scores = with_span(results, *(f"{name} {value}" for value in ("accuracy", "low", "high")))
        kappas = ["" if pd.isna(kappa) else f", κ {fixed(kappa, 2)}" for kappa in results[f"{name} kappa"]]
        shown[name] = [score + kappa for score, kappa in zip(scores, kappas, strict=True)]
    parts = [
        f"# {' and '.join(names)}",
        "Accuracy with its 95 % interval, and kappa. Studies of different music differ in classes and songs, so that "
        "a difference says which task is easier as much as anything about a network.",
        _table(shown),
        "Settings that differ:" if len(settings) else "All settings are the same.",
        _table(settings) if len(settings) else "",
    ]
    with replacing(path) as part:
        part.write_text("\n\n".join(filter(None, parts)) + "\n", encoding="utf-8")
    return path


def side_by_side(studies: Sequence[Study]) -> pd.DataFrame:
    """Join results on `KEYS`: ``<study> accuracy``, ``low``, ``high``, ``kappa``; NaN where a study has none."""
    tables = []
    for study in studies:
        table = pd.read_csv(study.tables / "results.csv", keep_default_na=False, na_values=[""])
        tables.append(table.set_index(KEYS)[_VALUES].astype(float).add_prefix(f"{study.name} "))
    order = list(dict.fromkeys(key for table in tables for key in table.index))
    return pd.concat(tables, axis=1).loc[order].rename_axis(KEYS).reset_index()


def differing(studies: Sequence[Study]) -> pd.DataFrame:
    """Parameters of the notebooks that are not the same in all studies: ``setting`` and a column per study."""
    made_with = {study.name: _settings(study) for study in studies}
    names = sorted({name for settings in made_with.values() for name in settings})
    table = pd.DataFrame({study: [settings.get(name, "–") for name in names] for study, settings in made_with.items()})
    table.insert(0, "setting", names)
    return table[table.drop(columns="setting").nunique(axis=1) > 1].reset_index(drop=True)


def _settings(study: Study) -> dict[str, str]:
    """Every parameter, after the number of its notebook; folds, seeds and the like as the names of the runs say."""
    found: dict[str, set[str]] = {}
    for chapter, executed in find(study).items():
        for parameter in (parameter for one in executed for parameter in one.parameters):
            if parameter.name not in (_APART | _OF_RUNS if chapter == TRAINING else _APART):
                found.setdefault(f"{chapter[:2]} {parameter.name}", set()).add(parameter.text)
            elif chapter == EVALUATION and parameter.name == "runs":
                for part, value in (item for name in parameter.value or [] for item in run_parts(name).items()):
                    found.setdefault(f"runs: {part}", set()).add(value or "none")
    return {name: ", ".join(sorted(values)) or "(empty)" for name, values in found.items()}


def _table(table: pd.DataFrame) -> str:
    rows = [list(table.columns), ["---"] * len(table.columns), *table.astype(str).to_numpy().tolist()]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows)
