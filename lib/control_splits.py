"""Training sets made by hand: the controls of a split, doses of leakage, and some of the groups.

The controls ``seen`` and ``unseen`` start from ``artist``. Both hold back the same fifth of every song's slices and
test on nothing else. Both train on the rest of the training songs, so that their models are one and the same:
``unseen`` evaluates the model on the fold's own test artists, ``seen`` on training songs: those that the next fold
tests, and those that test after it but are validation until then. So each song is predicted once on the same slices,
by a model that knows the song and by one that does not know its artist; what lies between the two is leakage alone,
not number or variety of the training slices.

The doses ``dose0`` to ``dose4`` start from ``artist`` too. Of each test artist one song is tested, with `TESTED` of its
slices; a known number of its other slices, or of other songs of its artist, trains. From one of the five to the next,
every song gets another dose; the training set keeps its size.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

HELD_BACK = 0.2  # share of each training song's slices
DOSES = tuple(f"dose{rotation}" for rotation in range(5))
SLICES = (0, 1, 2, 4, 8)  # of the tested song in training
SONGS = (0, 1, 2, 4)  # others of its artist in training
TESTED = 2  # slices of each tested song


def control(
    parts: np.ndarray, following: Sequence[np.ndarray], slices: pd.DataFrame, split: str, seed: int
) -> np.ndarray:
    """Parts [shape=(len(slices),)] of ``seen`` or ``unseen``, from those of ``artist`` in this fold and those after it.

    Of a song of two or more slices at least one is held back; a song of one is never tested, and under ``seen``
    neither is one that trains in no fold.
    """
    at_random = pd.Series(np.random.default_rng([seed, 1]).random(len(slices))).groupby(slices["track_id"].to_numpy())
    count = at_random.transform("size")
    place = at_random.rank(method="first")
    held = ((place <= np.maximum(np.round(HELD_BACK * count), 1)) & (count > 1)).to_numpy()
    tested = parts == "test"
    if split == "seen":
        then = np.full_like(parts, "validation")
        for later in following:
            then = np.where(then == "validation", later, then)
        tested = (parts == "train") & (then == "test")
    result = np.where((parts == "test") | (held & (parts == "train")), "", parts)
    result[tested & held] = "test"
    return result


def dose(parts: np.ndarray, songs: pd.DataFrame, rotation: int, seed: int) -> np.ndarray:
    """Parts [shape=(len(parts),)] of ``dose0`` to ``dose4``, from those of ``artist`` in this fold.

    `songs` holds ``track_id``, ``song_group`` and ``artist_group`` of each slice. Artists of enough other songs have a
    dose of `SONGS`, all others one of `SLICES`; an artist without a song of enough slices is not tested. As many slices
    as the doses add leave the training set, drawn at random.
    """
    rng = np.random.default_rng([seed, 3])
    at_random = pd.Series(rng.random(len(parts)))
    track = songs["track_id"].to_numpy()
    order = at_random.groupby(track).transform("min")  # of songs
    result, base = np.where(parts == "test", "", parts), parts == "train"
    tested = songs.assign(at_random=at_random, order=order)[parts == "test"]
    counts = {SLICES: 0, SONGS: 0}
    for _, own in tested.groupby("artist_group", sort=True):
        enough = own.groupby("track_id").filter(lambda song: len(song) >= TESTED + max(SLICES)).sort_values("order")
        if not len(enough):
            continue
        target = enough.loc[enough["track_id"] == enough["track_id"].iloc[0]].sort_values("at_random").index
        others = own.loc[own["song_group"] != own.loc[target[0], "song_group"]].sort_values("order")
        names = others["track_id"].unique()
        doses = SONGS if len(names) >= max(SONGS) else SLICES
        amount = doses[(counts[doses] + rotation) % len(doses)]
        counts[doses] += 1
        result[target[:TESTED]] = "test"
        if doses is SONGS:
            result[others.index[others["track_id"].isin(names[:amount])]] = "train"
        else:
            result[target[TESTED : TESTED + amount]] = "train"
    added = int((result == "train").sum() - base.sum())
    result[rng.permutation(np.flatnonzero(base))[:added]] = ""
    return result


def subsample(parts: np.ndarray, songs: pd.DataFrame, group: str, share: float, seed: int) -> np.ndarray:
    """Keep a share of the groups that train, at least one, in each genre alike; the others stay out.

    The groups of a smaller share are among those of a larger one. `songs` holds ``genre`` and the column `group` of
    each slice's song.
    """
    trains = parts == "train"
    units = songs.loc[trains, [group, "genre"]].fillna({"genre": ""}).drop_duplicates(group).sort_values(group)
    units["at_random"] = np.random.default_rng([seed, 2]).random(len(units))
    place = units.groupby("genre")["at_random"].rank(method="first")
    count = units.groupby("genre")["genre"].transform("size")
    keep = units.loc[place <= np.maximum(np.round(share * count), 1), group]
    parts = parts.copy()
    parts[trains & ~songs[group].isin(keep).to_numpy(dtype=bool)] = ""
    return parts
