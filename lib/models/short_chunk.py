"""Won, Ferraro, Bogdanov & Serra, "Evaluation of CNN-based automatic music tagging models".

SMC 2020, arXiv 2006.00751; its Short-chunk CNN, released as github.com/minzwon/sota-music-tagging-models.
"""

from collections.abc import Sequence

import keras

from lib.models.head import Head
from lib.models.layers import batch_norm, decision_layers, pool_then_bend, slice_input

READS = "3.69 s at 16 kHz, 128 mel bands; answers 50 tags"
PUBLISHED = (128, 128, 256, 256, 256, 256, 512)  # filters


def build(
    shape: tuple[int, int],
    heads: Sequence[Head],
    *,
    filters: Sequence[int] = (16, 32, 32, 64, 64, 128, 128),
    dense: int = 128,
    dropout: float = 0.5,
) -> keras.Model:
    """Build the Short-chunk CNN, slimmer: seven small convolutions, each halving bands and frames.

    Adapted to the slice: the paper reads 3.69 s at 16 kHz in 128 bands, which halving seven times brings to one
    band; of 96 bands one is left after six, and the last pooling takes what there is. A quarter to an eighth of
    the paper's filters (128, 128, 256, 256, 256, 256, 512) and of its 512 dense nodes, to suit two processor cores.

    Parameters
    ----------
    filters : sequence of int > 0
        Of the convolutions, one block each.
    dense : int > 0
        Nodes of the dense layer, the embedding.
    dropout : float, 0 <= dropout < 1
    """
    inputs, x = slice_input(shape)
    x = _halved(x, filters, dense, dropout)
    return keras.Model(inputs, decision_layers(x, heads), name="short_chunk")


def published(shape: tuple[int, int] = (128, 231), *, outputs: int = 50) -> keras.Model:
    """Build the network at the size of the paper.

    Parameters
    ----------
    shape : tuple of int
        (mel bands, frames), 3.69 s at 16 kHz with a hop of 256.
    outputs : int > 0
        Tags, each answered by a sigmoid.
    """
    inputs, x = slice_input(shape)
    x = _halved(x, PUBLISHED, PUBLISHED[-1], 0.5)
    return keras.Model(inputs, keras.layers.Dense(outputs, activation="sigmoid", name="tags")(x), name="short_chunk")


AS_PUBLISHED = {"short_chunk": published}


def _halved(x: keras.KerasTensor, filters: Sequence[int], dense: int, dropout: float) -> keras.KerasTensor:
    layers = keras.layers
    x = batch_norm(name="norm_input")(x)
    for number, width in enumerate(filters, start=1):
        x = layers.Conv2D(width, 3, padding="same", name=f"conv{number}")(x)
        x = batch_norm(name=f"norm{number}")(x)
        x = pool_then_bend(x, (2, 2), "relu", number)
    x = layers.GlobalMaxPooling2D(name="max")(x)
    x = layers.Dense(dense, name="fc")(x)
    x = batch_norm(name="norm_fc")(x)
    x = layers.Activation("relu", name="relu_fc")(x)
    return layers.Dropout(dropout, name="drop_fc")(x)
