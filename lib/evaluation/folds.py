"""The folds of a study as CSV, for others to evaluate on and compare with."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from lib.io import checksum, replacing, write_csv
from lib.splits import GROUPS, SINGLE, assign

SUMS = "SHA256SUMS"  # as sha256sum -c reads it
LABELS = ["genre", "mood", "song_group", "artist_group"]


def publish(
    folder: Path, slices: pd.DataFrame, tracks: pd.DataFrame, splits: Sequence[str], folds: int
) -> pd.DataFrame:
    """Write one table a split and the checksums of all; none of splits that part songs.

    Parameters
    ----------
    folder : path-like
        Its tables of other splits are removed.
    slices, tracks : pd.DataFrame
        As of `lib.splits.assign`.
    splits : sequence of str
    folds : int >= 2

    Returns
    -------
    pd.DataFrame
        ``file``, ``songs`` and ``sha256``. A table's columns are ``track_id``, then `LABELS` and, for each fold,
        ``fold0``: ``train``, ``validation``, ``test`` or nothing.
    """
    folder, rows = Path(folder), []
    by_song = tracks.set_index("track_id")
    for split in (name for name in splits if name in (*GROUPS, "official")):
        numbers = range(1 if split in SINGLE else folds)
        table = slices[["track_id"]].copy()
        table[LABELS] = by_song.loc[table["track_id"], LABELS].to_numpy(object)
        for fold in numbers:
            table[f"fold{fold}"] = assign(slices, tracks, split, fold=fold, folds=folds)
        table = table.drop_duplicates("track_id")
        write_csv(table, folder / f"{split}.csv")
        rows.append((f"{split}.csv", len(table), checksum(folder / f"{split}.csv")))
    found = pd.DataFrame(rows, columns=["file", "songs", "sha256"])
    for left in {*folder.glob("*.csv")} - {folder / name for name in found["file"]}:
        left.unlink()
    with replacing(folder / SUMS) as part:
        part.write_text("".join(f"{row.sha256}  {row.file}\n" for row in found.itertuples()), encoding="utf-8")
    return found
