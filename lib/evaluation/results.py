"""The result tables of classes and of numbers, and which of their rows speak for a study."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from lib.evaluation.bootstrap import BOOTSTRAP, Bootstrap, bounded, columns
from lib.evaluation.predictions import IDENTITY, LEVELS, STALE, Numbers, Predictions, Tested
from lib.io import write_csv
from lib.runs import metrics
from lib.splits import SPLITS
from lib.training.recipes import BASELINE, BEST, PLAIN, plain

RESULT_COLUMNS = [
    *IDENTITY, "level", "n_songs", "accuracy", "low", "high", "runs", "kappa", "train_accuracy", "majority",
    *bounded("macro_f1"),
]  # fmt: skip
NUMBER_COLUMNS = [*IDENTITY, "level", "n_songs", *bounded("r2", "r", "ccc"), "runs"]


def results(collected: Iterable[Predictions], bootstrap: Bootstrap = BOOTSTRAP) -> pd.DataFrame:
    """Accuracy of everything that was run.

    Returns
    -------
    pd.DataFrame
        Columns `RESULT_COLUMNS`. ``accuracy`` pools the folds and averages over seeds; ``low`` and
        ``high`` are its 95 % bootstrap interval over songs, under ``artist`` over artists within genre;
        ``kappa`` is Cohen's (1960, doi 10.1177/001316446002000104), 0 = chance; ``train_accuracy`` the
        mean over the runs; ``majority`` the share of the most frequent class in the test part; ``macro_f1``
        with its interval, of the same resamples, the mean over the classes of F1 (`lib.runs.metrics.categorical`).
    """
    rows = []
    for predictions in collected:
        for level in LEVELS:
            songs, sums = predictions.sums(level)
            drawn, frame = predictions.clusters(songs), predictions.frame(level)
            accuracy = bootstrap.ratio(sums, *drawn)
            f1 = bootstrap.interval(predictions.class_sums(level)[1], metrics.macro_f1, *drawn)
            if accuracy[0] == 1:  # nothing to resample, as in the accuracy's own interval
                f1 = (f1[0], *accuracy[1:])
            row = {**predictions.identity, "level": level, "n_songs": len(songs), "runs": len(predictions.runs)}
            row |= columns("accuracy", accuracy, "low", "high") | columns("macro_f1", f1)
            row |= {"kappa": kappa(frame), "train_accuracy": predictions.train[level]}
            rows.append(row | {"majority": frame["true"].value_counts(normalize=True).max()})
    return pd.DataFrame(rows, columns=RESULT_COLUMNS)


def numeric_results(collected: Iterable[Numbers], bootstrap: Bootstrap = BOOTSTRAP) -> pd.DataFrame:
    """Scores of everything that predicted a number.

    Returns
    -------
    pd.DataFrame
        Columns `NUMBER_COLUMNS`. R2, Pearson's r and the concordance correlation coefficient (`lib.runs.metrics`)
        pool the folds and are averaged over seeds; each with its 95 % bootstrap interval over songs, under
        ``artist`` over artists within genre. NaN where undefined.
    """
    rows = []
    for predictions in collected:
        for level in LEVELS:
            songs, sums = predictions.sums(level)
            found = bootstrap.interval(sums, predictions.measures, *predictions.clusters(songs))
            row = {**predictions.identity, "level": level, "n_songs": len(songs), "runs": len(predictions.runs)}
            for name, *bounds in zip(("r2", "r", "ccc"), *found, strict=True):
                row |= columns(name, bounds)
            rows.append(row)
    return pd.DataFrame(rows, columns=NUMBER_COLUMNS)


def keep(table: pd.DataFrame, path: Path) -> None:
    """Write a result table, or remove that of an earlier evaluation where there is nothing to write."""
    if len(table):
        write_csv(table, path)
    else:
        path.unlink(missing_ok=True)


def kappa(frame: pd.DataFrame) -> float:
    """Cohen's kappa of predictions, averaged over seeds; NaN where there is only one class."""
    from sklearn.metrics import cohen_kappa_score

    values = [
        cohen_kappa_score(part["true"].astype(str), part["predicted"].astype(str))
        for _, part in frame.groupby("seed")
        if part["true"].nunique() > 1
    ]
    return float(np.mean(values)) if values else float("nan")


