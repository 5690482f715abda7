"""The works that the pages cite: their list at the end of each notebook, and where in a text one is cited."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import yaml

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
    """Find what a text cites in the form ``Efron & Morris 1973`` or ``Efron & Morris (1973)``.

    Yields
    ------
    tuple of (int, int, str)
        Where the citation begins and ends, and its label, whether or not the work is known.
    """
    for match in _CITED.finditer(text):
        yield match.start(), match.end(), f"{' '.join(match[1].split())} {match[2] or match[3]}"


def anchor(label: str) -> str:
    """Id of a work's entry on a page."""
    return "ref-" + re.sub(r"[\W_]+", "-", label.lower()).strip("-")


def listed(notebook: str, *texts: str) -> str:
    """List what the text of a notebook cites, by author, as markdown; the end of each page.


    Parameters
    ----------
    notebook : str
        Name in ``notebooks/``, such as ``05_error_analysis``.
    *texts : str
        Further texts that it shows.

    Returns
    -------
    str
        An item a work, with its DOI or arXiv number as a link.
    """
    cells = json.loads((NOTEBOOKS / f"{notebook}.ipynb").read_text(encoding="utf-8"))["cells"]
    text = " ".join(" ".join("".join(cell["source"]).split()) for cell in cells if cell["cell_type"] == "markdown")
    text = " ".join([text, *texts])
    cited = {label for _, _, label in citations(text)} | ({POSTER} if re.search(r"\bposter\b", text) else set())
    return "\n".join(f"- {entry(label)}" for label in sorted(cited & set(works()), key=str.lower))


def entry(label: str) -> str:
    """Return one work as markdown, with the id that citations link to."""
    work = works()[label]
    year = label.rpartition(" ")[2]
    where = f", {work['in']}" if "in" in work else ""
    link = ""
    if "doi" in work:
        link = f", doi [{work['doi']}](https://doi.org/{work['doi']})"
    elif "arxiv" in work:
        link = f", arXiv [{work['arxiv']}](https://arxiv.org/abs/{work['arxiv']})"
    dated = f" ({year})" if year.isdigit() else ""
    return f'<a id="{anchor(label)}"></a>{work["by"]}{dated}: *{work["title"]}*{where}{link}.'
