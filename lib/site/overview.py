"""The first page: question, findings, main figure and main table."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd
from bs4 import BeautifulSoup
from markupsafe import Markup
from pydantic import BaseModel, ConfigDict, ValidationError

from lib.errors import ReportError
from lib.narrative.format import fixed
from lib.paths import Study
from lib.site.executed import EVALUATION, Executed, chapter_name
from lib.site.frame import INDEX
from lib.site.postprocess import Links
from lib.site.render import figure, markdown
from lib.site.sanitize import Media, size

_CAPTIONED = ("recipe", "runs", "fold", "folds")  # the same in every row: shown once, under the table


class Figure(BaseModel):
    """The main figure: file name in ``figures/`` without its ending, and what it shows."""

    name: str = ""
    claim: str = ""


class Summary(BaseModel):
    """What the evaluation found, as ``summary.json`` holds it."""

    model_config = ConfigDict(strict=True)

    study: str = ""
    corpus: str = ""
    checksum: str = ""
    synthetic: bool = False
    question: str = ""
    headline: list[str] = []
    findings: list[str] = []
    figure: Figure = Figure()
    main_table: str = "comparison"
    credit: str = ""


def read_summary(study: Study) -> Summary | None:
    """Return what the evaluation found; None if it has not run, a `ReportError` if the file is another or damaged."""
    path = study.results / "summary.json"
    if not path.exists():
        return None
    again = f"Delete it and run `make report STUDY={study.name}` again."
    try:
        summary = Summary.model_validate_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "file"
        raise ReportError(f"{path}: {where}: {first['msg']}. {again}") from error
    if summary.study not in ("", study.name):
        raise ReportError(f"{path} is of study {summary.study!r}, not of {study.name!r}. {again}")
    return summary


def is_current(summary: Summary | None, chapters: Mapping[str, Sequence[Executed]]) -> bool:
    """Whether the summary is that of the evaluation at hand, and not a leftover."""
    evaluation = chapters.get(EVALUATION)
    return bool(summary and evaluation) and not evaluation[0].failed


def facts(
    study: Study, chapters: Mapping[str, Sequence[Executed]], pages: Sequence, summary: Summary | None,
    links: Links, media: Media
) -> dict:  # fmt: skip
    """Gather the values of the overview's template."""
    evaluated, found = is_current(summary, chapters), summary or Summary()

    def html(text: str) -> Markup:
        soup = BeautifulSoup(markdown(text, media), "html.parser")
        links.fix(soup, INDEX)
        return Markup(str(soup))  # safe: cleaned by markdown()

    name = Path(found.figure.name).name if evaluated else ""
    drawing = study.figures / f"{name}.svg"
    drawn = ""
    if name and drawing.is_file():
        data, kind = drawing.read_bytes(), "image/svg+xml"
        drawn = figure(media.add(data, kind, name), found.figure.claim, size(data, kind))
    by_chapter = {page.source.chapter: page for page in pages}
    return {
        "evaluated": evaluated,
        "leftover": summary is not None and not evaluated,
        "question": found.question,
        "headline": [html(text) for text in found.headline],
        "findings": [html(text) for text in found.findings],
        "figure": drawn,
        "figure_missing": "" if drawn else name,
        "table": read_table(study.tables / f"{Path(found.main_table).stem}.csv") if evaluated else None,
        "credit": html(found.credit),
        "way": [(int(name[:2]), chapter_name(name), by_chapter.get(name)) for name in chapters],
        "downloads": {
            "Tables (CSV)": sorted(f"tables/{path.name}" for path in study.tables.glob("*.csv")),
            "Figures (SVG)": sorted(f"figures/{path.name}" for path in study.figures.glob("*.svg")),
            "Executed notebooks": [
                one.path.relative_to(study.results).as_posix() for some in chapters.values() for one in some
            ],
        },
    }


def read_table(path: Path) -> dict | None:
    """Return a CSV file as a table to show; None if it is missing or empty.

    Numbers with a fraction are rounded to three digits; ``low`` and ``high`` become one column; a column such as
    ``recipe`` that says the same in each row goes into the note under the table.

    Returns
    -------
    dict
        ``name``, ``columns`` (``name``, ``numeric``), ``rows`` of texts and ``note``.
    """
    table = pd.read_csv(path, dtype=str, keep_default_na=False).map(_rounded) if path.is_file() else pd.DataFrame()
    if not len(table):
        return None
    same = [name for name in table if name in _CAPTIONED and len(table) > 1 and table[name].nunique() == 1]
    note = "; ".join(f"{name}: {table[name].iloc[0]}" for name in same)
    table = table.drop(columns=same)
    names = {name: name.replace("_", " ") for name in table} | {"n_songs": "songs"}
    numeric = {name for name in table if all(_is_number(value) for value in table[name] if value != "–")}
    if {"low", "high"} <= {*table}:
        low, high = table["low"], table.pop("high")
        table["low"] = low.where(low == high, low + " to " + high)
        names["low"] = "interval"
        numeric.add("low")
    return {
        "name": path.stem,
        "columns": [{"name": names[name], "numeric": name in numeric} for name in table],
        "rows": table.to_numpy().tolist(),
        "note": note,
    }


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
