"""The vector that the decision layers read: a slice's embedding."""

from __future__ import annotations

from collections.abc import Sequence

import keras

from lib.errors import ReportError
from lib.models import Head


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
