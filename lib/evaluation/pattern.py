"""Whether the pattern of the poster's table recurs: who leads, and who is better in training than in test."""

from __future__ import annotations

import pandas as pd

from lib.evaluation import poster
from lib.evaluation.differences import SURE
from lib.evaluation.tables import leaky
from lib.evaluation.words import interval, listed, percent, points, whole
from lib.recipes import POSTER


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


def orders(table: pd.DataFrame) -> dict[str, list[str]]:
    """Networks of the poster, the most accurate first, of each head for which two or more were run."""
    found = {}
    for head, part in comparable(table).groupby("head", sort=False):
        names = part.sort_values("accuracy", ascending=False, kind="stable")["network"].drop_duplicates()
        if len(names) > 1:
            found[head] = list(names)
    return found


def recurs(head: str, order: list[str]) -> bool:
    """Whether an order of networks is the poster's."""
    return order == [network for network in poster.ranking(head) if network in order]


def order_sentence(table: pd.DataFrame) -> str:
    """Say in which heads the poster's order of networks recurs; empty where it cannot be told."""
    found = {head: recurs(head, order) for head, order in orders(table).items()}
    if not found:
        return ""
    yes, no = ([head for head, same in found.items() if same is wanted] for wanted in (True, False))
    parts = [f"recurs in {listed(yes)}"] if yes else []
    parts += [f"does not recur in {listed(no)}"] if no else []
    return f"The poster's order of its networks {' and '.join(parts)} (by slice under `{leaky(table['protocol'])}`)."


def pattern_finding(table: pd.DataFrame, ranks: pd.DataFrame) -> str:
    """Whether the poster's order of the networks recurs under the protocol most like the poster's.

    Parameters
    ----------
    table, ranks : pd.DataFrame
        As from `lib.evaluation.results` and `ranking`.
    """
    protocol, own = leaky(table["protocol"]), comparable(table)
    start = f"**The poster's pattern**, by slice under `{protocol}` and on another corpus than the poster's."
    if own["network"].nunique() < 2:
        return f"{start} Fewer than two of the poster's networks were run, so their order cannot be compared."
    told, gaps = [], []
    for head, order in orders(table).items():
        part = own.loc[own["head"] == head].drop_duplicates("network").set_index("network").loc[order]
        shown = " > ".join(f"`{network}` {percent(value)}" for network, value in part["accuracy"].items())
        theirs = " > ".join(f"`{network}`" for network in poster.ranking(head) if network in order)
        verdict = "the poster's order" if recurs(head, order) else f"not the poster's order ({theirs})"
        told.append(f"{head.capitalize()}: {shown}, {verdict}; {_margin(ranks, protocol, head, order[:2])}.")
        gaps += _gap(part.reset_index(), head)
    if gaps:
        told.append(f"The widest gap between training and test accuracy: {'; '.join(gaps)}.")
    return " ".join([start, *told])


def _published(head: str) -> bool:
    return all(head in heads for heads in poster.POSTER.values())


def _margin(ranks: pd.DataFrame, protocol: str, head: str, best: list[str]) -> str:
    own = ranks.query("protocol == @protocol and head == @head and level == 'slice' and recipe == @POSTER")
    own = own.loc[own["better"].isin(best) & own["worse"].isin(best)]
    if not len(own) or pd.isna(own["low"].iloc[0]):
        return "whether the first leads is not established"
    row = own.iloc[0]
    verdict = "is established" if row["p_holm"] < SURE else "is not established"
    lead = f"{points(row['difference'])} {interval(row['low'], row['high'], unit='')}"
    return f"the lead of the first, {lead}, {verdict} after correction for the number of comparisons"


def _gap(part: pd.DataFrame, head: str) -> list[str]:
    known = part.dropna(subset="train_accuracy")
    if len(known) < 2:
        return []
    gap = known["train_accuracy"] - known["accuracy"]
    theirs = max(known["network"], key=lambda network: poster.gap(network, head))
    return [
        f"in {head} that of `{known.loc[gap.idxmax(), 'network']}`, {whole(gap.max())} points (poster: `{theirs}`, "
        f"{whole(poster.gap(theirs, head))})"
    ]
