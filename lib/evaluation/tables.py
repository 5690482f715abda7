"""The result tables: accuracies with intervals, the poster beside ours, drops, rankings."""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from lib.evaluation import poster
from lib.evaluation.answers import LEVELS, STALE, Answers
from lib.evaluation.intervals import accuracy, accuracy_interval, bootstrap, clusters, percentiles, wilson
from lib.splits import PROTOCOLS

PUBLISHED = "poster's own"
RESULT_COLUMNS = (
    "network", "protocol", "recipe", "head", "level", "n_songs", "accuracy", "low", "high", "runs",
    "kappa", "train_accuracy", "majority",
)  # fmt: skip


def labels(table: pd.DataFrame) -> pd.Series:
    """Name of each row's network; with the recipe behind it where a network has several."""
    several = table.groupby("network")["recipe"].transform("nunique") > 1
    return table["network"].where(~several, table["network"] + ", " + table["recipe"])


def main_network(table: pd.DataFrame) -> str:
    """Choose the network that single-network figures show: ``this_project`` if it was run, else the first."""
    fresh = table.loc[~table["network"].str.endswith(STALE)]
    names = list((fresh if len(fresh) else table)["network"].unique())
    return "this_project" if "this_project" in names else names[0]


def leaky(protocols: Iterable[str]) -> str:
    """Choose the protocol that drops are measured from: ``slice``, or the leakiest where that was not run."""
    known = [protocol for protocol in PROTOCOLS if protocol in set(protocols)]
    return "slice" if "slice" in known else known[0]


def strictest(collected: Sequence[Answers], network: str) -> list[Answers]:
    """Answers of a network under the strictest protocol it was run under; of all networks if it was not run."""
    own = [answers for answers in collected if answers.network == network] or list(collected)
    order = [protocol for protocol in PROTOCOLS if any(answers.protocol == protocol for answers in own)]
    return [answers for answers in own if answers.protocol == order[-1]]


def identity(answers: Answers) -> dict[str, str]:
    """Give the columns that say which answers a row of a table is about."""
    return {name: getattr(answers, name) for name in ("network", "protocol", "recipe", "head")}


def results(collected: Iterable[Answers], *, resamples: int = 2000, seed: int = 0) -> pd.DataFrame:
    """Accuracy of everything that was run.

    Parameters
    ----------
    collected : iterable of Answers
    resamples : int > 0
    seed : int >= 0

    Returns
    -------
    pd.DataFrame
        Columns `RESULT_COLUMNS`. ``accuracy`` pools the folds and averages over seeds; ``low`` and
        ``high`` are its 95 % bootstrap interval over songs, under ``artist`` over artists within genre;
        ``kappa`` is Cohen's (1960, doi 10.1177/001316446002000104), 0 = chance; ``train_accuracy`` the
        mean over the runs; ``majority`` the share of the most frequent class in the test part.
    """
    rows = []
    for answers in collected:
        for level in LEVELS:
            songs, right, count = answers.tally(level)
            drawn = clusters(answers.tracks.loc[songs].reset_index(), answers.protocol)
            value, low, high = accuracy_interval(right, count, *drawn, resamples=resamples, seed=seed)
            frame = answers.frame(level)
            rows.append(
                {
                    **identity(answers),
                    "level": level,
                    "n_songs": len(songs),
                    "accuracy": value,
                    "low": low,
                    "high": high,
                    "runs": len(answers.runs),
                    "kappa": kappa(frame),
                    "train_accuracy": answers.train[level],
                    "majority": frame["true"].value_counts(normalize=True).max(),
                }
            )
    return pd.DataFrame(rows, columns=list(RESULT_COLUMNS))


def kappa(frame: pd.DataFrame) -> float:
    """Cohen's kappa of answers, averaged over seeds; NaN where there is only one class."""
    from sklearn.metrics import cohen_kappa_score

    values = [
        cohen_kappa_score(part["true"].astype(str), part["said"].astype(str))
        for _, part in frame.groupby("seed")
        if part["true"].nunique() > 1
    ]
    return float(np.mean(values)) if values else float("nan")


def comparison(table: pd.DataFrame) -> pd.DataFrame:
    """Put the poster's table beside ours.

    Parameters
    ----------
    table : pd.DataFrame
        As from `results`.

    Returns
    -------
    pd.DataFrame
        ``network``, ``protocol`` (`PUBLISHED` for the poster's rows), ``level`` and for each head
        ``<head>_train``, ``<head>_test`` and ``<head>_interval`` (text; the poster's are Wilson's for its
        225 test samples). A network that only one of the two has stands alone.
    """
    heads = list(dict.fromkeys([*next(iter(poster.POSTER.values())), *table["head"]]))
    rows, done = [], set()
    for (network, _), ours in table.assign(label=labels(table)).groupby(["network", "recipe"], sort=False):
        if network in poster.POSTER and network not in done:
            rows.append(_published(network))
        done.add(network)
        for (protocol, level), part in ours.groupby(["protocol", "level"], sort=False):
            row = {"network": part["label"].iloc[0], "protocol": protocol, "level": level}
            for one in part.itertuples():
                row |= _cells(one.head, one.train_accuracy, one.accuracy, one.low, one.high)
            rows.append(row)
    rows += [_published(network) for network in poster.POSTER if network not in done]
    columns = [f"{head}_{part}" for head in heads for part in ("train", "test", "interval")]
    return pd.DataFrame(rows).reindex(columns=["network", "protocol", "level", *columns])


def _published(network: str) -> dict:
    row = {"network": network, "protocol": PUBLISHED, "level": ""}
    for head, parts in poster.POSTER[network].items():
        row |= _cells(head, parts["train"], parts["test"], *wilson(parts["test"], poster.SIZES["test"]))
    return row


