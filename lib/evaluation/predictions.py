"""Test predictions of all folds and seeds of a network together, and what they add up to per song."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Self, TypeVar

import numpy as np
import pandas as pd

from lib.errors import ReportError
from lib.evaluation.bootstrap import clusters, measured, share
from lib.models import baselines
from lib.runs import metrics
from lib.runs.run import SELECTED, Run
from lib.runs.store import Finished
from lib.splits import CONTROLS, SPLITS
from lib.training.recipes import BASELINE, order_of

IDENTITY = ("network", "split", "recipe", "head")
LEVELS = ("slice", "song")
STALE = " (stale)"
FIRST = ("zhang2016", "choi2016", "yu2018")  # networks in the order of the poster's table, before others
_SONG = ["song_group", "artist_group", "genre", "title", "artist"]
Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True)
class Tested:
    """Predictions of one head of one network under one split and recipe, all its folds and seeds.

    ``slices`` have a row per slice and seed: ``seed``, ``fold``, ``slice``, ``track_id``, ``true`` and what was
    predicted, by one model. The same is in ``songs`` per song, with ``n_slices`` and the number of ``models`` that
    predicted them in place of ``slice`` and ``fold``; the prediction is that of the mean.
    """

    network: str  # architecture, with `STALE` behind it if the runs were made with other data or code than now
    split: str
    recipe: str
    head: str
    runs: tuple[Run, ...]
    folds: int  # that the split has, run or not
    slices: pd.DataFrame
    songs: pd.DataFrame
    tracks: pd.DataFrame  # groups, genre, title and artist of the songs, by ``track_id``

    @property
    def identity(self) -> dict[str, str]:
        """Columns that identify these predictions in a table."""
        return {name: getattr(self, name) for name in IDENTITY}

    @property
    def baseline(self) -> bool:
        """Whether this is a baseline and no network."""
        return self.recipe == BASELINE

    def frame(self, level: str) -> pd.DataFrame:
        """Rows of one of the `LEVELS`."""
        return self.songs if level == "song" else self.slices

    def value(self, level: str) -> float:
        """Score of all songs together, mean over the seeds."""
        return float(measured(self.sums(level)[1], self.measure))

    def clusters(self, ids: pd.Index) -> tuple[np.ndarray, np.ndarray]:
        """Return groups and strata of some songs."""
        return clusters(self.tracks.loc[ids].reset_index())

    @property
    def trainings(self) -> set[tuple[int, int]]:
        """Folds and seeds of the runs."""
        return {(run.fold, run.seed) for run in self.runs}

    def of_trainings(self, kept: Collection[tuple[int, int]]) -> Self:
        """Return the predictions of some folds and seeds alone."""
        if kept == self.trainings:
            return self
        own = pd.MultiIndex.from_frame(self.slices[["fold", "seed"]]).isin([*kept])
        runs = tuple(run for run in self.runs if (run.fold, run.seed) in kept)
        return self._of(self.slices.loc[own], runs=runs)

    def by_model(self, model: pd.Series) -> Self:
        """Return the predictions where a song's slices are averaged by group, each answer counted by itself.

        `model` gives each slice's group by ``slice``: the fold under ``random``, whose models test some slices of a
        song each; slices without one are left out.
        """
        own = self.slices.assign(fold=self.slices["slice"].map(model))
        return self._of(own.dropna(subset="fold"), "fold")

    def _of(self, slices: pd.DataFrame, *by: str, **changed) -> Self:
        columns = [name for name in slices if name == "value" or name.startswith(f"{self.head}:")]
        songs = means(slices, columns, *by).merge(self.songs[["track_id", "true"]].drop_duplicates("track_id"))
        return replace(self, slices=slices, songs=self.decided(songs), **changed)

    def decided(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Add what follows from the means of the predictions."""
        return frame

    def truth(self, ids: pd.Index) -> np.ndarray:
        """Return labels of some songs."""
        return self.songs.drop_duplicates("track_id").set_index("track_id")["true"].loc[ids].to_numpy(object)


