"""The networks: a registry of builders and their descriptions.

A builder takes the shape of a slice and the heads and returns a Keras model from stock layers; notebook 03
shows them and writes one JSON description each, from which 04 rebuilds the network. No network knows a
corpus.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass

from lib.errors import ReportError
from lib.paths import check_name

PUBLISHED = ("this_project", "zhang2016", "choi2016")
_registry: dict[str, Callable] = {}


@dataclass(frozen=True)
class Head:
    """One output of a network.

    Parameters
    ----------
    name : str
        A categorical column of the tracks table, such as ``genre``.
    classes : tuple of str
        In the order of the output's nodes.
    """

    name: str
    classes: tuple[str, ...]


def register(name: str) -> Callable:
    """Decorate a builder ``(shape, heads) -> keras.Model`` to enter it under `name`.

    Parameters
    ----------
    name : str
        Lower-case letters, digits, ``_`` and ``-``; a later builder of the same name replaces the earlier,
        so that a notebook's cell can be run again.
    """
    if check_name(name, "network") == "networks":
        raise ReportError("network 'networks': this name is taken by the list of all networks. Choose another.")

    def enter(builder: Callable) -> Callable:
        _registry[name] = builder
        return builder

    return enter


def names() -> tuple[str, ...]:
    """Names of all registered networks, the published ones first."""
    for module in PUBLISHED:
        importlib.import_module(f"lib.zoo.{module}")
    return (*PUBLISHED, *(name for name in _registry if name not in PUBLISHED))


def builder(name: str) -> Callable:
    """Return the builder registered under `name`.

    Raises
    ------
    ReportError
        If there is none.
    """
    known = names()
    if name not in known:
        raise ReportError(
            f"network {name!r} is not registered. Registered are {', '.join(known)}; a network of your own is "
            "registered by the marked cell of notebooks/03_model_zoo.ipynb."
        )
    return _registry[name]
