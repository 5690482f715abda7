"""Whether the slices of a song say the same, more than slices of different songs do."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from lib.evaluation.answers import Answers
from lib.evaluation.claims import interval as span
from lib.evaluation.claims import name_of
from lib.evaluation.intervals import accuracy_interval, clusters, interval
from lib.evaluation.pooling import added_up
from lib.evaluation.tables import identity, networks
from lib.evaluation.voting import gain_span
from lib.evaluation.words import percent

AGREEMENT_COLUMNS = (
    "network", "protocol", "recipe", "head", "n_songs", "slices", "share", "share_low", "share_high", "same",
    "same_low", "same_high", "chance", "kappa", "kappa_low", "kappa_high", "same_right", "same_right_low",
    "same_right_high", "same_wrong", "same_wrong_low", "same_wrong_high", "gap", "gap_low", "gap_high",
)  # fmt: skip


def slice_agreement(collected: Iterable[Answers], *, resamples: int = 2000, seed: int = 0) -> pd.DataFrame:
    """How far the slices of a song say the same, right or wrong. Page 05.

    Every song with two test slices or more weighs the same, whatever their number, and every training seed. The
    agreement within songs is the observed agreement of Fleiss' kappa (1971, doi 10.1037/h0031619), and ``kappa``
    corrects it in the same way, except that chance is what slices of *different* songs agree in. (Fleiss counts a
    song's own slices towards chance, and statsmodels' ``fleiss_kappa`` asks for equally many slices of all songs.)

    Parameters
    ----------
    collected : iterable of Answers
        Baselines are left out, as in `lib.evaluation.voting.voting`, and answers without a song of two slices.
    resamples, seed : int

    Returns
    -------
    pd.DataFrame
        Columns `AGREEMENT_COLUMNS`. ``slices`` is their mean number a song; ``share`` of a song's slices that give its
        most frequent answer, which is 1 / `slices` at the least; ``same`` and ``chance``, the share of pairs of slices
        of one song, and of different songs, with the same answer; ``kappa = (same - chance) / (1 - chance)``;
        ``same_right`` and ``same_wrong``, of songs named right or wrong, and ``gap`` between the two. Each has its 95 %
        interval as in `lib.evaluation.voting.voting`, but for ``chance``, which moves little, resting on so many pairs.
    """
    rows = []
    for answers in networks(collected):
        songs, sums, slices = _counted(answers)
        if not len(songs):
            continue
        drawn = clusters(answers.tracks.loc[songs].reset_index(), answers.protocol)
        row = {**identity(answers), "n_songs": len(songs), "slices": slices}
        right, wrong, right_same, wrong_same, modal = np.moveaxis(sums[..., :5], -1, 0)
        for name, part, count in (
            ("share", modal, right + wrong),
            ("same", right_same + wrong_same, right + wrong),
            ("same_right", right_same, right),
            ("same_wrong", wrong_same, wrong),
        ):
            found = accuracy_interval(part, count, *drawn, resamples=resamples, seed=seed)
            row |= dict(zip((name, f"{name}_low", f"{name}_high"), found, strict=True))
        found = np.round(interval(sums, _beyond, *drawn, resamples=resamples, seed=seed), 12)
        row["chance"] = found[0, 0]
        for name, own in zip(("kappa", "gap"), found[:, 1:].T, strict=True):
            row |= dict(zip((name, f"{name}_low", f"{name}_high"), map(float, own), strict=True))
        if row["same"] == 1:  # nothing to resample
            row |= {"kappa_low": np.nan, "kappa_high": np.nan}
        sides = {row["same_right"], row["same_wrong"]}
        if sides & {0.0, 1.0} or np.isnan(row["same_right_low"] + row["same_wrong_low"]):
            row |= _hybrid(row)
        rows.append(row)
    return pd.DataFrame(rows, columns=list(AGREEMENT_COLUMNS))


def _hybrid(row: dict) -> dict[str, float]:
    """Interval of the gap from those of its two sides, where one has nothing to resample; NaN where one has none.

    Newcombe 1998, doi 10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I.
    """
    right, wrong = (
        (row[name] - row[f"{name}_low"], row[f"{name}_high"] - row[name]) for name in ("same_right", "same_wrong")
    )
    return {
        "gap_low": row["gap"] - float(np.hypot(right[0], wrong[1])),
        "gap_high": row["gap"] + float(np.hypot(right[1], wrong[0])),
    }


def _counted(answers: Answers) -> tuple[pd.Index, np.ndarray, float]:
    """Add up what agreement is made of [songs, seeds, 6]; and the mean number of slices of a song."""
    said = pd.Categorical(answers.slices["said"], categories=list(answers.classes))
    counts = pd.crosstab([answers.slices["seed"], answers.slices["track_id"]], said, dropna=False)
    counts = counts.loc[counts.sum(axis=1) > 1]
    songs = answers.songs.set_index(["seed", "track_id"]).loc[counts.index].reset_index()
    given, right = counts.to_numpy(float), songs["right"].to_numpy(float)
    n = given.sum(axis=1)
    same = ((given**2).sum(axis=1) - n) / (n * (n - 1))
    shares = given / n[:, None]
    chance = np.zeros(len(n))
    for own in songs.groupby("seed").indices.values():
        chance[own] = _with_others(shares[own])
    columns = [right, 1 - right, right * same, (1 - right) * same, shares.max(axis=1, initial=0), chance]
    return *added_up(songs, np.column_stack(columns)), float(n.mean()) if len(n) else float("nan")


def _with_others(shares: np.ndarray) -> np.ndarray:
    """Give what each song adds to the agreement of slices of different songs [songs]; NaN of a single song.

    The mean is that agreement, and resampling the songs moves it as far as it would move the agreement (Hoeffding
    1948, doi 10.1214/aoms/1177730196), while pairs made of resampled songs would now and then pair a song with itself.
    """
    if len(shares) < 2:
        return np.full(len(shares), np.nan)
    others = (shares @ shares.sum(axis=0) - (shares**2).sum(axis=1)) / (len(shares) - 1)
    return 2 * others - others.mean()


def _beyond(sums: np.ndarray) -> np.ndarray:
    """Chance, kappa and gap [shape=(..., 3)] of summed counts."""
    right, wrong, right_same, wrong_same, chance = (sums[..., place] for place in (0, 1, 2, 3, 5))
    with np.errstate(invalid="ignore", divide="ignore"):
        chance = chance / (right + wrong)
        rest = np.where(1 - chance > 1e-9, 1 - chance, np.nan)
        kappa = ((right_same + wrong_same) / (right + wrong) - chance) / rest
        gap = right_same / right - wrong_same / wrong
    found = np.stack([chance, kappa, gap], axis=-1)
    return np.where(np.isfinite(found), found, np.nan)


def agreement_sentence(row: pd.Series) -> str:
    """One row of `slice_agreement` in words. Page 05."""
    if row["same"] == 1:
        return f"under `{row['protocol']}`, {name_of(row)} gives all slices of a song the same {row['head']}"
    about = (
        f"under `{row['protocol']}`, on average {percent(row['share'])} of the {round(row['slices'], 1):g} slices of a "
        f"song give its most frequent {row['head']} with {name_of(row)}; two slices of one song agree in "
        f"{percent(row['same'])} of the pairs {span(row['same_low'], row['same_high'])}, two of different songs in "
        f"{percent(row['chance'])}"
    )
    if pd.isna(row["same_right"]) or pd.isna(row["same_wrong"]):
        return f"{about}; {'no' if pd.isna(row['same_right']) else 'every'} song is named right"
    text = (
        f"{about}; where the song is named right they agree in {percent(row['same_right'])}, where wrong in "
        f"{percent(row['same_wrong'])}"
    )
    if pd.isna(row["gap_low"]):
        return f"{text}, too few songs to tell the two apart"
    sure = "established" if row["gap_low"] > 0 or row["gap_high"] < 0 else "not established"
    return f"{text}, a difference that is {sure} {gain_span(row['gap_low'], row['gap_high'])}"
