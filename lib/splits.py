"""Which slices train, choose and test: the protocols.

The protocols are explained in notebook 05. ``slice`` and ``poster_split`` put slices of one song on both
sides, ``song`` does not, ``artist`` (Pampalk, Flexer & Widmer 2005) puts no artist on both sides either.
"""

import numpy as np
import pandas as pd
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold, train_test_split

from lib.errors import ReportError

PROTOCOLS = ("slice", "song", "artist", "poster_split")
PARTS = ("train", "dev", "test")
GROUPS = {"song": ("song_group", "songs"), "artist": ("artist_group", "artists")}
UNKNOWN_ARTISTS = 0.2  # share of songs without an artist beyond which `artist` means nothing
DEV_SHARE = 0.1  # of the whole
POSTER_SHARE = 225 / 4524  # of the slices, for dev and for test each: 4074 + 225 + 225 on the poster


def split(
    slices: pd.DataFrame, tracks: pd.DataFrame, protocol: str, *, fold: int = 0, folds: int = 5, seed: int = 0
) -> np.ndarray:
    """Part of every slice in one fold; a pure function of its arguments.

    The corpus is dealt into `folds` parts of like genre and mood, each of which is the test set once. Of
    the rest, a tenth of the whole is dev and the remainder train. ``poster_split`` is a single draw of
    slices in the poster's proportions.

    Parameters
    ----------
    slices : pd.DataFrame
        ``track_id`` of each slice.
    tracks : pd.DataFrame
        ``track_id``, ``genre``, ``mood``, ``song_group``, ``artist_group``.
    protocol : str
        One of `PROTOCOLS`.
    fold : int
        0 <= fold < folds; 0 for ``poster_split``.
    folds : int >= 2
    seed : int >= 0

    Returns
    -------
    np.ndarray [shape=(len(slices),), dtype=str]
        ``train``, ``dev`` or ``test``; empty for slices that stay out (no artist known under ``artist``).

    Raises
    ------
    ReportError
        If the protocol or fold is unknown, or the corpus has too few songs or artists.
    """
    if protocol not in PROTOCOLS:
        raise ReportError(f"protocol {protocol!r} is unknown. Known are {', '.join(PROTOCOLS)}.")
    last = 0 if protocol == "poster_split" else folds - 1
    if folds < 2 or not 0 <= fold <= last:
        raise ReportError(f"fold {fold} of {folds} under {protocol}: folds must be 2 or more and fold 0 to {last}.")
    songs = tracks.set_index("track_id").loc[slices["track_id"]].reset_index()
    if protocol == "poster_split":
        parts = _poster(songs, seed)
    elif protocol == "slice":
        parts = _deal(songs, np.arange(len(songs)), "slices", fold, folds, seed)
    else:
        # Songs are dealt, not slices, so that a long song weighs no more than a short one.
        unit = songs.drop_duplicates("track_id")
        group, what = GROUPS[protocol]
        unknown = unit[group].isna()
        if unknown.mean() > UNKNOWN_ARTISTS:
            raise ReportError(
                f"protocol {protocol}: {unknown.sum()} of {len(unit)} songs name neither artist nor album. Tag the "
                "files, add an artist column to labels.csv, or leave the protocol out."
            )
        unit = unit[~unknown]
        dealt = _deal(unit, unit[group].to_numpy(dtype=str), what, fold, folds, seed)
        part_of = dict(zip(unit["track_id"], dealt, strict=True))
        parts = songs["track_id"].map(part_of).fillna("").to_numpy(dtype="U5")
    check(parts, songs, protocol)
    return parts


def check_corpus(tracks: pd.DataFrame, protocols: list[str], folds: int) -> pd.Series:
    """Check before the long work that a corpus is large enough for its folds.

    Parameters
    ----------
    tracks : pd.DataFrame
        The tracks table.
    protocols : list of str
    folds : int >= 2

    Returns
    -------
    pd.Series
        Fewest songs and artists of a genre, by protocol; empty for protocols that deal slices.

    Raises
    ------
    ReportError
        If a genre has fewer songs or artists than there are folds.
    """
    usable = tracks[tracks["status"] == "ok"]
    fewest = {}
    for protocol in protocols:
        if protocol in GROUPS:
            group, what = GROUPS[protocol]
            known = usable.dropna(subset=[group, "genre"])
            counts = known.groupby("genre")[group].nunique()
            counts = counts.reindex(usable["genre"].dropna().unique(), fill_value=0)
            _need(counts, what, folds)
            fewest[what] = int(counts.min()) if len(counts) else 0
    return pd.Series(fewest, dtype=int)


