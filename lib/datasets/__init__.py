"""Corpora: each gives the same tracks table (`lib.datasets.tracks`), whatever its files look like.

A corpus is a module with a function ``collect(study, data, **options)`` that returns one row per track
(``track_id``, ``path`` and what is known of title, artist, album, license, genre, valence, mood and further
numeric targets) and a paragraph `ABOUT`. Probing, groups and moods are the same for all
(`lib.datasets.assemble`).
"""

from importlib import import_module
from types import ModuleType

from lib.errors import ReportError

CORPORA = {name: f"lib.datasets.{name}" for name in ("demo", "emotify", "fma", "fourq", "folder")}

_DEMO = (
    "**The demo corpus is not music that anybody recorded: this project composes and synthesises it**, note by note, "
    "from a seed. It is used where no music is at hand, so that the whole report can be run and tested anywhere. Its "
    "six genres carry the names of the poster's (Rock, Hip-Hop, Pop, Folk, Instrumental, Electronic) and differ in "
    "rhythm, harmony, instruments and tempo; valence follows from mode, register and tempo. Every invented artist and "
    "every song has a sound of its own, so **leakage is built in**: a network that has heard a song, or its artist, "
    "has an advantage. No accuracy on this corpus says anything about real music. Artists, titles and albums are "
    "invented."
)


def module(corpus: str) -> ModuleType:
    """Import a corpus; raises `ReportError` if there is no such corpus."""
    if corpus not in CORPORA:
        raise ReportError(f"corpus {corpus!r} is unknown; there are {', '.join(CORPORA)}.")
    return import_module(CORPORA[corpus])


def about(corpus: str) -> str:
    """Markdown paragraph on where a corpus comes from, its licence and how to cite it."""
    return getattr(module(corpus), "ABOUT", _DEMO)


def valence_parts(corpus: str) -> tuple[str, ...]:
    """Names of the numeric targets that the corpus's valence is computed from."""
    return getattr(module(corpus), "VALENCE_PARTS", ())
