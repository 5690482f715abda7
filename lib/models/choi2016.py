"""Choi, Fazekas, Sandler & Cho, "Convolutional recurrent neural networks for music classification".

ICASSP 2017, arXiv 1609.04243; released by the authors as github.com/keunwoochoi/music-auto_tagging-keras.
"""

from collections.abc import Sequence
from functools import partial

import keras

from lib.models.head import Head
from lib.models.layers import batch_norm, decision_layers, pool_then_bend, slice_input

READS = "29.12 s at 12 kHz, 96 mel bands; answers 50 tags"
RELEASED = (64, 128, 128, 128)  # filters
POOLS = ((2, 2), (3, 2), (4, 2), (4, 2))  # of a slice: bands as released, frames by 2 each


def build(
    shape: tuple[int, int],
    heads: Sequence[Head],
    *,
    filters: Sequence[int] = (48, 96, 96, 96),
    pools: Sequence[tuple[int, int]] = POOLS,
    units: int = 48,
    name: str = "choi2016",
) -> keras.Model:
    """Build the CRNN: four convolutions, then two GRUs along time; by default of about 0.25 M parameters.

    Adapted to the slice: the paper pools time by 2, 3, 4 and 4, which leaves 15 steps of its 29 s but one
    of a 3 s slice; here time is pooled by 2 four times (8 steps), bands by 2, 3, 4 and 4 as in the paper. So the
    released padding, which made 1,440 frames of 1,366 so that 2, 3, 4 and 4 divide them, is not needed. The first
    batch norm runs along the bands, as the paper's text has it (released: the frames), and the GRUs have Keras'
    second bias (released: none).

    ``build_full`` has the filters and GRU units that the authors released.

    Parameters
    ----------
    filters : sequence of four int > 0
    pools : sequence of four (int, int)
        Pooling along bands and frames.
    units : int > 0
        Of each GRU; the second one's last state is the embedding.
    name : str
        Of the network.
    """
    inputs, x = slice_input(shape)
    x = batch_norm(axis=1, name="norm_bands")(x)
    x = _followed(x, filters, pools, units)
    return keras.Model(inputs, decision_layers(x, heads), name=name)


build_full = partial(build, filters=RELEASED, units=32, name="choi2016_full")


def published(
    shape: tuple[int, int] = (96, 1366), *, outputs: int = 50, norm: str = "frames", pad: int = 37
) -> keras.Model:
    """Build the released network: 29 s at once, 396,786 trainable parameters.

    Parameters
    ----------
    shape : tuple of int
        (mel bands, frames), 29.12 s at 12 kHz with a hop of 256.
    outputs : int > 0
        Tags, each answered by a sigmoid.
    norm : {'frames', 'bands'}
        What the first batch norm has one mean and variance each for: the frames, as the released code has it, or
        the bands, as the paper's text has it (394,098 trainable parameters).
    pad : int >= 0
        Frames of zeros before and after.
    """
    inputs, x = slice_input(shape)
    x = keras.layers.ZeroPadding2D((0, pad), name="padding")(x)
    x = batch_norm(axis={"bands": 1, "frames": 2}[norm], name=f"norm_{norm}")(x)
    x = _followed(x, RELEASED, ((2, 2), (3, 3), (4, 4), (4, 4)), 32, reset_after=False)
    return keras.Model(inputs, keras.layers.Dense(outputs, activation="sigmoid", name="tags")(x), name="choi2016")


AS_PUBLISHED = {"choi2016_full": published}


def _followed(
    x: keras.KerasTensor,
    filters: Sequence[int],
    pools: Sequence[tuple[int, int]],
    units: int,
    *,
    reset_after: bool = True,
) -> keras.KerasTensor:
    """Convolutions that sum up what sounds, then GRUs that follow it through time [shape=(batch, units)].

    The released network is older than ``reset_after``, a second bias that lets GPUs compute the gates at once.
    """
    layers = keras.layers
    for number, (width, pool) in enumerate(zip(filters, pools, strict=True), start=1):
        x = layers.Conv2D(width, 3, padding="same", name=f"conv{number}")(x)
        x = batch_norm(name=f"norm{number}")(x)
        x = pool_then_bend(x, pool, "elu", number)
        x = layers.Dropout(0.1, name=f"drop{number}")(x)
    x = layers.Permute((2, 1, 3), name="time_first")(x)
    x = layers.Reshape((x.shape[1], x.shape[2] * x.shape[3]), name="sequence")(x)
    x = layers.GRU(units, return_sequences=True, reset_after=reset_after, name="gru1")(x)
    x = layers.GRU(units, reset_after=reset_after, name="gru2")(x)
    return layers.Dropout(0.3, name="drop")(x)
