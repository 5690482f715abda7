"""How far the accuracy moves from seed to seed and from fold to fold, apart from the choice of songs."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from lib.evaluation.answers import collect
from lib.evaluation.intervals import accuracy
from lib.evaluation.words import listed, percent, points
from lib.recipes import BASELINE, POSTER
from lib.runs.store import Finished

KEYS = ["network", "protocol", "recipe", "head"]


def spread(runs: Sequence[Finished], tracks: pd.DataFrame, level: str = "song") -> pd.DataFrame:
    """Accuracy of each fold of the first seed, and of each seed over the folds that all seeds have. Page 05.

    Parameters
    ----------
    runs : sequence of Finished
        Of whole training sets; baselines are left out.
    tracks : pd.DataFrame
        The tracks table.
    level : str
        ``song`` or ``slice``.

    Returns
    -------
    pd.DataFrame
        ``network``, ``protocol``, ``recipe``, ``head``, ``over`` (``fold`` or ``seed``), ``number`` of it,
        ``accuracy`` and ``n_songs``. A network of one fold, or of one seed, has no rows for it.
    """
    grouped: dict[tuple, list[Finished]] = {}
    for run in runs:
        if run.run.recipe != BASELINE:
            grouped.setdefault((run.run.architecture, run.run.protocol, run.run.recipe, run.stale), []).append(run)
    rows = []
    for own in grouped.values():
        seeds = sorted({run.run.seed for run in own})
        first = [run for run in own if run.run.seed == seeds[0]]
        if len(first) > 1:
            rows += [row for run in first for row in _rows([run], tracks, level, "fold", run.run.fold)]
        common = set.intersection(*({run.run.fold for run in own if run.run.seed == seed} for seed in seeds))
        if len(seeds) > 1 and common:
            for seed in seeds:
                of_seed = [run for run in own if run.run.seed == seed and run.run.fold in common]
                rows += _rows(of_seed, tracks, level, "seed", seed)
    return pd.DataFrame(rows, columns=[*KEYS, "over", "number", "accuracy", "n_songs"])


def _rows(runs: Sequence[Finished], tracks: pd.DataFrame, level: str, over: str, number: int) -> list[dict]:
    found = []
    for answers in collect(runs, tracks):
        songs, right, count = answers.tally(level)
        about = {key: getattr(answers, key) for key in KEYS}
        found.append(
            {**about, "over": over, "number": number, "accuracy": accuracy(right, count), "n_songs": len(songs)}
        )
    return found


def widths(table: pd.DataFrame) -> pd.DataFrame:
    """Lowest and highest accuracy and standard deviation over folds and over seeds.

    Parameters
    ----------
    table : pd.DataFrame
        As from `spread`.

    Returns
    -------
    pd.DataFrame
        ``network``, ``protocol``, ``recipe``, ``head``, ``over``, ``n``, ``lowest``, ``highest``, ``sd``.
    """
    grouped = table.groupby([*KEYS, "over"], sort=False)["accuracy"]
    return grouped.agg(n="size", lowest="min", highest="max", sd="std").reset_index()


def spread_claim(table: pd.DataFrame, network: str) -> str:
    """Title of the figure: how far folds and seeds of one network lie apart, in its first head. Page 05.

    Parameters
    ----------
    table : pd.DataFrame
        As from `spread`.
    network : str
    """
    found = widths(table)
    own = found.loc[(found["network"] == network) & (found["head"] == found["head"].iloc[0])] if len(found) else found
    own = own.loc[own["recipe"] == POSTER] if (own["recipe"] == POSTER).any() else own
    if not len(own):
        return "One fold and one seed were run, so their spread cannot be shown"
    told = []
    for over in ("fold", "seed"):
        rows = own.loc[own["over"] == over]
        if len(rows):
            row = rows.loc[(rows["highest"] - rows["lowest"]).idxmax()]
            told.append(
                f"{points(row['highest'] - row['lowest'])} between its {row['n']} {over}s under {row['protocol']} "
                f"({percent(row['lowest'])} to {percent(row['highest'])})"
            )
    return f"{own['head'].iloc[0].capitalize()} accuracy of {network} differs by up to {listed(told)}"
