"""Artists whose songs are predicted worse than their genre explains."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.sparse import coo_array, csr_array

from lib.evaluation.bootstrap import percentiles
from lib.evaluation.difficulty import Panel
from lib.evaluation.significance import ALPHA, PERMUTATIONS, holm, permuted
from lib.runs.store import Finished

LEAST = 3  # songs: of fewer, even none predicted correctly is not significant
COLUMNS = (
    "head", "artist_group", "artist", "genre", "songs", "correct", "expected", "low", "high", "p", "p_holm", "hard",
)  # fmt: skip
MOST = 1_000  # artists in the table
_TIE = 1e-9


@dataclass(frozen=True)
class Artists:
    """Whether errors cluster by artist, and where."""

    table: pd.DataFrame  # columns `COLUMNS`, see `hard_artists`
    p: float  # of the test whether errors cluster by artist at all; NaN where it cannot be made
    # Intraclass correlation of what class and genre leave unexplained: 0 = songs of one artist are no more alike than
    # others, 1 = their errors are all the same; NaN as `p`.
    icc: float
    artists: int  # with several songs
    songs: int  # by them, copies of a recording counted once
    least: int = LEAST  # songs of an artist in the table
    tested: int = 0  # artists with so many, each of which is tested


def folds_of(runs: Sequence[Finished], split: str) -> pd.Series:
    """Fold that tested each song, by ``track_id``; empty under a split that tests a song in several."""
    found: dict[str, int] = {}
    for one in runs:
        if one.run.split == split and split in ("song", "album", "official", "artist") and not one.stale:
            found |= dict.fromkeys(one.predictions("test", ["track_id"])["track_id"].unique(), one.run.fold)
    return pd.Series(found, dtype="float64")


def hard_artists(
    given: Panel,
    folds: pd.Series | None = None,
    *,
    least: int = LEAST,
    permutations: int = PERMUTATIONS,
    seed: int = 0,
) -> Artists:
    """Test whether errors cluster by artist, and find the artists they cluster at.

    A song's error is the share of the networks that predict it wrongly. Errors are permuted among the songs of the same
    genre and true class: if the artist does not matter, every such order is as likely. The statistic is the sum of
    squares between artists, as in an analysis of variance (Pitman 1938, Biometrika 29, doi 10.1093/biomet/29.3-4.322).
    Of copies of one recording, which would cluster by themselves, the first counts.

    All songs of an artist are predicted by the models of one fold, so poor models of a fold would look like hard
    artists. Where `folds` are given, the mean of each fold is taken away before and after what is left is permuted
    (Freedman & Lane 1983, J. Business & Economic Statistics 1, doi 10.1080/07350015.1983.10509354), which holds
    approximately.

    Parameters
    ----------
    given : Panel
    folds : pd.Series, optional
        As from `folds_of`; empty or with a song missing = not used.
    least : int >= 2
        Songs that an artist must have for the table.
    permutations : int > 0
    seed : int >= 0

    Returns
    -------
    Artists
        Its table has a row per artist group of `least` songs or more, of many the worst `MOST`: the most frequent
        ``artist`` and ``genre``, ``songs``, ``correct`` (share, mean over songs and networks), the
        share ``expected`` of any artist with as many songs of the same classes, ``low`` and ``high`` between which
        95 % of the permutations lie, ``p``, one-sided, of so few correct, ``p_holm``, corrected for the number of
        artists, and ``hard``: errors cluster by artist at all, and here. The worst come first.
    """
    nothing = pd.DataFrame(columns=list(COLUMNS)), float("nan"), float("nan")
    if not len(given.songs):
        return Artists(*nothing, artists=0, songs=0, least=least)
    songs = given.songs.assign(error=1 - given.correct.mean(axis=1))
    songs = songs.loc[~songs["song_group"].duplicated() | songs["song_group"].isna()]
    own = songs["artist_group"].where(songs["artist_group"].notna(), "\0" + songs.index.astype(object))
    groups, names = pd.factorize(own)
    size = np.bincount(groups)
    several, shown = size > 1, np.flatnonzero(size >= least)
    about = {"artists": int(several.sum()), "songs": int(size[several].sum()), "least": least, "tested": len(shown)}
    cells = songs.groupby([songs["genre"].fillna(""), "true"], sort=False).ngroup().to_numpy()
    error, fold = songs["error"].to_numpy(float), np.zeros(len(songs), dtype=int)
    if folds is not None and songs.index.isin(folds.index).all():
        fold = pd.factorize(folds.loc[songs.index])[0]
    rest = _less_means(_less_means(error, cells), fold)
    if not several.any() or len(names) < 2 or np.abs(rest).max() < _TIE:
        return Artists(*nothing, **about)
    member = _sums(groups)
    truth, usual = member @ rest, member @ (error - rest)
    between, more, worse = (truth**2 / size).sum(), 0, np.zeros(len(shown))
    for values in _permuted(rest, cells, fold, permutations, seed):
        sums = member @ values
        more += int(((sums**2 / size[:, None]).sum(axis=0) >= between - _TIE).sum())
        worse += (sums[shown] >= truth[shown, None] - _TIE).sum(axis=1)
    p = (1 + more) / (1 + permutations)
    table = pd.DataFrame({"head": given.head, "artist_group": names[shown], "songs": size[shown], "place": shown})
    table["correct"] = 1 - (usual + truth)[shown] / size[shown]
    table["expected"] = 1 - usual[shown] / size[shown]
    table["p"] = (1 + worse) / (1 + permutations)
    table["p_holm"] = holm(table["p"])
    table["hard"] = (table["p_holm"] < ALPHA) & (p < ALPHA)
    table = table.sort_values(["p", "correct", "artist_group"], ignore_index=True).head(MOST)
    place = table["place"].to_numpy()
    for name in ("artist", "genre"):
        table[name] = _most(songs[name], groups).reindex(place).fillna("").to_numpy()
    # The same permutations again: those of every artist would not fit into memory.
    kept = [member[place] @ values for values in _permuted(rest, cells, fold, permutations, seed)]
    null = 1 - (usual[place] + np.concatenate(kept, axis=1).T) / size[place]
    table["low"], table["high"] = percentiles(null).clip(0, 1)
    return Artists(table[list(COLUMNS)], float(p), _icc(rest, between, size), **about)


def _sums(groups: np.ndarray) -> csr_array:
    """Matrix that adds the values of each group up [shape=(groups, songs)]."""
    return coo_array((np.ones(len(groups)), (groups, np.arange(len(groups))))).tocsr()


def _less_means(values: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Values [songs, ...] less the mean of their group."""
    sums = _sums(groups)
    means = (sums @ values.reshape(len(groups), -1)) / np.bincount(groups)[:, None]
    return values - means[groups].reshape(values.shape)


