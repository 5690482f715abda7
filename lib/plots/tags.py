"""Figure of tagged files: the answers over time."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from lib.plots import colour
from lib.plots.marks import PERCENT
from lib.tagging.predict import Tagged
from lib.zoo import Head

_LONGEST = 34  # characters of a title


def strips(songs: Sequence[Tagged], heads: Sequence[Head], names: Sequence[str]) -> Figure:
    """Draw the probabilities of the classes over time, a row a file, a column a head. Page 07.

    Parameters
    ----------
    songs : sequence of Tagged
        With an answer, at least one.
    heads : sequence of Head
        Numeric ones are left out; at least one has classes.
    names : sequence of str
        What each file is called.
    """
    heads = [head for head in heads if not head.numeric]
    size = (4.3 * len(heads) + 1.6, 0.62 * len(songs) + 1.5)
    figure, grid = plt.subplots(len(songs), len(heads), figsize=size, sharey=True, squeeze=False)
    for row, song, name in zip(grid, songs, names, strict=True):
        edges = np.append(song.starts, song.seconds)
        for axes, head in zip(row, heads, strict=True):
            below = np.zeros(len(song.starts))
            for place, label in enumerate(head.classes):
                above = below + song.answers[head.name][:, place]
                axes.stairs(above, edges, baseline=below, fill=True, color=colour(label), linewidth=0)
                below = above
            axes.set(xlim=(0, song.seconds), ylim=(0, 1), yticks=[])
            axes.yaxis.set_major_formatter(PERCENT)
            axes.tick_params(labelbottom=False, labelsize=8)
        short = name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"
        row[0].set_ylabel(short, rotation=0, ha="right", va="center", fontsize=9)
    for axes, head in zip(grid[0], heads, strict=True):
        axes.set_title(f"{head.name}: height of a colour = its probability", fontsize=10)
    for axes, head in zip(grid[-1], heads, strict=True):
        axes.tick_params(labelbottom=True)
        axes.set_xlabel("seconds")
        keys = [Patch(color=colour(label), label=label) for label in head.classes]
        axes.legend(handles=keys, loc="upper center", bbox_to_anchor=(0.5, -1.15), ncols=4, fontsize=8)
    return figure
