"""From tracks to slices: shards of grey-scale log-mel pictures, their table and their manifest.

The steps are explained in notebook 02.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import asdict
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from lib import pool, progress
from lib.audio import PIXELS, ClipError, Spectrogram, cut_slices, load_excerpt, log_mel, mel_filters, to_grey
from lib.errors import ReportError
from lib.paths import replacing
from lib.tables import read_json, write_json, write_parquet

SHARD = 10_000  # slices a shard: 124 MB at 96 x 129


def clip_slices(path: str, spectrogram: Spectrogram) -> tuple[np.ndarray | None, str, str]:
    """Slices of one audio file.

    Returns
    -------
    slices : np.ndarray [shape=(n, n_mels, slice_frames), dtype=uint8] or None
    status : str
        One of `lib.tables.STATUSES`.
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
    shard: int = SHARD,
) -> pd.DataFrame:
    """Cut every good track into slices and write them.

    Writes ``slices-00000.npy`` and on (uint8 [slice, mel, frame]), ``slices.parquet`` (``track_id``,
    ``start_s``, ``shard``, ``row``) and ``slices.json`` (the parameters and the checksum of every shard);
    the folder appears as a whole or not at all. Holds one shard in memory, whatever the number of tracks.

    Parameters
    ----------
    tracks : pd.DataFrame
        The tracks table; rows with another status than ``ok`` are passed over.
    folder : path-like
        Replaced.
    spectrogram : Spectrogram
    workers : int >= 0
        Processes; 0 = one a core.
    timeout_s : float > 0
        Seconds a clip may take.
    shard : int > 0
        Slices a shard.

    Returns
    -------
    pd.DataFrame
        One row a track: ``track_id``, ``slices`` (their number), ``status``, ``reason``; what 01 found
        wrong keeps its reason.

    Raises
    ------
    ReportError
        If not one track gives a slice.
    """
    with replacing(folder) as part:
        return cut_into(part, tracks, spectrogram, workers=workers, timeout_s=timeout_s, shard=shard)


def cut_into(
    folder: Path,
    tracks: pd.DataFrame,
    spectrogram: Spectrogram,
    *,
    workers: int = 0,
    timeout_s: float = 60.0,
    shard: int = SHARD,
    may_be_empty: bool = False,
) -> pd.DataFrame:
    """Do what `make_slices` does in a new folder, where no slice at all may be allowed."""
    mel_filters(spectrogram.sample_rate, spectrogram.n_fft, spectrogram.n_mels)
    good = tracks[tracks["status"] == "ok"]
    folder.mkdir(parents=True)
    writer, found = _Writer(folder, spectrogram, shard), []
    outcomes = pool.run(
        partial(clip_slices, spectrogram=spectrogram), good["path"], workers=workers, timeout_s=timeout_s
    )
    for done, (track_id, (_, result, reason)) in enumerate(zip(good["track_id"], outcomes, strict=True), start=1):
        slices, status, reason = result or (None, "unreadable", reason)
        if slices is not None:
            writer.add(track_id, slices)
        found.append((status, reason, 0 if slices is None else len(slices)))
        progress.tell(f"slicing clip {done}/{len(good)}")
    columns = ["status", "reason", "slices"]
    report = tracks[["track_id", "status", "reason"]].assign(slices=0).astype({"reason": "object"})
    report.loc[good.index, columns] = pd.DataFrame(found, index=good.index, columns=columns)
    cut = good[report.loc[good.index, "slices"] > 0]
    writer.finish(source_digest(cut, spectrogram), may_be_empty=may_be_empty)
    write_parquet(report.astype({"reason": "string"}), folder / "clips.parquet")
    return report.reset_index(drop=True)


