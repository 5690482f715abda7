"""The result tables: accuracies with intervals, the poster beside ours."""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from lib import scores
from lib.evaluation import poster
from lib.evaluation.answers import LEVELS, STALE, Answers
from lib.evaluation.intervals import accuracy_interval, clusters, interval, wilson
from lib.evaluation.pooling import Tested
from lib.evaluation.words import fixed
from lib.recipes import BASELINE, BEST, POSTER
from lib.splits import PROTOCOLS

PUBLISHED = "poster's own"
RESULT_COLUMNS = (
    "network", "protocol", "recipe", "head", "level", "n_songs", "accuracy", "low", "high", "runs",
    "kappa", "train_accuracy", "majority", "macro_f1", "macro_f1_low", "macro_f1_high",
)  # fmt: skip


def labels(table: pd.DataFrame) -> pd.Series:
    """Name of each row's network; with the recipe behind it where a network has several. Page 05."""
    several = table.groupby("network")["recipe"].transform("nunique") > 1
    return table["network"].where(~several, table["network"] + ", " + table["recipe"])


def of_networks(table: pd.DataFrame) -> pd.DataFrame:
    """Rows of networks, without the baselines; all rows where there are only baselines."""
    own = table.loc[table["recipe"] != BASELINE]
    return own if len(own) else table


def featured(table: pd.DataFrame) -> pd.DataFrame:
    """Rows that the general figures show: the poster's recipe, what was selected, baselines; without the first, all.
    Page 05.

    Other recipes of a network have comparisons of their own, and would crowd every figure.
    """
    plain = table["recipe"].isin([POSTER, BEST, BASELINE])
    shown = table.loc[plain] if (table["recipe"] == POSTER).any() else table
    # Of what was selected, some answers for whole songs; beside networks that hear one slice it would look too good.
    return shown.loc[(shown["recipe"] != BEST) | (shown["level"] != "slice")] if "level" in shown else shown


def featured_answers(collected: Iterable[Tested]) -> list:
    """Answers that the general figures show, chosen as by `featured`. Page 05."""
    collected = list(collected)
    plain = [answers for answers in collected if answers.recipe in (POSTER, BEST, BASELINE)]
    return plain if any(answers.recipe == POSTER for answers in collected) else collected


def networks(collected: Iterable[Tested]) -> list:
    """Answers of networks, without those of baselines; all where there are only baselines. Page 05."""
    collected = list(collected)
    return [answers for answers in collected if not answers.baseline] or collected


def main_network(table: pd.DataFrame) -> str:
    """Choose the network that single-network figures show: ``this_project`` if it was run, else the first. Page 05.

    Empty if the table is.
    """
    table = of_networks(table)
    fresh = table.loc[~table["network"].str.endswith(STALE)] if len(table) else table
    names = list((fresh if len(fresh) else table)["network"].unique())
    return "this_project" if "this_project" in names else names[0] if names else ""


def main_rows(table: pd.DataFrame) -> pd.DataFrame:
    """Rows of the main network under one recipe: the poster's, or the first where that was not run. Pages 05 and 09."""
    own = of_networks(table)
    own = own.loc[own["network"] == main_network(table)]
    recipes = list(own["recipe"].unique())
    return own.loc[own["recipe"] == (POSTER if POSTER in recipes else recipes[0])] if recipes else own


def leaky(protocols: Iterable[str]) -> str:
    """Choose the protocol that drops are measured from: ``slice``, or the leakiest where that was not run. Page 05."""
    known = [protocol for protocol in PROTOCOLS if protocol in set(protocols)]
    return "slice" if "slice" in known or not known else known[0]


def strictest(collected: Sequence[Answers], network: str) -> list[Answers]:
    """Answers of a network under the strictest protocol it was run under; of all networks if it was not run. Page 05.

    Of several recipes under that protocol the first counts, which is the poster's if that was run.
    """
    own = [answers for answers in collected if answers.network == network] or networks(collected)
    order = [protocol for protocol in PROTOCOLS if any(answers.protocol == protocol for answers in own)]
    own = [answers for answers in own if answers.protocol in order[-1:]]
    return [answers for answers in own if answers.recipe == own[0].recipe]


def identity(answers: Tested) -> dict[str, str]:
    """Give the columns that say which answers a row of a table is about."""
    return {name: getattr(answers, name) for name in ("network", "protocol", "recipe", "head")}


