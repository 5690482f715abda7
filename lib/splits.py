"""Which slices train, choose and test: the splits.

The splits are explained in notebook 05. ``random`` and ``poster`` put slices of one song on both sides, ``song`` does
not, ``album`` (Flexer 2007) puts no album, ``artist`` (Pampalk, Flexer & Widmer 2005) no artist on both sides either,
and ``official`` is the split that a corpus was published with, FMA's, which keeps artists apart as FMA knows them.
"""

from collections.abc import Iterator
from functools import lru_cache

import numpy as np
import pandas as pd

from lib.control_splits import DOSES, control, dose, subsample
from lib.errors import ReportError

# scikit-learn is imported where songs are assigned: who only reads the splits' names does without it.

SPLITS = ("poster", "random", "song", "album", "official", "artist")  # from the leakiest to the strictest
SINGLE = ("poster", "official")  # a single fold
CONTROLS = ("seen", "unseen")  # one training set, two test sets, see `lib.control_splits`
KNOWN = (*SPLITS, *CONTROLS, *DOSES)
PARTS = ("train", "validation", "test")
GROUPS = {"song": ("song_group", "songs"), "album": ("album_group", "albums"), "artist": ("artist_group", "artists")}
_UNNAMED = {"song": "nothing", "album": "no album", "artist": "neither artist nor album"}
UNKNOWN_ARTISTS = 0.2  # share of songs without an artist beyond which `artist` means nothing
VALIDATION_SHARE = 0.1  # of the whole
ATTEMPTS = 10  # random states tried until every fold tests every genre
_CACHED = 128  # cuts kept in memory
POSTER_SHARE = 225 / 4524  # of the slices, for validation and for test each: 4074 + 225 + 225 on the poster


def assign(
    slices: pd.DataFrame,
    tracks: pd.DataFrame,
    split: str,
    *,
    fold: int = 0,
    folds: int = 5,
    validation: int = 0,
    share: float = 1.0,
    seed: int = 0,
) -> np.ndarray:
    """Part of every slice in one fold; a pure function of its arguments.

    The corpus is divided into `folds` parts of like genre and mood, each of which is the test set once and
    has songs of every genre, unless artists who span genres make that impossible. Of the rest, a tenth of
    the whole is validation and the remainder train. ``poster`` is a single draw of slices in the poster's
    proportions, and ``official`` what the tracks table says.

    Parameters
    ----------
    slices : pd.DataFrame
        ``track_id`` of each slice.
    tracks : pd.DataFrame
        ``track_id``, ``genre``, ``mood``, ``song_group``, ``artist_group``; under ``official`` also ``official``.
    split : str
        One of `KNOWN`.
    fold : int
        0 <= fold < folds; 0 for those of `SINGLE`.
    folds : int >= 2
    validation : int >= 0
        Which share of the rest is validation: the rest is divided into shares of about a tenth of the whole, so that
        with `folds` of 5 there are 8 of them, and no song is in two. 0 for those of `SINGLE`.
    share : float, 0 < share <= 1
        Of the training songs or, under ``artist`` and ``album``, artists or albums of each genre that train; the others
        stay out.
    seed : int >= 0

    Returns
    -------
    np.ndarray [shape=(len(slices),), dtype=str]
        ``train``, ``validation`` or ``test``; empty for slices that stay out (no artist known under ``artist``).

    Raises
    ------
    ReportError
        If the split or fold is unknown, or the corpus has too few songs or artists.
    """
    if split not in KNOWN:
        raise ReportError(f"split {split!r} is unknown. Known are {', '.join(KNOWN)}.")
    if not 0 < share <= 1 or (share < 1 and split not in GROUPS):
        raise ReportError(
            f"share {share} under {split}: it must be more than 0 and at most 1, and 1 unless the split is "
            f"{' or '.join(GROUPS)}."
        )
    last = 0 if split in SINGLE else folds - 1
    if folds < 2 or not 0 <= fold <= last:
        raise ReportError(f"fold {fold} of {folds} under {split}: folds must be 2 or more and fold 0 to {last}.")
    if split in SINGLE and validation:
        raise ReportError(
            f"validation {validation} under {split}: it is one draw with one validation set; validation must be 0."
        )
    if split == "album" and "album_group" not in tracks:
        tracks = tracks.assign(album_group=pd.NA)
    songs = tracks.set_index("track_id").loc[slices["track_id"]].reset_index()
    if split == "poster":
        parts = _poster(songs, seed)
    elif split == "official":
        parts = _official(songs)
    elif split == "random":
        _need(songs.groupby("genre").size(), len(songs), "slices", folds)
        parts = _assign(songs, np.arange(len(songs)), fold, folds, validation, seed)
    else:
        # Songs are assigned, not slices, so that a long song weighs no more than a short one.
        rule = "artist" if split in CONTROLS + DOSES else split
        unit, _ = _known(songs.drop_duplicates("track_id"), rule, folds)
        group = GROUPS[rule][0]
        groups = unit[group].to_numpy(dtype=str)

        def parts_of(fold: int) -> np.ndarray:
            part_of = dict(zip(unit["track_id"], _assign(unit, groups, fold, folds, validation, seed), strict=True))
            return songs["track_id"].map(part_of).fillna("").to_numpy(dtype="U10")

        parts = parts_of(fold)
        if split in CONTROLS:
            others = [parts_of((fold + step) % folds) for step in range(1, folds)]
            parts = control(parts, others, slices, split, seed)
        if split in DOSES:
            parts = dose(parts, songs, DOSES.index(split), seed)
        if share < 1:
            parts = subsample(parts, songs, group, share, seed)
    check(parts, songs, split)
    return parts


