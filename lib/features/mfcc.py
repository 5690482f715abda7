"""What a song's slices sound like in a few numbers, without any learning."""

from __future__ import annotations

import numpy as np

# SciPy is imported where it is used: training a network does without it.

COEFFICIENTS = 20  # of the classic statistics
PROFILE_COEFFICIENTS = 40
SHORTEST_LAG, LAG_STEP = 8, 4  # frames


def song_statistics(pictures: np.ndarray) -> np.ndarray:
    """Statistics of the MFCCs of a song: what they are on average, how far they range, how fast they change.

    The coefficients are the first 20 of the orthonormal DCT-II of each frame's log-mel, in units of the
    grey scale's range.

    Parameters
    ----------
    pictures : np.ndarray [shape=(n, n_mels, frames), dtype=uint8]
        Grey-scale log-mel of slices.

    Returns
    -------
    np.ndarray [shape=(60,), dtype=float64]
        Mean and standard deviation over all frames, and standard deviation of the differences of
        neighbouring frames of a slice; of fewer coefficients where there are fewer mel bands.
    """
    from scipy.fft import dct

    cepstra = dct(pictures.astype("float64") / 255, type=2, norm="ortho", axis=1)[:, :COEFFICIENTS]
    changes = np.diff(cepstra, axis=2)
    return np.concatenate([cepstra.mean(axis=(0, 2)), cepstra.std(axis=(0, 2)), changes.std(axis=(0, 2))])


def song_profile(pictures: np.ndarray) -> np.ndarray:
    """Describe a song at length: its texture, how far that ranges from slice to slice, and its rhythm.

    A slice's texture is the mean, the standard deviation, that of the change from frame to frame, and the
    10th and 90th percentile of each of 40 cepstral coefficients (after Tzanetakis & Cook 2002,
    doi 10.1109/TSA.2002.800560). Rhythm is read off the onset strength, the mean rise of the log-mel from
    frame to frame, in low, middle, high and all bands: its autocorrelation within a slice (Dixon et al. 2003,
    ISMIR), the strongest lag, its mean and its standard deviation.

    Parameters
    ----------
    pictures : np.ndarray [shape=(n, n_mels, frames), dtype=uint8]
        Grey-scale log-mel of slices.

    Returns
    -------
    np.ndarray [dtype=float64]
        Textures' mean over the slices and standard deviation, 5 values a coefficient each; then for each of the
        four groups of bands the autocorrelation in steps of 4 frames, its greatest value and that one's lag, and
        the mean and the standard deviation of the onset strength.
    """
    from scipy.fft import dct

    grey = pictures.astype("float64") / 255
    cepstra = dct(grey, type=2, norm="ortho", axis=1)[:, :PROFILE_COEFFICIENTS]
    low, high = np.percentile(cepstra, (10, 90), axis=2)
    textures = [cepstra.mean(axis=2), cepstra.std(axis=2), np.diff(cepstra, axis=2).std(axis=2), low, high]
    textures = np.hstack(textures)
    return np.concatenate([textures.mean(axis=0), textures.std(axis=0), _rhythm(grey)])


def _rhythm(grey: np.ndarray) -> np.ndarray:
    rise = np.maximum(np.diff(grey, axis=2), 0)
    bands, frames = rise.shape[1:]
    groups = (slice(0, bands // 6), slice(bands // 6, bands // 2), slice(bands // 2, bands), slice(0, bands))
    onsets = np.stack([rise[:, group].mean(axis=1) for group in groups], axis=1)  # [slice, group, frame]
    level = [onsets.mean(axis=(0, 2)), onsets.std(axis=(0, 2))]
    steps = (frames * 4 // 5 - SHORTEST_LAG) // LAG_STEP
    if steps < 1:  # too short a slice for any beat
        return np.concatenate(level)
    even = onsets - onsets.mean(axis=2, keepdims=True)
    power = np.abs(np.fft.rfft(even, 2 * frames, axis=2)) ** 2
    autocorrelation = np.fft.irfft(power, axis=2).mean(axis=0)
    lags = autocorrelation[:, SHORTEST_LAG : SHORTEST_LAG + steps * LAG_STEP] / (autocorrelation[:, :1] + 1e-9)
    by_step = lags.reshape(len(groups), steps, LAG_STEP).max(axis=2)
    strongest = lags.argmax(axis=1) / lags.shape[1]
    return np.concatenate([by_step.ravel(), lags.max(axis=1), strongest, *level])
