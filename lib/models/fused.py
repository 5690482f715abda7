"""Batch normalisation and the gradient of max-pooling in one operation each, on TensorFlow.

Keras 3 puts batch normalisation together from means, squares, differences and products, each a pass over the whole
map; TensorFlow's own operation needs two. TensorFlow's gradient of max-pooling looks for the largest point of each
window anew, one window after the other; compiled by XLA, all windows are compared at once. What is computed is the
same; on maps as large as those of a convolution over a slice each takes up to half of a training step's time.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial

import keras

POINTS = 1 << 16  # of a slice's maps; for fewer, compiling takes longer than it saves


def fuse(model: keras.Model) -> None:
    """Let batch normalisations and max-poolings of maps train in one operation each; only on TensorFlow.

    Weights, names and configuration stay as they are, and so does the way a trained network answers.

    Parameters
    ----------
    model : keras.Model
        Changed in place; before it is compiled.
    """
    if keras.backend.backend() != "tensorflow":
        return
    for layer in _layers(model):
        if type(layer) is keras.layers.BatchNormalization and _fits(layer):
            layer.call = partial(_call, layer, type(layer).call)
        elif type(layer) is keras.layers.MaxPooling2D and _tiles(layer):
            layer.call = partial(_pool, layer, type(layer).call)


def _layers(model: keras.Model) -> Iterator[keras.layers.Layer]:
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from _layers(layer)
        yield layer


def _fits(layer: keras.layers.BatchNormalization) -> bool:
    """Whether it normalises the channels of maps and leaves nothing out."""
    rank = len(layer.input.shape)
    plain = layer.center and layer.scale and not layer.renorm and not layer.synchronized
    return plain and rank in (3, 4) and layer.axis in (-1, rank - 1)


def _call(layer: keras.layers.BatchNormalization, plain, inputs, training=None, mask=None):
    if (
        not (training and layer.trainable)
        or mask is not None
        or keras.backend.standardize_dtype(inputs.dtype) != "float32"
    ):
        return plain(layer, inputs, training=training, mask=mask)
    import tensorflow as tf

    maps = inputs if len(inputs.shape) == 4 else tf.expand_dims(inputs, 1)
    none = tf.constant([], tf.float32)
    outputs, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
        x=maps, scale=layer.gamma, offset=layer.beta, mean=none, variance=none, epsilon=layer.epsilon, is_training=True
    )
    points = tf.cast(tf.size(inputs) / inputs.shape[-1], tf.float32)
    variance *= (points - 1) / points  # Keras keeps the variance of the points, TensorFlow an estimate beyond them
    for kept, now in ((layer.moving_mean, mean), (layer.moving_variance, variance)):
        kept.assign(kept * layer.momentum + now * (1 - layer.momentum))
    return tf.reshape(outputs, tf.shape(inputs))


def _tiles(layer: keras.layers.MaxPooling2D) -> bool:
    """Whether its maps are large, its windows lie side by side, and nothing but a processor trains."""
    import tensorflow as tf

    if math.prod(size or 0 for size in layer.input.shape[1:]) < POINTS:
        return False
    plain = layer.padding == "valid" and layer.data_format == "channels_last" and layer.strides == layer.pool_size
    return plain and not tf.config.list_physical_devices("GPU")


def _pool(layer: keras.layers.MaxPooling2D, plain, inputs):
    import tensorflow as tf

    @tf.custom_gradient
    def pooled(maps):
        largest = plain(layer, maps)
        return largest, lambda upstream: _spread(maps, largest, upstream, layer.pool_size)

    return pooled(inputs)


def _spread(maps, largest, upstream, pool: tuple[int, int]):
    """Gradient of max-pooling: that of a window goes to the first of its largest points."""
    import tensorflow as tf

    @tf.function(jit_compile=True)
    def spread(maps, largest, upstream):
        (high, wide, channels), (rows, columns) = maps.shape[1:], largest.shape[1:3]
        inside = maps[:, : rows * pool[0], : columns * pool[1]]
        windows = tf.reshape(inside, (-1, rows, pool[0], columns, pool[1], channels))
        last = pool[0] * pool[1] - 1
        first = tf.zeros_like(largest, tf.int32) + last  # place of the first of the largest points in its window
        for place in range(last - 1, -1, -1):
            row, column = divmod(place, pool[1])
            first = tf.where(windows[:, :, row, :, column] == largest, place, first)
        places = tf.reshape(tf.range(last + 1), (pool[0], 1, pool[1], 1))
        gradient = tf.where(places == first[:, :, None, :, None], upstream[:, :, None, :, None], 0.0)
        gradient = tf.reshape(gradient, (-1, rows * pool[0], columns * pool[1], channels))
        return tf.pad(gradient, ((0, 0), (0, high - gradient.shape[1]), (0, wide - gradient.shape[2]), (0, 0)))

    return spread(maps, largest, upstream)
