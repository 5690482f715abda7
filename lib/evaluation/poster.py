"""What the poster published: a reference measured on another corpus, never mapped onto ours; and what of its pattern is
reproduced.

X. F. Yu, "Music Tagging With Convolutional Neural Network", poster, Stanford University. Its songs, its six
genres and its draw of the sets are not at hand, so its accuracies can be compared with ours in pattern (who
leads, who over-fits), not in height.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pandas as pd

from lib.evaluation.bootstrap import BOOTSTRAP, Bootstrap, columns, wilson
from lib.evaluation.per_class import recall_difference
from lib.evaluation.predictions import Predictions
from lib.evaluation.results import leaky, main_rows
from lib.evaluation.significance import ALPHA
from lib.training.recipes import PLAIN, plain

# network -> head -> part -> accuracy, as printed in the poster's table
POSTER = {
    "zhang2016": {"genre": {"train": 0.476, "test": 0.333}, "mood": {"train": 0.478, "test": 0.42}},
    "choi2016": {"genre": {"train": 0.968, "test": 0.79}, "mood": {"train": 0.953, "test": 0.702}},
    "yu2018": {"genre": {"train": 0.908, "test": 0.844}, "mood": {"train": 0.907, "test": 0.8}},
}
SIZES = {"train": 4074, "validation": 225, "test": 225}  # "samples", as printed
CORPUS = {"genres": 6, "songs": 75, "slices": 10}  # genres, songs of a genre, slices of a song
CLASS_ACCURACY = {"instrumental": 0.735, "happy": 0.706, "neutral": 0.786}  # of yu2018, as printed
PUBLISHED = "poster's own"
REPRODUCED, REVERSED, OPEN = "reproduced", "reversed", "not significant"


def ranking(head: str) -> list[str]:
    """Networks by the poster's test accuracy of one head, best first."""
    return sorted(POSTER, key=lambda network: -POSTER[network][head]["test"])


def comparison(table: pd.DataFrame) -> pd.DataFrame:
    """Put the poster's table beside ours, as from `lib.evaluation.results.results`.

    Returns
    -------
    pd.DataFrame
        ``network``, ``split`` (`PUBLISHED` for the poster's rows), ``level`` and for each head
        ``<head>_train``, ``<head>_test``, ``<head>_interval`` (text; the poster's are Wilson's for its
        225 test samples) and ``<head>_kappa``. A network that only one of the two has is alone in its row; other
        recipes than the plain one and baselines are left out.
    """
    table = table.loc[(table["recipe"] == plain(table["recipe"])) & table["recipe"].isin(PLAIN)]
    heads = list(dict.fromkeys([*next(iter(POSTER.values())), *table["head"]]))
    rows = []
    for network in dict.fromkeys([*table["network"], *POSTER]):
        rows += [_published(network)] if network in POSTER else []
        for (split, level), part in table.loc[table["network"] == network].groupby(["split", "level"], sort=False):
            row = {"network": network, "split": split, "level": level}
            for one in part.itertuples():
                row |= _cells(one.head, one.train_accuracy, one.accuracy, one.low, one.high, one.kappa)
            rows.append(row)
    cells = [f"{head}_{part}" for head in heads for part in ("train", "test", "interval", "kappa")]
    return pd.DataFrame(rows).reindex(columns=["network", "split", "level", *cells])


def _published(network: str) -> dict:
    row = {"network": network, "split": PUBLISHED, "level": ""}
    for head, parts in POSTER[network].items():
        row |= _cells(head, parts["train"], parts["test"], *wilson(parts["test"], SIZES["test"]))
    return row


def _cells(head: str, train: float, test: float, low: float, high: float, agreement: float = np.nan) -> dict:
    span = "" if np.isnan(low) else f"{low:.3f} to {high:.3f}"
    return {f"{head}_train": train, f"{head}_test": test, f"{head}_interval": span, f"{head}_kappa": agreement}


def comparable(table: pd.DataFrame) -> pd.DataFrame:
    """Rows of results that can be held against the poster's: its networks, heads and recipe, per slice under
    ``random``.

    Its own draw, ``poster``, tests a twentieth of the slices, too few to rank networks by.
    """
    own = table.loc[(table["split"] == leaky(table["split"])) & (table["level"] == "slice")]
    own = own.loc[
        (own["recipe"] == plain(table["recipe"])) & own["recipe"].isin(PLAIN) & own["network"].isin(list(POSTER))
    ]
    return own.loc[own["head"].isin(set.intersection(*map(set, POSTER.values())))]


