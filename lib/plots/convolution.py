"""What a convolution makes of a slice: two kernels that need no training."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from scipy.signal import correlate2d

from lib.audio import Spectrogram
from lib.plots import MAP
from lib.plots.slices import mel_axis

KERNELS = {  # bands x frames
    "where sound sets in": np.array([[-1, 0, 1]] * 3),
    "where a tone is held": np.array([[-1] * 5, [2] * 5, [-1] * 5]),
}


def slid(grey: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Slide a kernel over a picture, as a layer of a network does, and set what is negative to 0. Page 03.

    Parameters
    ----------
    grey : np.ndarray [shape=(n_mels, frames)]
    kernel : np.ndarray [shape=(bands, frames)]

    Returns
    -------
    np.ndarray [shape=(n_mels, frames), dtype=float64]
        The borders see zeros beyond the picture.
    """
    return np.maximum(correlate2d(grey.astype(float), kernel, mode="same"), 0)


def maps(pictures: Mapping[str, np.ndarray], spectrogram: Spectrogram) -> Figure:
    """Draw a slice and what kernels make of it, side by side. Page 03.

    Parameters
    ----------
    pictures : Mapping of str to np.ndarray [shape=(n_mels, frames)]
    """
    figure, panels = plt.subplots(1, len(pictures), figsize=(3.1 * len(pictures), 3), sharey=True, squeeze=False)
    for axes, (name, picture) in zip(panels[0], pictures.items(), strict=True):
        seconds = picture.shape[1] * spectrogram.hop_length / spectrogram.sample_rate
        axes.imshow(
            picture, cmap=MAP, origin="lower", aspect="auto", interpolation="none", vmin=0,
            vmax=np.quantile(picture, 0.995) or 1, extent=(0, seconds, -0.5, picture.shape[0] - 0.5),
        )  # fmt: skip
        axes.set(title=name, xlabel="seconds")
    mel_axis(panels[0][0], spectrogram)
    for axes in panels[0][1:]:
        axes.set_ylabel("")
    return figure


def claim() -> str:
    """Title of the figure. Page 03."""
    sizes = " and ".join(f"{kernel.shape[0]} × {kernel.shape[1]}" for kernel in KERNELS.values())
    return f"Kernels of {sizes} weights make maps that are bright {' and '.join(KERNELS)}"
