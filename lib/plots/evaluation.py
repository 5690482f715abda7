"""Figures of the error analysis: protocols side by side, gaps, classes, confusions."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from lib.evaluation import poster
from lib.evaluation.answers import Answers
from lib.evaluation.claims import by_strictness
from lib.evaluation.classes import confusion
from lib.evaluation.tables import labels, networks, of_networks
from lib.plots import BLACK, GREY
from lib.plots.marks import MARKERS, PERCENT, blank, hue, keys_of, legend, offsets, whiskers
from lib.recipes import BASELINE
from lib.splits import CONTROLS, PROTOCOLS

_CELL = 0.42  # inches of a class in a confusion matrix


def protocols(table: pd.DataFrame, controls: pd.DataFrame | None = None) -> Figure:
    """Accuracy of every network under every protocol, a column of panels a head, a row a level. Page 05.

    Lines mark what takes no network: always the most frequent class and, by song, the best baseline if any was
    run (its answer on a slice is that of the song).

    Parameters
    ----------
    table : pd.DataFrame
        As from `lib.evaluation.results`.
    controls : pd.DataFrame, optional
        The same of the controls, drawn behind a line.
    """
    if not len(table):
        return blank()
    baselines = table.loc[table["recipe"] == BASELINE]
    table = of_networks(table)
    order = by_strictness(table["protocol"])
    last = len(order) - 0.5
    if controls is not None and len(controls):
        table = pd.concat([table, controls], ignore_index=True)
        order += [name for name in CONTROLS if name in set(controls["protocol"])]
    table = table.assign(label=labels(table))
    heads, names = list(table["head"].unique()), list(table["label"].unique())
    levels = ("song", "slice")
    width = max(4.3, 0.84 * len(order))
    figure, panels = plt.subplots(
        len(levels), len(heads), figsize=(width * len(heads) + 0.6, 6.6), sharex=True, sharey=True, squeeze=False
    )
    for (row, level), (column, head) in ((r, c) for r in enumerate(levels) for c in enumerate(heads)):
        axes = panels[row, column]
        part = table.loc[(table["level"] == level) & (table["head"] == head)]
        simple = baselines.loc[(baselines["level"] == level) & (baselines["head"] == head) & (level == "song")]
        simple = simple.groupby("protocol")
        for style, heights in (("--", part.groupby("protocol")["majority"].mean()), (":", simple["accuracy"].max())):
            for place, height in ((order.index(name), value) for name, value in heights.items() if name in order):
                axes.plot([place - 0.4, place + 0.4], [height, height], color=GREY, linestyle=style, linewidth=1.2)
        for i, (name, offset) in enumerate(zip(names, offsets(len(names), 0.4), strict=True)):
            own = part.loc[part["label"] == name].drop_duplicates("protocol").set_index("protocol")
            style = {"color": hue(name), "marker": MARKERS[i % len(MARKERS)], "markersize": 6, "linewidth": 0.8}
            for side in (PROTOCOLS[:1], PROTOCOLS[1:], CONTROLS):  # one draw is no step on the way
                shown = own.loc[[p for p in order if p in own.index and p in side]]
                x = np.array([order.index(p) for p in shown.index]) + offset
                whiskers(axes, x, shown["accuracy"], shown["low"], shown["high"], **style)
        axes.set_title(f"{head}, by {level}")
        if last < len(order) - 0.5:
            axes.axvline(last, color=GREY, linewidth=0.8)
        axes.set_xticks(range(len(order)), [f"{name}\n(control)" if name in CONTROLS else name for name in order])
        axes.set_xlim(-0.5, len(order) - 0.5)
        axes.set_ylim(0, 1.02)
        axes.yaxis.set_major_formatter(PERCENT)
        axes.grid(axis="y", color="#e5e5e5", linewidth=0.8)
        if column == 0:
            axes.set_ylabel("test accuracy")
        if row == len(levels) - 1:
            axes.set_xlabel("protocol, from the leakiest to the strictest" if last > 1 else "protocol")
    lines = {"--": "always the most frequent class"} | ({":": "best baseline"} if len(baselines) else {})
    marks = [Line2D([], [], color=GREY, linestyle=style, linewidth=1.2, label=name) for style, name in lines.items()]
    legend(figure, [*keys_of(names), *marks])
    return figure


def gaps(table: pd.DataFrame, level: str = "slice") -> Figure:
    """Training accuracy and test accuracy of every network, ours filled and the poster's hollow. Page 05.

    Parameters
    ----------
    table : pd.DataFrame
        As from `lib.evaluation.results`.
    level : str
        ``slice`` (as the poster's sets) or ``song``.
    """
    if not len(table):
        return blank()
    table = of_networks(table)
    table = table.assign(label=labels(table))
    table = table.loc[table["level"] == level]
    heads = list(table["head"].unique())
    rows = list(table[["label", "network", "protocol"]].drop_duplicates().itertuples(index=False, name=None))
    lines: list[tuple[str, str, str]] = []
    for label, network, protocol in rows:
        if network in poster.POSTER and (network, network, "poster") not in lines:
            lines.append((network, network, "poster"))
        lines.append((label, network, protocol))
    figure, panels = plt.subplots(
        1, len(heads), figsize=(4.3 * len(heads) + 1.6, 0.34 * len(lines) + 1.7), sharey=True, squeeze=False
    )
    for axes, head in zip(panels[0], heads, strict=True):
        for place, (label, network, protocol) in enumerate(lines):
            train, test = _train_and_test(table, head, label, network, protocol)
            fill = "white" if protocol == "poster" else hue(label)
            axes.plot([train, test], [place, place], color=hue(label), linewidth=1.3, zorder=1)
            axes.scatter(train, place, marker="|", s=90, color=hue(label), linewidth=2, zorder=2)
            axes.scatter(test, place, marker="o", s=42, facecolor=fill, edgecolor=hue(label), zorder=2)
        axes.set_title(f"{head}, by {level}")
        axes.set_xlim(0, 1.03)
        axes.set_xticks(np.linspace(0, 1, 5))
        axes.xaxis.set_major_formatter(PERCENT)
        axes.set_xlabel("accuracy")
        axes.grid(axis="x", color="#e5e5e5", linewidth=0.8)
    names = [f"{label}, {'on the poster' if protocol == 'poster' else protocol}" for label, _, protocol in lines]
    panels[0][0].set_yticks(range(len(lines)), names)
    panels[0][0].set_ylim(len(lines) - 0.5, -0.5)
    keys = [
        Line2D([], [], color=BLACK, marker="|", linestyle="", markersize=9, markeredgewidth=2, label="training"),
        Line2D([], [], color=BLACK, marker="o", linestyle="", label="test"),
        Line2D([], [], color=BLACK, marker="o", linestyle="", markerfacecolor="white", label="test, poster"),
    ]
    legend(figure, keys)
    return figure


def _train_and_test(table: pd.DataFrame, head: str, label: str, network: str, protocol: str) -> tuple[float, float]:
    if protocol == "poster":
        published = poster.POSTER[network].get(head, {})
        return published.get("train", np.nan), published.get("test", np.nan)
    own = table.loc[(table["label"] == label) & (table["protocol"] == protocol) & (table["head"] == head)]
    return (own["train_accuracy"].iloc[0], own["accuracy"].iloc[0]) if len(own) else (np.nan, np.nan)


def recalls(classes: pd.DataFrame, head: str) -> Figure:
    """Share of each class's songs that is named right, a panel a protocol. Page 05.

    Parameters
    ----------
    classes : pd.DataFrame
        As from `lib.evaluation.per_class`.
    head : str
    """
    classes = of_networks(classes.loc[classes["head"] == head])
    classes = classes.assign(label=labels(classes))
    names, kinds = list(classes["label"].unique()), list(classes["class"].unique())
    order = by_strictness(classes["protocol"])
    figure, panels = plt.subplots(
        1, len(order), figsize=(max(4.2, 3.5 * len(order)) + 0.8, 0.5 * len(kinds) + 1.9), sharex=True, squeeze=False
    )
    for axes, protocol in zip(panels[0], order, strict=True):
        part = classes.loc[classes["protocol"] == protocol]
        for i, (name, offset) in enumerate(zip(names, offsets(len(names)), strict=True)):
            own = part.loc[part["label"] == name].drop_duplicates("class").set_index("class").reindex(kinds)
            style = {"color": hue(name), "marker": MARKERS[i % len(MARKERS)], "markersize": 5.5, "linestyle": ""}
            y = np.arange(len(kinds)) + offset
            whiskers(axes, own["recall"], y, own["recall_low"], own["recall_high"], vertical=False, **style)
        support = part.groupby("class")["support"].max().reindex(kinds).fillna(0).astype(int)
        axes.set_yticks(range(len(kinds)), [f"{kind} ({support[kind]})" for kind in kinds])
        axes.set_ylim(len(kinds) - 0.5, -0.5)
        axes.set_xlim(-0.02, 1.03)
        axes.xaxis.set_major_formatter(PERCENT)
        axes.set_title(protocol)
        axes.set_xlabel("songs of the class named right")
        axes.grid(axis="x", color="#e5e5e5", linewidth=0.8)
    legend(figure, keys_of(names))
    return figure


def confusions(collected: Sequence[Answers], head: str) -> Figure:
    """Confusion matrices of one head, a row of panels a network, a column a protocol, one scale for all. Page 05.

    Parameters
    ----------
    collected : sequence of Answers
    head : str
    """
    own = networks(answers for answers in collected if answers.head == head)
    table = pd.DataFrame(
        {"network": [a.network for a in own], "protocol": [a.protocol for a in own], "recipe": [a.recipe for a in own]}
    )
    table["label"] = labels(table)
    names, order = list(table["label"].unique()), by_strictness(table["protocol"])
    size = max(2.0, _CELL * max(len(a.classes) for a in own))
    figure, panels = plt.subplots(
        len(names), len(order), figsize=((size + 0.9) * len(order) + 0.9, (size + 0.75) * len(names) + 1), squeeze=False
    )
    for axes in panels.ravel():
        axes.set_axis_off()
    image = None
    for answers, label in zip(own, table["label"], strict=True):
        row, column = names.index(label), order.index(answers.protocol)
        axes = panels[row, column]
        image = _matrix(axes, answers)
        axes.set_title(f"{label}, {answers.protocol}", fontsize=10)
        axes.set_ylabel(f"true {head}")
        axes.set_xlabel("answer")
    figure.colorbar(image, ax=panels, format=PERCENT, label="share of the true class's songs", shrink=0.6, aspect=30)
    return figure


def _matrix(axes: Axes, answers: Answers):
    shares = confusion(answers)
    axes.set_axis_on()
    image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for row, column in np.ndindex(shares.shape):
        share = shares[row, column]
        if np.isfinite(share) and share >= 0.005:
            shade = "white" if share > 0.55 else BLACK
            axes.text(column, row, f"{100 * share:.0f}", ha="center", va="center", color=shade, fontsize=8)
    ticks = range(len(answers.classes))
    axes.set_xticks(ticks, answers.classes, rotation=45, ha="right", rotation_mode="anchor", fontsize=8)
    axes.set_yticks(ticks, answers.classes, fontsize=8)
    axes.tick_params(length=0)
    for side in axes.spines.values():
        side.set_visible(False)
    return image
