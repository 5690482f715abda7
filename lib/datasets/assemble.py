"""The tracks table of a corpus: its own rows, their valence, probed files, groups and moods."""

import inspect
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from lib.datasets import module
from lib.datasets.grouping import artist_groups, song_groups
from lib.datasets.integrity import probe_tracks
from lib.datasets.tracks import moods, tracks_table
from lib.datasets.valence import FAILURES, OWN, Source, fill
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
        One of `lib.datasets.CORPORA`.
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
    collect = module(corpus).collect
    options = {"workers": workers, "timeout_s": timeout_s} | checked(corpus, options)
    options = {name: value for name, value in options.items() if name in _options(corpus)}
    moods(pd.Series([0.5]), mood_cuts)  # a wrong parameter is an error before the long part
    own = getattr(module(corpus), "VALENCE", corpus)
    chosen = sources(valence, own=own, cache=study.root / "downloads" / "spotify.jsonl")

    rows = collect(study, data, **options).reset_index(drop=True)
    for column in ("artist", "title", "album", "valence", "mood"):
        if column not in rows:
            rows[column] = None
    for left in (study.tables / "valence.csv", study.work / FAILURES):
        left.unlink(missing_ok=True)
    if tuple(valence) != (OWN,):
        rows["valence"] = _valence(rows, chosen, study)
    rows = rows.drop(columns="whole_s", errors="ignore")
    probed, fingerprints = probe_tracks(rows["path"].tolist(), workers=workers, timeout_s=timeout_s)
    rows[probed.columns] = probed
    unnamed = rows["path"].map(lambda path: path != printable(path)).to_numpy(dtype=bool)
    rows.loc[unnamed, ["status", "reason"]] = "unreadable", "its name has characters that are no text: rename it"
    rows["song_group"], _ = song_groups(rows["track_id"], rows["sha256"], fingerprints)
    rows["artist_group"] = artist_groups(rows)
    cut, _ = moods(rows["valence"].astype("float64").where(rows["status"] == "ok"), mood_cuts)
    rows["mood"] = rows["mood"].astype("string").fillna(cut)
    return tracks_table(rows)


def _valence(rows: pd.DataFrame, chosen: Sequence[Source], study: Study) -> pd.Series:
    """Valence of each row from the sources, and on disk who said what."""
    table, failed = fill(rows.assign(whole_s=rows.get("whole_s", float("nan"))), chosen)
    write_csv(table, study.tables / "valence.csv")
    write_json(failed, study.work / FAILURES)
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