def check(parts: np.ndarray, songs: pd.DataFrame, protocol: str) -> None:
    """Assert what the protocol promises: no part empty, no group on two sides."""
    for part in PARTS:
        assert (parts == part).any(), f"{protocol}: no slice in {part}"
    groups = {"song": ["song_group"], "artist": ["song_group", "artist_group"]}.get(protocol, [])
    for group in groups:
        sides = pd.Series(parts)[parts != ""].groupby(songs[group].to_numpy()[parts != ""]).nunique()
        assert sides.max() == 1, f"{protocol}: {group} {sides.idxmax()} is on two sides"


def _deal(unit: pd.DataFrame, groups: np.ndarray, what: str, fold: int, folds: int, seed: int) -> np.ndarray:
    """Part of every row of `unit`; rows of one group get one part."""
    _need(pd.Series(groups).groupby(unit["genre"].to_numpy()).nunique(), what, folds)
    rest, test = _cut(unit, groups, folds, fold, seed)
    rest_rows, rest_groups = unit.iloc[rest], groups[rest]
    _, dev = _cut(rest_rows, rest_groups, round((folds - 1) / folds / DEV_SHARE), 0, seed + 1 + fold)
    parts = np.full(len(unit), "train", dtype="U5")
    parts[test] = "test"
    parts[rest[dev]] = "dev"
    return parts


def _cut(unit: pd.DataFrame, groups: np.ndarray, n: int, number: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows outside and inside part `number` of `n` parts of like genre and mood."""
    n = max(2, min(n, len(np.unique(groups))))
    if len(np.unique(groups)) == len(groups):
        splitter, groups = StratifiedKFold(n, shuffle=True, random_state=seed), None
    else:
        splitter = StratifiedGroupKFold(n, shuffle=True, random_state=seed)
    return list(splitter.split(np.zeros(len(unit)), _strata(unit, n), groups))[number]


def _need(counts: pd.Series, what: str, folds: int) -> None:
    """Raise if a genre has fewer groups than there are folds."""
    if len(counts) and counts.min() < folds:
        listed = ", ".join(f"{name} {n}" for name, n in counts.items())
        raise ReportError(
            f"{counts.min()} {what} of {counts.idxmin()!r} are too few for {folds} folds, which need {folds} a genre "
            f"(here: {listed}). Add music, or lower `folds` in the study's file in config/."
        )


def _strata(songs: pd.DataFrame, n: int) -> np.ndarray:
    """Genre and mood of each row as one label; coarser where it would be rarer than the `n` parts."""
    genre = songs["genre"].fillna("").astype(str).reset_index(drop=True)
    label = genre + "|" + songs["mood"].fillna("").astype(str).reset_index(drop=True)
    for coarser in (genre, pd.Series("", index=label.index)):
        label = label.where(label.map(label.value_counts()) >= n, coarser)
    # What is left over joins the largest stratum, so that no stratum is smaller than the parts.
    counts = label.value_counts()
    return label.where(label.map(counts) >= n, counts.index[0]).to_numpy(dtype=str)


def _poster(songs: pd.DataFrame, seed: int) -> np.ndarray:
    size = max(round(POSTER_SHARE * len(songs)), 1)
    labels = _strata(songs, round(1 / POSTER_SHARE))
    size = max(size, len(np.unique(labels)))
    numbers = np.arange(len(songs))
    rest, test = train_test_split(numbers, test_size=size, stratify=labels, random_state=seed)
    _, dev = train_test_split(rest, test_size=size, stratify=labels[rest], random_state=seed)
    parts = np.full(len(songs), "train", dtype="U5")
    parts[test], parts[dev] = "test", "dev"
    return parts
