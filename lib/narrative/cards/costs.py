"""What training a study cost, from its runs' own records; for the model card (09)."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from lib.narrative.format import listed
from lib.runs.store import Finished
from lib.training.recipes import BEST


def table_of(runs: Sequence[Finished]) -> pd.DataFrame:
    """Cost of finished runs, a row per network, split, recipe and machine.

    Returns
    -------
    pd.DataFrame
        ``network``, ``split``, ``recipe``, ``machine``, ``runs``, ``threads``, ``epochs``, ``minutes`` of the
        median run, ``hours`` of all and ``core_hours``, their threads' together: of training and predicting, as
        measured with whatever else the machine was doing.
    """
    rows = []
    for one in runs:
        metrics, machine = one.metrics, one.record["machine"]
        threads, cores = str(machine["threads"]), int(machine["cores"])
        name = f"{machine['processor']} with {cores} cores"
        core_seconds = metrics["seconds"] * (min(int(threads), cores) if threads.isdigit() else cores)
        row = (one.run.architecture, one.run.split, one.run.recipe, name, threads)
        rows.append((*row, metrics["epochs"], metrics["seconds"], core_seconds))
    keys = ["network", "split", "recipe", "machine"]
    table = pd.DataFrame(rows, columns=[*keys, "threads", "epochs", "seconds", "core_seconds"])
    grouped = table.groupby(keys, sort=False)
    table = grouped.agg(
        runs=("seconds", "size"),
        threads=("threads", lambda values: " or ".join(sorted(set(values)))),
        epochs=("epochs", "max"),
        minutes=("seconds", "median"),
        hours=("seconds", "sum"),
        core_hours=("core_seconds", "sum"),
    ).reset_index()
    return table.assign(minutes=table["minutes"] / 60, **{name: table[name] / 3600 for name in ("hours", "core_hours")})


def sentence(table: pd.DataFrame, candidates: pd.DataFrame) -> str:
    """Sentence on the cost of a study; tables as from `table_of`, of the runs that predict test songs and of others."""
    machines = listed(dict.fromkeys([*table["machine"], *candidates["machine"]]))
    choosing = table["recipe"] == BEST  # its time is that of its candidates
    trained = table.loc[~choosing]
    hours, cores = trained["hours"].sum(), trained["core_hours"].sum()
    text = f"{trained['runs'].sum()} runs took {hours:.1f} h ({cores:.1f} core hours)"
    if len(candidates):
        hours, cores = candidates["hours"].sum(), candidates["core_hours"].sum()
        text += f", and {candidates['runs'].sum()} more, to choose from, {hours:.1f} h ({cores:.1f})"
        text += " (which the table counts with what was selected of them)" if choosing.any() else ""
    longest = pd.concat([trained, candidates])["minutes"].max()
    return (
        f"{text}, on {machines}. Of a kind of run the median took at most {longest:.0f} min. Energy was not measured."
    )
