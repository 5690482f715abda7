"""Ablations: sets of heads, recipes, networks and settings of a sweep, one changed at a time; and the choice among
candidates.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from lib.evaluation.bootstrap import BOOTSTRAP, Bootstrap, bounded, columns
from lib.evaluation.comparisons import compared, difference
from lib.evaluation.predictions import IDENTITY, STALE, Tested, collect, collect_numbers, recorded, variants
from lib.evaluation.significance import holm
from lib.models import VARIANTS
from lib.runs.store import Finished
from lib.training.recipes import BASELINE, POSTER, RECIPES, base_of, members

TASK_COLUMNS = [
    *IDENTITY, "score", "heads", "names", "runs", "n_songs", "value", "low", "high", "least", *bounded("difference"),
    "p", "p_holm",
]  # fmt: skip
TRIED_COLUMNS = ["network", "recipe", "head", "accuracy", "reference", "difference", "low", "high", "n_songs"]
SWEPT_COLUMNS = ["network", "split", "recipe", "head", "validation", "accuracy", "low", "high", "runs", "n_songs"]
CHOSEN_COLUMNS = ["split", "fold", "head", "chosen", "networks", "validation", "songs", "candidates"]
TUNED = "tuned"


def together(runs: Sequence[Finished], tracks: pd.DataFrame, bootstrap: Bootstrap = BOOTSTRAP) -> pd.DataFrame:
    """Score of each head per song, by the heads that were trained with it.

    Only folds and seeds that were run with every set of heads count, so that each is evaluated on the same songs. Stale
    runs and those of a part of the artists are left out.

    Returns
    -------
    pd.DataFrame
        Columns `TASK_COLUMNS`, by head and rising number of ``heads``, of which ``names`` are the others: ``score`` is
        ``accuracy`` or, of numbers, ``r2``; ``difference`` is ``value`` less that of the smallest set (which has
        ``least`` heads), paired over the songs, with its interval, ``p`` and
        ``p_holm``, corrected for their number under the split. Empty unless a network was trained with several sets.
    """
    rows = []
    for by_heads in variants([one for one in runs if one.run.share == 1], lambda one: frozenset(one.metrics["heads"])):
        found: dict[str, dict[frozenset[str], Tested]] = {}
        for heads in sorted(by_heads, key=lambda names: (len(names), sorted(names))):
            for own in (*collect(by_heads[heads], tracks), *collect_numbers(by_heads[heads], tracks)):
                found.setdefault(own.head, {})[heads] = own
        for by_set in found.values():
            rows += _of_head(by_set, bootstrap) if len(by_set) > 1 else []
    table = pd.DataFrame(rows, columns=TASK_COLUMNS[:-1])
    return table.assign(p_holm=table.groupby("split")["p"].transform(holm))


def _of_head(by_set: dict[frozenset[str], Tested], bootstrap: Bootstrap) -> list[dict]:
    least, alone = next(iter(by_set.items()))
    rows = []
    for heads, own in by_set.items():
        ids, sums = own.sums("song")
        row = {**own.identity, "score": own.score, "heads": len(heads), "runs": len(own.runs), "n_songs": len(ids)}
        row |= {"names": ", ".join(sorted(heads - {own.head})), "least": len(least)}
        row |= columns("value", bootstrap.interval(sums, own.measure, *own.clusters(ids)), "low", "high")
        rows.append(row if heads == least else row | compared("difference", own, alone, bootstrap))
    return rows


def recipes_tried(runs: Sequence[Finished], tracks: pd.DataFrame, bootstrap: Bootstrap = BOOTSTRAP) -> pd.DataFrame:
    """Compare the recipe ``tuned`` with the poster's and with itself but for one ingredient.

    All models of a candidate predict their own validation songs in the first fold; together they are compared with
    the reference on the songs that both predicted. Stale runs are left out.

    Returns
    -------
    pd.DataFrame
        `TRIED_COLUMNS`: song ``accuracy`` of the candidate and of the ``reference``, their ``difference`` with a
        95 % interval; the reference itself comes first and differs by nothing. Empty if it, or everything else,
        was not run.
    """
    changed = [run.run.architecture for run in runs if run.run.recipe.startswith(f"{TUNED}_")]
    network = max(dict.fromkeys(changed), key=changed.count, default="")
    return _tried(runs, tracks, bootstrap, [(network, recipe) for recipe in (TUNED, *RECIPES)])


def networks_tried(runs: Sequence[Finished], tracks: pd.DataFrame, bootstrap: Bootstrap = BOOTSTRAP) -> pd.DataFrame:
    """Compare the poster's network with itself but for one choice, as the poster's search did, see `recipes_tried`."""
    return _tried(runs, tracks, bootstrap, [(network, POSTER) for network in ("yu2018", *VARIANTS)])


def _tried(
    runs: Sequence[Finished], tracks: pd.DataFrame, bootstrap: Bootstrap, pairs: Sequence[tuple[str, str]]
) -> pd.DataFrame:
    """Compare networks and recipes, the first of which is the reference, see `recipes_tried`."""
    order = list(dict.fromkeys(pairs))
    runs = [run for run in runs if (run.run.architecture, run.run.recipe) in order and not run.stale]
    runs = [run for run in runs if run.run.fold == min(one.run.fold for one in runs)]
    there = {(run.run.architecture, run.run.recipe) for run in runs}
    if pairs[0] not in there or len(there) < 2:
        return pd.DataFrame(columns=TRIED_COLUMNS)
    collected = sorted(collect(runs, tracks, "validation"), key=lambda one: order.index((one.network, one.recipe)))
    own = {one.head: one for one in collected if (one.network, one.recipe) == pairs[0]}
    names = ("accuracy", "reference", "difference")
    rows = [one.identity | difference(one, own[one.head], names, bootstrap) for one in collected if one.head in own]
    return pd.DataFrame(rows, columns=TRIED_COLUMNS)


def chosen(runs: Sequence[Finished]) -> pd.DataFrame:
    """List what the recipe ``best`` chose.

    Returns
    -------
    pd.DataFrame
        `CHOSEN_COLUMNS`, one row per run and head: ``networks``, how many of the members of what was chosen are
        networks and not baselines, ``validation``, its score on validation songs, ``songs`` and ``candidates``, the
        number of those to choose from. Empty without such a run.
    """
    rows = []
    for run in runs:
        scores = {row["candidate"]: row for row in run.metrics.get("validation", [])}
        for head, candidate in run.metrics.get("chosen", {}).items():
            best = scores[candidate]
            row = {"split": run.run.split, "fold": run.run.fold, "head": head, "chosen": candidate}
            row |= {"networks": sum(recipe != BASELINE for _, recipe in members(candidate))}
            rows.append(row | {"validation": best[head], "songs": best["songs"], "candidates": len(scores)})
    return pd.DataFrame(rows, columns=CHOSEN_COLUMNS)


def swept(runs: Sequence[Finished], table: pd.DataFrame) -> pd.DataFrame:
    """Accuracy per song of recipes with other settings, beside the recipes that they change.

    `table` is that of `lib.evaluation.results.results`, made of `runs`; stale ones are left out.

    Returns
    -------
    pd.DataFrame
        `SWEPT_COLUMNS`: ``validation`` is the mean over the runs of the accuracy on their validation songs, by which a
        choice may be made; ``accuracy``, ``low`` and ``high`` are those of the test songs. Empty without a sweep.
    """
    own = table.loc[(table["level"] == "song") & ~table["network"].astype(str).str.endswith(STALE)]
    bases = own["recipe"].map(base_of)
    changed = own.loc[bases != own["recipe"], ["network", "split"]].drop_duplicates()
    own = own.loc[bases.isin(bases[bases != own["recipe"]])].merge(changed, on=["network", "split"])
    made: dict[tuple, list[dict]] = {}
    for one in runs:
        if one.run.share == 1 and not one.stale:
            made.setdefault((one.run.architecture, one.run.split, one.run.recipe), []).append(one.metrics)
    validation = [
        recorded(made.get((row.network, row.split, row.recipe), []), "validation", row.head, "song", "accuracy")
        for row in own.itertuples()
    ]
    return own.assign(validation=validation)[SWEPT_COLUMNS]
