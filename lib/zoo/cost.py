"""What a network costs: its layers with their output shapes, parameters and multiply-adds."""

from __future__ import annotations

import math

import keras
import pandas as pd


def multiply_adds(layer: keras.layers.Layer) -> int:
    """Multiply-adds of one slice's way through a layer.

    Counts convolutions, dense and recurrent layers; what normalisation, pooling and activations add is
    small beside them and counts as 0.
    """
    shape = layer.output.shape[1:] if not isinstance(layer.output, (list, dict)) else ()
    layers = keras.layers
    if isinstance(layer, (layers.Conv1D, layers.Conv2D)):
        return math.prod(shape) * math.prod(layer.kernel.shape[:-1])
    if isinstance(layer, layers.Dense):
        return math.prod(shape[:-1]) * math.prod(layer.kernel.shape)
    if isinstance(layer, (layers.GRU, layers.LSTM, layers.SimpleRNN)):
        return layer.input.shape[1] * (
            math.prod(layer.cell.kernel.shape) + math.prod(layer.cell.recurrent_kernel.shape)
        )
    return 0


def layer_table(model: keras.Model) -> pd.DataFrame:
    """Layers of a network in order.

    Returns
    -------
    pd.DataFrame
        ``layer``, ``kind``, ``output`` (shape without the batch), ``parameters``, ``multiply_adds``.
    """
    rows = []
    for layer in model.layers:
        shape = layer.output.shape[1:]
        rows.append(
            {
                "layer": layer.name,
                "kind": type(layer).__name__,
                "output": " x ".join(str(n) for n in shape),
                "parameters": layer.count_params(),
                "multiply_adds": multiply_adds(layer),
            }
        )
    return pd.DataFrame(rows)
