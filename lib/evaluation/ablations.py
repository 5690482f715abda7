"""Ablations: sets of heads, recipes, networks and settings of a sweep, one changed at a time; and the choice among
candidates.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from lib.evaluation.bootstrap import BOOTSTRAP, Bootstrap, columns
from lib.evaluation.comparisons import difference
from lib.evaluation.predictions import STALE, Predictions, Tested, collect, collect_numbers, variants
from lib.evaluation.significance import holm
from lib.models import VARIANTS
from lib.runs.store import Finished
from lib.training.recipes import BASELINE, POSTER, RECIPES, base_of, members

TASK_COLUMNS = (
    "network", "split", "recipe", "head", "score", "heads", "names", "runs", "n_songs", "value", "low", "high",
    "least", "difference", "difference_low", "difference_high", "p", "p_holm",
)  # fmt: skip
TRIED_COLUMNS = ["network", "recipe", "head", "accuracy", "reference", "difference", "low", "high", "n_songs"]
SWEPT_COLUMNS = ["network", "split", "recipe", "head", "validation", "accuracy", "low", "high", "runs", "n_songs"]
CHOSEN_COLUMNS = ["split", "fold", "head", "chosen", "networks", "validation", "songs", "candidates"]
TUNED = "tuned"
FEW = 3  # heads that are named one by one


def together(runs: Sequence[Finished], tracks: pd.DataFrame, bootstrap: Bootstrap = BOOTSTRAP) -> pd.DataFrame:
    """Score of each head per song, by the heads that were trained with it.

    Only folds and seeds that were run with every set of heads count, so that each is evaluated on the same songs. Stale
    runs and those of a part of the artists are left out.

    Parameters
    ----------
    runs : sequence of Finished
    tracks : pd.DataFrame
        The tracks table.
    bootstrap : Bootstrap

    Returns
    -------
    pd.DataFrame
        Columns `TASK_COLUMNS`, by head and rising number of ``heads``, of which ``names`` are the others: ``score`` is
        ``accuracy`` or, of numbers, ``r2``; ``difference`` is ``value`` less that of the smallest set (which has
        ``least`` heads), paired over the songs, with its interval and, of accuracies, the ``p`` of a sign-flip test and
        ``p_holm``, corrected for their number under the split. Empty unless a network was trained with several sets.
    """
    rows = []
    whole = [one for one in runs if one.run.share == 1]
    for by_heads in variants(whole, lambda one: frozenset(one.metrics["heads"])):
        found: dict[str, dict[frozenset[str], Tested]] = {}
        for heads in sorted(by_heads, key=lambda names: (len(names), sorted(names))):
            own = by_heads[heads]
            for predictions in (*collect(own, tracks), *collect_numbers(own, tracks)):
                found.setdefault(predictions.head, {})[heads] = predictions
        for by_set in found.values():
            rows += _of_head(by_set, bootstrap) if len(by_set) > 1 else []
    table = pd.DataFrame(rows, columns=list(TASK_COLUMNS[:-1]))
    return table.assign(p_holm=table.groupby("split")["p"].transform(holm))


def _of_head(by_set: dict[frozenset[str], Tested], bootstrap: Bootstrap) -> list[dict]:
    least, alone = next(iter(by_set.items()))
    rows = []
    for heads, predictions in by_set.items():
        ids, sums = predictions.sums("song")
        row = {**predictions.identity, "score": predictions.score, "heads": len(heads), "runs": len(predictions.runs)}
        row |= {"names": ", ".join(sorted(heads - {predictions.head})), "n_songs": len(ids), "least": len(least)}
        row |= columns(
            "value", bootstrap.interval(sums, predictions.measure, *predictions.clusters(ids)), "low", "high"
        )
        if heads != least:
            pair = difference(predictions, alone, bootstrap=bootstrap)
            row |= columns("difference", [pair[key] for key in ("difference", "low", "high")]) | {"p": pair["p"]}
        rows.append(row)
    return rows


def sets(table: pd.DataFrame) -> list[str]:
    """Name each row's set of heads: ``alone``, the others if few, or what the largest set has more."""
    table = table.fillna({"names": ""})  # as read from a file
    every = set().union(*table.loc[table["heads"] == table["heads"].max(), "names"].str.split(", "), table["head"])
    found = []
    for row in table.itertuples():
        others = set(row.names.split(", ")) - {""}
        left_out = every - others - {row.head}
        if not others:
            found.append("alone")
        elif len(others) <= FEW:
            found.append(f"with {_listed(others)}")
        else:
            found.append(f"with {len(others)} others, without {_listed(left_out)}" if left_out else
                         f"with all {len(others)} others")  # fmt: skip
    return found


def _listed(names: set[str]) -> str:
    *most, last = [name.replace("_", " ") for name in sorted(names)]
    return f"{', '.join(most)} and {last}" if most else last


