"""Dots with whiskers, and the figures that consist of them: accuracies and differences with their 95 % intervals."""

from collections.abc import Mapping, Sequence
from itertools import product

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from lib.evaluation.comparisons import sides
from lib.evaluation.predictions import STALE
from lib.evaluation.results import by_strictness, labels, of_networks
from lib.evaluation.significance import ALPHA
from lib.narrative.format import sets
from lib.plots.style import BLACK, BLUE, GREY, PALE, PERCENT, POINTS, VERMILION, colour
from lib.splits import GROUPS

MARKERS = "osD^vPX*<>hpd"
DOT = {"color": BLACK, "marker": "o", "linestyle": ""}
HOLLOW = DOT | {"markerfacecolor": "white"}
_SHADES = (BLUE, VERMILION, GREY, BLACK)  # of heads
_MEANING = {
    ("random", "song"): "song leakage", ("song", "artist"): "artist leakage", ("seen", "unseen"): "one training set",
}  # fmt: skip


def hue(name: str) -> str:
    """Colour of a network whatever is written behind its name."""
    return colour(name.split(",")[0].removesuffix(STALE))


def marks(names: Sequence[str], shades: Sequence[str] | None = None) -> dict[str, dict]:
    """Colour and marker of each series; `shades` where the series are no networks."""
    shades = shades or [hue(name) for name in names]
    return {
        name: {"color": shade, "marker": MARKERS[i % len(MARKERS)], "markersize": 5.5}
        for i, (name, shade) in enumerate(zip(names, shades, strict=False))
    }


def offsets(count: int, width: float = 0.5) -> np.ndarray:
    """Offsets that keep the dots of `count` series from covering each other."""
    return np.linspace(-width / 2, width / 2, count) if count > 1 else np.zeros(1)


def whiskers(axes: Axes, x, y, low, high, *, vertical: bool = True, **style) -> None:
    """Draw dots with intervals; an interval that is not known is not drawn."""
    value = np.asarray(y if vertical else x, dtype=float)
    error = np.clip([value - np.asarray(low, dtype=float), np.asarray(high, dtype=float) - value], 0, None)
    known = {"yerr" if vertical else "xerr": error} if np.isfinite(error).any() else {}
    axes.errorbar(x, y, **known, **{"capsize": 3, "elinewidth": 1.3} | style)


def series(axes: Axes, table: pd.DataFrame, styles: Mapping[str, dict], *, width: float = 0.4, **look) -> None:
    """Draw each series side by side, upright.

    Parameters
    ----------
    table : pd.DataFrame
        A row per dot: ``label`` (of the series), ``x``, ``value``, ``low``, ``high``.
    styles : mapping of str to dict
        As from `marks`.
    width : float
        Of all dots that belong to one x, in units of x.
    look
        Of all series, such as ``linestyle``.
    """
    for (name, style), shift in zip(styles.items(), offsets(len(styles), width), strict=True):
        own = table.loc[table["label"] == name].sort_values("x")
        whiskers(axes, own["x"] + shift, own["value"], own["low"], own["high"], **style | look)


def forest(
    table: pd.DataFrame,
    xlabel: str,
    *,
    unit=PERCENT,
    origin: bool = False,
    width: float = 3.6,
    step: float = 0.32,
    own: bool = False,
) -> Figure:
    """Draw a forest plot: a dot with its whisker on the line that names it.

    Parameters
    ----------
    table : pd.DataFrame
        A row per dot: ``panel``, ``line`` and ``value``; optional ``low`` and ``high``, ``band`` (row of panels),
        ``shade``, ``face`` (of the marker), ``marker``, ``shift`` (of the dot off its line, in lines).
    xlabel : str
    unit : matplotlib Formatter
    origin : bool
        Whether zero is marked.
    width : float
        Of a panel, inches.
    step : float
        From a line to the next, inches.
    own : bool
        Whether each panel lists lines of its own instead of all.
    """
    table = pd.DataFrame({"band": "", "low": np.nan, "high": np.nan, "shade": BLUE, "marker": "o", "shift": 0.0},
                         index=table.index).assign(**table)  # fmt: skip
    table = table.assign(face=table.get("face", table["shade"]))
    bands, columns, lines = (list(table[name].unique()) for name in ("band", "panel", "line"))
    longest = max(table.groupby(["band", "panel"])["line"].nunique()) if own else len(lines)
    size = (width * len(columns) + 1.7, (step * longest + 0.8) * len(bands) + 0.5)
    figure, grid = plt.subplots(len(bands), len(columns), figsize=size, sharex=True, sharey=not own, squeeze=False)
    for axes, (band, panel) in zip(grid.flat, product(bands, columns), strict=True):
        part = table.loc[(table["band"] == band) & (table["panel"] == panel)]
        lines = list(part["line"].unique()) if own else lines
        if origin:
            axes.axvline(0, color=GREY, linewidth=1)
        for (shade, face, marker), dots in part.groupby(["shade", "face", "marker"], sort=False):
            y = dots["line"].map(lines.index) + dots["shift"]
            style = {"color": shade, "markerfacecolor": face, "marker": marker, "markersize": 6, "linestyle": ""}
            whiskers(axes, dots["value"], y, dots["low"], dots["high"], vertical=False, **style)
        axes.set_title(panel, fontsize=10)
        list_lines(axes, lines)
        scale(axes, "x", unit)
    for axes, band in zip(grid[:, 0], bands, strict=True):
        axes.set_ylabel(band)
    for axes in grid[-1]:
        axes.set_xlabel(xlabel)
    return figure


