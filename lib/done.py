"""Which steps of a study are done, running or failed: what Snakemake watches in place of what the steps make.

Snakemake deletes the outputs of a step before it runs it again and when it fails. What takes long to make
must survive both, so a step's outputs are two small files: ``<step>.json``, the checksums of what it made,
by which later steps see whether anything changed, and ``<step>.page``, that of its executed notebook.
Beside them lie ``<step>.running`` while it runs, and ``<step>.failed``, the reason, where it failed.
"""

from __future__ import annotations

import hashlib
import os
import socket
from collections.abc import Iterable
from contextlib import contextmanager, suppress
from pathlib import Path

from lib.paths import Study, replacing
from lib.tables import read_json, write_json

DONE, RUNNING, FAILED, WAITING = "done", "running", "failed", "waiting"
TOLERANT = "REPORT_TOLERANT"  # set where a step that fails must not keep the report from being built


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
    Path(f"{base}.failed").unlink(missing_ok=True)
    write_json({str(path): digest(path) for path in made}, Path(f"{base}.json"))
    with replacing(Path(f"{base}.page")) as part:
        part.write_text(f"{digest(notebook)} {notebook}\n", encoding="utf-8")


def write_failed(base: Path, reason: str) -> None:
    """Note that a step failed, in files that let the steps after it run all the same."""
    base.parent.mkdir(parents=True, exist_ok=True)
    with replacing(Path(f"{base}.failed")) as part:
        part.write_text(reason, encoding="utf-8")
    write_json({}, Path(f"{base}.json"))
    with replacing(Path(f"{base}.page")) as part:
        part.write_text("", encoding="utf-8")


@contextmanager
def marked(base: Path | None):
    """Mark a step as running for a while; without a base, do nothing."""
    if base is None:
        yield
        return
    mark = Path(f"{base}.running")
    write_json({"host": socket.gethostname(), "process": os.getpid()}, mark)
    try:
        yield
    finally:
        mark.unlink(missing_ok=True)


def state(base: Path) -> tuple[str, str]:
    """State of a step, and the reason if it failed.

    What runs on another machine is believed to run; a mark that a killed process of this one left is not.
    """
    with suppress(FileNotFoundError):  # it may end while it is looked at
        told = read_json(Path(f"{base}.running"))
        if told["host"] != socket.gethostname() or Path(f"/proc/{told['process']}").exists():
            return RUNNING, ""
    with suppress(FileNotFoundError):
        return FAILED, Path(f"{base}.failed").read_text(encoding="utf-8")
    return (DONE, "") if Path(f"{base}.json").is_file() and Path(f"{base}.page").is_file() else (WAITING, "")


def failures(study: Study) -> dict[str, str]:
    """Name the runs of a study that failed, and say why. Page 05."""
    folder = study.work / "done" / "04"
    return {path.stem: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.failed"))}


def forget_changed(study: Study) -> None:
    """Let steps run again that failed, or whose files somebody has deleted or, running a notebook by hand, replaced."""
    folder = study.work / "done"
    for mark in folder.rglob("*.running"):
        mark.unlink()
    for failed in folder.rglob("*.failed"):
        for suffix in (".json", ".page", ".failed"):
            failed.with_suffix(suffix).unlink(missing_ok=True)
    for note in folder.rglob("*.json"):
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
