"""Figure of learning curves: accuracy by the share of the training artists."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from lib.evaluation.tables import labels
from lib.plots import GREY
from lib.plots.marks import MARKERS, PERCENT, hue, keys_of, legend, whiskers
from lib.splits import GROUPS


def curves(table: pd.DataFrame, ceilings: Mapping[str, tuple[float, float]] | None = None) -> Figure:
    """Draw accuracy by song with its interval over the share of the training artists, a panel a head. Page 05.

    Parameters
    ----------
    table : pd.DataFrame
        As from `lib.evaluation.learning_curve`, not empty.
    ceilings : mapping of str to (float, float), optional
        Head -> bounds of the accuracy that the noise of its labels allows, drawn as a band.
    """
    table = table.assign(label=labels(table) + ", " + table["protocol"])
    heads, names = list(table["head"].unique()), list(table["label"].unique())
    size = (4.1 * len(heads) + 0.6, 4.2)
    figure, panels = plt.subplots(1, len(heads), figsize=size, sharex=True, sharey=True, squeeze=False)
    marks = keys_of(names)
    for axes, head in zip(panels[0], heads, strict=True):
        own = table.loc[table["head"] == head]
        for i, (name, part) in enumerate((name, own.loc[own["label"] == name]) for name in names):
            style = {"color": hue(name), "marker": MARKERS[i % len(MARKERS)], "markersize": 6, "linewidth": 1.2}
            shift = 0.012 * (i - (len(names) - 1) / 2)
            whiskers(axes, part["share"] + shift, part["accuracy"], part["low"], part["high"], **style)
        if ceilings and head in ceilings:
            axes.axhspan(*ceilings[head], color=GREY, alpha=0.3, linewidth=0)
        sizes = own.groupby("share")["trained_on"].mean()
        ticks = [f"{100 * at:g} %" + ("" if pd.isna(n) else f"\n{n:.0f} songs") for at, n in sizes.items()]
        axes.set_xticks(list(sizes.index), ticks)
        axes.set_title(f"{head}, by song")
        axes.set_xlim(0, 1.06)
        axes.set_ylim(0, 1.02)
        axes.yaxis.set_major_formatter(PERCENT)
        axes.grid(axis="y", color="#e5e5e5", linewidth=0.8)
        groups = dict.fromkeys(GROUPS.get(name, ("", "artists"))[1] for name in own["protocol"])
        axes.set_xlabel(f"training {' or '.join(groups)}")
    panels[0][0].set_ylabel("test accuracy")
    if ceilings and {*ceilings} & {*heads}:
        marks.append(Line2D([], [], color=GREY, alpha=0.3, linewidth=7, label="ceiling of the labels"))
    legend(figure, marks)
    return figure
