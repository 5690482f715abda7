"""Do heads that learn together help or harm one another? The same network, with some of its heads and with all."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from lib.evaluation.answers import collect
from lib.evaluation.beyond import span
from lib.evaluation.claims import name_of
from lib.evaluation.differences import SURE, difference
from lib.evaluation.hard import p_value
from lib.evaluation.intervals import clusters, measured, percentiles, resampled
from lib.evaluation.numbers import collect_numbers
from lib.evaluation.pooling import Tested
from lib.evaluation.significance import holm
from lib.evaluation.tables import identity
from lib.evaluation.words import fixed, listed, percent, points, sentence
from lib.paths import Study
from lib.runs import Finished

TASK_COLUMNS = (
    "network", "protocol", "recipe", "head", "score", "heads", "names", "runs", "n_songs", "value", "low", "high",
    "least", "difference", "difference_low", "difference_high", "p", "p_holm",
)  # fmt: skip
FEW = 3  # heads that are named one by one
TABLE = "together"  # name of the table in which 05 keeps the result
NO_TASKS = (
    "No network of this study was trained with some of its heads only, so whether heads help one another is not known."
)


def together(runs: Sequence[Finished], tracks: pd.DataFrame, *, resamples: int = 2000, seed: int = 0) -> pd.DataFrame:
    """Score of each head by song, by the heads that were trained with it. Page 05.

    Only folds and seeds that were run with every set of heads count, so that each is asked about the same songs. Stale
    runs and those of a part of the artists are left out.

    Parameters
    ----------
    runs : sequence of Finished
    tracks : pd.DataFrame
        The tracks table.
    resamples, seed : int

    Returns
    -------
    pd.DataFrame
        Columns `TASK_COLUMNS`, by head and rising number of ``heads``, of which ``names`` are the others: ``score`` is
        ``accuracy`` or, of numbers, ``r2``; ``difference`` is ``value`` less that of the smallest set (which has
        ``least`` heads), paired over the songs, with its interval and, of accuracies, the ``p`` of a sign-flip test and
        ``p_holm``, corrected for their number under the protocol. Empty unless a network was trained with several sets.
    """
    grouped: dict[tuple, dict[frozenset[str], list[Finished]]] = {}
    for one in runs:
        if not one.stale and not one.run.candidate and one.run.share == 1:
            key = (one.run.architecture, one.run.protocol, one.run.recipe)
            grouped.setdefault(key, {}).setdefault(frozenset(one.metrics["heads"]), []).append(one)
    rows = []
    for by_heads in grouped.values():
        common = set.intersection(*({(one.run.fold, one.run.seed) for one in own} for own in by_heads.values()))
        if len(by_heads) < 2 or not common:
            continue
        answers: dict[str, dict[frozenset[str], Tested]] = {}
        for heads in sorted(by_heads, key=lambda names: (len(names), sorted(names))):
            own = [one for one in by_heads[heads] if (one.run.fold, one.run.seed) in common]
            for found in (*collect(own, tracks), *collect_numbers(own, tracks)):
                answers.setdefault(found.head, {})[heads] = found
        for by_set in answers.values():
            rows += _of_head(by_set, resamples, seed) if len(by_set) > 1 else []
    table = pd.DataFrame(rows, columns=list(TASK_COLUMNS[:-1]))
    return table.assign(p_holm=table.groupby("protocol")["p"].transform(holm))


def _of_head(by_set: dict[frozenset[str], Tested], resamples: int, seed: int) -> list[dict]:
    least, alone = next(iter(by_set.items()))
    rows = []
    for heads, answers in by_set.items():
        ids, sums = answers.sums("song")
        groups, strata = clusters(answers.tracks.loc[ids].reset_index(), answers.protocol)
        known = len(strata) > 1
        drawn = resampled(sums, answers.measure, groups, strata, resamples, seed) if known else None
        low, high = (float("nan"),) * 2 if drawn is None else percentiles(drawn)
        row = {**identity(answers), "score": answers.score, "heads": len(heads), "runs": len(answers.runs)}
        row |= {"names": ", ".join(sorted(heads - {answers.head})), "n_songs": len(ids), "least": len(least)}
        row |= {"value": float(measured(sums, answers.measure)), "low": low, "high": high}
        if heads != least:
            names = ("with", "without", "difference")
            found = difference(answers, alone, "song", answers.protocol, resamples, seed, names)
            row |= {"difference": found["difference"], "p": found["p"]}
            row |= {"difference_low": found["low"], "difference_high": found["high"]}
        rows.append(row)
    return rows


def sets(table: pd.DataFrame) -> list[str]:
    """Name of each row's set of heads: ``alone``, the others where they are few, or what the largest set has more."""
    largest = [set(names.split(", ")) for names in table.loc[table["heads"] == table["heads"].max(), "names"]]
    every = set().union(*largest, set(table["head"]))
    found = []
    for row in table.itertuples():
        others = set(row.names.split(", ")) - {""}
        left_out = sorted(every - others - {row.head})
        if not others:
            found.append("alone")
        elif not left_out and len(others) > FEW:
            found.append(f"with all {len(others)} others")
        elif len(others) > FEW:
            found.append(f"with {len(others)} others, without {listed(_plain(left_out))}")
        else:
            found.append(f"with {listed(_plain(sorted(others)))}")
    return found


