"""Figures of the FC vectors: a plane, the nodes, the neighbours."""

from collections.abc import Iterable, Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from lib.embedding import HEADS
from lib.plots import BLACK, BLUE, GREY, VERMILION, colour
from lib.plots.marks import PERCENT, offsets, whiskers
from lib.tables import MOODS

FEW = 300  # points beyond which a scatter is drawn as pixels: each of an SVG's is some 100 bytes
MOST_NODES = 40
MOST_CLASSES = 8
CYCLE = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#7a5cc2", "#a6761d")
UNKNOWN = "unknown"
_PALE = "#c9c9c9"


def maps(planes: Mapping[str, np.ndarray], tracks: pd.DataFrame) -> Figure:
    """Draw songs in several planes, coloured by genre, by mood and by artist. Page 06.

    Parameters
    ----------
    planes : mapping of str to np.ndarray [songs, 2]
        Name of each plane, a row of the figure, and the places of the songs.
    tracks : pd.DataFrame [songs]
        ``genre``, ``mood`` and ``artist``, in the order of the songs.
    """
    colours = {head: hues(tracks[head]) for head in (*HEADS, "artist") if tracks[head].notna().any()}
    colours = colours or {"genre": hues(tracks["genre"])}
    size = (3.4 * len(colours) + 0.3, 3.3 * len(planes) + 0.9)
    figure, panels = plt.subplots(len(planes), len(colours), figsize=size, squeeze=False)
    for number, (row, (name, points)) in enumerate(zip(panels, planes.items(), strict=True), start=1):
        for axes, (head, (of_song, key)) in zip(row, colours.items(), strict=True):
            axes.scatter(
                *points.T, s=16, c=of_song, linewidth=0, alpha=0.85, rasterized=len(points) * len(planes) > FEW
            )
            axes.set(xticks=[], yticks=[])
            axes.set_title(head if number == 1 else "")
            if number == len(planes):
                handles = [
                    Line2D([], [], marker="o", linestyle="", color=shade, label=str(label))
                    for label, shade in key.items()
                ]
                axes.legend(
                    handles=handles, loc="upper center", bbox_to_anchor=(0.5, -0.03), fontsize=8, handletextpad=0.1,
                    ncols=1 if head == "artist" else 2,
                )  # fmt: skip
        row[0].set_ylabel(name)
    return figure


def hues(values: pd.Series) -> tuple[list[str], dict[str, str]]:
    """Colour of each song, and of each name; of many names, the most frequent have one. Page 06.

    Returns
    -------
    of_song : list of str [songs]
    key : dict of str to str
        With an entry for what is unknown or for all other names, where there are such.
    """
    names = values.astype(object).where(values.notna(), UNKNOWN).astype(str)
    known = _order(name for name in names.unique() if name != UNKNOWN)
    if len(known) <= MOST_CLASSES:
        key = {name: colour(name) for name in known}
        rest = UNKNOWN
    else:
        most = names[names != UNKNOWN].value_counts().sort_index().sort_values(ascending=False, kind="stable").index
        key = dict(zip(most, CYCLE, strict=False))
        rest = "others"
    of_song = [key.get(name, _PALE) for name in names]
    return of_song, key | ({rest: _PALE} if _PALE in of_song else {})


def _order(names: Iterable[str]) -> list[str]:
    names = [str(name) for name in names]
    return [m for m in MOODS if m in names] + sorted(n for n in names if n not in MOODS)


