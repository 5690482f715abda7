"""Zhang, Lei, Xu & Xing, "Improved music genre classification with convolutional neural networks".

Interspeech 2016, doi 10.21437/Interspeech.2016-1236.
"""

from __future__ import annotations

from collections.abc import Sequence

import keras

from lib.zoo import Head, register
from lib.zoo.layers import decision_layers, slice_input


@register("zhang2016")
def build(
    shape: tuple[int, int],
    heads: Sequence[Head],
    *,
    filters: int = 256,
    dense: Sequence[int] = (300, 150),
) -> keras.Model:
    """Build the paper's nnet2: filters over all bands at once, a shortcut, two poolings over time side by side.

    Adapted to the slice: the paper's first kernel spans 4 frames and all 513 bins of an STFT, here 4 frames
    and all mel bands. A decision layer a head stands for the paper's one.

    Parameters
    ----------
    shape : tuple of int
        (mel bands, frames).
    heads : sequence of Head
    filters : int > 0
        Of each convolution.
    dense : sequence of int > 0
        Nodes of the dense layers; the last is the embedding.

    Returns
    -------
    keras.Model
    """
    layers = keras.layers
    inputs, x = slice_input(shape)
    # A kernel over all bands slides along time only: a one-dimensional convolution over frames of `bands` channels.
    x = layers.Permute((2, 1, 3), name="frames_first")(x)
    x = layers.Reshape((shape[1], shape[0]), name="frames")(x)
    first = layers.Conv1D(filters, 4, activation="relu", name="conv1")(x)
    x = layers.Conv1D(filters, 4, padding="same", activation="relu", name="conv2")(first)
    x = layers.Conv1D(filters, 4, padding="same", activation="relu", name="conv3")(x)
    x = layers.Add(name="shortcut")([first, x])
    x = layers.Concatenate(name="max_and_mean")(
        [layers.GlobalMaxPooling1D(name="max")(x), layers.GlobalAveragePooling1D(name="mean")(x)]
    )
    for number, width in enumerate(dense, start=1):
        x = layers.Dense(width, activation="relu", name=f"fc{number}")(x)
    return keras.Model(inputs, decision_layers(x, heads), name="zhang2016")