@dataclass(frozen=True)
class Predictions(Tested):
    """Predictions of one categorical head, see `Tested`.

    ``slices`` and ``songs`` hold the probability of each class (``<head>:<class>``), the class
    ``predicted``, its ``probability``, and whether it is ``correct``.
    """

    classes: tuple[str, ...]
    train: dict[str, float]  # accuracy on the training part by level, mean over the runs; NaN where unknown

    score = "accuracy"
    measure = staticmethod(share)

    @property
    def columns(self) -> list[str]:
        """Columns of the classes' probabilities, in the order of `classes`."""
        return [f"{self.head}:{name}" for name in self.classes]

    def decided(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Add the class ``predicted``, its ``probability``, and whether it is ``correct``."""
        chances = frame[self.columns].to_numpy()
        best = chances.argmax(axis=1)
        predicted = np.array(self.classes, dtype=object)[best]
        about = {"predicted": predicted, "probability": chances[np.arange(len(best)), best]}
        return frame.assign(**about, correct=predicted == frame["true"])

    def sums(self, level: str) -> tuple[pd.Index, np.ndarray]:
        """Return songs, and correct and all predictions of each [songs, seeds, 2]."""
        frame = self.frame(level)
        correct = frame["correct"].to_numpy(dtype=float)
        return added_up(frame, np.stack([correct, np.ones(len(correct))], axis=1))

    def class_sums(self, level: str) -> tuple[pd.Index, np.ndarray]:
        """Return songs, and what `lib.runs.metrics.macro_f1` is made of [songs, seeds, 3, classes]."""
        frame = self.frame(level)
        true, predicted = (frame[name].to_numpy(object) for name in ("true", "predicted"))
        return added_up(frame, metrics.class_counts(true, predicted, self.classes))


@dataclass(frozen=True)
class Numbers(Tested):
    """Predictions of one numeric head, see `Tested`; ``slices`` and ``songs`` hold ``value``."""

    score = "r2"

    def sums(self, level: str) -> tuple[pd.Index, np.ndarray]:
        """Return songs, and the moments of which `measure` and `measures` make the scores [songs, seeds, 6]."""
        frame = self.frame(level)
        return added_up(frame, metrics.moments(frame["true"].to_numpy(float), frame["value"].to_numpy(float)))

    @staticmethod
    def measure(sums: np.ndarray) -> np.ndarray:
        """R2 of summed moments [shape=(..., 6)]."""
        return metrics.from_moments(sums)[0]

    @staticmethod
    def measures(sums: np.ndarray) -> np.ndarray:
        """R2, r and CCC [shape=(..., 3)] of summed moments [shape=(..., 6)]."""
        return np.stack(metrics.from_moments(sums), axis=-1)


def added_up(frame: pd.DataFrame, values: np.ndarray) -> tuple[pd.Index, np.ndarray]:
    """Add values [shape=(len(frame), ...)] up per ``track_id`` and ``seed`` of the frame's rows.

    Returns
    -------
    track_id : pd.Index [songs]
    sums : np.ndarray [shape=(songs, seeds, ...)]
        0 where a seed did not test a song.
    """
    song, songs = pd.factorize(frame["track_id"], sort=True)
    seed, seeds = pd.factorize(frame["seed"], sort=True)
    sums = np.zeros((len(songs), len(seeds), *values.shape[1:]))
    np.add.at(sums, (song, seed), values)
    return pd.Index(songs, name="track_id"), sums


def collect(runs: Sequence[Finished], tracks: pd.DataFrame, part: str = "test") -> list[Predictions]:
    """Pool the categorical heads of finished runs: folds of one seed together, seeds side by side.

    A song's prediction is the mean of its slices' probabilities. A song whose label of a head is missing takes no part
    in that head. Stale runs are kept apart under a name that says so. `part` is ``validation`` for candidates.

    Returns
    -------
    list of Predictions
        Networks in the poster's order, then others by name, then what was selected, then baselines; of one network by
        split (leakiest first) and recipe; each in the order of its heads.

    Raises
    ------
    ReportError
        If there is no run, runs of several shares of the artists are to be pooled, or a run that is not stale tested a
        track that the tracks table lacks.
    """
    result = []
    for about, own, slices, songs, classes in _pooled(runs, tracks, part, numeric=False):
        train = {level: recorded(own, "train", about["head"], level, "accuracy") for level in LEVELS}
        made = Predictions(**about, slices=slices, songs=songs, classes=classes, train=train)
        result.append(replace(made, slices=made.decided(slices), songs=made.decided(songs)))
    return result


def collect_numbers(runs: Sequence[Finished], tracks: pd.DataFrame) -> list[Numbers]:
    """Pool the numeric heads of finished runs as `collect` does the categorical ones."""
    result = []
    for about, _, *parts, _ in _pooled(runs, tracks, "test", numeric=True):
        slices, songs = (part.rename(columns={f"{about['head']}:value": "value"}) for part in parts)
        result.append(Numbers(**about, slices=slices, songs=songs))
    return result


def whole(runs: Sequence[Finished]) -> list[Finished]:
    """Pick the runs of whole training sets and networks, no controls, no shares, no fewer heads."""
    return [run for run in runs if run.run.split in SPLITS and run.run.share == 1 and not run.run.heads]


def controls(runs: Sequence[Finished]) -> list[Finished]:
    """Pick the runs of the controls, `lib.splits.CONTROLS`."""
    return [run for run in runs if run.run.split in CONTROLS]


def same_folds(groups: Mapping[Key, Sequence[Finished]], *fields: str) -> dict[Key, list[Finished]]:
    """Keep the runs of each group over what all groups have, so that all were evaluated on the same songs.

    `fields` of `Run` must be alike, ``fold`` and ``seed`` if none is named.
    """
    key = attrgetter(*(fields or ("fold", "seed")))
    common = set.intersection(*({key(one.run) for one in own} for own in groups.values())) if groups else set()
    return {name: [one for one in own if key(one.run) in common] for name, own in groups.items()}


def variants(runs: Sequence[Finished], by: Callable[[Finished], Key]) -> list[dict[Key, list[Finished]]]:
    """Group runs of each network, split and recipe by what varies, over the `same_folds`.

    Stale runs, candidates and what was run in one variant only are left out.
    """
    grouped: dict[tuple, dict[Key, list[Finished]]] = {}
    for one in runs:
        if not one.stale and not one.run.candidate:
            key = (one.run.architecture, one.run.split, one.run.recipe)
            grouped.setdefault(key, {}).setdefault(by(one), []).append(one)
    found = [same_folds(groups) for groups in grouped.values() if len(groups) > 1]
    return [groups for groups in found if all(groups.values())]


def recorded(metrics: Iterable[dict], part: str, head: str, level: str, measure: str) -> float:
    """Mean of a measure over those of the runs' `Finished.metrics` that hold it; NaN where none does."""
    found = [one.get("parts", {}).get(part, {}).get(head, {}).get(level, {}).get(measure) for one in metrics]
    known = [value for value in found if value is not None]
    return float(np.mean(known)) if known else float("nan")


def known_labels(tracks: pd.DataFrame, head: str) -> pd.Series:
    """Labels of a head that are not missing, by ``track_id``; none if the tracks have no such column."""
    labels = tracks[head] if head in tracks else pd.Series(pd.NA, index=tracks.index)
    return labels[labels.notna()]


def _pooled(runs: Sequence[Finished], tracks: pd.DataFrame, part: str, *, numeric: bool) -> Iterator[tuple]:
    """Yield attributes of `Tested`, runs, slices, songs and classes of each pool and head."""
    if not runs:
        raise ReportError("No finished run to evaluate. Run notebooks/04_training.ipynb first, or `make report`.")
    table = tracks.set_index("track_id")
    pools: dict[tuple[str, str, str], list[Finished]] = {}
    for finished in runs:
        run = finished.run
        pools.setdefault((run.architecture + STALE * finished.stale, run.split, run.recipe), []).append(finished)
    for (network, split, recipe), own in sorted(pools.items(), key=lambda item: _order(*item[0])):
        shares = {finished.run.share for finished in own}
        if len(shares) > 1:
            raise ReportError(
                f"{network} under {split} was trained on {len(shares)} shares of the artists, which cannot be "
                "pooled; evaluate the runs of one share at a time."
            )
        described = [finished.metrics for finished in own]
        heads: dict[str, dict] = {}
        for one in described:
            for head, classes in one["heads"].items():
                heads.setdefault(head, {}).update(dict.fromkeys(classes))
        about = {"network": network, "split": split, "recipe": recipe, "runs": tuple(one.run for one in own)}
        about["folds"] = max(int(one["run"].get("folds") or 0) for one in described)
        predicted = pd.concat([_tested(one, table, part) for one in own], ignore_index=True)
        for head, classes in heads.items():
            if bool(classes) == numeric:
                continue
            labels = known_labels(table, head)
            labels = pd.to_numeric(labels).astype("float64") if numeric else labels.astype(object)
            slices, songs = _means(predicted, [f"{head}:{name}" for name in classes or ("value",)], labels)
            if len(songs):
                facts = table.loc[songs["track_id"].unique(), _SONG]
                yield {**about, "head": head, "tracks": facts}, described, slices, songs, tuple(classes)


def _means(predicted: pd.DataFrame, columns: list[str], labels: pd.Series) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Mean of the predictions per slice and per song, of songs with a label and of runs with the head."""
    known = predicted.loc[predicted["track_id"].isin(labels.index)]
    known = known.reindex(columns=["seed", "fold", "slice", "track_id", *columns])
    known[columns] = known[columns].astype("float64")
    # runs without the head have no predictions of it
    known = known.dropna(subset=columns, how="all").fillna(dict.fromkeys(columns, 0.0))
    slices = known.groupby(["seed", "slice", "track_id"], as_index=False).agg(
        {"fold": "first"} | dict.fromkeys(columns, "mean")
    )
    songs = means(known, columns)
    return slices.assign(true=slices["track_id"].map(labels)), songs.assign(true=songs["track_id"].map(labels))


def means(slices: pd.DataFrame, columns: list[str], *by: str) -> pd.DataFrame:
    """Mean of the slices' predictions by seed, song and what else is named, with ``n_slices`` and ``models``."""
    grouped = slices.groupby(["seed", "track_id", *by])
    about = {"n_slices": grouped["slice"].nunique(), "models": grouped["fold"].nunique()}
    return grouped[columns].mean().assign(**about).reset_index()


def _order(network: str, split: str, recipe: str) -> tuple:
    name = network.removesuffix(STALE)
    place = FIRST.index(name) if name in FIRST else len(FIRST) + (name == SELECTED)
    if recipe == BASELINE and name in baselines.NAMES:
        place = baselines.NAMES.index(name)
    strictness = SPLITS.index(split) if split in SPLITS else len(SPLITS)
    return recipe == BASELINE, network != name, place, network, strictness, split, order_of(recipe)


def _tested(finished: Finished, tracks: pd.DataFrame, part: str) -> pd.DataFrame:
    table = finished.predictions(part)
    unknown = table.loc[~table["track_id"].isin(tracks.index), "track_id"]
    if len(unknown) and not finished.stale:
        raise ReportError(
            f"{finished.folder}: its {part} predictions hold track {unknown.iloc[0]!r}, which the tracks table "
            "lacks. Delete that run's folder and run notebooks/04_training.ipynb again."
        )
    return table.assign(seed=finished.run.seed, fold=finished.run.fold)