def results(collected: Iterable[Answers], *, resamples: int = 2000, seed: int = 0) -> pd.DataFrame:
    """Accuracy of everything that was run. Page 05.

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
        mean over the runs; ``majority`` the share of the most frequent class in the test part; ``macro_f1``
        with its interval, of the same resamples, the mean over the classes of F1 (`lib.scores.categorical`).
    """
    rows = []
    for answers in collected:
        for level in LEVELS:
            songs, right, count = answers.tally(level)
            drawn = clusters(answers.tracks.loc[songs].reset_index(), answers.protocol)
            value, low, high = accuracy_interval(right, count, *drawn, resamples=resamples, seed=seed)
            frame = answers.frame(level)
            f1, f1_low, f1_high = interval(
                answers.class_sums(level)[1], scores.macro_f1, *drawn, resamples=resamples, seed=seed
            )
            if value == 1:  # nothing to resample, as in the accuracy's own interval
                f1_low, f1_high = low, high
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
                    "macro_f1": float(f1),
                    "macro_f1_low": float(f1_low),
                    "macro_f1_high": float(f1_high),
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
    """Put the poster's table beside ours. Page 05.

    Parameters
    ----------
    table : pd.DataFrame
        As from `results`.

    Returns
    -------
    pd.DataFrame
        ``network``, ``protocol`` (`PUBLISHED` for the poster's rows), ``level`` and for each head
        ``<head>_train``, ``<head>_test``, ``<head>_interval`` (text; the poster's are Wilson's for its
        225 test samples) and ``<head>_kappa``. A network that only one of the two has stands alone; other
        recipes than the poster's and baselines are left out.
    """
    table = table.loc[table["recipe"] == POSTER]
    heads = list(dict.fromkeys([*next(iter(poster.POSTER.values())), *table["head"]]))
    rows, done = [], set()
    for (network, _), ours in table.assign(label=labels(table)).groupby(["network", "recipe"], sort=False):
        if network in poster.POSTER and network not in done:
            rows.append(_published(network))
        done.add(network)
        for (protocol, level), part in ours.groupby(["protocol", "level"], sort=False):
            row = {"network": part["label"].iloc[0], "protocol": protocol, "level": level}
            for one in part.itertuples():
                row |= _cells(one.head, one.train_accuracy, one.accuracy, one.low, one.high, one.kappa)
            rows.append(row)
    rows += [_published(network) for network in poster.POSTER if network not in done]
    columns = [f"{head}_{part}" for head in heads for part in ("train", "test", "interval", "kappa")]
    return pd.DataFrame(rows).reindex(columns=["network", "protocol", "level", *columns])


def _published(network: str) -> dict:
    row = {"network": network, "protocol": PUBLISHED, "level": ""}
    for head, parts in poster.POSTER[network].items():
        row |= _cells(head, parts["train"], parts["test"], *wilson(parts["test"], poster.SIZES["test"]))
    return row


def _cells(head: str, train: float, test: float, low: float, high: float, agreement: float = np.nan) -> dict:
    span = "" if np.isnan(low) else f"{low:.3f} to {high:.3f}"
    return {f"{head}_train": train, f"{head}_test": test, f"{head}_interval": span, f"{head}_kappa": agreement}


def by_protocol(table: pd.DataFrame, level: str = "song") -> pd.DataFrame:
    """Accuracy with its interval as text, a row a network and head, a column a protocol. Page 05.

    Parameters
    ----------
    table : pd.DataFrame
        As from `results`.
    level : str
    """
    own = table.loc[table["level"] == level]
    own = own.assign(network=labels(own), text=with_span(own, "accuracy", "low", "high"))
    order = [name for name in PROTOCOLS if name in set(own["protocol"])]
    rows = list(dict.fromkeys(zip(own["network"], own["head"], strict=True)))
    wide = own.pivot(index=["network", "head"], columns="protocol", values="text").reindex(rows, columns=order)
    return wide.fillna("").rename_axis(columns=None).reset_index()


def with_span(table: pd.DataFrame, value: str, low: str, high: str, digits: int = 2) -> list[str]:
    """Text of a score and its interval, ``0.52 (0.43 to 0.61)``, row by row; an en dash where there is no score."""
    texts = []
    for score, lowest, highest in zip(table[value], table[low], table[high], strict=True):
        known = np.isfinite(lowest) and np.isfinite(highest)
        span = f" ({fixed(lowest, digits)} to {fixed(highest, digits)})" if known else ""
        texts.append(f"{fixed(score, digits)}{span}" if np.isfinite(score) else "–")
    return texts


def with_intervals(table: pd.DataFrame, digits: int = 2) -> pd.DataFrame:
    """Join each score with its ``<score>_low`` and ``<score>_high`` to one text, ``0.52 (0.43 to 0.61)``. Page 05."""
    shown = table.copy()
    for score in [name.removesuffix("_low") for name in table.columns if name.endswith("_low")]:
        shown[score] = with_span(table, score, f"{score}_low", f"{score}_high", digits)
    return shown.drop(columns=[name for name in shown if name.endswith(("_low", "_high"))])


def readable(table: pd.DataFrame, digits: int = 3) -> pd.DataFrame:
    """Write a table for reading: rounded, an en dash for what is missing, words in the column heads.
    Pages 05, 06, 07 and 09.

    The first column becomes the index.
    """
    shown = table.copy()
    for column in shown.columns:
        values = shown[column]
        if pd.api.types.is_float_dtype(values):
            shown[column] = [fixed(value, digits) if np.isfinite(value) else "–" for value in values]
        else:
            shown[column] = values.astype(object).where(values.notna() & (values.astype(str) != ""), "–")
    shown.columns = [str(column).replace("_", " ") for column in shown.columns]
    return shown.set_index(shown.columns[0])
