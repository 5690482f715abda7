"""Figures of notebooks 03 and 04: what the networks cost and how they learn."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from lib.plots import COLOURS, colour


def cost_figure(table: pd.DataFrame) -> Figure:
    """Draw parameters and multiply-adds of the networks side by side.

    Parameters
    ----------
    table : pd.DataFrame
        ``network``, ``parameters``, ``multiply_adds``.
    """
    figure, pair = plt.subplots(1, 2, sharey=True, figsize=(9, 0.6 + 0.45 * len(table)))
    for axes, column, label in zip(
        pair, ("parameters", "multiply_adds"), ("parameters", "multiply-adds a slice"), strict=True
    ):
        bars = axes.barh(table["network"], table[column], color=[colour(name) for name in table["network"]])
        axes.bar_label(bars, [f"{value:,}" for value in table[column]], padding=3, fontsize=8)
        axes.set(xlabel=label, xscale="log")
        axes.margins(x=0.25)
    pair[0].invert_yaxis()
    return figure


def learning_figure(history: pd.DataFrame, heads: list[str], chance: dict[str, float]) -> Figure:
    """Draw the accuracy of each head over the epochs, in training and on dev, and the loss.

    Parameters
    ----------
    history : pd.DataFrame
        As `lib.training.train` returns it.
    heads : list of str
    chance : dict of str to float
        By head, accuracy of always answering the most frequent class.
    """
    figure, grid = plt.subplots(1, len(heads) + 1, figsize=(3.2 * (len(heads) + 1), 3))
    for axes, head in zip(grid, heads, strict=False):
        for part, column in (("train", f"{head}_accuracy"), ("dev", f"dev_{head}_accuracy")):
            axes.plot(history["epoch"], history[column], color=COLOURS[part], label=part, marker=".")
        axes.axhline(chance[head], color="black", linestyle=":", linewidth=1, label="majority")
        axes.set(title=head, xlabel="epoch", ylim=(0, 1.02))
    grid[0].set_ylabel("accuracy of slices")
    grid[0].legend(loc="lower right")
    for part, column in (("train", "loss"), ("dev", "dev_loss")):
        grid[-1].plot(history["epoch"], history[column], color=COLOURS[part], marker=".")
    grid[-1].set(title="loss", xlabel="epoch", ylim=(0, None))
    return figure
