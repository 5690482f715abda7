"""Figures of the error analysis: splits, gaps, classes, confusions, votes, calibration, hard songs and artists."""

from collections.abc import Sequence
from itertools import product

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from lib.evaluation import poster
from lib.evaluation.artist_effects import Artists
from lib.evaluation.per_class import confusion
from lib.evaluation.predictions import Predictions
from lib.evaluation.results import by_strictness, labels, networks, of_networks
from lib.plots.intervals import DOT, blank, forest, hue, legend, list_lines, marks, offsets, scale, series, whiskers
from lib.plots.style import BLACK, BLUE, GREY, PALE, PERCENT, POINTS, VERMILION, shortened
from lib.splits import CONTROLS, SPLITS
from lib.training.recipes import BASELINE

MOST = 20  # artists in one figure
_CELL = 0.42  # inches of a class in a confusion matrix


def splits(table: pd.DataFrame, controls: pd.DataFrame | None = None) -> Figure:
    """Accuracy of every network under every split, a column of panels a head, a row per level.

    Lines mark what takes no network: always the most frequent class and, per song, the best baseline if any was
    run (its prediction of a slice is that of the song).

    Parameters
    ----------
    table : pd.DataFrame
        As from `lib.evaluation.results.results`.
    controls : pd.DataFrame, optional
        The same of the controls, drawn behind a line.
    """
    if not len(table):
        return blank()
    simple = table.loc[(table["recipe"] == BASELINE) & (table["level"] == "song")]
    table = of_networks(table)
    order = by_strictness(table["split"])
    last = len(order) - 0.5
    if controls is not None and len(controls):
        table = pd.concat([table, controls], ignore_index=True)
        order += [name for name in CONTROLS if name in set(controls["split"])]
    table = table.loc[table["split"].isin(order)].assign(label=labels(table), value=table["accuracy"])
    table = table.assign(x=table["split"].map(order.index)).drop_duplicates(["level", "head", "label", "split"])
    heads, levels, styles = list(table["head"].unique()), ("slice", "song"), marks(table["label"].unique())
    size = (max(4.3, 0.84 * len(order)) * len(heads) + 0.6, 6.6)
    figure, grid = plt.subplots(2, len(heads), figsize=size, sharex=True, sharey=True, squeeze=False)
    for axes, (level, head) in zip(grid.flat, product(levels, heads), strict=True):
        own = table.loc[(table["level"] == level) & (table["head"] == head)]
        best = simple.loc[(simple["head"] == head) & (level == "song") & simple["split"].isin(order)]
        best = best.assign(x=best["split"].map(order.index)).groupby("x")["accuracy"].max()
        for look, heights in (("--", own.groupby("x")["majority"].mean()), (":", best)):
            x = heights.index.to_numpy(float)
            axes.hlines(heights, x - 0.4, x + 0.4, color=GREY, linestyle=look, linewidth=1.2)
        for side in (SPLITS[:1], SPLITS[1:], CONTROLS):  # no lines between them: one draw is no step on the way
            series(axes, own.loc[own["split"].isin(side)], styles, linewidth=0.8)
        if last < len(order) - 0.5:
            axes.axvline(last, color=GREY, linewidth=0.8)
        axes.set_xticks(range(len(order)), [f"{name}\n(control)" if name in CONTROLS else name for name in order])
        axes.set(title=f"{head}, per {level}", xlim=(-0.5, len(order) - 0.5), ylim=(0, 1.02))
        scale(axes)
    for axes in grid[:, 0]:
        axes.set_ylabel("test accuracy")
    for axes in grid[-1]:
        axes.set_xlabel("split, from the leakiest to the strictest" if last > 1 else "split")
    lines = {"always the most frequent class": "--"} | ({"best baseline": ":"} if len(simple) else {})
    looks = {name: {"color": GREY, "linestyle": look, "linewidth": 1.2} for name, look in lines.items()}
    legend(figure, styles | looks)
    return figure


def gaps(table: pd.DataFrame) -> Figure:
    """Training and test accuracy per slice of every network (`lib.evaluation.results.results`), the poster's hollow."""
    if not len(table):
        return blank()
    table = of_networks(table)
    table = table.assign(label=labels(table), test=table["accuracy"], train=table["train_accuracy"])
    table = table.loc[table["level"] == "slice"]
    rows, columns = [], ["head", "line", "shade", "face", "train", "test"]
    for (label, network, split), own in table.groupby(["label", "network", "split"], sort=False):
        line = f"{network}, on the poster"
        if network in poster.POSTER and line not in [row["line"] for row in rows]:
            look = {"line": line, "shade": hue(network), "face": "white"}
            rows += [{"head": head, **look, **poster.POSTER[network].get(head, {})} for head in table["head"].unique()]
        ours = own.assign(line=f"{label}, {split}", shade=hue(label), face=hue(label)).drop_duplicates("head")
        rows += ours[columns].to_dict("records")
    drawn = pd.DataFrame(rows, columns=columns)
    ends = drawn[["train", "test"]]
    drawn = drawn.assign(
        panel=drawn["head"] + ", per slice", value=ends["test"], low=ends.min(axis=1), high=ends.max(axis=1)
    )
    figure = forest(drawn, "accuracy", width=4.3)  # the whisker ends at the training accuracy
    for axes in figure.axes:
        axes.set(xlim=(0, 1.03), xticks=np.linspace(0, 1, 5))
    legend(figure, {"training": DOT | {"marker": "|"}, "test": DOT, "test, poster": DOT | {"markerfacecolor": "white"}})
    return figure


