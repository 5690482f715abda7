"""How much of a network's answer lies beside the question: the nearest training slice of each test slice."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from lib.evaluation.bootstrap import BOOTSTRAP, Bootstrap, bounded, clusters, columns, pairs
from lib.runs.nearest import NETWORKS, nearest
from lib.runs.store import Finished
from lib.splits import SPLITS

COLUMNS = ["network", "split", "recipe", "n_songs", "runs", *bounded("same_song", "same_artist")]


def nearest_slices(
    runs: Sequence[Finished],
    slices: pd.DataFrame,
    tracks: pd.DataFrame,
    heads: Sequence[str],
    bootstrap: Bootstrap = BOOTSTRAP,
) -> pd.DataFrame:
    """How often the nearest training slice is of the same song or artist, and how often its labels are right.

    Parameters
    ----------
    runs : sequence of Finished
        Those of the first seed of `lib.runs.nearest.NETWORKS` count that have vectors and are not stale.
    slices : pd.DataFrame
        ``track_id`` of each slice, by its number.
    tracks : pd.DataFrame
    heads : sequence of str
        Of classes.
    bootstrap : Bootstrap

    Returns
    -------
    pd.DataFrame
        Columns `COLUMNS` and, for each head, ``<head>`` with its interval, the accuracy of the nearest slice's label;
        ``same_artist`` counts other songs of the artist. Shares of test slices.
    """
    grouped: dict[tuple, list[Finished]] = {}
    for one in runs:
        wanted = one.run.architecture in NETWORKS and one.run.seed == 0 and one.run.split in SPLITS
        if wanted and not one.stale and len(nearest(one.folder)):
            grouped.setdefault((one.run.architecture, one.run.split, one.run.recipe), []).append(one)
    about, song = tracks.set_index("track_id"), slices["track_id"].to_numpy()
    rows = []
    order = sorted(grouped, key=lambda key: (key[0], key[2], SPLITS.index(key[1])))
    for network, split, recipe in order:
        own = grouped[network, split, recipe]
        table = pd.concat([nearest(one.folder) for one in own])
        tested, found = song[table["slice"]], song[table["nearest"]]
        groups = {name: (about[name].loc[tested], about[name].loc[found]) for name in ("song_group", "artist_group")}
        same = {
            name: (one.to_numpy() == other.to_numpy()) & one.notna().to_numpy() for name, (one, other) in groups.items()
        }
        ids, which = np.unique(tested, return_inverse=True)
        drawn = clusters(about.loc[ids].reset_index())
        hits = {
            "same_song": (same["song_group"], np.ones(len(tested), dtype=bool)),
            "same_artist": (same["artist_group"] & ~same["song_group"], np.ones(len(tested), dtype=bool)),
        }
        for head in heads:
            true, label = (about[head].loc[songs].astype("string").reset_index(drop=True) for songs in (tested, found))
            known = (true.notna() & label.notna()).to_numpy()
            hits[head] = ((true == label).fillna(False).to_numpy(dtype=bool), known)
        row = {"network": network, "split": split, "recipe": recipe, "n_songs": len(ids), "runs": len(own)}
        for name, parts in hits.items():
            sums = pairs(*(np.bincount(which, weights=part.astype(float), minlength=len(ids)) for part in parts))
            row |= columns(name, bootstrap.ratio(sums, *drawn))
        rows.append(row)
    return pd.DataFrame(rows, columns=[*COLUMNS, *bounded(*heads)])
