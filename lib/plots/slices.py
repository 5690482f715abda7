"""Figures of notebook 02: from a wave to slices."""

import warnings

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from lib.audio import Spectrogram, mel_centres, mel_filters, to_decibel
from lib.plots import GREY, colour

_SHADES = 32  # 2.6 dB apart; more cannot be told apart and make a file of noise much larger


def mel_axis(axes, spectrogram: Spectrogram, ticks=(100, 300, 1000, 3000, 10000)) -> None:
    """Label the bands of a picture by their centre frequencies."""
    with warnings.catch_warnings():
        # librosa loads its parts when they are first used; one looks for progress bars that are not used here.
        warnings.filterwarnings("ignore", message="IProgress not found")
        centres = mel_centres(spectrogram)
    shown = [hz for hz in ticks if centres[0] <= hz <= centres[-1]]
    axes.set_yticks(
        [float(np.interp(hz, centres, np.arange(len(centres)))) for hz in shown], [f"{hz:,}" for hz in shown]
    )
    axes.set_ylabel("Hz (mel scale)")


def picture(axes, grey: np.ndarray, spectrogram: Spectrogram, *, start_s: float = 0.0):
    """Draw a grey-scale log-mel picture [shape=(n_mels, frames)] in dB over seconds."""
    seconds = grey.shape[1] * spectrogram.hop_length / spectrogram.sample_rate
    shades = np.round(grey * ((_SHADES - 1) / 255)) * (255 / (_SHADES - 1))
    image = axes.imshow(
        to_decibel(shades, spectrogram.top_db),
        origin="lower",
        aspect="auto",
        interpolation="nearest",
        extent=(start_s, start_s + seconds, -0.5, grey.shape[0] - 0.5),
        vmin=-spectrogram.top_db,
        vmax=0,
        rasterized=True,
    )
    mel_axis(axes, spectrogram)
    return image


def filters_figure(spectrogram: Spectrogram) -> Figure:
    """Draw every eighth mel filter over frequency. Page 02."""
    with warnings.catch_warnings():  # librosa brings a downloader, and that a progress bar which misses its widgets
        warnings.filterwarnings("ignore", message="IProgress not found")
        filters = mel_filters(spectrogram.sample_rate, spectrogram.n_fft, spectrogram.n_mels)
    hertz = np.linspace(0, spectrogram.sample_rate / 2, filters.shape[1])
    figure, axes = plt.subplots(figsize=(8, 2.8))
    for number in range(0, len(filters), 8):
        on = np.flatnonzero(filters[number])
        axes.fill_between(hertz[on], filters[number][on], alpha=0.5, linewidth=0.5)
    axes.set(xlabel="Hz", ylabel="weight", xlim=(0, spectrogram.sample_rate / 2), ylim=(0, None))
    return figure


def song_figure(y: np.ndarray, grey: np.ndarray, spectrogram: Spectrogram) -> Figure:
    """Draw the wave of an excerpt over its log-mel picture, with the borders of the slices. Page 02.

    Parameters
    ----------
    y : np.ndarray [shape=(n,)]
    grey : np.ndarray [shape=(n_mels, frames), dtype=uint8]
    """
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


def examples_figure(pictures: dict[str, np.ndarray], spectrogram: Spectrogram) -> Figure:
    """Draw one slice a class side by side. Page 02.

    Parameters
    ----------
    pictures : dict of str to np.ndarray [shape=(n_mels, frames), dtype=uint8]
    """
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


def mean_spectrum_figure(means: dict[str, np.ndarray], spectrogram: Spectrogram) -> Figure:
    """Draw the mean level of each band by class. Page 02.

    Parameters
    ----------
    means : dict of str to np.ndarray [shape=(n_mels,)]
        dB below the loudest bin.
    """
    figure, axes = plt.subplots(figsize=(8, 3.4))
    for name, level in means.items():
        axes.plot(level, np.arange(len(level)), color=colour(name), label=name)
    mel_axis(axes, spectrogram)
    axes.set(xlabel="mean dB below the loudest bin")
    axes.legend()
    return figure
