"""Figures of differences: drops between protocols, networks against each other, folds and seeds."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from lib.evaluation.claims import by_strictness
from lib.evaluation.differences import SURE, sides
from lib.evaluation.tables import labels, of_networks
from lib.plots import BLACK, GREY
from lib.plots.marks import PERCENT, POINTS, hue, legend, whiskers

_DOING = {("slice", "song"): "the song\u2019s doing", ("song", "artist"): "the artist\u2019s doing"}
_CONTROL = {("seen", "unseen"): "one training set"}


def drops(table: pd.DataFrame) -> Figure:
    """Draw drops of accuracy with their intervals, a column a pair of protocols, a row of panels a level. Page 05.

    Parameters
    ----------
    table : pd.DataFrame
        As from `lib.evaluation.drops`, not empty.
    """
    table = of_networks(table)
    table = table.assign(label=labels(table))
    levels = [level for level in ("song", "slice") if level in set(table["level"])]
    pairs = list(table[["leaky", "strict"]].drop_duplicates().itertuples(index=False, name=None))
    lines = list(table[["label", "head"]].drop_duplicates().itertuples(index=False, name=None))
    size = (max(2.5, 4.4 / len(pairs)) * len(pairs) + 1.7, (0.32 * len(lines) + 0.9) * len(levels) + 0.5)
    figure, panels = plt.subplots(len(levels), len(pairs), figsize=size, sharex=True, sharey=True, squeeze=False)
    for row, level in zip(panels, levels, strict=True):
        for axes, pair in zip(row, pairs, strict=True):
            own = table.loc[(table["level"] == level) & (table["leaky"] == pair[0]) & (table["strict"] == pair[1])]
            _leads(axes, own, "drop", lines)
            axes.set_title(_pair_title(pair, level), fontsize=10)
        row[0].set_ylabel(f"by {level}")
    for axes in panels[-1]:
        axes.set_xlabel("drop of accuracy in points")
    panels[0][0].set_yticks(range(len(lines)), [", ".join(line) for line in lines])
    panels[0][0].set_ylim(len(lines) - 0.5, -0.5)
    return figure


def baselines(table: pd.DataFrame) -> Figure:
    """Draw how far networks are ahead of the best baseline, with intervals, a column a protocol. Page 05.

    Parameters
    ----------
    table : pd.DataFrame
        As from `lib.evaluation.against_baselines`, of accuracies, not empty.
    """
    table = table.assign(label=labels(table))
    protocols = by_strictness(table["protocol"])
    lines = list(table[["label", "head"]].drop_duplicates().itertuples(index=False, name=None))
    size = (max(2.5, 4.4 / len(protocols)) * len(protocols) + 1.7, 0.32 * len(lines) + 1.2)
    figure, panels = plt.subplots(1, len(protocols), figsize=size, sharex=True, sharey=True, squeeze=False)
    for axes, protocol in zip(panels[0], protocols, strict=True):
        _leads(axes, table.loc[table["protocol"] == protocol], "difference", lines)
        axes.set_title(protocol, fontsize=10)
        axes.set_xlabel("points ahead")
    panels[0][0].set_yticks(range(len(lines)), [", ".join(line) for line in lines])
    panels[0][0].set_ylim(len(lines) - 0.5, -0.5)
    return figure


def _leads(axes: Axes, table: pd.DataFrame, value: str, lines: list[tuple[str, str]]) -> None:
    """Draw differences with their intervals, each on the line of its network and head."""
    axes.axvline(0, color=GREY, linewidth=1)
    for _, found in table.iterrows():
        style = {"color": hue(found["label"]), "marker": "o", "markersize": 6}
        place = lines.index((found["label"], found["head"]))
        whiskers(axes, [found[value]], [place], [found["low"]], [found["high"]], vertical=False, **style)
    axes.xaxis.set_major_formatter(POINTS)
    axes.grid(axis="x", color="#e5e5e5", linewidth=0.8)


def _pair_title(pair: tuple[str, str], level: str) -> str:
    meaning = {**_DOING, **_CONTROL}.get(pair)
    return f"{pair[0]} to {pair[1]}" + (f"\n({meaning})" if meaning else "")


def ranking(table: pd.DataFrame) -> Figure:
    """Draw the differences between networks under one protocol, a panel a head; hollow where not established. Page 05.

    Parameters
    ----------
    table : pd.DataFrame
        As from `lib.evaluation.ranking`, of one protocol and level.
    """
    table = table.assign(pair=sides(table))
    heads, pairs = list(table["head"].unique()), list(dict.fromkeys(frozenset(pair) for pair in table["pair"]))
    first = {frozenset(pair): pair for pair in reversed(table["pair"].tolist())}
    size = (3.6 * len(heads) + 2.2, 0.5 * len(pairs) + 1.6)
    figure, panels = plt.subplots(1, len(heads), figsize=size, sharex=True, sharey=True, squeeze=False)
    for axes, head in zip(panels[0], heads, strict=True):
        axes.axvline(0, color=GREY, linewidth=1)
        for row in table.loc[table["head"] == head].itertuples():
            sign = 1 if first[frozenset(row.pair)] == row.pair else -1
            low, high = sorted((sign * row.low, sign * row.high))
            fill = BLACK if row.p_holm < SURE else "white"
            style = {"color": BLACK, "marker": "o", "markersize": 6, "markerfacecolor": fill}
            place = pairs.index(frozenset(row.pair))
            whiskers(axes, [sign * row.difference], [place], [low], [high], vertical=False, **style)
        axes.set_title(head)
        axes.xaxis.set_major_formatter(POINTS)
        axes.set_xlabel("difference of accuracy in points")
        axes.grid(axis="x", color="#e5e5e5", linewidth=0.8)
    names = ["\nless ".join(first[pair]) for pair in pairs]
    panels[0][0].set_yticks(range(len(pairs)), names)
    panels[0][0].set_ylim(len(pairs) - 0.5, -0.5)
    marks = {"established after correction": BLACK, "not established": "white"}
    handles = [
        Line2D([], [], color=BLACK, marker="o", linestyle="", markerfacecolor=fill, label=name)
        for name, fill in marks.items()
    ]
    legend(figure, handles)
    return figure


def spread(table: pd.DataFrame) -> Figure:
    """Draw the accuracy of each fold and of each seed, a panel a head. Page 05.

    Parameters
    ----------
    table : pd.DataFrame
        As from `lib.evaluation.spread`, not empty.
    """
    table = table.assign(label=labels(table) + ", " + table["protocol"])
    heads, lines = list(table["head"].unique()), list(table["label"].unique())
    marks = {"fold": ("o", "white"), "seed": ("d", None)}
    size = (3.9 * len(heads) + 1.8, 0.36 * len(lines) + 1.7)
    figure, panels = plt.subplots(1, len(heads), figsize=size, sharex=True, sharey=True, squeeze=False)
    for axes, head in zip(panels[0], heads, strict=True):
        for (label, over), own in table.loc[table["head"] == head].groupby(["label", "over"], sort=False):
            marker, fill = marks[over]
            place = lines.index(label) + (-0.16 if over == "fold" else 0.16)
            face = fill or hue(label)
            axes.plot(own["accuracy"], [place] * len(own), marker, color=hue(label), markerfacecolor=face)
        axes.set_title(f"{head}, by song")
        axes.xaxis.set_major_formatter(PERCENT)
        axes.set_xlabel("test accuracy")
        axes.grid(axis="x", color="#e5e5e5", linewidth=0.8)
    panels[0][0].set_yticks(range(len(lines)), lines)
    panels[0][0].set_ylim(len(lines) - 0.5, -0.5)
    handles = [
        Line2D([], [], color=BLACK, marker=marker, linestyle="", markerfacecolor=fill or BLACK, label=label)
        for label, (marker, fill) in {"a fold (first seed)": marks["fold"], "a seed (all folds)": marks["seed"]}.items()
    ]
    legend(figure, handles)
    return figure
