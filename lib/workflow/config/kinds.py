"""Kinds of values in a study's file: pydantic's types with the names and bounds of this project."""

from collections.abc import Callable, Collection
from typing import Annotated, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from lib import models as zoo
from lib.errors import ReportError
from lib.models import baselines
from lib.paths import check_name
from lib.splits import KNOWN, SPLITS
from lib.training.recipes import BASELINE, RECIPES, base_of, changes_of, members, named
from lib.workflow.config.messages import unknown

NETWORKS = (*zoo.PUBLISHED, *zoo.VARIANTS)
_OWN = " One of your own is registered in notebooks/03_model_zoo.ipynb and joins every study by itself."


def call(function: Callable, *given: object, **more: object) -> object:
    """Call a function; pydantic reports a `ValueError` in the place of its `ReportError`."""
    try:
        return function(*given, **more)
    except ReportError as error:
        raise ValueError(str(error)) from error


def one_of(known: Collection[str], more: str = "") -> AfterValidator:
    """Validate that a name is among those known; a message ends with `more`."""

    def check(name: str) -> str:
        if name not in known:
            raise ValueError(f"it {unknown(name, known)}{more}")
        return name

    return AfterValidator(check)


def _distinct(values: tuple) -> tuple:
    for place, value in enumerate(values):
        if value in values[:place]:
            raise ValueError(f"it names {value!r} twice; keep one of them.")
    return values


def _recipe(recipe: str) -> str:
    if base_of(recipe) not in RECIPES:
        raise ValueError(f"it {unknown(recipe, RECIPES)}")
    normal = call(named, base_of(recipe), call(changes_of, recipe))
    if recipe != normal:
        raise ValueError(f"write {normal!r}, so that one recipe has one name.")
    return recipe


def _candidate(text: str) -> str:
    for name, recipe in call(members, text):
        if recipe not in (*RECIPES, BASELINE):
            raise ValueError(f"recipe {recipe!r} {unknown(recipe, (*RECIPES, BASELINE))}")
        known = baselines.NAMES if recipe == BASELINE else NETWORKS
        if name not in known:
            raise ValueError(f"{name!r} with recipe {recipe} {unknown(name, known)}")
    return text


def _with_default(epochs: dict[str, int]) -> dict[str, int]:
    if "default" not in epochs:
        raise ValueError("it must name a number for 'default', such as epochs: {default: 20, zhang2016: 30}.")
    return epochs


def _single(text: str) -> str:
    if "+" in text:
        raise ValueError("it is an ensemble, which only the recipe best can choose.")
    return text


def _by_number(given: object) -> object:
    """Notebooks' numbers as text of two digits; YAML reads a number without quotes, such as 01, as 1."""
    if not isinstance(given, dict):
        return given
    found: dict[str, object] = {}
    for number, values in given.items():
        key = str(number).zfill(2)
        if key in found:
            raise ValueError(f"it names {key!r} twice, once as {number!r}; keep one of them.")
        found[key] = {} if values is None else values
    return found


T = TypeVar("T")
_as_tuple = BeforeValidator(lambda given: tuple(given) if isinstance(given, list) else given)
Listed = Annotated[tuple[T, ...], AfterValidator(_distinct), _as_tuple]
OneOrMore = Annotated[tuple[T, ...], Field(min_length=1), AfterValidator(_distinct), _as_tuple]
ByNumber = Annotated[dict[str, dict[str, T]], BeforeValidator(_by_number)]
Whole = Annotated[int, Field(ge=0)]
Positive = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(gt=0, le=1)]
Seed = Annotated[int, Field(ge=0, lt=2**32)]  # as NumPy takes them
Name = Annotated[str, AfterValidator(lambda name: call(check_name, name, "name"))]
Epochs = Annotated[dict[Name, Positive], AfterValidator(_with_default)]
Published = Annotated[str, one_of(zoo.PUBLISHED, _OWN)]
Network = Annotated[str, one_of(NETWORKS)]
Baseline = Annotated[str, one_of(baselines.NAMES)]
Split = Annotated[str, one_of(SPLITS)]
SplitOrControl = Annotated[str, one_of(KNOWN)]
Recipe = Annotated[str, AfterValidator(_recipe)]
Candidate = Annotated[str, AfterValidator(_candidate)]
Single = Annotated[Candidate, AfterValidator(_single)]


class Keys(BaseModel):
    """No key but these, and no value is turned into one of another type."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
