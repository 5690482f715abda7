"""Which classes are found, which are taken for which, and where the network was surest and wrong."""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from lib.evaluation.answers import Answers
from lib.evaluation.intervals import (
    accuracy,
    accuracy_interval,
    bootstrap,
    clusters,
    interval,
    percentiles,
    share,
)
from lib.evaluation.tables import identity, networks

CLASS_COLUMNS = (
    "network", "protocol", "recipe", "head", "class", "precision", "precision_low", "precision_high",
    "recall", "recall_low", "recall_high", "f1", "f1_low", "f1_high", "support",
)  # fmt: skip
_RIGHT, _TRUE, _SAID = range(3)  # of Answers.class_sums


def per_class(collected: Iterable[Answers], *, resamples: int = 2000, seed: int = 0) -> pd.DataFrame:
    """Precision, recall and F1 of every class, by song, with their 95 % intervals. Page 05.

    The poster's accuracy of a class is its recall: how many of the songs of the class are named right.

    Returns
    -------
    pd.DataFrame
        Columns `CLASS_COLUMNS`: averages over the seeds; ``support`` the number of songs of the class. Precision is
        NaN for a class never answered, recall for a class without test songs, F1 for one that is both.
    """
    rows = []
    for answers in collected:
        songs, sums = answers.class_sums("song")
        drawn = clusters(answers.tracks.loc[songs].reset_index(), answers.protocol)
        for place, name in enumerate(answers.classes):
            own, row = sums[..., place], {**identity(answers), "class": name}
            for score, whole in (("precision", _SAID), ("recall", _TRUE)):
                found = accuracy_interval(own[..., _RIGHT], own[..., whole], *drawn, resamples=resamples, seed=seed)
                row |= dict(zip((score, f"{score}_low", f"{score}_high"), found, strict=True))
            f1 = interval(own, _f1, *drawn, resamples=resamples, seed=seed)
            if f1[0] in (0, 1):  # nothing to resample, as in the recall's own interval
                f1 = (f1[0], row["recall_low"], row["recall_high"])
            row |= dict(zip(("f1", "f1_low", "f1_high"), map(float, f1), strict=True))
            rows.append(row | {"support": int((own[..., _TRUE] > 0).any(axis=1).sum())})
    return pd.DataFrame(rows, columns=list(CLASS_COLUMNS))


def _f1(sums: np.ndarray) -> np.ndarray:
    """Harmonic mean of precision and recall of one class [shape=(..., 3)]; NaN where it is neither there nor said."""
    return share(np.stack([2 * sums[..., _RIGHT], sums[..., _TRUE] + sums[..., _SAID]], axis=-1))


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
    """List the wrong answers that the network was surest of, by song. Page 05.

    Parameters
    ----------
    collected : sequence of Answers
    count : int > 0
        Songs of each network, protocol, recipe and head.

    Returns
    -------
    pd.DataFrame
        ``network``, ``protocol``, ``recipe``, ``head``, ``track_id``, ``title``, ``artist``, ``true``,
        ``answer`` and its ``probability``, by the mean of all seeds. Baselines are left out.
    """
    columns = ["network", "protocol", "recipe", "head", "track_id", "title", "artist", "true", "answer", "probability"]
    parts = [pd.DataFrame(columns=columns)] if not len(collected) else []
    for answers in networks(collected):
        mean = answers.songs.groupby(["track_id", "true"])[answers.columns].mean()
        wrong = mean.index.to_frame(index=False)
        wrong["answer"] = np.array(answers.classes, dtype=object)[mean.to_numpy().argmax(axis=1)]
        wrong["probability"] = mean.to_numpy().max(axis=1)
        wrong = wrong.loc[wrong["answer"] != wrong["true"]]
        wrong = wrong.sort_values(["probability", "track_id"], ascending=[False, True]).head(count)
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
