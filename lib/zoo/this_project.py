"""The poster's network."""

from __future__ import annotations

from collections.abc import Sequence

import keras

from lib.zoo import Head, register
from lib.zoo.layers import batch_norm, decision_layers, slice_input


@register("this_project")
def build(
    shape: tuple[int, int],
    heads: Sequence[Head],
    *,
    filters: Sequence[int] = (32, 64, 64, 64),
    pool: tuple[int, int] = (2, 4),
    nodes: int = 15,
    dropout: float = 0.3,
    l2: float = 0.002,
) -> keras.Model:
    """Build four convolutions, one fully connected layer of 15 nodes, a decision layer a head.

    Fixed by the poster: 2x2 kernels, stride 1 but 2 in the fourth layer, one FC layer of 15 nodes shared by
    the heads, batch norm on every layer, L2 of .002. Open there and chosen here: the number of filters,
    ReLU, max-pooling after the first three convolutions by 2 bands and 4 frames (what tells genres apart
    changes slowly), and how "the flattened and the FC layers" are regularised: the penalty lies on the
    kernels that read them, and dropout (Srivastava et al. 2014) on the flattened one.

    Parameters
    ----------
    shape : tuple of int
        (mel bands, frames).
    heads : sequence of Head
    filters : sequence of four int > 0
    pool : (int, int)
        Bands and frames pooled after each convolution but the last.
    nodes : int > 0
        Nodes of the FC layer, the embedding.
    dropout : float, 0 <= dropout < 1
    l2 : float >= 0

    Returns
    -------
    keras.Model
    """
    layers = keras.layers
    inputs, x = slice_input(shape)
    for number, width in enumerate(filters, start=1):
        last = number == len(filters)
        x = layers.Conv2D(width, 2, strides=2 if last else 1, padding="same", activation="relu", name=f"conv{number}")(
            x
        )
        if not last:
            x = layers.MaxPooling2D(pool, name=f"pool{number}")(x)
        x = batch_norm(name=f"norm{number}")(x)
    x = layers.Flatten(name="flat")(x)
    x = layers.Dropout(dropout, name="drop_flat")(x)
    x = layers.Dense(nodes, activation="relu", kernel_regularizer=keras.regularizers.L2(l2), name="fc")(x)
    x = batch_norm(name="norm_fc")(x)
    return keras.Model(inputs, decision_layers(x, heads, l2=l2), name="this_project")
