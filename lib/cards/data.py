"""What the data card counts: songs, labels, artists, copies, and what was made of them here."""

import pandas as pd

from lib.audio import Spectrogram
from lib.corpora import summary
from lib.corpora.origins import Origin
from lib.narrative.format import listed, percent
from lib.splits import GROUPS


def motivation(origin: Origin) -> dict[str, str]:
    """Say what the corpus was made for, by whom, and how to name it. Page 08."""
    return {
        "What was it made for?": origin.purpose,
        "Who made it?": origin.makers,
        "How is it cited?": origin.citation,
    }


def composition(tracks: pd.DataFrame) -> dict[str, str]:
    """Count what the corpus holds. Page 08.

    Parameters
    ----------
    tracks : pd.DataFrame
        The tracks table.

    Raises
    ------
    ReportError
        If no track can be used.
    """
    songs = summary.usable(tracks)
    hours = songs["duration_s"].sum() / 3600
    shortest, longest = (f"{seconds:.0f}" for seconds in (songs["duration_s"].min(), songs["duration_s"].max()))
    bad = len(tracks) - len(songs)
    return {
        "How large is it?": (
            f"{len(tracks)} clips, of which {len(songs)} can be used: {hours:.1f} hours in all, "
            f"{' to '.join(dict.fromkeys((shortest, longest)))} s each. "
            + (f"{bad} cannot; page 01 gives the reason of each." if bad else "Not one is broken, silent or too short.")
        ),
        "Which genres?": _classes(songs, "genre"),
        "Which moods?": _classes(songs, "mood"),
        "Does the genre tell the mood?": _floors(songs),
        "Whose music is it?": _artists(songs),
        "Is a recording there twice?": _copies(tracks),
        "Which files exactly?": (
            f"Checksum of files and labels: `{summary.checksum(tracks)}`. The same files with the same labels give the "
            "same one, wherever they lie."
        ),
    }


def _classes(songs: pd.DataFrame, label: str) -> str:
    counts = songs[label].value_counts()
    if not len(counts):
        return f"No song has a {label}."
    without = int(songs[label].isna().sum())
    text = f"{listed(f'{name} ({number})' for name, number in counts.items())}, songs in brackets. "
    return text + (
        f"{without} ha{'s' if without == 1 else 've'} none; it is masked in training."
        if without
        else "Every usable song has one."
    )


def _floors(songs: pd.DataFrame) -> str:
    counts = summary.mood_by_genre(songs)
    if not counts.to_numpy().sum():
        return "No song has both, so that this cannot be said."
    majority, by_genre = summary.mood_floors(counts)
    return (
        f"Always answering the most frequent mood is right for {percent(majority)} of the songs, always answering the "
        f"most frequent mood of the song's own genre for {percent(by_genre)}. A tagger shows an ear for "
        "mood beyond genre only if it beats the second by more than chance, with no artist on both sides."
    )


def _artists(songs: pd.DataFrame) -> str:
    known = songs.dropna(subset=["artist_group"])
    without = len(songs) - len(known)
    if not len(known):
        return (
            "No song names an artist, an album or a recording that would tell, so the protocol `artist` cannot be run."
        )
    text = f"{known['artist_group'].nunique()} artists or groups of artists who share songs made them. "
    shares = known.dropna(subset=["genre"]).groupby("genre")["artist_group"].value_counts(normalize=True)
    if len(shares):
        genre, share = shares.idxmax()[0], shares.max()
        text += f"The largest share of a genre that one of them made is {percent(share)}, in {genre}. "
    return text + (
        f"{without} name{'s' if without == 1 else ''} no artist." if without else "Every usable song names one."
    )


def _copies(tracks: pd.DataFrame) -> str:
    copies = summary.copies(tracks)
    if not len(copies):
        return "No: no two fingerprints agree."
    groups = copies.index.get_level_values("song_group").nunique()
    return (
        f"Yes: {groups} recording{'s are' if groups > 1 else ' is'} there more than once, in {len(copies)} tracks "
        f"(page 01 lists them). Under {listed(f'`{name}`' for name in GROUPS)} copies stay on one side."
    )


def labels(origin: Origin) -> dict[str, str]:
    """Say how recordings and labels came about. Page 08."""
    return {
        "Where do the recordings come from?": origin.music,
        "Who named the genres?": origin.genres,
        "Who named the moods?": origin.moods,
        "Whose data are in it, and what did they agree to?": origin.people,
    }


def preparation(spectrogram: Spectrogram, slices: pd.DataFrame, folds: int) -> dict[str, str]:
    """Say what this report does with the corpus. Page 08.

    Parameters
    ----------
    spectrogram : Spectrogram
    slices : pd.DataFrame
        Table of the slices.
    folds : int
        Parts into which the corpus is dealt.
    """
    each = slices["track_id"].value_counts()
    same = each.min() == each.max()
    return {
        "What is taken of the sound?": (
            f"The middle {spectrogram.excerpt_s:g} s of a track, averaged to one channel, resampled to "
            f"{spectrogram.sample_rate:,} Hz and redrawn as a mel-spectrogram of {spectrogram.n_mels} bands, in 256 "
            f"grey levels over {spectrogram.top_db:g} dB. It is cut into slices of {spectrogram.slice_s:g} s: "
            f"{len(slices):,} in all, "
            + (f"{each.max()} a song." if same else f"{each.min()} to {each.max()} a song, fewer where it is short.")
        ),
        "What happens to songs without a label?": (
            "They train and test the heads for which they have one; a missing label is masked, neither dropped nor "
            "guessed."
        ),
        "Who trains and who tests?": (
            f"The corpus is dealt into {folds} folds, each of which tests once while the others train and choose; what "
            "is dealt (slices, songs or artists) is the protocol, and the subject of this report."
        ),
    }


def uses(origin: Origin) -> dict[str, str]:
    """Say what the corpus is good for, and what not. Page 08."""
    return {
        "What is it fit for?": origin.fit,
        "What is it not fit for?": origin.unfit,
        "What is known to be wrong with it?": origin.limits,
    }


def terms(origin: Origin, tracks: pd.DataFrame) -> dict[str, str]:
    """Tell licence and upkeep. Page 08."""
    found = tracks["license"].dropna()
    counts = found.value_counts()
    named = listed(f"{name} ({number})" for name, number in counts.items()) if len(counts) else "none"
    return {
        "What may be done with it?": origin.licence,
        "Which licences do the tracks name?": f"{named}; {len(tracks) - len(found)} of {len(tracks)} tracks name none.",
        "Who maintains it?": origin.upkeep,
    }
