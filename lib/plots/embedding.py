"""Figures of the FC vectors: maps of songs, their neighbours, and the single units."""

from collections.abc import Iterable, Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import NullFormatter, NullLocator

from lib.datasets.tracks import MOODS, QUADRANTS
from lib.embedding import HEADS
from lib.embedding.similarity import AGAIN
from lib.features.slices import Slices
from lib.features.spectrogram import to_decibel
from lib.plots.intervals import forest, legend, list_lines, marks, offsets, scale, series
from lib.plots.spectrograms import coarse
from lib.plots.style import BLACK, BLUE, GREY, PALE, POINTS, VERMILION, colour

FEW = 300  # points beyond which a scatter is drawn as pixels: each of an SVG's is some 100 bytes
MOST_UNITS = 40
MOST_CLASSES = 8
CYCLE = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#7a5cc2", "#a6761d")
UNKNOWN = "unknown"
_OTHERS = "#C9C9C9"
_SHADES = (BLUE, VERMILION, GREY, BLACK)  # of series that are no networks


def maps(planes: Mapping[str, np.ndarray], tracks: pd.DataFrame) -> Figure:
    """Draw songs in several planes, coloured by genre, by mood and by artist.

    Parameters
    ----------
    planes : mapping of str to np.ndarray [songs, 2]
        Name of each plane, a row of the figure, and the places of the songs.
    tracks : pd.DataFrame [songs]
        ``genre``, ``mood`` and ``artist``, in the order of the songs.
    """
    known = [head for head in (*HEADS, "artist") if tracks[head].notna().any()] or ["genre"]
    size = (3.4 * len(known) + 0.3, 3.3 * len(planes) + 0.9)
    figure, panels = plt.subplots(len(planes), len(known), figsize=size, squeeze=False)
    for column, head in zip(panels.T, known, strict=True):
        of_song, key = hues(tracks[head])
        for axes, (name, points) in zip(column, planes.items(), strict=True):
            pixels = len(points) * len(planes) > FEW
            axes.scatter(*points.T, s=16, c=of_song, linewidth=0, alpha=0.85, rasterized=pixels)
            axes.set(xticks=[], yticks=[], ylabel=name if head == known[0] else "")
        column[0].set_title(head)
        handles = [Line2D([], [], marker="o", linestyle="", color=key[label], label=str(label)) for label in key]
        column[-1].legend(
            handles=handles, loc="upper center", bbox_to_anchor=(0.5, -0.03), fontsize=8, handletextpad=0.1,
            ncols=1 if head == "artist" else 2,
        )  # fmt: skip
    return figure


def hues(values: pd.Series) -> tuple[list[str], dict[str, str]]:
    """Colour of each song [songs], and of each name; of many names, the most frequent have one.

    What is unknown, and all other names, have an entry too where there are such.
    """
    names = values.astype(object).where(values.notna(), UNKNOWN).astype(str)
    known = _order(name for name in names.unique() if name != UNKNOWN)
    if len(known) <= MOST_CLASSES:
        key, rest = {name: colour(name) for name in known}, UNKNOWN
    else:
        most = names[names != UNKNOWN].value_counts().sort_index().sort_values(ascending=False, kind="stable").index
        key, rest = dict(zip(most, CYCLE, strict=False)), "others"
    of_song = [key.get(name, _OTHERS) for name in names]
    return of_song, key | ({rest: _OTHERS} if _OTHERS in of_song else {})


def _order(names: Iterable[str]) -> list[str]:
    names = [str(name) for name in names]
    scale = [name for name in MOODS + QUADRANTS if name in names]
    return scale + sorted(name for name in names if name not in scale)


def units(associations: pd.DataFrame, names: Sequence[str], dead: Sequence[str]) -> Figure:
    """Correlation of every unit with every class and numeric target, written where it is significant.

    Parameters
    ----------
    associations : pd.DataFrame
        As from `lib.embedding.units.unit_associations`.
    names : sequence of str
        All units; beyond `MOST_UNITS` only those with the strongest correlations are drawn.
    dead : sequence of str
        Units that do not vary.
    """
    own = associations.loc[associations["measure"] == "r"]
    strongest = own["value"].abs().groupby(own["unit"]).max().nlargest(MOST_UNITS).index
    names = [name for name in names if name in strongest or len(names) <= MOST_UNITS]
    columns, groups = [], []  # what a unit is correlated with, and what kind that is of
    for (target, kind), rows in own.groupby(["target", "kind"], sort=False):
        columns += [(target, name) for name in _order(rows["class"].unique())]
        groups += [target if target in HEADS else kind == "descriptor"] * (len(columns) - len(groups))
    value, sure = (
        own.pivot(index="unit", columns=["target", "class"], values=what).reindex(index=names, columns=columns)
        for what in ("value", "significant")
    )
    figure, axes = plt.subplots(figsize=(0.42 * len(columns) + 2.8, 0.32 * len(names) + 2.4))
    axes.set_facecolor("#eeeeee")
    image = axes.imshow(value.to_numpy(float), cmap="RdBu_r", vmin=-1, vmax=1, aspect="auto")
    for row, column in np.argwhere(sure.fillna(False).to_numpy(bool)):
        r = value.iloc[row, column]
        style = {"ha": "center", "va": "center", "fontsize": 9, "color": "white" if abs(r) > 0.6 else BLACK}
        axes.text(column, row, f"{r:.1f}".replace("-", "−"), **style)
    ticks = [(f"{target}: {name}" if name else target).replace("_", " ") for target, name in columns]
    axes.set_xticks(range(len(columns)), ticks, rotation=45, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(len(names)), [f"{name} (dead)" if name in dead else name for name in names])
    axes.tick_params(length=0)
    for place in range(1, len(columns)):
        if groups[place] != groups[place - 1]:  # heads end, numeric targets or descriptors begin
            axes.axvline(place - 0.5, color="white", linewidth=3)
    figure.colorbar(image, ax=axes, label="correlation r (written where significant)", shrink=0.8)
    return figure


