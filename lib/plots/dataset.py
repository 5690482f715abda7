"""Figures of a corpus. Each function returns a figure and its claim; `songs` are the usable tracks."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from lib.datasets.tracks import MOODS, mood_scale
from lib.plots.style import BLACK, GREY, colour


def _genres(songs: pd.DataFrame) -> list[str]:
    return sorted(songs["genre"].dropna().unique())


def _span(counts: pd.Series, noun: str) -> str:
    low, high = int(counts.min()), int(counts.max())
    many = f"{low} songs" if low == high else f"{low} to {high} songs"
    return f"{many} in each of {len(counts)} {noun}" if len(counts) > 1 else f"{many} of one {noun.removesuffix('s')}"


def label_counts(songs: pd.DataFrame) -> tuple[Figure, str]:
    """Bars of the songs of each genre and of each mood."""
    genre = songs["genre"].value_counts().reindex(_genres(songs))
    mood = songs["mood"].value_counts().reindex([m for m in mood_scale(songs["mood"]) if (songs["mood"] == m).any()])
    known = [(counts, noun) for counts, noun in ((genre, "genres"), (mood, "moods")) if len(counts)]
    height = 1.2 + 0.34 * max((len(counts) for counts, _ in known), default=1)
    figure, axes = plt.subplots(1, max(len(known), 1), figsize=(8, height), squeeze=False)
    for axis, (counts, noun) in zip(axes[0], known, strict=False):
        bars = axis.barh(counts.index, counts, color=[colour(name) for name in counts.index])
        axis.bar_label(bars, padding=3)
        axis.margins(x=0.12)
        axis.invert_yaxis()
        axis.set(xlabel="songs", title=noun)
    parts = " and ".join(_span(counts, noun) for counts, noun in known) or "no labels"
    return figure, f"The corpus holds {len(songs)} usable songs: {parts}"


def valence_by_genre(songs: pd.DataFrame, cuts: tuple[float, float]) -> tuple[Figure, str]:
    """Every song's valence by genre, with the cuts between sad, neutral and happy (`lib.datasets.tracks.moods`)."""
    known = songs[songs["valence"].notna()]
    genres = _genres(known)
    figure, axis = plt.subplots(figsize=(8, 1.4 + 0.5 * max(len(genres), 1)))
    generator = np.random.default_rng(0)  # of the jitter alone
    for place, genre in enumerate(genres):
        values = known.loc[known["genre"] == genre, "valence"].to_numpy()
        jitter = generator.uniform(-0.28, 0.28, len(values))
        axis.scatter(values, place + jitter, s=10, color=colour(genre), alpha=0.6, linewidths=0)
        axis.plot([np.median(values)] * 2, [place - 0.38, place + 0.38], color=BLACK, linewidth=2)
    edges = [axis.get_xlim()[0], *cuts, axis.get_xlim()[1]]
    for cut in cuts:
        axis.axvline(cut, color=GREY, linestyle="--", linewidth=1)
    for name, left, right in zip(MOODS, edges, edges[1:], strict=False):
        if right > left:
            axis.text((left + right) / 2, -0.62, name, ha="center", va="bottom", color=colour(name), weight="bold")
    axis.set(xlim=(edges[0], edges[-1]), yticks=range(len(genres)), yticklabels=genres, xlabel="valence")
    axis.set_ylim(len(genres) - 0.4, -0.95)
    medians = known.groupby("genre")["valence"].median()
    claim = f"The cuts at {cuts[0]:.2f} and {cuts[1]:.2f} make three moods of valence"
    if len(medians) > 1:
        claim += (
            f"; genre medians (bars) run from {medians.min():.2f} ({medians.idxmin()}) "
            f"to {medians.max():.2f} ({medians.idxmax()})"
        )
    return figure, claim


