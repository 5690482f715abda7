"""Choi, Fazekas, Sandler & Cho, "Convolutional recurrent neural networks for music classification".

ICASSP 2017, arXiv 1609.04243.
"""

from __future__ import annotations

from collections.abc import Sequence

import keras

from lib.zoo import Head, register
from lib.zoo.layers import batch_norm, decision_layers, slice_input


@register("choi2016")
def build(
    shape: tuple[int, int],
    heads: Sequence[Head],
    *,
    filters: Sequence[int] = (48, 96, 96, 96),
    pools: Sequence[tuple[int, int]] = ((2, 2), (3, 2), (4, 2), (4, 2)),
    units: int = 48,
) -> keras.Model:
    """Build the CRNN of about 0.25 M parameters: four convolutions, then two GRUs along time.

    Adapted to the slice: the paper pools time by 2, 3, 4 and 4, which leaves 15 steps of its 29 s but one
    of a 3 s slice; here time is pooled by 2 four times (8 steps), bands by 2, 3, 4 and 4 as in the paper.

    Parameters
    ----------
    shape : tuple of int
        (mel bands, frames).
    heads : sequence of Head
    filters : sequence of four int > 0
    pools : sequence of four (int, int)
        Pooling along bands and frames.
    units : int > 0
        Of each GRU; the second one's last state is the embedding.

    Returns
    -------
    keras.Model
    """
    layers = keras.layers
    inputs, x = slice_input(shape)
    x = batch_norm(axis=1, name="norm_bands")(x)
    for number, (width, pool) in enumerate(zip(filters, pools, strict=True), start=1):
        x = layers.Conv2D(width, 3, padding="same", name=f"conv{number}")(x)
        x = batch_norm(name=f"norm{number}")(x)
        x = layers.Activation("elu", name=f"elu{number}")(x)
        x = layers.MaxPooling2D(pool, name=f"pool{number}")(x)
        x = layers.Dropout(0.1, name=f"drop{number}")(x)
    x = layers.Permute((2, 1, 3), name="time_first")(x)
    x = layers.Reshape((x.shape[1], x.shape[2] * x.shape[3]), name="sequence")(x)
    x = layers.GRU(units, return_sequences=True, name="gru1")(x)
    x = layers.GRU(units, name="gru2")(x)
    x = layers.Dropout(0.3, name="drop")(x)
    return keras.Model(inputs, decision_layers(x, heads), name="choi2016")
