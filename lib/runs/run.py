"""The name of a run: what is trained on what."""

from dataclasses import dataclass

from lib.errors import ReportError
from lib.paths import check_name
from lib.splits import KNOWN
from lib.training.recipes import BASELINE, BEST, POSTER, settings_of

SELECTED = "selected"  # stands for the network where the recipe chooses it


@dataclass(frozen=True)
class Run:
    """Name of what is trained on what.

    Raises
    ------
    ReportError
        If a value is unknown or out of its bounds.
    """

    architecture: str  # a network or baseline of the study's ``zoo``; `SELECTED` where the recipe is ``best``
    split: str  # of `lib.splits.KNOWN`
    fold: int = 0
    # Of the weights and of the order of the slices; the split has the seed 0 in every run, so that seeds differ by
    # training alone.
    seed: int = 0
    recipe: str = POSTER  # of `lib.training.recipes.NAMES`, or with other settings (`lib.training.recipes.named`)
    validation: int = 0  # which share of the fold's other songs is validation, see `lib.splits.assign`
    candidate: bool = False  # one of several to choose from: evaluated on validation songs and never on test songs
    share: float = 1.0  # of the training artists or songs, 0 < share <= 1
    heads: tuple[str, ...] = ()  # the network's heads that are trained, the others being taken off; empty = all

    def __post_init__(self):
        heads = tuple(check_name(head, "head") for head in self.heads)  # a record's is a list
        object.__setattr__(self, "heads", heads)
        check_name(self.architecture, "architecture")
        if self.split not in KNOWN:
            raise ReportError(f"split {self.split!r} is unknown. Known are {', '.join(KNOWN)}.")
        settings_of(self.recipe)
        for what, value in (("fold", self.fold), ("seed", self.seed), ("validation", self.validation)):
            if isinstance(value, bool) or not isinstance(value, int) or value < 0:
                raise ReportError(f"{what} is {value!r}; it must be a whole number of 0 or more.")
        if isinstance(self.share, bool) or not isinstance(self.share, (int, float)) or not 0 < self.share <= 1:
            raise ReportError(f"share is {self.share!r}; it must be a number of more than 0 and at most 1.")
        if (self.architecture == SELECTED) != (self.recipe == BEST):
            raise ReportError(
                f"architecture {self.architecture!r} with recipe {self.recipe!r}: the recipe {BEST!r} chooses the "
                f"network itself, so that its architecture is {SELECTED!r}, and no other recipe's is."
            )
        if self.recipe == BEST and self.candidate:
            raise ReportError(f"recipe {BEST!r} chooses among candidates and cannot be one.")

    @property
    def name(self) -> str:
        """Name of the run's folder, such as ``yu2018-random-f0-s0``."""
        parts = [self.architecture, self.split, f"f{self.fold}", f"s{self.seed}"]
        parts += [f"d{self.validation}"] if self.validation else []
        parts += [f"n{100 * self.share:g}"] if self.share < 1 else []
        parts += [self.recipe] if self.recipe not in (POSTER, BASELINE, BEST) else []
        parts += ["only", *self.heads] if self.heads else []
        return "-".join([*parts, "candidate"] if self.candidate else parts)
