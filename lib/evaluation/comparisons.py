"""Differences of accuracy: what a stricter split takes away, who leads, who beats the best baseline, and how far
seeds and folds lie apart.

Differences are paired: the same folds, seeds and songs on both sides, artists resampled together. A difference is
significant if its p value, corrected for the number of comparisons it is made with, is below .05.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from itertools import combinations, pairwise

import numpy as np
import pandas as pd

from lib.errors import ReportError
from lib.evaluation.bootstrap import BOOTSTRAP, Bootstrap, bounded, columns, gap, percentiles, quotient, two_sided
from lib.evaluation.predictions import IDENTITY, LEVELS, Predictions, Tested, collect, same_folds
from lib.evaluation.results import labels, leaky
from lib.evaluation.significance import ALPHA, holm
from lib.models.baselines import SILENT
from lib.runs.store import Finished
from lib.splits import CONTROLS, SINGLE, SPLITS
from lib.training.recipes import BALANCED, BASELINE, BEST, base_of

ONE_MODEL = "song and model"


def difference(
    one: Tested,
    other: Tested,
    names: tuple[str, str, str] = ("one", "other", "difference"),
    bootstrap: Bootstrap = BOOTSTRAP,
    *,
    level: str = "song",
    pooled: bool = False,
) -> dict:
    """Score of `one` minus that of `other`, paired over the songs that both tested.

    Artists are resampled together, seeds independently. A baseline has no seed.

    Parameters
    ----------
    one, other : Tested
    names : tuple of str
        Of the columns of the two scores and their difference.
    bootstrap : Bootstrap
    level : {'slice', 'song'}
    pooled : bool
        Compare answers of several models with answers of one as well.

    Returns
    -------
    dict
        The two scores and their difference under `names`, ``low``, ``high``, its p value ``p``
        (`lib.evaluation.bootstrap.two_sided`), ``n_songs`` and ``seeds``; of accuracies also ``share_lost`` with
        ``share_lost_low`` and ``share_lost_high``: the difference over what `one` has above the most frequent class.

    Raises
    ------
    ReportError
        If the two have other folds or seeds, no song in common, or, unless `pooled`, answers for a song by another
        number of models each.
    """
    sides = [f"{side.network} under {side.split}" for side in (one, other)]
    trained = [side.trainings for side in (one, other)]
    if one.baseline != other.baseline:
        trained = [{fold for fold, _ in found} for found in trained]
    if trained[0] != trained[1]:
        raise ReportError(f"{sides[0]} and {sides[1]} were not trained with the same folds and seeds.")
    models = [0 if level == "slice" or pooled else side.songs["models"].max() for side in (one, other)]
    if models[0] != models[1]:
        raise ReportError(
            f"{sides[0]} answers for a song by the mean of {models[0]} models, {sides[1]} by that of {models[1]}."
        )
    summed = [one.sums(level), other.sums(level)]
    common = summed[0][0].intersection(summed[1][0])
    if not len(common):
        raise ReportError(f"{sides[0]} and {sides[1]} tested no song in common.")
    drawn = one.clusters(common)
    found = [
        replace(bootstrap, side=place).estimate(sums[ids.get_indexer(common)], side.measure, *drawn)
        for place, (side, (ids, sums)) in enumerate(zip((one, other), summed, strict=True))
    ]
    (value, samples), (reference, others) = found
    result = {
        names[0]: float(value),
        names[1]: float(reference),
        **columns(names[2], gap(*found), "low", "high"),
        "p": two_sided(value - reference, samples - others),
        "n_songs": len(common),
        "seeds": len({seed for _, seed in one.trainings}),
    }
    if one.score == "accuracy":
        chance = float(np.mean(pd.Series(one.truth(common)).value_counts(normalize=True).max()))
        lost = quotient(value - reference, value - chance), *percentiles(quotient(samples - others, samples - chance))
        result |= columns("share_lost", lost)
    return result


def compared(name: str, one: Tested, other: Tested, bootstrap: Bootstrap) -> dict[str, float]:
    """Columns ``<name>``, ``<name>_low``, ``<name>_high`` and ``p`` of the `difference` of two scores per song.

    None where they have no fold, seed and song in common.
    """
    sides = matched(one, other)
    found = difference(*sides, bootstrap=bootstrap) if sides else {}
    return columns(name, [found[key] for key in ("difference", "low", "high")]) | {"p": found["p"]} if found else {}


def matched(one: Tested, other: Tested) -> tuple[Tested, Tested] | None:
    """Reduce two to the folds and seeds that both have, a baseline to the folds; None if no song is left to both."""
    sides = one, other
    if one.baseline == other.baseline:
        common = [one.trainings & other.trainings] * 2
    else:
        folds = {fold for fold, _ in one.trainings} & {fold for fold, _ in other.trainings}
        common = [{training for training in side.trainings if training[0] in folds} for side in sides]
    if not all(common):
        return None
    sides = tuple(side.of_trainings(kept) for side, kept in zip(sides, common, strict=True))
    return sides if set(sides[0].songs["track_id"]) & set(sides[1].songs["track_id"]) else None


def drops(collected: Sequence[Predictions], bootstrap: Bootstrap = BOOTSTRAP) -> pd.DataFrame:
    """How much accuracy a stricter split takes away, over the folds, seeds and songs of both of each of the `steps`.

    Baselines that use no audio are left out. Under ``random`` a song's slices are tested by several models, under
    ``artist`` by one. So three levels are compared: ``slice``, ``song and model``, where one model answers with those
    slices of a song that one model tests under the leaky split, and ``song``, where all slices are pooled, of however
    many models they are.

    Returns
    -------
    pd.DataFrame
        ``network``, ``recipe``, ``head``, ``level``, ``leaky``, ``strict``, ``before``, ``after``,
        ``drop`` = before - after with ``low`` and ``high``, ``share_lost`` with its interval, ``n_songs``, ``seeds``,
        ``models`` that a song's answer averages before and after, ``p``, ``p_holm``, corrected for the number of drops
        at the level, and ``significant``.
    """
    run = {a.split for a in collected}
    found = {tuple(a.identity.values()): a for a in collected}
    rows = []
    for easy, strict in steps(run):
        for (network, split, recipe, head), after in found.items():
            before = found.get((network, easy, recipe, head))
            if split != strict or before is None or network in SILENT or not (sides := matched(before, after)):
                continue
            model = sides[0].slices.drop_duplicates("slice").set_index("slice")["fold"]
            split_up = tuple(side.by_model(model) for side in sides)
            for level, pair in (("slice", sides), (ONE_MODEL, split_up), ("song", sides)):
                at = "slice" if level == "slice" else "song"
                lost = difference(*pair, ("before", "after", "drop"), bootstrap, level=at, pooled=level == "song")
                models = " and ".join(str(side.frame(at).get("models", pd.Series([1])).max()) for side in pair)
                row = {**after.identity, "level": level, "leaky": easy, "strict": strict, "models": models}
                rows.append(row | lost)
    names = ["network", "recipe", "head", "level", "leaky", "strict", "before", "after", "drop", "low", "high"]
    names += [*bounded("share_lost"), "n_songs", "seeds", "models", "p"]
    return significant(pd.DataFrame(rows, columns=names), "level")


def significant(table: pd.DataFrame, by: str | list[str]) -> pd.DataFrame:
    """Add ``p_holm``, ``p`` corrected for the number of rows that are alike in `by`, and ``significant``."""
    corrected = table.groupby(by)["p"].transform(holm) if len(table) else table["p"]
    return table.assign(p_holm=corrected, significant=corrected < ALPHA)


def steps(run: Collection[str]) -> list[tuple[str, str]]:
    """Pairs of splits between which a drop is measured, of those that were run.

    From `leaky` to each stricter one; where there are several, also from each of these to the next, which tells
    what the song lends from what the artist lends; and between the controls.
    """
    easy = leaky(run)
    stricter = [strict for strict in SPLITS[SPLITS.index(easy) + 1 :] if strict in run]
    return [
        *((easy, strict) for strict in reversed(stricter)),
        *pairwise(strict for strict in stricter if strict not in SINGLE),
        *([CONTROLS] if {*CONTROLS} <= {*run} else []),
    ]


def whole_drops(dropped: pd.DataFrame) -> pd.DataFrame:
    """Rows of `drops` from the split that drops are measured from to the strictest, without steps and controls."""
    own = dropped.loc[dropped["leaky"] == leaky(dropped["leaky"])]
    known = [split for split in SPLITS if split in set(own["strict"])]
    return own.loc[own["strict"].isin(known[-1:])]


def ranking(collected: Sequence[Predictions], bootstrap: Bootstrap = BOOTSTRAP) -> pd.DataFrame:
    """Every two networks compared under one split and recipe, paired over the songs both tested.

    What the recipe ``best`` selected is compared with every network, and a network with itself under another
    recipe; both recipes then stand in the table. Baselines are left out (`against_baselines`), the recipe
    ``balanced`` (`lib.evaluation.learning_curve.balance`), and the points of a sweep (`lib.evaluation.ablations`), all
    pairs of which are too many to read or to correct for.

    Returns
    -------
    pd.DataFrame
        ``split``, ``recipe`` (of the better and the worse, if they differ), ``head``, ``level``,
        ``better``, ``worse``, ``difference`` >= 0 with ``low`` and ``high``, ``n_songs``, ``seeds``, ``p`` and
        ``p_holm``, corrected for the number of comparisons under the split at the level, and ``significant``.
    """
    rows = []
    own = [a for a in collected if a.recipe not in (BASELINE, BALANCED) and a.recipe == base_of(a.recipe)]
    for one, other in combinations(own, 2):
        alike = one.recipe == other.recipe or BEST in (one.recipe, other.recipe) or one.network == other.network
        if not alike or (one.split, one.head) != (other.split, other.head) or not (sides := matched(one, other)):
            continue
        for level in LEVELS:
            better, worse = sorted(sides, key=lambda a: -a.value(level))
            row = difference(better, worse, bootstrap=bootstrap, level=level) | one.identity | {"level": level}
            row |= {"better": better.network, "worse": worse.network}
            rows.append(row | {"recipe": ", ".join(dict.fromkeys((better.recipe, worse.recipe)))})
    names = ["split", "recipe", "head", "level", "better", "worse", "difference", "low", "high"]
    return significant(pd.DataFrame(rows, columns=[*names, "n_songs", "seeds", "p"]), ["split", "level"])


def sides(ranks: pd.DataFrame) -> list[tuple[str, str]]:
    """Names of the better and the worse of each row of `ranking`, with the recipe where a network has several."""
    recipes = ranks["recipe"].str.split(", ")
    pairs = [(ranks["better"], recipes.str[0]), (ranks["worse"], recipes.str[-1])]
    names = labels(pd.concat([pd.DataFrame({"network": name, "recipe": recipe}) for name, recipe in pairs]))
    return list(zip(names[: len(ranks)], names[len(ranks) :], strict=True))


def against_baselines(
    collected: Sequence[Tested], bootstrap: Bootstrap = BOOTSTRAP, *, head: str = "", named: Sequence[str] = ()
) -> pd.DataFrame:
    """Every network compared with the best baseline, per song and paired over the songs both tested.

    The best baseline is the one that scored highest on the test songs under the same split. That choice
    knows the test songs, which raises the bar: to beat it is, if anything, harder than it should be. Baselines that
    are `named` are each compared with instead, if they were run; an empty `head` means all.

    Returns
    -------
    pd.DataFrame
        ``network``, ``split``, ``recipe``, ``head``, ``baseline``, ``difference`` = network - baseline
        with ``low`` and ``high``, ``n_songs``, ``score`` (``accuracy``, or ``r2`` of a number), ``value``
        and ``baseline_value`` on these songs, ``p`` and ``p_holm``, corrected for the number of comparisons under the
        split; ``significant``, whether the network leads.
    """
    rows = []
    for predictions in collected:
        if predictions.baseline or head not in ("", predictions.head):
            continue
        rivals = [a for a in collected if a.baseline and (a.split, a.head) == (predictions.split, predictions.head)]
        if named:
            rivals = [rival for name in named for rival in rivals if rival.network == name]
        else:
            scored = [rival for rival in rivals if np.isfinite(rival.value("song"))]
            rivals = [max(scored, key=lambda rival: rival.value("song"))] if scored else []
        for rival in rivals:
            if not (sides := matched(predictions, rival)):
                continue
            found = difference(*sides, ("value", "baseline_value", "difference"), bootstrap)
            rows.append({**predictions.identity, "baseline": rival.network, "score": predictions.score, **found})
    names = [*IDENTITY, "baseline", "difference", "low", "high", "n_songs", "score", "value", "baseline_value"]
    table = significant(pd.DataFrame(rows, columns=[*names, "p"]), "split")
    return table.assign(significant=table["significant"] & (table["difference"] > 0))


def spread(runs: Sequence[Finished], tracks: pd.DataFrame) -> pd.DataFrame:
    """Accuracy per song of each fold of the first seed, and of each seed over the folds that all seeds have.

    `runs` are of whole training sets; baselines are left out.

    Returns
    -------
    pd.DataFrame
        ``network``, ``split``, ``recipe``, ``head``, ``over`` (``fold`` or ``seed``), ``number`` of it,
        ``accuracy`` and ``n_songs``. A network of one fold, or of one seed, has no rows for it.
    """
    grouped: dict[tuple, dict[int, list[Finished]]] = {}
    for one in runs:
        if one.run.recipe != BASELINE:
            key = (one.run.architecture, one.run.split, one.run.recipe, one.stale)
            grouped.setdefault(key, {}).setdefault(one.run.seed, []).append(one)
    parts = []
    for by_seed in grouped.values():
        first, alike = by_seed[min(by_seed)], same_folds(by_seed, "fold")
        parts += [("fold", one.run.fold, [one]) for one in first if len(first) > 1]
        parts += [("seed", seed, alike[seed]) for seed in sorted(alike) if len(alike) > 1 and alike[seed]]
    rows = []
    for over, number, own in parts:
        for found in collect(own, tracks):
            row = {**found.identity, "over": over, "number": number, "accuracy": found.value("song")}
            rows.append(row | {"n_songs": found.songs["track_id"].nunique()})
    return pd.DataFrame(rows, columns=[*IDENTITY, "over", "number", "accuracy", "n_songs"])


def widths(table: pd.DataFrame) -> pd.DataFrame:
    """Give ``n``, ``lowest``, ``highest`` and ``sd`` of the accuracies of `spread` over folds and seeds."""
    grouped = table.groupby([*IDENTITY, "over"], sort=False)["accuracy"]
    return grouped.agg(n="size", lowest="min", highest="max", sd="std").reset_index()
