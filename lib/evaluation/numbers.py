"""What the networks answered where the answer is a number, such as the valence, and how good it is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from lib import scores
from lib.evaluation.intervals import clusters, interval
from lib.evaluation.pooling import LEVELS, Tested, added_up, known_labels, pools, song_facts
from lib.evaluation.tables import identity
from lib.runs.store import Finished

SCORES = ("r2", "r", "ccc")
NUMBER_COLUMNS = (
    "network", "protocol", "recipe", "head", "level", "n_songs", "r2", "r2_low", "r2_high", "r", "r_low", "r_high",
    "ccc", "ccc_low", "ccc_high", "runs",
)  # fmt: skip


@dataclass(frozen=True)
class Numbers(Tested):
    """Answers of one numeric head, see `Tested`; ``slices`` and ``songs`` hold ``value``."""

    score = "r2"

    def sums(self, level: str) -> tuple[pd.Index, np.ndarray]:
        """Moments of each song [songs, seeds, 6], of which `measure` and `measures` make the scores."""
        frame = self.frame(level)
        return added_up(frame, scores.moments(frame["true"].to_numpy(float), frame["value"].to_numpy(float)))

    @staticmethod
    def measure(sums: np.ndarray) -> np.ndarray:
        """R2 of summed moments [shape=(..., 6)]."""
        return scores.from_moments(sums)[0]

    @staticmethod
    def measures(sums: np.ndarray) -> np.ndarray:
        """R2, r and CCC [shape=(..., 3)] of summed moments [shape=(..., 6)]."""
        return np.stack(scores.from_moments(sums), axis=-1)


def collect_numbers(runs: Sequence[Finished], tracks: pd.DataFrame) -> list[Numbers]:
    """Pool the numeric heads of finished runs as `lib.evaluation.collect` does the categorical ones. Page 05.

    The answer of a song is the mean over its slices. A song whose label is missing takes no part.

    Parameters
    ----------
    runs : sequence of Finished
    tracks : pd.DataFrame
        The tracks table.

    Raises
    ------
    ReportError
        As `lib.evaluation.collect` does.
    """
    table = tracks.set_index("track_id")
    result = []
    for pool in pools(runs, table):
        for head, classes in pool.heads.items():
            if classes:
                continue
            column = f"{head}:value"
            labels = pd.to_numeric(known_labels(table, head)).astype("float64")
            slices, songs = (part.rename(columns={column: "value"}) for part in pool.answers(head, [column], labels))
            if len(songs):
                facts = song_facts(table, songs)
                result.append(Numbers(**pool.about, head=head, slices=slices, songs=songs, tracks=facts))
    return result


def numeric_results(collected: Iterable[Numbers], *, resamples: int = 2000, seed: int = 0) -> pd.DataFrame:
    """Scores of everything that answered with a number. Page 05.

    Parameters
    ----------
    collected : iterable of Numbers
    resamples : int > 0
    seed : int >= 0

    Returns
    -------
    pd.DataFrame
        Columns `NUMBER_COLUMNS`. R2, Pearson's r and the concordance correlation coefficient (`lib.scores`)
        pool the folds and are averaged over seeds; each with its 95 % bootstrap interval over songs, under
        ``artist`` over artists within genre. NaN where undefined.
    """
    rows = []
    for answers in collected:
        for level in LEVELS:
            songs, sums = answers.sums(level)
            drawn = clusters(answers.tracks.loc[songs].reset_index(), answers.protocol)
            found = interval(sums, answers.measures, *drawn, resamples=resamples, seed=seed)
            row = {**identity(answers), "level": level, "n_songs": len(songs), "runs": len(answers.runs)}
            for name, *bounds in zip(SCORES, *found, strict=True):
                row |= dict(zip((name, f"{name}_low", f"{name}_high"), map(float, bounds), strict=True))
            rows.append(row)
    return pd.DataFrame(rows, columns=list(NUMBER_COLUMNS))
