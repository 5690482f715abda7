"""Train what a study declares, from its slices alone.

For a machine that has Keras and a backend but no audio libraries and no notebooks, such as one with a GPU::

    KERAS_BACKEND=jax python -m lib.train_study --study emotify

Needs of the study ``work/<study>/tracks.parquet``, ``slices/`` and ``zoo/``, as notebooks 01 to 03 leave them;
the finished runs, copied back, are taken by ``make report`` as they are.
"""

from __future__ import annotations

import argparse
import gc
import sys

from lib import config
from lib.errors import ReportError
from lib.paths import Study, explained
from lib.plans import obtain
from lib.quiet import import_keras
from lib.runs import SELECTED, Finished
from lib.selection import plan_for


def train_study(study: str, root: str = "", *, only: str = "") -> list[Finished]:
    """Make every run of a study that is not finished, those of the recipe ``best`` last.

    Parameters
    ----------
    study : str
        A name in ``config/`` or the path of a YAML file.
    root : str
        Folder of ``work/`` and ``results/``; empty = the project's own.
    only : str
        A run's name or part of the names of several; others are left out.

    Raises
    ------
    ReportError
        If the study is wrong, something of it is missing, or no run has that name.
    """
    declared = config.load(study, slices_only=True)
    here = Study(declared.study, root)
    given = declared.parameters.get("04", {})
    changed = {**{k: given[k] for k in ("batch_size", "learning_rate") if k in given}, **given.get("settings", {})}
    runs = [*declared.runs(declared.networks_of(here)), *declared.candidate_runs(), *declared.search_runs()]
    runs += declared.vector_runs()
    runs = sorted(dict.fromkeys(runs), key=lambda run: run.architecture == SELECTED)  # they choose among the others
    runs = [run for run in runs if run.name == only] or [run for run in runs if only in run.name]
    if not runs:
        raise ReportError(f"--only {only!r} is part of no run's name, such as {declared.runs()[0].name}.")
    done = []
    for number, run in enumerate(runs, start=1):
        plan = plan_for(
            here,
            run,
            declared.folds,
            changed={"epochs": declared.epochs_of(run), **changed},
            candidates=declared.candidates,
            devs=declared.devs,
        )
        label = f"run {number}/{len(runs)} {run.name}"
        done.append(obtain(plan, on_epoch=lambda text, label=label: print(f"{label}: {text}", flush=True)))
        print(f"{label}: finished in {done[-1].metrics['seconds']:.0f} s", flush=True)
        _forget()
    return done


def _forget() -> None:
    """Let go of the networks made so far; they would slow down those to come."""
    import keras

    keras.utils.clear_session()
    gc.collect()


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; 0 if all went well."""
    parser = argparse.ArgumentParser(prog="python -m lib.train_study", description=__doc__.splitlines()[0])
    parser.add_argument("--study", default="demo", help="a name in config/ or a YAML file")
    parser.add_argument("--root", default="", help="folder of work/ and results/")
    parser.add_argument("--only", default="", help="a run's name or part of several, such as artist-f0")
    given = parser.parse_args(arguments)
    try:
        import_keras()
        with explained(Study("demo", given.root).root):
            train_study(given.study, given.root, only=given.only)
    except ReportError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. What was finished is kept; the same command goes on from there.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
