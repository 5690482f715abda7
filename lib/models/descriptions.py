"""Descriptions: a network as one JSON file, and back.

03 writes them, 04 reads them. A description holds the Keras configuration of stock layers only, so that
reading one runs no code of its own.
"""

import copy
import json
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from lib.datasets.tracks import MOODS, QUADRANTS
from lib.errors import ReportError
from lib.io import read_json, write_json
from lib.models import Head, builder
from lib.paths import Study


def heads_of(tracks: pd.DataFrame, names: Sequence[str]) -> list[Head]:
    """Heads for some columns of a tracks table, as far as the tracks know two or more classes or numbers.

    Moods keep their order, other classes are sorted; a column of numbers makes a numeric head.

    Raises
    ------
    ReportError
        If a column is missing, has nearly as many classes as songs, or no column knows two classes or numbers.
    """
    heads, few = [], []
    for name in dict.fromkeys(names):
        if name not in tracks:
            raise ReportError(f"head {name!r}: the tracks table has only {', '.join(tracks.columns)}.")
        usable = tracks.loc[tracks["status"] == "ok", name].dropna()
        numeric = pd.api.types.is_numeric_dtype(usable) and not pd.api.types.is_bool_dtype(usable)
        classes = set() if numeric else set(usable.astype(str))
        head = Head(name, tuple([m for m in MOODS + QUADRANTS if m in classes] if name == "mood" else sorted(classes)))
        known = usable.nunique() if numeric else len(head.classes)
        if known < 2:
            few.append(f"{name} {known}")
        elif not numeric and known > len(usable) / 2:
            raise ReportError(
                f"head {name!r} has {known} classes for {len(usable)} songs: it names songs, not kinds of music. "
                "Take a column such as genre, or a numeric one."
            )
        else:
            heads.append(head)
    if not heads:
        raise ReportError(
            f"There is nothing to learn: a head needs at least 2 classes or numbers, the tracks know {', '.join(few)}. "
            "Sort the music into one subfolder a genre, or add labels."
        )
    return heads


def describe(name: str, shape: tuple[int, int], heads: Sequence[Head]) -> dict:
    """Build a registered network for slices of (mel bands, frames) and describe it.

    Returns
    -------
    dict
        ``name``, ``shape``, ``heads`` (classes by head), ``parameters``, ``config`` (Keras').

    Raises
    ------
    ReportError
        If the builder fails or its network does not fit the slices and heads.
    """
    import keras

    keras.utils.clear_session()  # layers without a name are numbered from 1 again, in whatever order one builds
    keras.utils.set_random_seed(0)
    try:
        model = builder(name)(tuple(shape), list(heads))
    except ReportError:
        raise
    except Exception as error:
        if "KerasTensor" in str(error):  # Keras advises a layer of one's own, which 04 could not rebuild
            raise ReportError(
                f"network {name!r} cannot be built: it calls a function of TensorFlow or NumPy. Use the one of that "
                "name in keras.ops, or a layer of keras.layers."
            ) from error
        raise ReportError(f"network {name!r} cannot be built: {type(error).__name__}: {error}") from error
    if not isinstance(model, keras.Model):
        raise ReportError(f"network {name!r}: its builder returned {type(model).__name__}, not a keras.Model.")
    _check(name, model, tuple(shape), heads)
    description = {
        "name": name,
        "shape": list(shape),
        "heads": {head.name: list(head.classes) for head in heads},
        "parameters": model.count_params(),
        "config": json.loads(model.to_json()),
    }
    rebuild(description)
    return description


