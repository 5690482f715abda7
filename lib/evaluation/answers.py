"""What the networks answered where the answer is a class, joined with what is true."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from lib import scores
from lib.evaluation.intervals import share
from lib.evaluation.pooling import LEVELS, STALE, Tested, added_up, known_labels, pools, song_facts
from lib.runs.store import Finished

__all__ = ["LEVELS", "STALE", "Answers", "collect"]


@dataclass(frozen=True)
class Answers(Tested):
    """Answers of one categorical head, see `Tested`.

    ``slices`` and ``songs`` hold the probability of each class (``<head>:<class>``), ``said``, its ``probability`` and
    ``right``.

    Attributes
    ----------
    classes : tuple of str
    train : dict
        Level -> accuracy on the training part, mean over the runs; NaN where unknown.
    """

    classes: tuple[str, ...]
    train: dict[str, float]

    score = "accuracy"

    @property
    def columns(self) -> list[str]:
        """Columns of the classes' probabilities, in the order of `classes`."""
        return [f"{self.head}:{name}" for name in self.classes]

    def tally(self, level: str) -> tuple[pd.Index, np.ndarray, np.ndarray]:
        """Right answers and answers of each song.

        Returns
        -------
        track_id : pd.Index [songs]
        right, count : np.ndarray [songs, seeds]
        """
        songs, sums = self.sums(level)
        return songs, sums[..., 0], sums[..., 1]

    def sums(self, level: str) -> tuple[pd.Index, np.ndarray]:
        """Right answers and answers of each song [songs, seeds, 2], of which `measure` makes the accuracy."""
        frame = self.frame(level)
        right = frame["right"].to_numpy(dtype=float)
        return added_up(frame, np.stack([right, np.ones(len(right))], axis=1))

    @staticmethod
    def measure(sums: np.ndarray) -> np.ndarray:
        """Accuracy of summed answers [shape=(..., 2)]."""
        return share(sums)

    def class_sums(self, level: str) -> tuple[pd.Index, np.ndarray]:
        """Right answers, truths and answers of each class [songs, seeds, 3, classes], see `lib.scores.macro_f1`."""
        frame = self.frame(level)
        return added_up(
            frame, scores.class_counts(frame["true"].to_numpy(object), frame["said"].to_numpy(object), self.classes)
        )


def collect(runs: Sequence[Finished], tracks: pd.DataFrame, part: str = "test") -> list[Answers]:
    """Pool finished runs: folds of one seed together, seeds side by side. Page 05.

    A song whose label of a head is missing takes no part in that head. Stale runs are kept apart under a
    name that says so. Numeric heads are passed over, see `lib.evaluation.numbers`.

    Parameters
    ----------
    runs : sequence of Finished
    tracks : pd.DataFrame
        The tracks table.
    part : str
        ``test``, or ``dev`` for candidates.

    Returns
    -------
    list of Answers
        In the order of `lib.evaluation.pooling.pools`, each in the order of its heads.

    Raises
    ------
    ReportError
        If there is no run, or a run that is not stale tested a track that the tracks table lacks.
    """
    table = tracks.set_index("track_id")
    result = []
    for pool in pools(runs, table, part):
        for head, named in pool.heads.items():
            if not named:
                continue
            classes, labels = tuple(named), known_labels(table, head).astype(object)
            columns = [f"{head}:{name}" for name in classes]
            slices, songs = (_said(part, columns, classes) for part in pool.answers(head, columns, labels))
            if len(songs):
                result.append(
                    Answers(
                        **pool.about,
                        head=head,
                        slices=slices,
                        songs=songs,
                        tracks=song_facts(table, songs),
                        classes=classes,
                        train={level: _train_accuracy(pool.runs, head, level) for level in LEVELS},
                    )
                )
    return result


def _said(frame: pd.DataFrame, columns: list[str], classes: tuple[str, ...]) -> pd.DataFrame:
    chances = frame[columns].to_numpy()
    best = chances.argmax(axis=1) if len(frame) else np.zeros(0, dtype=int)
    frame["said"] = np.array(classes, dtype=object)[best]
    frame["probability"] = chances[np.arange(len(best)), best]
    frame["right"] = frame["said"] == frame["true"]
    return frame


def _train_accuracy(runs: list[Finished], head: str, level: str) -> float:
    values = []
    for finished in runs:
        value = finished.metrics.get("parts", {}).get("train", {}).get(head, {}).get(level, {}).get("accuracy")
        if value is not None:
            values.append(value)
    return float(np.mean(values)) if values else float("nan")
