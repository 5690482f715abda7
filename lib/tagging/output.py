"""Predictions of files as tables, JSON and playlists, and similar songs among them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from lib.datasets.file_tags import read_tags
from lib.embedding.retrieval import neighbours
from lib.io import printable, write_json
from lib.models import Head
from lib.tagging.model import Tagger
from lib.tagging.predict import SURE, Tagged

UNSURE = "unsure"  # in place of a class where none is predicted
_FORMULA = tuple("=+-@\t\r")  # how one begins in a spreadsheet


def prediction(song: Tagged, head: Head, sure: float = SURE) -> tuple[str, float]:
    """Prediction of a song, and its probability.

    Returns
    -------
    label : str
        A class, or `UNSURE` where the song is out of distribution or no class has a probability of `sure`; a
        number as text.
    probability : float
        Of the likeliest class; NaN of a number.
    """
    values = song.song(head.name)
    if head.numeric:
        return UNSURE if song.out_of_distribution else f"{values[0]:.3f}", float("nan")
    best = int(values.argmax())
    certain = values[best] >= sure and not song.out_of_distribution
    return head.classes[best] if certain else UNSURE, float(values[best])


def table_of(songs: Sequence[Tagged], heads: Sequence[Head], sure: float = SURE) -> pd.DataFrame:
    """One row per file: tags, predictions, and every probability.

    Returns
    -------
    pd.DataFrame
        ``path``, ``artist``, ``title``, ``status``, ``reason``, ``seconds``, ``ood_score`` (the out-of-distribution
        score), by head its prediction, ``<head>_probability``, and ``<head>:<class>`` or ``<head>:value``.
    """
    rows = []
    for song in songs:
        tags = read_tags(song.path) if song.ok else {}
        row = {"artist": tags.get("artist", ""), "title": tags.get("title", printable(song.path.stem))}
        row |= {"status": song.status, "reason": song.reason, "seconds": round(song.seconds, 2)}
        row["ood_score"] = song.ood_score
        for head in heads if song.ok else ():
            row[head.name], row[f"{head.name}_probability"] = prediction(song, head, sure)
            row |= dict(zip(head.columns, map(float, song.song(head.name)), strict=True))
        rows.append(row)
    columns = ["artist", "title", "status", "reason", "seconds", "ood_score"]
    for head in heads:
        columns += [head.name, *([] if head.numeric else [f"{head.name}_probability"]), *head.columns]
    table = pd.DataFrame(rows, columns=columns)
    table.insert(0, "path", _paths(song.path for song in songs))
    return table


def _paths(paths: Iterable[Path]) -> pd.Series:
    """Paths as they are, also where that is no text, which a column of texts could not hold."""
    return pd.Series([str(path) for path in paths], dtype=object)


def write_details(songs: Sequence[Tagged], tagger: Tagger, table: pd.DataFrame, path: Path) -> None:
    """Write everything as JSON: the songs' `table_of` with their predictions over time, and facts about the model."""
    entries = []
    for song, row in zip(songs, table.to_dict("records"), strict=True):
        one = {name: value for name, value in row.items() if ":" not in name and pd.notna(value) and value != ""}
        if song.ok:
            one["over_time"] = {"start_s": [round(float(start), 2) for start in song.starts]}
            for head in tagger.heads:
                values = np.round(song.predictions[head.name].T.astype(float), 3).tolist()
                one["over_time"][head.name] = dict(zip(head.classes or ("value",), values, strict=True))
        entries.append(one)
    write_json({"model": tagger.facts, "songs": entries}, path)


def write_playlists(table: pd.DataFrame, heads: Sequence[Head], folder: Path) -> None:
    """Write a playlist for each class that songs have, and one for those that have none, the surest first.

    They are extended M3U in UTF-8, with the absolute paths of the files.
    """
    (folder / "playlists").mkdir()
    good = table.loc[table["status"] == "ok"]
    for head in (head for head in heads if not head.numeric):
        for label, rows in good.groupby(head.name):
            rows = rows.sort_values(f"{head.name}_probability", ascending=False, kind="stable")
            lines = ["#EXTM3U", f"#PLAYLIST:{head.name}: {label}"]
            for row in rows.itertuples():
                about = " - ".join(part for part in (row.artist, row.title) if part)
                lines += [f"#EXTINF:{round(row.seconds)},{_line(about)}", _line(str(Path(row.path).resolve()))]
            text = "\n".join(lines) + "\n"
            (folder / playlist(head, label)).write_bytes(text.encode("utf-8", "surrogateescape"))


def playlist(head: Head, label: str) -> str:
    """Name of the playlist of a class, in the folder of the results."""
    return f"playlists/{head.name}-{re.sub(r'[^0-9A-Za-z_-]+', '-', label).strip('-') or 'class'}.m3u8"


def _line(text: str) -> str:
    return " ".join(text.splitlines())


def alike(songs: Sequence[Tagged], count: int = 5) -> pd.DataFrame:
    """List for each song those that the network takes for most alike, among the same files.

    Returns
    -------
    pd.DataFrame
        ``path``, ``rank``, ``neighbour``, ``similarity`` (the cosine of centred vectors, -1..1). Empty for fewer than
        three songs, and without those that are out of distribution.
    """
    good = [song for song in songs if song.ok and not song.out_of_distribution]
    if len(good) < 3:
        return pd.DataFrame(columns=["path", "rank", "neighbour", "similarity"])
    numbers = pd.Index(map(str, range(len(good))))
    vectors = pd.DataFrame(np.stack([song.vector for song in good]).astype(float), index=numbers)
    found = neighbours(vectors, pd.DataFrame({"track_id": numbers, "song_group": numbers}), count)
    paths = _paths(song.path for song in good)
    found["neighbour"] = found["neighbour"].astype(int).map(paths)
    return found.assign(track_id=found["track_id"].astype(int).map(paths)).rename(columns={"track_id": "path"})


def write_csv(table: pd.DataFrame, path: Path) -> None:
    """Write a table for spreadsheets: UTF-8, and no cell that one would take for a formula."""
    safe = table.copy()
    for name, column in table.items():
        if not pd.api.types.is_numeric_dtype(column):
            values = [f"'{one}" if isinstance(one, str) and one.startswith(_FORMULA) else one for one in column]
            safe[name] = pd.Series(values, index=safe.index, dtype=object)
    safe.to_csv(path, index=False, float_format="%.4f", lineterminator="\n", errors="surrogateescape")
