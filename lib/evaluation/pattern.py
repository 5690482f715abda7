"""Whether the pattern of the poster's table recurs: who leads, and who over-fits, under-fits or balances."""

from __future__ import annotations

from itertools import combinations

import pandas as pd

from lib.evaluation import poster
from lib.evaluation.differences import SURE
from lib.evaluation.tables import leaky
from lib.evaluation.words import bound, listed, percent, sentence
from lib.recipes import POSTER

RECURS, REVERSED, OPEN = "recurs", "reversed", "not established"


def comparable(table: pd.DataFrame) -> pd.DataFrame:
    """Rows that can be held against the poster's: its networks, heads and recipe, by slice under ``slice``.

    Its own draw, ``poster_split``, tests a twentieth of the slices, too few to rank networks by.

    Parameters
    ----------
    table : pd.DataFrame
        As from `lib.evaluation.results`.
    """
    protocol = leaky(table["protocol"])
    own = table.loc[(table["protocol"] == protocol) & (table["level"] == "slice") & (table["recipe"] == POSTER)]
    return own.loc[own["network"].isin(poster.POSTER) & own["head"].map(_published).astype(bool)]


def _published(head: str) -> bool:
    return all(head in heads for heads in poster.POSTER.values())


def leads(table: pd.DataFrame, ranks: pd.DataFrame) -> pd.DataFrame:
    """Ask of each lead of one network over another in the poster's table whether it recurs.

    Parameters
    ----------
    table, ranks : pd.DataFrame
        As from `lib.evaluation.results` and `ranking`.

    Returns
    -------
    pd.DataFrame
        ``head``, ``better`` and ``worse`` of the poster, ``verdict``: `RECURS` or `REVERSED` if such a difference is
        established after correction, else `OPEN`.
    """
    own, rows = comparable(table), []
    protocol = leaky(table["protocol"])
    asked = ranks.loc[(ranks["protocol"] == protocol) & (ranks["level"] == "slice") & (ranks["recipe"] == POSTER)]
    for head, part in own.groupby("head", sort=False):
        order = [network for network in poster.ranking(head) if network in set(part["network"])]
        for better, worse in combinations(order, 2):
            pair = asked.loc[asked["head"] == head]
            pair = pair.loc[pair["better"].isin([better, worse]) & pair["worse"].isin([better, worse])]
            sure = len(pair) and pair["p_holm"].iloc[0] < SURE
            verdict = (RECURS if pair["better"].iloc[0] == better else REVERSED) if sure else OPEN
            rows.append({"head": head, "better": better, "worse": worse, "verdict": verdict})
    return pd.DataFrame(rows, columns=["head", "better", "worse", "verdict"])


def order_sentence(table: pd.DataFrame, ranks: pd.DataFrame) -> str:
    """Part of a sentence: how many of the poster's leads recur; empty where fewer than two of its networks were run."""
    found = leads(table, ranks)
    if not len(found):
        return ""
    counts = found["verdict"].value_counts()
    verbs = {RECURS: ("recurs", "recur"), REVERSED: ("is reversed", "are reversed")}
    verbs[OPEN] = ("is not established", "are not established")
    told = [f"{n} {verbs[verdict][int(n > 1)]}" for verdict in verbs if (n := counts.get(verdict, 0))]
    heads = listed(dict.fromkeys(found["head"]))
    return (
        f"of the poster's {len(found)} leads of one network over another in {heads}, {listed(told)} (by slice under "
        f"`{leaky(table['protocol'])}`)"
    )


def fits(table: pd.DataFrame) -> pd.DataFrame:
    """Training and test accuracy of the poster's networks, and the gap between them.

    Parameters
    ----------
    table : pd.DataFrame
        As from `lib.evaluation.results`.

    Returns
    -------
    pd.DataFrame
        ``head``, ``network``, ``train``, ``test``, ``gap`` with ``low`` and ``high``, from the interval of the test
        accuracy (that of training is an average over the runs without one), and the poster's gap.
    """
    own = comparable(table).dropna(subset="train_accuracy")
    return pd.DataFrame(
        {
            "head": own["head"],
            "network": own["network"],
            "train": own["train_accuracy"],
            "test": own["accuracy"],
            "gap": own["train_accuracy"] - own["accuracy"],
            "low": own["train_accuracy"] - own["high"],
            "high": own["train_accuracy"] - own["low"],
            "poster": [poster.gap(row.network, row.head) for row in own.itertuples()],
        }
    )


def fit_sentences(table: pd.DataFrame, *, short: bool = False) -> list[str]:
    """Say head by head what becomes of "Choi overfits, Zhang underfits, this project balances". Page 05.

    Parameters
    ----------
    table : pd.DataFrame
        As from `lib.evaluation.results`.
    short : bool
        Without the numbers.
    """
    told = []
    for head, part in fits(table).groupby("head", sort=False):
        part = part.set_index("network")
        if not {"choi2016", "zhang2016", "this_project"} <= set(part.index):
            continue
        gaps = [
            f"`{name}` {percent(row['train'])} and {percent(row['test'])}, gap {bound(row['gap'])} points "
            f"({bound(row['low'])} to {bound(row['high'])}; poster {bound(row['poster'])})"
            for name, row in part.iterrows()
        ]
        widest, narrowest, lowest = part["gap"].idxmax(), part["gap"].idxmin(), part["train"].idxmin()
        verdicts = [
            f"that `choi2016` over-fits most {_held(widest == 'choi2016', widest, 'has the widest gap')}",
            f"that `zhang2016` under-fits {_held(lowest == 'zhang2016', lowest, 'is the lowest in training')}",
            f"that `this_project` balances {_held(narrowest == 'this_project', narrowest, 'has the narrowest gap')}",
        ]
        numbers = "" if short else f"training and test accuracy: {'; '.join(gaps)}. By these, "
        told.append(f"In {head}, {numbers}{'; '.join(verdicts)}.")
    return told


def _held(holds: bool, name: str, what: str) -> str:
    return "recurs" if holds else f"does not recur (`{name}` {what})"


def pattern_finding(table: pd.DataFrame, ranks: pd.DataFrame) -> str:
    """Whether the poster's order of the networks recurs under the protocol most like the poster's, and its fits.

    Parameters
    ----------
    table, ranks : pd.DataFrame
        As from `lib.evaluation.results` and `ranking`.
    """
    own = comparable(table)
    start = (
        f"**The poster's pattern**, by slice under `{leaky(table['protocol'])}`, on another corpus than the poster's."
    )
    if own["network"].nunique() < 2:
        return f"{start} Fewer than two of the poster's networks were run, so their order cannot be compared."
    found, told = leads(table, ranks), []
    for head, part in own.groupby("head", sort=False):
        part = part.sort_values("accuracy", ascending=False, kind="stable")
        shown = " > ".join(f"`{row.network}` {percent(row.accuracy)}" for row in part.itertuples())
        theirs = " > ".join(f"`{name}`" for name in poster.ranking(head) if name in set(part["network"]))
        pairs = found.loc[found["head"] == head]
        verdicts = [
            f"that `{row.better}` leads `{row.worse}` {row.verdict if row.verdict == RECURS else f'is {row.verdict}'}"
            for row in pairs.itertuples()
        ]
        told.append(sentence(f"{head}: {shown} (poster: {theirs}); {'; '.join(verdicts)}"))
    return " ".join([start, *told, *fit_sentences(table, short=True)])
