"""A trained network as a folder: its description, its weights, and facts about it.

``model.json`` holds the network's configuration, the spectrogram, the temperatures, where the network comes from and
how good it is; ``weights.npz`` its weights, kernels in half precision, and what its training music is like.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
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
    """A network with what it takes to use it.

    Parameters
    ----------
    description : dict
        As from `lib.models.descriptions.describe`.
    weights : list of np.ndarray
        In Keras' order.
    spectrogram : Spectrogram
        Of the slices that it was trained on.
    temperatures : mapping of str to float
        By categorical head, see `lib.tagging.temperature`.
    training_distribution : TrainingDistribution or None
        None if unknown.
    facts : dict
        ``name``, ``corpus``, ``synthetic``, ``licence``, ``about``, ``accuracy`` and more.
    """

    description: dict
    weights: list[np.ndarray]
    spectrogram: Spectrogram
    temperatures: Mapping[str, float]
    training_distribution: TrainingDistribution | None
    facts: dict
    _network: object = field(init=False, default=None, repr=False)

    @property
    def heads(self) -> list[Head]:
        """Heads of the network."""
        return [Head(name, tuple(classes)) for name, classes in self.description["heads"].items()]

    def predict(self, slices: np.ndarray) -> tuple[dict[str, np.ndarray], np.ndarray]:
        """Predict slices.

        Parameters
        ----------
        slices : np.ndarray [shape=(n, n_mels, slice_frames), dtype=uint8]

        Returns
        -------
        predictions : dict of str to np.ndarray [shape=(n, head.width), dtype=float32]
            By head: calibrated probabilities, or a number in the label's unit.
        vectors : np.ndarray [shape=(n, width), dtype=float32]
            Input of the decision layers.
        """
        network = self._built()
        batches, vectors = [], []
        for start in range(0, len(slices), BATCH):
            raw, read = network.predict_on_batch(slices[start : start + BATCH])
            batches.append(raw)
            vectors.append(read)
        predictions = {}
        for head in self.heads:
            values = np.concatenate([one[head.name] for one in batches])
            predictions[head.name] = values if head.numeric else tempered(values, self.temperatures.get(head.name, 1.0))
        return predictions, np.concatenate(vectors)

    def _built(self):
        if self._network is None:
            from lib.models.descriptions import rebuild
            from lib.models.embedding_model import embedding_model

            model = rebuild(self.description)
            model.set_weights(self.weights)
            self._network = embedding_model(model, self.heads)
        return self._network


def check_place(folder: Path) -> None:
    """Make sure that a model can take the place of what a folder holds: nothing, or an earlier model.

    Raises
    ------
    ReportError
        If it holds something else.
    """
    if folder.exists():
        held = {path.name for path in folder.iterdir()} if folder.is_dir() else {folder.name}
        other = sorted(held - {FACTS, WEIGHTS, CARD})
        if other or (held and FACTS not in held):
            name = (other or sorted(held))[0]
            raise ReportError(f"--out {folder}: it holds {name}, which is no part of a model. Name another folder.")


def save(tagger: Tagger, folder: Path) -> None:
    """Write a tagger into a folder, whole or not at all; kernels in half precision.

    Raises
    ------
    ReportError
        See `check_place`.
    """
    check_place(folder)
    arrays = {f"weight {number:03}": _packed(one) for number, one in enumerate(tagger.weights)}
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
    """Read a tagger.

    Parameters
    ----------
    folder : path-like
        As `save` wrote it.

    Raises
    ------
    ReportError
        If it is none, of another version, or not as it was written.
    """
    folder = Path(folder)
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


def _packed(weight: np.ndarray) -> np.ndarray:
    """Kernels in half precision; what is small, such as the means and variances of batch norm, as it is."""
    return weight.astype(np.float16 if weight.ndim > 1 else np.float32)
