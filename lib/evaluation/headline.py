"""What a study found, in three sentences: the drop, whose doing it is, and what is left."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from lib.evaluation.claims import MEANING, by_strictness, stale_note
from lib.evaluation.differences import whole_drops
from lib.evaluation.pattern import order_sentence
from lib.evaluation.pooling import Tested
from lib.evaluation.tables import leaky, main_rows
from lib.evaluation.words import bound, interval, listed, percent, points
from lib.splits import CONTROLS


def headline(
    collected: Sequence[Tested],
    table: pd.DataFrame,
    dropped: pd.DataFrame,
    *,
    beaten: pd.DataFrame | None = None,
    songs: str = "songs",
) -> list[str]:
    """Say what was found in up to three sentences, of the main network and by song; none without classes.

    Parameters
    ----------
    collected : sequence of Answers and Numbers
        What the tables are made of; stale runs among them are named first.
    table, dropped, beaten : pd.DataFrame
        As from `lib.evaluation.results`, `drops` (with the controls) and `against_baselines`.
    songs : str
        ``songs``, or what they are called if they are synthetic.
    """
    rows = main_rows(table)
    rows = rows.loc[rows["level"] == "song"] if len(rows) else rows
    if not len(rows):
        return []
    drops = _own(dropped, rows)
    told = [stale_note(collected), _drop(rows, drops, songs), _doing(drops), _left(table, rows, beaten)]
    return [text for text in told if text]


def _own(found: pd.DataFrame | None, rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of the main network and its recipe, by song where there are levels."""
    if found is None or not len(found):
        return pd.DataFrame()
    network, recipe = rows[["network", "recipe"]].iloc[0]
    own = found.loc[(found["network"] == network) & (found["recipe"] == recipe)]
    return own.loc[own["level"] == "song"] if "level" in own else own


def _drop(rows: pd.DataFrame, drops: pd.DataFrame, songs: str) -> str:
    """Say what the strictest protocol takes away, head by head."""
    network, strict = rows["network"].iloc[0], by_strictness(rows["protocol"])[-1]
    first = leaky(rows["protocol"])
    start = f"{_capital(MEANING[first])} (`{first}`), `{network}` {_named(rows, first, songs)}"
    if first == strict:
        return f"{start}."
    text = f"{start}; {MEANING[strict]} (`{strict}`), {_named(rows, strict, '')}"
    own = whole_drops(drops) if len(drops) else drops
    told = [f"{'a drop' if row.drop > 0 else 'a rise'} of {_sized(row)} in {row.head}" for row in own.itertuples()]
    return f"{text}: {listed(told)}." if told else f"{text}."


def _named(rows: pd.DataFrame, protocol: str, songs: str) -> str:
    own = rows.loc[rows["protocol"] == protocol].drop_duplicates("head")
    shares = [
        f"the {row.head} of {percent(row.accuracy)}" + (f" of the {songs}" if songs and not place else "")
        for place, row in enumerate(own.itertuples())
    ]
    return f"{'names' if songs else 'it names'} {listed(shares)}"


def _sized(row) -> str:
    """Size of a drop, its interval and whether it is established."""
    if pd.isna(row.low):
        return f"{points(row.drop)} {interval(row.low, row.high)}"
    sign = 1 if row.drop > 0 else -1
    low, high = sorted((sign * row.low, sign * row.high))
    sure = "" if low > 0 else ", not established"
    return f"{points(row.drop)} {interval(low, high, unit='')[:-1]}{sure})"


def _doing(drops: pd.DataFrame) -> str:
    """How much of the drop is the song's doing and how much the artist's, and what the control says."""
    if not len(drops):
        return ""
    told = []
    for head, own in drops.groupby("head", sort=False):
        pairs = {(row.leaky, row.strict): row for row in own.itertuples()}
        song, artist = pairs.get(("slice", "song")), pairs.get(("song", "artist"))
        if song is not None and artist is not None:
            told.append(
                f"in {head} {_signed(song)} points go with the song's own slices and {_signed(artist)} with the "
                "artist's other songs"
            )
    controls = drops.loc[(drops["leaky"] == CONTROLS[0]) & (drops["strict"] == CONTROLS[1])]
    text = f"Of these drops, {'; '.join(told)}." if told else ""
    if len(controls):
        lost = [f"{_signed(row)} in {row.head}" for row in controls.itertuples()]
        text += (
            f"{' ' if text else ''}Where all but leakage is equal, as many songs and slices to learn from (the "
            f"control), {listed(lost)} points are lost."
        )
    return text


def _signed(row) -> str:
    """``9 (5 to 13)``: a drop and its interval in points."""
    span = "" if pd.isna(row.low) else f" ({bound(row.low)} to {bound(row.high)})"
    return f"{bound(row.drop)}{span}"


def _left(table: pd.DataFrame, rows: pd.DataFrame, beaten: pd.DataFrame | None) -> str:
    """Say what is left beside the best baseline, and whether the poster's order of networks recurs."""
    strict = by_strictness(rows["protocol"])[-1]
    own = _own(beaten, rows)
    own = own.loc[own["protocol"] == strict] if len(own) else own
    told = []
    for row in own.itertuples():
        verdict = "more than" if row.low > 0 else "less than" if row.high < 0 else "not established to differ from"
        told.append(
            f"in {row.head} {verdict} the best simple baseline (`{row.baseline}`, {percent(row.baseline_value)}; "
            f"difference {bound(row.difference)}, {bound(row.low)} to {bound(row.high)} points)"
        )
    text = f"What is left under `{strict}` is {listed(told)}." if told else ""
    return f"{text} {order_sentence(table)}".strip()


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
