"""The two or three findings of a study, and its summary for the index page."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from lib.evaluation import poster
from lib.evaluation.claims import (
    MEANING,
    QUESTION,
    UNCORRECTED,
    by_strictness,
    drop_sentence,
    interval,
    percent,
    points,
    protocols_claim,
    sentence,
    stale_note,
    whole,
)
from lib.evaluation.differences import whole_drops
from lib.evaluation.pooling import Tested
from lib.evaluation.tables import main_network, main_rows, of_networks
from lib.evaluation.verdicts import baseline_finding, number_finding
from lib.recipes import POSTER
from lib.tables import write_json

SYNTHETIC = "demo"


def leakage_finding(table: pd.DataFrame, dropped: pd.DataFrame, songs: str = "songs") -> str:
    """Say what the main network's accuracy is under each protocol and how much the strictest takes away."""
    network, own = main_network(table), main_rows(table)
    own = own.loc[own["level"] == "song"]
    first = own.iloc[0]
    head = first["head"]
    own = own.loc[own["head"] == head].drop_duplicates("protocol")
    told = [
        f"{MEANING.get(row.protocol, f'under {row.protocol}')} (`{row.protocol}`), `{network}` names the {row.head} "
        f"of {percent(row.accuracy)} of the {songs} {interval(row.low, row.high)}"
        for row in own.itertuples()
    ]
    text = f"**Leakage.** {told[0][0].upper()}{told[0][1:]}"
    text += "".join(f"; {one}" for one in told[1:]) + "."
    own_drops = of_networks(whole_drops(dropped))
    own_drops = own_drops.loc[own_drops["level"] == "song"]
    if not len(own_drops):
        return text + " Only one protocol was run, so leakage cannot be measured."
    strict = own_drops["strict"].iloc[0]
    main = own_drops.loc[(own_drops[["network", "head", "recipe"]] == first[["network", "head", "recipe"]]).all(axis=1)]
    if len(main):
        text += " " + sentence(drop_sentence(main.iloc[0], songs))
    established = int((own_drops["low"] > 0).sum())
    return text + (
        f" Over all networks and heads, a drop under `{strict}` is established in {established} of "
        f"{len(own_drops)} comparisons; {UNCORRECTED}."
    )


def pattern_finding(table: pd.DataFrame, ranks: pd.DataFrame) -> str:
    """Whether the poster's order of the networks recurs under the protocol most like the poster's."""
    protocol = by_strictness(table["protocol"])[0]
    own = table.loc[(table["protocol"] == protocol) & (table["level"] == "slice") & (table["recipe"] == POSTER)]
    own = own.loc[own["network"].isin(poster.POSTER) & own["head"].map(_published)]
    start = f"**The poster's pattern**, by slice under `{protocol}` and on another corpus than the poster's."
    if own["network"].nunique() < 2:
        return f"{start} Fewer than two of the poster's networks were run, so their order cannot be compared."
    orders, gaps = [], []
    for head, part in own.groupby("head", sort=False):
        part = part.drop_duplicates("network").sort_values("accuracy", ascending=False, kind="stable")
        order = list(part["network"])
        shown = " > ".join(f"`{network}` {percent(value)}" for network, value in part[["network", "accuracy"]].values)
        orders.append(
            f"{head.capitalize()}: {shown}, {_order_verdict(order, head)}; "
            f"{_margin(ranks, protocol, head, order[:2], part['recipe'].iloc[0])}."
        )
        gaps += _gap(part, head)
    if gaps:
        orders.append(f"The widest gap between training and test accuracy: {'; '.join(gaps)}.")
    return " ".join([start, *orders])


def _published(head: str) -> bool:
    return all(head in heads for heads in poster.POSTER.values())


def _order_verdict(order: list[str], head: str) -> str:
    published = [network for network in poster.ranking(head) if network in order]
    if order == published:
        return "the poster's order"
    return f"not the poster's order ({' > '.join(f'`{name}`' for name in published)})"


