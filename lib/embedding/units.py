"""Correlations of each unit with genre, mood, numeric targets and descriptors, corrected for many tests."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from lib.datasets.tracks import numeric_targets
from lib.embedding import HEADS
from lib.embedding.retrieval import groups_of
from lib.embedding.vectors import FLAT, dead_units, pearson, unit_names
from lib.evaluation.significance import ALPHA, holm

FEWEST_ARTISTS = 4
SHUFFLES = 100_000  # so that a p can be small enough for hundreds of comparisons
_BLOCK = 5_000


def unit_associations(
    songs: pd.DataFrame, tracks: pd.DataFrame, descriptors: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Correlate each unit with labels and descriptors, over songs.

    For genre and mood as a whole the measure is eta squared, the share of the unit's variance between the
    classes; for each class, Pearson's correlation with belonging to it; for a numeric target or a descriptor,
    Pearson's correlation with it, over songs. Its p is that of artists, as their songs are not independent:
    units and values are averaged over each artist's songs, and the artists are permuted (Pitman 1937). All p are
    corrected together after Holm (1979, Scandinavian Journal of Statistics 6, 65-70).

    Parameters
    ----------
    songs : pd.DataFrame [songs, units]
        As from `song_vectors`.
    descriptors : pd.DataFrame [songs, descriptors], optional
        As from `lib.features.descriptors.of_study`.

    Returns
    -------
    pd.DataFrame
        ``unit``, ``target``, ``kind`` (``class``, ``target`` or ``descriptor``), ``class`` (empty but for a class),
        ``measure`` (``eta squared`` or ``r``), ``value``, ``p``, ``p_holm``, ``n``, ``significant`` (p_holm < .05).
        Dead units are left out, and so are targets that fewer than four songs have or that do not vary.
    """
    table = tracks.set_index("track_id").loc[songs.index]
    alive = songs.drop(columns=dead_units(songs))
    artists = groups_of(songs.index, tracks, "artist_group")
    parts = []
    for head in HEADS:
        known = table[head].notna().to_numpy()
        names = table.loc[known, head].astype(object)
        if len(names) > names.nunique() >= 2 and len(names) >= 4:
            parts.append(_eta_squared(alive[known], names).assign(target=head, kind="class"))
            for name in sorted(names.unique()):
                member = (names == name).to_numpy(float)
                found = _correlation(alive[known], member, artists[known])
                parts.append(found.assign(target=head, kind="class", **{"class": name}))
    numeric = {target: (table[target], "target") for target in numeric_targets(table.reset_index())}
    if descriptors is not None:
        own = descriptors.reindex(songs.index)
        numeric |= {name: (own[name], "descriptor") for name in own.columns}
    for target, (column, kind) in numeric.items():
        known = column.notna().to_numpy()
        values = column[known].to_numpy(float)
        if len(values) >= 4 and np.ptp(values) > 0:
            found = _correlation(alive[known], values, artists[known])
            parts.append(found.assign(target=target, kind=kind))
    columns = ["unit", "target", "kind", "class", "measure", "value", "p", "p_holm", "n", "significant"]
    if not parts:
        return pd.DataFrame(columns=columns)
    result = pd.concat(parts, ignore_index=True).reindex(columns=columns)
    result["class"] = result["class"].astype("object").fillna("")
    result["p_holm"] = holm(result["p"])
    return result.assign(significant=result["p_holm"] < ALPHA)


def _eta_squared(vectors: pd.DataFrame, names: pd.Series) -> pd.DataFrame:
    means = vectors.groupby(names.to_numpy()).transform("mean")
    total = ((vectors - vectors.mean()) ** 2).sum()
    share = (((means - vectors.mean()) ** 2).sum() / total.where(total > 0)).clip(0, 1).to_numpy()
    return pd.DataFrame({"unit": vectors.columns, "measure": "eta squared", "value": share, "n": len(names)})


