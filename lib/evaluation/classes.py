"""Which classes are found, which are taken for which, and where the network was surest and wrong."""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from lib.evaluation.answers import Answers
from lib.evaluation.intervals import accuracy, accuracy_interval, bootstrap, clusters, percentiles
from lib.evaluation.tables import identity, networks

CLASS_COLUMNS = (
    "network", "protocol", "recipe", "head", "class", "precision", "recall", "low", "high", "f1", "support",
)  # fmt: skip


def per_class(collected: Iterable[Answers], *, resamples: int = 2000, seed: int = 0) -> pd.DataFrame:
    """Precision, recall and F1 of every class, by song.

    The poster's accuracy of a class is its recall: how many of the songs of the class are named right.

    Returns
    -------
    pd.DataFrame
        Columns `CLASS_COLUMNS`: averages over the seeds; ``low`` and ``high`` are the 95 % interval of the
        recall; ``support`` the number of songs of the class. Precision is NaN for a class never answered,
        recall for a class without test songs.
    """
    from sklearn.metrics import precision_recall_fscore_support

    rows = []
    for answers in collected:
        scores = np.array(
            [
                precision_recall_fscore_support(
                    part["true"].astype(str),
                    part["said"].astype(str),
                    labels=list(answers.classes),
                    zero_division=np.nan,
                )
                for _, part in answers.songs.groupby("seed")
            ]
        )
        for place, name in enumerate(answers.classes):
            precision, recall, f1, _ = (_mean(scores[:, score, place]) for score in range(4))
            songs, right, count, drawn = _of_class(answers, name)
            low = high = float("nan")
            if len(songs):
                recall, low, high = accuracy_interval(right, count, *drawn, resamples=resamples, seed=seed)
            values = {"precision": precision, "recall": recall, "low": low, "high": high, "f1": f1}
            rows.append({**identity(answers), "class": name, **values, "support": len(songs)})
    return pd.DataFrame(rows, columns=list(CLASS_COLUMNS))


def _mean(values: np.ndarray) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else float("nan")


def _of_class(answers: Answers, name: str) -> tuple:
    """Tally of the songs of one class, with their clusters."""
    ids, right, count = answers.tally("song")
    true = answers.songs.drop_duplicates("track_id").set_index("track_id")["true"].loc[ids]
    own = (true == name).to_numpy()
    songs = ids[own]
    return songs, right[own], count[own], clusters(answers.tracks.loc[songs].reset_index(), answers.protocol)


def recall_difference(
    answers: Answers, one: str, other: str, *, resamples: int = 2000, seed: int = 0
) -> tuple[float, float, float]:
    """Recall of class `one` minus recall of class `other`, with its 95 % interval; NaN where either is unknown."""
    ids, right, count = answers.tally("song")
    true = answers.songs.drop_duplicates("track_id").set_index("track_id")["true"].loc[ids].to_numpy()
    groups, strata = clusters(answers.tracks.loc[ids].reset_index(), answers.protocol)
    values, samples = [], []
    for name in (one, other):
        own = (true == name)[:, None]
        values.append(accuracy(right * own, count * own))
        samples.append(bootstrap(right * own, count * own, groups, strata, resamples, seed))
    low, high = percentiles(samples[0] - samples[1]) if len(strata) > 1 else (float("nan"), float("nan"))
    return values[0] - values[1], low, high


def confusion(answers: Answers) -> np.ndarray:
    """Share of the songs of each true class (row) that got each answer (column), all seeds together.

    Returns
    -------
    np.ndarray [classes, classes]
        Each row sums to 1; NaN in the row of a class without test songs.
    """
    counts = pd.crosstab(answers.songs["true"], answers.songs["said"])
    counts = counts.reindex(index=list(answers.classes), columns=list(answers.classes), fill_value=0).to_numpy(float)
    total = counts.sum(axis=1, keepdims=True)
    return np.divide(counts, total, where=total > 0, out=np.full(counts.shape, np.nan))


def worst_confusion(answers: Answers) -> tuple[str, str, float] | None:
    """Find the most frequent mistake: true class, answer and its share of that class; None without a mistake."""
    shares = confusion(answers)
    np.fill_diagonal(shares, np.nan)
    if not np.nansum(shares) > 0:
        return None
    row, column = np.unravel_index(np.nanargmax(shares), shares.shape)
    return answers.classes[row], answers.classes[column], float(shares[row, column])


def mistakes(collected: Sequence[Answers], count: int = 10) -> pd.DataFrame:
    """List the wrong answers that the network was surest of, by song.

    Parameters
    ----------
    collected : sequence of Answers
    count : int > 0
        Songs of each network, protocol, recipe and head.

    Returns
    -------
    pd.DataFrame
        ``network``, ``protocol``, ``recipe``, ``head``, ``track_id``, ``title``, ``artist``, ``true``,
        ``answer``, ``probability`` (mean over the seeds that gave this answer). Baselines are left out.
    """
    columns = ["network", "protocol", "recipe", "head", "track_id", "title", "artist", "true", "answer", "probability"]
    parts = [pd.DataFrame(columns=columns)] if not len(collected) else []
    for answers in networks(collected):
        wrong = answers.songs.loc[~answers.songs["right"].astype(bool)]
        wrong = wrong.groupby(["track_id", "true", "said"], as_index=False)["probability"].mean()
        wrong = wrong.sort_values(["probability", "track_id"], ascending=[False, True])
        wrong = wrong.drop_duplicates("track_id").head(count).rename(columns={"said": "answer"})
        known = answers.tracks.loc[wrong["track_id"], ["title", "artist"]].astype(object)
        wrong["title"] = known["title"].where(known["title"].notna(), "").to_numpy()
        wrong["artist"] = known["artist"].where(known["artist"].notna(), "").to_numpy()
        parts.append(wrong.assign(**identity(answers)))
    return pd.concat(parts, ignore_index=True)[columns]


def coverage(answers: Answers, slices: pd.DataFrame) -> tuple[int, int, float]:
    """How much of the corpus was tested.

    Parameters
    ----------
    answers : Answers
    slices : pd.DataFrame
        ``track_id`` of every slice of the corpus.

    Returns
    -------
    tested : int
        Songs with at least one tested slice (and a label).
    songs : int
        Songs of the corpus.
    share : float
        Mean share of a tested song's slices that were tested.
    """
    total = slices["track_id"].value_counts()
    done = answers.slices.groupby("track_id")["slice"].nunique()
    return len(done), len(total), float((done / total.reindex(done.index)).mean())
