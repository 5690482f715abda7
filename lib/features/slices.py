"""Slices on disk: shards read as memory maps, their table and their manifest."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from lib.errors import ReportError
from lib.features.spectrogram import Spectrogram
from lib.io import read_json


class Slices:
    """Slices on disk, read as memory maps.

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
