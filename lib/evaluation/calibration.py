"""Calibration: how well the networks' confidence agrees with their accuracy.

A network is calibrated if, of its predictions with a confidence of 70 %, 70 % are correct (Guo et al. 2017, Proceedings
of Machine Learning Research 70, arXiv 1706.04599). The confidence is the probability of the predicted class.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from lib.evaluation.bootstrap import BOOTSTRAP, LEVEL, Bootstrap, bounded, columns, measured, quotient
from lib.evaluation.predictions import IDENTITY, LEVELS, Predictions, added_up

RELIABILITY_COLUMNS = [
    *IDENTITY, "level", "lower", "upper", "n", "n_songs", "confidence", "accuracy", "low", "high",
]  # fmt: skip
CALIBRATION_COLUMNS = [
    *IDENTITY, "level", "n_songs", "n", "ece", "ece_expected", "ece_limit", "confidence", "accuracy",
    "overconfidence", "low", "high", *bounded("brier"),
]  # fmt: skip
_SURPLUS = 4  # first of the bins in summed parts
_BLOCK = 100  # flips at a time: memory does not grow with their number


def reliability(
    collected: Iterable[Predictions], bootstrap: Bootstrap = BOOTSTRAP, *, level: str = "song", bins: int = 10
) -> pd.DataFrame:
    """Reliability diagram: accuracy of predictions by `bins` of equal width of their confidence, per song or slice.

    Returns
    -------
    pd.DataFrame
        Columns `RELIABILITY_COLUMNS`, one row per bin with predictions, all seeds together: edges (a bin holds its
        upper one), predictions, songs, mean confidence, and accuracy with its 95 % bootstrap interval over songs,
        under ``artist`` over artists.
    """
    rows = []
    for predictions in collected:
        frame = predictions.frame(level)
        place = _bin(frame["probability"].to_numpy(), bins)
        values = np.stack([np.ones(len(frame)), frame["probability"], frame["correct"].astype(float)], axis=1)
        songs, sums = added_up(frame, values[:, None, :] * np.eye(bins)[place][:, :, None])
        sums = sums.sum(axis=1)  # seeds together: a bin may hold few predictions of each
        drawn = predictions.clusters(songs)
        for one in np.unique(place):
            own = sums[:, one]
            count, confidence, _ = own.T
            row = {**predictions.identity, "level": level, "lower": one / bins, "upper": (one + 1) / bins}
            row |= {"n": int(count.sum()), "n_songs": int((count > 0).sum())}
            row |= {"confidence": confidence.sum() / count.sum()}
            rows.append(row | columns("accuracy", bootstrap.ratio(own[:, None, [2, 0]], *drawn), "low", "high"))
    return pd.DataFrame(rows, columns=RELIABILITY_COLUMNS)


def _bin(confidence: np.ndarray, bins: int) -> np.ndarray:
    """Bin of each confidence, (0, 1/bins] the first; rounded, as 0.7 * 10 is a little more than 7."""
    return np.clip(np.ceil(np.round(confidence * bins, 6)) - 1, 0, bins - 1).astype(int)


def calibration(
    collected: Iterable[Predictions], bootstrap: Bootstrap = BOOTSTRAP, *, bins: int = 10, flips: int = 1000
) -> pd.DataFrame:
    """How far confidence and accuracy lie apart, on average and bin by bin.

    The expected calibration error (ECE) is the absolute gap between mean confidence and accuracy of each bin, weighted
    by its predictions. It is never below 0, and in a small sample far above it even for a calibrated network. The ECE
    of a calibrated network with these confidences is therefore simulated: each prediction's surplus of confidence over
    correctness is taken less the mean of its bin, and the signs of whole songs, under ``artist`` of whole artists, are
    flipped at random. (Drawing the truth of each prediction by itself would give too small an ECE, as the slices of a
    song are correct or wrong together.)

    Returns
    -------
    pd.DataFrame
        Columns `CALIBRATION_COLUMNS`, for each of the `LEVELS`; averages over the seeds. ``ece_expected`` is the mean
        of the simulated ECEs and ``ece_limit`` what 95 % of them do not exceed; ``overconfidence`` is the mean
        confidence less the accuracy, with its 95 % bootstrap interval as in `reliability`; ``brier`` the squared
        distance of the probabilities from the truth, summed over the classes, 0..2, 0 the best (Brier 1950,
        doi 10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2). Where every prediction is correct, or none, the
        interval of the over-confidence is derived from that of the accuracy.
    """
    rows = []
    for predictions in collected:
        for level in LEVELS:
            frame = predictions.frame(level)
            songs, sums = added_up(frame, _parts(frame, predictions, bins))
            drawn = predictions.clusters(songs)
            found = bootstrap.interval(sums, _scores, *drawn)
            confidence, accuracy, over, brier = zip(*found, strict=True)  # each with its bounds
            if accuracy[0] in (0.0, 1.0):  # nothing to resample
                _, low, high = bootstrap.ratio(sums[..., [2, 0]], *drawn)
                over = (over[0], confidence[0] - high, confidence[0] - low)
            chance = _flipped(sums, drawn[0], flips, bootstrap.seed)
            row = {**predictions.identity, "level": level, "n_songs": len(songs), "n": len(frame)}
            row |= {"confidence": float(confidence[0]), "accuracy": float(accuracy[0])}
            row |= {"ece": float(measured(sums, _ece)), "ece_expected": float(chance.mean())}
            row |= {"ece_limit": float(np.quantile(chance, LEVEL))}
            rows.append(row | columns("overconfidence", over, "low", "high") | columns("brier", brier))
    return pd.DataFrame(rows, columns=CALIBRATION_COLUMNS)


def _parts(frame: pd.DataFrame, predictions: Predictions, bins: int) -> np.ndarray:
    """Count, confidence, correct, Brier score, then of each bin surplus of confidence and count, row by row."""
    confidence, correct = frame["probability"].to_numpy(), frame["correct"].to_numpy(float)
    true = frame["true"].to_numpy(object)[:, None] == np.array(predictions.classes, dtype=object)
    brier = ((frame[predictions.columns].to_numpy() - true) ** 2).sum(axis=1)
    brier += ~true.any(axis=1)  # a class that the network lacks, and gives the probability 0
    places = np.eye(bins)[_bin(confidence, bins)]
    surplus = (confidence - correct)[:, None] * places
    return np.column_stack([np.ones(len(frame)), confidence, correct, brier, surplus, places])


def _scores(sums: np.ndarray) -> np.ndarray:
    """Mean confidence, accuracy, their difference and Brier score [shape=(..., 4)] of summed parts."""
    confidence, correct, brier = np.moveaxis(quotient(sums[..., 1:4], sums[..., :1]), -1, 0)
    return np.stack([confidence, correct, confidence - correct, brier], axis=-1)


def _ece(sums: np.ndarray) -> np.ndarray:
    """ECE of summed parts [shape=(..., parts)]."""
    surplus, _ = np.split(sums[..., _SURPLUS:], 2, axis=-1)
    return quotient(np.abs(surplus).sum(axis=-1), sums[..., 0])


def _flipped(sums: np.ndarray, groups: np.ndarray, flips: int, seed: int) -> np.ndarray:
    """ECEs [flips] with the signs of the clusters' centred surpluses drawn at random, averaged over the seeds."""
    total = np.zeros((groups.max() + 1, *sums.shape[1:]))
    np.add.at(total, groups, sums)
    if len(total) < 2:
        return np.full(flips, np.nan)
    generator, blocks = np.random.default_rng(seed), []
    surplus, count = np.split(total[..., _SURPLUS:], 2, axis=-1)
    centred = surplus - count * np.nan_to_num(quotient(surplus.sum(axis=0), count.sum(axis=0)))
    for start in range(0, flips, _BLOCK):
        signs = generator.choice([-1.0, 1.0], (min(_BLOCK, flips - start), len(total)))
        gaps = np.tensordot(signs, centred, axes=1)  # [flips, seeds, bins]
        blocks.append((np.abs(gaps).sum(axis=-1) / total[..., 0].sum(axis=0)).mean(axis=-1))
    return np.concatenate(blocks)
