"""What training a study cost, from its runs' own records; for the model card (09)."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from lib.narrative.format import listed
from lib.runs.store import Finished
from lib.training.recipes import BEST


def table_of(runs: Sequence[Finished]) -> pd.DataFrame:
    """Cost of finished runs, a row per network, split, recipe and machine.

    Parameters
    ----------
    runs : sequence of Finished

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
        rows.append(
            {"network": one.run.architecture, "split": one.run.split, "recipe": one.run.recipe, "machine": name}
            | {"run": one.run.name, "epochs": metrics["epochs"], "seconds": metrics["seconds"]}
            | {"threads": threads}
            | {"core_seconds": metrics["seconds"] * (min(int(threads), cores) if threads.isdigit() else cores)}
        )
    keys = ["network", "split", "recipe", "machine"]
    grouped = pd.DataFrame(rows, columns=[*keys, "run", "threads", "epochs", "seconds", "core_seconds"]).groupby(
        keys, sort=False
    )
    table = grouped.agg(
        runs=("run", "size"),
        threads=("threads", lambda values: " or ".join(sorted(set(values)))),
        epochs=("epochs", "max"),
        minutes=("seconds", "median"),
        hours=("seconds", "sum"),
        core_hours=("core_seconds", "sum"),
    ).reset_index()
    return table.assign(minutes=table["minutes"] / 60, **{name: table[name] / 3600 for name in ("hours", "core_hours")})


def sentence(table: pd.DataFrame, candidates: pd.DataFrame) -> str:
    """Sentence on the total cost of a study.

    Parameters
    ----------
    table, candidates : pd.DataFrame
        As from `table_of`, of the runs that predict test songs, and of the candidates; the
        latter may be empty.
    """
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
