"""The same network with another number of units in its FC layer."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from lib.embedding.retrieval import hits, search
from lib.embedding.similarity import twins
from lib.embedding.vectors import dead_units
from lib.evaluation.bootstrap import BOOTSTRAP, Bootstrap, bounded, columns
from lib.evaluation.comparisons import compared
from lib.evaluation.predictions import collect, same_folds
from lib.evaluation.significance import holm
from lib.runs.internals import read
from lib.runs.store import Finished

WIDTH_COLUMNS = [
    "network", "units", "runs", "what", "n_songs", "value", "low", "high", *bounded("difference"), "p", "p_holm",
    "dead", "twins",
]  # fmt: skip


def widths(
    runs: Sequence[Finished],
    tracks: pd.DataFrame,
    reference: str,
    bootstrap: Bootstrap = BOOTSTRAP,
    *,
    count: int = 5,
) -> pd.DataFrame:
    """Accuracy and recommendation by the number of units.

    Parameters
    ----------
    runs : sequence of Finished
        Of several networks, over folds that all of them have; with what `lib.runs.internals` keeps. Accuracies are
        averaged over seeds, neighbours are those of the lowest one.
    reference : str
        The network that others are compared with.
    count : int > 0
        Number of nearest songs by other artists.

    Returns
    -------
    pd.DataFrame
        Columns `WIDTH_COLUMNS`, by rising number of units: ``what`` is ``accuracy in <head>`` per song or
        ``neighbours of the same genre``; ``difference`` is to the reference, paired over the songs, with its interval
        over artists and, of accuracies, ``p``, and ``p_holm``, corrected for their number; ``dead`` and
        ``twins`` are the units a network that are dead and the pairs that are redundant.
    """
    grouped: dict[str, list[Finished]] = {}
    for one in runs:
        grouped.setdefault(one.run.architecture, []).append(one)
    grouped = same_folds(grouped, "fold")
    if len(grouped) < 2 or not grouped.get(reference):
        return pd.DataFrame(columns=WIDTH_COLUMNS)
    found, about, near = {}, {}, {}
    for name, own in sorted(grouped.items(), key=lambda item: read(item[1][0].folder).songs.shape[1]):
        insides = [read(one.folder) for one in own if one.run.seed == min(other.run.seed for other in own)]
        tested = [one.songs.loc[(one.part == "test").to_numpy()] for one in insides]
        found[name] = {predictions.head: predictions for predictions in collect(own, tracks)}
        near[name] = search(tested, tracks, "artist_group", count)
        about[name] = {"network": name, "units": insides[0].songs.shape[1], "runs": len(own)}
        about[name]["dead"] = sum(len(dead_units(songs)) for songs in tested) / len(tested)
        about[name]["twins"] = sum(len(twins(songs)) for songs in tested) / len(tested)
    rows = []
    for name, by_head in found.items():
        for head, predictions in by_head.items():
            ids, sums = predictions.sums("song")
            row = {**about[name], "what": f"accuracy in {head}", "n_songs": len(ids)}
            row |= columns("value", bootstrap.ratio(sums, *predictions.clusters(ids)), "low", "high")
            if name != reference and head in found[reference]:
                row |= compared("difference", predictions, found[reference][head], bootstrap)
            rows.append(row)
        both = {("reference", "other"): near[reference], (name, "other"): near[name]}
        alike = hits(both, tracks, bootstrap, first=[count])
        for one in alike.loc[(alike["by"] == name) & (alike["same"] == "genre")].itertuples():
            row = {**about[name], "what": "neighbours of the same genre", "n_songs": one.n_songs}
            row |= {"value": one.share, "low": one.low, "high": one.high}
            if name != reference:
                row |= {"difference": -one.ahead, "difference_low": -one.ahead_high, "difference_high": -one.ahead_low}
            rows.append(row)
    table = pd.DataFrame(rows, columns=WIDTH_COLUMNS)
    return table.assign(p_holm=holm(table["p"]))
