"""What a song's slices sound like in a few numbers, without any learning."""

from __future__ import annotations

import numpy as np

# SciPy is imported where songs are heard: training a network does without it.

COEFFICIENTS = 20  # of the classic statistics
TEXTURE_COEFFICIENTS, TEXTURE_CORRELATED = 40, 20  # as in lib/zoo/texture.py


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


def song_texture(pictures: np.ndarray) -> np.ndarray:
    """Texture of a song's slices: what it is on average, and how far it ranges from slice to slice.

    A slice's texture is the mean, the standard deviation, that of the change from frame to frame, the
    maximum and the minimum of each of 40 cepstral coefficients, and the correlations of the first 20
    (McDermott & Simoncelli 2011, doi 10.1016/j.neuron.2011.06.032, with cepstra for their bands).

    Parameters
    ----------
    pictures : np.ndarray [shape=(n, n_mels, frames), dtype=uint8]
        Grey-scale log-mel of slices.

    Returns
    -------
    np.ndarray [shape=(780,), dtype=float64]
        Mean over the slices, then standard deviation; of fewer coefficients where there are fewer mel bands.
    """
    from scipy.fft import dct

    cepstra = dct(pictures.astype("float64") / 255, type=2, norm="ortho", axis=1)[:, :TEXTURE_COEFFICIENTS]
    mean, deviation = cepstra.mean(axis=2), cepstra.std(axis=2)
    some = slice(None, TEXTURE_CORRELATED)
    even = (cepstra - mean[..., None])[:, some] / np.maximum(deviation, 1e-3)[:, some, None]
    correlations = even @ even.transpose(0, 2, 1) / cepstra.shape[2]
    above = np.triu_indices(correlations.shape[1], 1)
    of_slices = np.hstack(
        [
            mean, deviation, np.diff(cepstra, axis=2).std(axis=2), cepstra.max(axis=2), cepstra.min(axis=2),
            correlations[:, above[0], above[1]],
        ]
    )  # fmt: skip
    return np.concatenate([of_slices.mean(axis=0), of_slices.std(axis=0)])