def list_lines(axes: Axes, names: Sequence[str]) -> None:
    """Name the lines of a panel, the first on top."""
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.5, -0.5)


def scale(axes: Axes, axis: str = "y", unit=PERCENT) -> None:
    """Give an axis its unit, and a grid behind the dots."""
    getattr(axes, f"{axis}axis").set_major_formatter(unit)
    axes.grid(axis=axis, color=PALE, linewidth=0.8)


def blank() -> Figure:
    """Empty figure, whose claim states that there is nothing to show."""
    figure, axes = plt.subplots(figsize=(6, 0.5))
    axes.set_axis_off()
    return figure


def legend(figure: Figure, styles: Mapping[str, dict]) -> None:
    """Legend below the panels, of styles by name."""
    handles = [Line2D([], [], label=name, **style) for name, style in styles.items()]
    figure.legend(handles=handles, loc="outside lower center", ncols=4, fontsize=9, handletextpad=0.4)


def drops(table: pd.DataFrame) -> Figure:
    """Draw drops of accuracy between two splits (`lib.evaluation.comparisons.drops`), a row of panels a level."""
    table = of_networks(table)
    names = labels(table)
    pairs = list(zip(table["leaky"], table["strict"], strict=True))
    table = table.assign(
        panel=[" to ".join(pair) + (f"\n({_MEANING[pair]})" if pair in _MEANING else "") for pair in pairs],
        line=names + ", " + table["head"], band="per " + table["level"], value=table["drop"], shade=names.map(hue),
    )  # fmt: skip
    table = table.sort_values("level", key=lambda level: level != "slice", kind="stable")
    return forest(table, "drop of accuracy in points", unit=POINTS, origin=True, width=2.6)


def baselines(table: pd.DataFrame) -> Figure:
    """Draw differences from the best baseline (`lib.evaluation.comparisons.against_baselines`), a panel a split."""
    names = labels(table)
    table = table.assign(
        panel=table["split"], line=names + ", " + table["head"], value=table["difference"], shade=names.map(hue)
    )
    table = table.sort_values("panel", key=lambda panel: panel.map(by_strictness(panel).index), kind="stable")
    return forest(table, "points ahead", unit=POINTS, origin=True, width=2.6)


def ranking(table: pd.DataFrame) -> Figure:
    """Draw the differences between networks under one split, a panel a head; hollow where not significant.

    The table is that of `lib.evaluation.comparisons.ranking`, of one split and level.
    """
    pairs = sides(table)
    first = {frozenset(pair): pair for pair in reversed(pairs)}  # a pair may be the other way round for another head
    sign = np.array([1 if first[frozenset(pair)] == pair else -1 for pair in pairs])
    ends = np.sort(np.stack([sign * table["low"], sign * table["high"]]), axis=0)
    table = table.assign(
        panel=table["head"], line=["\nless ".join(first[frozenset(pair)]) for pair in pairs],
        value=sign * table["difference"], low=ends[0], high=ends[1], shade=BLACK,
        face=np.where(table["p_holm"] < ALPHA, BLACK, "white"),
    )  # fmt: skip
    figure = forest(table, "difference of accuracy in points", unit=POINTS, origin=True, step=0.5)
    legend(figure, {"significant after correction": DOT, "not significant": HOLLOW})
    return figure


def spread(table: pd.DataFrame) -> Figure:
    """Draw the accuracy of each fold and of each seed (`lib.evaluation.comparisons.spread`), a panel a head."""
    names, fold = labels(table), table["over"] == "fold"
    shade = names.map(hue)
    table = table.assign(
        panel=table["head"] + ", per song", line=names + ", " + table["split"], value=table["accuracy"], shade=shade,
        face=shade.where(~fold, "white"), marker=np.where(fold, "o", "d"), shift=np.where(fold, -0.16, 0.16),
    )  # fmt: skip
    figure = forest(table, "test accuracy")
    legend(figure, {"a fold (first seed)": HOLLOW, "a seed (all folds)": DOT | {"marker": "d"}})
    return figure


def tried_figure(table: pd.DataFrame, what: str) -> Figure:
    """Draw the difference of each candidate from the first on validation songs, a panel a head.

    The table is that of `lib.evaluation.ablations.tried`; its column `what`, ``network`` or ``recipe``, names a row.
    """
    reference = table["head"].map(table.groupby("head")["accuracy"].first())
    table = table.assign(
        panel=table["head"] + (100 * reference).map(", from {:.0f} %".format), line=table[what],
        value=table["difference"],
        shade=np.where((table["low"] > 0) | (table["high"] < 0), VERMILION, BLUE),
    )  # fmt: skip
    return forest(table, "points, per song", unit=POINTS, origin=True)


