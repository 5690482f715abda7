"""Figure of one song over time: its spectrogram over the probabilities that a network gives its classes."""

import re

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from lib.errors import ReportError
from lib.evaluation.predictions import Predictions
from lib.features.slices import Slices
from lib.narrative.format import percent
from lib.plots.spectrograms import picture
from lib.plots.style import PERCENT, colour, span
from lib.rich_output import Sound


def timeline(predictions: Predictions, track_id: str, slices: Slices, seed: int | None = None) -> Figure:
    """Draw one song: its spectrogram over the probabilities of the classes, slice per slice.

    The true class lies at the bottom of the stack, so that its probability can be read off the axis, and the song's
    prediction on top; the bar on the right is the mean over the slices, of which the prediction is made. A gap is a
    slice that was not tested.

    Parameters
    ----------
    predictions : Predictions
        Hold the song.
    track_id : str
    slices : Slices
        Of the study.
    seed : int, optional
        Of the run; default: the seed that was most confident and wrong, or the first where none was wrong.

    Raises
    ------
    ReportError
        If `predictions` or `slices` do not hold the song.
    """
    song, own = _song(predictions, track_id, seed)
    place, numbers = _places(slices, track_id)
    length, frames = slices.spectrogram.slice_s, slices.shape[2]
    edges = np.arange(place[0], place[-1] + 2) * length
    chances = np.full((len(edges) - 1, len(predictions.classes)), np.nan)
    chances[place - place[0]] = own.set_index("slice")[predictions.columns].reindex(numbers).to_numpy(float)
    grey = np.zeros((slices.shape[1], len(chances) * frames), dtype=np.uint8)
    for at, one in zip((place - place[0]) * frames, slices.take(numbers), strict=True):
        grey[:, at : at + frames] = one

    figure, grid = plt.subplots(2, 2, figsize=(9, 4.4), width_ratios=(40, 1), height_ratios=(1.5, 1))
    (mel, bar), (stack, mean) = grid
    image = picture(mel, grey, slices.spectrogram, most=(48, 400))
    image.set_extent((edges[0], edges[-1], *image.get_extent()[2:]))  # slices may be shorter than their seconds
    figure.colorbar(image, cax=bar, label="dB")
    mel.tick_params(labelbottom=False)
    true, predicted = song["true"], song["predicted"]
    order = sorted(predictions.classes, key=lambda name: (name != true, name == predicted and name != true))
    bottom, below = np.zeros(len(chances)), 0.0
    for name in order:
        height, usual = chances[:, predictions.classes.index(name)], float(song[f"{predictions.head}:{name}"])
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
    about = {true: " (true)"} | {predicted: " (true and predicted)" if song["correct"] else " (predicted)"}
    keys = [Patch(color=colour(name), label=f"{name}{about.get(name, '')}") for name in order]
    figure.legend(handles=keys, loc="outside lower center", ncols=min(5, len(keys)), fontsize=9)
    return figure


def timeline_claim(predictions: Predictions, track_id: str, seed: int | None = None) -> str:
    """Title of the figure of one song: its label, its prediction, and how many of its slices are correct."""
    song, own = _song(predictions, track_id, seed)
    title, artist = predictions.tracks.loc[track_id, ["title", "artist"]]
    named = f"“{title}”" if pd.notna(title) and title else track_id
    named += f" by {artist}" if pd.notna(artist) and artist else ""
    which = f"seed {song['seed']} of " if predictions.songs["seed"].nunique() > 1 else ""
    verdict = "correctly" if song["correct"] else f"as {song['predicted']}"
    return (
        f"Under {predictions.split}, {which}{predictions.network} predicts {named}, labelled {song['true']}, {verdict} "
        f"({percent(song['probability'])}); {(own['predicted'] == song['true']).sum()} of {len(own)} slices are correct"
    )


def figure_name(head: str, track_id: str) -> str:
    """Name under which the figure of one song is saved, ``error-<head>-<track_id>`` in plain letters."""
    return re.sub(r"[^a-z0-9_-]+", "-", f"error-{head}-{track_id}".lower()).strip("-")


def sound(slices: Slices, track_id: str, name: str, figure: Figure) -> Sound:
    """Sound of a figure from `timeline` that was shown as `name`."""
    place, _ = _places(slices, track_id)
    length_s = slices.spectrogram.slice_s
    start_s, stop_s = place[0] * length_s, (place[-1] + 1) * length_s
    return Sound(track_id, start_s=start_s, length_s=stop_s - start_s, picture=name, span=span(figure))


def _song(predictions: Predictions, track_id: str, seed: int | None) -> tuple[pd.Series, pd.DataFrame]:
    """Prediction of one song and of its slices: by the seed, or the most confident wrong one, or the first."""
    rows = predictions.songs.loc[predictions.songs["track_id"] == track_id].sort_values("seed")
    rows = rows if seed is None else rows.loc[rows["seed"] == seed]
    if not len(rows):
        which = "" if seed is None else f" with seed {seed}"
        raise ReportError(
            f"{predictions.network} under {predictions.split} has no {predictions.head} prediction for track "
            f"{track_id!r}{which}. Take a song that it tested and whose label is known."
        )
    wrong = rows.loc[~rows["correct"].astype(bool)]
    song = wrong.loc[wrong["probability"].idxmax()] if len(wrong) else rows.iloc[0]
    slices = predictions.slices
    return song, slices.loc[(slices["track_id"] == track_id) & (slices["seed"] == song["seed"])]


def _places(slices: Slices, track_id: str) -> tuple[np.ndarray, np.ndarray]:
    """Place of each slice of a song, in slices from the start, and its number, in order of time."""
    own = slices.table.loc[(slices.table["track_id"] == track_id).to_numpy(bool)].sort_values("start_s")
    if not len(own):
        raise ReportError(f"The slices hold no track {track_id!r}. Run notebooks/02_spectrogram_slicing.ipynb again.")
    place = np.rint(own["start_s"].to_numpy(float) / slices.spectrogram.slice_s).astype(int)
    return place, own.index.to_numpy()
