"""Evaluation of a tagger: songs that it was not trained on, and its calibration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from lib.evaluation import calibration
from lib.evaluation.bootstrap import Bootstrap
from lib.evaluation.predictions import collect
from lib.narrative.format import percent
from lib.paths import Study
from lib.runs.run import Run
from lib.runs.spec import RunSpec
from lib.runs.store import Finished, finished
from lib.tagging.export import runs_like
from lib.tagging.model import Tagger
from lib.tagging.output import UNSURE, prediction
from lib.tagging.predict import Tagged, files_of
from lib.tagging.temperature import tempered


def music_files(study: Study, tracks: pd.DataFrame, tagger: Tagger, given: str, most: int) -> list[Path]:
    """Files to tag: those of the file or folder `given`, see `lib.tagging.predict.files_of`.

    If none is given, at most so many of the study's songs that the network was not trained on, evenly spread over the
    genres.
    """
    if given:
        return files_of([Path(given)])
    usable = tracks.loc[(tracks["status"] == "ok") & tracks["track_id"].isin(unseen(study, tracks, tagger))]
    order = usable.groupby(usable["genre"].fillna("")).cumcount().sort_values(kind="stable").index
    return [Path(path) for path in usable.loc[order, "path"].head(most)]


def unseen(study: Study, tracks: pd.DataFrame, tagger: Tagger) -> list[str]:
    """Songs of a study that a network was not trained on, by ``track_id``."""
    facts = tagger.facts
    if facts["study"] != study.name:
        return list(tracks["track_id"])
    if run := facts["name"].partition("/")[2]:
        return list(finished(study, [run])[0].predictions("test")["track_id"].unique())
    record = alike(study, tagger)[0].record
    run = Run(facts["network"], "artist", recipe=facts["recipe"])
    plan = RunSpec(study, run, record["changed"], record["run"]["folds"])
    return list(plan.slices.table.loc[np.asarray(plan.parts) == "validation", "track_id"].unique())


def alike(study: Study, tagger: Tagger) -> list[Finished]:
    """Finished runs of the tagger's network and recipe under ``artist``; the run itself, if it is one."""
    facts = tagger.facts
    known = runs_like(Study(facts["study"], study.root), facts["network"], facts["recipe"])
    return [one for one in known if facts["name"].endswith(f"/{one.run.name}")] or known


@dataclass(frozen=True)
class _Tempered(Finished):
    """A run whose probabilities are tempered."""

    temperatures: tuple[tuple[str, float], ...] = ()

    def predictions(self, part: str | None = "test", columns: Sequence[str] | None = None) -> pd.DataFrame:
        table = super().predictions(part, columns)
        for head, value in self.temperatures:
            own = [column for column in table.columns if column.startswith(f"{head}:")]
            table[own] = tempered(table[own].to_numpy(), value)
        return table


def trust(
    runs: Sequence[Finished], tracks: pd.DataFrame, tagger: Tagger, *, resamples: int = 2000, seed: int = 0
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Confidence before and after the temperatures, on the test songs of the runs that `alike` returns.

    Returns
    -------
    scores, bins : pd.DataFrame
        As from `lib.evaluation.calibration`, per song, with ``before`` or ``after`` as the network.
    """
    scores, bins = [], []
    for name, temperatures in (("before", {}), ("after", tagger.temperatures)):
        own = [_Tempered(one.folder, one.run, one.stale, tuple(temperatures.items())) for one in runs]
        predictions = [replace(one, network=name) for one in collect(own, tracks)]
        scores.append(calibration.calibration(predictions, Bootstrap(resamples, seed)))
        bins.append(calibration.reliability(predictions, Bootstrap(resamples, seed)))
    whole = pd.concat(scores, ignore_index=True)
    return whole.loc[whole["level"] == "song"].reset_index(drop=True), pd.concat(bins, ignore_index=True)


def prediction_table(songs: Sequence[Tagged], tagger: Tagger, names: Sequence[str], sure: float) -> pd.DataFrame:
    """Readable table of the predictions of some files, whose names are given.

    Returns
    -------
    pd.DataFrame
        ``what``, by head the prediction with its probability, ``ood_score`` (the out-of-distribution score), and,
        where there is any reason, ``why not``.
    """
    rows = []
    for song, name in zip(songs, names, strict=True):
        row = {"what": name}
        for head in tagger.heads:
            label, chance = prediction(song, head, sure) if song.ok else ("", float("nan"))
            row[head.name] = label if chance != chance or label == UNSURE else f"{label} ({percent(chance)})"
        why = song.farthest_feature if song.out_of_distribution else "" if song.ok else song.reason
        rows.append(row | {"ood_score": song.ood_score, "why not": why})
    table = pd.DataFrame(rows)
    return table if (table["why not"] != "").any() else table.drop(columns="why not")
