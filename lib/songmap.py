"""A map of songs that a page offers: a notebook names the places, the page makes them something to point at."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from math import isfinite

import numpy as np
import pandas as pd

from lib.errors import ReportError

MIME = "application/vnd.music-tagging.map+json"
MOST = 1_500  # points, each some 300 bytes of a page
_COLOUR = re.compile(r"#[0-9a-f]{6}")


@dataclass(frozen=True)
class SongMap:
    """Places of songs in a plane, and their colours by several labels.

    Parameters
    ----------
    about : str
        What the map shows.
    songs : tuple of str
        ``track_id`` of each.
    texts : tuple of str
        What is said of each song.
    x, y : tuple of float
        0..1, from the left and from the bottom.
    layers : tuple of (str, tuple of str, tuple of (str, str))
        What the songs are coloured by, the colour of each song, such as ``#0072b2``, and what the colours mean: pairs
        of name and colour. The first is shown first.
    """

    about: str
    songs: tuple[str, ...]
    texts: tuple[str, ...]
    x: tuple[float, ...]
    y: tuple[float, ...]
    layers: tuple[tuple[str, tuple[str, ...], tuple[tuple[str, str], ...]], ...]


def offer_map(
    plane: np.ndarray, tracks: pd.DataFrame, hues: Mapping[str, tuple[Sequence[str], Mapping[str, str]]], about: str
) -> None:
    """Show that a map of songs belongs here; of more than `MOST`, which a page could not carry, every so many. Page 06.

    Parameters
    ----------
    plane : np.ndarray [songs, 2]
    tracks : pd.DataFrame [songs]
        By ``track_id``: ``title``, ``artist``, ``genre``, ``mood``.
    hues : mapping
        Label -> (colour of each song, name -> colour), as from `lib.plots.embedding.hues`.
    about : str
        What the map shows.
    """
    from IPython.display import display
    from matplotlib.colors import to_hex

    if len(plane) > MOST:
        kept = np.linspace(0, len(plane) - 1, MOST).astype(int)
        about = f"{about}; {MOST:,} of {len(plane):,} songs"
        plane, tracks = plane[kept], tracks.iloc[kept]
        hues = {name: ([of_song[i] for i in kept], key) for name, (of_song, key) in hues.items()}
    low, span = plane.min(axis=0), np.maximum(np.ptp(plane, axis=0), 1e-12)
    x, y = ((plane - low) / span).round(4).T.tolist()
    texts = [_text(track_id, row) for track_id, row in tracks.iterrows()]
    layers = [
        (name, [to_hex(one) for one in of_song], [(str(label), to_hex(shade)) for label, shade in key.items()])
        for name, (of_song, key) in hues.items()
    ]
    found = SongMap(about, [str(i) for i in tracks.index], texts, x, y, layers)
    display({MIME: asdict(found), "text/plain": f"{about}: a map of {len(texts)} songs."}, raw=True)


def _text(track_id: str, row: pd.Series) -> str:
    told = (name for name in ("title", "artist", "genre", "mood") if name in row)
    known = {name: str(row[name]) for name in told if pd.notna(row[name]) and row[name]}
    title = known.get("title", track_id) + (f", by {known['artist']}" if "artist" in known else "")
    labels = ", ".join(known[name] for name in ("genre", "mood") if name in known)
    return f"{title}: {labels}" if labels else title


def read(data: object) -> SongMap:
    """Return what `offer_map` has put into an output.

    Raises
    ------
    ReportError
        If it is of another form.
    """
    try:
        found = SongMap(**{field.name: data[field.name] for field in fields(SongMap)})
        right = _is_right(found)
    except (TypeError, KeyError, ValueError, AttributeError):
        right = False
    if not right:
        raise ReportError(
            f"A notebook's output of type {MIME} is not what `lib.songmap.offer_map` writes. Run it again."
        )
    return found


def _is_right(found: SongMap) -> bool:
    count = len(found.songs)
    shades = [[*of_song, *(shade for _, shade in key)] for _, of_song, key in found.layers]
    named = [name for name, _, _ in found.layers] + [name for _, _, key in found.layers for name, _ in key]
    return (
        isinstance(found.about, str)
        and all(isinstance(text, str) for text in (*found.songs, *found.texts, *named))
        and all(len(column) == count for column in (found.texts, found.x, found.y, *(of for _, of, _ in found.layers)))
        and all(isfinite(place) and 0 <= place <= 1 for place in (*found.x, *found.y))
        and all(_COLOUR.fullmatch(shade) for some in shades for shade in some)
    )
