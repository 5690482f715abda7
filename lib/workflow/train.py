"""Train the runs of a study from its slices alone.

For a machine that has Keras and a backend but no audio libraries and no notebooks, such as one with a GPU::

    KERAS_BACKEND=jax python -m lib.workflow train --study emotify --processes 12

Needs of the study ``work/<study>/tracks.parquet``, ``slices/`` and ``zoo/``, as notebooks 01 to 03 leave them;
the finished runs, copied back, are found by ``make report``.
"""

import gc
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

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


def train(study: str, root: str = "", *, only: str = "", processes: int = 1) -> list[Finished]:
    """Train every run of a study that is not finished.

    Parameters
    ----------
    study, root : str
        As of `lib.workflow.engine.report`.
    only : str
        A run's name or part of the names of several; others are left out.
    processes : int > 0
        Runs that train at once, each in a process of its own. A run that fails stops no other.

    Returns
    -------
    list of Finished
        Empty with several processes.

    Raises
    ------
    ReportError
        If the study is wrong, something of it is missing, no run has that name, or, with several processes, a run
        failed.
    """
    if processes < 1:
        raise ReportError(f"processes is {processes}; it must be 1 or more.")
    declared = config.load(study, check=False)
    place = Study(declared.study, root)
    runs = list(dict.fromkeys([*declared.candidate_runs(), *runs_of(declared, place)]))
    chosen = [run for run in runs if run.name == only] or [run for run in runs if only in run.name]
    if not chosen:
        raise ReportError(f"--only {only!r} is part of no run's name, such as {runs[0].name}.")
    if processes > 1:
        return _side_by_side(study, root, chosen, processes)
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


def _side_by_side(study: str, root: str, runs: list[Run], processes: int) -> list[Finished]:
    """Train each run by a call of its own, the recipe ``best`` after what it chooses from."""
    others = {"XLA_PYTHON_CLIENT_PREALLOCATE": "false", **os.environ}  # JAX would take most of a GPU's memory each time
    command = [sys.executable, "-m", "lib.workflow", "train", "--study", study, "--root", root, "--only"]
    failed = []
    for best in (False, True):
        names = [run.name for run in runs if (run.architecture == SELECTED) == best]
        with ThreadPoolExecutor(processes) as pool:
            ends = pool.map(lambda name: subprocess.run([*command, name], env=others, check=False).returncode, names)
            failed += [name for name, end in zip(names, ends, strict=True) if end]
    if failed:
        raise ReportError(f"{', '.join(failed)} could not be trained; the messages above say why.")
    return []
