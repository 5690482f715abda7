"""Figures of spectrograms: from a wave to slices, and convolutions of a slice."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from scipy.signal import correlate2d

from lib.features.spectrogram import Spectrogram, mel_centres, mel_filters, to_decibel
from lib.plots.style import GREY, MAP, colour

KERNELS = {  # bands x frames
    "where sound sets in": np.array([[-1, 0, 1]] * 3),
    "where a tone is held": np.array([[-1] * 5, [2] * 5, [-1] * 5]),
}
_SHADES = 32  # 2.6 dB apart; more are indistinguishable and make a file of noise much larger


def mel_axis(axes: Axes, spectrogram: Spectrogram) -> None:
    """Label the bands of a picture by their centre frequencies."""
    centres = mel_centres(spectrogram)
    shown = [hz for hz in (300, 1000, 3000, 10000) if centres[0] <= hz <= centres[-1]]
    axes.set_yticks(np.interp(shown, centres, np.arange(len(centres))), [f"{hz:,}" for hz in shown])
    axes.set_ylabel("Hz (mel scale)")


def picture(axes: Axes, grey: np.ndarray, spectrogram: Spectrogram, *, most=(96, 650)) -> AxesImage:
    """Draw a grey-scale log-mel picture [shape=(n_mels, frames), 0 to 255] in dB over seconds.

    `most` bands and columns are drawn at most: a picture of noise hardly compresses, and a page may hold many.
    """
    seconds = grey.shape[1] * spectrogram.hop_length / spectrogram.sample_rate
    image = axes.imshow(
        to_decibel(coarse(grey, *most), spectrogram.top_db), vmin=-spectrogram.top_db, vmax=0, origin="lower",
        aspect="auto", interpolation="none",  # the file holds the pixels as they are
        extent=(0, seconds, -0.5, spectrogram.n_mels - 0.5),
    )  # fmt: skip
    mel_axis(axes, spectrogram)
    return image


def coarse(grey: np.ndarray, bands: int, columns: int) -> np.ndarray:
    """Means of blocks of a grey-scale picture [shape=(n_mels, frames)], at most so many, in 32 shades."""
    small = _means(_means(grey.astype(float), bands).T, columns).T
    return np.round(small * ((_SHADES - 1) / 255)) * (255 / (_SHADES - 1))


def _means(values: np.ndarray, rows: int) -> np.ndarray:
    edges = np.linspace(0, len(values), min(rows, len(values)) + 1).astype(int)
    return np.add.reduceat(values, edges[:-1], axis=0) / np.diff(edges)[:, None]


def filters_figure(spectrogram: Spectrogram) -> Figure:
    """Draw every eighth mel filter over frequency."""
    filters = mel_filters(spectrogram.sample_rate, spectrogram.n_fft, spectrogram.n_mels)
    hertz = np.linspace(0, spectrogram.sample_rate / 2, filters.shape[1])
    figure, axes = plt.subplots(figsize=(8, 2.8))
    for weights in filters[::8]:
        axes.fill_between(hertz[weights > 0], weights[weights > 0], alpha=0.5, linewidth=0.5)
    axes.set(xlabel="Hz", ylabel="weight", xlim=(0, hertz[-1]), ylim=(0, None))
    return figure


def song_figure(y: np.ndarray, grey: np.ndarray, spectrogram: Spectrogram) -> Figure:
    """Draw the wave `y` of an excerpt over its log-mel picture `grey`, with the borders of the slices."""
    figure, (wave, mel) = plt.subplots(2, sharex=True, figsize=(9, 4.6), height_ratios=(1, 2.5))
    block = max(1, len(y) // 2000)  # the wave's envelope: more points than pixels would only weigh
    parts = y[: len(y) // block * block].reshape(-1, block)
    seconds = np.arange(len(parts)) * block / spectrogram.sample_rate
    wave.fill_between(seconds, parts.min(axis=1), parts.max(axis=1), color=GREY, linewidth=0)
    wave.set(ylabel="amplitude")
    image = picture(mel, grey, spectrogram)
    for border in np.arange(1, spectrogram.slices_per_excerpt) * spectrogram.slice_s:
        mel.axvline(border, color="white", linewidth=0.8, linestyle=":")
    mel.set(xlabel="seconds", xlim=(0, len(y) / spectrogram.sample_rate))
    figure.colorbar(image, ax=mel, label="dB below the loudest bin", pad=0.01)
    return figure


def examples_figure(pictures: Mapping[str, np.ndarray], spectrogram: Spectrogram) -> Figure:
    """Draw one slice a class side by side, each a picture of grey [shape=(n_mels, frames), dtype=uint8]."""
    columns = 2 if len(pictures) in (2, 4) else 3
    rows = -(-len(pictures) // columns)
    figure, grid = plt.subplots(rows, columns, sharex=True, sharey=True, squeeze=False, figsize=(9, 2.6 * rows))
    for axes in grid.flat[len(pictures) :]:
        axes.set_visible(False)
    for axes, (name, grey) in zip(grid.flat, pictures.items(), strict=False):
        picture(axes, grey, spectrogram)
        axes.set_title(name, color=colour(name), fontweight="bold")
        axes.label_outer()
    for axes in grid[-1]:
        axes.set_xlabel("seconds")
    return figure


def mean_spectrum_figure(means: Mapping[str, np.ndarray], spectrogram: Spectrogram) -> Figure:
    """Draw the mean level [shape=(n_mels,)] of each band by class, in dB below the loudest bin."""
    figure, axes = plt.subplots(figsize=(8, 3.4))
    for name, level in means.items():
        axes.plot(level, np.arange(len(level)), color=colour(name), label=name)
    mel_axis(axes, spectrogram)
    axes.set(xlabel="mean dB below the loudest bin")
    axes.legend()
    return figure


def slid(grey: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Slide a kernel [shape=(bands, frames)] over a picture, as a layer of a network does; what is negative becomes 0.

    Beyond its borders the picture [shape=(n_mels, frames)], which keeps its shape, counts as zero.
    """
    return np.maximum(correlate2d(grey.astype(float), kernel, mode="same"), 0)


def kernels_figure(pictures: Mapping[str, np.ndarray], spectrogram: Spectrogram) -> Figure:
    """Draw a slice and its convolutions [shape=(n_mels, frames)] side by side."""
    figure, panels = plt.subplots(1, len(pictures), figsize=(3.1 * len(pictures), 3), sharey=True, squeeze=False)
    for axes, (name, values) in zip(panels[0], pictures.items(), strict=True):
        seconds = values.shape[1] * spectrogram.hop_length / spectrogram.sample_rate
        axes.imshow(
            values, cmap=MAP, origin="lower", aspect="auto", interpolation="none", vmin=0,
            vmax=np.quantile(values, 0.995) or 1, extent=(0, seconds, -0.5, values.shape[0] - 0.5),
        )  # fmt: skip
        axes.set(title=name, xlabel="seconds")
    mel_axis(panels[0][0], spectrogram)
    return figure


def kernels_claim() -> str:
    """Title of the figure."""
    sizes = " and ".join(f"{kernel.shape[0]} × {kernel.shape[1]}" for kernel in KERNELS.values())
    return f"Kernels of {sizes} weights make maps that are bright {' and '.join(KERNELS)}"
