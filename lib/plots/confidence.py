"""Figures of how sure the networks are: votes of several slices, and confidence against accuracy."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from lib.evaluation.tables import labels, of_networks
from lib.plots import GREY
from lib.plots.marks import MARKERS, PERCENT, POINTS, blank, hue, keys_of, legend, offsets, whiskers

_GRID = {"color": "#e5e5e5", "linewidth": 0.8}


def voting_figure(table: pd.DataFrame) -> Figure:
    """Accuracy of votes of one slice and more, and what they gain over one slice, a column of panels a head. Page 05.

    Whiskers are 95 % intervals, above of the smallest and the largest vote; those of the gain are narrower, being
    paired over the songs.

    Parameters
    ----------
    table : pd.DataFrame
        As from `lib.evaluation.voting.voting`, of one protocol.
    """
    if not len(table):
        return blank()
    table = of_networks(table)
    table = table.assign(label=labels(table))
    heads, names = list(table["head"].unique()), list(table["label"].unique())
    figure, panels = plt.subplots(
        2, len(heads), figsize=(4.3 * len(heads) + 0.6, 6.6), sharex=True, sharey="row", squeeze=False
    )
    for column, head in zip(panels.T, heads, strict=True):
        for i, (name, offset) in enumerate(zip(names, offsets(len(names), 0.45), strict=True)):
            own = table.loc[(table["head"] == head) & (table["label"] == name)].sort_values("slices")
            style = {"color": hue(name), "marker": MARKERS[i % len(MARKERS)], "markersize": 4.5, "linewidth": 1.2}
            column[0].plot(own["slices"] + offset, own["accuracy"], **style)
            ends = own.iloc[[0, -1]]
            style["linestyle"] = ""
            whiskers(column[0], ends["slices"] + offset, ends["accuracy"], ends["low"], ends["high"], **style)
            voted = own.loc[own["slices"] > 1]
            gain = voted["gain"], voted["gain_low"], voted["gain_high"]
            whiskers(column[1], voted["slices"] + offset, *gain, **style)
        column[0].set_title(head)
        column[1].axhline(0, color=GREY, linewidth=1)
        column[1].set_xlabel("slices averaged")
        column[1].xaxis.set_major_locator(MaxNLocator(12, integer=True, min_n_ticks=1))
        for axes in column:
            axes.grid(axis="y", **_GRID)
    panels[0][0].set_ylabel("test accuracy by song")
    panels[0][0].yaxis.set_major_formatter(PERCENT)
    panels[1][0].set_ylabel("gain over one slice, points")
    panels[1][0].yaxis.set_major_formatter(POINTS)
    legend(figure, keys_of(names))
    return figure


def reliability_figure(table: pd.DataFrame) -> Figure:
    """Reliability diagrams, a row of panels a head, a column a network. Pages 05 and 07.

    Points below the diagonal are over-confident; their area grows with the number of answers of the bin. Bars at the
    foot show the share of the answers in each bin.

    Parameters
    ----------
    table : pd.DataFrame
        As from `lib.evaluation.calibration.reliability`, of one protocol and level.
    """
    if not len(table):
        return blank()
    table = of_networks(table)
    table = table.assign(label=labels(table))
    heads, names = list(table["head"].unique()), list(table["label"].unique())
    figure, panels = plt.subplots(
        len(heads),
        len(names),
        figsize=(2.5 * len(names) + 1.1, 2.5 * len(heads) + 0.9),
        sharex=True,
        sharey=True,
        squeeze=False,
    )
    for row, head in zip(panels, heads, strict=True):
        for axes, name in zip(row, names, strict=True):
            own = table.loc[(table["head"] == head) & (table["label"] == name)]
            axes.plot([0, 1], [0, 1], color=GREY, linestyle="--", linewidth=1)
            share = own["n"] / own["n"].sum()
            width = own["upper"] - own["lower"]
            axes.bar(own["lower"], share, width, align="edge", color=hue(name), alpha=0.2, edgecolor="white")
            whiskers(axes, own["confidence"], own["accuracy"], own["low"], own["high"], color=hue(name), linestyle="")
            axes.scatter(own["confidence"], own["accuracy"], s=12 + 120 * share, color=hue(name), zorder=3)
            axes.set(xlim=(0, 1), ylim=(0, 1.02), xticks=[0, 0.5, 1], yticks=[0, 0.5, 1])
            axes.xaxis.set_major_formatter(PERCENT)
            axes.yaxis.set_major_formatter(PERCENT)
            axes.tick_params(labelsize=8)
            axes.set_title(f"{name}, {head}", fontsize=10)
            axes.grid(**_GRID)
    for axes in panels[-1]:
        axes.set_xlabel("confidence")
    for axes in panels[:, 0]:
        axes.set_ylabel("accuracy")
    legend(figure, [Line2D([], [], color=GREY, linestyle="--", linewidth=1, label="calibrated")])
    return figure
