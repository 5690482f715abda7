"""Sentences made from the tables of the embedding; each says what its numbers say."""

from collections.abc import Sequence

import pandas as pd

from lib.embedding.nodes import HEADS
from lib.embedding.vectors import variance_explained
from lib.evaluation.words import interval, listed, percent


def plane_claim(songs: pd.DataFrame, tracks: pd.DataFrame) -> str:
    """Title of the plane: how much of the vectors' variance genre and mood account for. Page 06.

    Parameters
    ----------
    songs : pd.DataFrame [songs, nodes]
    tracks : pd.DataFrame [songs]
        ``genre`` and ``mood``, in the order of `songs`.
    """
    parts = []
    for head in HEADS:
        share, chance = variance_explained(songs.to_numpy(), tracks[head])
        if pd.notna(share):
            parts.append((head, percent(share), percent(chance)))
    if not parts:
        return "Neither genre nor mood is known well enough to say what the song vectors go with"
    (head, share, chance), *others = parts
    text = f"{head.capitalize()} accounts for {share} of the variance of the song vectors (chance {chance})"
    return text + "".join(f", {head} for {share} (chance {chance})" for head, share, chance in others)


def nodes_claim(verdicts: pd.DataFrame) -> str:
    """Title of the heat map: how many nodes go with something, and which most. Page 06."""
    found = verdicts.dropna(subset="r")
    text = f"{len(found)} of {len(verdicts)} nodes go with a genre, a mood or a number beyond chance"
    if not len(found):
        return text
    best = found.loc[found["r"].abs().idxmax()]
    return f"{text}, most of all {best['node']} ({best['goes_with']}, r = {best['r']:.2f})".replace("= -", "= −")


def dead_sentence(dead: Sequence[str]) -> str:
    """Which nodes are dead. Page 06."""
    if not len(dead):
        return "No node is dead: each says something different of different songs."
    verb = "is" if len(dead) == 1 else "are"
    return f"**{listed(dead).capitalize()}** {verb} dead: the same for every test song, so of no use to any decision."


def hits_claim(hits: pd.DataFrame, count: int) -> str:
    """Title of the figure of neighbours: how often they share genre, mood, artist, against chance. Page 06."""
    own = hits.loc[hits["among"] == hits["among"].iloc[0]] if len(hits) else hits
    if not len(own):
        return "No two test songs with a known label can be compared"
    parts = [f"{percent(row.share)} share the {row.same} (chance {percent(row.chance)})" for row in own.itertuples()]
    return f"Of the {count} nearest songs {listed(parts)}"


def hits_sentence(row: pd.Series) -> str:
    """One row of `lib.embedding.neighbour_hits`, with its ``among``, in words. Page 06."""
    verdict = (
        "more often than chance"
        if row["low"] > row["chance"]
        else "less often than chance"
        if row["high"] < row["chance"]
        else "a difference from chance is not established"
    )
    return (
        f"Among {row['among']}, {percent(row['share'])} of the neighbours share the {row['same']} "
        f"{interval(row['low'], row['high'])}; songs drawn at random would in {percent(row['chance'])} of "
        f"cases: {verdict}."
    )
