"""The builder: each notebook's body in the frame that all pages share, the overview, and everything in its place."""

import base64
import hashlib
import shutil
from dataclasses import dataclass, field
from pathlib import Path

from markupsafe import Markup

from lib.io import replacing, scratch
from lib.paths import Study
from lib.site import overview
from lib.site.audio import LocalPlayers, Players
from lib.site.executed import Executed, chapter_name, find
from lib.site.frame import GENERATOR, INDEX, STYLE, TEMPLATES, write_page
from lib.site.postprocess import Links
from lib.site.render import Body, render
from lib.site.sanitize import Media

_MARK = f'<meta name="generator" content="{GENERATOR}">'
_SCRIPTS = {"playhead.js": "audio[data-picture]", "map.js": "div.map"}  # and the elements that have a use for them


@dataclass
class Page:
    """One page of the site."""

    address: str  # relative to the overview
    source: Executed
    body: Body
    # Of a chapter that is executed once per run: the pages of its runs; the first is the page itself.
    runs: list["Page"] = field(default_factory=list)

    @property
    def number(self) -> int:
        """Number of the chapter."""
        return int(self.source.chapter[:2])

    @property
    def short(self) -> str:
        """Name of the chapter in the navigation."""
        return chapter_name(self.source.chapter, self.body.title)

    @property
    def title(self) -> str:
        """Heading of the page."""
        return self.body.title or self.short


def build(study: Study) -> Path:
    """Build the pages of a study from its executed notebooks, tables and figures; return the path of ``index.html``.

    The same inputs give the same bytes. Pages of an earlier build stay until every new one is made;
    pages whose notebook is gone are removed.

    Raises
    ------
    ReportError
        If nothing has been executed, an input is damaged, or the disk is full.
    """
    chapters, summary = find(study), overview.read_summary(study)
    with scratch(study.results / "pages") as part:
        _write_pages(study, chapters, summary, part, Players(study), study.results)
        _move(part, study.results)
    return study.results / INDEX


def build_local(study: Study) -> Path:
    """Build the same pages with players, for this machine alone: ``make listen STUDY=emotify``.

    They are built into ``work/<study>/listen``, out of version control: the players' MP3 files are cut from the music
    of this machine, which may not be passed on. Errors are those of `build` and of `LocalPlayers`.
    """
    players, folder = LocalPlayers(study), study.work / "listen"
    chapters, summary = find(study), overview.read_summary(study)
    with replacing(folder) as part:
        part.mkdir(parents=True)
        _write_pages(study, chapters, summary, part, players, folder)
        for beside in (study.tables, study.figures, study.notebooks):  # what the overview offers to download
            if beside.is_dir():
                shutil.copytree(beside, part / beside.name)
    return folder / INDEX


def _write_pages(
    study: Study, chapters: dict[str, list[Executed]], summary: overview.Summary | None,
    folder: Path, players: Players, place: Path
) -> None:  # fmt: skip
    """Write every page, its pictures and the style sheet into an empty folder that will lie at `place` in the end."""
    media = Media(folder, study.figures)
    pages = [_chapter(executed, media, players) for executed in chapters.values() if executed]
    every = [page for chapter in pages for page in (chapter.runs or [chapter])]
    links = Links(
        study,
        {"index": INDEX}
        | {page.source.name: page.address for page in every}
        | {page.source.chapter: page.address for page in pages},
        {page.address: page.body.ids for page in every},
        place,
    )
    given = (parameter for some in chapters.values() for one in some for parameter in one.parameters)
    declared = next((parameter.text for parameter in given if parameter.name == "corpus"), "")
    corpus = (summary and summary.corpus) or declared
    shared = {
        "study": study.name,
        # In doubt the pages carry the banner.
        "synthetic": bool(summary and summary.synthetic) or "demo" in (corpus or study.name, declared),
        "corpus": corpus,
        "chapters": pages,
    }
    checksum = summary.checksum if overview.is_current(summary, chapters) else ""
    for chapter in pages:
        runs = _neighbours(chapter.runs or [chapter])
        runs[0] = next(around for around in _neighbours(pages) if around[0] is chapter)
        for page, before, after in runs:
            links.fix(page.body.soup, page.address)
            write_page(
                folder / page.address,
                "chapter.html.j2",
                **shared,
                checksum=checksum,
                scripts=_scripts(page),
                page=page,
                up="../" * page.address.count("/"),
                before=before,
                after=after,
                chapter=chapter,
                body=Markup(str(page.body.soup)),  # safe: cleaned piece by piece when it was rendered
            )
    media.up = ""
    found = overview.facts(study, chapters, pages, summary, links, media)
    write_page(folder / INDEX, "front.html.j2", **shared, **found)
    shutil.copyfile(STYLE, folder / STYLE.name)


def _chapter(executed: list[Executed], media: Media, players: Players) -> Page:
    first = executed[0]
    media.up = ""
    page = Page(f"{first.chapter}.html", first, render(first.notebook, media, players))
    if first.path.parent.name == first.chapter:
        media.up = "../"
        rest = [Page(f"runs/{run.name}.html", run, render(run.notebook, media, players)) for run in executed[1:]]
        page.runs = [page, *rest]
    return page


def _neighbours(pages: list[Page]) -> list[tuple[Page, Page | None, Page | None]]:
    """Each page with the one before and the one after it."""
    return list(zip(pages, [None, *pages[:-1]], [*pages[1:], None], strict=True))


def _scripts(page: Page) -> list[dict[str, str | Markup]]:
    """Text of each script that the page has a use for, and the hash by which its policy lets it run."""
    used = [TEMPLATES / name for name, element in _SCRIPTS.items() if page.body.soup.select_one(element)]
    texts = [path.read_text(encoding="utf-8") for path in used]
    hashes = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in texts]
    return [{"text": Markup(text), "hash": value} for text, value in zip(texts, hashes, strict=True)]


def _move(part: Path, results: Path) -> None:
    """Put the new files in place, the overview last; then remove what no page needs any more."""
    new = {path.relative_to(part) for path in part.rglob("*") if path.is_file()}
    for path in sorted(new, key=lambda path: (path.suffix == ".html", path.name == INDEX, path.as_posix())):
        (results / path).parent.mkdir(parents=True, exist_ok=True)
        (part / path).replace(results / path)
    old = [path for path in [*results.glob("*.html"), *results.glob("runs/*.html")] if _is_ours(path)]
    old += [path for path in (results / Media.FOLDER).glob("*") if Media.OWN.search(path.name)]
    for path in old:
        if path.is_file() and path.relative_to(results) not in new:
            path.unlink()
    for folder in (results / Media.FOLDER, results / "runs"):
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()


def _is_ours(path: Path) -> bool:
    """Whether a page was made here: nobody else's page is ever removed."""
    with path.open(encoding="utf-8", errors="replace") as file:
        return _MARK in file.read(2000)
