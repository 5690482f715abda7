"""Numbers and lists in words, as all sentences of the evaluation write them."""

from collections.abc import Iterable

import pandas as pd

PERCENT = "\u00a0%"


def percent(share: float) -> str:
    """``0.843`` as ``84 %``, with a blank at which no line breaks."""
    return "an unknown share" if pd.isna(share) else f"{whole(share)}{PERCENT}"


def points(difference: float) -> str:
    """``0.26`` as ``26 points``."""
    rounded = f"{abs(100 * difference):.0f}"
    return f"{rounded} point" + ("" if rounded == "1" else "s")


def interval(low: float, high: float, *, unit: str = PERCENT) -> str:
    """``(95 % interval 79 to 88 %)``, or that there is none."""
    if pd.isna(low) or pd.isna(high):
        return "(too few songs or artists for an interval)"
    shown = whole if unit else bound  # a difference: on which side of 0 it lies must not be rounded away
    return f"(95{PERCENT} interval {shown(low)} to {shown(high)}{unit})"


def whole(share: float) -> str:
    """``-0.123`` as ``−12``, in hundredths."""
    if pd.isna(share):
        return "an unknown number of"
    return f"{round(100 * share)}".replace("-", "−")


def bound(share: float) -> str:
    """Bound of an interval in points, with a decimal where rounding would hide on which side of 0 it lies."""
    if pd.isna(share):
        return "an unknown number of"
    return whole(share) if not share or abs(share) >= 0.005 else f"{100 * share:.1f}".replace("-", "−")


def listed(names: Iterable[str]) -> str:
    """Join names as ``a, b and c``."""
    *most, last = [*names] or ["none"]
    return f"{', '.join(most)} and {last}" if most else last


def sentence(text: str) -> str:
    """Text with a capital and a full stop. Page 05."""
    return f"{text[:1].upper()}{text[1:]}."
