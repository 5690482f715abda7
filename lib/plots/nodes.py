"""Figures of single nodes: what drives them, whether they are found again, what they are worth, how many to have."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullFormatter, NullLocator

from lib.audio import to_decibel
from lib.embedding.similarity import AGAIN
from lib.plots import BLUE, GREY, VERMILION, colour
from lib.plots.errors import coarse
from lib.plots.marks import PERCENT, offsets, whiskers
from lib.slicing import Slices

_BANDS, _COLUMNS = 32, 48  # a picture of noise hardly compresses, and this figure holds many


def driving_figure(table: pd.DataFrame, slices: Slices) -> Figure:
    """Draw the slices that drive each node most, a row a node. Page 06.

    Parameters
    ----------
    table : pd.DataFrame
        As from `lib.embedding.units.driving`, not empty.
    slices : Slices
    """
    nodes, count = list(table["node"].unique()), int(table["rank"].max())
    half = -(-len(nodes) // 2)  # two nodes side by side
    figure, panels = plt.subplots(half, 2 * count, figsize=(9.6, 1.05 * half + 0.4), squeeze=False)
    for axes in panels.flat:
        axes.set_axis_off()
    for place, node in enumerate(nodes):
        own = table.loc[table["node"] == node].sort_values("rank")
        pictures = slices.take(own["slice"].to_numpy())
        for column, (picture, genre) in enumerate(zip(pictures, own["genre"], strict=True)):
            axes = panels[place % half, place // half * count + column]
            axes.set_axis_on()
            decibel = to_decibel(coarse(picture, _BANDS, _COLUMNS), slices.spectrogram.top_db)
            axes.imshow(decibel, origin="lower", aspect="auto", interpolation="none")  # the pixels as they are
            axes.set(xticks=[], yticks=[])
            for side in axes.spines.values():
                side.set(visible=True, color=colour(genre) if isinstance(genre, str) else GREY, linewidth=2.5)
            axes.set_title(str(genre) if isinstance(genre, str) else "", fontsize=8, pad=2)
            if not column:
                axes.set_ylabel(node.removeprefix("node "), rotation=0, ha="right", va="center", fontsize=11)
    return figure


def again_figure(found: pd.DataFrame, kinds: dict[str, list[str]]) -> Figure:
    """Draw, for each node, the |r| with its partner in every other network, against chance. Page 06.

    Parameters
    ----------
    found : pd.DataFrame
        As from `lib.embedding.similarity.found_again`, not empty.
    kinds : dict of str to list of str
        What differs -> names of networks.
    """
    nodes = list(found["node"].unique())
    figure, axes = plt.subplots(figsize=(8, 0.28 * len(nodes) + 1.8))
    shades = (BLUE, VERMILION, GREY)
    for (kind, names), shade, shift in zip(kinds.items(), shades, offsets(len(kinds), 0.36), strict=False):
        own = found.loc[found["network"].isin(names)]
        y = own["node"].map(nodes.index).to_numpy() + shift
        if len(own):
            axes.scatter(own["r"].abs(), y, s=22, color=shade, label=kind, alpha=0.8)
            axes.axvline(own["chance"].mean(), color=shade, linestyle=":", linewidth=1.2)
    axes.axvline(AGAIN, color="#bbbbbb", linewidth=1)
    axes.set_yticks(range(len(nodes)), nodes)
    axes.set(xlim=(0, 1.02), ylim=(len(nodes) - 0.5, -0.5), xlabel="|r| with the partner; dotted: shuffled songs")
    axes.grid(axis="y", color="#eeeeee", linewidth=0.8)
    figure.legend(loc="outside lower center", ncols=3, fontsize=9)
    return figure


def losses(table: pd.DataFrame) -> Figure:
    """Draw what the accuracy loses without each node, with intervals, a panel a head. Page 06.

    Parameters
    ----------
    table : pd.DataFrame
        As from `lib.embedding.ablation.switched_off`, not empty.
    """
    heads, nodes = list(table["head"].unique()), list(table["node"].unique())
    size = (4.3 * len(heads) + 0.8, 0.28 * len(nodes) + 1.3)
    figure, panels = plt.subplots(1, len(heads), figsize=size, sharey=True, sharex=True, squeeze=False)
    for axes, head in zip(panels[0], heads, strict=True):
        own = table.loc[table["head"] == head]
        y = own["node"].map(nodes.index).to_numpy()
        axes.axvline(0, color="#bbbbbb", linewidth=1)
        style = {"color": BLUE, "marker": "o", "linestyle": ""}
        whiskers(axes, 100 * own["loss"], y, 100 * own["low"], 100 * own["high"], vertical=False, **style)
        axes.set_title(f"{head}, by song")
        axes.set_xlabel("points lost without the node")
    panels[0][0].set_yticks(range(len(nodes)), nodes)
    panels[0][0].set_ylim(len(nodes) - 0.5, -0.5)
    return figure


def widths_figure(table: pd.DataFrame) -> Figure:
    """Draw accuracy and like neighbours by the number of nodes. Page 06.

    Parameters
    ----------
    table : pd.DataFrame
        As from `lib.embedding.widths.widths`, not empty.
    """
    figure, axes = plt.subplots(figsize=(6.6, 3.8))
    kinds = list(table["what"].unique())
    for what, shade, marker in zip(kinds, (BLUE, VERMILION, GREY, "black"), "os^D", strict=False):
        own = table.loc[table["what"] == what].sort_values("nodes")
        style = {"color": shade, "marker": marker, "linewidth": 1.2, "label": what}
        whiskers(axes, own["nodes"], own["value"], own["low"], own["high"], **style)
    ticks = sorted(table["nodes"].unique())
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(FixedLocator(ticks))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xticks(ticks, [str(tick) for tick in ticks])
    axes.set(xlabel="nodes of the FC layer", ylim=(0, 1.02))
    axes.yaxis.set_major_formatter(PERCENT)
    axes.grid(axis="y", color="#e5e5e5", linewidth=0.8)
    figure.legend(loc="outside lower center", ncols=3, fontsize=9)
    return figure
