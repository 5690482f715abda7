"""Sounds that a page offers: a notebook names them, a local build of the pages plays them.

Music is not passed on, so that an executed notebook holds no sound but only which stretch of which song it is about;
``make listen`` cuts these from the files of this machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from math import isfinite

from lib.errors import ReportError

MIME = "application/vnd.music-tagging.sounds+json"


@dataclass(frozen=True)
class Sound:
    """A stretch of a song's excerpt. Pages 02, 05, 06 and 07.

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
    start_s: float = 0.0
    length_s: float = 0.0
    picture: str = ""
    span: tuple[float, float] = (0.0, 0.0)


def offer(sounds: Sequence[Sound]) -> None:
    """Show that sounds belong here. Pages 02, 05, 06 and 07.

    Parameters
    ----------
    sounds : sequence of Sound
        None shows nothing.
    """
    from IPython.display import display

    if sounds:
        text = (
            "Sounds of "
            + ", ".join(sound.track_id for sound in sounds)
            + ": `make listen` builds pages that play them."
        )
        display({MIME: {"sounds": [_plain(sound) for sound in sounds]}, "text/plain": text}, raw=True)


def _plain(sound: Sound) -> dict:
    """Values as JSON has them, whatever numpy has made of them."""
    known = {"track_id": str(sound.track_id), "start_s": float(sound.start_s), "length_s": float(sound.length_s)}
    return asdict(sound) | known | {"span": [float(share) for share in sound.span]}


def read(data: object) -> list[Sound]:
    """Return what `offer` has put into an output.

    Raises
    ------
    ReportError
        If it is of another form.
    """
    known = {field.name for field in fields(Sound)}
    try:
        found = [Sound(**{name: one[name] for name in known if name in one}) for one in data["sounds"]]
        right = all(_is_right(one) for one in found)
    except (TypeError, KeyError, ValueError):
        right = False
    if not right:
        raise ReportError(f"A notebook's output of type {MIME} is not what `lib.sounds.offer` writes. Run it again.")
    return found


def _is_right(sound: Sound) -> bool:
    texts = isinstance(sound.track_id, str) and isinstance(sound.about, str) and isinstance(sound.picture, str)
    times = all(isfinite(number) and number >= 0 for number in (sound.start_s, sound.length_s))
    return texts and times and len(sound.span) == 2 and all(0 <= share <= 1 for share in sound.span)
