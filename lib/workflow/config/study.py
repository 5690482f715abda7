"""A study as its file declares it, and the runs and further studies that follow from it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from itertools import product
from typing import Annotated, Any

from pydantic import Field, ValidationInfo, field_validator, model_validator

from lib import datasets as corpora
from lib import models as zoo
from lib.errors import ReportError
from lib.models import baselines
from lib.paths import Study, check_name
from lib.runs.run import SELECTED, Run
from lib.splits import GROUPS, SINGLE, SPLITS, count_validation_shares
from lib.training.recipes import BALANCED, BASELINE, BEST, POSTER, base_of, changes_of, members, named, settings_of
from lib.workflow.config import kinds
from lib.workflow.config.kinds import ByNumber, Keys, Listed, OneOrMore, call, one_of

LONGEST = 120  # letters of a derived study's name


class ExtraRuns(Keys):
    """One item of ``also``: every combination of what it lists is run on the study's folds."""

    networks: OneOrMore[kinds.Network]
    splits: OneOrMore[kinds.SplitOrControl]
    recipes: OneOrMore[kinds.Recipe] = (POSTER,)  # also with other settings, such as poster~batch_size=50
    seeds: OneOrMore[kinds.Seed] = (0,)
    shares: OneOrMore[kinds.Share] = (1.0,)  # of the training artists or songs
    heads: OneOrMore[OneOrMore[kinds.Name]] = ((),)  # that a network keeps, those of each run; empty = all
    folds: OneOrMore[kinds.Whole] = ()  # empty = the study's

    def runs(self, run_folds: tuple[int, ...]) -> list[Run]:
        """Its runs, by network, split, recipe, share, heads and fold."""
        return [
            Run(network, split, fold, seed, recipe, share=share, heads=heads)
            for network, split, recipe, share, heads in product(
                self.networks, self.splits, self.recipes, self.shares, self.heads
            )
            for fold, seed in product((0,) if split in SINGLE else self.folds or run_folds, self.seeds)
        ]


class Sweep(ExtraRuns):
    """One grid of ``sweep``: networks, splits and seeds that it does not name are the study's."""

    settings: dict[str, OneOrMore[Any]] = Field({})  # of `lib.training.recipes.Settings`; they name the recipes
    # Of notebooks 01 to 03, each combination a study of its own, for other slices are another experiment.
    parameters: ByNumber[OneOrMore[Any]] = Field({})

    @field_validator("parameters")
    @classmethod
    def _make_other_slices(cls, parameters: dict) -> dict:
        if other := [number for number in parameters if number not in ("01", "02", "03")]:
            raise ValueError(
                f"{other[0]!r}: only 01, 02 and 03 make another study. What 04 can vary are recipes and settings; what "
                "comes after it trains nothing."
            )
        return parameters

    @model_validator(mode="after")
    def _name_recipes(self) -> Sweep:
        pairs = product(self.recipes, grid(self.settings))
        names = [call(named, base_of(recipe), changes_of(recipe) | changed) for recipe, changed in pairs]
        return self.model_copy(update={"recipes": tuple(dict.fromkeys(names))})

    @property
    def points(self) -> list[dict[str, dict]]:
        """Every combination of the parameters, by number of the notebook; none where there are none."""
        grids = {number: grid(own) for number, own in self.parameters.items() if own}
        return grid(grids) if grids else []


def grid(lists: dict) -> list[dict]:
    """Every combination of listed values, in the order in which they are given; one empty one of nothing."""
    return [dict(zip(lists, values, strict=True)) for values in product(*lists.values())]