def nodes(associations: pd.DataFrame, names: Sequence[str], dead: Sequence[str]) -> Figure:
    """Correlation of every node with every class and numeric target; what is established is framed. Page 06.

    Parameters
    ----------
    associations : pd.DataFrame
        As from `lib.embedding.units.node_associations`.
    names : sequence of str
        All nodes; beyond `MOST_NODES` only those with the strongest correlations are drawn.
    dead : sequence of str
        Nodes that do not vary.
    """
    own = associations.loc[associations["measure"] == "r"].copy()
    own["what"] = np.where(own["class"] == "", own["target"], own["target"] + ": " + own["class"])
    columns = _columns(own)
    if len(names) > MOST_NODES:
        strongest = own.assign(size=own["value"].abs()).groupby("node")["size"].max().nlargest(MOST_NODES).index
        names = [name for name in names if name in strongest]
    value = own.pivot(index="node", columns="what", values="value").reindex(index=names, columns=columns)
    sure = own.pivot(index="node", columns="what", values="established").reindex(index=names, columns=columns)
    figure, axes = plt.subplots(figsize=(0.42 * len(columns) + 2.8, 0.32 * len(names) + 2.4))
    axes.set_facecolor("#eeeeee")
    image = axes.imshow(value.to_numpy(float), cmap="RdBu_r", vmin=-1, vmax=1, aspect="auto")
    for row, column in np.argwhere(sure.fillna(False).to_numpy(bool)):
        strong = abs(value.iloc[row, column]) > 0.6
        style = {"ha": "center", "va": "center", "fontsize": 9, "color": "white" if strong else BLACK}
        axes.text(column, row, f"{value.iloc[row, column]:.1f}".replace("-", "−"), **style)
    named = [column.replace("_", " ") for column in columns]
    axes.set_xticks(range(len(columns)), named, rotation=45, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(len(names)), [f"{name} (dead)" if name in dead else name for name in names])
    axes.tick_params(length=0)
    for place in _breaks(own, columns):
        axes.axvline(place - 0.5, color="white", linewidth=3)
    figure.colorbar(image, ax=axes, label="correlation r (written where established)", shrink=0.8)
    return figure


def _columns(own: pd.DataFrame) -> list[str]:
    columns = []
    for target in own.drop_duplicates(["kind", "target"])["target"]:
        classes = list(own.loc[own["target"] == target, "class"].unique())
        columns += [target if name == "" else f"{target}: {name}" for name in _order(classes)]
    return columns


def _breaks(own: pd.DataFrame, columns: list[str]) -> list[int]:
    """Where heads end and numeric targets begin."""
    described = set(own.loc[own["kind"] == "descriptor", "target"])
    kinds = [
        "descriptor" if column in described else next((head for head in HEADS if column.startswith(f"{head}: ")), "")
        for column in columns
    ]
    return [i for i in range(1, len(kinds)) if kinds[i] != kinds[i - 1]]


def hits(table: pd.DataFrame) -> Figure:
    """How often neighbours share genre, mood and artist, by how many are looked at, against chance. Page 06.

    Parameters
    ----------
    table : pd.DataFrame
        As from `lib.embedding.retrieval.hits`, not empty.
    """
    pairs = list(table.groupby(["among", "same"], sort=False).groups)
    bys, counts = list(table["by"].unique()), sorted(table["first"].unique())
    columns = min(3, len(pairs))
    rows = -(-len(pairs) // columns)
    size = (3.1 * columns + 0.4, 2.6 * rows + 0.6)
    figure, grid = plt.subplots(rows, columns, figsize=size, sharey=True, squeeze=False)
    for axes in grid.flat[len(pairs) :]:
        axes.remove()
    for axes, (among, same) in zip(grid.flat, pairs, strict=False):
        own = table.loc[(table["among"] == among) & (table["same"] == same)]
        for by, shade, marker, shift in zip(bys, (BLUE, VERMILION, GREY), "os^", offsets(len(bys), 0.3), strict=False):
            part = own.loc[own["by"] == by].set_index("first").reindex(counts)
            x = np.arange(len(counts)) + shift
            style = {"color": shade, "marker": marker, "linestyle": "", "markersize": 5, "label": by}
            whiskers(axes, x, part["share"], part["low"], part["high"], **style)
        axes.axhline(own["chance"].mean(), color="black", linestyle=":", linewidth=1.2, label="chance")
        axes.set_title(f"same {same}\n{among}", fontsize=10)
        axes.set_xticks(range(len(counts)), [str(count) for count in counts])
        axes.set_xlabel("nearest songs")
        axes.set_ylim(0, 1.02)
        axes.yaxis.set_major_formatter(PERCENT)
        axes.grid(axis="y", color="#e5e5e5", linewidth=0.8)
    handles, labels = grid[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4, fontsize=9)
    return figure
