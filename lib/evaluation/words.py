"""Old place; deleted at the merge."""

from lib.narrative.format import bound, fixed, interval, listed, percent, points, whole  # noqa: F401