def _plain(names: Sequence[str]) -> list[str]:
    return [name.replace("_", " ") for name in names]


def together_claim(table: pd.DataFrame) -> str:
    """Title of the figure: for which heads learning together is established to change anything. Page 05."""
    own = table.loc[table["score"] == "accuracy"].dropna(subset="difference")
    if not len(own):
        return NO_TASKS.removesuffix(".")
    changed = own.loc[own["p_holm"] < SURE]
    if not len(changed):
        return f"That other heads help or harm {listed(dict.fromkeys(own['head']))} is not established"
    parts = [
        f"{'helps' if row['difference'] > 0 else 'harms'} {row['head']} ({points(row['difference'])})"
        for _, row in changed.assign(what=sets(table.loc[changed.index])).iterrows()
    ]
    return f"Learning together with other heads {listed(dict.fromkeys(parts))}"


def together_sentences(table: pd.DataFrame) -> list[str]:
    """Say of each head what learning together with others changes. Page 05.

    Parameters
    ----------
    table : pd.DataFrame
        As from `together`.
    """
    told = []
    named = table.assign(names=sets(table)).replace({"difference": {-0.0: 0.0}})
    for (_, protocol, _, head), rows in named.groupby(["network", "protocol", "recipe", "head"], sort=False):
        first, others = rows.iloc[0], rows.iloc[1:]
        accuracy = first["score"] == "accuracy"
        shown = percent if accuracy else (lambda value: fixed(value, 2).replace("-", "−"))
        changes = []
        for _, row in others.iterrows():
            if accuracy:
                side = "more" if row["difference"] > 0 else "less"
                by = f"{points(row['difference'])} {side} {span(row['difference_low'], row['difference_high'])}"
                sure = f"{p_value(row['p_holm'])}, {'' if row['p_holm'] < SURE else 'not '}established"
            else:
                low, high = (fixed(row[f"difference_{end}"], 2).replace("-", "−") for end in ("low", "high"))
                by = f"{fixed(row['difference'], 2).replace('-', '−')} (95\u00a0% interval {low} to {high})"
                sure = "established" if row["difference_low"] > 0 or row["difference_high"] < 0 else "not established"
            changes.append(f"{row['names']} {shown(row['value'])}: {by}, {sure}")
        what = "names" if accuracy else "reaches an R² of"
        of = (
            f" the {head} of {shown(first['value'])} of the songs"
            if accuracy
            else f" {shown(first['value'])} in {head}"
        )
        told.append(
            sentence(f"under `{protocol}`, {name_of(first)} {what}{of} when that head learns {first['names']}; "
                     f"{'; '.join(changes)}")
        )  # fmt: skip
    return told


def together_elsewhere(study: Study) -> list[str]:
    """Say what heads that learn together change in another study. Page 05.

    Parameters
    ----------
    study : Study
        Evaluated; its table ``together`` is read.
    """
    file = study.tables / f"{TABLE}.csv"
    if not file.is_file():
        return [
            f"The study `{study.name}`, whose networks were trained with several sets of heads, was not run yet: "
            f"`make report STUDY={study.name} DATA=<folder of the music>`."
        ]
    table = pd.read_csv(file, keep_default_na=True).fillna({"names": ""})
    own = table.loc[table["score"] == "accuracy"]
    return [f"In the study `{study.name}`: {told}" for told in together_sentences(own)]
