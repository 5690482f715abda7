"""Figure of heads that learn together: the score of a head by the heads that were trained with it."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from lib.evaluation.tasks import sets
from lib.plots.marks import PERCENT, hue, whiskers


def together_figure(table: pd.DataFrame) -> Figure:
    """Draw the accuracy of each head of classes with its interval, a row for each set of heads. Page 05.

    Parameters
    ----------
    table : pd.DataFrame
        Rows of `lib.evaluation.tasks.together` of one network, protocol and recipe, with accuracies among them.
    """
    table = table.assign(names=sets(table))
    table = table.loc[table["score"] == "accuracy"]
    heads = list(table["head"].unique())
    most = int(table.groupby("head").size().max())
    figure, panels = plt.subplots(
        len(heads), 1, figsize=(8, (0.36 * most + 0.8) * len(heads)), sharex=True, squeeze=False
    )
    for axes, head in zip(panels[:, 0], heads, strict=True):
        own = table.loc[table["head"] == head]
        y = np.arange(len(own))
        axes.axvline(own["value"].iloc[0], color="#bbbbbb", linestyle="--", linewidth=1)
        style = {"color": hue(own["network"].iloc[0]), "marker": "o", "linestyle": ""}
        whiskers(axes, own["value"], y, own["low"], own["high"], vertical=False, **style)
        axes.set_yticks(y, list(own["names"]))
        axes.set_ylim(len(own) - 0.5, -0.5)
        axes.set_title(f"{head}, by song")
        axes.xaxis.set_major_formatter(PERCENT)
        axes.grid(axis="x", color="#e5e5e5", linewidth=0.8)
    panels[-1, 0].set_xlabel("test accuracy")
    return figure
