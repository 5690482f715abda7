"""Whether the networks' confidence can be taken at its word.

A network is calibrated if, of the answers that it gives with a probability of 70 %, 70 % are right (Guo et al. 2017,
Proceedings of Machine Learning Research 70, arXiv 1706.04599). The probability is that of its answer, the top label.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from lib.evaluation.answers import LEVELS, Answers
from lib.evaluation.claims import name_of
from lib.evaluation.intervals import LEVEL, accuracy_interval, clusters, interval, measured
from lib.evaluation.pooling import added_up
from lib.evaluation.tables import identity, main_rows
from lib.evaluation.verdicts import strict_rows
from lib.evaluation.voting import bounds, gain_span
from lib.evaluation.words import PERCENT, listed, percent, points

RELIABILITY_COLUMNS = (
    "network", "protocol", "recipe", "head", "level", "lower", "upper", "n", "n_songs", "confidence", "accuracy",
    "low", "high",
)  # fmt: skip
CALIBRATION_COLUMNS = (
    "network", "protocol", "recipe", "head", "level", "n_songs", "n", "ece", "ece_expected", "ece_limit", "confidence",
    "accuracy", "overconfidence", "low", "high", "brier", "brier_low", "brier_high",
)  # fmt: skip
_SURPLUS = 4  # first of the bins in summed parts
_BLOCK = 100  # flips at a time: memory does not grow with their number
NO_CONFIDENCE = "No head of these runs names classes, so there is no confidence to judge"


def reliability(
    collected: Iterable[Answers], level: str = "song", bins: int = 10, *, resamples: int = 2000, seed: int = 0
) -> pd.DataFrame:
    """Compare the accuracy of answers of like confidence with it, as a reliability diagram does. Page 05.

    Parameters
    ----------
    collected : iterable of Answers
    level : str
        ``song`` or ``slice``.
    bins : int > 0
        Of equal width; a bin holds its upper edge.
    resamples, seed : int

    Returns
    -------
    pd.DataFrame
        Columns `RELIABILITY_COLUMNS`, one row a bin that has answers, all seeds together: edges, answers, songs,
        mean confidence, and accuracy with its 95 % bootstrap interval over songs, under ``artist`` over artists.
    """
    rows = []
    for answers in collected:
        frame = answers.frame(level)
        place = _bin(frame["probability"].to_numpy(), bins)
        values = np.stack([np.ones(len(frame)), frame["probability"], frame["right"].astype(float)], axis=1)
        songs, sums = added_up(frame, values[:, None, :] * np.eye(bins)[place][:, :, None])
        sums = sums.sum(axis=1)  # seeds together: a bin may hold few answers of each
        drawn = clusters(answers.tracks.loc[songs].reset_index(), answers.protocol)
        for one in np.unique(place):
            count, confidence, right = sums[:, one].T
            found = accuracy_interval(right, count, *drawn, resamples=resamples, seed=seed)
            rows.append(
                {
                    **identity(answers),
                    "level": level,
                    "lower": one / bins,
                    "upper": (one + 1) / bins,
                    "n": int(count.sum()),
                    "n_songs": int((count > 0).sum()),
                    "confidence": confidence.sum() / count.sum(),
                    **dict(zip(("accuracy", "low", "high"), found, strict=True)),
                }
            )
    return pd.DataFrame(rows, columns=list(RELIABILITY_COLUMNS))


def _bin(confidence: np.ndarray, bins: int) -> np.ndarray:
    """Bin of each confidence, (0, 1/bins] the first; rounded, as 0.7 * 10 is a little more than 7."""
    return np.clip(np.ceil(np.round(confidence * bins, 6)) - 1, 0, bins - 1).astype(int)


def calibration(
    collected: Iterable[Answers], *, bins: int = 10, flips: int = 1000, resamples: int = 2000, seed: int = 0
) -> pd.DataFrame:
    """How far confidence and accuracy lie apart, on average and bin by bin. Page 05.

    The expected calibration error (ECE) is the gap between mean confidence and accuracy of each bin, without its
    sign and weighted by its answers. It is never below 0, and in a small sample far above it even for a calibrated
    network: chance alone opens a gap in every bin. How large the ECE of a calibrated network with these confidences
    would be is therefore simulated: each answer's surplus of confidence over truth is taken less the mean surplus of
    its bin, as it would be were the network calibrated; and as only chance is at work then, what a song adds to the
    bins might as well have been its opposite, so the signs of whole songs, under ``artist`` of whole artists, are
    flipped at random. (To draw each answer's truth by itself would promise too little, as the slices of a song
    are right or wrong together.)

    Parameters
    ----------
    collected : iterable of Answers
    bins : int > 0
        Of equal width.
    flips : int > 0
        Simulations of the ECE.
    resamples, seed : int

    Returns
    -------
    pd.DataFrame
        Columns `CALIBRATION_COLUMNS`, for each of the `LEVELS`; averages over the seeds. ``ece_expected`` is the mean
        of the simulated ECEs and ``ece_limit`` what 95 % of them do not exceed; ``overconfidence`` is the mean
        confidence less the accuracy, with its 95 % bootstrap interval as in `reliability`; ``brier`` the squared
        distance of the probabilities from the truth, summed over the classes, 0..2, 0 the best (Brier 1950,
        doi 10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2). Where every answer is right, or none, the interval of
        the over-confidence rests on that of the accuracy.
    """
    rows = []
    for answers in collected:
        for level in LEVELS:
            frame = answers.frame(level)
            songs, sums = added_up(frame, _parts(frame, answers, bins))
            drawn = clusters(answers.tracks.loc[songs].reset_index(), answers.protocol)
            values, low, high = interval(sums, _scores, *drawn, resamples=resamples, seed=seed)
            confidence, accuracy, over, brier = map(float, values)
            ends = low[2], high[2]
            if accuracy in (0.0, 1.0):  # nothing to resample
                _, *ends = accuracy_interval(sums[..., 2], sums[..., 0], *drawn)
                ends = confidence - ends[1], confidence - ends[0]
            chance = _flipped(sums, drawn[0], flips, seed)
            rows.append(
                {
                    **identity(answers),
                    "level": level,
                    "n_songs": len(songs),
                    "n": len(frame),
                    "ece": float(measured(sums, _ece)),
                    "ece_expected": float(chance.mean()),
                    "ece_limit": float(np.quantile(chance, LEVEL)),
                    "confidence": confidence,
                    "accuracy": accuracy,
                    "overconfidence": over,
                    "low": float(ends[0]),
                    "high": float(ends[1]),
                    "brier": brier,
                    "brier_low": float(low[3]),
                    "brier_high": float(high[3]),
                }
            )
    return pd.DataFrame(rows, columns=list(CALIBRATION_COLUMNS))


def _parts(frame: pd.DataFrame, answers: Answers, bins: int) -> np.ndarray:
    """Count, confidence, right answers, Brier score, then of each bin surplus of confidence and answers, row by row."""
    confidence, right = frame["probability"].to_numpy(), frame["right"].to_numpy(float)
    true = frame["true"].to_numpy(object)[:, None] == np.array(answers.classes, dtype=object)
    brier = ((frame[answers.columns].to_numpy() - true) ** 2).sum(axis=1)
    brier += ~true.any(axis=1)  # a class that the network lacks, and gives the probability 0
    places = np.eye(bins)[_bin(confidence, bins)]
    surplus = (confidence - right)[:, None] * places
    return np.column_stack([np.ones(len(frame)), confidence, right, brier, surplus, places])


def _scores(sums: np.ndarray) -> np.ndarray:
    """Mean confidence, accuracy, their difference and Brier score [shape=(..., 4)] of summed parts."""
    with np.errstate(invalid="ignore", divide="ignore"):
        confidence, right, brier = np.moveaxis(sums[..., 1:4] / sums[..., :1], -1, 0)
    return np.stack([confidence, right, confidence - right, brier], axis=-1)


def _ece(sums: np.ndarray) -> np.ndarray:
    """ECE of summed parts [shape=(..., parts)]."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.abs(_surplus(sums)).sum(axis=-1) / sums[..., 0]