def _margin(ranks: pd.DataFrame, protocol: str, head: str, best: list[str], recipe: str) -> str:
    own = ranks.query("protocol == @protocol and head == @head and level == 'slice' and recipe == @recipe")
    own = own.loc[own["better"].isin(best) & own["worse"].isin(best)]
    if not len(own) or pd.isna(own["low"].iloc[0]):
        return "whether the first leads is not established"
    row = own.iloc[0]
    verdict = "is established" if row["low"] > 0 else "is not established"
    return f"the lead of the first, {points(row['difference'])} {interval(row['low'], row['high'], unit='')}, {verdict}"


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


def chance_finding(table: pd.DataFrame, songs: str = "songs") -> str:
    """How far the main network is above always giving the most frequent answer, under its strictest protocol.

    The network with the best test accuracy would be one chosen on the test songs, and its interval too high.
    """
    network, own = main_network(table), main_rows(table)
    own = own.loc[own["level"] == "song"]
    protocol = by_strictness(own["protocol"])[-1]
    parts = []
    for row in own.loc[own["protocol"] == protocol].drop_duplicates("head").itertuples():
        verdict = (
            "more than"
            if row.low > row.majority
            else "less than"
            if row.high < row.majority
            else "not established to be more than"
        )
        agreement = "" if np.isnan(row.kappa) else f", kappa {row.kappa:.2f}"
        parts.append(
            f"`{network}` names the {row.head} of {percent(row.accuracy)} of the {row.n_songs} {songs} "
            f"{interval(row.low, row.high)}{agreement}, {verdict} the {percent(row.majority)} that always "
            f"answering the most frequent {row.head} would reach"
        )
    where = f"{MEANING.get(protocol, 'in the strictest protocol')} (`{protocol}`)"
    return f"**Against chance**, {where}: {'; '.join(parts)}."


def findings(
    collected: Sequence[Tested],
    table: pd.DataFrame,
    dropped: pd.DataFrame,
    ranks: pd.DataFrame,
    corpus: str,
    *,
    beaten: pd.DataFrame | None = None,
    numeric: pd.DataFrame | None = None,
) -> list[str]:
    """Markdown sentences that answer the report's question; a warning first if any run is stale.

    Parameters
    ----------
    collected : sequence of Answers and Numbers
    table, dropped, ranks : pd.DataFrame
        As from `results`, `drops` and `ranking`.
    corpus : str
    beaten, numeric : pd.DataFrame, optional
        As from `against_baselines` and `numeric_results`.
    """
    songs = "synthetic songs" if corpus == SYNTHETIC else "songs"
    told = []
    if len(table):
        told = [leakage_finding(table, dropped, songs), pattern_finding(table, ranks), chance_finding(table, songs)]
    told.append(baseline_finding(beaten, songs) if beaten is not None else "")
    told.append(number_finding(numeric, songs) if numeric is not None else "")
    told = [finding for finding in told if finding]
    note = stale_note(collected)
    if note:
        told[:1] = [" ".join([note, *told[:1]])]
    return told


def write_summary(
    path: Path,
    *,
    study: str,
    corpus: str,
    credit: str,
    told: Sequence[str],
    table: pd.DataFrame,
    dropped: pd.DataFrame,
) -> dict:
    """Write what the index page shows and return it.

    Parameters
    ----------
    path : path-like
        ``summary.json`` of the study's results.
    study, corpus : str
    credit : str
        Markdown paragraph on the music and its makers.
    told : sequence of str
        As from `findings`.
    table, dropped : pd.DataFrame
        As from `results` and `drops`.
    """
    summary = {
        "study": study,
        "corpus": corpus,
        "synthetic": corpus == SYNTHETIC,
        "question": QUESTION,
        "findings": list(told),
        "figure": {"name": "protocols", "claim": protocols_claim(table, dropped)},
        "main_table": "comparison" if len(table) else "numbers",
        "credit": credit,
    }
    write_json(summary, path)
    return summary
