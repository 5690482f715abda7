"""Differences of accuracy: what a stricter protocol takes away, who leads, who beats the best baseline.

Differences are paired, over the songs that both sides tested, and resampled together.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import pairwise

import numpy as np
import pandas as pd

from lib.evaluation.answers import LEVELS, Answers
from lib.evaluation.intervals import clusters, measured, percentiles, resampled, share
from lib.evaluation.pooling import Tested
from lib.evaluation.significance import holm, sign_flip
from lib.evaluation.tables import identity, leaky
from lib.recipes import BALANCED, BASELINE, BEST, base_of
from lib.splits import CONTROLS, PROTOCOLS, SINGLE

SURE = 0.05  # a corrected p below it establishes a difference


def drops(
    collected: Sequence[Answers],
    pairs: Sequence[tuple[str, str]] = (),
    *,
    resamples: int = 2000,
    seed: int = 0,
) -> pd.DataFrame:
    """How much accuracy a stricter protocol takes away. Page 05.

    Paired over the songs tested under both protocols; where these make fewer than two clusters, the two sets are
    resampled independently. Where ``artist`` was run, every drop resamples artists, so that the steps can be set side
    by side.

    Parameters
    ----------
    collected : sequence of Answers
    pairs : sequence of (leaky, strict)
        Empty = those of `steps`.
    resamples, seed : int

    Returns
    -------
    pd.DataFrame
        ``network``, ``recipe``, ``head``, ``level``, ``leaky``, ``strict``, ``before``, ``after``,
        ``drop`` = before - after with ``low`` and ``high``, ``n_songs``, ``paired``.
    """
    run = {a.protocol for a in collected}
    pairs = pairs or steps(run)
    found = {tuple(identity(a).values()): a for a in collected}
    rows = []
    for easy, strict in pairs:
        for (network, protocol, recipe, head), after in found.items():
            before = found.get((network, easy, recipe, head))
            if protocol != strict or before is None:
                continue
            rule = "artist" if "artist" in run else strict
            for level in LEVELS:
                rows.append(
                    {"network": network, "recipe": recipe, "head": head, "level": level, "leaky": easy}
                    | {"strict": strict}
                    | difference(before, after, level, rule, resamples, seed, names=("before", "after", "drop"))
                )
    columns = ["network", "recipe", "head", "level", "leaky", "strict"]
    columns += ["before", "after", "drop", "low", "high", "n_songs", "paired"]
    return pd.DataFrame(rows, columns=columns)


def steps(run: Collection[str]) -> list[tuple[str, str]]:
    """Pairs of protocols between which a drop is measured, of those that were run.

    From `leaky` to each stricter one; where there are several, also from each of these to the next, which tells
    what the song lends from what the artist lends; and between the controls.
    """
    easy = leaky(run)
    stricter = [strict for strict in PROTOCOLS[PROTOCOLS.index(easy) + 1 :] if strict in run]
    return [
        *((easy, strict) for strict in reversed(stricter)),
        *pairwise(strict for strict in stricter if strict not in SINGLE),
        *([CONTROLS] if {*CONTROLS} <= {*run} else []),
    ]


def whole_drops(dropped: pd.DataFrame) -> pd.DataFrame:
    """Rows of `drops` from the protocol that drops are measured from to the strictest, without steps and controls."""
    own = dropped.loc[dropped["leaky"] == leaky(dropped["leaky"])]
    known = [protocol for protocol in PROTOCOLS if protocol in set(own["strict"])]
    return own.loc[own["strict"].isin(known[-1:])]


def ranking(collected: Sequence[Answers], *, resamples: int = 2000, seed: int = 0) -> pd.DataFrame:
    """Every two networks compared under one protocol and recipe, paired over the songs both tested. Page 05.

    What the recipe ``best`` selected is compared with every network, and a network with itself under another
    recipe; both recipes then stand in the table. Baselines are left out (`against_baselines`), the recipe
    ``balanced`` (`lib.evaluation.balance`), and the points of a sweep (`lib.evaluation.swept`), all pairs of which
    are too many to read or to correct for.

    Returns
    -------
    pd.DataFrame
        ``protocol``, ``recipe`` (of the better and the worse, if they differ), ``head``, ``level``,
        ``better``, ``worse``, ``difference`` >= 0 with ``low`` and ``high``, ``n_songs``, ``paired``, ``p`` of the
        sign-flip test over the same clusters and ``p_holm``, corrected for the number of comparisons under the
        protocol at the level.
    """
    rows = []
    own = [a for a in collected if a.recipe not in (BASELINE, BALANCED) and a.recipe == base_of(a.recipe)]
    for i, one in enumerate(own):
        for other in own[i + 1 :]:
            if (one.protocol, one.head) != (other.protocol, other.head) or not _comparable(one, other):
                continue
            for level in LEVELS:
                better, worse = sorted((one, other), key=lambda a: -_value(a, level))
                names = ("better_accuracy", "worse_accuracy", "difference")
                found = difference(better, worse, level, one.protocol, resamples, seed, names=names)
                recipes = dict.fromkeys((better.recipe, worse.recipe))
                rows.append(
                    {"protocol": one.protocol, "recipe": ", ".join(recipes), "head": one.head, "level": level}
                    | {"better": better.network, "worse": worse.network}
                    | found
                )
    columns = ["protocol", "recipe", "head", "level", "better", "worse"]
    table = pd.DataFrame(rows, columns=[*columns, "difference", "low", "high", "n_songs", "paired", "p"])
    return table.assign(p_holm=table.groupby(["protocol", "level"])["p"].transform(holm))


def sides(ranks: pd.DataFrame) -> list[tuple[str, str]]:
    """Names of the better and the worse of each row of `ranking`, with the recipe where a network has several."""
    pairs = [(row.recipe.split(", ")[0], row.recipe.split(", ")[-1]) for row in ranks.itertuples()]
    named = list(zip(ranks["better"], ranks["worse"], pairs, strict=True))
    recipes: dict[str, set[str]] = {}
    for better, worse, own in named:
        for network, recipe in zip((better, worse), own, strict=True):
            recipes.setdefault(network, set()).add(recipe)
    return [
        tuple(
            f"{network}, {recipe}" if len(recipes[network]) > 1 else network
            for network, recipe in zip((better, worse), own, strict=True)
        )
        for better, worse, own in named
    ]


def _comparable(one: Answers, other: Answers) -> bool:
    return one.recipe == other.recipe or BEST in (one.recipe, other.recipe) or one.network == other.network


def _value(answers: Tested, level: str) -> float:
    return float(measured(answers.sums(level)[1], answers.measure))


def against_baselines(collected: Sequence[Tested], *, resamples: int = 2000, seed: int = 0) -> pd.DataFrame:
    """Every network compared with the best baseline, by song and paired over the songs both tested. Page 05.

    The best baseline is the one that scored highest on the test songs under the same protocol. That choice
    knows the test songs, which raises the bar: to beat it is, if anything, harder than it should be.

    Parameters
    ----------
    collected : sequence of Answers or Numbers
    resamples, seed : int

    Returns
    -------
    pd.DataFrame
        ``network``, ``protocol``, ``recipe``, ``head``, ``baseline``, ``difference`` = network - baseline
        with ``low`` and ``high``, ``n_songs``, ``score`` (``accuracy``, or ``r2`` of a number), ``value``
        and ``baseline_value`` on these songs, ``paired``; of accuracies ``p`` of the sign-flip test and ``p_holm``,
        corrected for the number of comparisons under the protocol; ``established``, whether the network leads: of
        accuracies by ``p_holm``, of numbers, which have none, by the interval.
    """
    rows = []
    for answers in collected:
        rivals = [a for a in collected if a.baseline and (a.protocol, a.head) == (answers.protocol, answers.head)]
        rivals = [rival for rival in rivals if np.isfinite(_value(rival, "song"))]
        if answers.baseline or not rivals:
            continue
        best = max(rivals, key=lambda rival: _value(rival, "song"))
        names = ("value", "baseline_value", "difference")
        found = difference(answers, best, "song", answers.protocol, resamples, seed, names=names)
        rows.append({**identity(answers), "baseline": best.network, "score": answers.score, **found})
    columns = ["network", "protocol", "recipe", "head", "baseline", "difference", "low", "high", "n_songs"]
    table = pd.DataFrame(rows, columns=[*columns, "score", "value", "baseline_value", "paired", "p"])
    table = table.assign(p_holm=table.groupby("protocol")["p"].transform(holm))
    of_numbers = (table["score"] != "accuracy") & (table["low"] > 0)
    return table.assign(established=(table["difference"] > 0) & ((table["p_holm"] < SURE) | of_numbers))


def difference(
    one: Tested, other: Tested, level: str, rule: str, resamples: int, seed: int, names: tuple[str, str, str]
) -> dict:
    """Score of `one` minus that of `other`, paired where they tested the same songs.

    Returns
    -------
    dict
        The two scores and their difference under `names`, ``low``, ``high``, ``n_songs``, ``paired``, and ``p`` of
        the sign-flip test, NaN unless paired and of accuracies; clusters are drawn as under protocol `rule`.
    """
    summed = [one.sums(level), other.sums(level)]
    common = summed[0][0].intersection(summed[1][0])
    paired = len(common) > 0 and len(_drawn(one, common, rule)[1]) > 1
    seeds: list = [seed, seed]
    if paired:
        summed = [(common, sums[ids.get_indexer(common)]) for ids, sums in summed]
    else:
        seeds = [[seed, 0], [seed, 1]]
    values, samples = [], []
    for answers, (ids, sums), start in zip((one, other), summed, seeds, strict=True):
        values.append(float(measured(sums, answers.measure)))
        groups, strata = _drawn(answers, ids, rule)
        samples.append(
            resampled(sums, answers.measure, groups, strata, resamples, start)
            if len(strata) > 1
            else np.full(resamples, np.nan)
        )
    low, high = percentiles(samples[0] - samples[1])
    p = float("nan")
    if paired and one.score == "accuracy":
        right = [share(sums.sum(axis=1)) * summed[0][1][..., 1].mean(axis=1) for _, sums in summed]
        p = sign_flip(right[0] - right[1], _drawn(one, common, rule)[0], seed=seed)
    return {
        **dict(zip(names, (*values, values[0] - values[1]), strict=True)),
        "low": low,
        "high": high,
        "n_songs": len(common) if paired else min(len(ids) for ids, _ in summed),
        "paired": paired,
        "p": p,
    }


def _drawn(answers: Tested, ids: pd.Index, rule: str) -> tuple[np.ndarray, np.ndarray]:
    return clusters(answers.tracks.loc[ids].reset_index(), rule)
