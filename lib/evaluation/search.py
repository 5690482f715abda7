"""What was tried before anything was tested: candidates compared by their dev songs."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from lib.evaluation.answers import Answers, collect
from lib.evaluation.differences import difference
from lib.recipes import BASELINE, POSTER, RECIPES, members
from lib.runs.store import Finished
from lib.zoo import VARIANTS

TUNED = "tuned"
COLUMNS = ["network", "recipe", "head", "accuracy", "reference", "difference", "low", "high", "n_songs"]


def tried(
    runs: Sequence[Finished],
    tracks: pd.DataFrame,
    *,
    reference: tuple[str, str],
    networks: Sequence[str] = (),
    recipes: Sequence[str] = (),
    resamples: int = 2000,
    seed: int = 0,
) -> pd.DataFrame:
    """Compare candidates with one of them, by the dev songs of the first fold.

    All models of a network and recipe answer for their own dev songs; together they are compared with the
    reference on the songs that both answered for. Stale runs are left out.

    Parameters
    ----------
    runs : sequence of Finished
        Candidates.
    tracks : pd.DataFrame
        The tracks table.
    reference : (str, str)
        Network and recipe.
    networks, recipes : sequence of str
        What is compared; empty = the reference's own.
    resamples, seed : int

    Returns
    -------
    pd.DataFrame
        `COLUMNS`: song ``accuracy`` of the candidate and of the ``reference``, their ``difference`` with a
        95 % interval; the reference itself comes first and differs by nothing. Empty if it, or everything else,
        was not run.
    """
    wanted = {(network, recipe) for network in networks or reference[:1] for recipe in recipes or reference[1:]} | {
        reference
    }
    runs = [run for run in runs if (run.run.architecture, run.run.recipe) in wanted and not run.stale]
    fold = min((run.run.fold for run in runs), default=0)
    runs = [run for run in runs if run.run.fold == fold]
    there = {(run.run.architecture, run.run.recipe) for run in runs}
    if reference not in there or len(there) < 2:
        return pd.DataFrame(columns=COLUMNS)
    collected = collect(runs, tracks, "dev")
    own = {answers.head: answers for answers in collected if (answers.network, answers.recipe) == reference}
    order = [reference, *((n, r) for n in networks or reference[:1] for r in recipes or reference[1:])]
    place = {pair: number for number, pair in reversed(list(enumerate(order)))}
    rows = [_row(answers, own[answers.head], resamples, seed) for answers in collected if answers.head in own]
    rows.sort(key=lambda row: place[row["network"], row["recipe"]])
    return pd.DataFrame(rows, columns=COLUMNS)


def recipes_tried(runs: Sequence[Finished], tracks: pd.DataFrame, **bootstrap) -> pd.DataFrame:
    """Compare the recipe ``tuned`` with the poster's, and with itself but for one ingredient, on one network. Page 05.

    Parameters
    ----------
    runs, tracks
        As of `tried`.
    **bootstrap
        ``resamples`` and ``seed``.
    """
    changed = [run.run for run in runs if run.run.recipe.startswith(f"{TUNED}_")]
    networks = [run.architecture for run in changed]
    network = max(dict.fromkeys(networks), key=networks.count, default="")
    known = {run.run.recipe for run in runs if run.run.architecture == network}
    recipes = [name for name in RECIPES if name in known]
    return tried(runs, tracks, reference=(network, TUNED), recipes=recipes, **bootstrap)


def networks_tried(runs: Sequence[Finished], tracks: pd.DataFrame, **bootstrap) -> pd.DataFrame:
    """Compare the poster's network with itself but for one choice, as the poster's search did. Page 05.

    Parameters
    ----------
    runs, tracks
        As of `tried`.
    **bootstrap
        ``resamples`` and ``seed``.
    """
    known = {run.run.architecture for run in runs if run.run.recipe == POSTER}
    networks = [name for name in VARIANTS if name in known]
    return tried(runs, tracks, reference=("this_project", POSTER), networks=networks, **bootstrap)


def _row(answers: Answers, reference: Answers, resamples: int, seed: int) -> dict:
    names = ("accuracy", "reference", "difference")
    found = difference(answers, reference, "song", answers.protocol, resamples, seed, names)
    return {"network": answers.network, "recipe": answers.recipe, "head": answers.head, **found}


def chosen(runs: Sequence[Finished]) -> pd.DataFrame:
    """List what the recipe ``best`` chose. Page 05.

    Returns
    -------
    pd.DataFrame
        One row a run and head: ``protocol``, ``fold``, ``head``, ``chosen``, ``dev`` (its score on dev songs),
        ``songs`` and ``candidates``, the number of those to choose from. Empty without such a run.
    """
    rows = []
    for run in runs:
        metrics = run.metrics
        for head, candidate in metrics.get("chosen", {}).items():
            scores = {row["candidate"]: row for row in metrics["dev"]}
            rows.append(
                {
                    "protocol": run.run.protocol,
                    "fold": run.run.fold,
                    "head": head,
                    "chosen": candidate,
                    "dev": scores[candidate][head],
                    "songs": scores[candidate]["songs"],
                    "candidates": len(scores),
                }
            )
    return pd.DataFrame(rows, columns=["protocol", "fold", "head", "chosen", "dev", "songs", "candidates"])


def without_networks(picked: pd.DataFrame) -> list[str]:
    """Say in how many folds what was chosen for a head learns no features at all. Page 05.

    Parameters
    ----------
    picked : pd.DataFrame
        As from `chosen`.
    """
    told = []
    for head, rows in picked.groupby("head", sort=False):
        by_hand = sum(all(recipe == BASELINE for _, recipe in members(text)) for text in rows["chosen"])
        told.append(
            f"{head.capitalize()}: in {by_hand} of {len(rows)} folds what was chosen has no network in it"
            + (" and answers from features made by hand alone." if by_hand else ".")
        )
    return told


def _points(share: float) -> str:
    return f"{round(100 * share):+d} points".replace("-", "−")


def tried_claim(table: pd.DataFrame, what: str) -> str:
    """One sentence on a table of `tried`: which changes are established, and which helped or harmed most. Page 05.

    Parameters
    ----------
    table : pd.DataFrame
        As `tried` returns it.
    what : str
        What is changed, such as ``"recipe"`` or ``"network"``; the column that names a row.
    """
    if table.empty:
        return "Nothing else was tried"
    changes = table[(table["network"] != table["network"].iloc[0]) | (table["recipe"] != table["recipe"].iloc[0])]
    sure = changes[(changes["low"] > 0) | (changes["high"] < 0)]
    count = f"{len(sure)} of {len(changes)} differences from {table[what].iloc[0]} are established on dev songs"
    worst, top = changes.loc[changes["difference"].idxmin()], changes.loc[changes["difference"].idxmax()]
    ends = dict.fromkeys(f"{row[what]} ({row['head']} {_points(row['difference'])})" for row in (worst, top))
    return f"{count}; {'they range from' if len(ends) > 1 else 'it is'} {' to '.join(ends)}"