class StudyConfig(Keys):
    """What one YAML file in ``config/`` declares."""

    study: str  # the file's name without suffix
    corpus: Annotated[str, one_of(corpora.CORPORA)]
    networks: OneOrMore[kinds.Published]
    splits: OneOrMore[kinds.Split]
    recipe: kinds.Recipe = POSTER  # of these networks
    folds: Annotated[int, Field(ge=2)] = 5  # parts of the corpus; each is the test set of one fold
    run_folds: OneOrMore[kinds.Whole] = (0,)
    seeds: OneOrMore[kinds.Seed] = (0,)
    # Of the recipes poster and balanced, by network; default for any other, such as one of your own.
    epochs: kinds.Epochs = Field({"default": 20})
    baselines: Listed[kinds.Baseline] = ()  # run under every split
    # What the recipe best chooses from, declared before any of it is trained; without any, best is not run.
    candidates: Listed[kinds.Candidate] = ()
    best_splits: OneOrMore[kinds.Split] = ("artist",)  # under which it is run
    also: Listed[ExtraRuns] = ()  # other recipes, seeds, controls, fewer artists to train on
    search: Listed[kinds.Single] = ()  # compared by the validation songs of the first fold, such as "yu2018_fc2 poster"
    # Shares of the other songs that are validation in turn, for candidates and search.
    validation_shares: OneOrMore[kinds.Whole] = Field((0, 1), validate_default=True)
    vectors: Listed[kinds.Network] = ()  # of other widths, whose vectors 06 holds against those of the first network
    parameters: ByNumber[Any] = Field({})  # further ones of the notebooks, such as "01": {mood_cuts: terciles}
    data: str = ""  # folder of the music; DATA= goes before it
    minutes: kinds.Positive | None = None  # that a first report takes on two idle cores, for the terminal
    sweep: Listed[Sweep] = ()  # grids of further runs; those of other parameters are studies of their own

    @field_validator("run_folds", "also", "sweep")
    @classmethod
    def _within_folds(cls, given: tuple, info: ValidationInfo) -> tuple:
        numbers = [fold for one in given for fold in (one.folds if isinstance(one, ExtraRuns) else (one,))]
        folds = info.data.get("folds", math.inf)
        if max(numbers, default=0) >= folds:
            raise ValueError(f"fold {max(numbers)} does not fit folds: {folds}; the last fold is {folds - 1}.")
        return given

    @field_validator("also", "sweep")
    @classmethod
    def _shares_of_groups(cls, items: tuple[ExtraRuns, ...]) -> tuple:
        for item in items:
            loose = [name for name in item.splits if name not in GROUPS]
            if loose and any(share != 1 for share in item.shares):
                raise ValueError(f"shares under {loose[0]}: only {' and '.join(GROUPS)} have groups to leave out.")
        return items

    @field_validator("validation_shares")
    @classmethod
    def _within_shares(cls, given: tuple[int, ...], info: ValidationInfo) -> tuple:
        if info.data.get("candidates") or info.data.get("search"):
            folds = info.data.get("folds", 5)
            if max(given) >= (shares := count_validation_shares(folds)):
                raise ValueError(f"with folds: {folds} there are {shares} shares, 0 to {shares - 1}.")
            single = [name for name in info.data.get("best_splits", ()) if name in SINGLE]
            if single and given != (0,):
                raise ValueError(
                    f"best_splits holds {single[0]}, which has one validation set, so that it must be [0]."
                )
        return given

    @field_validator("parameters")
    @classmethod
    def _settings_of_04(cls, parameters: dict) -> dict:
        given = parameters.get("04", {})
        own = {name: given[name] for name in ("batch_size", "learning_rate") if given.get(name)}  # 0 = the recipe's
        settings = given.get("settings", {})
        if not isinstance(settings, dict):
            raise ValueError(f"04's settings are {settings!r}; they must map names to values, such as {{mixup: 0.2}}.")
        call(settings_of, POSTER, **own | {str(name): value for name, value in settings.items()})
        return parameters

    @field_validator("sweep", mode="before")
    @classmethod
    def _take_the_rest(cls, given: object, info: ValidationInfo) -> object:
        own = {name: list(info.data[name]) for name in ("networks", "splits", "seeds") if name in info.data}
        if len(own) < 3:
            return []  # errors of the study itself are reported first
        if not isinstance(given, dict | list):
            raise ValueError("it must be a mapping, such as {settings: {batch_size: [25, 75]}}, or a list of them.")
        items = given if isinstance(given, list) else [given]
        return [own | item if isinstance(item, dict) else item for item in items]

    @field_validator("sweep")
    @classmethod
    def _not_overruled(cls, sweeps: tuple[Sweep, ...], info: ValidationInfo) -> tuple:
        given = info.data.get("parameters", {}).get("04", {})
        for name in (name for sweep in sweeps for name in sweep.settings):
            if name in {**given, **given.get("settings", {})}:
                raise ValueError(
                    f"settings: {name} is also among the parameters of 04, which would overrule every point. Leave it "
                    "out there."
                )
        return sweeps

    def runs(self, networks: tuple[str, ...] = ()) -> list[Run]:
        """All runs of the study that predict test songs, of its own networks or of those named."""
        found = []
        for network, split in product(networks or self.networks, self.splits):
            found += [Run(network, split, fold, seed, self.recipe) for fold, seed in self._folds(split)]
        for baseline, split in product(self.baselines, self.splits):
            found += [Run(baseline, split, fold, 0, BASELINE) for fold, _ in self._folds(split, (0,))]
        for split in self.best_splits if self.candidates else ():
            found += [Run(SELECTED, split, fold, 0, BEST) for fold, _ in self._folds(split, (0,))]
        extra = (*self.also, *(sweep for sweep in self.sweep if not sweep.points))
        found += [run for item in extra for run in item.runs(self.run_folds)]
        return list(dict.fromkeys(found))

    def _folds(self, split: str, seeds: tuple[int, ...] = ()):
        return product((0,) if split in SINGLE else self.run_folds, seeds or self.seeds)

    def candidate_runs(self) -> list[Run]:
        """List the candidates of ``best``, which predict validation songs only."""
        pairs = dict.fromkeys(pair for candidate in self.candidates for pair in members(candidate))
        return [
            Run(network, split, fold, seed, recipe, validation, candidate=True)
            for split in self.best_splits
            for (network, recipe), (fold, seed), validation in product(
                pairs, self._folds(split, (0,)), self.validation_shares
            )
        ]

    def search_runs(self) -> list[Run]:
        """List the runs that are compared by their validation songs, in the first fold of the strictest split."""
        split = max(self.best_splits, key=SPLITS.index)
        pairs = [pair for text in self.search for pair in members(text)]
        return [
            Run(network, split, self.run_folds[0], 0, recipe, validation, candidate=True)
            for (network, recipe), validation in product(pairs, self.validation_shares)
        ]

    def vector_runs(self) -> list[Run]:
        """List the runs of `vectors`, under the strictest of the study's splits."""
        split = max(self.splits, key=SPLITS.index)
        return [
            Run(network, split, fold, self.seeds[0], self.recipe)
            for network in self.vectors
            for fold, _ in self._folds(split, (0,))
        ]

    def architectures_of(self, run: Run) -> list[str]:
        """Names of the networks and baselines that a run is made with."""
        if run.recipe != BEST:
            return [run.architecture]
        return list(dict.fromkeys(candidate.architecture for candidate in self.candidate_runs()))

    def epochs_of(self, run: Run) -> int:
        """Epochs of a run; 0 = the recipe's own, which candidates have in every study."""
        if base_of(run.recipe) not in (POSTER, BALANCED) or "epochs=" in run.recipe or run.candidate:
            return 0
        return self.epochs.get(run.architecture, self.epochs["default"])

    def has_page(self, run: Run) -> bool:
        """Whether a run is shown on a page of its own: whole networks of the first fold and seed; others look alike."""
        first = (run.fold == self.run_folds[0] or run.split in SINGLE) and run.architecture not in self.vectors
        whole = run.share == 1 and not run.heads and run.split in SPLITS
        return first and whole and run.seed == self.seeds[0] and run.recipe != BASELINE and not run.candidate

    def networks_of(self, study: Study) -> tuple[str, ...]:
        """Return the study's networks and those that a reader registered in 03."""
        listed = {*zoo.PUBLISHED, *zoo.VARIANTS, *baselines.NAMES, "networks"}
        own = [path.stem for path in sorted(study.zoo.glob("*.json")) if path.stem not in listed]
        return (*self.networks, *(name for name in own if name not in self.networks))


