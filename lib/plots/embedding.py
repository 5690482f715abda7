"""Figures of the FC vectors: a plane, the nodes, the neighbours."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import PercentFormatter

from lib.embedding import HEADS
from lib.plots import BLACK, BLUE, GREY, SKY, colour
from lib.tables import MOODS

MANY = 2000  # points beyond which a scatter is drawn as pixels: an SVG of more is slow to open
MOST_NODES = 40
UNKNOWN = "unknown"
_PALE = "#c9c9c9"


def plane(
    slices: np.ndarray, songs: np.ndarray, explained: np.ndarray, slice_songs: Sequence[str], tracks: pd.DataFrame
) -> Figure:
    """Slices (small) and songs (large) in the plane of the first two principal components. Page 06.

    Parameters
    ----------
    slices : np.ndarray [slices, 2]
    songs : np.ndarray [songs, 2]
        Coordinates as from `lib.embedding.project`.
    explained : np.ndarray [2]
        Share of the variance along each axis.
    slice_songs : sequence of str [slices]
        ``track_id`` of each slice.
    tracks : pd.DataFrame [songs]
        ``genre`` and ``mood``, by ``track_id`` in the order of `songs`.
    """
    heads = [head for head in HEADS if tracks[head].notna().any()] or ["genre"]
    figure, panels = plt.subplots(
        1, len(heads), figsize=(4.9 * len(heads) + 0.3, 5.0), sharex=True, sharey=True, squeeze=False
    )
    for axes, head in zip(panels[0], heads, strict=True):
        label = tracks[head].astype(object).where(tracks[head].notna(), UNKNOWN)
        of_slice = label.loc[list(slice_songs)].to_numpy()
        names = [name for name in _order(label.unique()) if name != UNKNOWN]
        shown = [*names, *([UNKNOWN] if (label == UNKNOWN).any() else [])]
        for name in shown:
            hue = _PALE if name == UNKNOWN else colour(name)
            own = slices[of_slice == name]
            axes.scatter(*own.T, s=5, color=hue, alpha=0.3, linewidth=0, rasterized=len(slices) > MANY)
            own = songs[(label == name).to_numpy()]
            axes.scatter(
                *own.T, s=36, color=hue, edgecolor="white", linewidth=0.6, zorder=3, rasterized=len(songs) > MANY
            )
        axes.set_title(head)
        axes.set_xlabel(f"first direction ({100 * explained[0]:.0f} % of the variance)")
        keys = [
            Line2D(
                [],
                [],
                marker="o",
                linestyle="",
                color=_PALE if n == UNKNOWN else colour(n),
                label=str(n).replace("$", r"\$"),
            )
            for n in shown
        ]
        axes.legend(
            handles=keys, loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=min(3, len(keys)), fontsize=9,
            handletextpad=0.1,
        )  # fmt: skip
    panels[0][0].set_ylabel(f"second direction ({100 * explained[1]:.0f} % of the variance)")
    return figure


def _order(names: Sequence[str]) -> list[str]:
    names = [str(name) for name in names]
    return [m for m in MOODS if m in names] + sorted(n for n in names if n not in MOODS)


def nodes(associations: pd.DataFrame, names: Sequence[str], dead: Sequence[str]) -> Figure:
    """Correlation of every node with every class and numeric target; what is established is framed. Page 06.

    Parameters
    ----------
    associations : pd.DataFrame
        As from `lib.embedding.node_associations`.
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
    figure, axes = plt.subplots(figsize=(0.5 * len(columns) + 2.8, 0.3 * len(names) + 2.4))
    axes.set_facecolor("#eeeeee")
    image = axes.imshow(value.to_numpy(float), cmap="RdBu_r", vmin=-1, vmax=1, aspect="auto")
    for row, column in np.argwhere(sure.fillna(False).to_numpy(bool)):
        strong = abs(value.iloc[row, column]) > 0.6
        style = {"ha": "center", "va": "center", "fontsize": 8, "color": "white" if strong else BLACK}
        axes.text(column, row, f"{value.iloc[row, column]:.1f}".replace("-", "−"), **style)
    axes.set_xticks(range(len(columns)), columns, rotation=45, ha="right", rotation_mode="anchor", parse_math=False)
    axes.set_yticks(range(len(names)), [f"{name} (dead)" if name in dead else name for name in names])
    axes.tick_params(length=0)
    for place in _breaks(own, columns):
        axes.axvline(place - 0.5, color="white", linewidth=3)
    figure.colorbar(image, ax=axes, label="correlation r (written where established)", shrink=0.8)
    return figure


def _columns(own: pd.DataFrame) -> list[str]:
    columns = []
    for target in own["target"].unique():
        classes = list(own.loc[own["target"] == target, "class"].unique())
        columns += [target if name == "" else f"{target}: {name}" for name in _order(classes)]
    return columns


def _breaks(own: pd.DataFrame, columns: list[str]) -> list[int]:
    """Where heads end and numeric targets begin."""
    kinds = [next((head for head in HEADS if column.startswith(f"{head}: ")), "") for column in columns]
    return [i for i in range(1, len(kinds)) if kinds[i] != kinds[i - 1]]


def hits(table: pd.DataFrame, count: int) -> Figure:
    """How often neighbours share genre, mood and artist, against chance. Page 06.

    Parameters
    ----------
    table : pd.DataFrame
        As from `lib.embedding.neighbour_hits`, with a column ``among``.
    count : int
        Neighbours of each song.
    """
    kinds, groups = list(table["same"].unique()), list(table["among"].unique())
    figure, axes = plt.subplots(figsize=(7.2, 0.62 * len(kinds) + 1.9))
    hues = dict(zip(groups, (BLUE, SKY), strict=False))
    for among, offset in zip(groups, (-0.14, 0.14), strict=False):
        own = table.loc[table["among"] == among].set_index("same").reindex(kinds)
        y = np.arange(len(kinds)) + (offset if len(groups) > 1 else 0)
        error = np.nan_to_num(np.clip([own["share"] - own["low"], own["high"] - own["share"]], 0, None))
        axes.errorbar(
            own["share"], y, xerr=error, marker="o", linestyle="", capsize=2.5, color=hues[among], label=among
        )
        axes.plot(own["chance"], y, marker="|", markersize=13, markeredgewidth=2, linestyle="", color=GREY)
    axes.plot([], [], marker="|", markersize=11, markeredgewidth=2, linestyle="", color=GREY, label="chance")
    axes.set_yticks(range(len(kinds)), [f"same {kind}" for kind in kinds])
    axes.set_ylim(len(kinds) - 0.5, -0.5)
    axes.set_xlim(-0.02, 1.03)
    axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0, symbol=" %"))
    axes.set_xlabel(f"of the {count} nearest songs")
    axes.grid(axis="x", color="#e5e5e5", linewidth=0.8)
    figure.legend(loc="outside lower center", ncols=3, fontsize=9)
    return figure
