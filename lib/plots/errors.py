"""Figures of single errors: one song over time, how many networks name a song right, artists against chance."""

from __future__ import annotations

import re

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from lib.audio import Spectrogram, to_decibel
from lib.errors import ReportError
from lib.evaluation.answers import Answers
from lib.evaluation.artists import Artists
from lib.evaluation.words import percent
from lib.plots import BLUE, GREY, VERMILION, colour, span
from lib.plots.marks import PERCENT
from lib.plots.slices import mel_axis
from lib.rich_output import Sound
from lib.slices import Slices

# A picture of noise hardly compresses, and a page holds many: bands, columns and shades that show a song in 30 kB.
_BANDS, _COLUMNS, _SHADES = 48, 400, 20
MOST = 20  # artists in one figure
_PALE = "#d9d9d9"


def timeline(answers: Answers, track_id: str, slices: Slices, seed: int | None = None) -> Figure:
    """Draw one song: its spectrogram over the probabilities of the classes, slice by slice. Page 05.

    The true class lies at the bottom of the stack, so that its probability can be read off the axis, and the song's
    answer on top; the bar on the right is the mean over the slices, of which the answer is made. A gap is a slice
    that was not tested.

    Parameters
    ----------
    answers : Answers
        That tested the song.
    track_id : str
    slices : Slices
        Of the study.
    seed : int, optional
        Of the run; default: the seed that was surest and wrong, or the first where none was wrong.

    Raises
    ------
    ReportError
        If `answers` do not hold the song, or the slices do not.
    """
    song = _song(answers, track_id, seed)
    place, numbers = _places(slices, track_id)
    length = slices.spectrogram.slice_s
    edges = np.arange(place[-1] - place[0] + 2) * length + place[0] * length
    own = answers.slices.loc[(answers.slices["track_id"] == track_id) & (answers.slices["seed"] == song["seed"])]
    chances = np.full((len(edges) - 1, len(answers.classes)), np.nan)
    known = own.set_index("slice")[answers.columns].reindex(numbers).to_numpy(float)
    chances[place - place[0]] = known

    figure, grid = plt.subplots(2, 2, figsize=(9, 4.4), width_ratios=(40, 1), height_ratios=(1.5, 1))
    (mel, scale), (stack, mean) = grid
    grey = np.zeros((slices.shape[1], (len(edges) - 1) * slices.shape[2]), dtype=np.uint8)
    for at, one in zip(place - place[0], slices.take(numbers), strict=True):
        grey[:, at * slices.shape[2] : (at + 1) * slices.shape[2]] = one
    image = _picture(mel, grey, slices.spectrogram, (edges[0], edges[-1]))
    figure.colorbar(image, cax=scale, label="dB")
    mel.tick_params(labelbottom=False)

    order = _stacked(answers.classes, song["true"], song["said"])
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
    about = {song["true"]: " (true)"} | {song["said"]: " (true and answer)" if song["right"] else " (answer)"}
    keys = [Patch(color=colour(name), label=f"{name}{about.get(name, '')}") for name in order]
    figure.legend(handles=keys, loc="outside lower center", ncols=min(5, len(keys)), fontsize=9)
    return figure