def hits(table: pd.DataFrame) -> Figure:
    """Share of neighbours of the same genre, mood and artist, by the number of neighbours, against chance.

    The table is that of `lib.embedding.retrieval.hits`, not empty.
    """
    counts = sorted(table["first"].unique())
    table = table.assign(label=table["by"], x=table["first"].map(counts.index), value=table["share"])
    styles = {name: style | {"linestyle": ""} for name, style in marks(table["by"].unique(), _SHADES).items()}
    panels = list(table.groupby(["among", "same"], sort=False))
    columns = min(3, len(panels))
    rows = -(-len(panels) // columns)
    size = (3.1 * columns + 0.4, 2.6 * rows + 0.6)
    figure, grid = plt.subplots(rows, columns, figsize=size, sharey=True, squeeze=False)
    for axes in grid.flat[len(panels) :]:
        axes.remove()
    for axes, ((among, same), own) in zip(grid.flat, panels, strict=False):
        series(axes, own, styles, width=0.3)
        axes.axhline(own["chance"].mean(), color=BLACK, linestyle=":", linewidth=1.2)
        axes.set_title(f"same {same}\n{among}", fontsize=10)
        axes.set_xticks(range(len(counts)), [str(count) for count in counts])
        axes.set(xlabel="nearest songs", ylim=(0, 1.02))
        scale(axes)
    legend(figure, styles | {"chance": {"color": BLACK, "linestyle": ":", "linewidth": 1.2}})
    return figure


def top_slices(table: pd.DataFrame, slices: Slices) -> Figure:
    """Draw the slices with the highest activation of each unit (`lib.embedding.units.top_slices`), a row per unit."""
    found, count = list(table["unit"].unique()), int(table["rank"].max())
    half = -(-len(found) // 2)  # two units side by side
    figure, panels = plt.subplots(half, 2 * count, figsize=(9.6, 1.05 * half + 0.4), squeeze=False)
    for axes in panels.flat:
        axes.set_axis_off()
    for place, unit in enumerate(found):
        row = panels[place % half, place // half * count :]
        own = table.loc[table["unit"] == unit].sort_values("rank")
        for axes, grey, genre in zip(row, slices.take(own["slice"].to_numpy()), own["genre"], strict=False):
            genre = genre if isinstance(genre, str) else ""
            axes.set_axis_on()
            decibel = to_decibel(coarse(grey, 32, 48), slices.spectrogram.top_db)  # the figure holds many pictures
            axes.imshow(decibel, origin="lower", aspect="auto", interpolation="none")
            axes.set(xticks=[], yticks=[])
            axes.spines[:].set(visible=True, color=colour(genre) if genre else GREY, linewidth=2.5)
            axes.set_title(genre, fontsize=8, pad=2)
        row[0].set_ylabel(unit.removeprefix("unit "), rotation=0, ha="right", va="center", fontsize=11)
    return figure


def again_figure(found: pd.DataFrame, kinds: dict[str, list[str]]) -> Figure:
    """Draw, for each unit, the |r| with its partner in every other network, against chance.

    Parameters
    ----------
    found : pd.DataFrame
        As from `lib.embedding.similarity.found_again`, not empty.
    kinds : dict of str to list of str
        What differs -> names of networks.
    """
    names = list(found["unit"].unique())
    figure, axes = plt.subplots(figsize=(8, 0.28 * len(names) + 1.8))
    for (kind, networks), shade, shift in zip(kinds.items(), _SHADES, offsets(len(kinds), 0.36), strict=False):
        own = found.loc[found["network"].isin(networks)]
        if len(own):
            y = own["unit"].map(names.index) + shift
            axes.scatter(own["r"].abs(), y, s=22, color=shade, label=kind, alpha=0.8)
            axes.axvline(own["chance"].mean(), color=shade, linestyle=":", linewidth=1.2)
    axes.axvline(AGAIN, color=GREY, linewidth=1)
    list_lines(axes, names)
    axes.set(xlim=(0, 1.02), xlabel="|r| with the partner; dotted: shuffled songs")
    axes.grid(axis="y", color=PALE, linewidth=0.8)
    figure.legend(loc="outside lower center", ncols=3, fontsize=9)
    return figure


def ablation(table: pd.DataFrame) -> Figure:
    """Draw the drop of accuracy without each unit (`lib.embedding.ablation.ablate`), a panel a head."""
    table = table.assign(panel=table["head"] + ", per song", line=table["unit"], value=table["drop"])
    return forest(table, "points lost without the unit", unit=POINTS, origin=True, step=0.28)


def widths_figure(table: pd.DataFrame) -> Figure:
    """Draw accuracy and like neighbours by the number of units (`lib.embedding.widths.widths`, not empty)."""
    table = table.assign(label=table["what"], x=table["units"])
    styles = marks(table["label"].unique(), _SHADES)
    figure, axes = plt.subplots(figsize=(6.6, 3.8))
    series(axes, table, styles, width=0, linewidth=1.2)
    axes.set_xscale("log")
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_minor_formatter(NullFormatter())
    ticks = sorted(table["units"].unique())
    axes.set_xticks(ticks, [str(tick) for tick in ticks])
    axes.set(xlabel="units of the FC layer", ylim=(0, 1.02))
    scale(axes)
    legend(figure, styles)
    return figure
