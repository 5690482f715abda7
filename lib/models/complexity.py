"""What a network costs and how far it sees: parameters, multiply-adds, time, receptive field."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import keras
import numpy as np
import pandas as pd

from lib.features.spectrogram import Spectrogram

_k = keras.layers
BANDS, FRAMES = 0, 1
BATCH = 75  # slices predicted at once, as many as are trained at once


def multiply_adds(layer: keras.layers.Layer) -> int:
    """Multiply-adds of one slice's way through a layer.

    Counts convolutions, dense and recurrent layers, also within a network of its own; what normalisation,
    pooling, statistics and activations add is small beside them and counts as 0.
    """
    if isinstance(layer, keras.Model):
        return sum(multiply_adds(inner) for inner in layer.layers)
    kernels = sum(math.prod(weight.shape) for weight in layer.weights if weight.name.endswith("kernel"))
    if not kernels:
        return 0
    recurrent = isinstance(layer, (keras.layers.RNN, keras.layers.Bidirectional))
    return kernels * math.prod(layer.input.shape[1:2] if recurrent else layer.output.shape[1:-1])


def layer_table(model: keras.Model) -> pd.DataFrame:
    """Layers of a network in order; ``output`` is the shape without the batch."""
    rows = [
        (layer.name, type(layer).__name__, " x ".join(map(str, layer.output.shape[1:])), layer.count_params(),
         multiply_adds(layer))
        for layer in model.layers
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["layer", "kind", "output", "parameters", "multiply_adds"])


def trainable(model: keras.Model) -> int:
    """Parameters that training changes: all but the running means and variances of batch norm."""
    return sum(math.prod(weight.shape) for weight in model.trainable_weights)


def time_per_slice(model: keras.Model, *, batch: int = BATCH, repeats: int = 3, limit_s: float = 0.5) -> float:
    """Milliseconds that prediction takes for a slice, on this machine and with what else it is doing.

    The median of `repeats` batches, after one that is not timed; no further one is begun after `limit_s` seconds.
    """
    slices = np.random.default_rng(0).integers(0, 256, (batch, *model.input_shape[1:]), dtype=np.uint8)
    model.predict_on_batch(slices)
    taken: list[float] = []
    while len(taken) < repeats and sum(taken) < limit_s:
        began = time.perf_counter()
        model.predict_on_batch(slices)
        taken.append(time.perf_counter() - began)
    return 1000 * statistics.median(taken) / batch


@dataclass(frozen=True)
class ReceptiveField:
    """What one point of a network's last map sees: no more than the slice.

    Parameters
    ----------
    seconds : float
    bands, frames : int
    layers : tuple of str
        The layers that read the last map and put its points together.
    whole : bool
        Whether these layers put all points together, so that the network's prediction depends on the whole slice.
    """

    seconds: float
    bands: int
    frames: int
    layers: tuple[str, ...]
    whole: bool


@dataclass(frozen=True)
class Map:
    """A tensor as a map of the slice: how much of it a point sees.

    Parameters
    ----------
    axes : tuple
        For each axis after the batch: `BANDS`, `FRAMES`, or None for channels.
    field, step : (int, int)
        Bands and frames that a point sees, and from a point to the next.
    """

    axes: tuple[int | None, ...]
    field: tuple[int, int]
    step: tuple[int, int]

    def widened(self, axis: int, kernel: int, stride: int) -> Map:
        """Map after a window of `kernel` points has slid over an axis of it by `stride`."""
        field, step = list(self.field), list(self.step)
        field[axis] += (kernel - 1) * step[axis]
        step[axis] *= stride
        return replace(self, field=tuple(field), step=tuple(step))


def receptive_field(model: keras.Model, spectrogram: Spectrogram | None = None) -> ReceptiveField:
    """Receptive field of the last map, which the flattening, global pooling or recurrent layer reads.

    Kernels, strides and pools are followed through the graph (Araujo, Norris & Sim, "Computing receptive
    fields of convolutional neural networks", Distill 2019, doi 10.23915/distill.00021); where branches meet, the
    larger field counts. A layer of an unknown kind counts as one that sees the whole slice. A frame counts as one hop;
    the window of the spectrogram, by default the project's own, adds ``n_fft - hop_length`` samples at the ends.
    """
    spectrogram = spectrogram or Spectrogram()
    maps = map_by_layer(model)
    reading = {
        layer.name: maps[name]
        for layer, inputs in calls(model)
        for name in inputs
        if maps[layer.name] is None and maps[name] is not None
    }
    extent = model.input_shape[1:3]
    seen = [max((m.field[axis] for m in reading.values()), default=extent[axis]) for axis in (BANDS, FRAMES)]
    bands, frames = min(seen[BANDS], extent[BANDS]), min(seen[FRAMES], extent[FRAMES])
    seconds = min(frames * spectrogram.hop_length / spectrogram.sample_rate, spectrogram.slice_s)
    return ReceptiveField(seconds, bands, frames, tuple(reading), bool(reading))


def calls(model: keras.Model) -> Iterator[tuple[keras.Operation, tuple[str, ...]]]:
    """Layers of a network in order, and operations such as a sum, each with the names of those that it reads."""
    operations = {operation.name: operation for operation in model.operations}
    for entry in model.get_config()["layers"]:
        read = [name for node in entry["inbound_nodes"] for name in _sources(node)]
        yield operations[entry["name"]], tuple(dict.fromkeys(read))


def is_arithmetic(operation: keras.Operation) -> bool:
    """Whether it is an operation of `keras.ops`, not a layer, that computes each point from the same point alone."""
    return not isinstance(operation, _k.Layer) and type(operation).__name__ in _ARITHMETIC


def _sources(node: object) -> list[str]:
    if isinstance(node, dict):
        if "keras_history" in node:
            return [node["keras_history"][0]]
        node = list(node.values())
    return [name for part in node for name in _sources(part)] if isinstance(node, (list, tuple)) else []


def map_by_layer(model: keras.Model) -> dict[str, Map | None]:
    """Map that each layer's output is, by the layer's name; None where its points have been put together."""
    whole = Map((BANDS, FRAMES), tuple(model.input_shape[1:3]), (1, 1))
    maps: dict[str, Map | None] = {}
    for layer, inputs in calls(model):
        read = [maps.get(name) for name in inputs]
        if not read:
            maps[layer.name] = replace(whole, field=(1, 1))
        elif any(read):
            # A vector that comes back into a map brings all of the slice with it.
            maps[layer.name] = _through(layer, _met(read) if all(read) else whole, whole)
        else:
            maps[layer.name] = None
    return maps


def _met(maps: list[Map]) -> Map:
    """Map of the larger field where branches meet."""
    field, step = (tuple(max(getattr(m, part)[axis] for m in maps) for axis in (0, 1)) for part in ("field", "step"))
    return Map(maps[0].axes, field, step)


_ARITHMETIC = {
    "Abs", "Add", "Cast", "Divide", "Elu", "Exp", "Log", "Maximum", "Minimum", "Multiply", "Relu", "Sigmoid",
    "Subtract", "Tanh", "TrueDivide",
}  # fmt: skip
_CONVOLUTIONS = (
    _k.Conv1D, _k.Conv2D, _k.DepthwiseConv1D, _k.DepthwiseConv2D, _k.SeparableConv1D, _k.SeparableConv2D,
)  # fmt: skip
_POOLS = (_k.MaxPooling1D, _k.MaxPooling2D, _k.AveragePooling1D, _k.AveragePooling2D)
_POINTWISE = (
    _k.Rescaling, _k.ZeroPadding1D, _k.ZeroPadding2D, _k.BatchNormalization, _k.Activation, _k.ReLU, _k.ELU,
    _k.LeakyReLU, _k.PReLU, _k.Dropout, _k.SpatialDropout1D, _k.SpatialDropout2D, _k.GaussianNoise, _k.Identity,
    _k.Add, _k.Subtract, _k.Multiply, _k.Average, _k.Maximum, _k.Minimum, _k.Concatenate,
)  # fmt: skip
_COMBINING = (
    _k.Flatten, _k.GlobalMaxPooling1D, _k.GlobalMaxPooling2D, _k.GlobalAveragePooling1D, _k.GlobalAveragePooling2D,
    _k.RNN, _k.Bidirectional,
)  # fmt: skip


def _through(layer: keras.Operation, read: Map, whole: Map) -> Map | None:
    """Map after a layer, or None if the layer puts points together."""
    rank = len(layer.output.shape) - 1 if not isinstance(layer.output, (list, dict)) else 0
    if isinstance(layer, _COMBINING) or (isinstance(layer, (_k.Dense, keras.Model)) and rank == 1):
        return None
    if isinstance(layer, _POINTWISE) or is_arithmetic(layer):
        return read
    if isinstance(layer, _k.Permute):
        return replace(read, axes=tuple(read.axes[place - 1] for place in layer.dims))
    if isinstance(layer, _k.Reshape):
        return _reshaped(layer, read)
    if isinstance(layer, _k.Dense):
        return _mixed(layer, read)
    if isinstance(layer, _CONVOLUTIONS):
        kernel = [(size - 1) * gap + 1 for size, gap in zip(layer.kernel_size, layer.dilation_rate, strict=True)]
        return _slid(_mixed(layer, read), kernel, layer.strides)
    if isinstance(layer, _POOLS):
        return _slid(read, layer.pool_size, layer.strides)
    return replace(whole, axes=(None,) * rank)


def _slid(read: Map, kernel: Sequence[int], strides: Sequence[int]) -> Map:
    """Map after windows have slid over its first axes."""
    for place, (size, stride) in enumerate(zip(kernel, strides, strict=True)):
        if read.axes[place] is not None:
            read = read.widened(read.axes[place], size, stride)
    return read


def _mixed(layer: keras.layers.Layer, read: Map) -> Map:
    """Map after a layer that reads all of the last axis, which may be that of bands or frames."""
    axis = read.axes[-1]
    if axis is not None:
        read = read.widened(axis, layer.input.shape[-1], 1)
    return replace(read, axes=(*read.axes[:-1], None))


def _reshaped(layer: keras.layers.Layer, read: Map) -> Map:
    """Map after its axes were split or merged; one merged into others is channels from then on."""
    before, after = layer.input.shape[1:], layer.output.shape[1:]
    places = {(math.prod(after[:new]), size): new for new, size in enumerate(after) if size > 1}
    axes: list[int | None] = [None] * len(after)
    for place, axis in enumerate(read.axes):
        new = places.get((math.prod(before[:place]), before[place]))
        if axis is not None and new is not None:
            axes[new] = axis
        elif axis is not None:
            read = read.widened(axis, before[place], 1)
    return replace(read, axes=tuple(axes))
