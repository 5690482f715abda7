"""Trained on one corpus, tested on another: what both have in common is predicted, by models of either."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from lib.evaluation.bootstrap import BOOTSTRAP, Bootstrap, bounded, columns, gap, two_sided
from lib.evaluation.comparisons import significant
from lib.evaluation.predictions import LEVELS, Predictions, collect
from lib.runs.applied import Applied
from lib.runs.store import Finished

SIGN = "valence_sign"
CLASSES = {  # of heads that several corpora have, and the classes of their own heads that are one of them
    SIGN: {"positive": ("mood:happy", "mood:Q1", "mood:Q4"), "negative": ("mood:sad", "mood:Q2", "mood:Q3")},
    "genre": {"Pop/Rock": ("genre:Pop", "genre:Rock", "genre:Pop/Rock"), "Electronic": ("genre:Electronic",)},
}
MIDDLE = 0.5  # valence of a song that is neither
COLUMNS = [
    "source", "target", "network", "recipe", "head", "level", "n_songs", "models", "accuracy", "low", "high",
    "majority", *bounded("within", "difference"), "p",
]  # fmt: skip


def labels_in_common(tracks: pd.DataFrame) -> pd.DataFrame:
    """Tracks with the labels of `CLASSES`: the sign of valence, and genres that several corpora have."""
    valence = pd.to_numeric(tracks["valence"])
    sign = np.select([valence > MIDDLE, valence < MIDDLE], ["positive", "negative"], "")
    genre = {own.split(":")[1]: name for name, several in CLASSES["genre"].items() for own in several}
    sign = pd.Series(sign, index=tracks.index, dtype=object)
    return tracks.assign(**{SIGN: sign.where(sign != ""), "genre": tracks["genre"].astype(object).map(genre)})


def in_common(run: Finished, *, as_seed: bool = False) -> Applied:
    """Reduce predictions of a run to the heads of `CLASSES`, other classes left out and the rest scaled to sum to 1.

    With `as_seed` the fold stands as the seed, so that several models' predictions of one song stay apart.
    """
    table = run.predictions("test")
    heads, found = {}, {name: table[name] for name in ("slice", "track_id", "part")}
    for head, classes in CLASSES.items():
        chances = {name: table[[one for one in own if one in table]].sum(axis=1) for name, own in classes.items()}
        total = sum(chances.values())
        if (total > 0).any():
            heads[head] = list(classes)
            found |= {f"{head}:{name}": values / total.where(total > 0) for name, values in chances.items()}
    about = vars(run.run) | ({"seed": run.run.fold, "fold": 0} if as_seed else {})
    return Applied(run.folder, type(run.run)(**about), table=pd.DataFrame(found).fillna(0.5), heads=heads)


def transfer(
    source: str,
    target: str,
    applied: Sequence[Finished],
    own: Sequence[Finished],
    tracks: pd.DataFrame,
    bootstrap: Bootstrap = BOOTSTRAP,
) -> pd.DataFrame:
    """Accuracy on the songs of a target corpus by models of a source corpus, and by the target's own.

    Parameters
    ----------
    source, target : str
        Names of the studies.
    applied : sequence of Finished
        Runs of the source, applied to the target's slices (`lib.runs.applied`).
    own : sequence of Finished
        Runs of the target under a split that keeps its artists apart.
    tracks : pd.DataFrame
        Of the target.

    Returns
    -------
    pd.DataFrame
        Columns `COLUMNS`: ``accuracy`` by one model of the source each, averaged over its ``models``, ``majority`` the
        share of the more frequent class, ``within`` that of the target's own models on the same songs, and
        ``difference``, own less source's, paired over the target's artists; ``p``, ``p_holm`` and ``significant`` are
        of the difference.
    """
    labelled = labels_in_common(tracks)
    from_source = collect([in_common(run, as_seed=True) for run in applied], labelled)
    from_target = {(a.network, a.recipe, a.head): a for a in collect([in_common(run) for run in own], labelled)}
    rows = []
    for one in from_source:
        if (other := from_target.get((one.network, one.recipe, one.head))) is None:
            continue
        about = {"source": source, "target": target, "network": one.network, "recipe": one.recipe, "head": one.head}
        rows += [about | {"level": level} | _row(one, other, level, bootstrap) for level in LEVELS]
    return significant(pd.DataFrame(rows, columns=COLUMNS), "level")


def _row(one: Predictions, other: Predictions, level: str, bootstrap: Bootstrap) -> dict:
    (ids, sums), (own_ids, own_sums) = one.sums(level), other.sums(level)
    common = ids.intersection(own_ids)
    drawn = one.clusters(common)
    sums, own_sums = sums[ids.get_indexer(common)], own_sums[own_ids.get_indexer(common)]
    far = replace(bootstrap, side=1).estimate(sums, one.measure, *drawn)
    near = bootstrap.estimate(own_sums, other.measure, *drawn)
    row = {"n_songs": len(common), "models": sums.shape[1]}
    row |= columns("accuracy", bootstrap.ratio(sums, *drawn), "low", "high")
    row |= {"majority": float(pd.Series(one.truth(common)).value_counts(normalize=True).max())}
    row |= columns("within", bootstrap.ratio(own_sums, *drawn))
    return row | columns("difference", gap(near, far)) | {"p": two_sided(near[0] - far[0], near[1] - far[1])}
