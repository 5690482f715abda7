"""Label-noise ceiling: the accuracy that the noise of the mood labels allows.

A mood is cut from a valence, and the valence from the shares of a few listeners: with other listeners some songs
would lie on the other side of a cut. Where the table of single listeners is missing, their number follows from the
shares.

The observed valences are more dispersed than the true ones, as noise is added to them, so the true valence of a song
is estimated by empirical Bayes: the observed one, drawn towards the mean of the corpus by n / (n + A) (Efron & Morris
1973, doi 10.1080/01621459.1973.10481350). A listener raises the valence by joyful activation, lowers it by sadness, or
does neither; the shares of the three over the songs are taken for a Dirichlet distribution, of which A is the sum of
the parameters, found from the variance between and within songs (Kleinman 1973, doi 10.1080/01621459.1973.10481332).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from lib.datasets.emotify import EMOTIONS, VALENCE_PARTS
from lib.datasets.tracks import MOODS
from lib.evaluation.bootstrap import BOOTSTRAP, Bootstrap, Interval, clusters, columns, percentiles

BOUND = 200  # listeners of a song at most
ROUNDING = 1e-6  # of a share in the file; well below 1 / BOUND^2, the least distance of two different shares
MIN_SONGS = 20
JOINTS = {
    "independent": "if joyful activation and sadness are independent in one listener",
    "exclusive": "if no listener felt both, which makes the labels noisiest",
    "together": "if as many listeners as possible felt both, which bounds it from above",
}
ANSWERED = "as the listeners answered"
MAIN = "independent"  # where it is not known who felt both
_COLUMNS = ["joint", "agreement", "low", "high", "again", "again_low", "again_high", "reliability", "near"]
_SONGS = ["track_id", "genre", "listeners", "valence", "mood", "standard_error", "near", "certainty"]


@dataclass(frozen=True)
class Ceiling:
    """What `label_ceiling` finds.

    Attributes
    ----------
    table : pd.DataFrame
        One row per joint distribution of joy and sadness in one listener: ``joint`` (``answered`` where each listener's
        answers are known, else `JOINTS`), ``agreement`` with ``low`` and ``high``, ``again`` with ``again_low`` and
        ``again_high``, ``reliability``, ``near``.
    songs : pd.DataFrame
        ``track_id``, ``genre``, ``listeners``, ``valence``, ``mood``, its ``standard_error``, ``near`` (within one
        standard error of a cut) and ``certainty``, the probability that the mood is the true one; by `MAIN`.
    copies : pd.DataFrame
        Pairs of songs that are one recording: ``one``, ``other``, ``mood_one``, ``mood_other``, ``difference`` of
        their valences and ``expected``, the standard deviation that sampling error gives it.
    """

    table: pd.DataFrame
    songs: pd.DataFrame
    copies: pd.DataFrame
    unknown: int  # songs with a mood that are left out, as no number of listeners fits their shares
    halves: Interval | None  # split-half reliability of the valence (`_halves`) where each listener's answers are known

    @property
    def bounds(self) -> tuple[float, float]:
        """Least and largest plausible agreement; its interval where each listener's answers are known."""
        if self.halves:
            return tuple(self.table[["low", "high"]].iloc[0])
        plausible = self.table.loc[self.table["joint"] != "together", "agreement"]
        return plausible.min(), plausible.max()


def listeners(tracks: pd.DataFrame, *, bound: int = BOUND) -> pd.Series:
    """Count the listeners of each song: as known, or `bound` at most from its shares of Emotify's emotions.

    Returns
    -------
    pd.Series of Int64
        The smallest n of which all nine shares are whole numbers; missing where there is none, or no shares. A song
        whose nine counts share a divisor seems to have fewer listeners than it had, which is rare among nine.
    """
    if "listeners" in tracks:
        return tracks["listeners"]
    found = np.zeros(len(tracks), dtype=int)
    if {*EMOTIONS} <= {*tracks.columns}:
        shares = tracks[[*EMOTIONS]].to_numpy(float)
        for n in range(bound, 0, -1):
            counts = shares * n
            found[(np.abs(counts - np.round(counts)) <= n * ROUNDING).all(axis=1)] = n
    return pd.Series(found, index=tracks.index, dtype="Int64").replace(0, pd.NA)


