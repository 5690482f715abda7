"""Corpora: each gives the same tracks table (`lib.datasets.tracks`), whatever its files look like.

A corpus is a module with a function ``collect(study, data, **options)`` that returns one row per track
(``track_id``, ``path`` and what is known of title, artist, album, license, genre, valence, mood and further
numeric targets) and a paragraph `ABOUT`. Probing, groups and moods are the same for all.
"""

import inspect
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pandas as pd

from lib.datasets.tracks import moods, tracks_table
from lib.datasets.valence import OWN, TROUBLES, Source, fill
from lib.errors import ReportError
from lib.io import write_csv, write_json
from lib.paths import Study

CORPORA = {
    "demo": "lib.datasets.demo",
    "emotify": "lib.datasets.emotify",
    "fma": "lib.datasets.fma",
    "folder": "lib.datasets.folder",
}

_DEMO = (
    "**The demo corpus is not music that anybody recorded: this project composes and synthesises it**, note by note, "
    "from a seed. It stands in where no music is at hand, so that the whole report can be run and tested anywhere. Its "
    "six genres carry the names of the poster's (Rock, Hip-Hop, Pop, Folk, Instrumental, Electronic) and differ in "
    "rhythm, harmony, instruments and tempo; valence follows from mode, register and tempo. Every invented artist and "
    "every song has a sound of its own, so **leakage is built in**: a network that has heard a song, or its artist, "
    "has an advantage. No accuracy on this corpus says anything about real music. Artists, titles and albums are "
    "invented."
)


def module(corpus: str) -> ModuleType:
    """Import a corpus.

    Raises
    ------
    ReportError
        If there is no such corpus.
    """
    if corpus not in CORPORA:
        raise ReportError(f"corpus {corpus!r} is unknown; there are {', '.join(CORPORA)}.")
    return import_module(CORPORA[corpus])


def about(corpus: str) -> str:
    """Markdown paragraph on where a corpus comes from, its licence and how to cite it.

    Raises
    ------
    ReportError
        If there is no such corpus.
    """
    return getattr(module(corpus), "ABOUT", _DEMO)


def valence_parts(corpus: str) -> tuple[str, ...]:
    """Names of the numeric targets that the corpus's valence is computed from.

    Raises
    ------
    ReportError
        If there is no such corpus.
    """
    return getattr(module(corpus), "VALENCE_PARTS", ())


def build(
    study: Study,
    corpus: str,
    data: str | Path = "",
    *,
    mood_cuts: str = "terciles",
    valence: Sequence[str] = (OWN,),
    workers: int = 0,
    timeout_s: float = 60.0,
    **options,
) -> pd.DataFrame:
    """Make the tracks table of a corpus; nothing is written but what the corpus makes or fetches.

    Parameters
    ----------
    study : Study
        Where a corpus that makes its own audio puts it.
    corpus : str
        One of `CORPORA`.
    data : path-like
        Folder of the corpus.
    mood_cuts : str
        As `lib.datasets.tracks.moods` takes them; terciles are those of the usable clips.
    valence : sequence of str
        Where it comes from, see `lib.datasets.valence.sources`. Who said what is written to ``tables/valence.csv``,
        unless the corpus's own is all that is asked for.
    workers : int >= 0
        Processes that read clips; 0 = one per core.
    timeout_s : float > 0
        Seconds a clip may take.
    **options
        Of the corpus's own ``collect``.

    Returns
    -------
    pd.DataFrame
        As `lib.datasets.tracks.tracks_table` makes it.

    Raises
    ------
    ReportError
        If the corpus, an option or `mood_cuts` is unknown, or the data are not those of the corpus.
    """
    from lib.datasets.grouping import artist_groups, song_groups
    from lib.datasets.integrity import probe_tracks
    from lib.datasets.valence.sources import sources

    collect = module(corpus).collect
    options = {"workers": workers, "timeout_s": timeout_s} | checked(corpus, options)
    options = {name: value for name, value in options.items() if name in _options(corpus)}
    moods(pd.Series([0.5]), mood_cuts)  # a wrong parameter is an error before the long part
    own = getattr(module(corpus), "VALENCE", corpus)
    asked = sources(valence, own=own, cache=study.root / "downloads" / "spotify.jsonl")

    rows = collect(study, data, **options).reset_index(drop=True)
    for column in ("artist", "title", "album", "valence", "mood"):
        if column not in rows:
            rows[column] = None
    for left in (study.tables / "valence.csv", study.work / TROUBLES):
        left.unlink(missing_ok=True)
    if tuple(valence) != (OWN,):
        rows["valence"] = _valence(rows, asked, study)
    rows = rows.drop(columns="whole_s", errors="ignore")
    probed, fingerprints = probe_tracks(rows["path"].tolist(), workers=workers, timeout_s=timeout_s)
    rows[probed.columns] = probed
    rows["song_group"], _ = song_groups(rows["track_id"], rows["sha256"], fingerprints)
    rows["artist_group"] = artist_groups(rows)
    cut, _ = moods(rows["valence"].astype("float64").where(rows["status"] == "ok"), mood_cuts)
    rows["mood"] = rows["mood"].astype("string").fillna(cut)
    return tracks_table(rows)


def _valence(rows: pd.DataFrame, asked: Sequence[Source], study: Study) -> pd.Series:
    """Valence of each row from the sources, and on disk who said what."""
    table, troubled = fill(rows.assign(whole_s=rows.get("whole_s", float("nan"))), asked)
    write_csv(table, study.tables / "valence.csv")
    write_json(troubled, study.work / TROUBLES)
    return table["valence"]


def checked(corpus: str, options: dict) -> dict:
    """Return options of a corpus's ``collect`` if it knows them all.

    Raises
    ------
    ReportError
        If there is no such corpus, or it has no such option.
    """
    taken = _options(corpus)
    unknown = sorted(set(options) - set(taken))
    if unknown:
        raise ReportError(
            f"corpus {corpus!r} has no option {unknown[0]!r}; it has {', '.join(taken) if taken else 'none'}."
        )
    return dict(options)


def _options(corpus: str) -> list[str]:
    return list(inspect.signature(module(corpus).collect).parameters)[2:]
