"""The slices of a large corpus in parts, each made by a job of its own, and joined without being copied.

::

    python -m lib.parts --study fma --number 3 --parameters '{"n_mels": 96}'

A corpus of up to `TRACKS` tracks has one part, which notebook 02 makes itself.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import sys
from contextlib import suppress
from dataclasses import fields
from pathlib import Path

import pandas as pd

from lib import done
from lib.audio import Spectrogram
from lib.errors import ReportError
from lib.paths import Study, replacing
from lib.slicing import Slices, cut_into, make_slices, source_digest, write_manifest
from lib.tables import read_json, read_tracks, write_json, write_parquet

TRACKS = 1_000  # a part: 10,000 slices of ten a track, some 124 MB, one or two minutes of one core
NOTE = "part.json"


def folder_of(study: Study) -> Path:
    """Folder of a study's parts."""
    return study.work / "parts"


def number_of(tracks: pd.DataFrame, size: int = TRACKS) -> int:
    """Parts of a tracks table that are made by jobs of their own; 0 if it is small."""
    good = int((tracks["status"] == "ok").sum())
    return -(-good // size) if good > size else 0


def make(
    study: Study,
    number: int,
    spectrogram: Spectrogram,
    *,
    workers: int = 0,
    timeout_s: float = 60.0,
    size: int = TRACKS,
) -> Path:
    """Slice one part of a study's tracks, unless that is done.

    Parameters
    ----------
    study : Study
    number : int >= 0
    spectrogram : Spectrogram
    workers, timeout_s
        As of `lib.slicing.make_slices`.
    size : int > 0
        Tracks a part.

    Returns
    -------
    Path
        Of its folder: shards, ``slices.parquet``, ``slices.json``, ``clips.parquet`` and a note of what it was made of.

    Raises
    ------
    ReportError
        If there is no such part.
    """
    tracks = read_tracks(study.need(study.tracks, "01_data_acquisition"))
    count = number_of(tracks, size)
    if not 0 <= number < count:
        raise ReportError(f"part {number}: the slices of study {study.name!r} have {count} parts, from 0 on.")
    own = _tracks_of(tracks, number, size)
    folder = folder_of(study) / f"{number:05d}"
    asked = source_digest(own, spectrogram)
    if _asked(folder) == asked and _whole(folder) and _intact(folder):
        return folder
    with replacing(folder) as part:
        cut_into(part, own, spectrogram, workers=workers, timeout_s=timeout_s, may_be_empty=True)
        write_json({"asked": asked}, part / NOTE)
    return folder


def slice_study(study: Study, tracks: pd.DataFrame, spectrogram: Spectrogram, **how) -> pd.DataFrame:
    """Cut the slices of a study; of a large one, make the parts that are not there, and join them. Page 02.

    Parameters
    ----------
    study : Study
    tracks : pd.DataFrame
    spectrogram : Spectrogram
    **how
        ``workers`` and ``timeout_s`` of `lib.slicing.make_slices`.

    Returns
    -------
    pd.DataFrame
        As from `lib.slicing.make_slices`.
    """
    count = number_of(tracks)
    if not count:
        return make_slices(tracks, study.slices, spectrogram, **how)
    return join([make(study, number, spectrogram, **how) for number in range(count)], tracks, study.slices, spectrogram)


def join(folders: list[Path], tracks: pd.DataFrame, folder: Path, spectrogram: Spectrogram) -> pd.DataFrame:
    """Join parts to the slices of a study; their shards are linked, so that they take no room twice.

    Parameters
    ----------
    folders : list of Path
        As from `make`, of all parts in order.
    tracks : pd.DataFrame
        The tracks table.
    folder : path-like
        Replaced; as `lib.slicing.make_slices` leaves it.
    spectrogram : Spectrogram

    Returns
    -------
    pd.DataFrame
        As from `lib.slicing.make_slices`.

    Raises
    ------
    ReportError
        If no part holds a slice.
    """
    shards, tables, clips = [], [], []
    with replacing(folder) as part:
        part.mkdir(parents=True)
        for one in folders:
            table = pd.read_parquet(one / "slices.parquet")
            tables.append(table.assign(shard=(table["shard"] + len(shards)).astype("int32")))
            clips.append(pd.read_parquet(one / "clips.parquet"))
            for entry in read_json(one / "slices.json")["shards"]:
                name = f"slices-{len(shards):05d}.npy"
                _link(one / entry["file"], part / name)
                shards.append({**entry, "file": name})
        table = pd.concat(tables, ignore_index=True)
        if not len(table):
            raise ReportError(
                f"Not one clip gave a slice of {spectrogram.slice_s:g} s; see the reasons in 01's tracks."
            )
        bad = tracks.loc[tracks["status"] != "ok", ["track_id", "status", "reason"]].assign(slices=0)
        report = pd.concat([*clips, bad]).set_index("track_id").loc[tracks["track_id"]].reset_index()
        cut = set(report.loc[report["slices"] > 0, "track_id"])
        source = source_digest(tracks[tracks["track_id"].isin(cut)], spectrogram)
        write_manifest(part, table, shards, spectrogram, source)
        write_parquet(report.astype({"reason": "string"}), part / "clips.parquet")
    return report


def _tracks_of(tracks: pd.DataFrame, number: int, size: int) -> pd.DataFrame:
    good = tracks[tracks["status"] == "ok"]
    return good.iloc[number * size : (number + 1) * size]


def _asked(folder: Path) -> str:
    return read_json(folder / NOTE)["asked"] if (folder / NOTE).is_file() else ""


def _whole(folder: Path) -> bool:
    """Whether every clip could be read; 01 has read them, so that what kept one from it may have passed."""
    return not (pd.read_parquet(folder / "clips.parquet", columns=["status"])["status"] == "unreadable").any()


def _intact(folder: Path) -> bool:
    """Whether every shard has its checksum; what is joined shares the shards, and so their damage."""
    try:
        if read_json(folder / "slices.json")["shards"]:
            Slices(folder).verify()
    except ReportError:
        return False
    return True


def _link(source: Path, target: Path) -> None:
    with suppress(OSError):  # a file system without hard links
        os.link(source, target)
        return
    shutil.copyfile(source, target)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; 0 if the part is made."""
    parser = argparse.ArgumentParser(prog="python -m lib.parts", description="Slice one part of a study's tracks.")
    parser.add_argument("--study", required=True)
    parser.add_argument("--root", default="", help="folder of work/ and results/")
    parser.add_argument("--number", type=int, required=True)
    parser.add_argument("--parameters", default="{}", help="a JSON object of notebook 02's parameters")
    parser.add_argument("--done", type=Path, help="base name of the files that note how far this step is")
    given = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    parameters = json.loads(given.parameters)
    picture = Spectrogram(**{one.name: parameters[one.name] for one in fields(Spectrogram) if one.name in parameters})
    how = {name: parameters[name] for name in ("workers", "timeout_s") if name in parameters}
    try:
        with done.marked(given.done):
            make(Study(given.study, given.root), given.number, picture, **how)
    except ReportError as error:
        print(f"\n{error}\n", file=sys.stderr)
        if given.done:
            done.write_failed(given.done, str(error), given_up=False)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
