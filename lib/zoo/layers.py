"""What the networks share: how a slice enters and how the heads leave."""

from __future__ import annotations

from collections.abc import Sequence

import keras

from lib.errors import ReportError
from lib.zoo import Head

# Keras' default of .99 averages over some hundred batches; a small corpus has a few batches an epoch, and
# with it the statistics used on dev and test would lag behind the weights for many epochs.
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


def embedding_model(model: keras.Model, heads: Sequence[Head]) -> keras.Model:
    """Network that also returns the vector which its decision layers read.

    Returns
    -------
    keras.Model
        Outputs: the heads' dictionary and the vector [shape=(batch, width)].

    Raises
    ------
    ReportError
        If the decision layers do not read one common vector.
    """
    read = {id(model.get_layer(head.name).input): model.get_layer(head.name).input for head in heads}
    if len(read) > 1 or len(next(iter(read.values())).shape) != 2:
        raise ReportError(
            f"network {model.name}: its decision layers do not read one common vector. Feed all of them the same layer "
            "of shape (batch, width)."
        )
    outputs = model.output if isinstance(model.output, dict) else {heads[0].name: model.output}
    return keras.Model(model.inputs, [outputs, next(iter(read.values()))])
