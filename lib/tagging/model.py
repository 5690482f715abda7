"""A trained network as a folder: its description, its weights, and facts about it.

``model.json`` holds the network's configuration, the spectrogram, the temperatures, where the network comes from and
how good it is; ``weights.npz`` its weights, kernels in half precision, and what its training music is like.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from lib.errors import ReportError
from lib.features.spectrogram import Spectrogram
from lib.io import checksum, read_json, replacing, write_json
from lib.models import Head
from lib.paths import PROJECT
from lib.tagging.ood import Normal, TrainingDistribution
from lib.tagging.temperature import tempered

SHIPPED = PROJECT / "models" / "emotify"
FORMAT = 1
FACTS, WEIGHTS, CARD = "model.json", "weights.npz", "README.md"
BATCH = 250  # slices


@dataclass
class Tagger:
    """A network with what it takes to use it."""

    description: dict  # as from `lib.models.descriptions.describe`
    weights: list[np.ndarray]  # in Keras' order
    spectrogram: Spectrogram  # of the slices that it was trained on
    temperatures: Mapping[str, float]  # by categorical head, see `lib.tagging.temperature`
    training_distribution: TrainingDistribution | None  # None if unknown
    facts: dict  # ``name``, ``corpus``, ``synthetic``, ``licence``, ``accuracy`` and more

    @property
    def heads(self) -> list[Head]:
        """Heads of the network."""
        return [Head(name, tuple(classes)) for name, classes in self.description["heads"].items()]

    def predict(self, slices: np.ndarray) -> tuple[dict[str, np.ndarray], np.ndarray]:
        """Predict slices.

        Parameters
        ----------
        slices : np.ndarray [shape=(n, n_mels, slice_frames), dtype=uint8]
            At least one.

        Returns
        -------
        predictions : dict of str to np.ndarray [shape=(n, head.width), dtype=float32]
            By head: calibrated probabilities, or a number in the label's unit.
        vectors : np.ndarray [shape=(n, width), dtype=float32]
            Input of the decision layers.
        """
        starts = range(0, len(slices), BATCH)
        batches, vectors = zip(*(self._network.predict_on_batch(slices[at : at + BATCH]) for at in starts), strict=True)
        predictions = {}
        for head in self.heads:
            values = np.concatenate([one[head.name] for one in batches])
            predictions[head.name] = values if head.numeric else tempered(values, self.temperatures.get(head.name, 1.0))
        return predictions, np.concatenate(vectors)

    @cached_property
    def _network(self):
        from lib.models.descriptions import rebuild
        from lib.models.embedding_model import embedding_model

        model = rebuild(self.description)
        model.set_weights(self.weights)
        return embedding_model(model, self.heads)


def check_place(folder: Path) -> None:
    """Raise a `ReportError` if a folder holds anything but an earlier model, whose place a new one can take."""
    if folder.exists():
        held = {path.name for path in folder.iterdir()} if folder.is_dir() else {folder.name}
        other = sorted(held - {FACTS, WEIGHTS, CARD})
        if other or (held and FACTS not in held):
            name = (other or sorted(held))[0]
            raise ReportError(f"--out {folder}: it holds {name}, which is no part of a model. Name another folder.")


def save(tagger: Tagger, folder: Path) -> None:
    """Write a tagger into a folder, see `check_place`, whole or not at all.

    Kernels are written in half precision; what is small, such as the means and variances of batch norm, as it is.
    """
    check_place(folder)
    arrays = {
        f"weight {number:03}": one.astype(np.float16 if one.ndim > 1 else np.float32)
        for number, one in enumerate(tagger.weights)
    }
    known = tagger.training_distribution
    if known is not None:
        arrays["familiarity limits"] = known.limits.astype(np.float32)
        for what, normal in (("slices", known.of_slices), ("songs", known.of_songs)):
            arrays |= {f"familiarity {what} {name}": one.astype(np.float32) for name, one in vars(normal).items()}
    with replacing(folder) as part:
        part.mkdir(parents=True)
        np.savez_compressed(part / WEIGHTS, **arrays)
        content = {
            "format": FORMAT,
            "sha256": checksum(part / WEIGHTS),
            "description": tagger.description,
            "spectrogram": asdict(tagger.spectrogram),
            "temperatures": dict(tagger.temperatures),
            "facts": tagger.facts,
        }
        write_json(content, part / FACTS)


def load(folder: Path) -> Tagger:
    """Read a tagger that `save` wrote.

    Raises
    ------
    ReportError
        If it is none, of another version, or not as it was written.
    """
    if not (folder / FACTS).is_file() or not (folder / WEIGHTS).is_file():
        raise ReportError(f"{folder}: there is no model; a model's folder holds {FACTS} and {WEIGHTS}.")
    content = read_json(folder / FACTS)
    if content.get("format") != FORMAT:
        raise ReportError(
            f"{folder / FACTS} has format {content.get('format')!r}, and this version reads {FORMAT}. Make it anew."
        )
    if checksum(folder / WEIGHTS) != content["sha256"]:
        raise ReportError(f"{folder / WEIGHTS} is damaged: its checksum is not the one in {FACTS}. Get it again.")
    with np.load(folder / WEIGHTS, allow_pickle=False) as arrays:
        held = {name: arrays[name].astype(np.float32) for name in arrays.files}
    training_distribution = None
    if "familiarity limits" in held:
        normals = [
            Normal(*(held[f"familiarity {what} {name}"].astype(float) for name in ("centre", "scale", "precision")))
            for what in ("slices", "songs")
        ]
        training_distribution = TrainingDistribution(*normals, held["familiarity limits"])
    return Tagger(
        content["description"],
        [held[name] for name in sorted(held) if name.startswith("weight ")],
        Spectrogram(**content["spectrogram"]),
        content["temperatures"],
        training_distribution,
        content["facts"],
    )
