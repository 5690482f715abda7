"""The command line: ``python -m lib.workflow <command>``; ``make help`` lists what calls it."""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import fields
from pathlib import Path

from lib.errors import ReportError, exit_status
from lib.io import explained
from lib.io import sweep as clear
from lib.paths import PROJECT, Study
from lib.workflow.step import step

KEPT = "Stopped. What was finished is kept; the same command goes on from there."


def _report(given: argparse.Namespace) -> int:
    from lib.workflow.engine import report

    made = report(given.study, given.data, given.root, given.cores, until=given.command, profile=given.profile)
    print(f"\nThe {'report' if given.command == 'report' else 'slices'}: {made}")
    return 0


def _sweep(given: argparse.Namespace) -> int:
    from lib.workflow import sweep

    pages, missing = sweep.sweep(given.study, given.data, given.root, given.cores, profile=given.profile)
    failed = _status(given)
    for page in pages:
        print(f"\nThe report: {page}")
    if missing:
        print(f"\n{', '.join(missing)} could not be finished; the messages above say why.", file=sys.stderr)
    return int(bool(missing) or failed)


def _status(given: argparse.Namespace) -> int:
    from lib.workflow import sweep

    table = sweep.status(given.study, given.data, given.root)
    print(f"\n{sweep.lines(table)}")
    return int((table["state"] == sweep.FAILED).any())


def _train(given: argparse.Namespace) -> int:
    from lib.workflow.train import train

    train(given.study, given.root, only=given.only)
    return 0


def _chunk(given: argparse.Namespace) -> int:
    from lib.datasets.tracks import read_tracks
    from lib.features.slicing import make_chunk
    from lib.features.spectrogram import Spectrogram

    place, own = Study(given.study, given.root), json.loads(given.parameters)
    spectrogram = Spectrogram(**{one.name: own[one.name] for one in fields(Spectrogram) if one.name in own})
    how = {name: own[name] for name in ("workers", "timeout_s") if name in own}
    make_chunk(read_tracks(place.tracks), place.slices, given.number, spectrogram, **how)
    return 0


def _pages(given: argparse.Namespace) -> int:
    from lib.site.build import build, build_local

    print((build_local if given.command == "listen" else build)(Study(given.study, given.root)))
    return 0


def _compare(given: argparse.Namespace) -> int:
    from lib.site.compare import compare

    path = compare(given.studies, given.root)
    print(f"{path.read_text(encoding='utf-8')}\n{path}")
    return 0


def _transfer(given: argparse.Namespace) -> int:
    from lib.workflow.elsewhere import transfer

    print(transfer(given.studies, given.root))
    return 0


def _robustness(given: argparse.Namespace) -> int:
    from lib.workflow.elsewhere import robustness

    print(robustness(given.study, given.data, given.root, given.cores))
    return 0


def _fetch(given: argparse.Namespace) -> int:
    from lib.datasets.assemble import checked
    from lib.datasets.fma import collect
    from lib.workflow import config

    declared = config.load(given.study, given.data)
    if declared.corpus != "fma":
        raise ReportError(f"study {declared.study!r} is of corpus {declared.corpus!r}; name one of corpus fma.")
    of_01 = declared.parameters.get("01", {})
    options = checked("fma", of_01.get("drawing", {}))
    options |= {name: of_01[name] for name in ("workers", "timeout_s") if name in of_01}
    options["whole_archive"] = given.whole_archive or options.get("whole_archive", False)
    place = Study(declared.study, given.root)
    clear(place.results)  # what a killed call left half-written
    songs = collect(place, declared.data, **options)
    counts = ", ".join(f"{genre} {number}" for genre, number in songs["genre"].value_counts(sort=False).items())
    print(f"\n{len(songs)} songs are there ({counts}); listed in tables/manifest.csv of the study's results")
    return 0


def _maintain(given: argparse.Namespace) -> int:
    from lib.site import readme
    from lib.workflow import environment, normal_form

    if given.command == "readme":
        readme.write()
    elif given.command == "environment":
        print(f"wrote {environment.write()}")
    else:
        print("\n".join(f"stripped {name}" for name in normal_form.restore()) or "Nothing to strip.")
    return 0


