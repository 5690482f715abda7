"""Differences of accuracy: what a stricter split takes away, who leads, who beats the best baseline, and how far
seeds and folds lie apart.

Differences are paired, over the songs that both sides tested, and resampled together.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from itertools import combinations, pairwise

import numpy as np
import pandas as pd

from lib.evaluation.bootstrap import BOOTSTRAP, Bootstrap, columns, gap, share
from lib.evaluation.predictions import IDENTITY, LEVELS, Predictions, Tested, collect, same_folds
from lib.evaluation.results import labels, leaky
from lib.evaluation.significance import ALPHA, holm, sign_flip
from lib.runs.store import Finished
from lib.splits import CONTROLS, SINGLE, SPLITS
from lib.training.recipes import BALANCED, BASELINE, BEST, base_of


def difference(
    one: Tested,
    other: Tested,
    names: tuple[str, str, str] = ("one", "other", "difference"),
    bootstrap: Bootstrap = BOOTSTRAP,
    *,
    level: str = "song",
    split: str = "",
) -> dict:
    """Score of `one` minus that of `other`, paired where they tested the same songs.

    Where these make fewer than two clusters, the two sets are resampled independently. Clusters are those of `split`,
    or of the split of `one`.

    Returns
    -------
    dict
        The two scores and their difference under `names`, ``low``, ``high``, ``n_songs``, ``paired``, and ``p`` of
        the sign-flip test, NaN unless paired and of accuracies.
    """
    split = split or one.split
    summed = [one.sums(level), other.sums(level)]
    common = summed[0][0].intersection(summed[1][0])
    paired = len(common) > 0 and len(one.clusters(common, split)[1]) > 1
    if paired:
        summed = [(common, sums[ids.get_indexer(common)]) for ids, sums in summed]
    found = []
    for side, (tested, (ids, sums)) in enumerate(zip((one, other), summed, strict=True)):
        own = bootstrap if paired else replace(bootstrap, seed=[bootstrap.seed, side])
        found.append(own.estimate(sums, tested.measure, *tested.clusters(ids, split)))
    p = float("nan")
    if paired and one.score == "accuracy":
        correct = [share(sums.sum(axis=1)) * summed[0][1][..., 1].mean(axis=1) for _, sums in summed]
        p = sign_flip(correct[0] - correct[1], one.clusters(common, split)[0], seed=bootstrap.seed)
    return {
        **{name: float(value) for name, (value, _) in zip(names, found, strict=False)},
        **columns(names[2], gap(*found), "low", "high"),
        "n_songs": len(common) if paired else min(len(ids) for ids, _ in summed),
        "paired": paired,
        "p": p,
    }


def compared(name: str, one: Tested, other: Tested, bootstrap: Bootstrap) -> dict[str, float]:
    """Columns ``<name>``, ``<name>_low``, ``<name>_high`` and ``p`` of the `difference` of two scores per song."""
    found = difference(one, other, bootstrap=bootstrap)
    return columns(name, [found[key] for key in ("difference", "low", "high")]) | {"p": found["p"]}


def drops(collected: Sequence[Predictions], bootstrap: Bootstrap = BOOTSTRAP) -> pd.DataFrame:
    """How much accuracy a stricter split takes away.

    Paired over the songs tested under both splits of each of the `steps`. Where ``artist`` was run, every drop
    resamples artists, so that the steps can be set side by side.

    Returns
    -------
    pd.DataFrame
        ``network``, ``recipe``, ``head``, ``level``, ``leaky``, ``strict``, ``before``, ``after``,
        ``drop`` = before - after with ``low`` and ``high``, ``n_songs``, ``paired``.
    """
    run = {a.split for a in collected}
    found = {tuple(a.identity.values()): a for a in collected}
    rows = []
    for easy, strict in steps(run):
        for (network, split, recipe, head), after in found.items():
            before = found.get((network, easy, recipe, head))
            if split != strict or before is None:
                continue
            rule = "artist" if "artist" in run else strict
            for level in LEVELS:
                lost = difference(before, after, ("before", "after", "drop"), bootstrap, level=level, split=rule)
                rows.append({**after.identity, "level": level, "leaky": easy, "strict": strict, **lost})
    names = ["network", "recipe", "head", "level", "leaky", "strict", "before", "after", "drop", "low", "high"]
    return pd.DataFrame(rows, columns=[*names, "n_songs", "paired"])


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
        ``better``, ``worse``, ``difference`` >= 0 with ``low`` and ``high``, ``n_songs``, ``paired``, ``p`` of the
        sign-flip test over the same clusters and ``p_holm``, corrected for the number of comparisons under the
        split at the level.
    """
    rows = []
    own = [a for a in collected if a.recipe not in (BASELINE, BALANCED) and a.recipe == base_of(a.recipe)]
    for one, other in combinations(own, 2):
        alike = one.recipe == other.recipe or BEST in (one.recipe, other.recipe) or one.network == other.network
        if not alike or (one.split, one.head) != (other.split, other.head):
            continue
        for level in LEVELS:
            better, worse = sorted((one, other), key=lambda a: -a.value(level))
            row = difference(better, worse, bootstrap=bootstrap, level=level) | one.identity | {"level": level}
            row |= {"better": better.network, "worse": worse.network}
            rows.append(row | {"recipe": ", ".join(dict.fromkeys((better.recipe, worse.recipe)))})
    names = ["split", "recipe", "head", "level", "better", "worse", "difference", "low", "high"]
    table = pd.DataFrame(rows, columns=[*names, "n_songs", "paired", "p"])
    return table.assign(p_holm=table.groupby(["split", "level"])["p"].transform(holm))


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
        and ``baseline_value`` on these songs, ``paired``; of accuracies ``p`` of the sign-flip test and ``p_holm``,
        corrected for the number of comparisons under the split; ``significant``, whether the network leads: of
        accuracies by ``p_holm``, of numbers, which have none, by the interval.
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
            found = difference(predictions, rival, ("value", "baseline_value", "difference"), bootstrap)
            rows.append({**predictions.identity, "baseline": rival.network, "score": predictions.score, **found})
    names = [*IDENTITY, "baseline", "difference", "low", "high", "n_songs", "score", "value", "baseline_value"]
    table = pd.DataFrame(rows, columns=[*names, "paired", "p"])
    table = table.assign(p_holm=table.groupby("split")["p"].transform(holm))
    of_numbers = (table["score"] != "accuracy") & (table["low"] > 0)
    return table.assign(significant=(table["difference"] > 0) & ((table["p_holm"] < ALPHA) | of_numbers))


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
