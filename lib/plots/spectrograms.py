"""Figures of spectrograms: from a wave to slices, what a convolution makes of one, one song over time."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from scipy.signal import correlate2d

from lib.audio import Spectrogram, mel_centres, mel_filters, to_decibel
from lib.errors import ReportError
from lib.evaluation.answers import Answers
from lib.evaluation.words import percent
from lib.plots.style import GREY, MAP, PERCENT, colour, span
from lib.slices import Slices
from lib.sounds import Sound

KERNELS = {  # bands x frames
    "where sound sets in": np.array([[-1, 0, 1]] * 3),
    "where a tone is held": np.array([[-1] * 5, [2] * 5, [-1] * 5]),
}
_SHADES = 32  # 2.6 dB apart; more cannot be told apart and make a file of noise much larger


def mel_axis(axes: Axes, spectrogram: Spectrogram) -> None:
    """Label the bands of a picture by their centre frequencies."""
    with warnings.catch_warnings():  # librosa brings a downloader, and that a progress bar which misses its widgets
        warnings.filterwarnings("ignore", message="IProgress not found")
        centres = mel_centres(spectrogram)
    shown = [hz for hz in (300, 1000, 3000, 10000) if centres[0] <= hz <= centres[-1]]
    axes.set_yticks(np.interp(shown, centres, np.arange(len(centres))), [f"{hz:,}" for hz in shown])
    axes.set_ylabel("Hz (mel scale)")


def picture(axes: Axes, grey: np.ndarray, spectrogram: Spectrogram, *, start_s: float = 0.0, most=(96, 650)):
    """Draw a grey-scale log-mel picture in dB over seconds.

    Parameters
    ----------
    grey : np.ndarray [shape=(n_mels, frames)]
        0 to 255.
    start_s : float
        Where it begins.
    most : (int, int)
        Bands and columns to draw at most; a picture of noise hardly compresses, and a page may hold many.

    Returns
    -------
    matplotlib AxesImage
    """
    seconds = grey.shape[1] * spectrogram.hop_length / spectrogram.sample_rate
    image = axes.imshow(
        to_decibel(coarse(grey, *most), spectrogram.top_db),
        origin="lower",
        aspect="auto",
        interpolation="none",  # the file holds the pixels as they are
        extent=(start_s, start_s + seconds, -0.5, spectrogram.n_mels - 0.5),
        vmin=-spectrogram.top_db,
        vmax=0,
    )
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
    """Draw every eighth mel filter over frequency. Page 02."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="IProgress not found")
        filters = mel_filters(spectrogram.sample_rate, spectrogram.n_fft, spectrogram.n_mels)
    hertz = np.linspace(0, spectrogram.sample_rate / 2, filters.shape[1])
    figure, axes = plt.subplots(figsize=(8, 2.8))
    for weights in filters[::8]:
        axes.fill_between(hertz[weights > 0], weights[weights > 0], alpha=0.5, linewidth=0.5)
    axes.set(xlabel="Hz", ylabel="weight", xlim=(0, hertz[-1]), ylim=(0, None))
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


def examples_figure(pictures: Mapping[str, np.ndarray], spectrogram: Spectrogram) -> Figure:
    """Draw one slice a class side by side. Page 02.

    Parameters
    ----------
    pictures : mapping of str to np.ndarray [shape=(n_mels, frames), dtype=uint8]
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


def mean_spectrum_figure(means: Mapping[str, np.ndarray], spectrogram: Spectrogram) -> Figure:
    """Draw the mean level of each band by class. Page 02.

    Parameters
    ----------
    means : mapping of str to np.ndarray [shape=(n_mels,)]
        dB below the loudest bin.
    """
    figure, axes = plt.subplots(figsize=(8, 3.4))
    for name, level in means.items():
        axes.plot(level, np.arange(len(level)), color=colour(name), label=name)
    mel_axis(axes, spectrogram)
    axes.set(xlabel="mean dB below the loudest bin")
    axes.legend()
    return figure


def slid(grey: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Slide a kernel over a picture, as a layer of a network does, and set what is negative to 0. Page 03.

    Parameters
    ----------
    grey : np.ndarray [shape=(n_mels, frames)]
    kernel : np.ndarray [shape=(bands, frames)]

    Returns
    -------
    np.ndarray [shape=(n_mels, frames), dtype=float64]
        Beyond its borders the picture counts as zero.
    """
    return np.maximum(correlate2d(grey.astype(float), kernel, mode="same"), 0)


def kernels_figure(pictures: Mapping[str, np.ndarray], spectrogram: Spectrogram) -> Figure:
    """Draw a slice and what kernels make of it, side by side. Page 03.

    Parameters
    ----------
    pictures : mapping of str to np.ndarray [shape=(n_mels, frames)]
    """
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
    """Title of the figure. Page 03."""
    sizes = " and ".join(f"{kernel.shape[0]} × {kernel.shape[1]}" for kernel in KERNELS.values())
    return f"Kernels of {sizes} weights make maps that are bright {' and '.join(KERNELS)}"


