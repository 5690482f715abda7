"""Runs beyond a study's networks under its protocols: other recipes, seeds, controls, fewer artists, fewer heads."""

from __future__ import annotations

from dataclasses import dataclass, fields
from itertools import product
from pathlib import Path

from lib.errors import ReportError
from lib.recipes import POSTER, RECIPES, base_of, changes_of, named
from lib.runs import Run
from lib.splits import CONTROLS, GROUPS, PROTOCOLS, SINGLE


@dataclass(frozen=True)
class Also:
    """One item of ``also``: every combination of what it lists is run on the study's folds.

    Parameters
    ----------
    networks : tuple of str
    protocols : tuple of str
        Of `lib.splits.PROTOCOLS` or `lib.splits.CONTROLS`.
    recipes : tuple of str
        Of `lib.recipes.RECIPES`, or with other settings, such as ``poster~batch_size=50``.
    seeds : tuple of int
    shares : tuple of float, 0 < share <= 1
        Of the training artists or songs.
    heads : tuple of tuple of str
        Heads that a network keeps, those of each run; an empty one = all.
    folds : tuple of int
        Empty = the study's.
    """

    networks: tuple[str, ...]
    protocols: tuple[str, ...]
    recipes: tuple[str, ...] = (POSTER,)
    seeds: tuple[int, ...] = (0,)
    shares: tuple[float, ...] = (1.0,)
    heads: tuple[tuple[str, ...], ...] = ((),)
    folds: tuple[int, ...] = ()

    def runs(self, run_folds: tuple[int, ...]) -> list[Run]:
        """Its runs, by network, protocol, recipe, share, heads and fold."""
        return [
            Run(network, protocol, fold, seed, recipe, share=float(share), heads=heads)
            for network, protocol, recipe, share, heads in product(
                self.networks, self.protocols, self.recipes, self.shares, self.heads
            )
            for fold, seed in product((0,) if protocol in SINGLE else self.folds or run_folds, self.seeds)
        ]


def read_also(given: object, path: Path, what: str = "also") -> tuple[Also, ...]:
    """Read and check the items of ``also``, or of another key that looks like it.

    Raises
    ------
    ReportError
        If an item is no mapping of lists, or a name or number in it is unknown or out of its bounds.
    """
    from lib import zoo

    example = what + ": [{networks: [this_project], protocols: [artist], recipes: [tuned]}]"
    if given is None:
        return ()
    if not isinstance(given, list) or not all(isinstance(item, dict) for item in given):
        raise ReportError(f"{path}: {what} is {given!r}; it must be a list of mappings, such as {example}.")
    known = {
        "networks": (*zoo.PUBLISHED, *zoo.VARIANTS),
        "protocols": PROTOCOLS + CONTROLS,
    }
    allowed = [key.name for key in fields(Also)]
    for item in given:
        for key in item:
            if key not in allowed:
                raise ReportError(f"{path}: {what}: {key!r} is unknown. Known are {', '.join(allowed)}.")
        for key in ("networks", "protocols"):
            if key not in item:
                raise ReportError(f"{path}: {what}: {item} names no {key}; an item looks like {example}.")
        for key, values in item.items():
            if not isinstance(values, list) or not values:
                raise ReportError(f"{path}: {what}: {key} is {values!r}; it must be a list of at least one.")
            for value in values:
                if key in known and value not in known[key]:
                    raise ReportError(f"{path}: {what}: {key} {value!r} is unknown. Known are {', '.join(known[key])}.")
                if key == "recipes":
                    _check_recipe(value, path, what)
                if key in ("seeds", "folds") and (isinstance(value, bool) or not isinstance(value, int) or value < 0):
                    raise ReportError(
                        f"{path}: {what}: {key} holds {value!r}; it must hold whole numbers of 0 or more."
                    )
                if key == "heads" and not (
                    isinstance(value, list) and all(isinstance(head, str) for head in value) and value
                ):
                    raise ReportError(
                        f"{path}: {what}: heads holds {value!r}; it must hold lists, such as [[genre], [mood]]."
                    )
                if key == "shares" and (
                    isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value <= 1
                ):
                    raise ReportError(f"{path}: {what}: shares holds {value!r}; a share is more than 0 and at most 1.")
        loose = [name for name in item["protocols"] if name not in GROUPS]
        if loose and any(share != 1 for share in item.get("shares", [])):
            raise ReportError(
                f"{path}: {what}: shares under {loose[0]}: only {' and '.join(GROUPS)} have groups to leave out."
            )
    return tuple(
        Also(**{key: tuple(tuple(v) if isinstance(v, list) else v for v in values) for key, values in item.items()})
        for item in given
    )


def _check_recipe(recipe: object, path: Path, what: str) -> None:
    if base_of(str(recipe)) not in RECIPES:
        raise ReportError(f"{path}: {what}: recipes {recipe!r} is unknown. Known are {', '.join(RECIPES)}.")
    try:
        normal = named(base_of(recipe), changes_of(recipe))
    except ReportError as error:
        raise ReportError(f"{path}: {what}: {error}") from error
    if recipe != normal:
        raise ReportError(f"{path}: {what}: recipes {recipe!r}: write {normal!r}, so that one recipe has one name.")