def leads(table: pd.DataFrame, ranks: pd.DataFrame) -> pd.DataFrame:
    """Whether each lead of one network over another in the poster's table is reproduced.

    `table` and `ranks` are as from `lib.evaluation.results.results` and `lib.evaluation.comparisons.ranking`.

    Returns
    -------
    pd.DataFrame
        ``head``, ``better`` and ``worse`` of the poster, ``verdict``: `REPRODUCED` or `REVERSED` if such a difference
        is significant after correction, else `OPEN`.
    """
    known = ranks.loc[(ranks["split"] == leaky(table["split"])) & (ranks["level"] == "slice")]
    known = known.loc[(known["recipe"] == plain(table["recipe"])) & (known["p_holm"] < ALPHA)]
    sure, rows = set(zip(known["head"], known["better"], known["worse"], strict=True)), []
    for head, part in comparable(table).groupby("head", sort=False):
        order = [network for network in ranking(head) if network in set(part["network"])]
        for better, worse in combinations(order, 2):
            verdict = REVERSED if (head, worse, better) in sure else OPEN
            rows.append((head, better, worse, REPRODUCED if (head, better, worse) in sure else verdict))
    return pd.DataFrame(rows, columns=["head", "better", "worse", "verdict"])


def fits(table: pd.DataFrame) -> pd.DataFrame:
    """Training and test accuracy of the poster's networks, and the gap between them, of a table of `results`.

    Returns
    -------
    pd.DataFrame
        ``head``, ``network``, ``train``, ``test``, ``gap`` with ``low`` and ``high``, from the interval of the test
        accuracy (that of training is an average over the runs without one), and the poster's gap.
    """
    own = comparable(table).dropna(subset="train_accuracy")
    own = own.rename(columns={"train_accuracy": "train", "accuracy": "test"})
    printed = [POSTER[row.network][row.head] for row in own.itertuples()]
    own = own.assign(gap=own["train"] - own["test"], low=own["train"] - own["high"], high=own["train"] - own["low"])
    own["poster"] = [parts["train"] - parts["test"] for parts in printed]
    return own[["head", "network", "train", "test", "gap", "low", "high", "poster"]]


def mood_observations(collected: Sequence[Predictions], bootstrap: Bootstrap = BOOTSTRAP) -> pd.DataFrame:
    """Test the poster's observation that happy and neutral songs are predicted less well than sad ones.

    `collected` is of one network and recipe.

    Returns
    -------
    pd.DataFrame
        ``split``, ``mood``, ``poster`` (its accuracy of that mood; none is printed for sad) and ``difference``, the
        recall of sad minus that of the mood, with ``low`` and ``high``. Empty where the moods are others.
    """
    rows = [
        (one.split, mood, CLASS_ACCURACY[mood], *recall_difference(one, "sad", mood, bootstrap))
        for one in collected
        if one.head == "mood" and {"sad", "neutral", "happy"} <= set(one.classes)
        for mood in ("happy", "neutral")
    ]
    return pd.DataFrame(rows, columns=["split", "mood", "poster", "difference", "low", "high"])


def genre_observations(classes: pd.DataFrame, collected: Sequence[Predictions]) -> pd.DataFrame:
    """Test the poster's observation that Instrumental is its weakest genre and is taken for Electronic.

    `classes` is as from `lib.evaluation.per_class.per_class`, `collected` of one network and recipe.

    Returns
    -------
    pd.DataFrame
        ``split``, ``poster``, ``recall`` with ``low`` and ``high``, ``songs``, how many ``other`` genres there are
        and how many of them have a ``lower`` recall, and ``taken_for``, the most frequent wrong predictions. Empty
        where the corpus does not have both genres.
    """
    rows = []
    for predictions in collected:
        names = {name.lower(): name for name in predictions.classes}
        if predictions.head != "genre" or not {"instrumental", "electronic"} <= set(names):
            continue
        own = main_rows(classes.loc[(classes["split"] == predictions.split) & (classes["head"] == "genre")])
        own, name = own.set_index("class").dropna(subset="recall"), names["instrumental"]
        if name not in own.index:
            continue
        one = own.loc[name]
        predicted = predictions.songs.loc[predictions.songs["true"] == name, "predicted"]
        wrong = predicted[predicted != name].value_counts()
        row = {"split": predictions.split, "poster": CLASS_ACCURACY["instrumental"], "songs": one["support"]}
        row |= columns("recall", one[["recall", "recall_low", "recall_high"]], "low", "high")
        row |= {"other": len(own) - 1, "lower": int((own["recall"] < one["recall"]).sum())}
        rows.append(row | {"taken_for": ", ".join(wrong.index[wrong == wrong.max()])})
    names = ["split", "poster", "recall", "low", "high", "songs", "other", "lower", "taken_for"]
    return pd.DataFrame(rows, columns=names)
