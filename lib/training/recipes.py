"""Recipes: how a network is trained, under a name.

``poster`` is what the poster states, and ``balanced`` the same with every class weighing alike; ``cosine`` lets the
learning rate, of which the poster states no course, fall to 0, and sets the epochs by validation songs; ``distilled``
is ``cosine`` with a pretrained network as the teacher; ``tuned`` adds
what seemed to help in trials on validation songs. Each ``tuned_without_...`` leaves one ingredient out and each
``tuned_with_...`` adds one more, for the table of what they are worth, in notebook 05. ``best`` is no way to train
but a way to choose (`lib.runs.nested_selection`), and ``baseline`` is what needs no training of a network.

A recipe with other settings is named by them: ``poster~batch_size=50~mixup=0.2``. That is how a sweep names its runs.
"""

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass, field, fields, replace

from lib.errors import ReportError
from lib.models.baselines import PRETRAINED

SCHEDULES = ("constant", "cosine")
BALANCED, BASELINE, BEST, COSINE, POSTER = "balanced", "baseline", "best", "cosine", "poster"
DISTILLED = "distilled"
_BETWEEN = "~"
_KINDS = {  # annotation of a setting: what its values are
    int: (int, "a whole number"), float: ((int, float), "a number"), bool: (bool, "true or false"), str: (str, "text"),
    dict[str, float]: (dict, "weights by head"), tuple[int, ...]: (tuple, "a list of whole numbers"),
}  # fmt: skip
_POSITIVE = ("epochs", "batch_size", "learning_rate")


@dataclass(frozen=True)
class Settings:
    """How a network is trained; the defaults are the poster's where it states them.

    Parameters
    ----------
    epochs : int > 0
        Passes over the training slices.
    epochs_tried : tuple of int > 0
        Several numbers of epochs: the network is trained with each in turn, and that with the lowest loss on the
        validation songs at its end is kept; empty = `epochs` alone.
    batch_size : int > 0
        Slices a step (poster: 75).
    learning_rate : float > 0
        Of Adam (Kingma & Ba 2015; poster: .001, its optimiser is not stated).
    schedule : str
        ``constant``, or ``cosine``: the rate falls to 0 along half a cosine (Loshchilov & Hutter 2017).
    weight_decay : float >= 0
        Of AdamW (Loshchilov & Hutter 2019), on kernels only and multiplied by the learning rate; 0 = Adam.
    patience : int >= 0
        Epochs without a lower loss on validation after which training stops and the best epoch's weights are
        restored; 0 = the weights of the last epoch are the result and nothing is chosen on validation. The loss
        includes penalties on weights.
    crop : bool
        Start each slice at a random frame between it and the song's next slice, where both train.
    masks : int >= 0
        Blocks of bands, and as many of frames, set to silence (SpecAugment, Park et al. 2019).
    gain_db : float >= 0
        Largest random change of level, either way.
    mixup : float >= 0
        Alpha of mixup (Zhang et al. 2018): the larger, the more evenly two slices are mixed; 0 = never.
    label_smoothing : float, 0 <= label_smoothing < 1
        Share of the certainty that is spread over all classes (Szegedy et al. 2016).
    balanced : bool
        Weigh the slices so that every class of a head weighs alike, however many songs it has.
    head_weights : dict of str to float
        Weight of a head's loss, 1 where none is given. A numeric head's loss is its squared error over the
        variance of the training labels, so that 1 is what the mean scores.
    teacher : str
        Pretrained network (`lib.models.pretrained`) whose vectors of the training slices the network's layer
        ``vector`` learns, by squared error over their variance; empty = none.

    Raises
    ------
    ReportError
        If a value is out of its bounds.
    """

    epochs: int = 20
    epochs_tried: tuple[int, ...] = ()
    batch_size: int = 75
    learning_rate: float = 0.001
    schedule: str = "constant"
    weight_decay: float = 0.0
    patience: int = 0
    crop: bool = False
    masks: int = 0
    gain_db: float = 0.0
    mixup: float = 0.0
    label_smoothing: float = 0.0
    balanced: bool = False
    head_weights: dict[str, float] = field(default_factory=dict)
    teacher: str = ""

    def __post_init__(self):
        if isinstance(self.epochs_tried, list):  # as JSON has it
            object.__setattr__(self, "epochs_tried", tuple(self.epochs_tried))
        for setting in fields(self):
            name, value, (kind, wanted) = setting.name, getattr(self, setting.name), _KINDS[setting.type]
            if not isinstance(value, kind) or isinstance(value, bool) != (kind is bool):
                raise ReportError(f"{name} is {value!r}; it must be {wanted}.")
            if isinstance(value, float) and not math.isfinite(value):
                raise ReportError(f"{name} is {value}; it must be finite.")
            if name in _POSITIVE and value <= 0:
                raise ReportError(f"{name} is {value}; it must be greater than 0.")
            if isinstance(value, (int, float)) and value < 0:
                raise ReportError(f"{name} is {value}; it must be 0 or more.")
        for tried in self.epochs_tried:
            if isinstance(tried, bool) or not isinstance(tried, int) or tried < 1:
                raise ReportError(f"epochs_tried: {tried!r} is no whole number of 1 or more.")
        if self.label_smoothing >= 1:
            raise ReportError(f"label_smoothing is {self.label_smoothing}; it must be less than 1.")
        if self.schedule not in SCHEDULES:
            raise ReportError(f"schedule {self.schedule!r} is unknown. Known are {', '.join(SCHEDULES)}.")
        if self.teacher and self.teacher not in PRETRAINED:
            raise ReportError(f"teacher {self.teacher!r} is unknown. Known are {', '.join(PRETRAINED)}.")
        for head, weight in self.head_weights.items():
            if isinstance(weight, bool) or not isinstance(weight, (int, float)) or not weight >= 0:
                raise ReportError(
                    f"head_weights: the weight of {head} is {weight!r}; it must be a number of 0 or more."
                )

    @property
    def augmented(self) -> bool:
        """Whether slices are changed at random on their way into training."""
        return bool(self.crop or self.masks or self.gain_db or self.mixup)


