"""Training sets made smaller: some of the artists, or all of them less a few slices of each song.

Both start from the protocol ``artist``. ``seen`` and ``unseen`` hold back a fifth of every training song's slices and
train on the same rest, so that the model is one and the same; ``seen`` tests it on the slices held back, of songs it
knows, ``unseen`` on the fold's own test artists. What lies between the two is leakage alone: number and variety of the
training slices are equal.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

HELD_BACK = 0.2  # share of each training song's slices


def hold_back(parts: np.ndarray, slices: pd.DataFrame, protocol: str, seed: int) -> np.ndarray:
    """Parts of ``seen`` or ``unseen``, from those of ``artist``.

    Parameters
    ----------
    parts : np.ndarray [shape=(len(slices),), dtype=str]
    slices : pd.DataFrame
        ``track_id`` of each slice.
    protocol : str
        ``seen`` or ``unseen``.
    seed : int >= 0

    Returns
    -------
    np.ndarray [shape=(len(slices),), dtype=str]
        A training song of one slice keeps it; one of two or more gives at least one.
    """
    at_random = np.random.default_rng([seed, 1]).random(len(slices))
    tracks = slices["track_id"].to_numpy()
    place = pd.Series(at_random).groupby(tracks).rank(method="first").to_numpy()
    count = pd.Series(tracks).map(pd.Series(tracks).value_counts()).to_numpy()
    held = (parts == "train") & (place <= np.maximum(np.round(HELD_BACK * count), 1)) & (count > 1)
    parts = parts.copy()
    if protocol == "seen":
        parts[parts == "test"] = ""
    parts[held] = "test" if protocol == "seen" else ""
    return parts


def fewer(parts: np.ndarray, songs: pd.DataFrame, group: str, share: float, seed: int) -> np.ndarray:
    """Keep a share of the groups that train, in each genre alike; the others stay out.

    The groups of a smaller share are among those of a larger one.

    Parameters
    ----------
    parts : np.ndarray [shape=(len(songs),), dtype=str]
    songs : pd.DataFrame
        ``genre`` and the column `group` of each slice's song.
    group : str
    share : float, 0 < share <= 1
    seed : int >= 0

    Returns
    -------
    np.ndarray [shape=(len(songs),), dtype=str]
        At least one group of every genre trains.
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