def source_digest(tracks: pd.DataFrame, spectrogram: Spectrogram) -> str:
    """Checksum of what slices are made of: tracks, the bytes of their files, parameters and the version of the pixels.

    The pixels themselves may differ by a grey level here and there from one kind of processor to another;
    that makes no other experiment of it.
    """
    music = "\n".join(f"{row.track_id}|{row.sha256}" for row in tracks[["track_id", "sha256"]].itertuples())
    return hashlib.sha256(f"{music}|{sorted(asdict(spectrogram).items())}|{PIXELS}".encode()).hexdigest()[:16]


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

    def finish(self, source: str, *, may_be_empty: bool = False) -> None:
        self._flush()
        if not self.rows and may_be_empty:
            self.rows = [pd.DataFrame({"track_id": [], "start_s": [], "shard": [], "row": []}, dtype=float)]
        if not self.rows:
            raise ReportError(
                f"Not one clip gave a slice of {self.spectrogram.slice_s:g} s; see the reasons in clips.parquet."
            )
        table = pd.concat(self.rows, ignore_index=True).astype({"track_id": "string", "shard": "int32", "row": "int32"})
        write_manifest(self.folder, table, self.shards, self.spectrogram, source)


def write_manifest(
    folder: Path, table: pd.DataFrame, shards: list[dict], spectrogram: Spectrogram, source: str
) -> None:
    """Write the table of slices and what `Slices` needs to know of their shards."""
    write_parquet(table, folder / "slices.parquet")
    content = {"spectrogram": asdict(spectrogram), "shape": [len(table), *spectrogram.shape]}
    write_json({**content, "shards": shards, "source": source}, folder / "slices.json")


class Slices:
    """Slices on disk, read as memory maps. Pages 02, 03, 05, 06, 08 and 09.

    Parameters
    ----------
    folder : path-like
        As `make_slices` wrote it.

    Attributes
    ----------
    table : pd.DataFrame
        ``track_id``, ``start_s``, ``shard``, ``row``; its index is the number of the slice.
    spectrogram : Spectrogram
    shape : tuple of int
        (slices, mel bands, frames).
    digest : str
        Checksum of what the slices were made of (`source_digest`).

    Raises
    ------
    ReportError
        If a shard is missing or has another size than the manifest says.
    """

    def __init__(self, folder: Path):
        folder = Path(folder)
        manifest = read_json(folder / "slices.json")
        self.table = pd.read_parquet(folder / "slices.parquet")
        pa.default_memory_pool().release_unused()  # reading takes several times the table, and would keep it
        self.spectrogram = Spectrogram(**manifest["spectrogram"])
        self.shape = tuple(manifest["shape"])
        self.digest = manifest["source"]
        self.folder = folder
        self._maps, self._checksums = [], [entry["sha256"] for entry in manifest["shards"]]
        for entry in manifest["shards"]:
            path = folder / entry["file"]
            expected = (entry["slices"], *self.shape[1:])
            try:
                data = np.load(path, mmap_mode="r", allow_pickle=False)
            except (OSError, ValueError) as error:
                raise ReportError(f"{path} cannot be read ({error}). Delete {folder} and run 02 again.") from error
            if data.shape != expected or data.dtype != np.uint8:
                raise ReportError(f"{path} holds {data.shape}, not {expected}. Delete {folder} and run 02 again.")
            self._maps.append(data)
        self._shard = self.table["shard"].to_numpy()
        self._row = self.table["row"].to_numpy()

    def __len__(self) -> int:
        return len(self.table)

    def verify(self) -> None:
        """Compare every shard with its checksum, reading it once.

        Raises
        ------
        ReportError
            If one is not what 02 wrote.
        """
        for data, expected in zip(self._maps, self._checksums, strict=True):
            total = hashlib.sha256()
            for start in range(0, len(data), 1000):
                total.update(np.ascontiguousarray(data[start : start + 1000]))
            if total.hexdigest() != expected:
                raise ReportError(
                    f"{data.filename} is not what 02 wrote: its checksum is another. Delete {self.folder} and "
                    "run the same command again; finished runs are kept."
                )

    def take(self, numbers: np.ndarray) -> np.ndarray:
        """Slices by number [shape=(len(numbers), n_mels, slice_frames), dtype=uint8]."""
        numbers = np.asarray(numbers)
        out = np.empty((len(numbers), *self.shape[1:]), dtype=np.uint8)
        shards, rows = self._shard[numbers], self._row[numbers]
        for shard in np.unique(shards):
            at = np.flatnonzero(shards == shard)
            out[at] = self._maps[shard][rows[at]]
        return out

    def batches(self, numbers: np.ndarray, size: int) -> Iterator[np.ndarray]:
        """Slices in the order given, `size` at a time."""
        for start in range(0, len(numbers), size):
            yield self.take(numbers[start : start + size])
