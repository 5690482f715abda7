"""Getting the clips of a draw, putting the next candidate in the place of each that is bad, and the list of it all."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from lib.datasets.fma.draw import Draw, choose, ordered
from lib.datasets.fma.places import Places
from lib.datasets.integrity import probe_tracks
from lib.errors import ReportError
from lib.io import checksum
from lib.progress import tell

COLUMNS = ("track", "genre", "status", "reason", "bytes", "sha256")
STATUSES = ("drawn", "replaced")
ABSENT = "not in the folder"


def acquire(metadata: pd.DataFrame, draw: Draw, places: Places, *, workers: int = 0, timeout_s: float = 60.0):
    """Get the songs of a draw and return the manifest [columns=`COLUMNS`].

    It holds each song drawn, and each bad one that another took the place of; genres as in the draw, songs in the order
    in which they are taken. It depends on the draw and on what the archive holds, not on the order or luck of
    downloads. Raises `ReportError` if a genre has too few songs, or server or disk fail.
    """
    order = ordered(metadata, draw)
    bad = dict.fromkeys(places.absent(track for tracks in order.values() for track in tracks), ABSENT)
    seen: set[int] = set()
    while True:
        chosen = choose(order, metadata["artist"], draw, bad)
        fresh = [track for tracks in chosen.values() for track in tracks if track not in seen]
        if not fresh:
            return _manifest(order, chosen, bad, places)
        bad |= places.get(fresh)
        seen.update(fresh)
        whole = [track for track in fresh if track not in bad]
        probed, _ = probe_tracks([str(places.path(track)) for track in whole], workers=workers, timeout_s=timeout_s)
        for track, status, reason in zip(whole, probed["status"], probed["reason"], strict=True):
            if status != "ok":
                bad[track] = f"{status}: {reason}"


def again(manifest: pd.DataFrame, metadata: pd.DataFrame, places: Places) -> None:
    """Get the songs that a manifest lists as drawn; `ReportError` if one cannot be had, or is another one by now."""
    drawn = manifest[manifest["status"] == "drawn"]
    if len(unknown := drawn.loc[~drawn["track"].isin(metadata.index), "track"]):
        track = unknown.iloc[0]
        raise ReportError(f"track {track} of the manifest is not in FMA's tracks.csv. Is it another data set's?")
    broken = dict.fromkeys(places.absent(drawn["track"]), ABSENT) or places.get(drawn["track"].tolist())
    for track, reason in broken.items():
        raise ReportError(f"track {track} of the manifest: {reason}. Draw anew, without the manifest.")
    for number, (track, expected) in enumerate(zip(drawn["track"], drawn["sha256"], strict=True), 1):
        path = places.path(track)
        if (found := checksum(path)) != expected:
            raise ReportError(
                f"{path} has the sha256 {found}, but the manifest says {expected}: it is another file than was drawn. "
                "Delete it to fetch it anew, or draw without the manifest."
            )
        tell(f"comparing clips {number}/{len(drawn)}")


def read_manifest(path: Path) -> pd.DataFrame:
    """Read a manifest that another draw left; raises `ReportError` if it is none."""
    try:
        table = pd.read_csv(path, dtype={"track": "int64", "sha256": "string", "reason": "string"})
    except (OSError, ValueError) as error:
        raise ReportError(f"manifest {path} cannot be read: {error}.") from error
    for column in COLUMNS:
        if column not in table:
            raise ReportError(f"manifest {path} has no column {column!r}; it must have {', '.join(COLUMNS)}.")
    unmarked = (table["status"] == "drawn") & (table["sha256"].str.len() != 64).fillna(True)
    for wrong, problem in (
        (~table["status"].isin(STATUSES), f"has a status that is none of {', '.join(STATUSES)}"),
        (unmarked, "has no sha256"),
        (table["track"].duplicated(), "is listed twice"),
    ):
        if wrong.any():
            raise ReportError(f"manifest {path}: track {table.loc[wrong, 'track'].iloc[0]} {problem}.")
    return table[list(COLUMNS)]


def _manifest(
    order: dict[str, list[int]], chosen: dict[str, list[int]], bad: dict[int, str], places: Places
) -> pd.DataFrame:
    rows = []
    for genre, taken in chosen.items():
        reasons = bad | dict.fromkeys(taken, "")
        for track in order[genre][: order[genre].index(taken[-1]) + 1]:
            if (reason := reasons.get(track, ABSENT)) != ABSENT:
                path = places.path(track)
                there = (path.stat().st_size, checksum(path)) if path else (0, "")
                rows.append((track, genre, "replaced" if reason else "drawn", reason, *there))
    return pd.DataFrame(rows, columns=list(COLUMNS))
