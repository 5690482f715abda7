"""Calibrated probabilities: one temperature a head, fitted to validation songs.

Temperature scaling (Guo et al. 2017, Proceedings of Machine Learning Research 70, arXiv 1706.04599) divides a network's
logits by one number; it changes the confidence of a slice's prediction, but never its class.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

BOUNDS = 0.25, 4.0
SPREAD = 0.5  # standard deviation of the logarithm of temperatures that are expected before any song is seen
_TINY = 1e-6


def tempered(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """Divide the logits of probabilities by a temperature: above 1 they become less sure, below 1 surer.

    Parameters
    ----------
    probabilities : np.ndarray [shape=(n, classes)]
    temperature : float > 0

    Returns
    -------
    np.ndarray [shape=(n, classes), dtype=float32]
    """
    logits = np.log(np.maximum(np.asarray(probabilities, dtype=np.float64), _TINY)) / temperature
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32)


def temperature(probabilities: np.ndarray, songs: np.ndarray, labels: np.ndarray) -> float:
    """Find the temperature that maximises the likelihood of the probabilities per song, means over slices.

    A prior keeps it near 1 where there are few songs.

    Parameters
    ----------
    probabilities : np.ndarray [shape=(slices, classes)]
        Of slices that neither trained nor test.
    songs : np.ndarray [shape=(slices,)]
        Track id of each slice.
    labels : np.ndarray [shape=(slices,), dtype=int]
        Number of the true class of each slice's song; -1 = not known.

    Returns
    -------
    float
        Within `BOUNDS`; 1 if no label is known.
    """
    from scipy.optimize import minimize_scalar

    known = labels >= 0
    if not known.any():
        return 1.0
    number, first = pd.factorize(songs[known])[0], pd.Series(songs[known]).drop_duplicates().index
    counts = np.bincount(number)
    true = labels[known][first]

    def cost(logarithm: float) -> float:
        scaled = tempered(probabilities[known], np.exp(logarithm)).astype(np.float64)
        correct = np.bincount(number, scaled[np.arange(len(scaled)), true[number]]) / counts
        return -np.log(np.maximum(correct, _TINY)).sum() + (logarithm / SPREAD) ** 2 / 2

    return float(np.exp(minimize_scalar(cost, bounds=np.log(BOUNDS), method="bounded").x))
