"""Finished runs of a study evaluated on other sound: another study's songs, or its own songs altered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import permutations
from pathlib import Path

import pandas as pd

from lib import progress
from lib.datasets.tracks import read_tracks
from lib.errors import ReportError
from lib.evaluation.robustness import robustness as by_alteration
from lib.evaluation.transfer import transfer as compared
from lib.features import vectors
from lib.features.alterations import ALTERATIONS, write_altered
from lib.features.slices import Slices
from lib.features.slicing import make_slices, source_digest
from lib.features.spectrogram import Spectrogram
from lib.io import scratch, write_csv
from lib.models.baselines import PRETRAINED, SILENT
from lib.paths import Study
from lib.runs.applied import Applied, apply
from lib.runs.spec import spec_of_record
from lib.runs.store import Finished, finished
from lib.training.recipes import BASELINE, DISTILLED, plain
from lib.workflow import config
from lib.workflow.engine import report

STRICT = "artist"
ALTERED = ("yu2018", "student", "msd_musicnn")  # whose robustness is measured


def transfer(names: Sequence[str], root: str = "") -> Path:
    """Evaluate the models of each of two studies on the songs of the other; write ``transfer.csv`` of the first.

    Takes part what both studies have run under `STRICT` with seed 0. Networks whose weights are not in ``work/`` are
    trained again.

    Raises
    ------
    ReportError
        If not two studies are given, or they have no such network in common.
    """
    if len(set(names)) != 2:
        raise ReportError(f"STUDIES={' '.join(names)!r}: give two studies, as in 'emotify fourq'.")
    studies = [Study(name, root) for name in names]
    for study in studies:
        study.need(study.slices / "slices.json", "02_spectrogram_slicing")
    runs = {study: strict_runs(study) for study in studies}
    common = set.intersection(*({_model(one) for one in own} for own in runs.values()))
    if not common:
        raise ReportError(f"{' and '.join(names)} have no network in common that ran under {STRICT} with seed 0.")
    tables = []
    for source, target in permutations(studies):
        its = [one for one in runs[source] if _model(one) in common]
        applied = [apply_to(source, one, [Slices(target.slices)])[0] for one in its]
        tables.append(compared(source.name, target.name, applied, runs[target], read_tracks(target.tracks)))
    path = studies[0].tables / "transfer.csv"
    write_csv(pd.concat(tables, ignore_index=True), path)
    return path


def robustness(study: str, data: str = "", root: str = "", cores: int = 0) -> Path:
    """Evaluate a study's models on its own test songs, altered; write ``robustness.csv``.

    Takes part what of `ALTERED` ran under `STRICT` with seed 0, see `transfer`. The slices and vectors of each
    alteration stay in ``work/<study>/altered``, so that a second call goes on from there.

    Parameters
    ----------
    study, data, root : str
    cores : int >= 0
        As of `lib.workflow.engine.report`.

    Raises
    ------
    ReportError
        If nothing ran under `STRICT` with seed 0, or a song cannot be altered.
    """
    report(study, data, root, cores, until="prepare")
    place = Study(config.load(study, data).study, root)
    tracks, spectrogram = read_tracks(place.tracks), Slices(place.slices).spectrogram
    runs = [one for one in strict_runs(place) if one.run.architecture in ALTERED]
    if not runs:
        raise ReportError(
            f"{place.name} has no run of {', '.join(ALTERED)} under {STRICT} with seed 0. Run `make report` first."
        )
    pretrained = [name for name in PRETRAINED if name in {one.run.architecture for one in runs}]
    stores = [_altered(place, name, tracks, spectrogram, pretrained, cores) for name in ALTERATIONS]
    altered: dict[str, list[Applied]] = {name: [] for name in ALTERATIONS}
    for run in runs:
        songs = run.predictions("test", ["track_id"])["track_id"].unique()
        for name, one in zip(ALTERATIONS, apply_to(place, run, stores), strict=True):
            altered[name].append(replace(one, table=one.table.loc[one.table["track_id"].isin(songs)]))
    path = place.tables / "robustness.csv"
    write_csv(by_alteration(altered, tracks), path)
    return path


def _altered(
    place: Study, name: str, tracks: pd.DataFrame, spectrogram: Spectrogram, pretrained: Sequence[str], cores: int
) -> Slices:
    """Slices and vectors of the altered songs, made where they are not there."""
    folder, songs = place.work / "altered" / name, tracks.loc[tracks["status"] == "ok"]
    songs = songs.assign(sha256=f"{name}:" + songs["sha256"].astype(str))  # other sound than the files'
    there = Slices(folder) if (folder / "slices.json").is_file() else None
    if (
        there
        and there.digest == source_digest(songs, spectrogram)
        and all(vectors.path(there, one).is_file() for one in pretrained)
    ):
        return there
    with scratch(folder / "sound") as sound:
        paths = write_altered(name, songs, sound, spectrogram.sample_rate, spectrogram.excerpt_s, workers=cores)
        changed = songs.assign(path=paths)
        make_slices(changed, folder, spectrogram, workers=cores)
        slices = Slices(folder)
        for one in pretrained:
            from lib.models.pretrained import write_vectors  # only here is Keras needed

            write_vectors(one, slices, changed)
    return slices


def strict_runs(study: Study) -> list[Finished]:
    """Pick the runs under `STRICT` with seed 0 that use audio, of each network under its plain recipe, or taught."""
    found = [
        one
        for one in finished(study)
        if (one.run.split, one.run.seed, one.run.share, one.run.heads) == (STRICT, 0, 1, ())
        and not one.stale
        and one.run.architecture not in SILENT
    ]
    recipe = plain(one.run.recipe for one in found if one.run.recipe != BASELINE)
    return [one for one in found if one.run.recipe in (recipe, DISTILLED, BASELINE)]


def _model(run: Finished) -> tuple[str, str]:
    return run.run.architecture, run.run.recipe


def apply_to(study: Study, run: Finished, others: Sequence[Slices]) -> list[Applied]:
    """Predict other slices by a finished run, see `lib.runs.applied.apply`."""
    name = run.run.name
    progress.tell(f"{study.name}: {name}")
    return apply(spec_of_record(study, run.record), others, lambda text: progress.tell(f"{study.name}: {name}: {text}"))
