"""Which steps of a study are done: what Snakemake watches in place of what the steps make.

Snakemake deletes the outputs of a step before it runs it again and when it fails. What takes long to make
must survive both, so a step's outputs are two small files: ``<step>.json``, the checksums of what it made,
by which later steps see whether anything changed, and ``<step>.page``, that of its executed notebook.
"""

import hashlib
from collections.abc import Iterable
from pathlib import Path

from lib.paths import Study, replacing
from lib.tables import read_json, write_json


def digest(path: Path) -> str:
    """Checksum of a file, without holding it in memory."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write(base: Path, notebook: Path, made: Iterable[Path]) -> None:
    """Note that a step is done.

    Parameters
    ----------
    base : path-like
        Of the two files, without suffix.
    notebook : path-like
        As executed.
    made : iterable of path-like
        What later steps read.
    """
    write_json({str(path): digest(path) for path in made}, Path(f"{base}.json"))
    with replacing(Path(f"{base}.page")) as part:
        part.write_text(f"{digest(notebook)} {notebook}\n", encoding="utf-8")


def forget_changed(study: Study) -> None:
    """Let steps run again whose files somebody has deleted or, by running a notebook by hand, replaced."""
    for note in (study.work / "done").rglob("*.json"):
        page = note.with_suffix(".page")
        made = dict(read_json(note))
        if page.is_file():
            made |= {
                path: checksum for checksum, path in (line.split(" ", 1) for line in page.read_text().splitlines())
            }
        same = all(Path(path).is_file() and digest(Path(path)) == checksum for path, checksum in made.items())
        if not page.is_file() or not same:
            note.unlink()
            page.unlink(missing_ok=True)