def by_strictness(splits: Iterable[str]) -> list[str]:
    """Order splits from the leakiest to the strictest."""
    given = set(splits)
    return [name for name in SPLITS if name in given] + sorted(given - set(SPLITS))


def leaky(splits: Iterable[str]) -> str:
    """Choose the split that drops are measured from: ``random``, or the leakiest where that was not run."""
    known = [split for split in SPLITS if split in set(splits)]
    return "random" if "random" in known or not known else known[0]


def labels(table: pd.DataFrame) -> pd.Series:
    """Name of each row's network; with the recipe behind it where a network has several."""
    several = table.groupby("network")["recipe"].transform("nunique") > 1
    return table["network"].where(~several, table["network"] + ", " + table["recipe"])


def of_networks(table: pd.DataFrame) -> pd.DataFrame:
    """Rows of networks, without the baselines; all rows where there are only baselines."""
    own = table.loc[table["recipe"] != BASELINE]
    return own if len(own) else table


def networks(collected: Iterable[Tested]) -> list:
    """Predictions of networks, without those of baselines; all where there are only baselines."""
    collected = list(collected)
    return [predictions for predictions in collected if not predictions.baseline] or collected


def featured(table: pd.DataFrame) -> pd.DataFrame:
    """Rows that the general figures show: the plain recipe, what was selected, baselines; without the first, all.

    Other recipes of a network have comparisons of their own.
    """
    recipe = plain(table["recipe"])
    shown = table.loc[table["recipe"].isin([recipe, BEST, BASELINE])] if recipe in PLAIN else table
    # Some of what was selected predicts whole songs; per slice it has an advantage over networks, which see one slice.
    return shown.loc[(shown["recipe"] != BEST) | (shown["level"] != "slice")] if "level" in shown else shown


def featured_predictions(collected: Iterable[Tested]) -> list:
    """Predictions that the general figures show, chosen as by `featured`."""
    collected = list(collected)
    recipe = plain(predictions.recipe for predictions in collected)
    return [one for one in collected if recipe not in PLAIN or one.recipe in (recipe, BEST, BASELINE)]


def main_network(table: pd.DataFrame) -> str:
    """Choose the network that single-network figures show: ``yu2018`` if it was run, else the first.

    Empty if the table is.
    """
    names = list(dict.fromkeys(of_networks(table)["network"]))
    names = [name for name in names if not name.endswith(STALE)] or names
    return "yu2018" if "yu2018" in names else names[0] if names else ""


def main_rows(table: pd.DataFrame) -> pd.DataFrame:
    """Rows of the main network under one recipe, the plain one."""
    own = of_networks(table)
    own = own.loc[own["network"] == main_network(table)]
    return own.loc[own["recipe"] == plain(own["recipe"])]


def strict_rows(table: pd.DataFrame) -> pd.DataFrame:
    """Rows of the main network and of what was selected, each under the strictest split it has."""
    own = pd.concat([main_rows(table), table.loc[table["recipe"] == BEST]]).drop_duplicates()
    if not len(own):
        return own
    strictest = own.groupby(["network", "recipe"])["split"].transform(lambda run: by_strictness(run)[-1])
    return own.loc[own["split"] == strictest]


def strictest(collected: Sequence[Predictions], network: str) -> list[Predictions]:
    """Predictions of a network under the strictest split it was run under; of all networks if it was not run.

    Of several recipes under that split the plain one counts.
    """
    own = [predictions for predictions in collected if predictions.network == network] or networks(collected)
    order = [split for split in SPLITS if any(predictions.split == split for predictions in own)]
    own = [predictions for predictions in own if predictions.split in order[-1:]]
    recipe = plain(predictions.recipe for predictions in own)
    return [predictions for predictions in own if predictions.recipe == recipe]
