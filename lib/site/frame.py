"""The frame that all pages share: templates, style sheet, title."""

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from lib.provenance import code_version

TEMPLATES = Path(__file__).resolve().parent / "template"
STYLE = TEMPLATES / "style.css"
TITLE = "Tagging music with genre and mood"
GENERATOR = "music-tagging-report"
INDEX = "index.html"


@cache
def templates() -> Environment:
    """Templates of the pages; what is put into them is escaped."""
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )


def write_page(path: Path, template: str, *, study: str, synthetic: bool, **facts) -> None:
    """Write a page from a template such as ``chapter.html.j2``, with the same bytes on every system.

    One that is `synthetic` carries a banner that says so; `facts` are further values of the template.
    """
    shared = {"site": TITLE, "generator": GENERATOR, "study": study, "synthetic": synthetic, "code": code_version()}
    absent = {"corpus": "", "chapters": [], "page": None, "scripts": [], "up": ""}
    facts = shared | absent | facts
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(templates().get_template(template).render(facts), encoding="utf-8", newline="\n")
