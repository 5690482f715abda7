"""The two or three findings of a study, and its summary for the index page."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from lib.corpora.summary import checksum
from lib.evaluation.claims import (
    MEANING,
    QUESTION,
    UNCORRECTED,
    by_strictness,
    drop_sentence,
    protocols_claim,
    stale_note,
)
from lib.evaluation.differences import whole_drops
from lib.evaluation.headline import leakage_alone
from lib.evaluation.pattern import pattern_finding
from lib.evaluation.pooling import Tested
from lib.evaluation.tables import main_network, main_rows, of_networks
from lib.evaluation.verdicts import baseline_finding, number_finding
from lib.evaluation.words import interval, percent, sentence
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
    order = list(own["protocol"])
    about = f"From `{order[0]}` to `{order[-1]}`" if len(order) > 1 else "Accuracy"
    text = f"**{about}.** {told[0][0].upper()}{told[0][1:]}"
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
    return f"**Against the most frequent answer**, {where}: {'; '.join(parts)}."


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
    """Markdown sentences that answer the report's question; a warning first if any run is stale. Page 05.

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
        told = [leakage_finding(table, dropped, songs), leakage_alone(table, dropped)]
        told += [pattern_finding(table, ranks), chance_finding(table, songs)]
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
    tracks: pd.DataFrame,
    credit: str,
    first: Sequence[str],
    told: Sequence[str],
    table: pd.DataFrame,
    dropped: pd.DataFrame,
) -> dict:
    """Write what the index page shows and return it. Page 05.

    Parameters
    ----------
    path : path-like
        ``summary.json`` of the study's results.
    study, corpus : str
    tracks : pd.DataFrame
        The tracks table, whose checksum tells which music and labels these results are of.
    credit : str
        Markdown paragraph on the music and its makers.
    first, told : sequence of str
        As from `headline` and `findings`.
    table, dropped : pd.DataFrame
        As from `results` and `drops`.
    """
    summary = {
        "study": study,
        "corpus": corpus,
        "checksum": checksum(tracks),
        "synthetic": corpus == SYNTHETIC,
        "question": QUESTION,
        "headline": list(first),
        "findings": list(told),
        "figure": {"name": "protocols", "claim": protocols_claim(table, dropped)},
        "main_table": "comparison" if len(table) else "numbers",
        "credit": credit,
    }
    write_json(summary, path)
    return summary