def _check(name: str, model, shape: tuple[int, int], heads: Sequence[Head]) -> None:
    """Compare a network with what training needs, before it is trained."""
    import keras

    from lib.models.embedding_model import embedding_model

    end = "End it with lib.models.layers.decision_layers(x, heads)."
    if type(model).__name__ != "Functional":
        raise ReportError(
            f"network {name!r} is a {type(model).__name__}. Return keras.Model(inputs, outputs), with the inputs of "
            "lib.models.layers.slice_input(shape)."
        )
    taken = tuple(model.input_shape[1:]) if isinstance(model.input_shape, tuple) else model.input_shape
    if taken != shape:
        raise ReportError(
            f"network {name!r} takes {taken}, but a slice is {shape} (mel bands, frames). Begin it with "
            "lib.models.layers.slice_input(shape)."
        )
    outputs = model.output if isinstance(model.output, dict) else {}
    for head in heads:
        if head.name not in outputs:
            there = ", ".join(outputs) or "no named outputs"
            raise ReportError(f"network {name!r} has no output {head.name!r} (it has {there}). {end}")
        width = outputs[head.name].shape[-1]
        if width != head.width:
            needed = "1 for a number" if head.numeric else f"{head.width}, one per class"
            raise ReportError(f"network {name!r}: output {head.name!r} has {width} nodes; it needs {needed}.")
        layer = next((layer for layer in model.layers if layer.name == head.name), None)
        wanted = "linear" if head.numeric else "softmax"
        if not isinstance(layer, keras.layers.Dense) or not layer.use_bias or layer.activation.__name__ != wanted:
            raise ReportError(
                f"network {name!r}: output {head.name!r} must come from a Dense layer of that name with a bias and the "
                f"activation {wanted}. {end}"
            )
    if more := [output for output in outputs if output not in [head.name for head in heads]]:
        raise ReportError(f"network {name!r} has an output {more[0]!r} that nobody asks for. {end}")
    if own := [layer for layer in model.layers if not type(layer).__module__.startswith("keras.")]:
        raise ReportError(
            f"network {name!r}: {own[0].name} is a {type(own[0]).__name__}, a class of your own, which 04 could not "
            "rebuild. Use Keras' own layers only."
        )
    try:
        embedding_model(model, heads)
    except ReportError as error:
        raise ReportError(
            f"network {name!r}: its decision layers must read one vector of shape (batch, width). Pool or flatten "
            "before them, as with keras.layers.GlobalAveragePooling2D, and feed all of them the same layer."
        ) from error


def rebuild(description: dict):
    """Build the network of a description, a `keras.Model`, with new weights.

    Raises
    ------
    ReportError
        If it holds a layer that is not a stock layer of Keras.
    """
    import keras

    try:
        return keras.models.model_from_json(json.dumps(description["config"]))
    except Exception as error:
        raise ReportError(
            f"network {description['name']!r} cannot be rebuilt from its description: {str(error).splitlines()[0]} Use "
            "Keras' own layers only, no Lambda and no class of your own."
        ) from error


def with_heads(description: dict, heads: Sequence[str]) -> dict:
    """Describe the same network with some of its heads only.

    Raises
    ------
    ReportError
        If it has no such head.
    """
    if unknown := [name for name in heads if name not in description["heads"]]:
        known = ", ".join(description["heads"])
        raise ReportError(f"heads: {description['name']} has no head {unknown[0]!r}, only {known}.")
    if "config" not in description:
        raise ReportError(f"heads: {description['name']} is a baseline, which keeps all its heads.")
    config = copy.deepcopy(description["config"])
    inner, parameters = config["config"], description["parameters"]
    for layer in [layer for layer in inner["layers"] if layer["name"] in set(description["heads"]) - set(heads)]:
        parameters -= (layer["build_config"]["input_shape"][-1] + 1) * layer["config"]["units"]
        inner["layers"].remove(layer)
        del inner["output_layers"][layer["name"]]
    kept = {name: classes for name, classes in description["heads"].items() if name in heads}
    return {**description, "heads": kept, "parameters": parameters, "config": config}


def vector_width(model, heads: Sequence[Head]) -> int:
    """Width of the vector that the decision layers read, the embedding."""
    return model.get_layer(heads[0].name).input.shape[-1]


def write_description(study: Study, description: dict) -> Path:
    """Write a description; an unchanged one is left as it is."""
    path = study.zoo / f"{description['name']}.json"
    if not path.is_file() or read_json(path) != description:
        write_json(description, path)
    return path


def read_description(study: Study, name: str) -> dict:
    """Read the description of a network.

    Raises
    ------
    ReportError
        If there is none.
    """
    path = study.zoo / f"{name}.json"
    if not path.is_file():
        there = ", ".join(sorted(p.stem for p in study.zoo.glob("*.json"))) or "none"
        raise ReportError(
            f"network {name!r} has no description in {study.zoo} (there: {there}). Run notebooks/03_model_zoo.ipynb "
            f"with study={study.name!r} first; a network of your own is registered in its marked cell."
        )
    return read_json(path)
