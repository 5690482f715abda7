"""Training a network on slices and asking it.

Keras 3 alone: the same code runs on TensorFlow and, with ``KERAS_BACKEND=jax``, on JAX.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # TensorFlow's start-up notes are no news to a reader

import keras
import numpy as np
import pandas as pd

from lib.errors import ReportError
from lib.runs import Settings
from lib.slicing import Slices
from lib.zoo import Head
from lib.zoo.layers import embedding_model

PREDICT_BATCH = 250


def make_deterministic(seed: int) -> None:
    """Seed every generator and make TensorFlow repeat itself bit for bit on one number of threads."""
    keras.utils.set_random_seed(seed)
    if keras.backend.backend() == "tensorflow":
        import tensorflow

        tensorflow.config.experimental.enable_op_determinism()


def targets(labels: pd.DataFrame, heads: Sequence[Head]) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Class numbers and weights of every slice; a missing label weighs nothing.

    Parameters
    ----------
    labels : pd.DataFrame
        One row a slice, one column a head.
    heads : sequence of Head

    Returns
    -------
    classes : dict of str to np.ndarray [shape=(slices,), dtype=int32]
        0 where the label is missing.
    weights : dict of str to np.ndarray [shape=(slices,), dtype=float32]
        1, or 0 where the label is missing.

    Raises
    ------
    ReportError
        If a label is none of its head's classes.
    """
    classes, weights = {}, {}
    for head in heads:
        column = labels[head.name]
        numbers = column.map({name: number for number, name in enumerate(head.classes)})
        wrong = column[column.notna() & numbers.isna()]
        if len(wrong):
            raise ReportError(
                f"{head.name} {wrong.iloc[0]!r} is none of the network's classes ({', '.join(head.classes)}). "
                "Run 03 again on this corpus."
            )
        weights[head.name] = numbers.notna().to_numpy(dtype=np.float32)
        classes[head.name] = numbers.fillna(0).to_numpy(dtype=np.int32)
    return classes, weights


