"""A small network that learns a pretrained one's vectors beside the labels.

Knowledge distillation (Hinton, Vinyals & Dean 2015, arXiv 1503.02531) by a layer in the middle (FitNets, Romero et al.
2015, arXiv 1412.6550): the layer `VECTOR` learns the vectors that the teacher, a network pretrained on other music,
has of the training slices.
"""

from collections.abc import Sequence

import keras

from lib.models.head import Head
from lib.models.layers import batch_norm, decision_layers, pool_then_bend, slice_input

VECTOR = "vector"  # the layer that learns from the teacher


def build(
    shape: tuple[int, int],
    heads: Sequence[Head],
    *,
    filters: Sequence[int] = (32, 64, 128, 128),
    pool: tuple[int, int] = (2, 4),
    vector: int = 200,
    units: int = 15,
    dropout: float = 0.3,
) -> keras.Model:
    """Build 3x3 convolutions, maximum and mean over what is left, a layer as wide as the teacher's vector, FC layer.

    Trained without a teacher, it is a network like others.

    Parameters
    ----------
    filters : sequence of int > 0
        One number a convolution.
    pool : (int, int)
        Bands and frames pooled after each convolution but the last, or what is left of them.
    vector : int > 0
        Width of the teacher's vector.
    units : int > 0
        Units of the FC layer, the embedding, as in the poster's network.
    dropout : float, 0 <= dropout < 1
    """
    layers = keras.layers
    inputs, x = slice_input(shape)
    for number, width in enumerate(filters, start=1):
        x = layers.Conv2D(width, 3, padding="same", name=f"conv{number}")(x)
        x = pool_then_bend(x, pool, "relu", number) if number < len(filters) else layers.ReLU(name=f"relu{number}")(x)
        x = batch_norm(name=f"norm{number}")(x)
    pooled = [layers.GlobalMaxPooling2D(name="max")(x), layers.GlobalAveragePooling2D(name="mean")(x)]
    x = layers.Dropout(dropout, name="drop")(layers.Concatenate(name="statistics")(pooled))
    x = layers.Dense(vector, name=VECTOR)(x)
    x = layers.Activation("relu", name="relu_vector")(batch_norm(name="norm_vector")(x))
    x = layers.Dense(units, activation="relu", name="fc")(x)
    return keras.Model(inputs, decision_layers(x, heads), name="student")
