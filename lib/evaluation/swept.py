"""What a sweep found: accuracy by settings, on dev and test songs, and which runs failed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from lib.evaluation.pooling import STALE
from lib.evaluation.words import listed, percent
from lib.recipes import base_of
from lib.runs.store import Finished

SWEPT_COLUMNS = ("network", "protocol", "recipe", "head", "dev", "accuracy", "low", "high", "runs", "n_songs")
_KEYS = ["network", "protocol", "recipe"]


def swept(runs: Sequence[Finished], table: pd.DataFrame) -> pd.DataFrame:
    """Accuracy by song of recipes with other settings, beside the recipes that they change. Page 05.

    Parameters
    ----------
    runs : sequence of Finished
        What `table` was made of; stale ones are left out.
    table : pd.DataFrame
        As from `lib.evaluation.results`.

    Returns
    -------
    pd.DataFrame
        Columns `SWEPT_COLUMNS`: ``dev`` is the mean over the runs of the accuracy on their dev songs, by which a
        choice may be made; ``accuracy``, ``low`` and ``high`` are those of the test songs. Empty without a sweep.
    """
    own = table.loc[(table["level"] == "song") & ~table["network"].str.endswith(STALE)] if len(table) else table
    bases = {base_of(recipe) for recipe in own.get("recipe", ()) if base_of(recipe) != recipe}
    if not bases:
        return pd.DataFrame(columns=list(SWEPT_COLUMNS))
    own = own.loc[own["recipe"].map(base_of).isin(bases)]
    changed = own.loc[own["recipe"].map(base_of) != own["recipe"], ["network", "protocol"]].drop_duplicates()
    own = own.merge(changed, on=["network", "protocol"])
    dev = [_dev(runs, *row) for row in own[[*_KEYS, "head"]].itertuples(index=False)]
    return own.assign(dev=dev)[list(SWEPT_COLUMNS)].reset_index(drop=True)


def _dev(runs: Sequence[Finished], network: str, protocol: str, recipe: str, head: str) -> float:
    """Mean accuracy on dev songs of the runs of one row; NaN where there is none."""
    wanted = (network, protocol, recipe)
    found = [
        one.metrics["parts"].get("dev", {}).get(head, {}).get("song", {}).get("accuracy", np.nan)
        for one in runs
        if not one.stale and (one.run.architecture, one.run.protocol, one.run.recipe) == wanted and one.run.share == 1
    ]
    return float(np.mean(found)) if found else np.nan


def swept_claim(table: pd.DataFrame) -> str:
    """Say which settings the dev songs would choose and what these score in the test. Page 05.

    Parameters
    ----------
    table : pd.DataFrame
        As from `swept`, not empty.
    """
    told = []
    for (network, protocol, head), own in table.groupby(["network", "protocol", "head"], sort=False):
        if own["dev"].notna().any():
            best = own.loc[own["dev"].idxmax()]
            told.append(
                f"`{best['recipe']}` for {head} of `{network}` under `{protocol}` (test {percent(best['accuracy'])})"
            )
    return f"By their dev songs one would choose {listed(told)}" if told else "No dev songs tell which to choose"


def failed_note(failed: Mapping[str, str]) -> str:
    """Say which runs failed and why; empty where none did. Page 05.

    Parameters
    ----------
    failed : mapping of str to str
        As from `lib.runs.store.failures`.
    """
    if not failed:
        return ""
    lines = [f"- `{run}`: {' '.join(reason.split())}" for run, reason in failed.items()]
    count = f"{len(lines)} run{'s' if len(lines) > 1 else ''}"
    return f"**{count} failed** and stand in none of the tables; the same command tries again:\n\n" + "\n".join(lines)
