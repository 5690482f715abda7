"""Findings of a study, written by templates from the result tables, and its summary for the first page."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from lib.datasets.summary import checksum
from lib.evaluation import poster
from lib.evaluation.comparisons import ONE_MODEL, whole_drops
from lib.evaluation.label_noise import ANSWERED, JOINTS, Ceiling
from lib.evaluation.predictions import STALE, Tested
from lib.evaluation.results import by_strictness, leaky, main_rows, of_networks, strict_rows
from lib.io import write_json
from lib.narrative import format as filters
from lib.narrative import titles
from lib.splits import CONTROLS
from lib.training.recipes import BASELINE

SYNTHETIC = "demo"
QUESTION = (
    "How much of a music tagger's accuracy is leakage between slices of one song and songs of one artist, "
    "and is the pattern of a published poster's table reproduced?"
)
MEANING = {
    "poster": "with one draw of slices in the poster's proportions",
    "random": "with slices drawn at random",
    "song": "with no song on both sides",
    "album": "with no album on both sides",
    "official": "with the split that the corpus was published with",
    "artist": "with no artist on both sides",
}
SEEN = ("poster", "random", "seen")  # slices of one song on both sides

_ENVIRONMENT = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    autoescape=False,  # it writes Markdown, which the pages clean
)
for _name in ("bound", "drop", "fixed", "listed", "p_value", "percent", "points", "signed"):
    _ENVIRONMENT.filters[_name] = getattr(filters, _name)
_ENVIRONMENT.globals |= {"meaning": MEANING, "isna": pd.isna, "interval": filters.interval}


def render(name: str, **values) -> list[str]:
    """Paragraphs of Markdown, one line each, of ``templates/<name>.md.j2``; tables become lists of their rows."""
    tables = {key: value.to_dict("records") for key, value in values.items() if isinstance(value, pd.DataFrame)}
    text = _ENVIRONMENT.get_template(f"{name}.md.j2").render(values | tables)
    parts = (re.sub(r"[ \n]+", " ", part).strip() for part in re.split(r"\n\s*\n", text))
    return [part for part in parts if part]


def songs_of(corpus: str) -> str:
    """Return what the songs of a corpus are called."""
    return "synthetic songs" if corpus == SYNTHETIC else "songs"


def headline(
    collected: Sequence[Tested],
    table: pd.DataFrame,
    dropped: pd.DataFrame,
    ranks: pd.DataFrame,
    corpus: str = "",
    *,
    beaten: pd.DataFrame | None = None,
) -> list[str]:
    """Up to three sentences of results, of the main network and per slice; none without classes.

    The tables are those of `lib.evaluation.results.results` and of `drops` (with the controls), `ranking` and
    `against_baselines` of `lib.evaluation.comparisons`, made of `collected`, of which stale runs are named first.
    """
    rows = main_rows(table)
    rows = rows.loc[rows["level"] == "slice"]
    if not len(rows):
        return []
    strict, own = by_strictness(rows["split"])[-1], _own(dropped, rows)
    whole = whole_drops(own) if len(own) else own
    beaten = _own(beaten, rows)
    beaten = beaten.loc[(beaten["split"] == strict) & (beaten["score"] == "accuracy")] if len(beaten) else beaten
    return stale(collected) + render(
        "headline",
        network=rows["network"].iloc[0],
        first=leaky(rows["split"]),
        strict=strict,
        alone=rows.loc[rows["split"] == strict].drop_duplicates("head"),
        whole=whole,
        song=_step(own, ("random", "song")),
        artist=_step(own, ("song", "artist")),
        control=_step(own, CONTROLS),
        beaten=beaten,
        leads=poster.leads(table, ranks),
        songs=songs_of(corpus),
    )


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
    """Paragraphs of findings; a warning in the first if any run is stale.

    Tables as of `headline`; `numeric` as from `lib.evaluation.results.numeric_results`.
    """
    songs, paragraphs = songs_of(corpus), []
    if len(table):
        paragraphs = [*leakage(table, dropped, songs), *leakage_alone(table, dropped), *pattern(table, ranks)]
        paragraphs.append(chance_finding(table, songs))
    paragraphs = [*filter(None, [*paragraphs, baseline_finding(beaten, songs), number_finding(numeric, songs)])]
    return [" ".join([*stale(collected), *paragraphs[:1]]), *paragraphs[1:]]


def stale(collected: Sequence[Tested]) -> list[str]:
    """Names of stale runs; empty if none is."""
    return render("stale", runs=sorted({run.name for a in collected if a.network.endswith(STALE) for run in a.runs}))


def leakage(table: pd.DataFrame, dropped: pd.DataFrame, songs: str = "songs") -> list[str]:
    """Accuracy of the main network under each split, and its drop under the strictest."""
    own = main_rows(table)
    own = own.loc[(own["level"] == "slice") & (own["head"] == own["head"].iloc[0])].drop_duplicates("split")
    drops = of_networks(whole_drops(dropped))
    drops = drops.loc[drops["level"] == "slice"]
    main = drops.loc[(drops[["network", "head", "recipe"]] == own[["network", "head", "recipe"]].iloc[0]).all(axis=1)]
    return render("leakage", rows=own, drops=drops, main=main, songs=songs)


def leakage_alone(table: pd.DataFrame, dropped: pd.DataFrame) -> list[str]:
    """Drop of the main network with one training set, and per song by one model and by all; empty where not measured.

    Per song, predictions under ``random`` are means of several models, and ``song`` and ``artist`` train on other
    songs; in the control both splits share a training set.
    """
    rows = main_rows(table)
    of = {level: _own(dropped, rows, level) for level in ("slice", ONE_MODEL, "song")}
    control = _step(of["slice"], CONTROLS)
    song, pooled = (whole_drops(of[level]) if len(of[level]) else of[level] for level in (ONE_MODEL, "song"))
    return render("leakage_alone", network=rows["network"].iloc[0], song=song, pooled=pooled, control=control)


def pattern(table: pd.DataFrame, ranks: pd.DataFrame) -> list[str]:
    """Whether the poster's order of the networks and its fits are reproduced under the split like its own."""
    own = poster.comparable(table).sort_values("accuracy", ascending=False, kind="stable")
    fits = poster.fits(table).set_index("network")
    heads = []
    for head in own["head"].unique():
        part, found = own.loc[own["head"] == head], fits.loc[fits["head"] == head]
        fit = []
        if {*poster.POSTER} <= {*found.index}:
            fit.append(("choi2016", "has the widest gap between training and test", found["gap"].idxmax()))
            fit.append(("zhang2016", "is the lowest in training", found["train"].idxmin()))
            fit.append(("yu2018", "has the narrowest gap", found["gap"].idxmin()))
        order = [name for name in poster.ranking(head) if name in set(part["network"])]
        heads.append({"head": head, "rows": part.to_dict("records"), "order": order, "fits": fit})
    about = {"networks": own["network"].nunique(), "split": leaky(table["split"])}
    return render("pattern", heads=heads, leads=poster.leads(table, ranks), **about)


