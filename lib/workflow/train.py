"""Train the runs of a study from its slices alone.

For a machine that has Keras and a backend but no audio libraries and no notebooks, such as one with a GPU::

    KERAS_BACKEND=jax python -m lib.workflow train --study emotify

Needs of the study ``work/<study>/tracks.parquet``, ``slices/`` and ``zoo/``, as notebooks 01 to 03 leave them;
the finished runs, copied back, are found by ``make report``.
"""

import gc
import sys

from lib.errors import ReportError
from lib.paths import Study
from lib.runs.execute import obtain
from lib.runs.key import key
from lib.runs.run import SELECTED, Run
from lib.runs.spec import RunSpec, SelectionSpec, spec_for
from lib.runs.store import Finished, restore
from lib.training.quiet import import_keras
from lib.workflow import config
from lib.workflow.config import StudyConfig


def spec_of(declared: StudyConfig, place: Study, run: Run) -> RunSpec | SelectionSpec:
    """Specify a run as its study declares it."""
    given = declared.parameters.get("04", {})
    changed = {k: given[k] for k in ("batch_size", "learning_rate") if k in given}
    changed |= {"epochs": declared.epochs_of(run), **given.get("settings", {})}
    best = {"candidates": declared.candidates, "validation_shares": declared.validation_shares}
    return spec_for(place, run, declared.folds, changed=changed, **best)


def runs_of(declared: StudyConfig, place: Study) -> list[Run]:
    """All runs of a study, those of the recipe ``best`` last, for they choose among the others."""
    runs = [*declared.runs(declared.networks_of(place)), *declared.search_runs(), *declared.vector_runs()]
    return sorted(dict.fromkeys(runs), key=lambda run: run.architecture == SELECTED)


def train(study: str, root: str = "", *, only: str = "") -> list[Finished]:
    """Train every run of a study that is not finished.

    Parameters
    ----------
    study, root : str
        As of `lib.workflow.engine.report`.
    only : str
        A run's name or part of the names of several; others are left out.

    Raises
    ------
    ReportError
        If the study is wrong, something of it is missing, or no run has that name.
    """
    declared = config.load(study, check=False)
    place = Study(declared.study, root)
    runs = list(dict.fromkeys([*declared.candidate_runs(), *runs_of(declared, place)]))
    chosen = [run for run in runs if run.name == only] or [run for run in runs if only in run.name]
    if not chosen:
        raise ReportError(f"--only {only!r} is part of no run's name, such as {runs[0].name}.")
    finished = []
    for number, run in enumerate(chosen, start=1):
        label = f"run {number}/{len(chosen)} {run.name}"
        spec = spec_of(declared, place, run)
        if not spec.is_baseline and not restore(place, run, key(spec)):
            import_keras()
        finished.append(obtain(spec, on_epoch=lambda text, label=label: print(f"  {label}: {text}", flush=True)))
        print(f"  {label}: finished in {finished[-1].metrics['seconds']:.0f} s", flush=True)
        if "keras" in sys.modules:  # the networks made so far would slow down those to come
            sys.modules["keras"].utils.clear_session()
        gc.collect()
    return finished
