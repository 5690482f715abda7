"""What a notebook hands to its page beside text and pictures: code, stretches of songs to hear, and maps of songs.

Music is not passed on, so that an executed notebook holds no sound but only which stretch of which song is meant;
``make listen`` cuts these from the files of this machine. The pages are built by `lib.site`.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Annotated

import numpy as np
import pandas as pd
from pydantic import Field, TypeAdapter, ValidationError, model_validator
from pydantic.dataclasses import dataclass

from lib.errors import ReportError
from lib.paths import PROJECT

SOUNDS = "application/vnd.music-tagging.sounds+json"
MAP = "application/vnd.music-tagging.map+json"
MAX_POINTS = 1_500  # of a map, each some 300 bytes of a page

_Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]
_Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
_Colour = Annotated[str, Field(pattern=r"\A#[0-9a-f]{6}\z")]


@dataclass(frozen=True)
class Sound:
    """A stretch of a song's excerpt.

    Parameters
    ----------
    track_id : str
    about : str
        What it is an example of; the page adds title, artist and licence.
    start_s : float >= 0
        Seconds into the excerpt.
    length_s : float >= 0
        Seconds; 0 = to the excerpt's end.
    picture : str
        Name of the figure before it that shows the same stretch; empty = none.
    span : tuple of (float, float)
        Where on the picture the stretch begins and ends, as shares of the picture's width.
    """

    track_id: str
    about: str = ""
    start_s: _Seconds = 0.0
    length_s: _Seconds = 0.0
    picture: str = ""
    span: tuple[_Share, _Share] = (0.0, 0.0)


@dataclass(frozen=True)
class SongMap:
    """Places of songs in a plane, and their colours by several labels, of which the first is shown first."""

    about: str  # what the map shows
    songs: list[str]  # ``track_id`` of each
    texts: list[str]  # the line that describes each
    x: list[_Share]  # from the left
    y: list[_Share]  # from the bottom
    layers: list[tuple[str, list[_Colour], list[tuple[str, _Colour]]]]  # label, colour of each song, key: name, colour

    @model_validator(mode="after")
    def _same_length(self) -> SongMap:
        columns = (self.texts, self.x, self.y, *(colours for _, colours, _ in self.layers))
        if any(len(column) != len(self.songs) for column in columns):
            raise ValueError("every song needs a text, a place and a colour per layer")
        return self


def listing(module: str, *names: str) -> str:
    """Lines of some functions of a module, without their docstrings, as Markdown. The module is not imported.

    Raises
    ------
    ReportError
        If there is no such module or function.

    Examples
    --------
    >>> print(listing("lib.models.layers", "batch_norm"))
    ```python
    def batch_norm(**settings) -> keras.layers.BatchNormalization:
        return keras.layers.BatchNormalization(momentum=MOMENTUM, **settings)
    ```
    """
    file = PROJECT.joinpath(*module.split(".")).with_suffix(".py")
    if not file.is_file():
        raise ReportError(f"module {module!r}: {file} does not exist.")
    text = file.read_text(encoding="utf-8")
    functions = {node.name: node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)}
    if missing := [name for name in names if name not in functions]:
        raise ReportError(f"{module} has no function {missing[0]!r}, only {', '.join(functions)}.")
    parts = []
    for node in map(functions.__getitem__, names):
        lines, first = text.splitlines(), node.body[0]
        described = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
        kept = [*lines[node.lineno - 1 : first.lineno - 1], *lines[first.end_lineno : node.end_lineno]]
        parts.append("\n".join(kept if described else lines[node.lineno - 1 : node.end_lineno]))
    return "```python\n" + "\n\n\n".join(parts) + "\n```"


def offer(sounds: Sequence[Sound]) -> None:
    """Show that sounds belong here; without any, show nothing."""
    if sounds:
        names = ", ".join(sound.track_id for sound in sounds)
        text = f"Sounds of {names}: `make listen` builds pages that play them."
        _display(SOUNDS, {"sounds": [asdict(sound) for sound in sounds]}, text)


def offer_map(
    plane: np.ndarray, tracks: pd.DataFrame, hues: Mapping[str, tuple[Sequence[str], Mapping[str, str]]], about: str
) -> None:
    """Show that a map of songs belongs here; of more than `MAX_POINTS` an even sample.

    Parameters
    ----------
    plane : np.ndarray [shape=(songs, 2)]
    tracks : pd.DataFrame
        By ``track_id``: ``title``, ``artist``, ``genre``, ``mood``.
    hues : mapping
        Label -> (colour of each song, name -> colour), as from `lib.plots.embedding.hues`.
    about : str
        What the map shows.
    """
    from matplotlib.colors import to_hex

    if len(plane) > MAX_POINTS:
        kept = np.linspace(0, len(plane) - 1, MAX_POINTS).astype(int)
        about = f"{about}; {MAX_POINTS:,} of {len(plane):,} songs"
        plane, tracks = plane[kept], tracks.iloc[kept]
        hues = {name: ([colours[i] for i in kept], key) for name, (colours, key) in hues.items()}
    low, span = plane.min(axis=0), np.maximum(np.ptp(plane, axis=0), 1e-12)
    x, y = ((plane - low) / span).round(4).T.tolist()
    texts = [_text(track_id, row) for track_id, row in tracks.iterrows()]
    layers = [
        (name, [to_hex(one) for one in colours], [(str(label), to_hex(shade)) for label, shade in key.items()])
        for name, (colours, key) in hues.items()
    ]
    found = SongMap(about, [str(i) for i in tracks.index], texts, x, y, layers)
    _display(MAP, asdict(found), f"{about}: a map of {len(texts)} songs.")


def _text(track_id: str, row: pd.Series) -> str:
    named = (name for name in ("title", "artist", "genre", "mood") if name in row)
    known = {name: str(row[name]) for name in named if pd.notna(row[name]) and row[name]}
    title = known.get("title", track_id) + (f", by {known['artist']}" if "artist" in known else "")
    labels = ", ".join(known[name] for name in ("genre", "mood") if name in known)
    return f"{title}: {labels}" if labels else title


def _display(kind: str, data: dict, text: str) -> None:
    from IPython.display import display

    display({kind: data, "text/plain": text}, raw=True)


def read_sounds(data: object) -> list[Sound]:
    """Return what `offer` has put into an output; a `ReportError` if it is of another form."""
    return _read(list[Sound], data.get("sounds") if isinstance(data, dict) else data, SOUNDS, "offer")


def read_map(data: object) -> SongMap:
    """Return what `offer_map` has put into an output; a `ReportError` if it is of another form."""
    return _read(SongMap, data, MAP, "offer_map")


def _read(form: type, data: object, kind: str, writer: str):
    try:
        return TypeAdapter(form).validate_python(data)
    except ValidationError as error:
        first = error.errors()[0]
        raise ReportError(
            f"A notebook's output of type {kind} is not what `lib.rich_output.{writer}` writes "
            f"({'.'.join(map(str, first['loc']))}: {first['msg']}). Run it again."
        ) from error