def chance_finding(table: pd.DataFrame, songs: str = "songs") -> str:
    """How far the main network is above always predicting the most frequent class, under its strictest split.

    The network with the best test accuracy would be one chosen on the test songs, and its interval too high.
    """
    own = main_rows(table)
    own = own.loc[own["level"] == "song"]
    split = by_strictness(own["split"])[-1]
    own = own.loc[own["split"] == split].drop_duplicates("head")
    return render("chance", rows=own, split=split, songs=songs)[0]


def baseline_finding(beaten: pd.DataFrame | None, songs: str = "songs") -> str:
    """Whether the main network, and what was selected, beat the best baseline; empty without baselines."""
    return "" if beaten is None or not len(beaten) else render("baselines", rows=strict_rows(beaten), songs=songs)[0]


def number_finding(numeric: pd.DataFrame | None, songs: str = "songs") -> str:
    """How well the main network, and what was selected, predict numbers; empty without numeric heads."""
    own = pd.DataFrame() if numeric is None else numeric
    own = own.loc[(own["level"] == "song") & (own["recipe"] != BASELINE)] if len(own) else own
    return render("numbers", rows=strict_rows(own), songs=songs)[0] if len(own) else ""


def label_noise(found: Ceiling | None, accuracy: pd.DataFrame) -> list[str]:
    """Compare a network's accuracy of mood per song, rows of `results`, with the label-noise ceiling."""
    if found is None:
        return render("label_noise", found=None)
    plausible = found.table.loc[found.table["joint"] != "together"]
    apart, expected = (np.sqrt((found.copies[name] ** 2).mean()) for name in ("difference", "expected"))
    return render(
        "label_noise",
        found=found,
        listeners=found.songs["listeners"],
        table=found.table,
        joints=JOINTS | {"answered": ANSWERED},
        same=int((found.copies["mood_one"] == found.copies["mood_other"]).sum()),
        apart=apart,
        expected=expected,
        ceiling=(plausible["agreement"].min(), plausible["agreement"].max(), plausible["low"].min()),
        accuracy=accuracy,
        seen=SEEN,
    )


def poster_sizes() -> list[str]:
    """Return what the sizes of the poster's sets imply."""
    uneven = dict.fromkeys(size for size in poster.SIZES.values() if size % poster.CORPUS["slices"])
    slices = math.prod(poster.CORPUS.values())
    return render("poster_sizes", sizes=poster.SIZES, corpus=poster.CORPUS, slices=slices, uneven=uneven)


def write_summary(
    path: Path,
    *,
    study: str,
    corpus: str,
    tracks: pd.DataFrame,
    credit: str,
    first: Sequence[str],
    paragraphs: Sequence[str],
    table: pd.DataFrame,
    dropped: pd.DataFrame,
) -> None:
    """Write what the index page shows, ``summary.json`` of the study's results.

    `first` and `paragraphs` are as from `headline` and `findings`, `credit` a paragraph on the music and its makers;
    the checksum of `tracks` identifies the music and labels of these results.
    """
    summary = {
        "study": study,
        "corpus": corpus,
        "checksum": checksum(tracks),
        "synthetic": corpus == SYNTHETIC,
        "question": QUESTION,
        "headline": list(first),
        "findings": list(paragraphs),
        "figure": {"name": "splits", "claim": titles.splits(table, dropped)},
        "main_table": "comparison" if len(table) else "numbers",
        "credit": credit,
    }
    write_json(summary, path)


def _own(found: pd.DataFrame | None, rows: pd.DataFrame, level: str = "slice") -> pd.DataFrame:
    """Rows of the main network and its recipe, of one level where there are levels."""
    if found is None or not len(found):
        return pd.DataFrame()
    own = found.loc[(found[["network", "recipe"]] == rows[["network", "recipe"]].iloc[0]).all(axis=1)]
    return own.loc[own["level"] == level] if "level" in own else own


def _step(drops: pd.DataFrame, pair: tuple[str, str]) -> pd.DataFrame:
    """Rows of `drops` from one split to another."""
    return drops.loc[(drops[["leaky", "strict"]] == list(pair)).all(axis=1)] if len(drops) else drops