def _surplus(sums: np.ndarray, centre: np.ndarray | None = None) -> np.ndarray:
    """Surplus of confidence in each bin [shape=(..., bins)] of summed parts; less that of `centre` per answer."""
    surplus, answers = np.split(sums[..., _SURPLUS:], 2, axis=-1)
    if centre is None:
        return surplus
    total, number = np.split(centre[..., _SURPLUS:], 2, axis=-1)
    return surplus - answers * np.divide(total, number, out=np.zeros_like(total), where=number > 0)


def _flipped(sums: np.ndarray, groups: np.ndarray, flips: int, seed: int) -> np.ndarray:
    """ECEs [flips] with the signs of the clusters' centred surpluses drawn at random, averaged over the seeds."""
    total = np.zeros((groups.max() + 1, *sums.shape[1:]))
    np.add.at(total, groups, sums)
    if len(total) < 2:
        return np.full(flips, np.nan)
    generator, blocks = np.random.default_rng(seed), []
    centred = _surplus(total, total.sum(axis=0))
    for start in range(0, flips, _BLOCK):
        signs = generator.choice([-1.0, 1.0], (min(_BLOCK, flips - start), len(total)))
        gaps = np.tensordot(signs, centred, axes=1)  # [flips, seeds, bins]
        blocks.append((np.abs(gaps).sum(axis=-1) / total[..., 0].sum(axis=0)).mean(axis=-1))
    return np.concatenate(blocks)


