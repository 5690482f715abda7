"""Trying again, within bounds, and saying what is waited for."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar

import tenacity

from lib.progress import tell

TRIES = 6
LONGEST_S = 120.0  # that an answer may ask to be waited for

T = TypeVar("T")


class UnsteadyError(Exception):
    """A failure that may pass: a broken connection, too many requests, a server's own error.

    Parameters
    ----------
    reason : str
        Without the address, which whoever catches it knows.
    after_s : float, optional
        Seconds that the server asks to wait.
    """

    def __init__(self, reason: str, after_s: float | None = None):
        super().__init__(reason)
        self.after_s = after_s


def again(
    call: Callable[[], T],
    what: str,
    *,
    moved: Callable[[], bool] = lambda: False,
    tries: int = TRIES,
    longest_s: float = LONGEST_S,
    sleep: Callable[[float], None] | None = None,
) -> T:
    """Call until it succeeds, at growing distances (with jitter, at most 20 s apart).

    Parameters
    ----------
    call : callable
        Raises `UnsteadyError` where another try is worth it; other errors pass through.
    what : str
        What is being done, for whoever watches the terminal.
    moved : callable
        Whether the last try came forward; such a try does not count.
    tries : int >= 1
        In a row without coming forward.
    longest_s : float >= 0
        A server that asks for a longer pause is not waited for.
    sleep : callable, optional
        Stands in for `time.sleep`.

    Raises
    ------
    UnsteadyError
        The last one, when the tries are used up or the pause asked for is too long.
    """
    spacing = tenacity.wait_random_exponential(multiplier=0.5, max=20)
    failed = 0

    def enough(state: tenacity.RetryCallState) -> bool:
        nonlocal failed
        failed = 0 if moved() else failed + 1
        after_s = state.outcome.exception().after_s
        return failed >= tries or (after_s or 0) > longest_s

    def pause(state: tenacity.RetryCallState) -> float:
        after_s = state.outcome.exception().after_s
        return spacing(state) if after_s is None else after_s

    def say(state: tenacity.RetryCallState) -> None:
        tell(f"{what}: {state.outcome.exception()}; trying again in {state.next_action.sleep:.0f} s", every=0)

    trying = tenacity.Retrying(
        retry=tenacity.retry_if_exception_type(UnsteadyError), stop=enough, wait=pause, before_sleep=say,
        reraise=True, sleep=sleep or time.sleep,
    )  # fmt: skip
    return trying(call)


def retry_after(header: str | None) -> float | None:
    """Seconds that a header ``Retry-After`` asks for, given in seconds or as a date; None if it says neither."""
    if not header:
        return None
    if header.strip().isdigit():
        return float(header)
    try:
        return max((parsedate_to_datetime(header) - datetime.now(UTC)).total_seconds(), 0.0)
    except (TypeError, ValueError):
        return None
