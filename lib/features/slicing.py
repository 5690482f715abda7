"""From tracks to slices: shards of grey-scale log-mel pictures, their table and their manifest.

The steps are explained in notebook 02.
"""

import hashlib
import shutil
import tempfile
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import soundfile

from lib import pool, progress
from lib.audio import ClipError, load_excerpt
from lib.errors import ReportError
from lib.features.slices import Slices
from lib.features.spectrogram import Spectrogram, cut_slices, log_mel, mel_filters, to_grey
from lib.io import read_json, replacing, write_json, write_parquet

TEST_TONES_HZ = ((855.0, 6695.0), (855.0, 6339.0))  # left, right
SHARD = 10_000  # slices per shard: 124 MB at 96 x 129
CHUNK = 1_000  # tracks per chunk: one or two minutes of one core


def clip_slices(path: str, spectrogram: Spectrogram) -> tuple[np.ndarray | None, str, str]:
    """Slices of one audio file.

    Returns
    -------
    slices : np.ndarray [shape=(n, n_mels, slice_frames), dtype=uint8] or None
    status : str
        One of `lib.datasets.tracks.STATUSES`.
    reason : str
        Empty if the status is ``ok``.
    """
    try:
        y, _ = load_excerpt(path, spectrogram.sample_rate, spectrogram.excerpt_s)
    except ClipError as error:
        return None, error.status, error.reason
    slices = cut_slices(to_grey(log_mel(y, spectrogram), spectrogram.top_db), spectrogram)
    if not len(slices):
        return None, "short", f"{len(y) / spectrogram.sample_rate:.1f} s; a slice needs {spectrogram.slice_s:g} s"
    return slices, "ok", ""


def make_slices(
    tracks: pd.DataFrame,
    folder: Path,
    spectrogram: Spectrogram,
    *,
    workers: int = 0,
    timeout_s: float = 60.0,
    chunk: int = CHUNK,
    shard: int = SHARD,
) -> pd.DataFrame:
    """Cut every good track into slices and write them; chunks of tracks that are there already are kept.

    Writes, chunk by chunk, ``chunk-0/slices-00000.npy`` and on (uint8 [slice, mel, frame]), and then for all of them
    ``slices.parquet`` (``track_id``, ``start_s``, ``shard``, ``row``) and ``slices.json`` (the parameters and the
    checksum of every shard). Holds one shard in memory, whatever the number of tracks.

    Parameters
    ----------
    tracks : pd.DataFrame
        The tracks table; rows with another status than ``ok`` are passed over.
    folder : path-like
    spectrogram : Spectrogram
    workers : int >= 0
        Processes; 0 = one per core.
    timeout_s : float > 0
        Seconds a clip may take.
    chunk : int > 0
        Tracks per chunk.
    shard : int > 0
        Slices per shard.

    Returns
    -------
    pd.DataFrame
        One row per track: ``track_id``, ``slices`` (their number), ``status``, ``reason``; what 01 found
        wrong keeps its reason.

    Raises
    ------
    ReportError
        If not one track gives a slice.
    """
    folder = Path(folder)
    how = {"workers": workers, "timeout_s": timeout_s, "chunk": chunk, "shard": shard}
    names = [make_chunk(tracks, folder, n, spectrogram, **how).name for n in range(max(chunks_of(tracks, chunk), 1))]
    shards, tables, clips = [], [], []
    for name in names:
        table = pd.read_parquet(folder / name / "slices.parquet")
        tables.append(table.assign(shard=(table["shard"] + len(shards)).astype("int32")))
        clips.append(pd.read_parquet(folder / name / "clips.parquet"))
        entries = read_json(folder / name / "slices.json")["shards"]
        shards += [{**entry, "file": f"{name}/{entry['file']}"} for entry in entries]
    table = pd.concat(tables, ignore_index=True)
    if not len(table):
        raise ReportError(f"Not one clip gave a slice of {spectrogram.slice_s:g} s; see the reasons in 01's tracks.")
    bad = tracks.loc[tracks["status"] != "ok", ["track_id", "status", "reason"]].assign(slices=0)
    report = pd.concat([*clips, bad] if len(bad) else clips).set_index("track_id").loc[tracks["track_id"]].reset_index()
    cut = tracks[tracks["track_id"].isin(report.loc[report["slices"] > 0, "track_id"])]
    write_parquet(report.astype({"reason": "string"}), folder / "clips.parquet")
    _write_manifest(folder, table, shards, spectrogram, source_digest(cut, spectrogram))
    for left in set(folder.glob("chunk-*")) - {folder / name for name in names}:  # of a larger corpus
        shutil.rmtree(left)
    return report


