"""What one more slice of the tested song, or one more song of its artist, in training adds to accuracy."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from lib.control_splits import DOSES
from lib.evaluation.bootstrap import BOOTSTRAP, Bootstrap, bounded, columns, percentiles, share, two_sided
from lib.evaluation.comparisons import significant
from lib.evaluation.predictions import Predictions, added_up
from lib.splits import assign

SLICES, SONGS = "slices of the song", "songs of the artist"
COLUMNS = [
    "network", "recipe", "head", "of", "dose", "n_songs", "accuracy", "low", "high", *bounded("gain", "each"), "p",
]  # fmt: skip


def dose_response(
    collected: Iterable[Predictions], slices: pd.DataFrame, tracks: pd.DataFrame, bootstrap: Bootstrap = BOOTSTRAP
) -> pd.DataFrame:
    """Accuracy per slice by what of its song or artist was in training, see `lib.control_splits`.

    Parameters
    ----------
    collected : iterable of Predictions
        Those of other splits are passed over.
    slices, tracks : pd.DataFrame
        As of `lib.splits.assign`.
    bootstrap : Bootstrap

    Returns
    -------
    pd.DataFrame
        Columns `COLUMNS`: ``of`` is `SLICES` or `SONGS`, ``dose`` their number, ``gain`` the accuracy less that
        without, paired over the songs, ``each`` the gain divided by the dose, with intervals; ``p`` of the gain,
        ``p_holm``, corrected for the number of doses, and ``significant``.
    """
    grouped: dict[tuple, list[Predictions]] = {}
    for one in collected:
        if one.split in DOSES:
            grouped.setdefault((one.network, one.recipe, one.head), []).append(one)
    rows = []
    for (network, recipe, head), several in grouped.items():
        tested = pd.concat([_with_doses(one, slices, tracks) for one in several], ignore_index=True)
        kind = tested.groupby("track_id")["songs"].transform("max") > 0
        for of, own in ((SLICES, tested.loc[~kind]), (SONGS, tested.loc[kind])):
            about = {"network": network, "recipe": recipe, "head": head, "of": of}
            rows += [about | row for row in _curve(own, "songs" if of == SONGS else "slices", several[0], bootstrap)]
    return significant(pd.DataFrame(rows, columns=COLUMNS), ["network", "recipe", "head", "of"])


def _with_doses(one: Predictions, slices: pd.DataFrame, tracks: pd.DataFrame) -> pd.DataFrame:
    """Predictions per slice with the ``slices`` of its song and the other ``songs`` of its artist in training."""
    artist = slices["track_id"].map(tracks.set_index("track_id")["artist_group"])
    parts = []
    for fold, own in one.slices.groupby("fold"):
        train = assign(slices, tracks, one.split, fold=int(fold), folds=one.folds) == "train"
        by_song = slices.loc[train, "track_id"].value_counts()
        by_artist = slices.loc[train, "track_id"].groupby(artist[train]).nunique()
        count = own["track_id"].map(by_song).fillna(0).astype(int)
        others = own["track_id"].map(one.tracks["artist_group"]).map(by_artist).fillna(0).astype(int) - (count > 0)
        parts.append(own.assign(slices=count, songs=others))
    return pd.concat(parts)


def _curve(tested: pd.DataFrame, by: str, of: Predictions, bootstrap: Bootstrap) -> list[dict]:
    doses = sorted(tested[by].unique())
    if len(doses) < 2 or doses[0]:
        return []
    there = (tested[by].to_numpy()[:, None] == np.array(doses)).astype(float)
    sums = np.stack([there * tested["correct"].to_numpy(float)[:, None], there], axis=-1)
    ids, sums = added_up(tested, sums)
    drawn = of.clusters(ids)
    values, samples = bootstrap.estimate(sums, share, *drawn)
    rows = []
    for place, dose in enumerate(doses):
        row = {"dose": dose, "n_songs": int((sums[:, :, place, 1].sum(axis=1) > 0).sum())}
        row |= columns("accuracy", (values[place], *percentiles(samples[:, place])), "low", "high")
        if dose:
            gain, gains = values[place] - values[0], samples[:, place] - samples[:, 0]
            row |= columns("gain", (gain, *percentiles(gains))) | {"p": two_sided(gain, gains)}
            row |= columns("each", (gain / dose, *percentiles(gains / dose)))
        rows.append(row)
    return rows
