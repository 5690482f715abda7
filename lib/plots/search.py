"""Figure of notebook 05: what was tried on dev songs."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from lib.plots import BLUE, GREY, VERMILION


def tried_figure(table: pd.DataFrame, what: str) -> Figure:
    """Draw how far each candidate differs from the first, with intervals, by head. Page 05.

    Parameters
    ----------
    table : pd.DataFrame
        As `lib.evaluation.search.tried` returns it.
    what : str
        The column that names a row, ``network`` or ``recipe``.
    """
    heads, names = list(dict.fromkeys(table["head"])), list(dict.fromkeys(table[what]))
    figure, grid = plt.subplots(
        1, len(heads), sharey=True, squeeze=False, figsize=(1.5 + 3.2 * len(heads), 1.2 + 0.3 * len(names))
    )
    for axes, head in zip(grid[0], heads, strict=True):
        rows = table[table["head"] == head].set_index(what).reindex(names)
        place = np.arange(len(names))
        sure = (rows["low"] > 0) | (rows["high"] < 0)
        colours = np.where(sure, VERMILION, BLUE)
        axes.axvline(0, color=GREY, linewidth=1)
        axes.hlines(place, 100 * rows["low"], 100 * rows["high"], color=colours, linewidth=2)
        axes.scatter(100 * rows["difference"], place, color=colours, zorder=3)
        reference = rows["accuracy"].iloc[0]
        axes.set(title=head, xlabel=f"points, by song, from {100 * reference:.0f} %")
        axes.set(yticks=place, yticklabels=names, ylim=(len(names) - 0.5, -0.5))
    return figure