def _cells(head: str, train: float, test: float, low: float, high: float) -> dict:
    span = "" if np.isnan(low) else f"{low:.3f} to {high:.3f}"
    return {f"{head}_train": train, f"{head}_test": test, f"{head}_interval": span}


def readable(table: pd.DataFrame, digits: int = 3) -> pd.DataFrame:
    """Write a table for reading: rounded, an en dash for what is missing, words in the column heads.

    The first column becomes the index.
    """
    shown = table.copy()
    for column in shown.columns:
        values = shown[column]
        if pd.api.types.is_float_dtype(values):
            shown[column] = [f"{value:.{digits}f}" if np.isfinite(value) else "–" for value in values]
        else:
            shown[column] = values.astype(object).where(values.notna() & (values.astype(str) != ""), "–")
    shown.columns = [str(column).replace("_", " ") for column in shown.columns]
    return shown.set_index(shown.columns[0])


def drops(
    collected: Sequence[Answers],
    pairs: Sequence[tuple[str, str]] = (),
    *,
    resamples: int = 2000,
    seed: int = 0,
) -> pd.DataFrame:
    """How much accuracy a stricter protocol takes away.

    Paired over the songs tested under both protocols; where these make fewer than two clusters (songs, or
    artists under ``artist``), the two sets are resampled independently.

    Parameters
    ----------
    collected : sequence of Answers
    pairs : sequence of (leaky, strict)
        Empty = `leaky` against each stricter protocol that was run.
    resamples, seed : int

    Returns
    -------
    pd.DataFrame
        ``network``, ``recipe``, ``head``, ``level``, ``leaky``, ``strict``, ``before``, ``after``,
        ``drop`` = before - after with ``low`` and ``high``, ``n_songs``, ``paired``.
    """
    if not pairs:
        run = {a.protocol for a in collected}
        easy = leaky(run)
        pairs = [(easy, strict) for strict in PROTOCOLS[PROTOCOLS.index(easy) + 1 :] if strict in run]
    found = {tuple(identity(a).values()): a for a in collected}
    rows = []
    for easy, strict in pairs:
        for (network, protocol, recipe, head), after in found.items():
            before = found.get((network, easy, recipe, head))
            if protocol != strict or before is None:
                continue
            for level in LEVELS:
                rows.append(
                    {"network": network, "recipe": recipe, "head": head, "level": level, "leaky": easy}
                    | {"strict": strict}
                    | _difference(before, after, level, strict, resamples, seed, names=("before", "after", "drop"))
                )
    columns = ["network", "recipe", "head", "level", "leaky", "strict"]
    columns += ["before", "after", "drop", "low", "high", "n_songs", "paired"]
    return pd.DataFrame(rows, columns=columns)


def ranking(collected: Sequence[Answers], *, resamples: int = 2000, seed: int = 0) -> pd.DataFrame:
    """Every two networks compared under one protocol and recipe, paired over the songs both tested.

    Returns
    -------
    pd.DataFrame
        ``protocol``, ``recipe``, ``head``, ``level``, ``better``, ``worse``, ``difference`` >= 0 with
        ``low`` and ``high``, ``n_songs``, ``paired``.
    """
    rows = []
    for i, one in enumerate(collected):
        for other in collected[i + 1 :]:
            if (one.protocol, one.recipe, one.head) != (other.protocol, other.recipe, other.head):
                continue
            for level in LEVELS:
                better, worse = sorted((one, other), key=lambda a: -accuracy(*a.tally(level)[1:]))
                names = ("better_accuracy", "worse_accuracy", "difference")
                found = _difference(better, worse, level, one.protocol, resamples, seed, names=names)
                rows.append(
                    {"protocol": one.protocol, "recipe": one.recipe, "head": one.head, "level": level}
                    | {"better": better.network, "worse": worse.network}
                    | found
                )
    columns = ["protocol", "recipe", "head", "level", "better", "worse"]
    columns += ["difference", "low", "high", "n_songs", "paired"]
    return pd.DataFrame(rows, columns=columns)


def _difference(
    one: Answers, other: Answers, level: str, rule: str, resamples: int, seed: int, names: tuple[str, str, str]
) -> dict:
    """Accuracy of `one` minus that of `other`, clusters as under protocol `rule`."""
    tallies = [one.tally(level), other.tally(level)]
    common = tallies[0][0].intersection(tallies[1][0])
    songs = [common, common]
    paired = len(common) > 0 and len(_drawn(one, common, rule)[1]) > 1
    if paired:
        tallies = [(common, *(values[ids.get_indexer(common)] for values in pair)) for ids, *pair in tallies]
        seeds = [seed, seed]
    else:
        songs, seeds = [ids for ids, *_ in tallies], [[seed, 0], [seed, 1]]
    values, samples = [], []
    for answers, ids, (_, right, count), start in zip((one, other), songs, tallies, seeds, strict=True):
        values.append(accuracy(right, count))
        groups, strata = _drawn(answers, ids, rule)
        samples.append(
            bootstrap(right, count, groups, strata, resamples, start) if len(strata) > 1 else np.full(resamples, np.nan)
        )
    low, high = percentiles(samples[0] - samples[1])
    return {
        **dict(zip(names, (*values, values[0] - values[1]), strict=True)),
        "low": low,
        "high": high,
        "n_songs": len(common) if paired else min(len(ids) for ids in songs),
        "paired": paired,
    }


def _drawn(answers: Answers, ids: pd.Index, rule: str) -> tuple[np.ndarray, np.ndarray]:
    return clusters(answers.tracks.loc[ids].reset_index(), rule)
