"""The poster's network, and the neighbours of it that the poster's authors searched.

They tried "different number of convolution layers, strides, kernel sizes, FC layers and units".
"""

from collections.abc import Sequence

import keras

from lib.models.head import Head
from lib.models.layers import batch_norm, decision_layers, pool_then_bend, slice_input

VARIANTS = {  # the search in small: one choice changed at a time
    "yu2018_conv3": {"filters": (32, 64, 64)},
    "yu2018_conv5": {"filters": (32, 64, 64, 64, 64)},
    "yu2018_kernel3": {"kernel": 3},
    "yu2018_kernel5": {"kernel": 5},
    "yu2018_stride1": {"last_stride": 1},
    "yu2018_fc0": {"fc": 0},
    "yu2018_fc2": {"fc": 2},
    "yu2018_units5": {"units": 5},
    "yu2018_units50": {"units": 50},
    "yu2018_units150": {"units": 150},
}


def build(
    shape: tuple[int, int],
    heads: Sequence[Head],
    *,
    filters: Sequence[int] = (32, 64, 64, 64),
    kernel: int = 2,
    last_stride: int = 2,
    pool: tuple[int, int] = (2, 4),
    fc: int = 1,
    units: int = 15,
    dropout: float = 0.3,
    l2: float = 0.002,
) -> keras.Model:
    """Build four convolutions, one fully connected layer of 15 units, a decision layer a head.

    Fixed by the poster: 2x2 kernels, stride 1 but 2 in the fourth layer, one FC layer of 15 units shared by
    the heads, batch norm on every layer, L2 of .002. Open there and chosen here: the number of filters,
    ReLU, max-pooling after the first three convolutions by 2 bands and 4 frames (what tells genres apart
    changes slowly), and how "the flattened and the FC layers" are regularised: the penalty lies on the
    kernels that read them, and dropout (Srivastava et al. 2014) on the flattened one.

    The parameters span the search around it: three to five convolutions, kernels of 2, 3 or 5, a last stride
    of 1 or 2, no, one or two FC layers.

    Parameters
    ----------
    filters : sequence of int > 0
        One number a convolution.
    kernel : int > 0
        Bands and frames of every kernel.
    last_stride : int > 0
        Stride of the last convolution.
    pool : (int, int)
        Bands and frames pooled after each convolution but the last, or what is left of them.
    fc : int >= 0
        FC layers; without one the decision layers read the flattened layer, which then is the embedding.
    units : int > 0
        Units of each FC layer; the last is the embedding.
    dropout : float, 0 <= dropout < 1
    l2 : float >= 0
    """
    layers = keras.layers
    inputs, x = slice_input(shape)
    for number, width in enumerate(filters, start=1):
        last = number == len(filters)
        stride = last_stride if last else 1
        x = layers.Conv2D(width, kernel, strides=stride, padding="same", name=f"conv{number}")(x)
        x = layers.Activation("relu", name=f"relu{number}")(x) if last else pool_then_bend(x, pool, "relu", number)
        x = batch_norm(name=f"norm{number}")(x)
    x = layers.Flatten(name="flat")(x)
    x = layers.Dropout(dropout, name="drop_flat")(x)
    for number in range(1, fc + 1):
        name = "fc" if number == 1 else f"fc{number}"
        x = layers.Dense(units, activation="relu", kernel_regularizer=keras.regularizers.L2(l2), name=name)(x)
        x = batch_norm(name=f"norm_{name}")(x)
    return keras.Model(inputs, decision_layers(x, heads, l2=l2), name="yu2018")
