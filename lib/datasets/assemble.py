"""The tracks table of a corpus: its own rows, their valence, probed files, groups and moods."""

import inspect
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from lib.datasets import module
from lib.datasets.grouping import album_groups, artist_groups, song_groups
from lib.datasets.integrity import probe_tracks
from lib.datasets.tracks import moods, tracks_table
from lib.datasets.valence import FAILURES, OWN, fill
from lib.datasets.valence.sources import sources
from lib.errors import ReportError
from lib.io import printable, write_csv, write_json
from lib.paths import Study


def assemble(
    study: Study,
    corpus: str,
    data: str | Path = "",
    *,
    mood_cuts: str = "terciles",
    valence: Sequence[str] = (OWN,),
    remixes: bool = False,
    workers: int = 0,
    timeout_s: float = 60.0,
    **options,
) -> pd.DataFrame:
    """Make the tracks table of a corpus (`lib.datasets.tracks`); only what the corpus makes or fetches is written.

    Parameters
    ----------
    study : Study
        Where a corpus that makes its own audio puts it.
    corpus : str
        One of `lib.datasets.CORPORA`.
    data : path-like
        Folder of the corpus.
    mood_cuts : str
        As `lib.datasets.tracks.moods` takes them; terciles are those of the usable clips.
    valence : sequence of str
        Where it comes from, see `lib.datasets.valence.sources`. Who said what is written to ``tables/valence.csv``,
        unless the corpus's own is all that is asked for.
    remixes : bool
        Whether titles join the artists of one song's remixes, see `lib.datasets.grouping.artist_groups`.
    workers, timeout_s
        As `lib.datasets.integrity.probe_tracks` takes them.
    **options
        Of the corpus's own ``collect``.

    Raises
    ------
    ReportError
        If the corpus, an option or `mood_cuts` is unknown, or the data are not those of the corpus.
    """
    options = {"workers": workers, "timeout_s": timeout_s} | checked(corpus, options)
    options = {name: value for name, value in options.items() if name in _options(corpus)}
    moods(pd.Series([0.5]), mood_cuts)  # a wrong parameter is an error before the long part
    own = getattr(module(corpus), "VALENCE", corpus)
    chosen = sources(valence, own=own, cache=study.root / "downloads" / "spotify.jsonl")

    rows = module(corpus).collect(study, data, **options).reset_index(drop=True)
    for column in ("artist", "title", "album", "valence", "mood"):
        if column not in rows:
            rows[column] = None
    for left in (study.tables / "valence.csv", study.work / FAILURES):
        left.unlink(missing_ok=True)
    if tuple(valence) != (OWN,):
        table, failed = fill(rows.assign(whole_s=rows.get("whole_s", float("nan"))), chosen)
        write_csv(table, study.tables / "valence.csv")
        write_json(failed, study.work / FAILURES)
        rows["valence"] = table["valence"]
    rows = rows.drop(columns="whole_s", errors="ignore")
    probed, fingerprints = probe_tracks(rows["path"].tolist(), workers=workers, timeout_s=timeout_s)
    rows[probed.columns] = probed
    unnamed = rows["path"].map(lambda path: path != printable(path)).to_numpy(dtype=bool)
    rows.loc[unnamed, ["status", "reason"]] = "unreadable", "its name has characters that are no text: rename it"
    rows["song_group"] = song_groups(rows["track_id"], rows["sha256"], fingerprints)
    rows["artist_group"] = artist_groups(rows, by_title=remixes)
    rows["album_group"] = album_groups(rows)
    cut, _ = moods(rows["valence"].astype("float64").where(rows["status"] == "ok"), mood_cuts)
    rows["mood"] = rows["mood"].astype("string").fillna(cut)
    return tracks_table(rows)


def checked(corpus: str, options: dict) -> dict:
    """Return options of a corpus's ``collect``; raises `ReportError` if it does not know one of them."""
    taken = _options(corpus)
    for name in sorted(set(options) - set(taken)):
        raise ReportError(f"corpus {corpus!r} has no option {name!r}; it has {', '.join(taken) or 'none'}.")
    return dict(options)


def _options(corpus: str) -> list[str]:
    return list(inspect.signature(module(corpus).collect).parameters)[2:]