def mood_shares(counts: pd.DataFrame, majority: float, by_genre: float) -> tuple[Figure, str]:
    """Share of each mood within each genre, from `lib.datasets.summary.mood_by_genre` and `mood_floors` there."""
    shares = counts.div(counts.sum(axis=1).clip(lower=1), axis=0)
    figure, axis = plt.subplots(figsize=(8, 1.3 + 0.42 * max(len(shares), 1)))
    left = np.zeros(len(shares))
    for mood in shares.columns:
        bars = axis.barh(shares.index, shares[mood], left=left, color=colour(mood), label=mood, edgecolor="white")
        texts = [f"{n}" if share > 0.04 else "" for n, share in zip(counts[mood], shares[mood], strict=True)]
        light = sum(to_rgb(colour(mood))) > 1.5  # of 3: dark numbers can be read on it
        axis.bar_label(bars, labels=texts, label_type="center", color="black" if light else "white", weight="bold")
        left += shares[mood].to_numpy()
    axis.invert_yaxis()
    axis.set(xlabel="share of the genre's songs (numbers: songs)", xlim=(0, 1))
    axis.legend(ncols=3, loc="lower center", bbox_to_anchor=(0.5, 1.0))
    return figure, (
        f"Guessing each genre's most common mood is right for {by_genre:.0%} of the songs, "
        f"guessing the most common mood of all for {majority:.0%}"
    )


def correlations(table: pd.DataFrame, parts: tuple[str, ...] = ()) -> tuple[Figure, str]:
    """Correlation of further numeric targets with valence (`lib.datasets.summary.valence_correlations`).

    The targets `parts` are those that valence is computed from; their correlation is no finding.
    """
    ordered = table.sort_values("r", ascending=False)
    figure, axis = plt.subplots(figsize=(8, 1.2 + 0.34 * len(ordered)))
    names = [name.replace("_", " ") for name in ordered.index]
    own = [name in parts for name in ordered.index]
    bars = axis.barh(names, ordered["r"], color=[GREY if is_part else colour("artist") for is_part in own])
    axis.bar_label(bars, fmt="%.2f", padding=3)
    axis.axvline(0, color=BLACK, linewidth=0.8)
    axis.set(xlim=(-1.1, 1.1), xlabel="Pearson's r with valence" + (" (grey: valence is made of it)" * any(own)))
    axis.invert_yaxis()
    others = table[~table.index.isin(parts)]
    if not len(others):
        return figure, "Every further target is one that valence is computed from"
    strongest = others["r"].abs().idxmax()
    kind = " of the targets that valence is not made of" if any(own) else " of the further targets"
    claim = f"{strongest.replace('_', ' ').capitalize()} correlates most with valence{kind}"
    return figure, f"{claim} (r = {others.at[strongest, 'r']:.2f})"


def artist_shares(songs: pd.DataFrame) -> tuple[Figure, str]:
    """Each genre's songs, divided into those of one artist (``artist_group``), the largest first."""
    genres = _genres(songs)
    figure, axis = plt.subplots(figsize=(8, 1.3 + 0.42 * max(len(genres), 1)))
    top = {}  # share of the five largest artists, their songs, all songs, and how many these artists are
    for place, genre in enumerate(genres):
        groups = songs.loc[songs["genre"] == genre, "artist_group"]
        sizes = groups.value_counts().to_numpy()
        left = np.r_[0, np.cumsum(sizes)]
        alphas = np.linspace(1.0, 0.25, len(sizes))
        for start, size, alpha in zip(left[:-1], sizes, alphas, strict=True):
            axis.barh(place, size, left=start, color=colour(genre), alpha=alpha, edgecolor="white", linewidth=0.8)
        axis.barh(place, groups.isna().sum(), left=left[-1], color="white", edgecolor=GREY, hatch="///")
        axis.text(len(groups), place, f"  {len(sizes)} artist{'s' * (len(sizes) != 1)}", va="center")
        top[genre] = (sizes[:5].sum() / max(len(groups), 1), int(sizes[:5].sum()), len(groups), min(5, len(sizes)))
    axis.margins(x=0.15)
    axis.set(yticks=range(len(genres)), yticklabels=genres, xlabel="songs; one block an artist, the largest first")
    axis.invert_yaxis()
    if not any(how_many for *_, how_many in top.values()):
        return figure, "Nothing is known of this corpus's artists"
    genre = max(top, key=lambda name: top[name][0])
    _, made, of, how_many = top[genre]
    makers = f"the {how_many} largest artists" if how_many > 1 else "the largest artist"
    return figure, f"In {genre}, {makers} made {made} of the {of} songs"
