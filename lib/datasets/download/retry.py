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
LONGEST_S = 120.0  # that a server may ask to be waited for

T = TypeVar("T")


class TransientError(Exception):
    """A failure that may pass: a broken connection, too many requests, a server's own error.

    Parameters
    ----------
    reason : str
        Without the address, which whoever catches it knows.
    retry_after : str, optional
        The answer's header ``Retry-After``: seconds, or a date.
    """

    def __init__(self, reason: str, retry_after: str | None = None):
        self.after_s = _seconds(retry_after)
        super().__init__(reason if self.after_s is None else f"{reason} (it asks to wait {self.after_s:.0f} s)")


def retry(call: Callable[[], T], what: str, *, tries: int = TRIES, sleep: Callable[[float], object] | None = None) -> T:
    """Call until it succeeds, at growing distances (with jitter, at most 20 s) or those that the server asks for.

    Parameters
    ----------
    call : callable
        Raises `TransientError` where another try is worth it; other errors pass through.
    what : str
        What is being done, for whoever watches the terminal.
    tries : int >= 1
    sleep : callable, optional
        Stands in for `time.sleep`.

    Raises
    ------
    TransientError
        The last one, when the tries are used up or a pause of more than `LONGEST_S` is asked for.
    """
    spacing = tenacity.wait_random_exponential(multiplier=0.5, max=20)

    def after_s(state: tenacity.RetryCallState) -> float | None:
        return state.outcome.exception().after_s

    def say(state: tenacity.RetryCallState) -> None:
        tell(f"{what}: {state.outcome.exception()}; trying again in {state.next_action.sleep:.0f} s", every=0)

    trying = tenacity.Retrying(
        retry=tenacity.retry_if_exception_type(TransientError),
        stop=lambda state: state.attempt_number >= tries or (after_s(state) or 0) > LONGEST_S,
        wait=lambda state: spacing(state) if after_s(state) is None else after_s(state),
        before_sleep=say, reraise=True, sleep=sleep or time.sleep,
    )  # fmt: skip
    return trying(call)


def _seconds(retry_after: str | None) -> float | None:
    if not retry_after:
        return None
    if retry_after.strip().isdigit():
        return float(retry_after)
    try:
        return max((parsedate_to_datetime(retry_after) - datetime.now(UTC)).total_seconds(), 0.0)
    except (TypeError, ValueError):
        return None
