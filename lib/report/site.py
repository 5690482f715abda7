"""The builder: makes every page in a temporary folder, then moves the whole set into place."""

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lib.paths import Study, explained
from lib.report.chapters import find
from lib.report.clean import Media
from lib.report.front import read_summary
from lib.report.pages import GENERATOR, INDEX, write_pages

_PART = ".pages-"
_MARK = f'<meta name="generator" content="{GENERATOR}">'


def build(study: Study) -> Path:
    """Build the pages of a study from its executed notebooks, tables and figures.

    The same inputs give the same bytes. Pages of an earlier build stay until every new one is made;
    pages whose notebook is gone are removed.

    Parameters
    ----------
    study : Study
        Its executed notebooks are read; ``index.html``, one page a chapter, ``runs/``, ``media/`` and
        ``style.css`` are written into its results.

    Returns
    -------
    Path
        Of ``index.html``.

    Raises
    ------
    ReportError
        If nothing has been executed, an input is damaged, or the disk is full.
    """
    chapters = find(study)
    summary = read_summary(study)
    with _folder(study.results) as part:
        write_pages(study, chapters, summary, part)
        _move(part, study.results)
    return study.results / INDEX


@contextmanager
def _folder(results: Path) -> Iterator[Path]:
    """Temporary folder on the same disk as the pages."""
    with explained(results):
        for left in results.glob(f"{_PART}*"):
            if time.time() - left.stat().st_mtime > 3600:  # of a build that was killed
                shutil.rmtree(left, ignore_errors=True)
        part = Path(tempfile.mkdtemp(prefix=_PART, dir=results))
        try:
            yield part
        finally:
            shutil.rmtree(part, ignore_errors=True)


def _move(part: Path, results: Path) -> None:
    """Put the new files in place, the index last; then remove what no page needs any more."""
    new = {path.relative_to(part) for path in part.rglob("*") if path.is_file()}
    for path in sorted(new, key=lambda path: (path.suffix == ".html", path.name == INDEX, path.as_posix())):
        (results / path).parent.mkdir(parents=True, exist_ok=True)
        (part / path).replace(results / path)
    old = [path for path in [*results.glob("*.html"), *results.glob("runs/*.html")] if _is_ours(path)]
    old += (results / Media.FOLDER).glob("*")
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
