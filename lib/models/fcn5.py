"""Choi, Fazekas & Sandler, "Automatic tagging using deep convolutional neural networks".

ISMIR 2016, arXiv 1606.00298; a small version of its FCN-5 was released by the authors as
github.com/keunwoochoi/music-auto_tagging-keras.
"""

from collections.abc import Sequence

import keras

from lib.models.head import Head
from lib.models.layers import batch_norm, decision_layers, pool_then_bend, slice_input

READS = "29.12 s at 12 kHz, 96 mel bands; answers 50 tags"
RELEASED = (64, 128, 128, 128, 64)  # filters


def build(
    shape: tuple[int, int],
    heads: Sequence[Head],
    *,
    filters: Sequence[int] = RELEASED,
    pools: Sequence[tuple[int, int]] = ((2, 2), (2, 2), (2, 2), (3, 4), (4, 4)),
) -> keras.Model:
    """Build FCN-5 with its released filters: convolutions and pooling alone, until one point is left.

    Adapted to the slice: the released network pools the 1,366 frames of 29 s by 4, 4, 4, 5 and 4, ten times what
    a slice has. Here they are pooled by 2, 2, 2, 4 and 4, which leaves one of 129; the bands are pooled by
    2, 2, 2, 3 and 4 as released.

    Parameters
    ----------
    filters : sequence of int > 0
        Of the convolutions; the last is the width of the embedding, if one point is left.
    pools : sequence of (int, int)
        Pooling along bands and frames.
    """
    inputs, x = slice_input(shape)
    x = batch_norm(axis=1, name="norm_bands")(x)
    return keras.Model(inputs, decision_layers(_narrowed(x, filters, pools), heads), name="fcn5")


def published(
    shape: tuple[int, int] = (96, 1366),
    *,
    outputs: int = 50,
    filters: Sequence[int] = RELEASED,
    norm: str = "bands",
) -> keras.Model:
    """Build the network for 29 s at once: 447,922 trainable parameters.

    The 865,950 that the authors' README gives belong to an earlier state of their code: with filters
    (32, 128, 128, 192, 256) and norm 'frames' this function gives them.

    Parameters
    ----------
    shape : tuple of int
        (mel bands, frames), 29.12 s at 12 kHz with a hop of 256.
    outputs : int > 0
        Tags, each answered by a sigmoid.
    filters : sequence of five int > 0
    norm : {'bands', 'frames'}
        What the first batch norm has one mean and variance each for.
    """
    inputs, x = slice_input(shape)
    x = batch_norm(axis={"bands": 1, "frames": 2}[norm], name=f"norm_{norm}")(x)
    x = _narrowed(x, filters, ((2, 4), (2, 4), (2, 4), (3, 5), (4, 4)))
    return keras.Model(inputs, keras.layers.Dense(outputs, activation="sigmoid", name="tags")(x), name="fcn5")


AS_PUBLISHED = {"fcn5": published}


def _narrowed(x: keras.KerasTensor, filters: Sequence[int], pools: Sequence[tuple[int, int]]) -> keras.KerasTensor:
    """Convolutions, each followed by batch norm, ELU and pooling, then whatever is left as one vector."""
    layers = keras.layers
    for number, (width, pool) in enumerate(zip(filters, pools, strict=True), start=1):
        x = layers.Conv2D(width, 3, padding="same", name=f"conv{number}")(x)
        x = batch_norm(name=f"norm{number}")(x)
        x = pool_then_bend(x, pool, "elu", number)
    return layers.Flatten(name="flat")(x)
