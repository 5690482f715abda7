"""Trying again, within bounds, and saying what is waited for."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

import tenacity
import urllib3

from lib.progress import tell

TRIES = 6
LONGEST_S = 120.0  # that a server may ask to be waited for

_HEADER = urllib3.Retry(retry_after_max=10**9)
T = TypeVar("T")


class TransientError(Exception):
    """A failure that may pass: a broken connection, too many requests, a server's own error.

    ``after_s`` are the seconds that the answer's header ``Retry-After`` asks for.
    """

    def __init__(self, reason: str, retry_after: str | None = None):
        self.after_s: float | None = None
        with suppress(urllib3.exceptions.InvalidHeader):
            self.after_s = _HEADER.parse_retry_after(retry_after) if retry_after else None
        super().__init__(reason if self.after_s is None else f"{reason} (it asks to wait {self.after_s:.0f} s)")


def retry(call: Callable[[], T], what: str, *, tries: int = TRIES, sleep: Callable[[float], object] = time.sleep) -> T:
    """Call until it succeeds, at growing distances (with jitter, at most 20 s) or those that the server asks for.

    `call` raises `TransientError` where another try is worth it; other errors pass through, as does the last of these
    when the tries are used up or a pause of more than `LONGEST_S` is asked for. `what` names what is being done, for
    whoever watches the terminal; `sleep` waits for so many seconds.
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
        before_sleep=say, reraise=True, sleep=sleep,
    )  # fmt: skip
    return trying(call)