def timeline(answers: Answers, track_id: str, slices: Slices, seed: int | None = None) -> Figure:
    """Draw one song: its spectrogram over the probabilities of the classes, slice by slice. Page 05.

    The true class lies at the bottom of the stack, so that its probability can be read off the axis, and the song's
    prediction on top; the bar on the right is the mean over the slices, of which the prediction is made. A gap is a
    slice that was not tested.

    Parameters
    ----------
    answers : Answers
        That tested the song.
    track_id : str
    slices : Slices
        Of the study.
    seed : int, optional
        Of the run; default: the seed that was most confident and wrong, or the first where none was wrong.

    Raises
    ------
    ReportError
        If `answers` do not hold the song, or the slices do not.
    """
    song, own = _song(answers, track_id, seed)
    place, numbers = _places(slices, track_id)
    length, frames = slices.spectrogram.slice_s, slices.shape[2]
    edges = np.arange(place[0], place[-1] + 2) * length
    chances = np.full((len(edges) - 1, len(answers.classes)), np.nan)
    chances[place - place[0]] = own.set_index("slice")[answers.columns].reindex(numbers).to_numpy(float)
    grey = np.zeros((slices.shape[1], len(chances) * frames), dtype=np.uint8)
    for at, one in zip((place - place[0]) * frames, slices.take(numbers), strict=True):
        grey[:, at : at + frames] = one

    figure, grid = plt.subplots(2, 2, figsize=(9, 4.4), width_ratios=(40, 1), height_ratios=(1.5, 1))
    (mel, bar), (stack, mean) = grid
    image = picture(mel, grey, slices.spectrogram, most=(48, 400))
    image.set_extent((edges[0], edges[-1], *image.get_extent()[2:]))  # slices may be shorter than their seconds
    figure.colorbar(image, cax=bar, label="dB")
    mel.tick_params(labelbottom=False)
    true, said = song["true"], song["said"]
    order = sorted(answers.classes, key=lambda name: (name != true, name == said and name != true))
    bottom, below = np.zeros(len(chances)), 0.0
    for name in order:
        height, usual = chances[:, answers.classes.index(name)], float(song[f"{answers.head}:{name}"])
        style = {"color": colour(name), "linewidth": 0}
        stack.stairs(bottom + height, edges, baseline=bottom, fill=True, **style)
        mean.bar(0, usual, bottom=below, width=1, **style)
        bottom, below = bottom + height, below + usual
    for axes in (mel, stack):
        axes.set_xlim(edges[0], edges[-1])
        for border in edges[1:-1]:
            axes.axvline(border, color="white", linewidth=0.6)
    stack.set(xlabel="seconds", ylabel="probability", ylim=(0, 1))
    stack.yaxis.set_major_formatter(PERCENT)
    mean.set(xlim=(-0.5, 0.5), ylim=(0, 1), xticks=[0], xticklabels=["song"], yticks=[])
    about = {true: " (true)"} | {said: " (true and predicted)" if song["right"] else " (predicted)"}
    keys = [Patch(color=colour(name), label=f"{name}{about.get(name, '')}") for name in order]
    figure.legend(handles=keys, loc="outside lower center", ncols=min(5, len(keys)), fontsize=9)
    return figure


def timeline_claim(answers: Answers, track_id: str, seed: int | None = None) -> str:
    """Title of the figure of one song: its label, its prediction, and how many of its slices are correct. Page 05.

    The parameters are those of `timeline`.
    """
    song, own = _song(answers, track_id, seed)
    title, artist = answers.tracks.loc[track_id, ["title", "artist"]]
    named = f"“{title}”" if pd.notna(title) and title else track_id
    named += f" by {artist}" if pd.notna(artist) and artist else ""
    which = f"seed {song['seed']} of " if answers.songs["seed"].nunique() > 1 else ""
    verdict = "correctly" if song["right"] else f"as {song['said']}"
    return (
        f"Under {answers.protocol}, {which}{answers.network} predicts {named}, labelled {song['true']}, {verdict} "
        f"({percent(song['probability'])}); {(own['said'] == song['true']).sum()} of {len(own)} slices are correct"
    )


def figure_name(head: str, track_id: str) -> str:
    """Name under which the figure of one song is saved, ``error-<head>-<track_id>`` in plain letters. Page 05."""
    return re.sub(r"[^a-z0-9_-]+", "-", f"error-{head}-{track_id}".lower()).strip("-")


def heard(slices: Slices, track_id: str, name: str, figure: Figure) -> Sound:
    """Return the sound of a figure that `timeline` drew and that was shown under a name. Page 05."""
    place, _ = _places(slices, track_id)
    length_s = slices.spectrogram.slice_s
    start_s, stop_s = place[0] * length_s, (place[-1] + 1) * length_s
    return Sound(track_id, start_s=start_s, length_s=stop_s - start_s, picture=name, span=span(figure))


def _song(answers: Answers, track_id: str, seed: int | None) -> tuple[pd.Series, pd.DataFrame]:
    """Prediction of one song and of its slices: by the seed, or the most confident wrong one, or the first."""
    rows = answers.songs.loc[answers.songs["track_id"] == track_id].sort_values("seed")
    rows = rows if seed is None else rows.loc[rows["seed"] == seed]
    if not len(rows):
        which = "" if seed is None else f" with seed {seed}"
        raise ReportError(
            f"{answers.network} under {answers.protocol} has no {answers.head} prediction for track {track_id!r}{which}"
            ". Take a song that it tested and whose label is known."
        )
    wrong = rows.loc[~rows["right"].astype(bool)]
    song = wrong.loc[wrong["probability"].idxmax()] if len(wrong) else rows.iloc[0]
    slices = answers.slices
    return song, slices.loc[(slices["track_id"] == track_id) & (slices["seed"] == song["seed"])]


def _places(slices: Slices, track_id: str) -> tuple[np.ndarray, np.ndarray]:
    """Place of each slice of a song, in slices from the start, and its number, in order of time."""
    own = slices.table.loc[(slices.table["track_id"] == track_id).to_numpy(bool)].sort_values("start_s")
    if not len(own):
        raise ReportError(f"The slices hold no track {track_id!r}. Run notebooks/02_spectrogram_slicing.ipynb again.")
    place = np.rint(own["start_s"].to_numpy(float) / slices.spectrogram.slice_s).astype(int)
    return place, own.index.to_numpy()
