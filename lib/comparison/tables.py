"""The tables of a comparison: what differs between items, and their results side by side."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from lib.comparison.items import Item

KEYS = ["network", "protocol", "recipe", "head", "level"]
ABSENT = "–"


def differing(compared: Sequence[Item]) -> pd.DataFrame:
    """Tell which parameters differ.

    Parameters
    ----------
    compared : sequence of Item

    Returns
    -------
    pd.DataFrame
        ``parameter`` and a column an item, only of parameters that are not the same in all; one that an item does
        not have is shown as a dash.
    """
    names = sorted({name for item in compared for name in item.made_with})
    found: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for name in names:
        values = tuple(item.made_with.get(name, ABSENT) or "(empty)" for item in compared)
        if len(set(values)) > 1:
            where, _, parameter = name.partition(" ")
            found.setdefault((parameter, values), []).append(where)
    rows = [[f"{', '.join(places)} {parameter}", *values] for (parameter, values), places in found.items()]
    return pd.DataFrame(rows, columns=["parameter", *(item.name for item in compared)])


def parameter_count(compared: Sequence[Item]) -> int:
    """Count parameters as `differing` does: one that several chapters have counts once where its values agree."""
    names = {name for item in compared for name in item.made_with}
    return len({(name.partition(" ")[2], *(item.made_with.get(name) for item in compared)) for name in names})


def results_beside(compared: Sequence[Item]) -> pd.DataFrame:
    """Put results side by side.

    Of studies, rows with the same network, protocol, recipe, head and level stand beside each other. Of runs, which
    differ in these, every row of the same head and level does.

    Parameters
    ----------
    compared : sequence of Item

    Returns
    -------
    pd.DataFrame
        The keys, then for each item ``<name> accuracy``, ``<name> low``, ``<name> high`` and ``<name> kappa``, and for
        each but the first ``<name> difference``, ``... low`` and ``... high``: its accuracy less the first one's. The
        interval of a difference is made of the two by squaring and adding (Newcombe 1998, as in `slice_agreement`), as
        if the two were independent: where both tested the same songs it is too wide.
    """
    runs = "/" in compared[0].name
    keys = ["head", "level"] if runs else KEYS
    joined, order = None, []
    for item in compared:
        own = item.results[[*keys, "accuracy", "low", "high", "kappa"]].set_index(keys).astype(float)
        own.columns = [f"{item.name} {name}" for name in own.columns]
        order += [key for key in own.index if key not in order]
        joined = own if joined is None else joined.join(own, how="outer")
    joined = joined.loc[order]
    value, low, high = (joined[f"{compared[0].name} {name}"] for name in ("accuracy", "low", "high"))
    for item in compared[1:]:
        own, below, above = (joined[f"{item.name} {name}"] for name in ("accuracy", "low", "high"))
        difference = own - value
        joined[f"{item.name} difference"] = difference
        joined[f"{item.name} difference low"] = difference - np.hypot(own - below, high - value)
        joined[f"{item.name} difference high"] = difference + np.hypot(above - own, value - low)
    return joined.reset_index()


def shared(table: pd.DataFrame, compared: Sequence[Item]) -> pd.DataFrame:
    """Rows by song that at least two items have."""
    own = table.loc[table["level"] == "song"]
    return own.loc[own[[f"{item.name} accuracy" for item in compared]].notna().sum(axis=1) >= 2].reset_index(drop=True)
