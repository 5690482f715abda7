"""The figure of a comparison: what came out of each study or run, with its interval."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from lib.plots import BLACK, BLUE, GREEN, ORANGE, PURPLE, SKY, VERMILION, YELLOW
from lib.plots.marks import MARKERS, PERCENT, legend, offsets, whiskers

SHADES = (BLUE, VERMILION, GREEN, ORANGE, PURPLE, SKY, YELLOW, BLACK)  # of as many items as fit beside each other


def beside(table: pd.DataFrame, names: Sequence[str]) -> Figure:
    """Draw accuracies with their intervals, a panel a head, a row a result, a mark an item.

    Parameters
    ----------
    table : pd.DataFrame
        Rows as from `lib.comparison.shared`, not empty.
    names : sequence of str
        Of at most eight items.
    """
    heads = list(dict.fromkeys(table["head"]))
    labels = {head: _labels(table.loc[table["head"] == head]) for head in heads}
    longest = max(len(lines) for lines in labels.values())
    figure, panels = plt.subplots(1, len(heads), figsize=(4.3 * len(heads) + 1.2, 0.42 * longest + 2.1), squeeze=False)
    shift = offsets(len(names), 0.4)
    for axes, head in zip(panels[0], heads, strict=True):
        own = table.loc[table["head"] == head].reset_index(drop=True)
        for number, name in enumerate(names):
            style = {"color": SHADES[number], "marker": MARKERS[number], "linestyle": "none", "markersize": 5}
            bounds = own[f"{name} low"], own[f"{name} high"]
            whiskers(axes, own[f"{name} accuracy"], own.index + shift[number], *bounds, vertical=False, **style)
        axes.set_yticks(range(len(own)), labels[head])
        axes.set_ylim(len(own) - 0.5, -0.5)
        axes.set(title=head, xlim=(0, 1.02), xlabel="accuracy by song")
        axes.xaxis.set_major_formatter(PERCENT)
        axes.grid(axis="x", alpha=0.3)
    keys = [
        Line2D([], [], color=SHADES[i], marker=MARKERS[i], linestyle="none", label=name) for i, name in enumerate(names)
    ]
    legend(figure, keys, columns=min(4, len(names)))
    return figure


def _labels(table: pd.DataFrame) -> list[str]:
    if "network" not in table:
        return ["test songs"] * len(table)
    recipe = "" if table["recipe"].nunique() == 1 else ", " + table["recipe"]
    return list(table["network"] + ", " + table["protocol"] + recipe)
