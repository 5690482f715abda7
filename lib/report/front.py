"""What the index says: question, findings, main figure and main table."""

import csv
import json
import math
from dataclasses import dataclass
from pathlib import Path

from lib.errors import ReportError
from lib.narrative.format import fixed
from lib.paths import Study

_CAPTIONED = ("recipe", "runs", "fold", "folds")  # the same in every row: said once, under the table
_HEADS = {"n_songs": "songs", "low": "interval"}


@dataclass(frozen=True)
class Column:
    """Head of a column and whether it holds numbers."""

    name: str
    numeric: bool


@dataclass(frozen=True)
class Table:
    """A result table as the index shows it: rounded, the bounds of an interval joined."""

    name: str
    columns: list[Column]
    rows: list[list[str]]
    note: str


def read_summary(study: Study) -> dict:
    """Return what the evaluation found; empty if it has not run.

    Raises
    ------
    ReportError
        If the file is damaged or that of another study.
    """
    path = study.results / "summary.json"
    if not path.exists():
        return {}
    again = "Delete it and run `make report STUDY=" + study.name + "` again."
    try:
        summary = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, OSError) as error:
        raise ReportError(f"{path} is not readable JSON ({error}). {again}") from error
    if not isinstance(summary, dict):
        raise ReportError(f"{path} holds a {type(summary).__name__}, not the summary of an evaluation. {again}")
    kinds = {"headline": list, "findings": list, "figure": dict}
    for key, kind in {"question": str, "main_table": str, "credit": str, **kinds}.items():
        if summary.get(key) is not None and not isinstance(summary[key], kind):
            raise ReportError(f"{path}: {key!r} is a {type(summary[key]).__name__}, not a {kind.__name__}. {again}")
    if summary.get("study", study.name) != study.name:
        raise ReportError(f"{path} is of study {summary['study']!r}, not of {study.name!r}. {again}")
    return summary


def read_table(path: Path) -> Table | None:
    """Return a CSV file as a table to show; None if it is missing or empty.

    Numbers with a fraction are rounded to three digits; columns ``low`` and ``high`` become one; a column
    such as ``recipe`` that says the same in each row goes into the note under the table.
    """
    if not path.is_file():
        return None
    with path.open(encoding="utf-8", newline="") as file:
        lines = [line for line in csv.reader(file) if line]
    if len(lines) < 2:
        return None
    head, records = lines[0], [dict(zip(lines[0], line, strict=False)) for line in lines[1:]]
    notes, columns, rows = [], [], [[] for _ in records]
    joined = {"low", "high"} <= set(head)
    for name in head:
        values = [_rounded(record.get(name, "")) for record in records]
        if name in _CAPTIONED and len(records) > 1 and len(set(values)) == 1:
            notes.append(f"{_HEADS.get(name, name)}: {values[0]}")
            continue
        if joined and name == "high":
            continue
        if joined and name == "low":
            highs = [_rounded(record.get("high", "")) for record in records]
            values = [f"{low} to {high}" if low != high else low for low, high in zip(values, highs, strict=True)]
        numeric = all(_is_number(value) for value in values if value != "–") or (joined and name == "low")
        columns.append(Column(_HEADS.get(name, name).replace("_", " ") if joined or name != "low" else name, numeric))
        for row, value in zip(rows, values, strict=True):
            row.append(value)
    return Table(path.stem, columns, rows, "; ".join(notes))


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _rounded(text: str) -> str:
    if text.strip().lower() in ("", "nan", "none"):
        return "–"
    if not _is_number(text) or text.lstrip("+-").isdigit():
        return text
    value = float(text)
    return fixed(value, 3) if math.isfinite(value) and not value.is_integer() else f"{value:g}"
