"""One step of a study as Snakemake runs it: its exit status, and why it failed, in its log."""

import os
import signal
import sys
from pathlib import Path

from lib.errors import ReportError, message
from lib.training.quiet import START_UP

FAILED = "failed: "  # before an error in a step's log


def step(run, made: list[Path]) -> int:
    """Run one step of a study: an error is printed, to the log too, and what was made counts as new.

    Parameters
    ----------
    run : callable
    made : list of path-like
        Files whose time is set to now, for a step may find them as they should be and leave them alone.

    Returns
    -------
    int
        Exit status: 0, 1 after an error, 130 if interrupted.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        run()
        for path in made:
            os.utime(path)
        return 0
    except KeyboardInterrupt:
        return 130
    except (ReportError, OSError) as error:
        text = message(error)
        print(f"\n{text}\n", flush=True)
        print(f"{FAILED}{text}", file=sys.stderr)  # Snakemake keeps it as the step's log
        return 1


def reason(log: Path) -> str:
    """Why a step failed, by its log: the error, or else its last lines; empty if there is nothing in it."""
    text = log.read_text(encoding="utf-8", errors="replace") if log.is_file() else ""
    if FAILED in text:
        return text.rpartition(FAILED)[2].strip()
    return "\n".join([line for line in text.splitlines() if line.strip() and not START_UP.match(line)][-5:])
