"""A page of tagged files: for each a strip of tags over time, and a player of the file where it lies."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

import pandas as pd
from markupsafe import Markup

from lib.io import printable
from lib.models import Head
from lib.narrative.format import interval, percent
from lib.plots.style import colour
from lib.site import frame
from lib.tagging.model import Tagger
from lib.tagging.output import UNSURE
from lib.tagging.predict import Tagged

MOST = 300  # files that a page shows; more would make it slow to open, and all stand in the tables
HEIGHT, WIDTH = 28, 600  # of a strip


def write_page(
    folder: Path, tagger: Tagger, songs: Sequence[Tagged], table: pd.DataFrame, near: pd.DataFrame, *, place: Path
) -> None:
    """Write ``index.html`` into a folder that will lie at `place`, of at most `MOST` files.

    `table` and `near` are the songs' `lib.tagging.output.table_of` and `lib.tagging.output.alike`.
    """
    shutil.copyfile(frame.STYLE, folder / frame.STYLE.name)
    good = [number for number, song in enumerate(songs) if song.ok]
    left = [song for song in songs if not song.ok]
    near = near[near["path"].isin(table["path"].iloc[good[:MOST]])]
    alike = near["neighbour"].map(table.set_index("path")["title"]).groupby(near["path"]).agg(list)
    frame.write_page(
        folder / frame.INDEX,
        "tagged.html.j2",
        study=tagger.facts["study"],
        synthetic=tagger.facts["synthetic"],
        shown=[_song(place, songs[number], table.iloc[number], tagger.heads, alike) for number in good[:MOST]],
        more=len(good) - MOST,
        left=[{"path": printable(song.path), "reason": f"{song.status}: {song.reason}"} for song in left[:MOST]],
        more_left=len(left) - MOST,
        facts=tagger.facts,
        keys={head.name: [(name, colour(name)) for name in head.classes] for head in tagger.heads if not head.numeric},
        accuracy=[
            f"{row['head']} of {percent(row['accuracy'])} of {row['n_songs']} songs {interval(row['low'], row['high'])}"
            for row in tagger.facts["accuracy"]
            if row["level"] == "song" and row["low"] is not None
        ],
        unsure=UNSURE,
    )


def _song(folder: Path, song: Tagged, row: pd.Series, heads: Sequence[Head], alike: pd.Series) -> dict:
    tags = []
    for head in heads:
        chance = "" if head.numeric else percent(row[f"{head.name}_probability"])
        tags.append({"head": head.name, "said": row[head.name], "chance": chance, "strip": _strip(song, head)})
    return {
        "title": row["title"],
        "artist": row["artist"],
        "path": printable(song.path),
        "length": f"{int(song.seconds) // 60}:{int(song.seconds) % 60:02}",
        "address": quote(os.fsencode(os.path.relpath(song.path.resolve(), folder.resolve()))),
        "tags": tags,
        "strange": song.out_of_distribution,
        "strangest": song.farthest_feature,
        "alike": alike.get(row["path"], []),
    }


def _strip(song: Tagged, head: Head) -> Markup:
    """Probabilities of a head's classes over time, stacked, as a drawing; empty for a number."""
    if head.numeric or not song.seconds:
        return Markup("")
    parts = []
    ends = [*song.starts[1:], song.seconds]
    for start, end, chances in zip(song.starts, ends, song.predictions[head.name], strict=True):
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
