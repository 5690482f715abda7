"""Internals of a trained network: decision layers, vectors of songs, the last convolution.

Kept in a small file beside the run, so that chapter 6 can be made without the network's weights.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd

from lib.errors import ReportError
from lib.features.slices import Slices
from lib.models import Head

FILE = "internals.npz"
BATCH = 250
SONGS = 1_000  # whose vectors are held at once


@dataclass(frozen=True)
class Internals:
    """Parts of a trained network.

    Attributes
    ----------
    songs : pd.DataFrame [songs, width]
        Mean vector of each song's slices, by ``track_id``; of training, validation and test songs. What trained under
        ``random`` is mixed up in it: it is for splits that keep songs whole.
    part : pd.Series [songs]
        Part of each song's first slice, by ``track_id``.
    last : pd.DataFrame [test songs, bands * channels]
        What the last convolution found, as the layers above it read it, mean over frames and slices; no columns
        where there is none.
    decisions : dict of str to (np.ndarray [width, classes], np.ndarray [classes])
        Kernel and bias of the decision layer of each head of classes.
    """

    songs: pd.DataFrame
    part: pd.Series
    last: pd.DataFrame
    decisions: dict[str, tuple[np.ndarray, np.ndarray]]


def write(
    folder: Path,
    model,
    heads: Sequence[Head],
    slices: Slices,
    numbers: np.ndarray,
    parts: np.ndarray,
    vectors: np.ndarray,
) -> None:
    """Ask a trained network about itself, and write what `read` returns.

    Parameters
    ----------
    folder : path-like
        Of the run.
    model : keras.Model
    heads : sequence of Head
    slices : Slices
    numbers : np.ndarray [shape=(n,), dtype=int]
        Slices that were predicted.
    parts : np.ndarray [shape=(n,), dtype=str]
        The part of each.
    vectors : np.ndarray [shape=(n, width)]
    """
    own = slices.table["track_id"].to_numpy()[numbers]
    tested = parts == "test"
    chosen = numbers[tested]
    last = _by_song(own[tested], lambda rows: _last(model, slices, chosen[rows]))
    decisions = {head.name: tuple(model.get_layer(head.name).get_weights()) for head in heads if not head.numeric}
    songs, part = _by_song(own, lambda rows: pd.DataFrame(vectors[rows])), pd.Series(parts).groupby(own).first()
    save(folder, Internals(songs, part, last, decisions))


def _by_song(own: np.ndarray, values: Callable[[slice], pd.DataFrame]) -> pd.DataFrame:
    """Mean of the values of each song's slices, which follow each other; some songs at a time."""
    first = np.flatnonzero(np.r_[True, own[1:] != own[:-1]]) if len(own) else np.zeros(1, dtype=int)
    ends = [*first[::SONGS][1:], len(own)]
    means = [values(slice(a, b)).groupby(own[a:b]).mean() for a, b in pairwise([0, *ends])]
    return pd.concat(means).sort_index()


def save(folder: Path, inside: Internals) -> None:
    """Write what `read` returns, in half precision."""
    kept = {
        "songs": inside.songs.index.to_numpy(str),
        "vectors": inside.songs.to_numpy(np.float16),
        "part": inside.part.to_numpy(str),
        "tested": inside.last.index.to_numpy(str),
        "last": inside.last.to_numpy(np.float16),
    }
    for head, (kernel, bias) in inside.decisions.items():
        kept |= {f"kernel:{head}": kernel.astype(np.float16), f"bias:{head}": bias.astype(np.float16)}
    np.savez_compressed(Path(folder) / FILE, **kept)


def some(insides: dict[str, Internals], most: int, seed: int = 0) -> tuple[dict[str, Internals], str]:
    """Keep a random sample of the songs, the same in every network, if there are more than `most`.

    Returns
    -------
    dict of str to Internals
    str
        A sentence that says so; empty if all are kept.
    """
    songs = sorted(set().union(*(one.songs.index for one in insides.values())))
    if len(songs) <= most:
        return insides, ""
    kept = set(np.random.default_rng(seed).choice(np.array(songs, dtype=object), most, replace=False))
    fewer = {}
    for name, one in insides.items():
        own, tested = one.songs.index.isin(kept), one.last.index.isin(kept)
        fewer[name] = replace(one, songs=one.songs[own], part=one.part[own], last=one.last[tested])
    return fewer, f"Of {len(songs):,} songs a random sample of {most:,} is looked at."


def _last(model, slices: Slices, numbers: np.ndarray) -> pd.DataFrame:
    """Last map of channels of some slices, mean over frames [slices, bands * channels]."""
    import keras

    maps = [layer.output for layer in model.layers if getattr(layer.output, "ndim", 0) == 4]
    if not any(isinstance(layer, keras.layers.Conv2D) for layer in model.layers) or not len(numbers):
        return pd.DataFrame(index=range(len(numbers)))
    pooled = keras.ops.reshape(keras.ops.mean(maps[-1], axis=2), (-1, maps[-1].shape[1] * maps[-1].shape[3]))
    pooling = keras.Model(model.inputs, pooled)
    found = [np.asarray(pooling.predict_on_batch(batch)) for batch in slices.batches(numbers, BATCH)]
    return pd.DataFrame(np.concatenate(found))


def read(folder: Path) -> Internals:
    """Return what the folder of a finished run holds of its network.

    Raises
    ------
    ReportError
        If it holds nothing of it.
    """
    file = Path(folder) / FILE
    if not file.is_file():
        raise ReportError(
            f"{file} is missing: the run was made by another version of this project, or is one of those of which the "
            f"results keep less. Delete {folder} and runs/{Path(folder).name} in the study's results, and "
            "train it again with notebooks/04_training.ipynb."
        )
    with np.load(file, allow_pickle=False) as kept:
        songs = pd.Index(kept["songs"].astype(object), name="track_id")
        vectors = pd.DataFrame(kept["vectors"].astype(np.float64), index=songs)
        last = pd.DataFrame(
            kept["last"].astype(np.float64), index=pd.Index(kept["tested"].astype(object), name="track_id")
        )
        heads = [name.removeprefix("kernel:") for name in kept.files if name.startswith("kernel:")]
        decisions = {
            head: (kept[f"kernel:{head}"].astype(np.float64), kept[f"bias:{head}"].astype(np.float64)) for head in heads
        }
        return Internals(vectors, pd.Series(kept["part"].astype(object), index=songs), last, decisions)
