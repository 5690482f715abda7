"""The works that the pages cite: their list at the end of each notebook, and where in a text one is cited."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import yaml

from lib.io import cells
from lib.paths import NOTEBOOKS

FILE = Path(__file__).with_suffix(".yaml")
POSTER = "Yu, the poster"
_NAME = r"[A-Z][\w-]+"
_YEAR = r"(?:19|20)\d\d"
_CITED = re.compile(rf"\b({_NAME}(?:\s+(?:&|and)\s+{_NAME}|\s+et\s+al\.)?)(?:[’']s)?\s+(?:\(({_YEAR})\)|({_YEAR})\b)")


@cache
def works() -> dict[str, dict[str, str]]:
    """Every work by its label, such as ``Efron & Morris 1973``."""
    return yaml.safe_load(FILE.read_text(encoding="utf-8"))


def citations(text: str) -> Iterator[tuple[int, int, str]]:
    """Find where citations such as ``Efron & Morris (1973)`` begin and end, and their labels, known or not."""
    for match in _CITED.finditer(text):
        yield match.start(), match.end(), f"{' '.join(match[1].split())} {match[2] or match[3]}"


def anchor(label: str) -> str:
    """Id of a work's entry on a page."""
    return "ref-" + re.sub(r"[\W_]+", "-", label.lower()).strip("-")


def listed(notebook: str, *texts: str) -> str:
    """List what a notebook such as ``05_error_analysis``, and further texts that it shows, cite; as Markdown."""
    own = cells(NOTEBOOKS / f"{notebook}.ipynb", "markdown")
    text = " ".join([" ".join(" ".join(own).split()), *texts])
    cited = {label for _, _, label in citations(text)} | ({POSTER} if re.search(r"\bposter\b", text) else set())
    return "\n".join(f"- {entry(label)}" for label in sorted(cited & set(works()), key=str.lower))


def entry(label: str) -> str:
    """Return one work as markdown, with the id that citations link to."""
    work = works()[label]
    year = label.rpartition(" ")[2]
    dated = f" ({year})" if year.isdigit() else ""
    where = f", {work['in']}" if "in" in work else ""
    link = ""
    if "doi" in work:
        link = f", doi [{work['doi']}](https://doi.org/{work['doi']})"
    elif "arxiv" in work:
        link = f", arXiv [{work['arxiv']}](https://arxiv.org/abs/{work['arxiv']})"
    return f'<a id="{anchor(label)}"></a>{work["by"]}{dated}: *{work["title"]}*{where}{link}.'
