"""Training a network on slices and predicting by it.

Keras 3 alone: the same code runs on TensorFlow and, with ``KERAS_BACKEND=jax``, on JAX.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # TensorFlow's start-up notes are no news to a reader

import keras
import numpy as np
import pandas as pd

from lib.errors import ReportError
from lib.features import vectors
from lib.features.slices import Slices
from lib.models import Head
from lib.models.descriptions import rebuild
from lib.models.embedding_model import embedding_model
from lib.models.fused import fuse
from lib.models.student import VECTOR
from lib.training.augmentation import augment, mix, neighbours
from lib.training.recipes import Settings
from lib.training.targets import Targets, targets

PREDICT_BATCH = 250


def make_deterministic(seed: int) -> None:
    """Seed every generator and make TensorFlow repeat itself bit for bit on one number of threads."""
    keras.utils.set_random_seed(seed)
    if keras.backend.backend() == "tensorflow":
        import tensorflow

        tensorflow.config.experimental.enable_op_determinism()


class Batches(keras.utils.PyDataset):
    """Batches of slices from the memory maps; for training in a new order each epoch and, if wanted, augmented.

    A batch depends on seed, epoch and its number alone.

    Parameters
    ----------
    slices : Slices
    numbers : np.ndarray [shape=(n,), dtype=int]
        The slices to draw from.
    wanted : Targets
    heads : sequence of Head
    settings : Settings
    seed : int or None
        None keeps the order of `numbers` and the slices as they are.
    taught : np.ndarray [shape=(len(slices), width)], optional
        Vectors for the layer `VECTOR` to learn; in validation they weigh nothing.
    """

    def __init__(
        self,
        slices: Slices,
        numbers,
        wanted: Targets,
        heads: Sequence[Head],
        settings: Settings,
        seed=None,
        taught=None,
    ):
        super().__init__()
        self.taught = taught
        self.slices, self.numbers, self.wanted, self.heads = slices, np.asarray(numbers), wanted, heads
        self.settings, self.seed, self.epoch = settings, seed, -1
        self.batch_size = PREDICT_BATCH if seed is None else settings.batch_size
        self.weights = wanted.weights if seed is None else wanted.balance
        self.changed = seed is not None and settings.augmented
        if self.changed:
            usable = np.zeros(len(slices), dtype=bool)
            usable[self.numbers] = True
            self.following = neighbours(slices, usable)
        self.on_epoch_end()

    def __len__(self) -> int:
        return -(-len(self.numbers) // self.batch_size)

    def __getitem__(self, index: int):
        # Sorted within the batch: a step does not depend on the order, and the maps are read in one direction.
        picked = np.sort(self.order[index * self.batch_size : (index + 1) * self.batch_size])
        values = {head.name: self._wanted(head, picked) for head in self.heads}
        weights = {head.name: self.weights[head.name][picked] for head in self.heads}
        if self.taught is not None:
            values[VECTOR] = self.taught[picked]
            weights[VECTOR] = np.full(len(picked), float(self.seed is not None), np.float32)
        if not self.changed:
            return self.slices.take(picked), values, weights
        rng = np.random.default_rng([self.seed, self.epoch, index])
        x = augment(self.slices, picked, self.following, self.settings, rng)
        return mix(x, values, weights, self.settings.mixup, rng) if self.settings.mixup else (x, values, weights)

    def _wanted(self, head: Head, picked: np.ndarray) -> np.ndarray:
        values = self.wanted.values[head.name][picked]
        if head.numeric:
            return values[:, None]
        certain = np.eye(head.width, dtype=np.float32)[values]
        smoothing = 0.0 if self.seed is None else self.settings.label_smoothing
        return certain * (1 - smoothing) + smoothing / head.width if smoothing else certain

    def on_epoch_end(self) -> None:
        """Draw the next epoch's order."""
        self.epoch += 1
        if self.seed is None:
            self.order = self.numbers
        else:
            self.order = np.random.default_rng([self.seed, self.epoch]).permutation(self.numbers)