def label_ceiling(tracks: pd.DataFrame, bootstrap: Bootstrap = BOOTSTRAP) -> Ceiling | None:
    """Estimate how often a tagger that knows every song's true valence agrees with the mood labels.

    Each resample draws the corpus's parameters (from resampled artists within genre) and, given these and the
    observed shares, a true valence of every song; cut so that each mood keeps its share of the songs, it agrees with
    the label or not. ``again`` is the agreement of the labels with those of as many other listeners. Of joyful
    activation and sadness only the marginals may be known, not how many listeners of a song felt both: then the number
    may be as small (``exclusive``) or as large (``together``) as the marginals allow, or drawn from the hypergeometric
    distribution, as if both were ``independent``. As the two are opposites and Emotify's listeners marked at most three
    emotions of nine, the truth is expected between ``exclusive`` and ``independent``.

    Listeners are taken for random draws from one population; which songs share listeners is not published.

    Returns
    -------
    Ceiling, or None
        None where fewer than `MIN_SONGS` moods are cut from shares of listeners. ``agreement`` and ``again`` are
        means over the resamples, their intervals hold 95 % of them; ``reliability`` is the mean over the songs of
        n / (n + A), the share of the variance of the valence that is not noise.
    """
    songs = _songs(tracks)
    if songs is None:
        return None
    known = songs.loc[songs["listeners"].notna()].reset_index(drop=True)
    known["listeners"] = known["listeners"].astype(int)
    n = known["listeners"].to_numpy()
    if len(known) < MIN_SONGS or n.max() < 2:
        return None
    groups, strata = clusters(known)
    weight = np.concatenate(list(bootstrap.weights(strata)))[:, groups]
    rows = []
    answered = "felt_both" in known and known["felt_both"].notna().all()
    for joint in ("answered",) if answered else JOINTS:
        agrees, again, error, reliability = _simulated(known, joint, weight, np.random.default_rng([bootstrap.seed, 1]))
        near = _distance(known) < error
        row = {"joint": joint, "reliability": reliability, "near": near.mean()}
        row |= columns("agreement", (agrees.mean(), *percentiles(agrees.mean(axis=1))), "low", "high")
        rows.append(row | columns("again", (again.mean(), *percentiles(again.mean(axis=1)))))
        if joint in ("answered", MAIN):
            main = known.assign(standard_error=error, near=near, certainty=agrees.mean(axis=0))
    halves = _halves(known, weight, np.random.default_rng([bootstrap.seed, 2])) if answered else None
    return Ceiling(pd.DataFrame(rows)[_COLUMNS], main[_SONGS], _copies(main), len(songs) - len(known), halves)


def _songs(tracks: pd.DataFrame) -> pd.DataFrame | None:
    """Songs with a mood, their listeners and counts; None unless the moods are cut from the shares' valence."""
    if not {*EMOTIONS} <= {*tracks.columns}:
        return None
    songs = tracks.loc[tracks["mood"].notna() & tracks["valence"].notna()].reset_index(drop=True)
    joy, sadness = (songs[name].to_numpy(float) for name in VALENCE_PARTS)
    valence = songs["valence"].to_numpy(float)
    if not len(songs) or not np.allclose(valence, (1 + joy - sadness) / 2, atol=ROUNDING):
        return None
    codes = songs["mood"].map({name: code for code, name in enumerate(MOODS)}).to_numpy(int)
    if any(valence[codes < k].max(initial=0) > valence[codes >= k].min(initial=1) for k in range(1, len(MOODS))):
        return None
    songs["code"], songs["listeners"] = codes, listeners(songs)
    for name, share in zip(("joyful", "sorrowful"), (joy, sadness), strict=True):
        songs[name] = np.round(share * songs["listeners"].fillna(0).to_numpy(int)).astype(int)
    return songs


