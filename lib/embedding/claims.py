"""Sentences made from the tables of the embedding; each says what its numbers say."""

from collections.abc import Sequence

import pandas as pd

from lib.embedding.nodes import HEADS
from lib.embedding.vectors import variance_explained
from lib.evaluation.words import bound, fixed, interval, listed, percent, points


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


def driving_claim(driving: pd.DataFrame) -> str:
    """Title of the figure of slices: for how many nodes they are of one genre. Page 06."""
    if not driving["genre"].notna().any():
        return f"The slices that drive each of {driving['node'].nunique()} nodes most"
    of_one = driving.groupby("node")["genre"].agg(lambda genres: genres.notna().all() and genres.nunique() == 1)
    count = int(driving["rank"].max())
    return f"For {int(of_one.sum())} of {len(of_one)} nodes the {count} slices that drive it most are of one genre"


def dead_sentence(dead: Sequence[str]) -> str:
    """Which nodes are dead. Page 06."""
    if not len(dead):
        return "No node is dead: each says something different of different songs."
    verb = "is" if len(dead) == 1 else "are"
    return f"**{listed(dead).capitalize()}** {verb} dead: the same for every test song, so of no use to any decision."


def hits_claim(hits: pd.DataFrame) -> str:
    """Title of the figure of neighbours: how often they share genre, mood, artist, against chance. Page 06."""
    if not len(hits):
        return "No two test songs with a known label can be compared"
    own = hits.loc[(hits["by"] == hits["by"].iloc[0]) & (hits["among"] == hits["among"].iloc[-1])]
    count = _shown(own)
    own = own.loc[own["first"] == count]
    parts = [f"{percent(row.share)} share the {row.same} (chance {percent(row.chance)})" for row in own.itertuples()]
    return f"Of the {count} nearest {own['among'].iloc[0]} {listed(parts)}"


def _shown(hits: pd.DataFrame) -> int:
    """Return the number of neighbours that figures and sentences are about, the middle one."""
    counts = sorted(hits["first"].unique())
    return int(counts[len(counts) // 2])


def hits_sentences(hits: pd.DataFrame) -> list[str]:
    """Say of each representation how often neighbours are alike, and how the first compares with it. Page 06."""
    if not len(hits):
        return []
    told, count = [], _shown(hits)
    own = hits.loc[hits["first"] == count]
    for (same, among), rows in own.groupby(["same", "among"], sort=False):
        first, others = rows.iloc[0], rows.iloc[1:]
        sure = first["low"] > first["chance"]
        worse = first["high"] < first["chance"]
        verdict = "more often than chance" if sure else "less often than chance" if worse else "not surely more"
        text = (
            f"**{same.capitalize()}**, among {among}: {percent(first['share'])} of the {count} nearest by the "
            f"{first['by']} share it {interval(first['low'], first['high'])}; songs drawn at random would in "
            f"{percent(first['chance'])} of cases: {verdict}."
        )
        parts = []
        for _, row in others.iterrows():
            side = "ahead of" if row["ahead"] > 0 else "behind"
            known = row["ahead_low"] > 0 or row["ahead_high"] < 0
            parts.append(
                f"{points(row['ahead'])} {side} the {row['by']} ({percent(row['share'])}; 95\u00a0% interval "
                f"{bound(row['ahead_low'])} to {bound(row['ahead_high'])}{'' if known else ', not established'})"
            )
        told.append(text + (f" That is {listed(parts)}." if parts else ""))
    return told


def hubs_sentence(hubs: pd.DataFrame) -> str:
    """Say whether some songs are offered all the time, and how many never. Page 06."""
    own = hubs.loc[hubs["among"] == hubs["among"].iloc[-1]]
    parts = [
        f"by the {row.by} the skewness is {fixed(row.skewness, 1).replace('-', '−')}, the song offered most often is "
        f"among the first for {row.most} others, and {percent(row.never)} of the songs are never offered"
        for row in own.itertuples()
    ]
    return f"Hubs, among {own['among'].iloc[0]}: {'; '.join(parts)}."