def compile_network(model: keras.Model, heads: Sequence[Head], settings: Settings, steps: int) -> None:
    """Give a network its optimiser and, by head, a masked loss, its weight and a measure.

    Categorical heads have cross-entropy and accuracy, numeric ones squared error and R2.

    Parameters
    ----------
    model : keras.Model
    heads : sequence of Head
    settings : Settings
    steps : int > 0
        Of the whole training.
    """
    fuse(model)
    rate = settings.learning_rate
    if settings.schedule == "cosine":
        rate = keras.optimizers.schedules.CosineDecay(rate, steps)
    if settings.weight_decay:
        optimiser = keras.optimizers.AdamW(rate, weight_decay=settings.weight_decay)
        optimiser.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    else:
        optimiser = keras.optimizers.Adam(rate)
    loss = {True: keras.losses.MeanSquaredError, False: keras.losses.CategoricalCrossentropy}
    losses = {head.name: loss[head.numeric](reduction="mean_with_sample_weight") for head in heads}
    if settings.teacher:
        losses[VECTOR] = loss[True](reduction="mean_with_sample_weight")
    model.compile(
        optimizer=optimiser,
        loss=losses,
        loss_weights={name: settings.head_weights.get(name, 1.0) for name in losses},
        weighted_metrics={
            head.name: [
                keras.metrics.R2Score(name="r2") if head.numeric else keras.metrics.CategoricalAccuracy(name="accuracy")
            ]
            for head in heads
        },
    )


def train_anew(
    description: dict,
    heads: Sequence[Head],
    slices: Slices,
    parts: np.ndarray,
    labels: pd.DataFrame,
    settings: Settings,
    *,
    seed: int = 0,
    on_epoch: Callable[[str], None] = lambda text: None,
) -> tuple[keras.Model, pd.DataFrame]:
    """Rebuild a network from its description with weights drawn from `seed`, and train it.

    Where several numbers of epochs are to be tried, it is trained with each, and the best is returned.

    Parameters
    ----------
    description : dict
        As `lib.models.descriptions.describe` returns it.
    heads, slices, parts, labels, settings, seed, on_epoch
        As of `train`.

    Returns
    -------
    model : keras.Model
    history : pd.DataFrame
        As `train` returns it.
    """
    if settings.epochs_tried:
        each = [replace(settings, epochs=epochs, epochs_tried=()) for epochs in settings.epochs_tried]
        tried = (
            train_anew(description, heads, slices, parts, labels, one, seed=seed, on_epoch=on_epoch) for one in each
        )
        return min(tried, key=lambda trained: trained[1]["validation_loss"].iloc[-1])
    make_deterministic(seed)
    model = rebuild(description)
    return model, train(model, heads, slices, parts, labels, settings, seed=seed, on_epoch=on_epoch)


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
        As `lib.splits.assign` returns it.
    labels : pd.DataFrame
        One row per slice, one column per head.
    settings : Settings
    seed : int >= 0
        Of the order and the changes of the slices; `train_anew` sets that of the weights.
    on_epoch : callable
        Called with ``epoch 3/20 ...`` after each epoch.

    Returns
    -------
    pd.DataFrame
        One row per epoch: ``epoch``, ``loss``, ``<head>_accuracy`` or ``<head>_r2`` (running over the epoch, as
        the weights move, and over the changed slices where the recipe changes them), ``validation_loss``,
        ``validation_<head>_...``, ``seconds``.

    Raises
    ------
    ReportError
        If the loss is no longer a finite number.
    """
    wanted = targets(labels, heads, parts == "train", balanced=settings.balanced)
    taught = _taught(model, slices, parts == "train", settings.teacher) if settings.teacher else None
    batches = Batches(slices, np.flatnonzero(parts == "train"), wanted, heads, settings, seed, taught)
    validation = Batches(slices, np.flatnonzero(parts == "validation"), wanted, heads, settings, taught=taught)
    fitted = model if taught is None else _with_vector(model, heads)
    compile_network(fitted, heads, settings, settings.epochs * len(batches))
    keep = _History(heads, settings.epochs, on_epoch, single=len(fitted.outputs) == 1)
    callbacks = [keep]
    if settings.patience:
        callbacks.append(
            keras.callbacks.EarlyStopping("val_loss", mode="min", patience=settings.patience, restore_best_weights=True)
        )
    fitted.fit(batches, validation_data=validation, epochs=settings.epochs, verbose=0, callbacks=callbacks)
    for head, (mean, deviation) in wanted.scales.items():
        layer = model.get_layer(head)
        kernel, bias = layer.get_weights()
        layer.set_weights([kernel * deviation, bias * deviation + mean])  # from now on it predicts in the label's unit
    return pd.DataFrame(keep.rows)


def _taught(model: keras.Model, slices: Slices, train: np.ndarray, teacher: str) -> np.ndarray:
    """Teacher's vectors of all slices, less their mean and over their deviation in training [slices, width]."""
    found = vectors.read(slices, teacher)
    width = next((layer.output.shape[-1] for layer in model.layers if layer.name == VECTOR), None)
    if width != found.shape[1]:
        raise ReportError(
            f"network {model.name} cannot learn from {teacher}: its layer {VECTOR!r} has {width or 'no'} units, those "
            f"vectors {found.shape[1]}. Train the network student, or another recipe."
        )
    mean, deviation = found[train].mean(axis=0), found[train].std(axis=0)
    return (found - mean) / np.where(deviation > 0, deviation, 1)


