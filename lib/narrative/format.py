"""Numbers and lists in words, as all sentences of the evaluation write them."""

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal

import pandas as pd

PERCENT = "\u00a0%"
_HUGE = 1e12


def fixed(value: float, digits: int = 0) -> str:
    """Write a number with so many decimals, halves rounded away from zero: the same in sentences and in tables.

    ``0.695`` is ``0.70`` here and ``70 %`` in a sentence; Python's own formatting makes 0.69 of it, and 70 of 69.5.
    What no table has room for, such as a distance in units of next to nothing, is written as a power of ten.
    """
    if abs(value) >= _HUGE:
        return f"{value:.1e}"
    rounded = Decimal(repr(round(float(value), 9))).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
    return f"{rounded + 0:f}" if rounded else f"{abs(rounded):f}"


def percent(share: float) -> str:
    """``0.843`` as ``84 %``, with a blank at which no line breaks."""
    return "an unknown share" if pd.isna(share) else f"{whole(share)}{PERCENT}"


def points(difference: float) -> str:
    """``0.26`` as ``26 points``."""
    rounded = fixed(abs(100 * difference))
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
    return fixed(100 * share).replace("-", "−")


def bound(share: float) -> str:
    """Bound of an interval in points, with a decimal where rounding would hide on which side of 0 it lies."""
    if pd.isna(share):
        return "an unknown number of"
    return whole(share) if not share or abs(share) >= 0.005 else fixed(100 * share, 1).replace("-", "−")


def listed(names: Iterable[str]) -> str:
    """Join names as ``a, b and c``."""
    *most, last = [*names] or ["none"]
    return f"{', '.join(most)} and {last}" if most else last


def sentence(text: str) -> str:
    """Text with a capital and a full stop. Page 05."""
    return f"{text[:1].upper()}{text[1:]}."