def _verify(given: argparse.Namespace) -> int:
    import os

    from lib.runs import verify
    from lib.training.quiet import import_keras
    from lib.workflow import config
    from lib.workflow.engine import report

    place = Study(config.load(given.study, given.data, check=not given.prepared).study, given.root)
    # As many threads as made it; set before Keras is imported.
    threads = verify.threads_of(verify.committed_run(place, given.run))
    os.environ.update(OMP_NUM_THREADS=threads, TF_NUM_INTRAOP_THREADS=threads)
    if not given.prepared:
        report(given.study, given.data, given.root, until="prepare")
    import_keras()
    found = verify.verify(place, given.run)
    print(f"\n{verify.lines(found)}")
    return 0 if found.holds else 2


def _clean(given: argparse.Namespace) -> int:
    from lib.workflow.engine import clean

    print("\n".join(f"deleted {path}" for path in clean(given.root)) or "Nothing to delete.")
    return 0


STUDY, MUSIC, RUNNING = ("study", "root"), ("study", "root", "data"), ("study", "root", "data", "cores", "profile")
OPTIONS = {
    "study": {"default": "demo", "help": "a name in config/ or a YAML file"},
    "root": {"default": "", "help": "folder of work/ and results/; default: the project's own"},
    "data": {"default": "", "help": "folder of the music"},
    "cores": {"type": int, "default": 0, "help": "processors to use; 0 = all"},
    "profile": {"default": "", "help": "of a cluster, such as slurm; default: this machine"},
    "only": {"default": "", "help": "a run's name or part of several, such as artist-f0"},
    "number": {"type": int, "required": True, "help": "of the chunk, from 0 on"},
    "parameters": {"default": "{}", "help": "a JSON object of notebook 02's parameters"},
    "whole-archive": {"action": "store_true", "help": "take whole archives where a server gives no parts"},
    "studies": {"nargs": "*", "help": "two or more finished studies"},
    "prepared": {"action": "store_true", "help": "the slices and networks are there already"},
    "run": {"default": "", "help": "a committed run; default: the first of the strictest split"},
}
COMMANDS: dict[str, tuple[Callable, Sequence[str], str]] = {
    "report": (_report, RUNNING, "run a study and build its pages"),
    "prepare": (_report, RUNNING, "only the slices and the networks' descriptions, to train elsewhere"),
    "sweep": (_sweep, RUNNING, "run the grid that a study declares"),
    "status": (_status, MUSIC, "which runs of a study are done, running, failed"),
    "train": (_train, (*STUDY, "only"), "train the runs of a study from its slices alone"),
    "chunk": (_chunk, (*STUDY, "number", "parameters"), "slice one chunk of a large corpus"),
    "verify": (_verify, (*MUSIC, "run", "prepared"), "make one committed run again and compare"),
    "pages": (_pages, STUDY, "build the pages of a study"),
    "listen": (_pages, STUDY, "build the pages with players, for this machine alone"),
    "compare": (_compare, ("studies", "root"), "put the results of finished studies side by side"),
    "transfer": (_transfer, ("studies", "root"), "evaluate the models of each of two studies on the other's songs"),
    "robustness": (_robustness, (*MUSIC, "cores"), "evaluate the models of a study on its own songs, altered"),
    "fetch": (_fetch, (*MUSIC, "whole-archive"), "fetch the songs that a study draws from FMA"),
    "readme": (_maintain, (), "write the figures of the README from the committed tables"),
    "strip": (_maintain, (), "put the notebooks in their committed form after editing"),
    "environment": (_maintain, (), "write environment.yml from requirements.lock"),
    "clean": (_clean, ("root",), "delete what can be made again; never what is committed"),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Returns
    -------
    int
        0 if all went well, 1 after an error, 130 if interrupted, or the command's own.
    """
    parser = argparse.ArgumentParser(prog="python -m lib.workflow", description="Run a study of the report.")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, (_, options, text) in COMMANDS.items():
        command = commands.add_parser(name, help=text, description=text)
        for option in options:
            command.add_argument("studies" if option == "studies" else f"--{option}", **OPTIONS[option])
        command.add_argument("--made", type=Path, nargs="*", default=[], help=argparse.SUPPRESS)  # by the Snakefile
    given = parser.parse_args(arguments)
    run = COMMANDS[given.command][0]
    if given.made:
        return step(lambda: run(given), given.made)
    place = Path(getattr(given, "root", "") or PROJECT)
    return exit_status(explained(place)(lambda: run(given)), KEPT, place)
