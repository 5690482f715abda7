"""Mood: what is left of the accuracy once the genre is known, beyond each baseline, and away from the cuts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from lib.evaluation.answers import Answers
from lib.evaluation.claims import UNCORRECTED, name_of
from lib.evaluation.differences import SURE, difference
from lib.evaluation.intervals import accuracy_interval, clusters, interval, measured, share
from lib.evaluation.pooling import Tested
from lib.evaluation.significance import holm, sign_flip
from lib.evaluation.tables import identity
from lib.evaluation.words import PERCENT, bound, listed, percent, points, sentence

ALL = "all genres"
WITHIN_COLUMNS = (
    "network", "protocol", "recipe", "head", "genre", "n_songs", "accuracy", "low", "high", "usual", "usual_accuracy",
    "skill", "skill_low", "skill_high", "p",
)  # fmt: skip
EACH_COLUMNS = (
    "network", "protocol", "recipe", "head", "baseline", "value", "baseline_value", "difference", "low", "high",
    "n_songs", "paired", "p", "p_holm",
)  # fmt: skip
NEAR_COLUMNS = (
    "network", "protocol", "recipe", "head", "n_near", "n_far", "near", "far", "difference", "low", "high",
)  # fmt: skip


def within_genre(
    answers_list: Iterable[Answers], head: str = "mood", *, resamples: int = 2000, seed: int = 0
) -> pd.DataFrame:
    """Accuracy by song within each genre, beside that of always giving the genre's most frequent class. Page 05.

    That class is the most frequent one of the tested songs themselves, which raises the bar: who gives it knows
    their labels. The baseline ``genre_prior`` knows those of the training songs only, see `against_each`.

    Parameters
    ----------
    answers_list : iterable of Answers
        Baselines among them are left out.
    head : str
        What is answered; not the genre.
    resamples, seed : int

    Returns
    -------
    pd.DataFrame
        Columns `WITHIN_COLUMNS`, a row each genre and then one for all of them (`ALL`). ``usual`` is the genre's
        most frequent class and ``usual_accuracy`` its share of the songs; ``skill`` = accuracy - usual_accuracy,
        paired over the songs; intervals resample songs, under ``artist`` artists within genre; ``p`` of the
        sign-flip test over the same clusters. Songs without a genre are left out.
    """
    rows = []
    for answers in answers_list:
        if answers.head != head or answers.baseline:
            continue
        ids, right, count = answers.tally("song")
        known = answers.tracks.loc[ids, "genre"].notna().to_numpy()
        ids, right, count = ids[known], right[known], count[known]
        genre = answers.tracks.loc[ids, "genre"].to_numpy(object)
        true = answers.songs.drop_duplicates("track_id").set_index("track_id")["true"].loc[ids].to_numpy(object)
        usual = {g: pd.Series(true[genre == g]).value_counts().sort_index(kind="stable").idxmax() for g in set(genre)}
        guessed = np.array([usual[g] == t for g, t in zip(genre, true, strict=True)], dtype=float)[:, None] * count
        for name in [*sorted(usual), ALL] if usual else []:
            own = np.flatnonzero((genre == name) | (name == ALL))
            drawn = clusters(answers.tracks.loc[ids[own]].reset_index(), answers.protocol)
            parts = right[own], guessed[own], count[own]
            value, low, high = accuracy_interval(right[own], count[own], *drawn, resamples=resamples, seed=seed)
            found = interval(np.stack(parts, axis=-1), _ahead, *drawn, resamples=resamples, seed=seed)
            ahead = (right[own] - guessed[own]).sum(axis=1) / np.maximum(count[own].sum(axis=1), 1)
            row = {**identity(answers), "genre": name, "n_songs": len(own)}
            row |= {"accuracy": value, "low": low, "high": high, "usual": usual.get(name, "")}
            row |= {"usual_accuracy": float(measured(np.stack(parts[1:], axis=-1), share))}
            row |= dict(zip(("skill", "skill_low", "skill_high"), map(float, found), strict=True))
            rows.append(row | {"p": sign_flip(ahead, drawn[0], seed=seed)})
    return pd.DataFrame(rows, columns=list(WITHIN_COLUMNS))


def _ahead(sums: np.ndarray) -> np.ndarray:
    """Right answers less right guesses, over answers [shape=(..., 3)]."""
    return share(np.stack([sums[..., 0] - sums[..., 1], sums[..., 2]], axis=-1))


def against_each(
    collected: Sequence[Tested],
    head: str = "mood",
    baselines: Sequence[str] = ("genre_prior", "mfcc_svm"),
    *,
    resamples: int = 2000,
    seed: int = 0,
) -> pd.DataFrame:
    """Every network compared with each of some baselines, by song and paired over the songs both tested. Page 05.

    Parameters
    ----------
    collected : sequence of Answers or Numbers
    head : str
    baselines : sequence of str
        Those that were not run under a network's protocol are passed over.
    resamples, seed : int

    Returns
    -------
    pd.DataFrame
        Columns `EACH_COLUMNS`: ``difference`` = network - baseline with ``low`` and ``high``, ``p`` of the sign-flip
        test and ``p_holm``, corrected for the number of comparisons under the protocol.
    """
    rows = []
    own = [answers for answers in collected if answers.head == head]
    for answers in own:
        rivals = {a.network: a for a in own if a.baseline and a.protocol == answers.protocol}
        for name in baselines if not answers.baseline else ():
            if name in rivals:
                names = ("value", "baseline_value", "difference")
                found = difference(answers, rivals[name], "song", answers.protocol, resamples, seed, names=names)
                rows.append({**identity(answers), "baseline": name, **found})
    table = pd.DataFrame(rows, columns=[c for c in EACH_COLUMNS if c != "p_holm"])
    return table.assign(p_holm=table.groupby("protocol")["p"].transform(holm))


def near_a_cut(
    collected: Iterable[Answers], near: pd.Series, head: str = "mood", *, resamples: int = 2000, seed: int = 0
) -> pd.DataFrame:
    """Accuracy by song of songs whose label is unsure, and of the others. Page 05.

    Parameters
    ----------
    collected : iterable of Answers
    near : pd.Series of bool
        By ``track_id``: whether the song lies within one standard error of a cut, see `lib.evaluation.ceiling`.
    head : str
    resamples, seed : int

    Returns
    -------
    pd.DataFrame
        Columns `NEAR_COLUMNS`: ``difference`` = far - near, its interval over clusters.
    """
    rows = []
    for answers in collected:
        if answers.head != head:
            continue
        ids, sums = answers.sums("song")
        known = ids.isin(near.index)
        ids, sums = ids[known], sums[known]
        close = near.loc[ids].to_numpy(bool)
        if close.all() or not close.any():
            continue
        drawn = clusters(answers.tracks.loc[ids].reset_index(), answers.protocol)
        parted = np.stack([sums * close[:, None, None], sums * ~close[:, None, None]], axis=2)
        value, low, high = interval(parted, _parted, *drawn, resamples=resamples, seed=seed)
        row = {**identity(answers), "n_near": int(close.sum()), "n_far": int((~close).sum())}
        row |= dict(zip(("near", "far", "difference"), map(float, value), strict=True))
        rows.append(row | {"low": float(low[2]), "high": float(high[2])})
    return pd.DataFrame(rows, columns=list(NEAR_COLUMNS))


def _parted(sums: np.ndarray) -> np.ndarray:
    """Accuracies near and far, and far less near [shape=(..., 3)], of sums [shape=(..., 2, 2)]."""
    near, far = np.moveaxis(share(sums), -1, 0)
    return np.stack([near, far, far - near], axis=-1)


def span(low: float, high: float) -> str:
    """``(95 % interval −3 to 0.2)`` in points, with a decimal where rounding would hide on which side of 0 it lies."""
    if pd.isna(low) or pd.isna(high):
        return "(too few songs or artists for an interval)"
    return f"(95{PERCENT} interval {bound(low)} to {bound(high)})"


def signed(difference: float) -> str:
    """``-0.26`` as ``−26 points``."""
    return f"{'−' if round(100 * difference) < 0 else ''}{points(difference)}"


def within_sentence(rows: pd.DataFrame, songs: str = "songs") -> str:
    """Say what one network hears beyond the genre. Page 05.

    Parameters
    ----------
    rows : pd.DataFrame
        Rows of `within_genre` of one network, protocol and recipe.
    songs : str
    """
    row, single = rows.loc[rows["genre"] == ALL].iloc[0], rows.loc[rows["genre"] != ALL]
    text = (
        f"under `{row['protocol']}`, {name_of(row)} names the {row['head']} of {percent(row['accuracy'])} of the "
        f"{row['n_songs']} {songs}; always giving the most frequent {row['head']} of the song's genre would be right "
        f"for {percent(row['usual_accuracy'])}"
    )
    gap, bounds = points(row["skill"]), span(row["skill_low"], row["skill_high"])
    if pd.isna(row["skill_low"]):
        return sentence(f"{text}, a difference of {signed(row['skill'])} {bounds}")
    if row["skill_low"] > 0:
        verdict = f"it hears {gap} more than the genre tells {bounds}, which is established"
    elif row["skill_high"] < 0:
        verdict = f"it falls {gap} short of what the genre tells {bounds}, which is established"
    else:
        side = "ahead" if row["skill"] > 0 else "behind"
        verdict = f"it is {gap} {side} {bounds}, so that anything survives beyond the genre is not established"
    sure = single.loc[single["skill_low"] > 0, "genre"]
    inside = f"{len(sure)} of {len(single)} ({listed(sure)})" if len(sure) else f"none of {len(single)}"
    return sentence(f"{text}: {verdict}. Within single genres a lead is established in {inside}; {UNCORRECTED}")


def each_sentence(row: pd.Series, comparisons: int, songs: str = "songs") -> str:
    """Say one row of `against_each` in words.

    Parameters
    ----------
    row : pd.Series
    comparisons : int
        Number of them that ``p_holm`` is corrected for.
    songs : str
    """
    if pd.isna(row["p"]):
        verdict = "which of them is better cannot be said"
    else:
        sure = "established" if row["p_holm"] < SURE else "not established"
        verdict = f"p {_p(row['p'])}, after Holm's correction for {comparisons} comparisons {_p(row['p_holm'])}: {sure}"
    side = "ahead of" if row["difference"] > 0 else "behind" if row["difference"] < 0 else "level with"
    by = f"{points(row['difference'])} " if row["difference"] else ""
    over = f"over the {row['n_songs']} {songs} that both tested" if row["paired"] else f"over different {songs}"
    return sentence(
        f"under `{row['protocol']}`, {name_of(row)} ({percent(row['value'])}) is {by}{side} `{row['baseline']}` "
        f"({percent(row['baseline_value'])}) in {row['head']} {span(row['low'], row['high'])} {over}; {verdict}"
    )


def _p(value: float) -> str:
    return "< .001" if value < 0.001 else f"= {value:.3f}".replace("0.", ".", 1)


def each_sentences(table: pd.DataFrame, network: str, songs: str = "songs") -> list[str]:
    """Sentences of one network's rows of `against_each`, in Markdown. Page 05."""
    count = table.groupby("protocol")["p"].count()
    own = table.loc[table["network"] == network]
    return [each_sentence(row, count[row["protocol"]], songs) for _, row in own.iterrows()]


def near_sentence(row: pd.Series, songs: str = "songs") -> str:
    """Say one row of `near_a_cut` in words. Page 05."""
    verdict = (
        "is established"
        if row["low"] > 0
        else "is established to be the other way round"
        if row["high"] < 0
        else "is not established"
    )
    return sentence(
        f"under `{row['protocol']}`, {name_of(row)} names the {row['head']} of {percent(row['near'])} of the "
        f"{row['n_near']} {songs} within one standard error of a cut and of {percent(row['far'])} of the "
        f"{row['n_far']} others; that sure labels are the easier ones {verdict}: {signed(row['difference'])} "
        f"{span(row['low'], row['high'])}"
    )