def _correlation(vectors: pd.DataFrame, values: np.ndarray, groups: np.ndarray) -> pd.DataFrame:
    """Pearson's r of each unit with some values over songs, and its p over artists, see `unit_associations`."""
    r = pearson(values, vectors.to_numpy(float))
    p = np.full(len(r), np.nan)
    number, artists = pd.factorize(groups)
    if len(artists) > FEWEST_ARTISTS:
        count = np.bincount(number)
        x = np.bincount(number, values) / count
        y = np.stack([np.bincount(number, column) / count for column in vectors.to_numpy(float).T], axis=1)
        known, generator, as_far = np.abs(pearson(x, y)), np.random.default_rng(0), np.zeros(y.shape[1])
        for _ in range(SHUFFLES // _BLOCK):
            mixed = generator.permuted(np.broadcast_to(x, (_BLOCK, len(x))), axis=1)
            as_far += (np.abs(pearson(mixed.T, y)) >= known - 1e-9).sum(axis=0)
        p = np.where(np.isfinite(known), (1 + as_far) / (1 + SHUFFLES), np.nan)
    return pd.DataFrame({"unit": vectors.columns, "measure": "r", "value": r, "p": p, "n": len(values)})


def top_slices(vectors: np.ndarray, slices: pd.DataFrame, tracks: pd.DataFrame, count: int = 3) -> pd.DataFrame:
    """Slices of `count` different songs with the highest activation of each unit.

    `vectors` are [slices, units], `slices` tells their ``slice`` (its number in the study) and ``track_id``.

    Returns
    -------
    pd.DataFrame
        ``unit``, ``rank``, ``value`` in standard deviations above the unit's mean over the slices, ``title``,
        ``artist``, ``genre``, ``mood``, ``slice``, ``track_id``. Dead units are left out.
    """
    spread = vectors.std(axis=0)
    scaled = (vectors - vectors.mean(axis=0)) / np.where(spread > 0, spread, 1)
    facts = tracks.set_index("track_id")[["title", "artist", "genre", "mood"]].astype(object)
    parts = []
    for place, unit in enumerate(unit_names(vectors.shape[1])):
        if spread[place] <= FLAT * spread.max():
            continue
        table = slices[["slice", "track_id"]].assign(value=scaled[:, place]).sort_values("value", ascending=False)
        best = table.drop_duplicates("track_id").head(count).reset_index(drop=True)
        about = facts.loc[best["track_id"]].reset_index(drop=True)
        parts.append(pd.concat([best, about], axis=1).assign(unit=unit, rank=range(1, len(best) + 1)))
    columns = ["unit", "rank", "value", "title", "artist", "genre", "mood", "slice", "track_id"]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


def verdicts(associations: pd.DataFrame, units: Sequence[str], dead: Sequence[str]) -> pd.DataFrame:
    """One row per unit: the strongest significant correlation, or that there is none.

    Returns
    -------
    pd.DataFrame
        ``unit``, ``correlates_with`` (such as ``more: genre rock``), ``r``, ``genre`` and ``mood`` (eta squared).
    """
    rows = []
    for unit in units:
        own = associations.loc[associations["unit"] == unit]
        found = own.loc[own["significant"].astype(bool) & (own["measure"] == "r")]
        row = {"unit": unit, "correlates_with": "dead" if unit in dead else "nothing significant", "r": np.nan}
        if len(found):
            best = found.loc[found["value"].abs().idxmax()]
            sign = "more" if best["value"] > 0 else "less"
            what = f"{best['target'].replace('_', ' ')} {best['class']}".strip()
            row |= {"correlates_with": f"{sign}: {what}", "r": best["value"]}
        for head in HEADS:
            share = own.loc[(own["target"] == head) & (own["measure"] == "eta squared"), "value"]
            row[head] = share.iloc[0] if len(share) else np.nan
        rows.append(row)
    return pd.DataFrame(rows, columns=["unit", "correlates_with", "r", *HEADS])
