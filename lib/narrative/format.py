"""Formatting of numbers, lists and tables: the filters of the templates."""

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal

import numpy as np
import pandas as pd

from lib.evaluation.results import by_strictness, labels
from lib.paths import Study

PERCENT = "\u00a0%"
_HUGE = 1e12
_FEW = 3  # heads that are named one by one


def fixed(value: float, digits: int = 0) -> str:
    """Write a number with so many decimals, halves rounded away from zero: the same in sentences and in tables.

    ``0.695`` is ``0.70`` here and ``70 %`` in a sentence; Python's own formatting makes 0.69 of it, and 70 of 69.5.
    Numbers too long for a table are written as powers of ten.
    """
    if abs(value) >= _HUGE:
        return f"{value:.1e}"
    rounded = Decimal(repr(round(float(value), 9))).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
    return f"{rounded + 0:f}" if rounded else f"{abs(rounded):f}"


def percent(share: float) -> str:
    """``0.843`` as ``84 %``, with a blank at which no line breaks."""
    return "an unknown share" if pd.isna(share) else f"{whole(share)}{PERCENT}"


def points(difference: float) -> str:
    """``0.26`` as ``26 points``."""
    rounded = fixed(abs(100 * difference))
    return f"{rounded} point" + ("" if rounded == "1" else "s")


def interval(low: float, high: float, *, unit: str = PERCENT) -> str:
    """``(95 % interval 79 to 88 %)``, or a note that there is none."""
    if pd.isna(low) or pd.isna(high):
        return "(too few songs or artists for an interval)"
    shown = whole if unit else bound  # a difference: on which side of 0 it lies must not be rounded away
    return f"(95{PERCENT} interval {shown(low)} to {shown(high)}{unit})"


def whole(share: float) -> str:
    """``-0.123`` as ``−12``, in hundredths."""
    if pd.isna(share):
        return "an unknown number of"
    return fixed(100 * share).replace("-", "−")


def bound(share: float) -> str:
    """Bound of an interval in points, with a decimal where rounding would hide on which side of 0 it lies."""
    if pd.isna(share):
        return "an unknown number of"
    return whole(share) if not share or abs(share) >= 0.005 else fixed(100 * share, 1).replace("-", "−")


def listed(names: Iterable[str]) -> str:
    """Join names as ``a, b and c``."""
    *most, last = [*names] or ["none"]
    return f"{', '.join(most)} and {last}" if most else last


def sets(table: pd.DataFrame) -> list[str]:
    """Name each row's set of heads, of `together`: ``alone``, the others if few, or what the largest set has more."""
    table = table.fillna({"names": ""})  # as read from a file
    every = set().union(*table.loc[table["heads"] == table["heads"].max(), "names"].str.split(", "), table["head"])
    found = []
    for row in table.itertuples():
        others = set(row.names.split(", ")) - {""}
        missing = every - others - {row.head}
        if len(others) <= _FEW:
            found.append(f"with {_words(others)}" if others else "alone")
        elif missing:
            found.append(f"with {len(others)} others, without {_words(missing)}")
        else:
            found.append(f"with all {len(others)} others")
    return found


def _words(names: Iterable[str]) -> str:
    return listed(name.replace("_", " ") for name in sorted(names))


def signed(value: float) -> str:
    """``-0.126`` as ``−0.13``; an en dash where there is no value."""
    return "–" if pd.isna(value) else fixed(value, 2).replace("-", "−")


def p_value(p: float) -> str:
    """``p = 0.012``, or ``p < 0.001``."""
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}"


def drop(row: pd.Series, name: str = "drop") -> str:
    """Write ``a drop of 27 points (95 % interval 22 to 32)``, or a rise, of a row with ``low`` and ``high``."""
    low, high = (row["low"], row["high"]) if row[name] >= 0 else (-row["high"], -row["low"])
    return f"a {'drop' if row[name] >= 0 else 'rise'} of {points(row[name])} {interval(low, high, unit='')}"


def bullets(lines: Iterable[str], otherwise: str = "") -> str:
    """Lines as a list in Markdown; another text where there are none."""
    return "\n".join(f"- {line}" for line in lines) or otherwise


