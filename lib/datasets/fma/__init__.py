"""Free Music Archive (FMA): a draw of real songs, fetched clip by clip."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from lib.datasets.fma.clips import acquire, again, read_manifest
from lib.datasets.fma.draw import GENRES, Draw
from lib.datasets.fma.metadata import FEATURES, archive_counts, read_metadata
from lib.datasets.fma.places import ADDRESS, CONNECTIONS, Places
from lib.io import write_csv
from lib.paths import Study, data_folder, given_file

NEEDS_DATA = False  # without a folder, what is missing is fetched
VALENCE = "Echo Nest"  # whose estimate the corpus's own valence is
MANIFEST, ARCHIVE = "manifest.csv", "archive.csv"  # tables of the draw, and of what was drawn from

ABOUT = (
    "**The Free Music Archive (FMA)** is a collection of music that its artists offer under licences that allow "
    "sharing. As a data set (Defferrard et al. 2017, arXiv 1612.01840; code and metadata at "
    "https://github.com/mdeff/fma) it holds, in its subsets *small*, *medium* and *large*, up to 106,574 tracks, of "
    "each the middle 30 s. This study draws some songs of each genre by chance, from a seed: songs with a known "
    "valence first, few of any one artist, none of the clips known to be broken; what proves broken is replaced by the "
    "next. Only songs with a single top genre are drawn. The valence published with FMA is an estimate by a "
    "program of the company Echo Nest, known for one track in eight: it is itself a machine's answer, not a "
    "listener's. The metadata are licensed CC BY 4.0; each song has a licence of its own, listed below."
)


def collect(
    study: Study,
    data: str | Path,
    *,
    subset: str = "small",
    genres: tuple[str, ...] = GENRES,
    songs: int = 75,
    per_artist: int = 3,
    equal_moods: bool = False,
    seed: int = 0,
    manifest: str = "",
    address: str = ADDRESS,
    whole_archive: bool = False,
    connections: int = CONNECTIONS,
    workers: int = 0,
    timeout_s: float = 60.0,
) -> pd.DataFrame:
    """Draw songs, get those that are not here yet, and list them in ``tables/manifest.csv``.

    Parameters
    ----------
    study : Study
    data : path-like
        Folder with ``fma_metadata`` and ``fma_<subset>``, each a folder or a ``.zip``; empty = fetch what is
        needed into ``downloads/fma``.
    subset, genres, songs, per_artist, equal_moods, seed
        As `lib.datasets.fma.draw.Draw` takes them.
    manifest : path-like
        ``manifest.csv`` of another draw: get the songs that it lists, and compare their checksums.
    address, whole_archive, connections
        As `lib.datasets.fma.places.Places` takes them.
    workers, timeout_s
        As `lib.datasets.integrity.probe_tracks` takes them.

    Returns
    -------
    pd.DataFrame
        ``track_id`` (such as ``fma-000002``), ``path``, ``title``, ``artist``, ``album``, ``license``,
        ``genre``, ``official`` (FMA's own split), ``whole_s``, ``valence`` and the other features of Echo Nest
        (0..1).

    Raises
    ------
    ReportError
        If a parameter is wrong, or songs or metadata cannot be had.
    """
    draw = Draw(subset, tuple(genres), songs, per_artist, equal_moods, seed)
    listed = read_manifest(given_file(manifest, "manifest")) if manifest else None
    places = Places(
        subset, study.root / "downloads" / "fma", data_folder(data, "fma") if str(data).strip() else None,
        address=address, whole=whole_archive, connections=connections,
    )  # fmt: skip
    metadata = read_metadata(*places.tables())
    if listed is None:
        listed = acquire(metadata, draw, places, workers=workers, timeout_s=timeout_s)
    else:
        again(listed, metadata, places)
    write_csv(listed, study.tables / MANIFEST)
    write_csv(archive_counts(metadata, subset).reset_index(), study.tables / ARCHIVE)
    tracks = listed.loc[listed["status"] == "drawn", "track"].tolist()
    rows = metadata.loc[tracks].reset_index(drop=True)
    rows.insert(0, "track_id", [f"fma-{track:06d}" for track in tracks])
    rows.insert(1, "path", [str(places.path(track)) for track in tracks])
    rows["title"] = rows["title"].fillna(rows["track_id"])
    return rows[["track_id", "path", "title", "artist", "album", "license", "genre", "official", "whole_s", "valence",
                 *FEATURES]]  # fmt: skip
