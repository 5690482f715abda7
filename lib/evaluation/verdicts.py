"""Sentences on baselines and on numeric heads, made from their tables."""

from __future__ import annotations

import pandas as pd

from lib.evaluation.claims import by_strictness, name_of
from lib.evaluation.tables import main_rows
from lib.evaluation.words import PERCENT, bound, listed, percent, points, sentence
from lib.recipes import BASELINE, BEST

NO_BASELINES = "No baseline was run in this study, so nothing can be said about what simple methods reach."
NO_NUMBERS = "No network of this study answers with a number: every head names classes."


def against_sentence(row: pd.Series, songs: str = "songs") -> str:
    """One row of `lib.evaluation.against_baselines` in words. Page 05."""
    name = name_of(row)
    over = f"the {row['n_songs']} {songs} that both tested" if row["paired"] else f"different {songs}"
    if row["score"] == "accuracy":
        text = (
            f"under `{row['protocol']}`, {name} names the {row['head']} of {percent(row['value'])} of the {songs}, and "
            f"the best baseline, `{row['baseline']}`, of {percent(row['baseline_value'])}"
        )
    else:
        text = (
            f"under `{row['protocol']}`, {name} predicts the {row['head']} with an R² of {signed(row['value'])}, and "
            f"the best baseline, `{row['baseline']}`, with {signed(row['baseline_value'])}"
        )
    return f"{text}: over {over}, {_verdict(row)}"


def _verdict(row: pd.Series) -> str:
    if pd.isna(row["low"]):
        return "whether it beats the baseline cannot be said, as too few songs or artists were tested"
    if row["score"] == "accuracy":
        gap = points(row["difference"])
        span = f"(95{PERCENT} interval of the difference {bound(row['low'])} to {bound(row['high'])}"
        span += ")" if pd.isna(row["p_holm"]) else f"; corrected p {row['p_holm']:.3f})"
    else:
        gap = f"{abs(row['difference']):.2f}"
        span = f"(95{PERCENT} interval of the difference {signed(row['low'])} to {signed(row['high'])})"
    if row["established"]:
        return f"it beats the baseline by {gap} {span}, which is established"
    if row["difference"] > 0:
        return f"it is {gap} ahead {span}, which is not established"
    if row["difference"] == 0:
        return f"they are level {span}: it does not beat the baseline"
    return (
        f"it is {gap} behind {span} and does not beat the baseline; as the baseline was picked as the best on these "
        "very songs, that it is worse is not shown"
    )


def signed(value: float) -> str:
    """``-0.123`` as ``−0.12``; an en dash where there is no value."""
    return "–" if pd.isna(value) else f"{round(value, 2) + 0.0:.2f}".replace("-", "−")


def number_sentence(row: pd.Series, songs: str = "songs") -> str:
    """One row of `lib.evaluation.numeric_results`, by song, in words."""
    scores = [
        f"{label} {signed(row[name])}" + ("" if pd.isna(row[f"{name}_low"]) else f" {_span(row, name)}")
        for name, label in (("r2", "R²"), ("r", "r"), ("ccc", "CCC"))
    ]
    verdict = "established to be" if row["r2_low"] > 0 else "not established to be"
    return (
        f"under `{row['protocol']}`, `{row['network']}` predicts the {row['head']} of {row['n_songs']} {songs} with "
        f"{listed(scores)}; its R² is {verdict} above 0, which always answering the mean would give"
    )


def _span(row: pd.Series, name: str) -> str:
    return f"({signed(row[f'{name}_low'])} to {signed(row[f'{name}_high'])})"


def strict_rows(table: pd.DataFrame) -> pd.DataFrame:
    """Rows of the main network and of what was selected, each under the strictest protocol it has. Page 05."""
    own = pd.concat([main_rows(table), table.loc[table["recipe"] == BEST]]).drop_duplicates()
    strictest = own.groupby(["network", "recipe"])["protocol"].transform(lambda run: by_strictness(run)[-1])
    return own.loc[own["protocol"] == strictest]


def baseline_claim(beaten: pd.DataFrame) -> str:
    """Title of the figure of leads over the best baseline: in how many comparisons one is established. Page 05."""
    strict = by_strictness(beaten["protocol"])[-1]
    own = beaten.loc[beaten["protocol"] == strict]
    leads = own.loc[own["established"]]
    named = f" ({listed(f'{row.network}, {row.recipe}, in {row.head}' for row in leads.itertuples())})"
    return (
        f"Under {strict}, a lead over the best baseline is established in {len(leads)} of {len(own)} comparisons after "
        f"Holm's correction for their number{named if len(leads) else ''}"
    )


def baseline_finding(beaten: pd.DataFrame, songs: str = "songs") -> str:
    """Whether the main network, and what was selected, beat the best baseline; empty without baselines."""
    rows = strict_rows(beaten) if len(beaten) else beaten
    if not len(rows):
        return ""
    told = [sentence(against_sentence(row, songs)) for _, row in rows.iterrows()]
    return f"**Against simple baselines**, which learn no features. {' '.join(told)}"


def number_finding(numeric: pd.DataFrame, songs: str = "songs") -> str:
    """How well the main network, and what was selected, predict numbers; empty without numeric heads."""
    own = numeric.loc[(numeric["level"] == "song") & (numeric["recipe"] != BASELINE)]
    rows = strict_rows(own) if len(own) else own
    if not len(rows):
        return ""
    told = [sentence(number_sentence(row, songs)) for _, row in rows.iterrows()]
    return f"**Numbers** (95{PERCENT} intervals in brackets). {' '.join(told)}"