def tried(
    runs: Sequence[Finished],
    tracks: pd.DataFrame,
    bootstrap: Bootstrap = BOOTSTRAP,
    *,
    reference: tuple[str, str],
    networks: Sequence[str] = (),
    recipes: Sequence[str] = (),
) -> pd.DataFrame:
    """Compare candidates with one of them, by the validation songs of the first fold.

    All models of a network and recipe predict their own validation songs; together they are compared with the
    reference on the songs that both predicted. Stale runs are left out.

    Parameters
    ----------
    runs : sequence of Finished
        Candidates.
    tracks : pd.DataFrame
        The tracks table.
    bootstrap : Bootstrap
    reference : (str, str)
        Network and recipe.
    networks, recipes : sequence of str
        What is compared; empty = the reference's own.

    Returns
    -------
    pd.DataFrame
        `TRIED_COLUMNS`: song ``accuracy`` of the candidate and of the ``reference``, their ``difference`` with a
        95 % interval; the reference itself comes first and differs by nothing. Empty if it, or everything else,
        was not run.
    """
    pairs = [(network, recipe) for network in networks or reference[:1] for recipe in recipes or reference[1:]]
    order = list(dict.fromkeys([reference, *pairs]))
    runs = [run for run in runs if (run.run.architecture, run.run.recipe) in order and not run.stale]
    runs = [run for run in runs if run.run.fold == min(one.run.fold for one in runs)]
    there = {(run.run.architecture, run.run.recipe) for run in runs}
    if reference not in there or len(there) < 2:
        return pd.DataFrame(columns=TRIED_COLUMNS)
    collected = sorted(collect(runs, tracks, "validation"), key=lambda one: order.index((one.network, one.recipe)))
    own = {
        predictions.head: predictions
        for predictions in collected
        if (predictions.network, predictions.recipe) == reference
    }
    rows = [
        _tried(predictions, own[predictions.head], bootstrap) for predictions in collected if predictions.head in own
    ]
    return pd.DataFrame(rows, columns=TRIED_COLUMNS)


def _tried(predictions: Predictions, reference: Predictions, bootstrap: Bootstrap) -> dict:
    return predictions.identity | difference(predictions, reference, ("accuracy", "reference", "difference"), bootstrap)


def recipes_tried(runs: Sequence[Finished], tracks: pd.DataFrame, bootstrap: Bootstrap = BOOTSTRAP) -> pd.DataFrame:
    """Compare the recipe ``tuned`` with the poster's and with itself but for one ingredient, see `tried`."""
    changed = [run.run.architecture for run in runs if run.run.recipe.startswith(f"{TUNED}_")]
    network = max(dict.fromkeys(changed), key=changed.count, default="")
    known = {run.run.recipe for run in runs if run.run.architecture == network}
    recipes = [name for name in RECIPES if name in known]
    return tried(runs, tracks, bootstrap, reference=(network, TUNED), recipes=recipes)


def networks_tried(runs: Sequence[Finished], tracks: pd.DataFrame, bootstrap: Bootstrap = BOOTSTRAP) -> pd.DataFrame:
    """Compare the poster's network with itself but for one choice, as the poster's search did, see `tried`."""
    known = {run.run.architecture for run in runs if run.run.recipe == POSTER}
    networks = [name for name in VARIANTS if name in known]
    return tried(runs, tracks, bootstrap, reference=("yu2018", POSTER), networks=networks)


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
        metrics = run.metrics
        scores = {row["candidate"]: row for row in metrics.get("validation", [])}
        for head, candidate in metrics.get("chosen", {}).items():
            row = {"split": run.run.split, "fold": run.run.fold, "head": head, "chosen": candidate}
            row |= {"networks": sum(recipe != BASELINE for _, recipe in members(candidate))}
            row |= {
                "validation": scores[candidate][head],
                "songs": scores[candidate]["songs"],
                "candidates": len(scores),
            }
            rows.append(row)
    return pd.DataFrame(rows, columns=CHOSEN_COLUMNS)


def swept(runs: Sequence[Finished], table: pd.DataFrame) -> pd.DataFrame:
    """Accuracy per song of recipes with other settings, beside the recipes that they change.

    Parameters
    ----------
    runs : sequence of Finished
        What `table` was made of; stale ones are left out.
    table : pd.DataFrame
        As from `lib.evaluation.results.results`.

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
    validation = [
        _validation(runs, *row) for row in own[["network", "split", "recipe", "head"]].itertuples(index=False)
    ]
    return own.assign(validation=validation)[SWEPT_COLUMNS]


def _validation(runs: Sequence[Finished], network: str, split: str, recipe: str, head: str) -> float:
    """Mean accuracy on validation songs of the runs of one row; NaN where there is none."""
    found = [
        one.metrics["parts"].get("validation", {}).get(head, {}).get("song", {}).get("accuracy", np.nan)
        for one in runs
        if (one.run.architecture, one.run.split, one.run.recipe) == (network, split, recipe)
        and one.run.share == 1
        and not one.stale
    ]
    return float(np.mean(found)) if found else np.nan