def count_validation_shares(folds: int) -> int:
    """Shares into which the songs that do not test are split, one of which is validation; fewer in a tiny corpus."""
    return round((folds - 1) / folds / VALIDATION_SHARE)


def check_corpus(tracks: pd.DataFrame, splits: list[str], folds: int) -> pd.Series:
    """Check before the long work that the corpus of a tracks table is large enough for its folds.

    Returns
    -------
    pd.Series
        Fewest songs and artists of a genre, or of all where no genre is known; empty for splits of slices.

    Raises
    ------
    ReportError
        If a genre, or the whole corpus, has fewer songs or artists than there are folds, too many songs name no
        artist, or the corpus has no official split.
    """
    usable = tracks[tracks["status"] == "ok"]
    fewest = {}
    for split in splits:
        if split == "official":
            _official(usable)
        if split in GROUPS:
            group, what = GROUPS[split]
            own = usable if group in usable else usable.assign(**{group: pd.NA})
            known, counts = _known(own, split, folds)
            fewest[what] = int(counts.min()) if len(counts) else known[group].nunique()
    return pd.Series(fewest, dtype=int)


def check(parts: np.ndarray, songs: pd.DataFrame, split: str) -> None:
    """See that a split keeps what it promises.

    Raises
    ------
    ReportError
        If a part is empty, or a group is on two sides.
    """
    if missing := [part for part in PARTS if part not in parts]:
        raise ReportError(
            f"split {split}: no slice is in {missing[0]}. Add music, or change `folds` in the study's file."
        )
    strict = ["song_group", "artist_group"]
    groups = {"song": strict[:1], "album": ["song_group", "album_group"], "artist": strict, "unseen": strict}
    for group in groups.get(split, []):
        sides = pd.Series(parts)[parts != ""].groupby(songs[group].to_numpy()[parts != ""]).nunique()
        if sides.max() != 1:
            raise ReportError(f"split {split}: {group} {sides.idxmax()} is on two sides. Run 01 again.")


def _known(songs: pd.DataFrame, split: str, folds: int) -> tuple[pd.DataFrame, pd.Series]:
    """Songs whose group under `split` is known and the number of groups a genre; raise if they are too few."""
    group, what = GROUPS[split]
    unknown = songs[group].isna()
    if unknown.mean() > UNKNOWN_ARTISTS:
        raise ReportError(
            f"split {split}: {unknown.sum()} of {len(songs)} songs name {_UNNAMED[split]}. Tag the "
            "files, add such a column to labels.csv, or leave the split out."
        )
    known = songs[~unknown]
    counts = known.groupby("genre")[group].nunique().reindex(sorted(songs["genre"].dropna().unique()), fill_value=0)
    _need(counts, known[group].nunique(), what, folds)
    return known, counts


def _need(counts: pd.Series, total: int, what: str, folds: int) -> None:
    """Raise if a genre, or all together, has fewer groups than there are folds."""
    remedy = "Add music, or lower `folds` in the study's file in config/."
    if len(counts) and counts.min() < folds:
        listed = ", ".join(f"{name} {n}" for name, n in counts.items())
        raise ReportError(
            f"{counts.min()} {what} of {counts.idxmin()!r} are too few for {folds} folds, which need {folds} a genre "
            f"(here: {listed}). {remedy}"
        )
    if total < folds:
        raise ReportError(f"{total} usable {what} are too few for {folds} folds, which need {folds}. {remedy}")


def _assign(unit: pd.DataFrame, groups: np.ndarray, fold: int, folds: int, validation: int, seed: int) -> np.ndarray:
    """Part of every row of `unit`; rows of one group get one part."""
    fold_of = _folds(unit, groups, folds, seed)
    rest, test = np.flatnonzero(fold_of != fold), np.flatnonzero(fold_of == fold)
    if len(np.unique(groups[rest])) < 2:
        raise ReportError(
            f"fold {fold} of {folds} leaves one song or artist for both training and validation. Add music, or raise "
            "`folds` in the study's file in config/."
        )
    share = _cut(unit.iloc[rest], groups[rest], count_validation_shares(folds), seed + 1 + fold)
    if validation > share.max():
        raise ReportError(
            f"validation is {validation}, but fold {fold} has {share.max() + 1} shares to choose from, 0 to "
            f"{share.max()}."
        )
    parts = np.full(len(unit), "train", dtype="U10")
    parts[test] = "test"
    parts[rest[share == validation]] = "validation"
    return parts