def studies(config: StudyConfig) -> Iterator[tuple[str, dict]]:
    """Name and YAML content of the studies that a study's sweep derives from it, one a point of its parameters.

    Raises
    ------
    ReportError
        If a name would be too long, or be there twice.
    """
    seen = set()
    for own, point in [(sweep, point) for sweep in config.sweep for point in sweep.points]:
        words = [f"{name}{value}" for values in point.values() for name, value in values.items()]
        name = "-".join([config.study, *(re.sub(r"[^a-z0-9_]+", "_", word.lower()).strip("_") for word in words)])
        if len(name) > LONGEST:
            raise ReportError(
                f"sweep: a point would be the study {name!r}, too long for a folder. Make lists and long texts the "
                "parameters of studies of their own."
            )
        if name in seen:
            raise ReportError(f"sweep: two points would be the study {name!r}. Make one of them a study of its own.")
        seen.add(name)
        numbers = dict.fromkeys([*config.parameters, *point])
        yield (
            check_name(name, "study"),
            {
                **config.model_dump(mode="json", include={"corpus", "folds", "epochs", "baselines", "data"}),
                **own.model_dump(mode="json", include={"networks", "splits", "seeds"}),
                "run_folds": list(own.folds or config.run_folds),
                "also": [own.model_dump(mode="json", include={*ExtraRuns.model_fields}, exclude_defaults=True)],
                "parameters": {key: {**config.parameters.get(key, {}), **point.get(key, {})} for key in numbers},
            },
        )
