"""What each node goes with: genre, mood and numeric targets over songs, corrected for many tests."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from lib.embedding.vectors import dead_nodes
from lib.tables import numeric_targets

HEADS = ("genre", "mood")
ALPHA = 0.05


def node_associations(songs: pd.DataFrame, tracks: pd.DataFrame) -> pd.DataFrame:
    """Measure what each node goes with, over songs. Page 06.

    For genre and mood as a whole the measure is eta squared, the share of the node's variance between the
    classes (F test); for each class, Pearson's correlation with belonging to it; for a numeric target,
    Pearson's correlation with it. The p values of the whole table are corrected together after Holm (1979,
    Scandinavian Journal of Statistics 6, 65-70). They take songs for independent, which songs of one artist
    are not, so they err on the optimistic side.

    Parameters
    ----------
    songs : pd.DataFrame [songs, nodes]
        As from `song_vectors`.
    tracks : pd.DataFrame
        The tracks table.

    Returns
    -------
    pd.DataFrame
        ``node``, ``target``, ``class`` (empty but for a class), ``measure`` (``eta squared`` or ``r``),
        ``value``, ``p``, ``p_holm``, ``n``, ``established`` (p_holm < .05). Dead nodes are left out, and so
        are targets that fewer than four songs have or that do not vary.
    """
    table = tracks.set_index("track_id").loc[songs.index]
    alive = songs.drop(columns=dead_nodes(songs))
    parts = []
    for head in HEADS:
        known = table[head].notna().to_numpy()
        names = table.loc[known, head].astype(object)
        if len(names) > names.nunique() >= 2 and len(names) >= 4:
            parts.append(_eta_squared(alive[known], names).assign(target=head))
            for name in sorted(names.unique()):
                member = (names == name).to_numpy(float)
                parts.append(_correlation(alive[known], member).assign(target=head, **{"class": name}))
    for target in numeric_targets(table.reset_index()):
        known = table[target].notna().to_numpy()
        values = table.loc[known, target].to_numpy(float)
        if len(values) >= 4 and np.ptp(values) > 0:
            parts.append(_correlation(alive[known], values).assign(target=target))
    columns = ["node", "target", "class", "measure", "value", "p", "p_holm", "n", "established"]
    if not parts:
        return pd.DataFrame(columns=columns)
    result = pd.concat(parts, ignore_index=True).reindex(columns=columns)
    result["class"] = result["class"].fillna("")
    return _corrected(result)


def _corrected(table: pd.DataFrame) -> pd.DataFrame:
    from statsmodels.stats.multitest import multipletests

    table["p_holm"] = np.nan
    known = table["p"].notna()
    if known.any():
        table.loc[known, "p_holm"] = multipletests(table.loc[known, "p"], alpha=ALPHA, method="holm")[1]
    table["established"] = table["p_holm"] < ALPHA
    return table


def _eta_squared(vectors: pd.DataFrame, names: pd.Series) -> pd.DataFrame:
    from scipy.stats import f

    means = vectors.groupby(names.to_numpy()).transform("mean")
    total = ((vectors - vectors.mean()) ** 2).sum()
    share = (((means - vectors.mean()) ** 2).sum() / total.where(total > 0)).clip(0, 1).to_numpy()
    between, within = names.nunique() - 1, len(names) - names.nunique()
    with np.errstate(divide="ignore"):
        p = f.sf(share / between / ((1 - share) / within), between, within)
    return pd.DataFrame({"node": vectors.columns, "measure": "eta squared", "value": share, "p": p, "n": len(names)})


def _correlation(vectors: pd.DataFrame, values: np.ndarray) -> pd.DataFrame:
    from scipy.stats import t

    centred, values = (vectors - vectors.mean()).to_numpy(), values - values.mean()
    length = np.sqrt((centred**2).sum(axis=0) * (values**2).sum())
    r = np.divide(values @ centred, length, where=length > 0, out=np.full(len(length), np.nan)).clip(-1, 1)
    freedom = len(values) - 2
    with np.errstate(divide="ignore"):
        p = 2 * t.sf(np.abs(r) * np.sqrt(freedom / (1 - r**2)), freedom)
    return pd.DataFrame({"node": vectors.columns, "measure": "r", "value": r, "p": p, "n": len(values)})


def verdicts(associations: pd.DataFrame, nodes: Sequence[str], dead: Sequence[str]) -> pd.DataFrame:
    """One row a node: the strongest established correlation, or that there is none. Page 06.

    Returns
    -------
    pd.DataFrame
        ``node``, ``goes_with`` (such as ``more: genre rock``), ``r``, ``genre`` and ``mood`` (eta squared).
    """
    rows = []
    for node in nodes:
        own = associations.loc[associations["node"] == node]
        found = own.loc[own["established"].astype(bool) & (own["measure"] == "r")]
        row = {"node": node, "goes_with": "dead" if node in dead else "nothing established", "r": np.nan}
        if len(found):
            best = found.loc[found["value"].abs().idxmax()]
            sign = "more" if best["value"] > 0 else "less"
            row |= {"goes_with": f"{sign}: {best['target']} {best['class']}".strip(), "r": best["value"]}
        for head in HEADS:
            share = own.loc[(own["target"] == head) & (own["measure"] == "eta squared"), "value"]
            row[head] = share.iloc[0] if len(share) else np.nan
        rows.append(row)
    return pd.DataFrame(rows, columns=["node", "goes_with", "r", *HEADS])
