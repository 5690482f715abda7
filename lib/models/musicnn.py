"""Pons & Serra, "musicnn: pre-trained convolutional neural networks for music audio tagging".

ISMIR late-breaking 2019, arXiv 1909.06654, after Pons, Nieto, Prockup, Schmidt, Ehmann & Serra, "End-to-end
learning for music audio tagging at scale", ISMIR 2018, arXiv 1711.02520; released as github.com/jordipons/musicnn.
Here it is trained from scratch: none of the released weights are used.
"""

from collections.abc import Sequence

import keras

from lib.models.head import Head
from lib.models.layers import batch_norm, decision_layers, slice_input

READS = "3 s at 16 kHz, 96 mel bands; answers 50 tags"
SPANS = (0.4, 0.7)  # heights of the timbral kernels as parts of all bands, as released


def build(
    shape: tuple[int, int],
    heads: Sequence[Head],
    *,
    timbral: int = 51,
    temporal: int = 51,
    frames: int = 5,
    lengths: Sequence[int] = (88, 44, 22),
    middle: int = 64,
    dense: int = 200,
) -> keras.Model:
    """Build musicnn with a quarter of its timbral filters.

    Tall kernels of few frames respond to timbres, at whatever pitch (the maximum over the bands follows); flat kernels
    of one band and many frames respond to rhythms. Three convolutions with residual sums read both, and the maximum and
    the mean over time of all of it, front end included, decide.

    Adapted to the slice: the released network reads 3 s too, but in frames of 16 ms; here they are 23.2 ms apart, so
    kernels of 128, 64, 32 and 7 frames became 88, 44, 22 and 5, which last as long. For two processor cores there
    are 51 timbral filters of each height instead of 204, and the flat kernels read the mean over the bands
    instead of each band (as in the version of Won et al. 2020, arXiv 2006.00751), about a hundredth of the work.

    Parameters
    ----------
    timbral : int > 0
        Filters of each height, .4 and .7 of the bands.
    temporal : int > 0
        Filters of each length.
    frames : odd int > 0
        Width of the timbral kernels and of those in the middle.
    lengths : sequence of int > 0
        Frames of the temporal kernels.
    middle : int > 0
        Filters of the three convolutions in the middle.
    dense : int > 0
        Nodes of the dense layer, the embedding.
    """
    inputs, x = slice_input(shape)
    x = batch_norm(name="norm_input")(x)
    front = [*_timbres(x, timbral, frames), *_rhythms(x, temporal, lengths)]
    return keras.Model(inputs, decision_layers(_summed(front, frames, middle, dense), heads), name="musicnn")


def published(shape: tuple[int, int] = (96, 187), *, outputs: int = 50) -> keras.Model:
    """Build the network at its released size, MTT_musicnn.

    Parameters
    ----------
    shape : tuple of int
        (mel bands, frames), 3 s at 16 kHz with a hop of 256.
    outputs : int > 0
        Tags, each answered by a sigmoid.
    """
    inputs = keras.Input(shape, name="log_mel")
    x = batch_norm(name="norm_input")(keras.layers.Reshape((*shape, 1), name="picture")(inputs))
    front = [*_timbres(x, 204, 7), *_rhythms(x, 51, (128, 64, 32), each_band=True)]
    x = _summed(front, 7, 64, 200)
    return keras.Model(inputs, keras.layers.Dense(outputs, activation="sigmoid", name="tags")(x), name="musicnn")


AS_PUBLISHED = {"musicnn": published}


def _timbres(x: keras.KerasTensor, filters: int, frames: int) -> list[keras.KerasTensor]:
    """Answers of the tall kernels, the strongest over all pitches [shape=(batch, frames, filters)]."""
    layers = keras.layers
    padded = layers.ZeroPadding2D((0, frames // 2), name="padding")(x)
    found = []
    for span in SPANS:
        name = f"timbral{int(100 * span)}"
        y = layers.Conv2D(filters, (int(span * x.shape[1]), frames), activation="relu", name=name)(padded)
        y = batch_norm(name=f"norm_{name}")(y)
        y = layers.MaxPooling2D((y.shape[1], 1), name=f"max_{name}")(y)
        found.append(layers.Reshape(y.shape[2:], name=f"frames_{name}")(y))
    return found


def _rhythms(
    x: keras.KerasTensor, filters: int, lengths: Sequence[int], *, each_band: bool = False
) -> list[keras.KerasTensor]:
    """Answers of the flat kernels [shape=(batch, frames, filters)], to each band or to their mean."""
    layers = keras.layers
    bands = x.shape[1]
    if not each_band:
        x = layers.AveragePooling2D((bands, 1), name="mean_band")(x)
    found = []
    for length in lengths:
        name = f"temporal{length}"
        y = layers.Conv2D(filters, (1, length), padding="same", activation="relu", name=name)(x)
        y = batch_norm(name=f"norm_{name}")(y)
        if each_band:
            y = layers.MaxPooling2D((bands, 1), name=f"max_{name}")(y)
        found.append(layers.Reshape(y.shape[2:], name=f"frames_{name}")(y))
    return found


def _summed(front: list[keras.KerasTensor], frames: int, filters: int, dense: int) -> keras.KerasTensor:
    layers = keras.layers
    x = layers.Concatenate(name="front")(front)
    all_of_it = [x]
    for number in (1, 2, 3):
        y = layers.Conv1D(filters, frames, padding="same", activation="relu", name=f"conv{number}")(x)
        y = batch_norm(name=f"norm{number}")(y)
        x = y if number == 1 else layers.Add(name=f"sum{number}")([x, y])
        all_of_it.append(x)
    x = layers.Concatenate(name="all")(all_of_it)
    x = layers.Concatenate(name="max_and_mean")(
        [layers.GlobalMaxPooling1D(name="max")(x), layers.GlobalAveragePooling1D(name="mean")(x)]
    )
    x = batch_norm(name="norm_summed")(x)
    x = layers.Dropout(0.5, name="drop_summed")(x)
    x = layers.Dense(dense, activation="relu", name="fc")(x)
    x = batch_norm(name="norm_fc")(x)
    return layers.Dropout(0.5, name="drop_fc")(x)
