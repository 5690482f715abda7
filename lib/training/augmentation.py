"""Random changes of the slices on their way into training: other starts, levels, gaps and mixtures."""

from __future__ import annotations

import numpy as np

from lib.features.slices import Slices
from lib.training.recipes import Settings

MASK_BANDS, MASK_FRAMES = 1 / 6, 1 / 5  # widest masked share of a slice's bands and frames


def neighbours(slices: Slices, usable: np.ndarray) -> np.ndarray:
    """Find the slice that follows each slice in its song; itself where there is none to use.

    Parameters
    ----------
    slices : Slices
    usable : np.ndarray [shape=(len(slices),), dtype=bool]
        Slices that may be looked at, those of the training part: under ``random`` a song's next slice may be
        one of the test.

    Returns
    -------
    np.ndarray [shape=(len(slices),), dtype=int]
    """
    numbers = np.arange(len(slices))
    tracks, start = slices.table["track_id"].to_numpy(), slices.table["start_s"].to_numpy()
    follows = np.zeros(len(slices), dtype=bool)
    follows[:-1] = (tracks[:-1] == tracks[1:]) & (start[:-1] < start[1:]) & usable[:-1] & usable[1:]
    return numbers + follows


def augment(
    slices: Slices, picked: np.ndarray, following: np.ndarray, settings: Settings, rng: np.random.Generator
) -> np.ndarray:
    """Slices as training sees them this time, but for mixing.

    Parameters
    ----------
    slices : Slices
    picked : np.ndarray [shape=(n,), dtype=int]
    following : np.ndarray [shape=(len(slices),), dtype=int]
        As `neighbours` returns them.
    settings : Settings
    rng : np.random.Generator

    Returns
    -------
    np.ndarray [shape=(n, n_mels, frames), dtype=uint8]
    """
    x = slices.take(picked)
    if settings.crop:
        x = _crop(x, slices.take(following[picked]), picked != following[picked], rng)
    if settings.gain_db:
        x = _gain(x, settings.gain_db * 255 / slices.spectrogram.top_db, rng)
    for _ in range(settings.masks):
        _mask(x, rng)
    return x


def _crop(x: np.ndarray, after: np.ndarray, possible: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    frames = x.shape[2]
    start = rng.integers(0, frames, len(x)) * possible
    both = np.concatenate([x, after], axis=2)
    return np.stack([pair[:, at : at + frames] for pair, at in zip(both, start, strict=True)])


def _gain(x: np.ndarray, grey: float, rng: np.random.Generator) -> np.ndarray:
    """Shift what is not silent by up to `grey` grey levels; a log-mel picture's level is its brightness."""
    shift = np.round(rng.uniform(-grey, grey, (len(x), 1, 1))).astype(np.int16)
    return np.where(x > 0, np.clip(x + shift, 0, 255), 0).astype(np.uint8)


def _mask(x: np.ndarray, rng: np.random.Generator) -> None:
    """Silence a block of bands and a block of frames of each slice, in place."""
    _, bands, frames = x.shape
    for one in x:
        for axis, size, share in ((0, bands, MASK_BANDS), (1, frames, MASK_FRAMES)):
            width = rng.integers(0, int(size * share) + 1)
            at = rng.integers(0, size - width + 1)
            one[(slice(None),) * axis + (slice(at, at + width),)] = 0


def mix(
    x: np.ndarray,
    targets: dict[str, np.ndarray],
    weights: dict[str, np.ndarray],
    alpha: float,
    rng: np.random.Generator,
) -> tuple[np.ndarray, dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Mix each slice with another of its batch, and their labels alike (mixup, Zhang et al. 2018).

    Parameters
    ----------
    x : np.ndarray [shape=(n, n_mels, frames), dtype=uint8]
    targets : dict of str to np.ndarray [shape=(n, width), dtype=float32]
        One-hot classes or standardised numbers.
    weights : dict of str to np.ndarray [shape=(n,), dtype=float32]
        0 where the label is missing: the mixture's label is then the other's alone, with its share as weight.
    alpha : float > 0
    rng : np.random.Generator

    Returns
    -------
    x, targets, weights
        As given, mixed.
    """
    other = rng.permutation(len(x))
    share = rng.beta(alpha, alpha, len(x)).astype(np.float32)
    share = np.maximum(share, 1 - share)  # the first stays the greater, so that it keeps its place
    wide = share[:, None, None]
    mixed = np.rint(x * wide + x[other] * (1 - wide)).astype(np.uint8)
    labels, total = {}, {}
    for head, values in targets.items():
        first, second = share * weights[head], (1 - share) * weights[head][other]
        total[head] = first + second
        both = values * first[:, None] + values[other] * second[:, None]
        labels[head] = both / np.maximum(total[head], 1e-9)[:, None]
    return mixed, labels, total