def _folds(unit: pd.DataFrame, groups: np.ndarray, folds: int, seed: int) -> np.ndarray:
    """Fold in which each row is tested: of several attempts the first in which every fold tests every genre."""
    # Whole groups balance genre and mood on the whole, but may leave a small genre out of a fold. Then genre alone is
    # balanced, then both again from other random states, and at last each genre is divided by itself. Where no attempt
    # is complete, that which lacks least counts.
    genre = unit["genre"].to_numpy(object)

    def lacking(fold_of: np.ndarray) -> int:
        tested = pd.Series(fold_of).groupby(genre).nunique()
        return (folds - tested).sum() + folds - len(np.unique(fold_of))  # without genres, no fold may be empty either

    attempts = []
    for fold_of in _attempts(unit, groups, folds, seed):
        attempts.append(fold_of)
        if not lacking(fold_of):
            break
    return min(attempts, key=lacking)


def _attempts(unit: pd.DataFrame, groups: np.ndarray, folds: int, seed: int) -> Iterator[np.ndarray]:
    for number in range(ATTEMPTS):
        state = int(np.random.SeedSequence([seed, number]).generate_state(1)[0]) if number else seed
        for labelled in (unit, unit.assign(mood="")):
            yield _cut(labelled, groups, folds, state)
    yield _by_genre(unit, groups, folds)


def _by_genre(unit: pd.DataFrame, groups: np.ndarray, folds: int) -> np.ndarray:
    """Part of each row when each genre's groups go round the parts, large ones first."""
    # The genre of fewest groups comes first, and a group of several genres with the first of them: so a genre whose
    # groups belong to no other is in every part if it has as many groups as there are parts.
    rows = pd.DataFrame({"group": groups, "genre": unit["genre"].fillna("").astype(str).to_numpy()})
    sizes = rows.groupby("group").size().sort_values(ascending=False, kind="stable")
    fold_of: dict[object, int] = {}
    filled = np.zeros(folds, dtype=int)
    for genre in rows.groupby("genre")["group"].nunique().sort_values(kind="stable").index:
        own = sizes[sizes.index.isin(rows.loc[rows["genre"] == genre, "group"])]
        there = np.bincount([fold_of[group] for group in own.index if group in fold_of], minlength=folds)
        for group, size in own.items():
            if group not in fold_of:
                # The part with fewest groups of this genre; of several such, the emptiest.
                fold_of[group] = number = int(np.lexsort((filled, there))[0])
                there[number] += 1
                filled[number] += size
    return rows["group"].map(fold_of).to_numpy(dtype=int)


def _cut(unit: pd.DataFrame, groups: np.ndarray, n: int, seed: int) -> np.ndarray:
    """Assign rows to `n` parts of like genre and mood; the number of each row's part."""
    _, groups = np.unique(groups, return_inverse=True)
    n = max(2, min(n, groups.max() + 1))
    _, strata = np.unique(_strata(unit, n), return_inverse=True)
    return _stratified(strata.astype("int32").tobytes(), groups.astype("int32").tobytes(), n, seed)


@lru_cache(_CACHED)
def _stratified(strata: bytes, groups: bytes, n: int, seed: int) -> np.ndarray:
    """Part of each row, from its stratum and group as bytes of int32; the folds of a split share the first cut."""
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

    strata, groups = np.frombuffer(strata, "int32"), np.frombuffer(groups, "int32")
    if groups.max() + 1 == len(groups):
        splitter, groups = StratifiedKFold(n, shuffle=True, random_state=seed), None
    else:
        splitter = StratifiedGroupKFold(n, shuffle=True, random_state=seed)
    part_of = np.zeros(len(strata), dtype=int)
    for number, (_, inside) in enumerate(splitter.split(np.zeros(len(strata)), strata, groups)):
        part_of[inside] = number
    part_of.setflags(write=False)
    return part_of


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
    from sklearn.model_selection import train_test_split

    _need(pd.Series(dtype=int), len(songs), "slices", len(PARTS))
    size = max(round(POSTER_SHARE * len(songs)), 1)
    labels = _strata(songs, round(1 / POSTER_SHARE))
    size = max(size, len(np.unique(labels)))
    numbers = np.arange(len(songs))
    rest, test = train_test_split(numbers, test_size=size, stratify=labels, random_state=seed)
    _, validation = train_test_split(rest, test_size=size, stratify=labels[rest], random_state=seed)
    parts = np.full(len(songs), "train", dtype="U10")
    parts[test], parts[validation] = "test", "validation"
    return parts


def _official(songs: pd.DataFrame) -> np.ndarray:
    """Part of every row as the corpus was published; empty where it says nothing."""
    if "official" not in songs:
        raise ReportError("split official: this corpus was published without a split; FMA has one. Leave it out.")
    parts = songs["official"].fillna("").to_numpy(dtype="U10")
    if missing := [part for part in PARTS if part not in parts]:
        raise ReportError(f"split official: no song is in its {missing[0]} part. Draw more songs.")
    return parts
