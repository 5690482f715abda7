"""Finished runs applied to other slices than their own, such as those of altered sound or of another corpus."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from lib.features.slices import Slices
from lib.models import baselines
from lib.runs.execute import obtain
from lib.runs.make import half
from lib.runs.spec import RunSpec
from lib.runs.store import Finished


@dataclass(frozen=True)
class Applied(Finished):
    """A run whose test predictions are those of other songs: `table`, as of `Finished.predictions`."""

    table: pd.DataFrame = None
    heads: dict[str, list[str]] = None  # classes of each head

    def predictions(self, part: str | None = "test", columns: Sequence[str] | None = None) -> pd.DataFrame:
        """Predictions of the other songs, whatever the part."""
        return self.table if columns is None else self.table[list(columns)]

    @property
    def metrics(self) -> dict:
        """What is needed to pool it: heads, and the run."""
        return {"heads": self.heads, "run": {**vars(self.run), "folds": 0}, "parts": {}}


class Joined:
    """Slices of several stores, one behind the other, to be read like those of one."""

    def __init__(self, stores: Sequence[Slices]):
        self.stores = stores
        self.starts = np.cumsum([0, *map(len, stores)])

    @cached_property
    def table(self) -> pd.DataFrame:
        """``track_id`` of each slice; a song is another in each store."""
        named = [f"{place}/" + store.table["track_id"].astype(object) for place, store in enumerate(self.stores)]
        return pd.DataFrame({"track_id": pd.concat(named, ignore_index=True)})

    def take(self, numbers: np.ndarray) -> np.ndarray:
        """Slices by number [shape=(len(numbers), n_mels, slice_frames), dtype=uint8], all of one store."""
        place = int(np.searchsorted(self.starts, numbers[0], side="right")) - 1
        return self.stores[place].take(np.asarray(numbers) - self.starts[place])


def apply(
    spec: RunSpec, others: Sequence[Slices], on_epoch: Callable[[str], None] = lambda text: None
) -> list[Applied]:
    """Predict other slices by a run: a network with its weights, a baseline fitted to the run's training songs.

    Parameters
    ----------
    spec : RunSpec
        A network whose weights are not in ``work/`` is trained again.
    others : sequence of Slices
    on_epoch : callable
        As of `lib.runs.execute.obtain`.

    Returns
    -------
    list of Applied
        One for each of `others`, with predictions of all its slices.

    Raises
    ------
    ReportError
        If slices have another shape than the network's, or pretrained vectors are missing.
    """
    run = obtain(spec, on_epoch=on_epoch, weights=not spec.is_baseline)
    if spec.is_baseline:
        found = _by_baseline(spec, others)
    else:
        from lib.models.descriptions import rebuild
        from lib.training import fit

        model = rebuild(spec.description)
        model.load_weights(run.folder / "model.weights.h5")
        found = [fit.predict(model, spec.heads, other, np.arange(len(other)))[0] for other in others]
    heads = {head.name: list(head.classes) for head in spec.heads}
    return [
        Applied(run.folder, run.run, table=_table(spec, other, predictions), heads=heads)
        for other, predictions in zip(others, found, strict=True)
    ]


def _by_baseline(spec: RunSpec, others: Sequence[Slices]) -> list[dict[str, np.ndarray]]:
    joined = Joined([spec.slices, *others])
    own = np.where(np.isin(spec.parts, ("train", "validation")), spec.parts, "")
    parts = np.concatenate([own, np.full(len(joined.table) - len(own), "test")])
    labels = spec.labels.reindex(range(len(parts)))
    numbers = np.flatnonzero(parts == "test")
    predictions, _ = baselines.fit_and_predict(spec.run.architecture, joined, parts, labels, spec.heads, numbers)
    ends = joined.starts[2:-1] - joined.starts[1]
    split = {head: np.split(values, ends) for head, values in predictions.items()}
    return [{head: values[place] for head, values in split.items()} for place in range(len(others))]


def _table(spec: RunSpec, slices: Slices, predictions: dict[str, np.ndarray]) -> pd.DataFrame:
    columns = {"slice": np.arange(len(slices)), "track_id": slices.table["track_id"].to_numpy(object), "part": "test"}
    for head in spec.heads:
        columns |= dict(zip(head.columns, half(predictions[head.name]).T, strict=True))
    return pd.DataFrame(columns)