def chunks_of(tracks: pd.DataFrame, size: int = CHUNK) -> int:
    """Chunks of a tracks table that are made by jobs of their own; 0 if it is small."""
    good = int((tracks["status"] == "ok").sum())
    return -(-good // size) if good > size else 0


def make_chunk(
    tracks: pd.DataFrame,
    folder: Path,
    number: int,
    spectrogram: Spectrogram,
    *,
    workers: int = 0,
    timeout_s: float = 60.0,
    chunk: int = CHUNK,
    shard: int = SHARD,
) -> Path:
    """Cut one chunk of the tracks into slices, unless that is done; the chunk appears as a whole or not at all.

    Parameters
    ----------
    tracks, folder, spectrogram, workers, timeout_s, chunk, shard
        As of `make_slices`.
    number : int >= 0

    Returns
    -------
    Path
        Of its folder: shards, ``slices.parquet``, ``slices.json`` and ``clips.parquet``.

    Raises
    ------
    ReportError
        If there is no such chunk.
    """
    count, good = max(chunks_of(tracks, chunk), 1), tracks[tracks["status"] == "ok"]
    if not 0 <= number < count:
        raise ReportError(f"chunk {number}: the slices of {len(good)} tracks have {count} chunks, from 0 on.")
    own, target = good.iloc[number * chunk : (number + 1) * chunk], Path(folder) / f"chunk-{number}"
    wanted = source_digest(own, spectrogram)
    if not _is_whole(target, wanted):
        with replacing(target) as part:
            _cut(part, own, spectrogram, wanted, workers=workers, timeout_s=timeout_s, shard=shard)
    return target


def _is_whole(chunk: Path, wanted: str) -> bool:
    """Whether a chunk is made of the same and undamaged, and every clip could be read: 01 has read them all."""
    if not (chunk / "slices.json").is_file() or read_json(chunk / "slices.json")["source"] != wanted:
        return False
    if (pd.read_parquet(chunk / "clips.parquet", columns=["status"])["status"] == "unreadable").any():
        return False
    try:
        Slices(chunk).verify()
    except ReportError:
        return False
    return True


def _cut(
    folder: Path,
    tracks: pd.DataFrame,
    spectrogram: Spectrogram,
    source: str,
    *,
    workers: int,
    timeout_s: float,
    shard: int,
) -> None:
    mel_filters(spectrogram.sample_rate, spectrogram.n_fft, spectrogram.n_mels)
    folder.mkdir(parents=True)
    writer, found = _Writer(folder, spectrogram, shard), []
    outcomes = pool.run(
        partial(clip_slices, spectrogram=spectrogram), tracks["path"], workers=workers, timeout_s=timeout_s
    )
    for number, (track_id, (_, result, reason)) in enumerate(zip(tracks["track_id"], outcomes, strict=True), start=1):
        slices, status, reason = result or (None, "unreadable", reason)
        if slices is not None:
            writer.add(track_id, slices)
        found.append((track_id, status, reason, 0 if slices is None else len(slices)))
        progress.tell(f"slicing clip {number}/{len(tracks)}")
    writer.finish(source)
    clips = pd.DataFrame(found, columns=["track_id", "status", "reason", "slices"])
    write_parquet(clips.astype({"reason": "string"}), folder / "clips.parquet")


def source_digest(tracks: pd.DataFrame, spectrogram: Spectrogram) -> str:
    """Checksum of what slices are made of: tracks, bytes of their files, parameters and the pixels of a test signal.

    The pixels of the music may differ by a grey level here and there from one kind of processor to another;
    that makes no other experiment of it.
    """
    music = "\n".join(f"{row.track_id}|{row.sha256}" for row in tracks[["track_id", "sha256"]].itertuples())
    return hashlib.sha256(
        f"{music}|{sorted(asdict(spectrogram).items())}|{pixel_digest(spectrogram)}".encode()
    ).hexdigest()[:16]


def pixel_digest(spectrogram: Spectrogram) -> str:
    """Checksum of the slice of a fixed test signal: another one, and this version makes other pixels.

    The signal is a file of one slice, 44.1 kHz stereo: a burst of two tones each in silence. What is silent has
    grey level 0 on any machine, and of the few other pixels none lies near a border between two levels.
    """
    rate = 44100
    time_s = np.arange(round(1.05 * spectrogram.slice_s * rate)) / rate
    burst = np.exp(-0.5 * ((time_s - 0.5 * spectrogram.slice_s) / 0.02) ** 2)
    left, right = (sum(np.sin(2 * np.pi * hz * time_s) for hz in tones) for tones in TEST_TONES_HZ)
    stereo = np.round(8000 * burst[:, None] * np.stack([left, right], axis=1)).astype(np.int16)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "signal.wav"
        soundfile.write(path, stereo, rate)
        slices, _, reason = clip_slices(str(path), replace(spectrogram, excerpt_s=spectrogram.slice_s))
    if slices is None:
        raise ReportError(f"These parameters give no slice of a test signal: {reason} Choose others for 02.")
    return hashlib.sha256(slices).hexdigest()[:16]


class _Writer:
    """Collects slices and writes them shard by shard."""

    def __init__(self, folder: Path, spectrogram: Spectrogram, shard: int):
        self.folder, self.spectrogram = folder, spectrogram
        self.shard = max(shard, spectrogram.slices_per_excerpt)
        self.buffer = np.empty((self.shard, *spectrogram.shape), dtype=np.uint8)
        self.filled = 0
        self.rows: list[pd.DataFrame] = []
        self.shards: list[dict] = []

    def add(self, track_id: str, slices: np.ndarray) -> None:
        if self.filled + len(slices) > self.shard:  # a track never straddles two shards
            self._flush()
        at = np.arange(self.filled, self.filled + len(slices))
        self.buffer[at] = slices
        self.filled += len(slices)
        start_s = np.arange(len(slices)) * self.spectrogram.slice_s
        self.rows.append(pd.DataFrame({"track_id": track_id, "start_s": start_s, "shard": len(self.shards), "row": at}))

    def _flush(self) -> None:
        if not self.filled:
            return
        name = f"slices-{len(self.shards):05d}.npy"
        data = self.buffer[: self.filled]
        np.save(self.folder / name, data)
        self.shards.append({"file": name, "slices": self.filled, "sha256": hashlib.sha256(data).hexdigest()})
        self.filled = 0

    def finish(self, source: str) -> None:
        self._flush()
        empty = pd.DataFrame({"track_id": [], "start_s": [], "shard": [], "row": []}, dtype=float)
        table = pd.concat(self.rows or [empty], ignore_index=True)
        table = table.astype({"track_id": "string", "shard": "int32", "row": "int32"})
        _write_manifest(self.folder, table, self.shards, self.spectrogram, source)


def _write_manifest(
    folder: Path, table: pd.DataFrame, shards: list[dict], spectrogram: Spectrogram, source: str
) -> None:
    """Write the table of slices and what `lib.features.slices.Slices` needs to know of their shards."""
    write_parquet(table, folder / "slices.parquet")
    content = {"spectrogram": asdict(spectrogram), "shape": [len(table), *spectrogram.shape]}
    write_json({**content, "shards": shards, "source": source}, folder / "slices.json")