def recalls(classes: pd.DataFrame, head: str) -> Figure:
    """Share of each class's songs that is predicted correctly (`lib.evaluation.per_class`), a panel a split."""
    table = of_networks(classes.loc[classes["head"] == head])
    table = table.assign(label=labels(table))
    styles = marks(table["label"].unique())
    shift = dict(zip(styles, offsets(len(styles)), strict=True))
    support = table.groupby(["split", "class"])["support"].transform("max").fillna(0).astype(int).astype(str)
    table = table.assign(
        panel=table["split"], line=table["class"] + " (" + support + ")", value=table["recall"],
        low=table["recall_low"], high=table["recall_high"], shift=table["label"].map(shift),
        **{name: table["label"].map(lambda label, key=key: styles[label][key])
           for name, key in (("shade", "color"), ("marker", "marker"))},
    ).drop_duplicates(["panel", "line", "label"])  # fmt: skip
    table = table.sort_values("panel", key=lambda panel: panel.map(by_strictness(panel).index), kind="stable")
    figure = forest(table, "correctly predicted songs", width=3.2, step=0.5, own=True)
    for axes in figure.axes:
        axes.set_xlim(-0.02, 1.03)
    legend(figure, {name: style | {"linestyle": ""} for name, style in styles.items()})
    return figure


def confusions(collected: Sequence[Predictions], head: str) -> Figure:
    """Confusion matrices of one head, a row of panels a network, a column per split, one scale for all."""
    own = networks(predictions for predictions in collected if predictions.head == head)
    table = pd.DataFrame([{"network": a.network, "split": a.split, "recipe": a.recipe} for a in own])
    names = labels(table)
    rows, columns = list(names.unique()), by_strictness(table["split"])
    size = max(2.0, _CELL * max(len(a.classes) for a in own))
    figure, panels = plt.subplots(
        len(rows), len(columns), figsize=((size + 0.9) * len(columns) + 0.9, (size + 0.75) * len(rows) + 1),
        squeeze=False,
    )  # fmt: skip
    for axes in panels.flat:
        axes.set_axis_off()
    for predictions, name in zip(own, names, strict=True):
        axes = panels[rows.index(name), columns.index(predictions.split)]
        axes.set_axis_on()
        image = _matrix(axes, confusion(predictions), predictions.classes)
        axes.set_title(f"{name}, {predictions.split}", fontsize=10)
        axes.set(xlabel="prediction", ylabel=f"true {head}")
    figure.colorbar(image, ax=panels, format=PERCENT, label="share of the true class's songs", shrink=0.6, aspect=30)
    return figure


def _matrix(axes: Axes, shares: np.ndarray, classes: Sequence[str]):
    image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for (row, column), share in np.ndenumerate(shares):
        if share >= 0.005:
            style = {"ha": "center", "va": "center", "color": "white" if share > 0.55 else BLACK, "fontsize": 8}
            axes.text(column, row, f"{100 * share:.0f}", **style)
    axes.set_xticks(range(len(classes)), classes, rotation=45, ha="right", rotation_mode="anchor", fontsize=8)
    axes.set_yticks(range(len(classes)), classes, fontsize=8)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    return image


def voting_figure(table: pd.DataFrame) -> Figure:
    """Accuracy of votes of one slice and more, and what they gain over one slice, a column of panels a head.

    Whiskers are 95 % intervals, above of the smallest and the largest vote; those of the gain are narrower, being
    paired over the songs. The table is that of `lib.evaluation.slice_aggregation.voting`, of one split.
    """
    if not len(table):
        return blank()
    table = of_networks(table)
    table = table.assign(label=labels(table), x=table["slices"])
    ends = table["slices"] == table.groupby(["head", "label"])["slices"].transform("max")
    ends |= table["slices"] == table.groupby(["head", "label"])["slices"].transform("min")
    voted = table.assign(value=table["accuracy"], low=table["low"].where(ends), high=table["high"].where(ends))
    gained = table.assign(value=table["gain"], low=table["gain_low"], high=table["gain_high"])
    heads, styles = list(table["head"].unique()), marks(table["label"].unique())
    size = (4.3 * len(heads) + 0.6, 6.6)
    figure, panels = plt.subplots(2, len(heads), figsize=size, sharex=True, sharey="row", squeeze=False)
    for (above, below), head in zip(panels.T, heads, strict=True):
        series(above, voted.loc[voted["head"] == head], styles, linewidth=1.2)
        series(below, gained.loc[(gained["head"] == head) & (gained["x"] > 1)], styles, linestyle="")
        below.axhline(0, color=GREY, linewidth=1)
        below.xaxis.set_major_locator(MaxNLocator(12, integer=True, min_n_ticks=1))
        above.set_title(head)
        below.set_xlabel("slices averaged")
        scale(above)
        scale(below, unit=POINTS)
    panels[0][0].set_ylabel("test accuracy per song")
    panels[1][0].set_ylabel("gain over one slice, points")
    legend(figure, styles)
    return figure


