"""Zhang, Lei, Xu & Xing, "Improved music genre classification with convolutional neural networks".

Interspeech 2016, doi 10.21437/Interspeech.2016-1236. Two networks: nnet1 and nnet2.
"""

from collections.abc import Sequence
from functools import partial

import keras

from lib.models.head import Head
from lib.models.layers import decision_layers, slice_input

READS = "2.97 s at 22.05 kHz, 513 bins of an STFT; answers 10 genres"


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
    filters : int > 0
        Of each convolution.
    dense : sequence of int > 0
        Nodes of the dense layers; the last is the embedding.
    """
    layers = keras.layers
    inputs, x = _frames(shape)
    first = layers.Conv1D(filters, 4, activation="relu", name="conv1")(x)
    x = layers.Conv1D(filters, 4, padding="same", activation="relu", name="conv2")(first)
    x = layers.Conv1D(filters, 4, padding="same", activation="relu", name="conv3")(x)
    x = layers.Add(name="shortcut")([first, x])
    return keras.Model(inputs, decision_layers(_summed(x, dense), heads), name="zhang2016")


def build_nnet1(
    shape: tuple[int, int],
    heads: Sequence[Head],
    *,
    filters: Sequence[int] = (128, 128, 256),
    dense: Sequence[int] = (300, 150),
) -> keras.Model:
    """Build the paper's nnet1: three convolutions along time with max-pooling between them, no shortcut.

    Adapted to the slice as `build`: the first kernel spans 4 frames and all mel bands, not 513 bins.

    Parameters
    ----------
    filters : sequence of int > 0
        Of the convolutions; a max-pooling by 2 frames follows each but the last.
    dense : sequence of int > 0
        Nodes of the dense layers; the last is the embedding.
    """
    layers = keras.layers
    inputs, x = _frames(shape)
    for number, width in enumerate(filters, start=1):
        x = layers.Conv1D(width, 4, activation="relu", name=f"conv{number}")(x)
        if number < len(filters):
            x = layers.MaxPooling1D(2, name=f"pool{number}")(x)
    return keras.Model(inputs, decision_layers(_summed(x, dense), heads), name="zhang2016_nnet1")


def published(network: str = "nnet2", *, bins: int = 513, frames: int = 128, classes: int = 10) -> keras.Model:
    """Build a network at the size of the paper: nnet1 has 660,336 parameters, nnet2 1,250,928.

    Parameters
    ----------
    network : {'nnet1', 'nnet2'}
    bins, frames : int > 0
        Of the paper's STFT (1024 samples, hop 512, 22.05 kHz, 2.97 s).
    classes : int > 1
        Of GTZAN, the paper's corpus.
    """
    heads = [Head("genre", tuple(str(number) for number in range(classes)))]
    return {"nnet1": build_nnet1, "nnet2": build}[network]((bins, frames), heads)


AS_PUBLISHED = {"zhang2016": published, "zhang2016_nnet1": partial(published, "nnet1")}


def _frames(shape: tuple[int, int]) -> tuple[keras.KerasTensor, keras.KerasTensor]:
    """Input, and the slice as frames of bands [shape=(batch, frames, n_mels)].

    A kernel over all bands slides along time only: a one-dimensional convolution over frames of `bands` channels.
    """
    inputs, x = slice_input(shape)
    x = keras.layers.Permute((2, 1, 3), name="frames_first")(x)
    return inputs, keras.layers.Reshape((shape[1], shape[0]), name="frames")(x)


def _summed(x: keras.KerasTensor, dense: Sequence[int]) -> keras.KerasTensor:
    """Maximum and mean over time side by side, then the dense layers."""
    layers = keras.layers
    x = layers.Concatenate(name="max_and_mean")(
        [layers.GlobalMaxPooling1D(name="max")(x), layers.GlobalAveragePooling1D(name="mean")(x)]
    )
    for number, width in enumerate(dense, start=1):
        x = layers.Dense(width, activation="relu", name=f"fc{number}")(x)
    return x
