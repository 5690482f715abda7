"""A page of tagged files: for each a strip of tags over time, and a player of the file where it lies."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

import pandas as pd
from markupsafe import Markup

from lib.narrative.format import interval, percent
from lib.plots import colour
from lib.provenance import code_version
from lib.report.body import HERE
from lib.report.pages import GENERATOR, TITLE, templates, write
from lib.tagging.model import Tagger
from lib.tagging.songs import Tagged
from lib.tagging.tables import UNSURE
from lib.zoo import Head

MOST = 300  # files that a page shows; more would make it slow to open, and all stand in the tables
HEIGHT, WIDTH = 28, 600  # of a strip


def write_page(
    folder: Path, tagger: Tagger, songs: Sequence[Tagged], table: pd.DataFrame, near: pd.DataFrame, *, place: Path
) -> None:
    """Write ``index.html`` into a folder.

    Parameters
    ----------
    folder : path-like
        Exists.
    tagger : Tagger
    songs : sequence of Tagged
    table : pd.DataFrame
        As from `lib.tagging.tables.table_of`, of the same songs.
    near : pd.DataFrame
        As from `lib.tagging.tables.alike`.
    place : path-like
        Where the folder will lie, from which the files are linked.
    """
    shutil.copyfile(HERE / "template" / "style.css", folder / "style.css")
    titles = {str(song.path): title for song, title in zip(songs, table["title"], strict=True)}
    shown = [
        _song(place, song, row, tagger.heads, near, titles)
        for song, (_, row) in zip(songs, table.iterrows(), strict=True)
        if song.ok
    ]
    left = [{"path": str(song.path), "reason": f"{song.status}: {song.reason}"} for song in songs if not song.ok]
    text = (
        templates()
        .get_template("tagged.html.j2")
        .render(
            site=TITLE,
            generator=GENERATOR,
            study=tagger.facts["study"],
            synthetic=tagger.facts["synthetic"],
            corpus="",
            code=code_version(),
            chapters=[],
            page=None,
            scripts=[],
            up="",
            shown=shown[:MOST],
            more=len(shown) - MOST,
            left=left[:MOST],
            more_left=len(left) - MOST,
            facts=tagger.facts,
            keys=_keys(tagger.heads),
            accuracy=_accuracy(tagger),
            unsure=UNSURE,
        )
    )
    write(folder / "index.html", text)


def _accuracy(tagger: Tagger) -> list[str]:
    told = [row for row in tagger.facts["accuracy"] if row["level"] == "song" and row["low"] is not None]
    return [
        f"{row['head']} of {percent(row['accuracy'])} of {row['n_songs']} songs {interval(row['low'], row['high'])}"
        for row in told
    ]


def _keys(heads: Sequence[Head]) -> dict[str, list[tuple[str, str]]]:
    return {head.name: [(name, colour(name)) for name in head.classes] for head in heads if not head.numeric}


def _song(
    folder: Path, song: Tagged, row: pd.Series, heads: Sequence[Head], near: pd.DataFrame, titles: dict[str, str]
) -> dict:
    tags = []
    for head in heads:
        chance = "" if head.numeric else percent(row[f"{head.name}_probability"])
        tags.append({"head": head.name, "said": row[head.name], "chance": chance, "strip": _strip(song, head)})
    others = near.loc[near["path"] == str(song.path), "neighbour"]
    return {
        "title": row["title"],
        "artist": row["artist"],
        "path": str(song.path),
        "length": f"{int(song.seconds) // 60}:{int(song.seconds) % 60:02}",
        "address": quote(Path(os.path.relpath(song.path.resolve(), folder.resolve())).as_posix()),
        "tags": tags,
        "strange": song.strange,
        "strangest": song.strangest,
        "alike": [titles.get(name, name) for name in others],
    }


def _strip(song: Tagged, head: Head) -> Markup:
    """Probabilities of a head's classes over time, stacked, as a drawing; empty for a number."""
    if head.numeric or not song.seconds:
        return Markup("")
    parts = []
    ends = [*song.starts[1:], song.seconds]
    for start, end, chances in zip(song.starts, ends, song.answers[head.name], strict=True):
        left, width = WIDTH * start / song.seconds, WIDTH * (end - start) / song.seconds
        top = 0.0
        for name, chance in zip(head.classes, map(float, chances), strict=True):
            if chance > 0.005:
                parts.append(
                    Markup('<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" fill="{}"/>').format(
                        left, HEIGHT * top, width, HEIGHT * chance, colour(name)
                    )
                )
            top += chance
    label = f"{head.name} over time: " + ", ".join(
        f"{name} {percent(float(value))} on average"
        for name, value in zip(head.classes, song.song(head.name), strict=True)
    )
    return Markup(
        '<svg class="strip" viewBox="0 0 {} {}" preserveAspectRatio="none" role="img" aria-label="{}">{}</svg>'
    ).format(WIDTH, HEIGHT, label, Markup("").join(parts))
