"""How far a long step is: passed to the terminal of the runner, or printed when nobody runs the notebook."""

import os
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

VARIABLE = "REPORT_PROGRESS"
QUIET_S = 30.0  # seconds between two lines where no terminal is
_last, _printed = 0.0, 0.0
_lock = threading.Lock()


def tell(text: str, *, every: float = 0.2) -> None:
    """Say how far a step is in one short line, such as ``epoch 3/20``, at most once in `every` seconds.

    Under `lib.workflow.notebook` the text goes to the terminal through the file named in ``$REPORT_PROGRESS`` and
    leaves no trace in the executed notebook; elsewhere it overwrites one line of standard error, if that
    is a terminal, and else is printed there every half a minute. In a notebook nothing is.
    """
    global _last, _printed
    with _lock, suppress(OSError):  # a step does not fail because its progress could not be shown
        now = time.monotonic()
        if now - _last < every:
            return
        _last = now
        if target := os.environ.get(VARIABLE):
            part = Path(f"{target}.part")
            part.write_text(text, encoding="utf-8")
            part.replace(target)
        elif sys.stderr.isatty():
            sys.stderr.write(f"\r\x1b[K{text}")
            sys.stderr.flush()
        elif "ipykernel" not in sys.modules and now - _printed >= QUIET_S:
            _printed = now
            print(text, file=sys.stderr, flush=True)