def _simulated(
    songs: pd.DataFrame, joint: str, weight: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
    """Whether true labels [resamples, songs] and new ones agree with the labels, standard errors, reliability."""
    n, code = songs["listeners"].to_numpy(), songs["code"].to_numpy()
    steps = _steps(songs, joint, len(weight), rng)
    prior = _prior(steps, n, weight)[:, None, :]
    gammas = rng.standard_gamma(steps + prior)
    shares = gammas / gammas.sum(axis=-1, keepdims=True)
    levels = np.array([(code < k).mean() for k in range(1, len(MOODS))])
    agrees = _cut((1 + shares[..., 0] - shares[..., 1]) / 2, levels) == code
    counts = rng.multinomial(np.broadcast_to(n, shares.shape[:2]), shares)
    again = _cut((1 + (counts[..., 0] - counts[..., 1]) / n) / 2, levels) == code
    size = prior.sum(axis=-1)
    mean = (steps + prior) / (n + size)[..., None]
    variance = mean[..., 0] + mean[..., 1] - (mean[..., 0] - mean[..., 1]) ** 2  # of one listener's step
    return agrees, again, np.sqrt(variance.mean(axis=0) / (4 * n)), float((n / (n + size)).mean())


def _steps(songs: pd.DataFrame, joint: str, resamples: int, rng: np.random.Generator) -> np.ndarray:
    """Count listeners who raise the valence, lower it, or do neither [resamples, songs, 3]."""
    n, joyful, sorrowful = (songs[name].to_numpy() for name in ("listeners", "joyful", "sorrowful"))
    shape = (resamples, len(n))
    if joint == "answered":
        both = np.broadcast_to(songs["felt_both"].to_numpy(int), shape)
    elif joint == "exclusive":
        both = np.broadcast_to(np.maximum(0, joyful + sorrowful - n), shape)
    elif joint == "together":
        both = np.broadcast_to(np.minimum(joyful, sorrowful), shape)
    else:
        both = rng.hypergeometric(*(np.broadcast_to(x, shape) for x in (joyful, n - joyful, sorrowful)))
    return np.stack([joyful - both, sorrowful - both, n - joyful - sorrowful + 2 * both], axis=-1).astype(float)


def _halves(songs: pd.DataFrame, weight: np.ndarray, rng: np.random.Generator) -> Interval:
    """Split-half reliability of the valence with its 95 % interval.

    The correlation over the songs of the valences by two random halves of each song's listeners, stepped up to all of
    them (Spearman 1910, doi 10.1111/j.2044-8295.1910.tb00206.x; Brown 1910, doi 10.1111/j.2044-8295.1910.tb00207.x).
    """
    rest, halves = _steps(songs, "answered", len(weight), rng).astype(int), []
    half = np.broadcast_to(songs["listeners"].to_numpy() // 2, rest.shape[:2])
    for _ in range(2):
        up = rng.hypergeometric(rest[..., 0], rest[..., 1] + rest[..., 2], half)
        down = rng.hypergeometric(rest[..., 1], rest[..., 2], half - up)
        rest = rest - np.stack([up, down, half - up - down], axis=-1)
        halves.append((up - down) / half)
    share = weight / weight.sum(axis=1, keepdims=True)
    one, other = (values - (share * values).sum(axis=1, keepdims=True) for values in halves)
    r = (share * one * other).sum(axis=1) / np.sqrt((share * one**2).sum(axis=1) * (share * other**2).sum(axis=1))
    stepped_up = 2 * r / (1 + r)
    return stepped_up.mean(), *percentiles(stepped_up)


def _prior(steps: np.ndarray, n: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Parameters of the Dirichlet distribution [resamples, 3], by the one-way analysis of variance of the steps."""
    total, songs = (weight * n).sum(axis=1), weight.sum(axis=1)
    net, moved = steps[..., 0] - steps[..., 1], steps[..., 0] + steps[..., 1]
    within = (weight * (moved - net**2 / n)).sum(axis=1) / (total - songs)
    grand = (weight * net).sum(axis=1) / total
    between = (weight * n * (net / n - grand[:, None]) ** 2).sum(axis=1) / (songs - 1)
    typical = (total - (weight * n**2).sum(axis=1) / total) / (songs - 1)  # listeners of a song
    of_songs = np.maximum((between - within) / typical, within * 1e-6)
    size = np.divide(within, of_songs, where=of_songs > 0, out=np.zeros_like(within))
    mean = (weight[..., None] * steps / n[:, None]).sum(axis=1) / songs[:, None]
    return size[:, None] * mean


def _cut(valence: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """Classes [resamples, songs] of valences cut at quantiles; a value on a cut belongs to the higher class."""
    cuts = np.where(levels < 1, np.quantile(valence, levels, axis=1).T, np.inf)
    return (valence[..., None] >= cuts[:, None, :]).sum(axis=-1)


def _distance(songs: pd.DataFrame) -> np.ndarray:
    """Distance of each song's valence from the nearest cut, halfway between the classes."""
    valence, code = songs["valence"].to_numpy(), songs["code"].to_numpy()
    parted = [(valence[code < k], valence[code >= k]) for k in range(1, len(MOODS))]
    cuts = [(below.max() + above.min()) / 2 for below, above in parted if len(below) and len(above)]
    return np.abs(valence[:, None] - np.array(cuts)).min(axis=1, initial=np.inf)


def _copies(songs: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for _, group in songs.loc[songs["song_group"].duplicated(keep=False)].groupby("song_group"):
        for one, other in combinations(group.itertuples(), 2):
            expected = np.hypot(one.standard_error, other.standard_error)
            rows.append((one.track_id, other.track_id, one.mood, other.mood, one.valence - other.valence, expected))
    return pd.DataFrame(rows, columns=["one", "other", "mood_one", "mood_other", "difference", "expected"])
