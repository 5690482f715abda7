"""What altered sound does to accuracy and calibration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from lib.evaluation.bootstrap import BOOTSTRAP, Bootstrap, bounded
from lib.evaluation.calibration import calibration
from lib.evaluation.comparisons import difference, significant
from lib.evaluation.predictions import LEVELS, collect
from lib.evaluation.results import results
from lib.features.alterations import NONE
from lib.runs.store import Finished

COLUMNS = [
    "network", "recipe", "split", "head", "level", "alteration", "n_songs", "accuracy", "low", "high",
    *bounded("change"), "p", "ece", "ece_limit", "overconfidence", "overconfidence_low", "overconfidence_high",
]  # fmt: skip


def robustness(
    altered: Mapping[str, Sequence[Finished]], tracks: pd.DataFrame, bootstrap: Bootstrap = BOOTSTRAP
) -> pd.DataFrame:
    """Accuracy and calibration by alteration.

    Parameters
    ----------
    altered : mapping of str to sequence of Finished
        By name of the alteration, runs with predictions of their test songs' altered sound; `NONE` among them.
    tracks : pd.DataFrame
    bootstrap : Bootstrap

    Returns
    -------
    pd.DataFrame
        Columns `COLUMNS`: ``change`` is the accuracy less that of the unaltered sound, paired over artists, with ``p``,
        ``p_holm`` and ``significant``; ``ece``, ``ece_limit`` and ``overconfidence`` are those of
        `lib.evaluation.calibration.calibration`.
    """
    key = ["network", "recipe", "split", "head", "level"]
    plain = {tuple(one.identity.values()): one for one in collect(altered[NONE], tracks)}
    tables = []
    for name, runs in altered.items():
        collected = collect(runs, tracks)
        found = calibration(collected, bootstrap)
        over = {"low": "overconfidence_low", "high": "overconfidence_high"}
        found = found.rename(columns=over)[[*key, "ece", "ece_limit", "overconfidence", *over.values()]]
        table = results(collected, bootstrap)[[*key, "n_songs", "accuracy", "low", "high"]].merge(found, on=key)
        changes = []
        for one in collected if name != NONE else ():
            for level in LEVELS:
                names = ("accuracy", "unaltered", "change")
                row = difference(one, plain[tuple(one.identity.values())], names, bootstrap, level=level)
                renamed = {"change": row["change"], "change_low": row["low"], "change_high": row["high"]}
                changes.append({**one.identity, "level": level, **renamed, "p": row["p"]})
        changes = pd.DataFrame(changes, columns=[*key, *bounded("change"), "p"])
        tables.append(table.assign(alteration=name).merge(changes, on=key, how="left"))
    return significant(pd.concat(tables, ignore_index=True)[COLUMNS], ["network", "head", "level"])
