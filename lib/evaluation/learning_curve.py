"""Would more music help, or classes that weigh alike? Accuracy by share of the training artists, and by weighting."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from lib import scores
from lib.evaluation.answers import Answers, collect
from lib.evaluation.beyond import span
from lib.evaluation.claims import UNCORRECTED, name_of
from lib.evaluation.differences import difference
from lib.evaluation.intervals import accuracy_interval, clusters, measured, percentiles, resampled
from lib.evaluation.tables import identity
from lib.evaluation.words import listed, percent, points, sentence, whole
from lib.paths import Study
from lib.recipes import BALANCED, POSTER
from lib.runs import Finished
from lib.splits import GROUPS

CURVE_COLUMNS = (
    "network", "protocol", "recipe", "head", "share", "trained_on", "runs", "n_songs", "accuracy", "low", "high",
    "gained", "gained_low", "gained_high", "missing", "missing_low", "missing_high",
)  # fmt: skip
BALANCE_COLUMNS = (
    "network", "protocol", "head", "measure", "plain", "balanced", "difference", "low", "high", "n_songs",
)  # fmt: skip
EVEN = 1.2  # the largest class over the smallest, up to which classes count as equal
NO_CURVE = "No network of this study was trained on a part of the artists, so whether more music helps is not known."
NO_BALANCE = "No network of this study was trained with classes that weigh alike, so what that does is not known."


def learning_curve(
    runs: Sequence[Finished], tracks: pd.DataFrame, *, resamples: int = 2000, seed: int = 0
) -> pd.DataFrame:
    """Accuracy by song with a part of the training artists (or songs), and with all. Page 05.

    Only folds and seeds that were run with every share count, so that each share is asked about the same songs.
    Stale runs are left out.

    Parameters
    ----------
    runs : sequence of Finished
        With ``run.share``; not candidates.
    tracks : pd.DataFrame
        The tracks table.
    resamples, seed : int

    Returns
    -------
    pd.DataFrame
        Columns `CURVE_COLUMNS`, by rising ``share``: ``trained_on`` is the number of training songs, mean over the
        runs, NaN where unknown; ``gained`` the accuracy less that with the smallest share, ``missing`` that with the
        largest share less this one, both paired over the songs, with intervals; NaN where both are the same. Empty
        unless a network was trained with several shares.
    """
    grouped: dict[tuple[str, str, str], dict[float, list[Finished]]] = {}
    for one in runs:
        if not one.stale and not one.run.candidate and not one.run.heads:
            key = (one.run.architecture, one.run.protocol, one.run.recipe)
            grouped.setdefault(key, {}).setdefault(one.run.share, []).append(one)
    rows = []
    for by_share in grouped.values():
        common = set.intersection(*({(one.run.fold, one.run.seed) for one in own} for own in by_share.values()))
        if len(by_share) < 2 or not common:
            continue
        own = {
            part: [one for one in by_share[part] if (one.run.fold, one.run.seed) in common] for part in sorted(by_share)
        }
        answers = {part: {a.head: a for a in collect(own[part], tracks)} for part in own}
        for head in answers[max(own)]:
            if all(head in found for found in answers.values()):
                curve = {part: found[head] for part, found in answers.items()}
                rows += [_point(curve, part, own[part], resamples, seed) for part in curve]
    return pd.DataFrame(rows, columns=list(CURVE_COLUMNS))


def _point(curve: dict[float, Answers], part: float, runs: list[Finished], resamples: int, seed: int) -> dict:
    answers = curve[part]
    ids, right, count = answers.tally("song")
    drawn = clusters(answers.tracks.loc[ids].reset_index(), answers.protocol)
    value = accuracy_interval(right, count, *drawn, resamples=resamples, seed=seed)
    row = {**identity(answers), "share": part, "trained_on": _trained_on(runs, answers.head)}
    row |= {"runs": len(runs), "n_songs": len(ids)} | dict(zip(("accuracy", "low", "high"), value, strict=True))
    for name, one, other in (("gained", part, min(curve)), ("missing", max(curve), part)):
        if one == other:
            continue
        names = ("more", "less", name)
        found = difference(curve[one], curve[other], "song", answers.protocol, resamples, seed, names)
        row |= {name: found[name], f"{name}_low": found["low"], f"{name}_high": found["high"]}
    return row


def _trained_on(runs: list[Finished], head: str) -> float:
    """Mean number of training songs with a label; NaN where unknown."""
    parts = [one.metrics.get("parts", {}).get("train", {}).get(head, {}).get("song", {}).get("n") for one in runs]
    known = [n for n in parts if n is not None]
    return float(np.mean(known)) if known else float("nan")


def balance(collected: Iterable[Answers], *, resamples: int = 2000, seed: int = 0) -> pd.DataFrame:
    """Compare the recipe ``balanced``, in which every class weighs alike, with ``poster``, by song. Page 05.

    Parameters
    ----------
    collected : iterable of Answers
    resamples, seed : int

    Returns
    -------
    pd.DataFrame
        Columns `BALANCE_COLUMNS`: ``measure`` is ``accuracy``, ``macro-F1`` or ``recall of <class>``;
        ``difference`` = balanced - plain, each the mean over its seeds, paired over the songs that both tested;
        its interval resamples songs, under ``artist`` artists within genre; ``n_songs`` those of the class for a
        recall.
    """
    found = {tuple(identity(answers).values()): answers for answers in collected}
    rows = []
    for (network, protocol, recipe, head), weighted in found.items():
        plain = found.get((network, protocol, POSTER, head))
        if recipe == BALANCED and plain is not None:
            about = {"network": network, "protocol": protocol, "head": head}
            rows += [about | row for row in _compared(plain, weighted, resamples, seed)]
    return pd.DataFrame(rows, columns=list(BALANCE_COLUMNS))


def _compared(plain: Answers, weighted: Answers, resamples: int, seed: int) -> list[dict]:
    classes = list(dict.fromkeys([*plain.classes, *weighted.classes]))
    summed = [answers.class_sums("song") for answers in (plain, weighted)]
    common = summed[0][0].intersection(summed[1][0])
    groups, strata = clusters(plain.tracks.loc[common].reset_index(), plain.protocol)
    values, samples = [], []
    for answers, (ids, sums) in zip((plain, weighted), summed, strict=True):
        place = [answers.classes.index(name) if name in answers.classes else -1 for name in classes]
        own = sums[ids.get_indexer(common)]
        values.append(measured(own, _measures(place)) if len(common) else np.full(2 + len(classes), np.nan))
        if len(strata) > 1:
            samples.append(resampled(own, _measures(place), groups, strata, resamples, seed))
    true = plain.songs.drop_duplicates("track_id").set_index("track_id")["true"].loc[common]
    support = [len(common), len(common), *(int((true == name).sum()) for name in classes)]
    rows = []
    for i, measure in enumerate(["accuracy", "macro-F1", *(f"recall of {name}" for name in classes)]):
        low, high = percentiles(samples[1][:, i] - samples[0][:, i]) if samples else (float("nan"),) * 2
        before, after = float(values[0][i]), float(values[1][i])
        row = {"measure": measure, "plain": before, "balanced": after, "difference": after - before}
        rows.append(row | {"low": low, "high": high, "n_songs": support[i]})
    return rows


def _measures(place: list[int]):
    """Accuracy, macro-F1 and the recall of each class [shape=(..., m)] of sums of `Answers.class_sums`."""

    def measure(sums: np.ndarray) -> np.ndarray:
        right, truths = sums[..., 0, :], sums[..., 1, :]
        with np.errstate(invalid="ignore", divide="ignore"):
            recall = np.where(np.array(place) >= 0, right[..., place] / truths[..., place], np.nan)
            accuracy = right.sum(axis=-1) / truths.sum(axis=-1)
        return np.concatenate([accuracy[..., None], scores.macro_f1(sums)[..., None], recall], axis=-1)

    return measure


def curve_sentence(rows: pd.DataFrame) -> str:
    """Say of one network and head whether more music helps and whether the last step still does. Page 05.

    Parameters
    ----------
    rows : pd.DataFrame
        Rows of `learning_curve` of one network, protocol, recipe and head.
    """
    rows = rows.sort_values("share")
    first, last = rows.iloc[0], rows.iloc[-1]
    groups = GROUPS.get(first["protocol"], ("", "artists"))[1]
    told = (
        f"under `{first['protocol']}`, {name_of(first)} names the {first['head']} of {percent(first['accuracy'])} of "
        f"the songs when trained on {percent(first['share'])} of the training {groups}{_songs(first)} and of "
        f"{percent(last['accuracy'])} with {_all(last['share'])}{_songs(last)}, {_change(last, 'gained')}: "
        f"that more music helps {_verdict(last, 'gained')}"
    )
    if len(rows) < 3:
        return sentence(told)
    step = rows.iloc[-2]
    return sentence(
        f"{told}. The last step, from {percent(step['share'])} to {_all(last['share'])}, brings "
        f"{_change(step, 'missing')}: that the curve still rises there {_verdict(step, 'missing')}"
    )


def _songs(row: pd.Series) -> str:
    return "" if pd.isna(row["trained_on"]) else f" ({row['trained_on']:.0f} songs)"


def _all(share: float) -> str:
    return "all" if share == 1 else percent(share)


def _change(row: pd.Series, name: str) -> str:
    value = row[name]
    side = " more" if value > 0 else " less" if value < 0 else ""
    return f"{points(value)}{side} {span(row[f'{name}_low'], row[f'{name}_high'])}"


def _verdict(row: pd.Series, name: str) -> str:
    if row[f"{name}_low"] > 0:
        return "is established"
    return "is not established" + ("; that it harms is" if row[f"{name}_high"] < 0 else "")


def curve_claim(table: pd.DataFrame) -> str:
    """Title of the figure of learning curves: for which heads more music is established to help. Page 05."""
    if not len(table):
        return NO_CURVE.removesuffix(".")
    ends = table.loc[table.groupby(["network", "protocol", "recipe", "head"], sort=False)["share"].idxmax()]
    named = ends["head"] + " of " + ends["network"]
    sure = list(dict.fromkeys(named[ends["gained_low"] > 0]))
    unsure = [name for name in dict.fromkeys(named) if name not in sure]
    least = percent(table["share"].min())
    parts = [f"an established gain for {listed(sure)}"] if sure else []
    parts += [f"none established for {listed(unsure)}"] if unsure else []
    return f"From {least} of the training artists to all of them: {', '.join(parts)}"


def balance_elsewhere(study: Study) -> list[str]:
    """Say what weighing every class alike changed in another study, whose classes are unequal. Page 05.

    Parameters
    ----------
    study : Study
        Evaluated; its table ``balance`` is read.
    """
    file = study.tables / "balance.csv"
    if not file.is_file():
        return [
            f"The study `{study.name}`, whose classes are unequal, was not run with the recipe `balanced` yet: "
            f"`make report STUDY={study.name} DATA=<folder of the music>`."
        ]
    table = pd.read_csv(file)
    by_head = table.groupby(["network", "protocol", "head"], sort=False)
    return [f"In the study `{study.name}`: {balance_sentence(rows)}" for _, rows in by_head]


def balance_sentence(rows: pd.DataFrame) -> str:
    """Say what weighing every class alike changes. Page 05.

    Parameters
    ----------
    rows : pd.DataFrame
        Rows of `balance` of one network, protocol and head.
    """
    first = rows.iloc[0]
    rows = rows.dropna(subset=["difference"])
    recalls = rows.loc[rows["measure"].str.startswith("recall of ")]
    sizes = recalls["n_songs"]
    changes = [
        f"{row['measure']} by {whole(row['difference'])} {span(row['low'], row['high'])}" for _, row in rows.iterrows()
    ]
    most = f" to {sizes.max()}" if sizes.max() > sizes.min() else ""
    where = f"under `{first['protocol']}`, where a {first['head']} has {sizes.min()}{most} songs"
    if sizes.max() <= EVEN * sizes.min():
        return sentence(
            f"{where}, the classes are as good as equal already, so that weighing them alike cannot show what it is "
            f"worth; the two trainings of `{first['network']}` differ, in points, in {listed(changes)}, by chance"
        )
    sure = rows.loc[(rows["low"] > 0) | (rows["high"] < 0), "measure"]
    return sentence(
        f"{where}, weighing every {first['head']} alike in training changes `{first['network']}` in points: "
        f"{listed(changes)}; established: {listed(sure)} ({UNCORRECTED})"
    )
