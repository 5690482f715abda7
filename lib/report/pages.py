"""The pages: each notebook's body in the frame that all pages share, and the index."""

import base64
import hashlib
from dataclasses import dataclass, field
from pathlib import Path

from bs4 import BeautifulSoup
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from lib.paths import Study
from lib.report.body import HERE, Body, figure, markdown, render
from lib.report.chapters import CHAPTERS, EVALUATION, Executed
from lib.report.clean import Media, size
from lib.report.front import read_table
from lib.report.functions import Function, leaned_on
from lib.report.links import Targets
from lib.report.players import Players
from lib.runs.provenance import code_version

TITLE = "Tagging music with genre and mood"
GENERATOR = "music-tagging-report"
INDEX = "index.html"


@dataclass
class Page:
    """One page of the site.

    Parameters
    ----------
    address : str
        Relative to the index.
    source : Executed
        The notebook that it shows.
    body : Body
        The rendered notebook.
    runs : list of Page
        Of a chapter that is executed once per run: the pages of its runs; the first is the page itself.
    """

    address: str
    source: Executed
    body: Body
    runs: list["Page"] = field(default_factory=list)

    @property
    def number(self) -> int:
        """Number of the chapter."""
        return int(self.source.chapter[:2])

    @property
    def short(self) -> str:
        """Name of the chapter in the navigation."""
        return CHAPTERS.get(self.source.chapter) or self.body.title.partition(":")[0] or name_of(self.source.chapter)

    @property
    def functions(self) -> list[Function]:
        """Functions of `lib` that its code names."""
        return leaned_on([cell.source for cell in self.source.notebook.cells if cell.cell_type == "code"])

    @property
    def title(self) -> str:
        """Heading of the page."""
        return self.body.title or self.short


def name_of(chapter: str) -> str:
    """Name of a chapter by its notebook's name."""
    return CHAPTERS.get(chapter, chapter[3:].replace("_", " ").capitalize())


def write_pages(
    study: Study,
    chapters: dict[str, list[Executed]],
    summary: dict,
    folder: Path,
    players: Players | None = None,
    *,
    place: Path | None = None,
) -> None:
    """Write every page, its pictures and the style sheet.

    Parameters
    ----------
    study : Study
        Whose tables and figures the index shows.
    chapters : dict
        From `lib.report.chapters.find`.
    summary : dict
        From `lib.report.front.read_summary`; empty = not evaluated.
    folder : path-like
        Empty; takes the pages.
    players : Players, optional
        Makes the players of what the notebooks offer to hear; default: words on how to get them.
    place : path-like, optional
        Where the pages will lie in the end; default: the study's results.
    """
    media = Media(folder, study.figures)
    players = players or Players(study)
    pages = [_chapter(executed, media, players) for executed in chapters.values() if executed]
    every = [*pages, *(run for page in pages for run in page.runs[1:])]
    targets = Targets(
        study,
        {"index": INDEX, **{page.source.name: page.address for page in every}}
        | {page.source.chapter: page.address for page in pages},
        {page.address: page.body.ids for page in every},
        place,
    )
    page_templates = templates()
    common = {
        "site": TITLE,
        "generator": GENERATOR,
        "study": study.name,
        "synthetic": _is_synthetic(study, chapters, summary),
        "corpus": _corpus(chapters, summary),
        "checksum": str(summary.get("checksum") or "") if _evaluated(chapters, summary) else "",
        "code": code_version(),
        "chapters": pages,
        "scripts": [],
    }
    neighbours = {page.address: (page, *around) for page, *around in _in_turn(pages)}
    for chapter in pages:
        neighbours |= {page.address: (page, *around) for page, *around in _in_turn(chapter.runs) if page is not chapter}
    for address, (page, before, after) in neighbours.items():
        targets.mend(page.body.soup, address)
        text = page_templates.get_template("chapter.html.j2").render(
            **common | {"scripts": _scripts(page)},
            page=page,
            up="../" * address.count("/"),
            before=before,
            after=after,
            chapter=next(chapter for chapter in pages if chapter.source.chapter == page.source.chapter),
            functions=[(one, targets.resolve(f"../{one.address}", address)) for one in page.functions],
            body=Markup(str(page.body.soup)),  # safe: cleaned piece by piece when it was rendered
        )
        write(folder / address, text)
    media.up = ""
    front = _front(study, chapters, pages, summary, targets, media)
    write(folder / INDEX, page_templates.get_template("front.html.j2").render(**common, up="", page=None, **front))
    write(folder / "style.css", (HERE / "template" / "style.css").read_text(encoding="utf-8"))