def swept_figure(table: pd.DataFrame) -> Figure:
    """Draw accuracy on validation and test songs (`lib.evaluation.ablations.swept`).

    There is a line for each network, split and recipe.
    """
    several = [name for name in ("network", "split") if table[name].nunique() > 1]
    shade = hue(table["network"].iloc[0])
    table = table.assign(
        panel=table["head"] + ", per song", line=table[[*several, "recipe"]].agg(", ".join, axis=1), face=shade,
        value=table["accuracy"], shade=shade, marker="o",
    )  # fmt: skip
    validation = table.assign(value=table["validation"], low=np.nan, high=np.nan, shade=GREY, face="none", marker="D")
    figure = forest(pd.concat([table, validation], ignore_index=True), "accuracy")
    chosen = {"color": GREY, "marker": "D", "markerfacecolor": "none"}
    legend(figure, {"test songs, 95 % interval": DOT | {"color": shade}, "validation songs": DOT | chosen})
    return figure


def together_figure(table: pd.DataFrame) -> Figure:
    """Draw the accuracy of each head of classes, a line for each set of heads that it was trained with.

    The rows are those of `lib.evaluation.ablations.together` of one network, split and recipe.
    """
    table = table.assign(line=sets(table), band=table["head"], panel="", shade=table["network"].map(hue))
    table = table.loc[table["score"] == "accuracy"]
    figure = forest(table, "test accuracy, per song", width=6.3, own=True)
    for axes, reference in zip(figure.axes, table.groupby("head", sort=False)["value"].first(), strict=True):
        axes.axvline(reference, color=GREY, linestyle="--", linewidth=1)
    return figure


def curves(table: pd.DataFrame, ceilings: Mapping[str, tuple[float, float]] | None = None) -> Figure:
    """Draw accuracy per song over the share of the training artists, a panel a head.

    Parameters
    ----------
    table : pd.DataFrame
        As from `lib.evaluation.learning_curve.learning_curve`, not empty.
    ceilings : mapping of str to (float, float), optional
        Head -> bounds of the label-noise ceiling, drawn as a band.
    """
    table = table.assign(label=labels(table) + ", " + table["split"], x=table["share"], value=table["accuracy"])
    heads, styles = list(table["head"].unique()), marks(table["label"].unique())
    groups = dict.fromkeys(GROUPS.get(name, ("", "artists"))[1] for name in table["split"])
    size = (4.1 * len(heads) + 0.6, 4.2)
    figure, panels = plt.subplots(1, len(heads), figsize=size, sharex=True, sharey=True, squeeze=False)
    for axes, head in zip(panels[0], heads, strict=True):
        own = table.loc[table["head"] == head]
        series(axes, own, styles, width=0.012 * (len(styles) - 1), linewidth=1.2)
        if ceilings and head in ceilings:
            axes.axhspan(*ceilings[head], color=GREY, alpha=0.3, linewidth=0)
        sizes = own.groupby("share")["trained_on"].mean()
        ticks = [f"{100 * at:g} %" + ("" if pd.isna(n) else f"\n{n:.0f} songs") for at, n in sizes.items()]
        axes.set_xticks(list(sizes.index), ticks)
        axes.set(title=f"{head}, per song", xlim=(0, 1.06), ylim=(0, 1.02), xlabel=f"training {' or '.join(groups)}")
        scale(axes)
    panels[0][0].set_ylabel("test accuracy")
    known = {*(ceilings or {})} & {*heads}
    legend(figure, styles | ({"ceiling of the labels": {"color": GREY, "alpha": 0.3, "linewidth": 7}} if known else {}))
    return figure


def doses(table: pd.DataFrame) -> Figure:
    """Draw accuracy per slice over the dose, a panel for slices and for songs.

    Parameters
    ----------
    table : pd.DataFrame
        As from `lib.evaluation.dose_response.dose_response`, not empty.
    """
    table = table.assign(label=labels(table) + ", " + table["head"], value=table["accuracy"])
    kinds, styles = list(table["of"].unique()), marks(table["label"].unique(), _SHADES)
    figure, panels = plt.subplots(1, len(kinds), figsize=(3.6 * len(kinds) + 0.6, 3.6), sharey=True, squeeze=False)
    for axes, kind in zip(panels[0], kinds, strict=True):
        own = table.loc[table["of"] == kind]
        at = {dose: place for place, dose in enumerate(sorted(own["dose"].unique()))}  # doubles from step to step
        series(axes, own.assign(x=own["dose"].map(at)), styles, width=0.12, linewidth=1.2)
        axes.set_xticks(list(at.values()), list(at))
        axes.set(ylim=(0, 1.02), xlabel=f"{kind} in training")
        scale(axes)
    panels[0][0].set_ylabel("test accuracy, per slice")
    legend(figure, styles)
    return figure
