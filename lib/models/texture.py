"""A network of timbral texture: statistics over time of cepstra and of what one convolution makes of them.

How a few seconds of sound are made up over time, regardless of when what happens, is its texture: means,
spreads and correlations of its bands tell one texture from another (McDermott & Simoncelli 2011,
doi 10.1016/j.neuron.2011.06.032), and such statistics of cepstra have named genres since Tzanetakis & Cook
(2002, doi 10.1109/TSA.2002.800560). Networks that name speakers pool in this way too (Snyder et al. 2018,
doi 10.1109/ICASSP.2018.8461375). A small corpus has songs enough to learn from a few hundred statistics.
"""

from collections.abc import Sequence

import keras
import numpy as np

from lib.models.head import Head
from lib.models.layers import batch_norm, decision_layers, slice_input

COEFFICIENTS = 40
CORRELATED = 20


def cosines(bands: int, coefficients: int) -> np.ndarray:
    """Matrix of the orthonormal DCT-II, which makes cepstra of mel bands.

    Parameters
    ----------
    bands : int > 0
    coefficients : int > 0
        At most `bands` of them.

    Returns
    -------
    np.ndarray [shape=(bands, min(coefficients, bands)), dtype=float64]
    """
    number = np.arange(min(coefficients, bands))
    matrix = np.cos(np.pi / bands * (np.arange(bands)[:, None] + 0.5) * number)
    return matrix * np.where(number == 0, np.sqrt(1 / bands), np.sqrt(2 / bands))


def statistics(x: keras.KerasTensor, name: str, *, correlated: int = 0) -> keras.KerasTensor:
    """Pool a sequence over time by its statistics.

    Parameters
    ----------
    x : keras.KerasTensor [shape=(batch, frames, channels)]
    name : str
        Of the layer.
    correlated : int >= 0
        Channels, the first ones, whose correlations are added.

    Returns
    -------
    keras.KerasTensor [shape=(batch, 5 * channels + correlated ** 2)]
        Mean, standard deviation, that of the change from frame to frame, maximum and minimum of each
        channel, and the matrix of correlations.
    """
    ops, flatten = keras.ops, keras.layers.Flatten

    def spread(values):
        return ops.sqrt(ops.add(ops.var(values, axis=1, keepdims=True), 1e-5))

    inputs = keras.Input(x.shape[1:], name=f"{name}_input")
    mean, deviation = ops.mean(inputs, axis=1, keepdims=True), spread(inputs)
    changes = spread(ops.subtract(inputs[:, 1:], inputs[:, :-1]))
    found = [mean, deviation, changes, ops.max(inputs, axis=1, keepdims=True), ops.min(inputs, axis=1, keepdims=True)]
    pooled = [flatten(name="of_channels")(ops.concatenate(found, axis=2))]
    if correlated:
        even = ops.divide(ops.subtract(inputs, mean), deviation)[:, :, :correlated]
        matrix = ops.divide(ops.matmul(ops.transpose(even, (0, 2, 1)), even), inputs.shape[1])
        pooled.append(flatten(name="correlations")(matrix))
    pooled = keras.layers.Concatenate(name="together")(pooled) if correlated else pooled[0]
    return keras.Model(inputs, pooled, name=name)(x)


def build(
    shape: tuple[int, int],
    heads: Sequence[Head],
    *,
    coefficients: int = COEFFICIENTS,
    correlated: int = CORRELATED,
    filters: int = 64,
    nodes: int = 128,
    dropout: tuple[float, float] = (0.2, 0.5),
) -> keras.Model:
    """Build the network: cepstra, one convolution over three frames, statistics of both, one FC layer.

    The first layer is the cosine transform that makes cepstra of mel bands. It is not trained: learnt from
    a few hundred songs, it came out worse.

    Parameters
    ----------
    coefficients : int > 0
        Cepstral coefficients, at most one a band.
    correlated : int > 0
        Coefficients whose correlations count.
    filters : int > 0
        Of the convolution.
    nodes : int > 0
        Of the FC layer, the embedding.
    dropout : (float, float)
        Of the statistics and of the FC layer.
    """
    layers = keras.layers
    inputs, x = slice_input(shape)
    x = layers.Permute((2, 1, 3), name="frames_first")(x)
    x = layers.Reshape((shape[1], shape[0]), name="frames")(x)
    matrix = np.round(cosines(shape[0], coefficients), 6)
    cepstra = layers.Dense(
        matrix.shape[1],
        use_bias=False,
        trainable=False,
        kernel_initializer=keras.initializers.Constant(matrix.tolist()),
        name="cepstra",
    )(x)
    x = layers.Conv1D(filters, 3, padding="same", use_bias=False, name="conv")(batch_norm(name="norm_cepstra")(cepstra))
    x = layers.Activation("relu", name="relu_conv")(batch_norm(name="norm_conv")(x))
    first = statistics(cepstra, "statistics_of_cepstra", correlated=min(correlated, matrix.shape[1]))
    x = layers.Concatenate(name="texture")([first, statistics(x, "statistics_of_changes")])
    x = layers.Dropout(dropout[0], name="drop_texture")(batch_norm(name="norm_texture")(x))
    x = layers.Dense(nodes, name="fc")(x)
    x = layers.Activation("relu", name="relu_fc")(batch_norm(name="norm_fc")(x))
    x = layers.Dropout(dropout[1], name="drop_fc")(x)
    return keras.Model(inputs, decision_layers(x, heads), name="texture")
