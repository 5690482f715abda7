"""Figure of tagged files: the predictions over time."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from lib.models import Head
from lib.plots.style import colour, shortened
from lib.tagging.predict import Tagged


def strips(songs: Sequence[Tagged], heads: Sequence[Head], names: Sequence[str]) -> Figure:
    """Draw the probabilities of the classes over time, a row per file, a column per head that has classes.

    There is at least one of both; `names` are those of the files.
    """
    heads = [head for head in heads if not head.numeric]
    size = (4.3 * len(heads) + 1.6, 0.62 * len(songs) + 1.5)
    figure, grid = plt.subplots(len(songs), len(heads), figsize=size, sharey=True, squeeze=False)
    for row, song, name in zip(grid, songs, names, strict=True):
        edges = np.append(song.starts, song.seconds)
        for axes, head in zip(row, heads, strict=True):
            tops = np.cumsum(song.predictions[head.name], axis=1).T
            for label, below, above in zip(head.classes, [np.zeros(len(song.starts)), *tops], tops, strict=False):
                axes.stairs(above, edges, baseline=below, fill=True, color=colour(label), linewidth=0)
            axes.set(xlim=(0, song.seconds), ylim=(0, 1), yticks=[])
            axes.tick_params(labelbottom=False, labelsize=8)
        row[0].set_ylabel(shortened(name, 34), rotation=0, ha="right", va="center", fontsize=9)
    for first, last, head in zip(grid[0], grid[-1], heads, strict=True):
        first.set_title(f"{head.name}: height of a colour = its probability", fontsize=10)
        last.tick_params(labelbottom=True)
        last.set_xlabel("seconds")
        keys = [Patch(color=colour(label), label=label) for label in head.classes]
        last.legend(handles=keys, loc="upper center", bbox_to_anchor=(0.5, -1.15), ncols=4, fontsize=8)
    return figure