_TUNED = Settings(epochs=30, batch_size=50, schedule="cosine", crop=True, gain_db=4.0, mixup=0.3)
CHANGES = {  # to the recipe tuned, one at a time
    "without_schedule": {"schedule": "constant"},
    "without_crop": {"crop": False},
    "without_gain": {"gain_db": 0.0},
    "without_mixup": {"mixup": 0.0},
    "with_masks": {"masks": 1},
    "with_label_smoothing": {"label_smoothing": 0.1},
    "with_weight_decay": {"weight_decay": 0.1},
    "with_early_stopping": {"patience": 8},
}
RECIPES: dict[str, Settings] = {
    POSTER: Settings(),
    BALANCED: Settings(balanced=True),
    COSINE: Settings(schedule="cosine", epochs_tried=(5, 10)),
    DISTILLED: Settings(schedule="cosine", epochs_tried=(5, 10), teacher="msd_musicnn"),
    "tuned": _TUNED,
    **{f"tuned_{name}": replace(_TUNED, **changed) for name, changed in CHANGES.items()},
}
NAMES = (*RECIPES, BEST, BASELINE)


PLAIN = (COSINE, POSTER)  # recipes of which the first that was run speaks for a network


def plain(recipes: Iterable[str]) -> str:
    """Choose the recipe that speaks for a network, of those that were run: one of `PLAIN`, or else the first."""
    run = list(recipes)
    return next((recipe for recipe in (*PLAIN, *run) if recipe in run), POSTER)


def named(recipe: str, changed: dict) -> str:
    """Name of a recipe, one of `RECIPES`, with other settings.

    Those that the recipe has anyway are left out of the name, but for ``epochs``, of which a study may give a plain
    recipe others.

    Raises
    ------
    ReportError
        If a setting is unknown, has no single value (``head_weights``), or its value is out of its bounds.
    """
    own, new = settings_of(recipe), settings_of(recipe, **changed)
    parts = [recipe]
    for name, value in vars(new).items():
        if value == getattr(own, name) and not (name == "epochs" and name in changed):
            continue
        if isinstance(value, (dict, tuple)):
            raise ReportError(f"{name} is {value!r}; it cannot be part of a recipe's name. Give it as 04's settings.")
        parts.append(f"{name}={value if isinstance(value, str) else json.dumps(value)}")
    return _BETWEEN.join(parts)


def base_of(recipe: str) -> str:
    """Recipe whose settings a named one changes; itself if it changes none."""
    return recipe.split(_BETWEEN)[0]


def changes_of(recipe: str) -> dict[str, object]:
    """Return the settings that the name of a recipe tells."""
    changes = {}
    for change in recipe.split(_BETWEEN)[1:]:
        name, sign, value = change.partition("=")
        if not sign:
            raise ReportError(f"recipe {recipe!r}: {change!r} is no setting; write it such as poster~batch_size=50.")
        try:
            changes[name] = json.loads(value)
        except ValueError:
            changes[name] = value  # text, such as a schedule's name
    return changes


def order_of(recipe: str) -> tuple[int, str]:
    """Place of a recipe among all: by what it is based on, then by name."""
    return NAMES.index(base_of(recipe)), recipe


def settings_of(recipe: str, **changed) -> Settings:
    """Take the settings of a recipe, one of `NAMES` or named by `named`, some of them changed.

    Those of a baseline are the poster's and mean nothing.

    Raises
    ------
    ReportError
        If the recipe or a setting is unknown, or a value out of its bounds.
    """
    base = base_of(recipe) if isinstance(recipe, str) else recipe
    if base not in NAMES or (base != recipe and base not in RECIPES):
        raise ReportError(f"recipe {recipe!r} is unknown. Known are {', '.join(NAMES)}.")
    changed = changes_of(recipe) | changed
    known = [field.name for field in fields(Settings)]
    if unknown := [name for name in changed if name not in known]:
        raise ReportError(f"setting {unknown[0]!r} is unknown. Known are {', '.join(known)}.")
    return replace(RECIPES.get(base, RECIPES[POSTER]), **changed)


def members(candidate: str) -> list[tuple[str, str]]:
    """Networks and recipes of what the recipe ``best`` may choose.

    Raises
    ------
    ReportError
        If it is not made of pairs.

    Examples
    --------
    >>> members("short_chunk tuned + mfcc_svm baseline")  # an ensemble
    [('short_chunk', 'tuned'), ('mfcc_svm', 'baseline')]
    """
    found = [tuple(member.split()) for member in candidate.split("+")]
    if any(len(member) != 2 for member in found):
        raise ReportError(
            f"candidate {candidate!r} is not a network and its recipe, such as 'short_chunk tuned', or several of "
            "them joined by ' + '."
        )
    return found
