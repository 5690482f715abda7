"""What the networks share: how a slice enters and how the heads leave."""

from collections.abc import Sequence

import keras

from lib.models.head import Head

# Keras' default of .99 averages over some hundred batches; a small corpus has a few batches an epoch, and
# with it the statistics used on validation and test would lag behind the weights for many epochs.
MOMENTUM = 0.9


def slice_input(shape: tuple[int, int]) -> tuple[keras.KerasTensor, keras.KerasTensor]:
    """Input of grey-scale slices and the same scaled to 0..1 with a channel axis.

    Parameters
    ----------
    shape : tuple of int
        (mel bands, frames).

    Returns
    -------
    inputs : keras.KerasTensor [shape=(batch, n_mels, frames), dtype=uint8]
    x : keras.KerasTensor [shape=(batch, n_mels, frames, 1), dtype=float32]
    """
    inputs = keras.Input(shape=shape, dtype="uint8", name="slices")
    # Not the layer Rescaling, which needs TensorFlow whatever the backend.
    x = keras.ops.multiply(keras.ops.cast(inputs, "float32"), 1 / 255)
    return inputs, keras.layers.Reshape((*shape, 1), name="picture")(x)


def batch_norm(**settings) -> keras.layers.BatchNormalization:
    """Batch normalisation (Ioffe & Szegedy 2015) with statistics that follow a small corpus."""
    return keras.layers.BatchNormalization(momentum=MOMENTUM, **settings)


def pool_then_bend(
    x: keras.KerasTensor, pool: tuple[int, int], activation: str, number: int | str
) -> keras.KerasTensor:
    """Max-pool, then apply an activation that never falls, such as ReLU or ELU.

    The papers write it the other way round. The result is the same, for the largest of a window stays the
    largest, and the activation has a fraction of the points to compute.

    Parameters
    ----------
    x : keras.KerasTensor [shape=(batch, bands, frames, channels)]
    pool : (int, int)
        Bands and frames, or what is left of them.
    activation : str
    number : int or str
        Ends the layers' names.
    """
    left = (min(pool[0], x.shape[1]), min(pool[1], x.shape[2]))
    x = keras.layers.MaxPooling2D(left, name=f"pool{number}")(x)
    return keras.layers.Activation(activation, name=f"{activation}{number}")(x)


def decision_layers(x: keras.KerasTensor, heads: Sequence[Head], *, l2: float = 0.0) -> dict[str, keras.KerasTensor]:
    """One layer a head, all fed by the same vector: softmax over its classes, or one linear node for a number.

    Parameters
    ----------
    x : keras.KerasTensor [shape=(batch, width)]
    heads : sequence of Head
    l2 : float >= 0
        Weight of the L2 penalty on the kernels.

    Returns
    -------
    dict of str to keras.KerasTensor [shape=(batch, head.width)]
    """
    return {
        head.name: keras.layers.Dense(
            head.width,
            activation=None if head.numeric else "softmax",
            kernel_regularizer=keras.regularizers.L2(l2) if l2 else None,
            name=head.name,
        )(x)
        for head in heads
    }
