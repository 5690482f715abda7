"""What a study found, in three sentences: the drop, whose doing it is, and what is left."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from lib.evaluation.claims import MEANING, by_strictness, stale_note
from lib.evaluation.differences import whole_drops
from lib.evaluation.pattern import order_sentence
from lib.evaluation.pooling import Tested
from lib.evaluation.tables import leaky, main_rows
from lib.evaluation.words import bound, interval, listed, percent, points, whole
from lib.splits import CONTROLS


def headline(
    collected: Sequence[Tested],
    table: pd.DataFrame,
    dropped: pd.DataFrame,
    ranks: pd.DataFrame,
    *,
    beaten: pd.DataFrame | None = None,
    songs: str = "songs",
) -> list[str]:
    """Say what was found in up to three sentences, of the main network and by song; none without classes.

    Parameters
    ----------
    collected : sequence of Answers and Numbers
        What the tables are made of; stale runs among them are named first.
    table, dropped, ranks, beaten : pd.DataFrame
        As from `lib.evaluation.results`, `drops` (with the controls), `ranking` and `against_baselines`.
    songs : str
        ``songs``, or what they are called if they are synthetic.
    """
    rows = main_rows(table)
    rows = rows.loc[rows["level"] == "song"] if len(rows) else rows
    if not len(rows):
        return []
    drops = _own(dropped, rows)
    parts = [_left(rows, _own(beaten, rows)), order_sentence(table, ranks)]
    left = "; ".join(text for text in parts if text)
    told = [_drop(rows, drops, songs), _doing(drops), f"{_capital(left)}." if left else ""]
    return [text for text in (stale_note(collected), *told) if text]


def leakage_alone(table: pd.DataFrame, dropped: pd.DataFrame) -> str:
    """Say what the main network loses where nothing but leakage can be lost; empty where that was not measured.

    By song, what ``slice`` answers is the mean of several models, and ``song`` and ``artist`` have other songs to
    learn from: slice by slice one model gives each answer, and in the control both sides have one training set.

    Parameters
    ----------
    table, dropped : pd.DataFrame
        As from `lib.evaluation.results` and `drops`.
    """
    rows = main_rows(table)
    by_slice, controls = _own(dropped, rows, "slice"), _own(dropped, rows)
    told = []
    if len(by_slice):
        own = whole_drops(by_slice)
        own = own.loc[own["leaky"] == "slice"]
        if len(own):
            told.append(
                f"by slice, where one model gives each answer (by song, `slice` answers with the mean of several), "
                f"`{own['strict'].iloc[0]}` brings {_moved(own)}"
            )
    if len(controls):
        own = controls.loc[(controls["leaky"] == CONTROLS[0]) & (controls["strict"] == CONTROLS[1])]
        if len(own):
            told.append(f"in the control, where both sides come from one training set, there is {_moved(own)}")
    return f"**Leakage alone**, of `{rows['network'].iloc[0]}`: {'; '.join(told)}." if told else ""


def _own(found: pd.DataFrame | None, rows: pd.DataFrame, level: str = "song") -> pd.DataFrame:
    """Rows of the main network and its recipe, of one level where there are levels."""
    if found is None or not len(found):
        return pd.DataFrame()
    network, recipe = rows[["network", "recipe"]].iloc[0]
    own = found.loc[(found["network"] == network) & (found["recipe"] == recipe)]
    return own.loc[own["level"] == level] if "level" in own else own


def _drop(rows: pd.DataFrame, drops: pd.DataFrame, songs: str) -> str:
    """Say what the strictest protocol takes away, head by head, over the songs tested under both."""
    network, first, strict = rows["network"].iloc[0], leaky(rows["protocol"]), by_strictness(rows["protocol"])[-1]
    own = whole_drops(drops) if len(drops) else drops
    if first == strict or not len(own):
        alone = rows.loc[rows["protocol"] == strict].drop_duplicates("head")
        shares = listed(f"the {row.head} of {percent(row.accuracy)} of the {songs}" for row in alone.itertuples())
        return f"{_capital(MEANING[strict])} (`{strict}`), `{network}` names {shares}."
    before = listed(f"the {row.head} of {percent(row.before)}" for row in own.itertuples())
    after = listed(percent(row.after) for row in own.itertuples())
    number = own["n_songs"].min()
    which = f"of the {number} {songs} tested under both" if own["paired"].all() else f"of its test {songs}"
    return (
        f"{_capital(MEANING[first])} (`{first}`), `{network}` names {before} {which}; {MEANING[strict]} (`{strict}`), "
        f"of {after}: {_moved(own)}."
    )


def _moved(drops: pd.DataFrame) -> str:
    """Say which way accuracy goes, how far and how surely.

    Such as ``a drop of 9 points (95 % interval 5 to 13) in genre and of 7 (3 to 11) in mood``.
    """
    told, before = [], ""
    for row in drops.itertuples():
        sign = -1 if row.drop < 0 else 1
        what = "a rise" if row.drop < 0 else "a drop"
        low, high = sorted((sign * row.low, sign * row.high))
        sure = "" if pd.isna(row.low) or row.low * row.high > 0 else ", not established"
        if row.drop and what == before and pd.notna(row.low):
            told.append(f"of {whole(abs(row.drop))} ({bound(low)} to {bound(high)}{sure}) in {row.head}")
        else:
            size = f"{what} of {points(row.drop)}" if row.drop else "no change"
            told.append(f"{size} {interval(low, high, unit='')[:-1]}{sure}) in {row.head}")
            before = what if row.drop and pd.notna(row.low) else ""
    return listed(told)


def _doing(drops: pd.DataFrame) -> str:
    """Say what goes with the song's own slices and what with the artist's other songs, or what the control says."""
    if not len(drops):
        return ""
    pairs = dict(list(drops.groupby(["leaky", "strict"], sort=False)))
    if not {("slice", "song"), ("song", "artist")} <= {*pairs}:
        lost = "In the control, where both sides come from one training set, what is lost is leakage alone: "
        return f"{lost}{_moved(pairs[CONTROLS])}." if CONTROLS in pairs else ""
    return (
        f"Step by step: when the song's own slices leave the training set (`slice` to `song`), "
        f"{_moved(pairs['slice', 'song'])}; when the artist's other songs leave it too (`song` to `artist`), "
        f"{_moved(pairs['song', 'artist'])}."
    )


def _left(rows: pd.DataFrame, beaten: pd.DataFrame) -> str:
    """Say what is left under the strictest protocol beside the best baseline."""
    strict = by_strictness(rows["protocol"])[-1]
    own = beaten.loc[(beaten["protocol"] == strict) & (beaten["score"] == "accuracy")] if len(beaten) else beaten
    told = []
    for row in own.itertuples():
        sure = "established" if row.established else "not established"
        side = "ahead of" if row.difference > 0 else "behind" if row.difference < 0 else "level with"
        by = f"{points(row.difference)} " if row.difference else ""
        told.append(
            f"{by}{side} the best simple baseline in {row.head} (`{row.baseline}`, {percent(row.baseline_value)}; "
            f"{interval(row.low, row.high, unit='').strip('()')}"
            + (f"; {sure} after correction)" if row.difference > 0 else "; that it is worse is not shown)")
        )
    return f"under `{strict}`, `{own['network'].iloc[0]}` is {' and '.join(told)}" if told else ""


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
