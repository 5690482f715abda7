"""How networks are marked in the figures of the error analysis: colour, marker, interval, legend."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import PercentFormatter

from lib.evaluation.pooling import STALE
from lib.plots import colour

MARKERS = "osD^vPX*<>hpd"
PERCENT = PercentFormatter(1, decimals=0, symbol=" %")
POINTS = PercentFormatter(1, decimals=0, symbol="")


def hue(name: str) -> str:
    """Colour of a network whatever is written behind its name."""
    return colour(name.split(",")[0].removesuffix(STALE))


def offsets(count: int, width: float = 0.5) -> np.ndarray:
    """Offsets that keep points of `count` networks from covering each other."""
    return np.linspace(-width / 2, width / 2, count) if count > 1 else np.zeros(1)


def whiskers(axes: Axes, x, y, low, high, *, vertical: bool = True, **style) -> None:
    """Draw points with intervals; an interval that is not known is not drawn."""
    low, high = np.asarray(low, dtype=float), np.asarray(high, dtype=float)
    value = np.asarray(y if vertical else x, dtype=float)
    error = np.nan_to_num(np.clip(np.array([value - low, high - value]), 0, None))
    axes.errorbar(x, y, **{"yerr" if vertical else "xerr": error}, capsize=2.5, elinewidth=1.3, **style)


def blank() -> Figure:
    """Empty figure, where the claim above it says that there is nothing to show."""
    figure, axes = plt.subplots(figsize=(6, 0.5))
    axes.set_axis_off()
    return figure


def legend(figure: Figure, handles: list, columns: int = 4) -> None:
    """Legend below the panels."""
    figure.legend(handles=handles, loc="outside lower center", ncols=columns, fontsize=9, handletextpad=0.4)


def keys_of(names: Sequence[str]) -> list[Line2D]:
    """Entries of the legend for networks, in the order in which they got their markers."""
    return [
        Line2D([], [], color=hue(name), marker=MARKERS[i % len(MARKERS)], markersize=6, label=name)
        for i, name in enumerate(names)
    ]
