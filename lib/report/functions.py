"""The functions of `lib` that a page leans on, found in its code without importing anything."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from lib.paths import PROJECT
from lib.runs.provenance import module_file


@dataclass(frozen=True)
class Function:
    """A function or class of `lib`.

    Parameters
    ----------
    name : str
        With its module, such as ``lib.evaluation.tables.results``.
    path : Path
        File of the module.
    text : str
        Its docstring.
    """

    name: str
    path: Path
    text: str

    @property
    def address(self) -> str:
        """Where its source lies, relative to the project."""
        return self.path.relative_to(PROJECT).as_posix()

    @property
    def summary(self) -> str:
        """First sentence of its docstring."""
        return re.split(r"(?<=[.:;])(?<!\.\.)\s", " ".join(self.text.split()))[0].rstrip(".:;")


def leaned_on(cells: Sequence[str]) -> list[Function]:
    """Find what the code cells of a notebook call or name of `lib`.

    Parameters
    ----------
    cells : sequence of str
        Python source of its code cells; one that cannot be parsed, such as a magic, is passed over.

    Returns
    -------
    list of Function
        By name, each once.
    """
    trees = [tree for tree in map(_parsed, cells) if tree is not None]
    imported = {name: target for tree in trees for name, target in _imported(tree)}
    found = {}
    for tree in trees:
        for node in ast.walk(tree):
            names = _chain(node)
            if names and names[0] in imported:
                function = _resolve(imported[names[0]], names[1:])
                if function is not None:
                    found[function.name] = function
    return [found[name] for name in sorted(found)]


def _parsed(source: str) -> ast.Module | None:
    try:
        return ast.parse(source)
    except SyntaxError:
        return None


def _imported(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Names that a module gets from `lib`, and what they stand for."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "lib":
            for alias in node.names:
                yield alias.asname or alias.name, f"{node.module}.{alias.name}"


def _chain(node: ast.AST) -> list[str]:
    """``a.b.c`` as a list of names; empty if it is anything else."""
    names = []
    while isinstance(node, ast.Attribute):
        names.insert(0, node.attr)
        node = node.value
    return [node.id, *names] if isinstance(node, ast.Name) else []


def _resolve(target: str, attributes: Sequence[str]) -> Function | None:
    """Follow imports to where something is defined; None for a module or a constant."""
    if module_file(target) is not None:
        return _resolve(f"{target}.{attributes[0]}", attributes[1:]) if attributes else None
    module, _, name = target.rpartition(".")
    path = module_file(module)
    if path is None:
        return None
    tree = _module(path)
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == name:
            return Function(target, path, ast.get_docstring(node) or "")
    elsewhere = dict(_imported(tree)).get(name)
    return _resolve(elsewhere, attributes) if elsewhere else None


@cache
def _module(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))