def _with_vector(model: keras.Model, heads: Sequence[Head]) -> keras.Model:
    """Return the same network, its weights shared, that gives its layer `VECTOR` as well."""
    outputs = model.output if isinstance(model.output, dict) else {heads[0].name: model.output}
    return keras.Model(model.inputs, {**outputs, VECTOR: model.get_layer(VECTOR).output})


class _History(keras.callbacks.Callback):
    """Collects one row per epoch under the names of the report and stops a training that has diverged."""

    def __init__(self, heads: Sequence[Head], epochs: int, tell: Callable[[str], None], *, single: bool):
        super().__init__()
        self.epochs, self.tell, self.rows = epochs, tell, []
        measures = {head.name: "r2" if head.numeric else "accuracy" for head in heads}
        # Keras names the measure of a single output without the output.
        self.columns = {f"{name}_{of}": of if single else f"{name}_{of}" for name, of in measures.items()}

    def on_epoch_begin(self, epoch, logs=None):
        self.start = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        row = {"epoch": epoch + 1, "loss": logs["loss"], "validation_loss": logs["val_loss"]}
        for column, key in self.columns.items():
            row[column], row[f"validation_{column}"] = logs[key], logs[f"val_{key}"]
        row["seconds"] = time.perf_counter() - self.start
        self.rows.append(row)
        if not np.isfinite(row["loss"]):
            raise ReportError(f"The loss became {row['loss']} in epoch {epoch + 1}. Lower learning_rate.")
        validation = ", ".join(
            f"{column.replace('_', ' ')} {row[f'validation_{column}']:.2f}" for column in self.columns
        )
        self.tell(f"epoch {epoch + 1}/{self.epochs}, validation {validation}")


def predict(
    model: keras.Model, heads: Sequence[Head], slices: Slices, numbers: np.ndarray
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Predict some slices.

    Parameters
    ----------
    model : keras.Model
    heads : sequence of Head
    slices : Slices
    numbers : np.ndarray [shape=(n,), dtype=int]

    Returns
    -------
    predictions : dict of str to np.ndarray [shape=(n, head.width), dtype=float32]
        By head: probabilities, or a number in the label's unit.
    embedding : np.ndarray [shape=(n, width), dtype=float32]
        What the decision layers read.
    """
    predictor = embedding_model(model, heads)
    predictions = {head.name: np.empty((len(numbers), head.width), np.float32) for head in heads}
    embedding = np.empty((len(numbers), predictor.outputs[-1].shape[-1]), np.float32)
    at = 0
    for batch in slices.batches(numbers, PREDICT_BATCH):
        outputs, vectors = predictor.predict_on_batch(batch)
        for head, values in outputs.items():
            predictions[head][at : at + len(batch)] = values
        embedding[at : at + len(batch)] = vectors
        at += len(batch)
    return predictions, embedding
