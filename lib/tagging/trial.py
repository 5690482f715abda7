"""Evaluation of a tagger: songs that it was not trained on, and its calibration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from lib.datasets.files import audio_files
from lib.errors import ReportError
from lib.evaluation import calibration
from lib.evaluation.bootstrap import Bootstrap
from lib.evaluation.predictions import collect
from lib.narrative.format import percent
from lib.paths import Study
from lib.runs.run import Run
from lib.runs.spec import RunSpec
from lib.runs.store import Finished, finished
from lib.tagging.model import Tagger
from lib.tagging.output import UNSURE, prediction
from lib.tagging.predict import Tagged
from lib.tagging.temperature import tempered


def music_files(study: Study, tracks: pd.DataFrame, tagger: Tagger, given: str, most: int) -> list[Path]:
    """Files to tag: those given, or some of the study's songs that the network was not trained on.

    Parameters
    ----------
    study : Study
    tracks : pd.DataFrame
    tagger : Tagger
    given : str
        File or folder; empty = the study's own songs.
    most : int > 0
        Of the study's own songs, evenly spread over the genres.

    Raises
    ------
    ReportError
        If there is no such file or folder, or no audio in it.
    """
    if given:
        place = Path(given).expanduser()
        if not place.exists():
            raise ReportError(f"music {given!r}: there is no such file or folder.")
        paths = list(audio_files(place)) if place.is_dir() else [place]
        if not paths:
            raise ReportError(f"music {given!r}: no audio file there or below.")
        return paths
    usable = tracks.loc[(tracks["status"] == "ok") & tracks["track_id"].isin(unseen(study, tracks, tagger))]
    order = usable.groupby(usable["genre"].fillna("")).cumcount().sort_values(kind="stable").index
    return [Path(path) for path in usable.loc[order, "path"].head(most)]


def unseen(study: Study, tracks: pd.DataFrame, tagger: Tagger) -> list[str]:
    """Songs of a study that a network was not trained on, by ``track_id``."""
    facts = tagger.facts
    if facts["study"] != study.name:
        return list(tracks["track_id"])
    run = facts["name"].removeprefix(f"{study.name}/")
    if run != facts["name"]:
        return list(finished(study, [run])[0].predictions("test")["track_id"].unique())
    record = next(one for one in alike(study, tagger)).record
    plan = RunSpec(
        study,
        Run(facts["network"], "artist", recipe=facts["recipe"]),
        record["changed"],
        record["run"]["folds"],
    )
    return list(plan.slices.table.loc[np.asarray(plan.parts) == "validation", "track_id"].unique())


def alike(study: Study, tagger: Tagger) -> list[Finished]:
    """Finished runs of the tagger's network and recipe under ``artist``; the run itself, if it is one."""
    facts = tagger.facts
    known = [
        one
        for one in finished(Study(facts["study"], study.root))
        if (one.run.architecture, one.run.split, one.run.recipe) == (facts["network"], "artist", facts["recipe"])
        and one.run.share == 1
        and not (one.stale or one.run.heads)
    ]
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
    """Confidence before and after the temperatures, on the test songs of runs of the same kind.

    Parameters
    ----------
    runs : sequence of Finished
        As from `alike`.
    tracks : pd.DataFrame
        Of the tagger's study.
    tagger : Tagger
    resamples, seed : int

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


def prediction_table(
    songs: Sequence[Tagged], tagger: Tagger, names: Sequence[str], sure: float, labels: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Readable table of the predictions of some files.

    Parameters
    ----------
    songs : sequence of Tagged
    tagger : Tagger
    names : sequence of str
        Name of each file.
    sure : float
        See `lib.tagging.output.prediction`.
    labels : pd.DataFrame, optional
        Labels of each file, a column per head.

    Returns
    -------
    pd.DataFrame
        ``what``, by head the prediction with its probability and the label if there is one, ``ood_score`` (the
        out-of-distribution score), and, where there is any reason, ``why not``.
    """
    rows = []
    for place, (song, name) in enumerate(zip(songs, names, strict=True)):
        row = {"what": name}
        for head in tagger.heads:
            label, chance = prediction(song, head, sure) if song.ok else ("", float("nan"))
            row[head.name] = label if chance != chance or label == UNSURE else f"{label} ({percent(chance)})"
            if labels is not None and head.name in labels:
                row[f"labelled {head.name}"] = labels[head.name].iloc[place]
        row |= {"ood_score": song.ood_score if song.ok else float("nan")}
        rows.append(
            row | {"why": song.reason if not song.ok else song.farthest_feature if song.out_of_distribution else ""}
        )
    table = pd.DataFrame(rows).rename(columns={"why": "why not"})
    return table if (table["why not"] != "").any() else table.drop(columns="why not")
