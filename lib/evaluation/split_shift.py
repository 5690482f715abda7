"""Whether the test set of a split is like its training set: an adversarial check."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from lib.evaluation.bootstrap import clusters
from lib.features.slices import Slices
from lib.splits import SINGLE, assign

COLUMNS = ["split", "folds", "auc", "lowest", "highest"]
_BLOCK = 1_000  # slices read at once


def split_shift(
    slices: Slices, tracks: pd.DataFrame, splits: Sequence[str], folds: int, run_folds: Sequence[int]
) -> pd.DataFrame:
    """How well a classifier tells test slices from training slices that it was not fitted to.

    Logistic regression on the mean and spread of each mel band, evaluated by cross-validation that keeps artists
    apart, so that it cannot know a song (adversarial validation). Only a difference in kind, such as a genre that is
    rarer in the test, is left to find.

    Parameters
    ----------
    slices : Slices
    tracks : pd.DataFrame
    splits : sequence of str
    folds : int >= 2
    run_folds : sequence of int

    Returns
    -------
    pd.DataFrame
        Columns `COLUMNS`: ``auc``, the mean over the folds of the area under the ROC curve, .5 = no difference, with
        the ``lowest`` and ``highest`` of a fold.
    """
    features = _band_statistics(slices)
    about = tracks.set_index("track_id").loc[slices.table["track_id"]]
    groups, _ = clusters(about.reset_index())
    rows = []
    for split in splits:
        areas = [
            _area(features, assign(slices.table, tracks, split, fold=fold, folds=folds), groups)
            for fold in ((0,) if split in SINGLE else run_folds)
        ]
        row = {"split": split, "folds": len(areas), "auc": np.mean(areas), "lowest": min(areas), "highest": max(areas)}
        rows.append(row)
    return pd.DataFrame(rows, columns=COLUMNS)


def _band_statistics(slices: Slices) -> np.ndarray:
    """Mean and standard deviation of each mel band over time [shape=(slices, 2 * n_mels)]."""
    blocks = slices.batches(np.arange(len(slices)), _BLOCK)
    return np.concatenate([np.hstack([block.mean(axis=2), block.std(axis=2)]) for block in blocks])


def _area(features: np.ndarray, parts: np.ndarray, groups: np.ndarray) -> float:
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedGroupKFold, cross_val_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    there = np.isin(parts, ["train", "test"])
    tests, own = parts[there] == "test", groups[there]
    classifier = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=1000, class_weight="balanced"))
    inner = StratifiedGroupKFold(5, shuffle=True, random_state=0)
    scores = cross_val_score(classifier, features[there], tests, groups=own, cv=inner, scoring="roc_auc")
    return float(scores.mean())