def with_span(table: pd.DataFrame, value: str, low: str, high: str, digits: int = 2) -> list[str]:
    """Text of a score and its interval, ``0.52 (0.43 to 0.61)``, row by row; an en dash where there is no score."""
    texts = []
    for score, lowest, highest in zip(table[value], table[low], table[high], strict=True):
        known = np.isfinite(lowest) and np.isfinite(highest)
        span = f" ({fixed(lowest, digits)} to {fixed(highest, digits)})" if known else ""
        texts.append(f"{fixed(score, digits)}{span}" if np.isfinite(score) else "–")
    return texts


def with_intervals(table: pd.DataFrame, digits: int = 2) -> pd.DataFrame:
    """Join each score with its ``<score>_low`` and ``<score>_high`` to one text, ``0.52 (0.43 to 0.61)``.

    ``low`` and ``high`` alone are those of the column before them.
    """
    shown = table.copy()
    for end in [name for name in table.columns if name.endswith("_low") or name == "low"]:
        score = end.removesuffix("_low") if end != "low" else table.columns[table.columns.get_loc("low") - 1]
        shown[score] = with_span(table, score, end, f"{end[:-3]}high", digits)
    return shown.drop(columns=[name for name in shown if name.endswith(("_low", "_high")) or name in ("low", "high")])


def readable(table: pd.DataFrame, digits: int = 3) -> pd.DataFrame:
    """Write a table for reading: rounded, an en dash for what is missing, words in the column heads.

    The first column becomes the index.
    """
    shown = table.copy()
    for column in shown.columns:
        values = shown[column]
        if pd.api.types.is_float_dtype(values):
            shown[column] = [fixed(value, digits) if np.isfinite(value) else "–" for value in values]
        elif pd.api.types.is_bool_dtype(values):
            shown[column] = np.where(values, "yes", "no")
        else:
            shown[column] = values.astype(object).where(values.notna() & (values.astype(str) != ""), "–")
    shown.columns = [str(column).replace("_", " ") for column in shown.columns]
    return shown.set_index(shown.columns[0])


def shown(table: pd.DataFrame, columns: Iterable[str] = (), otherwise: str = "", digits: int = 2):
    """Display some columns of a result table, all if none is named, networks with their recipe.

    Scores, named without their bounds, come with their intervals. Of an empty table the Markdown `otherwise` is shown.
    """
    from IPython.display import Markdown

    if not len(table):
        return Markdown(otherwise)
    named = table.assign(network=labels(table)) if {"network", "recipe"} <= {*table.columns} else table
    joined = with_intervals(named, digits)
    return readable(joined[list(columns)] if columns else joined.drop(columns="recipe", errors="ignore"), digits)


def by_split(table: pd.DataFrame) -> pd.DataFrame:
    """Accuracy per slice with its interval as text, of `results`, a row per network and head, a column per split."""
    own = table.loc[table["level"] == "slice"]
    own = own.assign(network=labels(own), text=with_span(own, "accuracy", "low", "high"))
    order = by_strictness(own["split"])
    rows = list(dict.fromkeys(zip(own["network"], own["head"], strict=True)))
    wide = own.pivot(index=["network", "head"], columns="split", values="text").reindex(rows, columns=order)
    return wide.fillna("").rename_axis(columns=None).reset_index()


def drops_by_pair(dropped: pd.DataFrame) -> pd.DataFrame:
    """Write `drops` of one network and recipe in points with their intervals as text.

    A row per head and level, a column per pair of splits.
    """
    rows = [
        {
            "head": f"{row.head}, per {row.level}",
            "pair": f"{row.leaky} to {row.strict}",
            "text": bound(row.drop) + ("" if pd.isna(row.low) else f" ({bound(row.low)} to {bound(row.high)})"),
        }
        for row in dropped.itertuples()
    ]
    table = pd.DataFrame(rows, columns=["head", "pair", "text"])
    heads, pairs = (list(dict.fromkeys(table[name])) for name in ("head", "pair"))
    wide = table.pivot(index="head", columns="pair", values="text").reindex(heads, columns=pairs)
    return wide.rename_axis(columns=None).reset_index()


def elsewhere(study: Study, name: str) -> pd.DataFrame:
    """Read a result table of another study; empty if that was not evaluated yet."""
    file = study.tables / f"{name}.csv"
    return pd.read_csv(file) if file.is_file() else pd.DataFrame()
