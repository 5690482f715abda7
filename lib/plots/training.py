"""Figures of notebooks 03 and 04: cost of the networks, and learning curves over epochs."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from lib.models import Head
from lib.plots.style import COLOURS, colour

MOST_COLUMNS = 4


def cost_figure(table: pd.DataFrame) -> Figure:
    """Draw parameters, multiply-adds and time (``ms``, milliseconds a slice) of the networks side by side."""
    figure, row = plt.subplots(1, 3, sharey=True, figsize=(9.5, 0.9 + 0.32 * len(table)))
    labels = {"parameters": "parameters", "multiply_adds": "multiply-adds a slice", "ms": "ms a slice"}
    for axes, (column, label) in zip(row, labels.items(), strict=True):
        bars = axes.barh(table["network"], table[column], color=[colour(name) for name in table["network"]])
        axes.bar_label(bars, [_short(value) for value in table[column]], padding=3, fontsize=8)
        axes.set(xlabel=label, xscale="log")
        axes.xaxis.set_major_formatter(lambda value, _: _short(value))
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.margins(x=0.2)
    row[0].invert_yaxis()
    return figure


def _short(value: float) -> str:
    """Three digits of a number, with thousands and millions as k and M."""
    for unit, name in ((1e6, " M"), (1e3, " k")):
        if value >= unit:
            return f"{value / unit:.3g}{name}"
    return f"{value:.2g}"


def learning_figure(history: pd.DataFrame, heads: Sequence[Head], validation: pd.DataFrame) -> tuple[Figure, str]:
    """Draw the score of each head over the epochs, in training and on validation, and the loss; with its claim.

    Parameters
    ----------
    history : pd.DataFrame
        As `lib.training.fit.train` returns it.
    heads : sequence of Head
    validation : pd.DataFrame
        Labels of the validation slices, one column per head.
    """
    columns = min(MOST_COLUMNS, len(heads) + 1)
    rows = -(-(len(heads) + 1) // columns)
    figure, panels = plt.subplots(rows, columns, figsize=(3.2 * columns, 2.9 * rows + 0.3), squeeze=False)
    grid = list(panels.flat)
    for axes in grid[len(heads) + 1 :]:
        axes.remove()
    last = grid[len(heads)]
    gaps = []
    for axes, head in zip(grid, heads, strict=False):
        measure = f"{head.name}_r2" if head.numeric else f"{head.name}_accuracy"
        for part, column in (("train", measure), ("validation", f"validation_{measure}")):
            axes.plot(history["epoch"], history[column], color=COLOURS[part], label=part, marker=".")
        chance = 0.0 if head.numeric else validation[head.name].value_counts(normalize=True).max()
        label = "mean" if head.numeric else "majority"
        axes.axhline(chance, color="black", linestyle=":", linewidth=1, label=label)
        axes.set(title=head.name, xlabel="epoch", ylim=(-0.5 if head.numeric else 0, 1.02))
        axes.set_ylabel("R2 of slices" if head.numeric else "accuracy of slices")
        gaps.append(f"{history[measure].iloc[-1] - history[f'validation_{measure}'].iloc[-1]:+.2f} in {head.name}")
    for part, column in (("train", "loss"), ("validation", "validation_loss")):
        last.plot(history["epoch"], history[column], color=COLOURS[part], marker=".")
    last.set(title="loss", xlabel="epoch", ylim=(0, None))
    lines, labels = grid[0].get_legend_handles_labels()
    figure.legend(lines, labels, loc="outside lower center", ncols=3)
    return figure, f"At the end training is ahead of validation by {' and '.join(gaps)}"
