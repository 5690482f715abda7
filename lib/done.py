"""Which steps of a study are done, running or failed: what Snakemake watches in place of what the steps make.

Snakemake deletes the outputs of a step before it runs it again and when it fails. What takes long to make
must survive both, so a step's outputs are two small files: ``<step>.json``, the checksums of what it made,
by which later steps see whether anything changed, and ``<step>.page``, that of its executed notebook.
Beside them lie ``<step>.running`` while it runs, and ``<step>.failed``, the reason, where it failed; a sweep that
gives a step up adds the two files, empty, so that the steps after it run all the same.
"""

from __future__ import annotations

import hashlib
import os
import socket
import threading
import time
from collections.abc import Iterable
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from lib.errors import ReportError
from lib.paths import Study, replacing
from lib.tables import read_json, write_json

DONE, RUNNING, FAILED, WAITING = "done", "running", "failed", "waiting"
TOLERANT = "REPORT_TOLERANT"  # set where a step that fails must not keep the report from being built
KILLED = "its process was killed, most likely for want of memory."
BEAT_S = 30.0  # how often a running step touches its mark
SILENT_S = 10 * BEAT_S  # after which a step of another machine is taken for dead
SKEW_S = 60.0  # by how much the clocks of machines that share files may differ


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


def write_failed(base: Path, reason: str, *, given_up: bool) -> None:
    """Note that a step failed; if it is given up, let the steps after it run all the same."""
    base.parent.mkdir(parents=True, exist_ok=True)
    with replacing(Path(f"{base}.failed")) as part:
        part.write_text(reason, encoding="utf-8")
    if not given_up:
        return
    write_json({}, Path(f"{base}.json"))
    with replacing(Path(f"{base}.page")) as part:
        part.write_text("", encoding="utf-8")


@contextmanager
def marked(base: Path | None):
    """Mark a step as running for a while, and no longer as failed; without a base, do nothing."""
    if base is None:
        yield
        return
    Path(f"{base}.failed").unlink(missing_ok=True)
    mark, over = Path(f"{base}.running"), threading.Event()
    process = psutil.Process()
    write_json({"host": socket.gethostname(), "process": process.pid, "began": process.create_time()}, mark)

    def beat() -> None:
        while not over.wait(BEAT_S):
            with suppress(OSError):
                os.utime(mark)

    beating = threading.Thread(target=beat, daemon=True)
    beating.start()
    try:
        yield
    finally:
        over.set()
        beating.join()
        mark.unlink(missing_ok=True)


def runs(mark: Path) -> bool:
    """Whether a step whose mark this is still runs: its process lives or, on another machine, touched it lately."""
    try:
        told, silent_s = read_json(mark), time.time() - mark.stat().st_mtime
    except FileNotFoundError:  # it ends while it is looked at
        return False
    if told["host"] != socket.gethostname():
        return silent_s < SILENT_S
    try:
        process = psutil.Process(told["process"])
        return process.create_time() == told["began"] and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def state(base: Path) -> tuple[str, str]:
    """State of a step, and the reason if it failed."""
    if runs(Path(f"{base}.running")):
        return RUNNING, ""
    with suppress(FileNotFoundError):
        return FAILED, Path(f"{base}.failed").read_text(encoding="utf-8")
    return (DONE, "") if Path(f"{base}.json").is_file() and Path(f"{base}.page").is_file() else (WAITING, "")


def failures(study: Study) -> dict[str, str]:
    """Name the runs of a study that failed and were given up, and say why. Page 05."""
    folder = study.work / "done" / "04"
    found = (path for path in sorted(folder.glob("*.failed")) if path.with_suffix(".json").is_file())
    return {path.stem: path.read_text(encoding="utf-8") for path in found}


def reasons(study: Study) -> dict[str, str]:
    """Name the steps of a study that failed, and say why. For when all that ran has ended, on whatever machine."""
    folder = study.work / "done"
    for mark in folder.rglob("*.running"):
        write_failed(mark.with_suffix(""), f"{mark.stem}: {KILLED}", given_up=False)
        mark.unlink()
    found = sorted(folder.rglob("*.failed"))
    return {str(path.relative_to(folder).with_suffix("")): path.read_text(encoding="utf-8") for path in found}


def steps_of_note(study: Study) -> list[str]:
    """Name the steps that run or failed, other than the runs."""
    folder = study.work / "done"
    marks = (path for suffix in ("running", "failed") for path in folder.rglob(f"*.{suffix}"))
    steps = sorted({str(path.relative_to(folder).with_suffix("")) for path in marks if path.parent.name != "04"})
    return [step for step in steps if state(folder / step)[0] in (RUNNING, FAILED)]


def give_up_the_dead(study: Study) -> bool:
    """Give up runs, and the page of the embedding, whose process was killed; whether there was any.

    For when all that ran has ended, on whatever machine.
    """
    folder = study.work / "done"
    marks = [*folder.glob("04/*.running"), *folder.glob("06.running")]
    for mark in marks:
        write_failed(mark.with_suffix(""), KILLED, given_up=True)
        mark.unlink()
    failed = [*folder.glob("04/*.failed"), *folder.glob("06.failed")]
    failed = [path for path in failed if not path.with_suffix(".json").is_file()]
    for path in failed:
        write_failed(path.with_suffix(""), path.read_text(encoding="utf-8"), given_up=True)
    return bool(marks or failed)


def in_the_future(path: Path) -> bool:
    """Whether a file was changed later than now, by more than the clocks of machines may differ."""
    return path.stat().st_mtime > time.time() + SKEW_S


def forget_changed(study: Study) -> None:
    """Let steps run again that failed, or whose files somebody has deleted or, running a notebook by hand, replaced.

    Steps that ended in the future are forgotten too: the clock was ahead, and whether what they read has changed since
    cannot be told.

    Raises
    ------
    ReportError
        If a step still runs: the call that began it was killed, it was not.
    """
    folder = study.work / "done"
    for mark in folder.rglob("*.running"):
        if runs(mark):
            told = read_json(mark)
            raise ReportError(
                f"study {study.name!r}: step {mark.relative_to(folder).with_suffix('')} still runs (process "
                f"{told['process']} on {told['host']}), although the call that began it was killed. Wait for it, or "
                "stop it, then run the same command again."
            )
        mark.unlink()
    for path in [path for path in folder.rglob("*") if path.is_file() and in_the_future(path)]:
        path.unlink()
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
