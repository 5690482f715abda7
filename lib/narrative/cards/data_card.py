"""What the data card counts: songs, labels, artists, copies, and what was made of them here."""

from collections.abc import Mapping

import pandas as pd

from lib.datasets import summary
from lib.features.spectrogram import Spectrogram
from lib.narrative.cards import render
from lib.splits import GROUPS


def card(
    about: Mapping[str, str], tracks: pd.DataFrame, spectrogram: Spectrogram, slices: pd.DataFrame, folds: int
) -> dict[str, str]:
    """Markdown of the data card by section, `about` as from `lib.datasets.datasheets.datasheet`.

    Raises
    ------
    ReportError
        If no track can be used.
    """
    songs = summary.usable(tracks)
    known = songs.dropna(subset=["artist_group"])
    copies = summary.copies(tracks)
    moods = summary.mood_by_genre(songs)
    return render(
        "data_card",
        about=about,
        clips=len(tracks),
        songs=len(songs),
        hours=songs["duration_s"].sum() / 3600,
        seconds=dict.fromkeys(f"{value:.0f}" for value in (songs["duration_s"].min(), songs["duration_s"].max())),
        counts={label: songs[label].value_counts() for label in ("genre", "mood")},
        missing={label: int(songs[label].isna().sum()) for label in ("genre", "mood")},
        floors=summary.mood_floors(moods) if moods.to_numpy().sum() else None,
        artists=known["artist_group"].nunique(),
        without_artist=len(songs) - len(known),
        shares=known.dropna(subset=["genre"]).groupby("genre")["artist_group"].value_counts(normalize=True),
        copies=len(copies),
        recordings=copies.index.get_level_values("song_group").nunique() if len(copies) else 0,
        groups=[f"`{name}`" for name in GROUPS],
        checksum=summary.checksum(tracks),
        spectrogram=spectrogram,
        slices=len(slices),
        slices_per_song=slices["track_id"].value_counts(),
        folds=folds,
        licences=tracks["license"].value_counts(),
        unlicensed=int(tracks["license"].isna().sum()),
    )
