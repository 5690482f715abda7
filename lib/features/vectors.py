"""Vectors of slices by pretrained networks, on disk beside the slices (`lib.models.pretrained` writes them)."""

from pathlib import Path

import numpy as np

from lib.errors import ReportError
from lib.features.slices import Slices


def path(slices: Slices, name: str) -> Path:
    """File of the vectors of a pretrained network."""
    return slices.folder / f"{name}-{slices.digest}.npy"


def read(slices: Slices, name: str) -> np.ndarray:
    """Vector of every slice by a pretrained network [shape=(len(slices), width), dtype=float32].

    Raises
    ------
    ReportError
        If 02 did not write them.
    """
    if stores := getattr(slices, "stores", None):  # of several, one behind the other
        return np.concatenate([read(store, name) for store in stores])
    file = path(slices, name)
    if not file.is_file():
        raise ReportError(
            f"{file} is missing: 02 writes it where its parameter pretrained names {name} and the package musicnn is "
            "installed (requirements-weights.lock)."
        )
    return np.load(file, allow_pickle=False)