def _chapter(executed: list[Executed], media: Media, players: Players) -> Page:
    first = executed[0]
    media.up = ""
    page = Page(f"{first.chapter}.html", first, render(first.notebook, media, players))
    if first.path.parent.name == first.chapter:
        media.up = "../"
        rest = [Page(f"runs/{run.name}.html", run, render(run.notebook, media, players)) for run in executed[1:]]
        page.runs = [page, *rest]
    return page


def _in_turn(pages: list[Page]) -> list[tuple[Page, Page | None, Page | None]]:
    """Each page with the one before and the one after it."""
    return list(zip(pages, [None, *pages[:-1]], [*pages[1:], None], strict=True)) if pages else []


def _scripts(page: Page) -> list[dict[str, str | Markup]]:
    """Text of each script that the page has a use for, and the hash by which its policy lets it run."""
    needed = {"playhead": "audio[data-picture]", "map": "div.map"}
    texts = [
        (HERE / "template" / f"{name}.js").read_text(encoding="utf-8")
        for name, element in needed.items()
        if page.body.soup.select_one(element)
    ]
    hashes = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in texts]
    return [{"text": Markup(text), "hash": value} for text, value in zip(texts, hashes, strict=True)]


def _evaluated(chapters: dict[str, list[Executed]], summary: dict) -> bool:
    """Whether the summary is that of the evaluation at hand, and not a leftover."""
    last = chapters.get(EVALUATION)
    return bool(summary and last) and not last[0].failed


def _front(study, chapters, pages, summary, targets, media) -> dict:  # what the index says, for its template
    by_name = {page.source.chapter: page for page in pages}
    evaluated = _evaluated(chapters, summary)

    def said(text: str) -> Markup:
        soup = BeautifulSoup(markdown(text, media), "html.parser")
        targets.mend(soup, INDEX)
        return Markup(str(soup))  # safe: cleaned by markdown()

    about = summary.get("figure") or {}
    claim, name = str(about.get("claim", "")), Path(str(about.get("name", ""))).name
    drawn = study.figures / f"{name}.svg"
    drawing = drawn.read_bytes() if evaluated and name and drawn.is_file() else b""
    table = study.tables / f"{Path(summary.get('main_table') or 'comparison').stem}.csv"
    return {
        "evaluated": evaluated,
        "leftover": bool(summary) and not evaluated,
        "question": summary.get("question") or "",
        "headline": [said(str(text)) for text in summary.get("headline") or []] if evaluated else [],
        "findings": [said(str(text)) for text in summary.get("findings") or []] if evaluated else [],
        "figure": figure(media.add(drawing, "image/svg+xml", name), claim, size(drawing, "image/svg+xml"))
        if drawing
        else "",
        "figure_missing": name if evaluated and not drawing else "",
        "table": read_table(table) if evaluated else None,
        "credit": said(summary.get("credit") or ""),
        "way": [(int(name[:2]), name_of(name), by_name.get(name)) for name in chapters],
        "downloads": {
            "Tables (CSV)": sorted(f"tables/{path.name}" for path in study.tables.glob("*.csv")),
            "Figures (SVG)": sorted(f"figures/{path.name}" for path in study.figures.glob("*.svg")),
            "Executed notebooks": [
                executed.path.relative_to(study.results).as_posix() for some in chapters.values() for executed in some
            ],
        },
    }


def _corpus(chapters: dict[str, list[Executed]], summary: dict) -> str:
    if summary.get("corpus"):
        return str(summary["corpus"])
    given = (parameter for some in chapters.values() for executed in some for parameter in executed.parameters)
    return next((parameter.text for parameter in given if parameter.name == "corpus"), "")


def _is_synthetic(study: Study, chapters: dict[str, list[Executed]], summary: dict) -> bool:
    """Whether the pages carry the banner; in doubt they do."""
    return bool(summary.get("synthetic")) or "demo" in (_corpus(chapters, summary) or study.name, _corpus(chapters, {}))


def templates() -> Environment:
    """Return the templates of the pages."""
    return Environment(
        loader=FileSystemLoader(HERE / "template"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )


def write(path: Path, text: str) -> None:
    """Write a page or the style sheet, with the same bytes on every system."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")