def reliability_figure(table: pd.DataFrame) -> Figure:
    """Reliability diagrams, a row of panels a head, a column per network.

    Points below the diagonal are over-confident; their area grows with the number of predictions in the bin. Bars at
    the foot show the share of the predictions in each bin. The table is that of
    `lib.evaluation.calibration.reliability`, of one split and level.
    """
    if not len(table):
        return blank()
    table = of_networks(table)
    table = table.assign(label=labels(table))
    heads, names = list(table["head"].unique()), list(table["label"].unique())
    size = (2.5 * len(names) + 1.1, 2.5 * len(heads) + 0.9)
    figure, panels = plt.subplots(len(heads), len(names), figsize=size, sharex=True, sharey=True, squeeze=False)
    for axes, (head, name) in zip(panels.flat, product(heads, names), strict=True):
        own = table.loc[(table["head"] == head) & (table["label"] == name)]
        shade, share, width = hue(name), own["n"] / own["n"].sum(), own["upper"] - own["lower"]
        axes.plot([0, 1], [0, 1], color=GREY, linestyle="--", linewidth=1)
        axes.bar(own["lower"], share, width, align="edge", color=shade, alpha=0.2, edgecolor="white")
        whiskers(axes, own["confidence"], own["accuracy"], own["low"], own["high"], color=shade, linestyle="")
        axes.scatter(own["confidence"], own["accuracy"], s=12 + 120 * share, color=shade, zorder=3)
        axes.set(xlim=(0, 1), ylim=(0, 1.02), xticks=[0, 0.5, 1], yticks=[0, 0.5, 1])
        axes.set_title(f"{name}, {head}", fontsize=10)
        axes.tick_params(labelsize=8)
        scale(axes, "x")
        scale(axes, "y")
    for axes in panels[-1]:
        axes.set_xlabel("confidence")
    for axes in panels[:, 0]:
        axes.set_ylabel("accuracy")
    legend(figure, {"calibrated": {"color": GREY, "linestyle": "--", "linewidth": 1}})
    return figure


def hard_figure(table: pd.DataFrame) -> Figure:
    """Draw how many songs 0, 1, ... networks predict correctly, against networks that err independently.

    The table is that of `lib.evaluation.difficulty.agreement`, of a network or more.
    """
    figure, axes = plt.subplots(figsize=(max(4.5, 0.75 * len(table) + 2), 3.4))
    shades = [VERMILION, *[PALE] * (len(table) - 2), BLUE]
    axes.bar(table["correct"], table["songs"], color=shades, width=0.75)
    whiskers(
        axes, table["correct"], table["expected"], table["low"], table["high"], color="black", marker="D", markersize=5,
        linestyle="", capsize=4, label="expected of independent errors, 95 % of permutations",
    )  # fmt: skip
    above = np.maximum(table["songs"], table["high"])  # of bar and interval, so that no mark covers the number
    for x, y, songs in zip(table["correct"], above, table["songs"], strict=True):
        axes.annotate(str(songs), (x, y), xytext=(0, 3), textcoords="offset points", ha="center", fontsize=9)
    axes.set(xlabel="networks that predict the song correctly", ylabel="songs", xticks=table["correct"])
    axes.margins(y=0.12)
    figure.legend(loc="outside lower center", fontsize=9)
    return figure


def artists_figure(found: Artists) -> Figure:
    """Draw the share of correct predictions for each artist beside chance; hard ones stand out.

    Of more than `MOST` artists, which must not be none, the first are drawn.
    """
    table = found.table.head(MOST)
    figure, axes = plt.subplots(figsize=(7.5, 0.28 * len(table) + 1.6))
    y = np.arange(len(table))
    axes.hlines(y, table["low"], table["high"], color=PALE, linewidth=7, label="95 % of permutations")
    axes.plot(table["expected"], y, marker="|", markersize=11, color=GREY, linestyle="", label="expected")
    for hard, shade, label in ((True, VERMILION, "hard"), (False, BLUE, "not significantly hard")):
        own = table["hard"].to_numpy(bool) == hard
        if own.any():
            axes.scatter(table["correct"][own], y[own], color=shade, zorder=3, label=label)
    names = table["artist"].where(table["artist"] != "", table["artist_group"])
    list_lines(axes, [f"{shortened(name, 32)} ({n})" for name, n in zip(names, table["songs"], strict=True)])
    axes.set(xlim=(-0.02, 1.02), xlabel="correct predictions, mean over songs and networks")
    if len(table) < found.tested:
        axes.set_title(f"the {len(table)} of {found.tested} artists with the lowest p", fontsize=10)
    scale(axes, "x")
    figure.legend(loc="outside lower center", ncols=4, fontsize=9, handletextpad=0.4)
    return figure
