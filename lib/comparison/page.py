"""The page of a comparison, in the frame of the report's pages."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

import pandas as pd

from lib.comparison.items import Item
from lib.comparison.tables import ABSENT, KEYS, differing, parameter_count, results_beside, shared
from lib.narrative.format import listed
from lib.paths import replacing
from lib.plots import titled, use_style
from lib.plots.comparison import beside
from lib.provenance import code_version
from lib.report.body import HERE, figure
from lib.report.clean import Media, size
from lib.report.pages import GENERATOR, INDEX, TITLE, templates, write
from lib.tables import write_csv

FOLDER = "compare"


def write_page(compared: Sequence[Item]) -> Path:
    """Write the page of a comparison into ``results/compare/``; an older one of the same is replaced.

    Parameters
    ----------
    compared : sequence of Item

    Returns
    -------
    Path
        Of its ``index.html``.
    """
    names = [item.name for item in compared]
    folder = compared[0].study.root / "results" / FOLDER / _folder_name(names)
    parameters, results = differing(compared), results_beside(compared)
    common = shared(results, compared)
    with replacing(folder) as part:
        part.mkdir(parents=True)
        write_csv(parameters, part / "parameters.csv")
        write_csv(results, part / "results.csv")
        shutil.copyfile(HERE / "template" / "style.css", part / "style.css")
        told = claim(common, names)
        text = (
            templates()
            .get_template("compare.html.j2")
            .render(
                site=TITLE,
                generator=GENERATOR,
                study=" and ".join(dict.fromkeys(item.study.name for item in compared)),
                synthetic=any(item.synthetic for item in compared),
                real=not all(item.synthetic for item in compared),
                corpus="",
                code=code_version(),
                chapters=[],
                page=None,
                scripts=[],
                up="",
                title=_title(compared),
                kind="run" if "/" in names[0] else "study",
                compared=[_about(item, folder) for item in compared],
                notes=_notes(compared, results),
                parameters={
                    "all": parameter_count(compared),
                    "columns": list(parameters.columns),
                    "rows": parameters.to_numpy().tolist(),
                },
                claim=told,
                figure=_drawn(common, names, told, Media(part)),
                results=_rounded(common, names),
            )
        )
        write(part / INDEX, text)
    return folder / INDEX


def claim(common: pd.DataFrame, names: Sequence[str]) -> str:
    """Say how many differences from the first item are larger than their intervals explain."""
    if not len(common):
        return "No two of them have a result by song in common."
    known = sure = 0
    for name in names[1:]:
        low, high = common[f"{name} difference low"], common[f"{name} difference high"]
        known += int(low.notna().sum())
        sure += int(((low > 0) | (high < 0)).sum())
    if not known:
        return f"{names[0]} has no result by song in common with another of them."
    noun = "difference" if known == 1 else "differences"
    return (
        f"Of {known} {noun} from {names[0]} in accuracy by song, {sure} {'has' if sure == 1 else 'have'} an interval "
        "that excludes zero; of items that are alike, at most about one in twenty would have one by chance."
    )


def _title(compared: Sequence[Item]) -> str:
    studies = list(dict.fromkeys(item.study.name for item in compared))
    runs = f"{len(compared)} runs of " if "/" in compared[0].name else ""
    return runs + listed(studies)


def _about(item: Item, folder: Path) -> dict:
    index = item.study.results / INDEX
    address = quote(Path(os.path.relpath(index, folder)).as_posix()) if index.is_file() else ""
    songs = item.results["n_songs"].max()
    return {
        "name": item.name, "corpus": item.corpus, "checksum": item.checksum, "synthetic": item.synthetic,
        "songs": int(songs) if pd.notna(songs) else ABSENT, "address": address,
    }  # fmt: skip


def _notes(compared: Sequence[Item], results: pd.DataFrame) -> list[str]:
    """Warnings without which the numbers would mislead."""
    notes = []
    stale = [item.name for item in compared if item.stale]
    if stale:
        notes.append(f"Stale, made with other data, parameters or code than their study has now: {listed(stale)}.")
    sums = {item.checksum for item in compared if item.checksum}
    if len({item.corpus for item in compared}) > 1:
        notes.append(
            "They are of different music, with classes of their own: a difference of accuracy says which task was "
            "easier for a network as much as anything about the network. Kappa corrects for chance, not for that."
        )
    elif len(sums) > 1:
        notes.append("Their files or labels differ, as the checksums say, although the corpus has one name.")
    by_song = results.loc[results["level"] == "song", [f"{item.name} accuracy" for item in compared]]
    alone = int((by_song.notna().sum(axis=1) < 2).sum())
    if alone:
        notes.append(f"{alone} results by song are those of one of them alone; they stand in results.csv.")
    return notes


def _drawn(common: pd.DataFrame, names: Sequence[str], told: str, media: Media) -> str:
    if not len(common):
        return ""
    use_style()
    drawing = titled(beside(common, names), told).encode()
    return figure(media.add(drawing, "image/svg+xml", "comparison"), told, size(drawing, "image/svg+xml"))


def _rounded(common: pd.DataFrame, names: Sequence[str]) -> dict:
    """Columns and rows of the table as it is shown."""
    keys = [key for key in KEYS if key in common and key != "level"]
    rows = []
    for _, row in common.iterrows():
        shown = [row[key] for key in keys]
        for name in names:
            bounds = f" ({row[f'{name} low']:.2f} to {row[f'{name} high']:.2f})" if pd.notna(row[f"{name} low"]) else ""
            value = row[f"{name} accuracy"]
            shown.append(f"{value:.2f}{bounds}" if pd.notna(value) else ABSENT)
            shown.append(f"{row[f'{name} kappa']:.2f}" if pd.notna(row[f"{name} kappa"]) else ABSENT)
        for name in names[1:]:
            value, low, high = (100 * row[f"{name} difference{end}"] for end in ("", " low", " high"))
            bounds = f" ({_points(low)} to {_points(high)})" if pd.notna(low) else ""
            shown.append(f"{_points(value)}{bounds}" if pd.notna(value) else ABSENT)
        rows.append([*shown[: len(keys)], *(text.replace("-", "−") for text in shown[len(keys) :])])
    columns = [
        *keys,
        *(column for name in names for column in (name, "kappa")),
        *(f"{name}, difference" for name in names[1:]),
    ]
    return {"columns": columns, "rows": rows, "numeric": len(keys)}


def _points(value: float) -> str:
    return f"{round(value) + 0}"  # no zero with a sign


def _folder_name(names: Sequence[str]) -> str:
    """Folder of a comparison: its names where they fit and no other names give the same, else a checksum of them."""
    plain = "_and_".join(name.replace("/", "-") for name in names)
    clear = len(plain) <= 120 and plain.count("_and_") == len(names) - 1
    return plain if clear else hashlib.sha256(" ".join(names).encode()).hexdigest()[:16]
