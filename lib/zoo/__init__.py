"""The networks: a registry of builders and their descriptions.

A builder takes the shape of a slice and the heads and returns a Keras model from stock layers; notebook 03
shows them and writes one JSON description each, from which 04 rebuilds the network. No network knows a
corpus.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from dataclasses import dataclass

from lib.errors import ReportError
from lib.paths import check_name

MODULES = ("this_project", "zhang2016", "choi2016", "fcn5", "short_chunk", "musicnn", "texture", "poster_search")
PUBLISHED = (
    "this_project", "zhang2016", "choi2016", "zhang2016_nnet1", "choi2016_full", "fcn5", "short_chunk", "musicnn",
    "texture",
)  # fmt: skip
VARIANTS = (  # the poster's search in small: its network, one choice changed
    "this_project_conv3", "this_project_conv5", "this_project_kernel3", "this_project_kernel5",
    "this_project_stride1", "this_project_fc0", "this_project_fc2",
    "this_project_nodes5", "this_project_nodes50", "this_project_nodes150",
)  # fmt: skip
RESERVED = (  # names of what is no network
    "networks", "selected", "majority", "genre_prior", "mfcc_logistic", "mfcc_svm", "profile_logistic", "profile_svm",
)  # fmt: skip
_registry: dict[str, Callable] = {}


@dataclass(frozen=True)
class Head:
    """One output of a network: a choice among classes, or a number.

    Parameters
    ----------
    name : str
        A column of the tracks table, such as ``genre`` or ``valence``.
    classes : tuple of str
        In the order of the output's nodes; empty for a number, which has one node.
    """

    name: str
    classes: tuple[str, ...] = ()

    @property
    def numeric(self) -> bool:
        """Whether the head answers with a number."""
        return not self.classes

    @property
    def width(self) -> int:
        """Nodes of the decision layer."""
        return len(self.classes) or 1

    @property
    def columns(self) -> list[str]:
        """Columns of its answers in ``predictions.parquet``: ``genre:Rock``, or ``valence:value``."""
        return [f"{self.name}:{name}" for name in self.classes or ("value",)]


def register(name: str) -> Callable:
    """Decorate a builder ``(shape, heads) -> keras.Model`` to enter it under `name`.

    Parameters
    ----------
    name : str
        Lower-case letters, digits, ``_`` and ``-``; a later builder of the same name replaces the earlier,
        so that a notebook's cell can be run again.

    Raises
    ------
    ReportError
        If the name belongs to the zoo or to something else of the report.
    """
    ours = sys._getframe(1).f_globals.get("__name__", "").startswith("lib.zoo.")
    if check_name(name, "network") in RESERVED or (name in (*PUBLISHED, *VARIANTS) and not ours):
        raise ReportError(f"network {name!r}: this name is taken. Choose another, such as mine.")

    def enter(builder: Callable) -> Callable:
        _registry[name] = builder
        return builder

    return enter


def names() -> tuple[str, ...]:
    """Names of all registered networks: published ones, variants of the poster's, one's own. Page 03."""
    for module in MODULES:
        importlib.import_module(f"lib.zoo.{module}")
    return (*PUBLISHED, *VARIANTS, *(name for name in _registry if name not in (*PUBLISHED, *VARIANTS)))


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