class Batches(keras.utils.PyDataset):
    """Batches of slices from the memory maps, in a new order each epoch.

    Parameters
    ----------
    slices : Slices
    numbers : np.ndarray [shape=(n,), dtype=int]
        The slices to draw from.
    classes, weights : dict of str to np.ndarray
        As `targets` returns them, for all slices.
    batch_size : int > 0
    seed : int or None
        None keeps the order of `numbers`.
    """

    def __init__(self, slices: Slices, numbers, classes, weights, *, batch_size: int, seed: int | None):
        super().__init__()
        self.slices, self.numbers, self.batch_size = slices, np.asarray(numbers), batch_size
        self.classes, self.weights = classes, weights
        self.generator = None if seed is None else np.random.default_rng(seed)
        self.on_epoch_end()

    def __len__(self) -> int:
        return -(-len(self.numbers) // self.batch_size)

    def __getitem__(self, index: int):
        # Sorted within the batch: a step does not depend on the order, and the maps are read in one direction.
        picked = np.sort(self.order[index * self.batch_size : (index + 1) * self.batch_size])
        classes = {head: values[picked] for head, values in self.classes.items()}
        weights = {head: values[picked] for head, values in self.weights.items()}
        return self.slices.take(picked), classes, weights

    def on_epoch_end(self) -> None:
        """Draw the next epoch's order."""
        self.order = self.numbers if self.generator is None else self.generator.permutation(self.numbers)


def compile_network(model: keras.Model, heads: Sequence[Head], settings: Settings) -> None:
    """Give a network its optimiser, a masked cross-entropy a head and their accuracies."""
    model.compile(
        optimizer=keras.optimizers.Adam(settings.learning_rate),
        loss={
            head.name: keras.losses.SparseCategoricalCrossentropy(reduction="mean_with_sample_weight") for head in heads
        },
        weighted_metrics={head.name: [keras.metrics.SparseCategoricalAccuracy(name="accuracy")] for head in heads},
    )


def train(
    model: keras.Model,
    heads: Sequence[Head],
    slices: Slices,
    parts: np.ndarray,
    labels: pd.DataFrame,
    settings: Settings,
    *,
    seed: int = 0,
    on_epoch: Callable[[str], None] = lambda text: None,
) -> pd.DataFrame:
    """Train a network in place.

    Parameters
    ----------
    model : keras.Model
        With one output a head, named as the head.
    heads : sequence of Head
    slices : Slices
    parts : np.ndarray [shape=(len(slices),), dtype=str]
        As `lib.splits.split` returns it.
    labels : pd.DataFrame
        One row a slice, one column a head.
    settings : Settings
    seed : int >= 0
        Of the order of the slices; the weights' seed is set before the model is built.
    on_epoch : callable
        Told ``epoch 3/20 ...`` after each epoch.

    Returns
    -------
    pd.DataFrame
        One row an epoch: ``epoch``, ``loss``, ``<head>_accuracy`` (running mean over the epoch, as the weights
        move), ``dev_loss``, ``dev_<head>_accuracy``, ``seconds``.

    Raises
    ------
    ReportError
        If the loss is no longer a finite number.
    """
    classes, weights = targets(labels, heads)
    compile_network(model, heads, settings)
    batches = {
        part: Batches(
            slices,
            np.flatnonzero(parts == part),
            classes,
            weights,
            batch_size=settings.batch_size if part == "train" else PREDICT_BATCH,
            seed=seed if part == "train" else None,
        )
        for part in ("train", "dev")
    }
    keep = _History(heads, settings.epochs, on_epoch)
    model.fit(batches["train"], validation_data=batches["dev"], epochs=settings.epochs, verbose=0, callbacks=[keep])
    return pd.DataFrame(keep.rows)


class _History(keras.callbacks.Callback):
    """Collects one row an epoch under the names of the report and stops a training that has diverged."""

    def __init__(self, heads: Sequence[Head], epochs: int, tell: Callable[[str], None]):
        super().__init__()
        self.heads, self.epochs, self.tell, self.rows = heads, epochs, tell, []

    def on_epoch_begin(self, epoch, logs=None):
        self.start = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        single = len(self.heads) == 1  # Keras names the metric of a single output without the output
        row = {"epoch": epoch + 1, "loss": logs["loss"], "dev_loss": logs["val_loss"]}
        for head in self.heads:
            key = "accuracy" if single else f"{head.name}_accuracy"
            row[f"{head.name}_accuracy"], row[f"dev_{head.name}_accuracy"] = logs[key], logs[f"val_{key}"]
        row["seconds"] = time.perf_counter() - self.start
        self.rows.append(row)
        if not np.isfinite(row["loss"]):
            raise ReportError(f"The loss became {row['loss']} in epoch {epoch + 1}. Lower learning_rate.")
        dev = ", ".join(f"{head.name} {row[f'dev_{head.name}_accuracy']:.2f}" for head in self.heads)
        self.tell(f"epoch {epoch + 1}/{self.epochs}, dev accuracy {dev}")


def predict(
    model: keras.Model, heads: Sequence[Head], slices: Slices, numbers: np.ndarray
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Ask a network about some slices.

    Parameters
    ----------
    model : keras.Model
    heads : sequence of Head
    slices : Slices
    numbers : np.ndarray [shape=(n,), dtype=int]

    Returns
    -------
    probabilities : dict of str to np.ndarray [shape=(n, classes), dtype=float32]
        By head.
    embedding : np.ndarray [shape=(n, width), dtype=float32]
        What the decision layers read.
    """
    asked = embedding_model(model, heads)
    probabilities = {head.name: np.empty((len(numbers), len(head.classes)), np.float32) for head in heads}
    embedding = np.empty((len(numbers), asked.outputs[-1].shape[-1]), np.float32)
    at = 0
    for batch in slices.batches(numbers, PREDICT_BATCH):
        answers, vectors = asked.predict_on_batch(batch)
        for head, answer in answers.items():
            probabilities[head][at : at + len(batch)] = answer
        embedding[at : at + len(batch)] = vectors
        at += len(batch)
    return probabilities, embedding
