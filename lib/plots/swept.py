"""Figure of a sweep: accuracy by settings."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from lib.plots import GREY
from lib.plots.marks import PERCENT, hue, legend, whiskers


def swept_figure(table: pd.DataFrame) -> Figure:
    """Draw accuracy on dev and test songs, a panel a head, a row for each network, protocol and recipe. Page 05.

    Parameters
    ----------
    table : pd.DataFrame
        As from `lib.evaluation.swept.swept`, not empty.
    """
    several = [name for name in ("network", "protocol") if table[name].nunique() > 1]
    table = table.assign(line=table[[*several, "recipe"]].agg(", ".join, axis=1))
    heads, lines = list(table["head"].unique()), list(table["line"].unique())
    figure, panels = plt.subplots(
        1, len(heads), figsize=(3.4 * len(heads) + 3, 0.3 * len(lines) + 1.4), sharey=True, squeeze=False
    )
    tested = {"color": hue(table["network"].iloc[0]), "marker": "o", "linestyle": ""}
    dev = {"color": GREY, "marker": "D", "fillstyle": "none", "linestyle": ""}
    for axes, head in zip(panels[0], heads, strict=True):
        own = table.loc[table["head"] == head].set_index("line").reindex(lines)
        y = np.arange(len(lines))
        whiskers(axes, own["accuracy"], y, own["low"], own["high"], vertical=False, **tested)
        axes.plot(own["dev"], y, **dev)
        axes.set(title=f"{head}, by song", xlabel="accuracy", ylim=(len(lines) - 0.5, -0.5))
        axes.xaxis.set_major_formatter(PERCENT)
        axes.grid(axis="x", color="#e5e5e5", linewidth=0.8)
    panels[0][0].set_yticks(np.arange(len(lines)), lines)
    keys = (("test songs, 95 % interval", tested), ("dev songs", dev))
    legend(figure, [Line2D([], [], label=label, **style) for label, style in keys])
    return figure
