"""Sweeps: every combination of networks, protocols, folds, seeds, recipes, settings and notebook parameters."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from itertools import product
from pathlib import Path

from lib.config.also import Also, read_also
from lib.errors import ReportError
from lib.paths import check_name
from lib.recipes import base_of, changes_of, named
from lib.runs import Run

LONGEST = 120  # letters of a derived study's name
_EXAMPLE = "sweep: {settings: {batch_size: [25, 75]}, seeds: [0, 1]}"


@dataclass(frozen=True)
class Sweep:
    """One grid of a sweep.

    Parameters
    ----------
    also : Also
        Its runs; the recipes are already named by their settings.
    parameters : tuple of dict of str to dict
        Further parameters of notebooks 01 to 03, one mapping a point of the grid; each is a study of its own,
        for other slices are another experiment. Empty = the study itself.
    """

    also: Also
    parameters: tuple[dict[str, dict], ...] = ()


def read_sweep(given: object, path: Path, declared: dict) -> tuple[Sweep, ...]:
    """Read and check ``sweep``: one grid, or a list of them.

    Parameters
    ----------
    given : object
        As YAML has it.
    path : Path
        Of the study's file, for messages.
    declared : dict
        The study's other keys, whose networks, protocols, run_folds and seeds a grid has where it names none.

    Raises
    ------
    ReportError
        If a key, name or value is unknown or out of its bounds.
    """
    if given is None:
        return ()
    items = given if isinstance(given, list) else [given]
    found = []
    for item in items:
        if not isinstance(item, dict):
            raise ReportError(
                f"{path}: sweep holds {item!r}; it must be a mapping or a list of them, as in {_EXAMPLE}."
            )
        allowed = [*(key.name for key in fields(Also)), "settings", "parameters"]
        for key in item:
            if key not in allowed:
                raise ReportError(f"{path}: sweep: {key!r} is unknown. Known are {', '.join(allowed)}.")
        own = {
            "networks": declared["networks"],
            "protocols": declared["protocols"],
            "seeds": declared.get("seeds", [0]),
        }
        rest = own | {key: value for key, value in item.items() if key not in ("settings", "parameters")}
        (also,) = read_also([rest], path, "sweep")
        settings = _grid(item.get("settings"), path, "settings")
        given_04 = declared.get("parameters", {}).get("04", {})
        for name in item.get("settings") or {}:
            if name in {**given_04, **given_04.get("settings", {})}:
                raise ReportError(
                    f"{path}: sweep: settings: {name} is also among the parameters of 04, which would overrule every "
                    "point. Leave it out there."
                )
        recipes = tuple(_named(recipe, changed, path) for recipe in also.recipes for changed in settings)
        found.append(Sweep(replace(also, recipes=tuple(dict.fromkeys(recipes))), _points(item.get("parameters"), path)))
    return tuple(found)


def studies(config) -> Iterator[tuple[str, dict]]:
    """Name and YAML content of the studies that a study's sweep derives from it, one a point of its parameters."""
    seen = set()
    for sweep in config.sweep:
        for point in sweep.parameters:
            words = [f"{name}{value}" for values in point.values() for name, value in values.items()]
            name = "-".join([config.study, *(re.sub(r"[^a-z0-9_]+", "_", word.lower()).strip("_") for word in words)])
            if len(name) > LONGEST:
                raise ReportError(
                    f"study {config.study!r}: a point of its sweep would be called {name!r}, too long for a folder. "
                    "Make lists and long texts the parameters of studies of their own."
                )
            if name in seen:
                raise ReportError(f"study {config.study!r}: two points of its sweep would be called {name!r}.")
            seen.add(name)
            own = sweep.also
            merged = {
                number: {**config.parameters.get(number, {}), **point.get(number, {})}
                for number in {*config.parameters, *point}
            }
            item = {key.name: _plain(getattr(own, key.name)) for key in fields(Also)}
            yield (
                check_name(name, "study"),
                {
                    "corpus": config.corpus,
                    "networks": list(own.networks or config.networks),
                    "protocols": list(own.protocols),
                    "folds": config.folds,
                    "run_folds": list(own.folds or config.run_folds),
                    "seeds": list(own.seeds),
                    "epochs": config.epochs,
                    "baselines": list(config.baselines),
                    "also": [{key: value for key, value in item.items() if value}],
                    "parameters": merged,
                    **({"data": config.data} if config.data else {}),
                },
            )


def _plain(values: tuple) -> list:
    return [list(value) if isinstance(value, tuple) else value for value in values if value != ()]


def _named(recipe: str, changed: dict, path: Path) -> str:
    try:
        return named(base_of(recipe), changes_of(recipe) | changed)
    except ReportError as error:
        raise ReportError(f"{path}: sweep: settings: {error}") from error


def _grid(given: object, path: Path, what: str) -> list[dict]:
    """Every combination of listed values; one empty one of nothing."""
    if given is None:
        return [{}]
    if not isinstance(given, dict):
        raise ReportError(f"{path}: sweep: {what} is {given!r}; it must map names to lists of values, as {_EXAMPLE}.")
    for name, values in given.items():
        if not isinstance(values, list) or not values:
            raise ReportError(f"{path}: sweep: {what}: {name} is {values!r}; it must be a list of at least one.")
    return [dict(zip(given, values, strict=True)) for values in product(*given.values())]


def _points(given: object, path: Path) -> tuple[dict[str, dict], ...]:
    """Every combination of the parameters of notebooks 01 to 03."""
    from lib.config.checks import by_number

    flat = {}
    for number, values in by_number(given, path).items():
        if number not in ("01", "02", "03"):
            raise ReportError(
                f"{path}: sweep: parameters of {number!r}: only 01, 02 and 03 make another study. What 04 can vary are "
                "recipes and settings; what comes after it trains nothing."
            )
        flat |= {(number, name): some for name, some in values.items()}
    points = []
    for combination in _grid(flat or None, path, "parameters"):
        point: dict[str, dict] = {}
        for (number, name), value in combination.items():
            point.setdefault(number, {})[name] = value
        points.append(point)
    return tuple(point for point in points if point)


def runs(sweeps: tuple[Sweep, ...], run_folds: tuple[int, ...]) -> list[Run]:
    """List the runs that sweeps add to their study itself."""
    return [run for sweep in sweeps if not sweep.parameters for run in sweep.also.runs(run_folds)]