def verdict(row: pd.Series) -> str:
    """Say what the interval of the over-confidence establishes."""
    if pd.isna(row["low"]):
        return "not known to be over- or under-confident"
    if row["low"] > 0:
        return "over-confident"
    return "under-confident" if row["high"] < 0 else "not established to be over- or under-confident"


def calibration_claim(table: pd.DataFrame, level: str = "song") -> str:
    """Title of the reliability diagram: the main network's confidence under the strictest protocol. Page 05.

    Parameters
    ----------
    table : pd.DataFrame
        As from `calibration`.
    level : str
        ``song`` or ``slice``.
    """
    table = table.loc[table["level"] == level]
    if not len(table):
        return NO_CONFIDENCE
    own = strict_rows(main_rows(table))
    told: dict[str, list[str]] = {}
    for _, row in own.iterrows():
        difference = "no interval" if pd.isna(row["low"]) else bounds(row["low"], row["high"])
        text = f"{row['head']} (confidence {percent(row['confidence'])}, accuracy {percent(row['accuracy'])}; "
        told.setdefault(verdict(row), []).append(f"{text}95{PERCENT} interval of the difference {difference})")
    order = sorted(told, key=lambda what: what.startswith("not"))  # first what is established
    heads = ", and ".join(f"{what} in {listed(told[what])}" for what in order)
    return f"Under {own['protocol'].iloc[0]}, by {level}, {own['network'].iloc[0]} is {heads}"


def calibration_sentence(row: pd.Series) -> str:
    """One row of `calibration` in words. Page 05."""
    sign = "−" if row["overconfidence"] < 0 else ""
    text = (
        f"under `{row['protocol']}`, by {row['level']}, {name_of(row)} answers the {row['head']} with a mean "
        f"confidence of {percent(row['confidence'])} and is right in {percent(row['accuracy'])}, a difference of "
        f"{sign}{points(row['overconfidence'])} {gain_span(row['low'], row['high'])}: it is {verdict(row)}; its "
        f"expected calibration error is {points(row['ece'])}"
    )
    if pd.isna(row["ece_limit"]):
        return text
    chance = "more than chance explains" if row["ece"] > row["ece_limit"] else "no more than chance may bring about"
    return (
        f"{text}, which is {chance} (a calibrated network would be expected to have {points(row['ece_expected'])}, and "
        f"in 95 of 100 cases no more than {points(row['ece_limit'])})"
    )
