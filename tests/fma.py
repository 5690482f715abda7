"""A stand-in for the Free Music Archive: metadata in the official layout and archives of short clips."""

import csv
import io
import zipfile
from dataclasses import dataclass, field

import numpy as np
import soundfile

ALBUM = ("comments", "title", "type")
ARTIST = ("id", "name", "website")
SET = ("split", "subset")
TRACK = ("duration", "genre_top", "genres", "license", "title")
HEAD = [("album", c) for c in ALBUM] + [("artist", c) for c in ARTIST]
HEAD += [("set", c) for c in SET] + [("track", c) for c in TRACK]
FEATURES = (
    "acousticness", "danceability", "energy", "instrumentalness", "liveness", "speechiness", "tempo", "valence",
)  # fmt: skip


@dataclass
class Song:
    """One row of the metadata; `valence` None where Echo Nest has none."""

    number: int
    genre: str
    artist: str = "Somebody"
    title: str = "A song"
    subset: str = "small"
    split: str = "training"
    valence: float | None = 0.5
    extra: dict = field(default_factory=dict)


def clip(seed: int, seconds: float = 4.0, rate: int = 16000) -> bytes:
    """A short mp3 of its own sound."""
    rng = np.random.default_rng(seed)
    time = np.arange(int(seconds * rate)) / rate
    beat = (np.sin(2 * np.pi * (1 + seed % 5) * time) > 0) * rng.uniform(0.3, 1, len(time) // 4000 + 1).repeat(4000)[
        : len(time)
    ]
    y = 0.3 * beat * np.sin(2 * np.pi * rng.uniform(150, 900) * time) + 0.02 * rng.standard_normal(len(time))
    held = io.BytesIO()
    soundfile.write(held, y.astype(np.float32), rate, format="MP3")
    return held.getvalue()


def tables(songs: list[Song]) -> dict[str, bytes]:
    """``tracks.csv`` and ``echonest.csv`` by their names in the archive."""
    rows = [["", *(a for a, _ in HEAD)], ["", *(b for _, b in HEAD)], ["track_id", *[""] * len(HEAD)]]
    for song in songs:
        known = {
            ("album", "title"): f"Album of {song.artist}", ("artist", "name"): song.artist,
            ("album", "comments"): "a line\nand, another", ("set", "split"): song.split, ("set", "subset"): song.subset,
            ("track", "genre_top"): song.genre, ("track", "genres"): "[21]", ("track", "license"): "CC BY",
            ("track", "title"): song.title, ("track", "duration"): "180",
        }  # fmt: skip
        rows.append([song.number, *(known.get(column, "") for column in HEAD)])
    nest = [["", *["echonest"] * 8], ["", *["audio_features"] * 8], ["", *FEATURES], ["track_id", *[""] * 8]]
    for song in songs:
        if song.valence is not None:
            nest.append([song.number, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 120.0, song.valence])
    return {"fma_metadata/tracks.csv": _csv(rows), "fma_metadata/echonest.csv": _csv(nest)}


def member(number: int, subset: str = "small") -> str:
    """Name of a clip in its archive."""
    return f"fma_{subset}/{number // 1000:03d}/{number:06d}.mp3"


def archive(members: dict[str, bytes]) -> bytes:
    """A zip archive packed as FMA's are."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_BZIP2) as file:
        for name, body in members.items():
            file.writestr(name, body)
    return held.getvalue()


def _csv(rows: list[list]) -> bytes:
    held = io.StringIO(newline="")
    csv.writer(held, lineterminator="\n").writerows(rows)
    return held.getvalue().encode()
