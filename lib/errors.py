"""The one exception that a user is meant to read, and how commands end at it."""

import signal
import sys
from collections.abc import Callable


class ReportError(Exception):
    """Something the user can fix.

    The message is one to three sentences that name the value, the file and the remedy; commands print
    it without a traceback, and so do notebooks.
    """

    def _render_traceback_(self) -> list[str]:
        """IPython's hook: what it shows in place of a traceback."""
        return [f"{type(self).__name__}: {self}"]


def message(error: ReportError | OSError, place: object = "") -> str:
    """Text of an error for a terminal; `place` stands for the file that an error of the system does not name."""
    return str(error) if isinstance(error, ReportError) else f"{error.filename or place}: {error.strerror or error}"


def exit_status(command: Callable[[], int], stopped: str, place: object = "") -> int:
    """Run a command: its own status, or 1 after an error and 130 after Ctrl-C or SIGTERM, printed without a traceback.

    Parameters
    ----------
    command : callable
    stopped : str
        What Ctrl-C leaves behind, in a sentence.
    place : path-like
        See `message`.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return command()
    except (ReportError, OSError) as error:
        print(f"\n{message(error, place)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"\n{stopped}", file=sys.stderr)
        return 130
