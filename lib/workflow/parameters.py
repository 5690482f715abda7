"""Parameters of notebooks, compared with those that they document."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from pathlib import Path

from lib.errors import ReportError
from lib.io import cells
from lib.paths import NOTEBOOKS

TYPES = {"int": (int,), "float": (int, float), "str": (str,), "bool": (bool,), "list": (list,), "dict": (dict,)}
INJECTED = "# Parameters"  # papermill's first line of the cell that it adds


def check_own(notebook: str, variables: Mapping) -> None:
    """Compare the parameters that a running notebook has with those that it documents; for its first cell.

    Parameters
    ----------
    notebook : str
        Its name, such as ``04_training``.
    variables : mapping
        Its ``globals()``.

    Raises
    ------
    ReportError
        If papermill was given a name that it does not have, or a value has another type than it documents.
    """
    path = NOTEBOOKS / f"{notebook}.ipynb"
    injected = [source for source in variables.get("In", []) if source.startswith(INJECTED)]
    assigned = [node for source in injected[-1:] for node in ast.parse(source).body if isinstance(node, ast.Assign)]
    names = {target.id for node in assigned for target in node.targets if isinstance(target, ast.Name)}
    check_parameters(path, {name: variables[name] for name in (*documented(path), *sorted(names)) if name in variables})


def check_parameters(notebook: Path, given: Mapping) -> None:
    """Compare parameters with those that a notebook documents.

    papermill itself only warns of an unknown name and then runs the default.

    Raises
    ------
    ReportError
        If a name is unknown or a value has another type than the notebook's annotation.
    """
    known = documented(notebook)
    for name, value in given.items():
        if name not in known:
            raise ReportError(
                f"{notebook.name} has no parameter {name!r} (value {value!r}). It has {', '.join(known) or 'none'}."
            )
        wanted = known[name]
        if wanted in TYPES and (not isinstance(value, TYPES[wanted]) or (isinstance(value, bool) and wanted != "bool")):
            as_yaml = f", by papermill as -y '{name}: ...'" if wanted in ("list", "dict") else ""
            raise ReportError(f"{notebook.name}: parameter {name} is {value!r}; it must be of type {wanted}{as_yaml}.")


def documented(notebook: Path) -> dict[str, str]:
    """Type of each parameter of a notebook, by name; papermill's own reading of them takes a second to import."""
    tagged = cells(notebook, tag="parameters")[:1]
    lines = [line for source in tagged for line in ast.parse(source).body if isinstance(line, ast.AnnAssign)]
    return {line.target.id: ast.unparse(line.annotation) for line in lines}
