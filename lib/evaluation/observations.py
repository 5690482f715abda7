"""The poster's observations on classes and sets, tested; each sentence says what its numbers say."""

from collections.abc import Sequence

import pandas as pd

from lib.evaluation import poster
from lib.evaluation.answers import Answers
from lib.evaluation.classes import recall_difference
from lib.evaluation.words import interval, listed, percent, whole
from lib.recipes import POSTER


def class_observations(
    collected: Sequence[Answers], network: str, *, resamples: int = 2000, seed: int = 0
) -> list[str]:
    """Test the poster's observations on classes, where the classes exist. Page 05.

    Returns
    -------
    list of Markdown sentences
        Happy and neutral weaker than sad; Instrumental weakest and taken for Electronic.
    """
    sentences = []
    own = [a for a in collected if a.network == network]
    own = [a for a in own if a.recipe == (POSTER if any(b.recipe == POSTER for b in own) else own[0].recipe)]
    for answers in own:
        if answers.head == "mood" and {"sad", "neutral", "happy"} <= set(answers.classes):
            for other in ("happy", "neutral"):
                value, low, high = recall_difference(answers, "sad", other, resamples=resamples, seed=seed)
                sentences.append(_mood_sentence(answers.protocol, other, value, low, high))
    if not any(a.head == "mood" for a in own):
        sentences.append("*Happy and neutral are the weakest moods:* no mood is known here, so it cannot be tested.")
    genres = {a.protocol: a for a in own if a.head == "genre"}
    names = {name.lower(): name for a in genres.values() for name in a.classes}
    if not {"instrumental", "electronic"} <= set(names):
        present = listed(sorted(names.values())) if names else "none"
        sentences.append(
            "*Instrumental is the weakest genre and is taken for Electronic:* this corpus does not have both genres "
            f"(its genres: {present}), so it cannot be tested."
        )
        return sentences
    for protocol, answers in genres.items():
        sentences.append(_instrumental_sentence(protocol, answers, names["instrumental"], names["electronic"]))
    return sentences


def _mood_sentence(protocol: str, other: str, value: float, low: float, high: float) -> str:
    start = (
        f"*{other.capitalize()} is weaker than sad* (poster: {percent(poster.CLASS_ACCURACY[other])} of {other} right, "
        "no figure for sad)"
    )
    if pd.isna(value):
        return f"{start}: one of the two has no test song under `{protocol}`, so it cannot be tested."
    verdict = (
        "recurs" if low > 0 else "does not recur; the reverse is established" if high < 0 else "is not established"
    )
    return (
        f"{start}: under `{protocol}`, the share of sad songs named right minus that of {other} songs is "
        f"{whole(value)} points {interval(low, high, unit='')}, so the pattern {verdict}."
    )


def _instrumental_sentence(protocol: str, answers: Answers, instrumental: str, electronic: str) -> str:
    songs = answers.songs.loc[answers.songs["true"] == instrumental]
    start = "*Instrumental is the weakest genre and is taken for Electronic*"
    if not len(songs):
        return f"{start}: no {instrumental} song was tested under `{protocol}`, so it cannot be tested."
    recall = answers.songs.groupby("true")["right"].mean().astype(float)
    below, level = int((recall < recall[instrumental]).sum()), int((recall == recall[instrumental]).sum()) - 1
    wrong = songs.loc[songs["said"] != instrumental, "said"].value_counts()
    taken = (
        f"its mistakes go most often to {listed(wrong.index[wrong == wrong.max()])}"
        + ("" if electronic in wrong.index[wrong == wrong.max()] else f", not to {electronic}")
        if len(wrong)
        else "it is never mistaken"
    )
    return (
        f"{start} (poster: {percent(poster.CLASS_ACCURACY['instrumental'])}): under `{protocol}`, "
        f"{percent(recall[instrumental])} of its test songs ({songs['track_id'].nunique()}) are named right; of the "
        f"other {len(recall) - 1} genres, {below} fare worse and {level} alike; {taken}."
    )


def poster_sizes() -> str:
    """Say what the sizes of the poster's sets imply. Page 05."""
    corpus, sizes = poster.CORPUS, poster.SIZES
    total, slices = sum(sizes.values()), poster.slices_in_corpus()
    uneven = dict.fromkeys(size for size in sizes.values() if size % corpus["slices"])
    return (
        f"The three sets hold {' + '.join(map(str, sizes.values()))} = {total} samples. The corpus has "
        f"{corpus['genres']} genres of {corpus['songs']} songs, {corpus['genres'] * corpus['songs']} songs in all, and "
        f"{corpus['slices']} slices of each: {slices} slices (the sets add up to {total - slices} more). "
        "**What follows is an inference, not a statement of the poster:** so many samples can only be slices; and as "
        f"{listed(f'{size}' for size in uneven)} are no multiples of {corpus['slices']}, the slices of a song were not "
        "kept together. The poster says that its samples were randomly chosen so that labels are balanced. Then slices "
        "of one song lie on both sides of the split."
    )