def _permuted(
    rest: np.ndarray, cells: np.ndarray, folds: np.ndarray, permutations: int, seed: int
) -> Iterator[np.ndarray]:
    """Yield values permuted within cells [songs, block], less the mean of the fold that they come to lie in."""
    for block in permuted(rest, cells, permutations, seed):
        yield _less_means(block.T, folds) if folds.any() else block.T


def _icc(rest: np.ndarray, between: float, size: np.ndarray) -> float:
    """Intraclass correlation of a one-way analysis of variance with unequal groups (Fisher 1925)."""
    n, groups = len(rest), len(size)
    if n == groups:
        return float("nan")
    common = between - rest.sum() ** 2 / n
    outer, inner = common / (groups - 1), ((rest**2).sum() - between) / (n - groups)
    usual = (n - (size**2).sum() / n) / (groups - 1)
    total = outer + (usual - 1) * inner
    return float((outer - inner) / total) if abs(total) > _TIE else float("nan")


def _most(values: pd.Series, groups: np.ndarray) -> pd.Series:
    """Most frequent known value of each group, the first of several; without those where none is known."""
    known = pd.DataFrame({"group": groups, "value": values.to_numpy(object)})
    known = known[known["value"].notna() & (known["value"] != "")]
    counts = known.groupby(["group", "value"]).size().sort_values(ascending=False, kind="stable")
    return counts.reset_index().drop_duplicates("group").set_index("group")["value"].astype(str)
