"""Whether a pretrained network does better on what it heard in pretraining: contamination of the test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from lib.evaluation.bootstrap import BOOTSTRAP, Bootstrap, bounded, columns, percentiles, share, two_sided
from lib.evaluation.comparisons import matched, significant
from lib.evaluation.predictions import Predictions

# Of each track, whether the Million Song Dataset names its artist (``msd_artist``), and whether the training part of
# MagnaTagATune holds its artist or the song (``mtt_artist``, ``mtt_song``), by benchmarks/pretraining_overlap.py.
HEARD = Path(__file__).parents[1] / "datasets" / "pretraining.csv"
PAIRS = (  # network, what it heard, and a network that did not
    ("msd_musicnn", "msd_artist", "random_musicnn"),
    ("mtt_musicnn", "mtt_artist", "random_musicnn"),
    ("mtt_musicnn", "mtt_artist", "msd_musicnn"),
    ("mtt_musicnn", "mtt_song", "msd_musicnn"),
)
COLUMNS = [
    "network", "reference", "split", "head", "heard", "n_heard", "n_other", *bounded("ahead_heard", "ahead_other"),
    *bounded("difference"), "p",
]  # fmt: skip


def contamination(
    collected: Sequence[Predictions],
    bootstrap: Bootstrap = BOOTSTRAP,
    *,
    heard: pd.DataFrame | None = None,
    pairs: Sequence[tuple[str, str, str]] = PAIRS,
) -> pd.DataFrame:
    """How far a pretrained network is ahead on songs it heard in pretraining, and on the others.

    Songs that were heard may be easier or harder than others for any network; so it is the lead over a network that
    did not hear them that is compared (a difference of differences). Names of artists are compared, so a lead on songs
    by artists of one name counts as heard, and a recording under another name does not.

    Parameters
    ----------
    collected : sequence of Predictions
    bootstrap : Bootstrap
    heard : pd.DataFrame, optional
        By ``track_id``, a column of 0 and 1 for each that `pairs` name; default: the table `HEARD`.
    pairs : sequence of (str, str, str)

    Returns
    -------
    pd.DataFrame
        Columns `COLUMNS`, per slice: ``ahead_heard`` and ``ahead_other``, accuracy less the reference's on either kind
        of songs, and their ``difference``, with intervals; ``p``, ``p_holm`` and ``significant`` of the difference.
    """
    heard = pd.read_csv(HEARD, index_col="track_id") if heard is None else heard
    found: Mapping = {(one.network, one.split, one.head): one for one in collected}
    rows = []
    for (network, what, reference), (name, split, head) in ((pair, key) for pair in pairs for key in found):
        other = found.get((reference, split, head))
        sides = matched(found[name, split, head], other) if name == network and other else None
        if not sides:
            continue
        (ids, sums), (other_ids, others) = (side.sums("slice") for side in sides)
        common = ids.intersection(other_ids).intersection(heard.index)
        known = heard.loc[common, what].to_numpy(bool)
        if not len(common) or known.all() or not known.any():
            continue
        kinds = np.stack([known, ~known], axis=1)[:, None, :, None]
        drawn = sides[0].clusters(common)
        (one, draws), (two, draws_two) = (
            bootstrap.estimate(values[places.get_indexer(common)][:, :, None] * kinds, share, *drawn)
            for places, values in ((ids, sums), (other_ids, others))
        )
        ahead, samples = one - two, draws - draws_two
        row = {"network": network, "reference": reference, "split": split, "head": head, "heard": what}
        row |= {"n_heard": int(known.sum()), "n_other": int((~known).sum())}
        for place, kind in enumerate(("ahead_heard", "ahead_other")):
            row |= columns(kind, (ahead[place], *percentiles(samples[:, place])))
        gap, gaps = ahead[0] - ahead[1], samples[:, 0] - samples[:, 1]
        rows.append(row | columns("difference", (gap, *percentiles(gaps))) | {"p": two_sided(gap, gaps)})
    return significant(pd.DataFrame(rows, columns=COLUMNS), "split")