def timeline_claim(answers: Answers, track_id: str, seed: int | None = None) -> str:
    """Title of the figure of one song: what it is, what it was taken for, and how many of its slices were. Page 05.

    The parameters are those of `timeline`.
    """
    song = _song(answers, track_id, seed)
    facts = answers.tracks.loc[track_id]
    title = f"“{facts['title']}”" if pd.notna(facts["title"]) and facts["title"] else track_id
    by = f" by {facts['artist']}" if pd.notna(facts["artist"]) and facts["artist"] else ""
    own = answers.slices.loc[(answers.slices["track_id"] == track_id) & (answers.slices["seed"] == song["seed"])]
    right = int((own["said"] == song["true"]).sum())
    which = f"seed {song['seed']} of " if answers.songs["seed"].nunique() > 1 else ""
    verdict = f"names {title}{by}, labelled {song['true']}, right" if song["right"] else (
        f"takes {title}{by}, labelled {song['true']}, for {song['said']}"
    )  # fmt: skip
    return (
        f"Under {answers.protocol}, {which}{answers.network} {verdict} ({percent(song['probability'])}); "
        f"{right} of {len(own)} slices are named right"
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


def _song(answers: Answers, track_id: str, seed: int | None) -> pd.Series:
    """Answer about one song: that of the seed, or the surest wrong one, or the first."""
    rows = answers.songs.loc[answers.songs["track_id"] == track_id].sort_values("seed")
    rows = rows if seed is None else rows.loc[rows["seed"] == seed]
    if not len(rows):
        which = "" if seed is None else f" with seed {seed}"
        raise ReportError(
            f"{answers.network} under {answers.protocol} has no {answers.head} answer for track {track_id!r}{which}. "
            "Take a song that it tested and whose label is known."
        )
    wrong = rows.loc[~rows["right"].astype(bool)]
    return wrong.loc[wrong["probability"].idxmax()] if len(wrong) else rows.iloc[0]


def _places(slices: Slices, track_id: str) -> tuple[np.ndarray, np.ndarray]:
    """Place of each slice of a song, in slices from the start, and its number, in order of time."""
    own = slices.table.loc[(slices.table["track_id"] == track_id).to_numpy(bool)].sort_values("start_s")
    if not len(own):
        raise ReportError(f"The slices hold no track {track_id!r}. Run notebooks/02_spectrogram_slicing.ipynb again.")
    place = np.rint(own["start_s"].to_numpy(float) / slices.spectrogram.slice_s).astype(int)
    return place, own.index.to_numpy()


def _stacked(classes: tuple[str, ...], true: str, said: str) -> list[str]:
    """Classes from the bottom of the stack to its top: the true one first, the answer last."""
    return sorted(classes, key=lambda name: (name != true, name == said and name != true))


def _picture(axes: Axes, grey: np.ndarray, spectrogram: Spectrogram, seconds: tuple[float, float]):
    """Draw a grey-scale log-mel picture [shape=(n_mels, frames)], coarse enough for a page that holds many."""
    image = axes.imshow(
        to_decibel(coarse(grey, _BANDS, _COLUMNS), spectrogram.top_db),
        origin="lower",
        aspect="auto",
        interpolation="none",  # the file holds the pixels as they are
        extent=(*seconds, -0.5, spectrogram.n_mels - 0.5),
        vmin=-spectrogram.top_db,
        vmax=0,
    )
    mel_axis(axes, spectrogram, ticks=(300, 1000, 3000, 10000))
    return image


def coarse(grey: np.ndarray, bands: int, columns: int) -> np.ndarray:
    """Means of blocks of a grey-scale picture [shape=(n_mels, frames)], at most so many, in `_SHADES` shades."""
    small = _means(_means(grey.astype(float), bands).T, columns).T
    return np.round(small * ((_SHADES - 1) / 255)) * (255 / (_SHADES - 1))


def _means(values: np.ndarray, rows: int) -> np.ndarray:
    edges = np.linspace(0, len(values), min(rows, len(values)) + 1).astype(int)
    return np.add.reduceat(values, edges[:-1], axis=0) / np.diff(edges)[:, None]


def hard_figure(table: pd.DataFrame) -> Figure:
    """Draw how many songs 0, 1, ... networks name right, against networks that err independently. Page 05.

    Parameters
    ----------
    table : pd.DataFrame
        As from `lib.evaluation.agreement`, of a network or more.
    """
    figure, axes = plt.subplots(figsize=(max(4.5, 0.75 * len(table) + 2), 3.4))
    shades = [VERMILION, *[_PALE] * (len(table) - 2), BLUE]
    axes.bar(table["right"], table["songs"], color=shades, width=0.75)
    error = np.clip([table["expected"] - table["low"], table["high"] - table["expected"]], 0, None)
    label = "expected of independent errors, 95 % of permutations"
    axes.errorbar(
        table["right"], table["expected"], yerr=error, color="black", marker="D", markersize=5, linestyle="",
        capsize=4, label=label,
    )  # fmt: skip
    above = np.maximum(table["songs"], table["high"])  # of bar and interval, so that no mark covers the number
    for x, y, songs in zip(table["right"], above, table["songs"], strict=True):
        axes.annotate(str(songs), (x, y), xytext=(0, 3), textcoords="offset points", ha="center", fontsize=9)
    axes.set(xlabel="networks that name the song right", ylabel="songs", xticks=table["right"])
    axes.margins(y=0.12)
    figure.legend(loc="outside lower center", fontsize=9)
    return figure


def artists_figure(found: Artists) -> Figure:
    """Draw the share of right answers of each artist beside what chance would give; hard ones stand out. Page 05.

    Parameters
    ----------
    found : Artists
        As from `lib.evaluation.hard_artists`; of more than `MOST` artists the first are drawn. Its table is not
        empty.
    """
    table = found.table.head(MOST)
    figure, axes = plt.subplots(figsize=(7.5, 0.28 * len(table) + 1.6))
    y = np.arange(len(table))
    axes.hlines(y, table["low"], table["high"], color=_PALE, linewidth=7, label="95 % of permutations")
    axes.plot(table["expected"], y, marker="|", markersize=11, color=GREY, linestyle="", label="expected")
    for sure, shade, label in ((True, VERMILION, "hard"), (False, BLUE, "not established to be hard")):
        own = table["hard"].to_numpy(bool) == sure
        if own.any():
            axes.scatter(table["right"][own], y[own], color=shade, zorder=3, label=label)
    names = table["artist"].where(table["artist"] != "", table["artist_group"])
    ticks = [f"{_short(name)} ({n})" for name, n in zip(names, table["songs"], strict=True)]
    axes.set_yticks(y, ticks, fontsize=9)
    axes.set_ylim(len(table) - 0.5, -0.5)
    axes.set_xlim(-0.02, 1.02)
    axes.xaxis.set_major_formatter(PERCENT)
    axes.set_xlabel("right answers, mean over songs and networks")
    if len(table) < found.asked:
        axes.set_title(f"the {len(table)} of {found.asked} artists with the lowest p", fontsize=10)
    axes.grid(axis="x", color="#e5e5e5", linewidth=0.8)
    figure.legend(loc="outside lower center", ncols=4, fontsize=9, handletextpad=0.4)
    return figure


def _short(name: str) -> str:
    return name if len(name) <= 32 else f"{name[:31]}…"
