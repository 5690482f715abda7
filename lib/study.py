"""The front door: check a study, then let Snakemake run what is not done yet.

::

    python -m lib.study report --study emotify --data ~/Music/emotify

``prepare`` stops after the slices and the networks' descriptions, all that `lib.train_study` needs.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime
from functools import partial
from pathlib import Path

import psutil

from lib import config, done, pool
from lib.config import StudyConfig
from lib.corpora.files import data_folder
from lib.errors import ReportError
from lib.paths import PROJECT, Study, explained, sweep
from lib.tables import write_json

_STEPS = re.compile(r"\d+ of \d+ steps")
TARGETS = ("prepare", "report")
PROFILES = PROJECT / "profiles"
WIDE = 8  # processors of a cluster's node that a step asks for where it can use any number
LARGEST_STEP_MB = 3000  # what the Snakefile asks for its largest step; with less free it runs alone
ENVIRONMENT = {"PYTHONPATH": str(PROJECT), "PYTHONUNBUFFERED": "1"}


@contextmanager
def _alone(study: Study):
    """Hold the study's lock; the system lets go of it when the process ends, however it ends."""
    study.work.mkdir(parents=True, exist_ok=True)
    with (study.work / ".lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ReportError(
                f"Another command is running study {study.name!r} in {study.work}. Wait for it, or stop it."
            ) from error
        yield file


def _snakemake(command: list[str], environment: dict[str, str], log: Path, lock: int) -> int:
    """Run Snakemake; show how many steps are done, and all else that it says only if no notebook ran.

    Snakemake holds the lock too: should this process be killed alone, nobody else may begin until it ends.
    """
    said, ran = [], False
    # In a process group of its own, so that whatever stops this process can stop all of its notebooks.
    process = subprocess.Popen(
        command, env=environment, stderr=subprocess.PIPE, text=True, pass_fds=[lock], process_group=0
    )
    try:
        with log.open("w", encoding="utf-8") as file:
            for line in process.stderr:
                file.write(line)
                said.append(line)
                if _STEPS.match(line):
                    print(line, end="", flush=True)
                ran = ran or line.startswith("Error in rule")
        process.wait()
    except BaseException:
        _stop(process)
        raise
    if process.returncode in (130, -2):
        raise KeyboardInterrupt
    if process.returncode and not ran:
        print("".join(said[-20:]), file=sys.stderr)
    return process.returncode


def _resources(profile: str, cores: int) -> list[str]:
    """Snakemake's arguments for what it may use: this machine's cores and free memory, or a cluster's profile."""
    if not profile:
        free_mb = psutil.virtual_memory().available // 2**20
        return ["--cores", str(cores or pool.cores()), "--resources", f"mem_mb={max(free_mb, LARGEST_STEP_MB)}"]
    folder = next((one for one in (PROFILES / profile, Path(profile)) if (one / "config.yaml").is_file()), None)
    if folder is None:
        known = sorted(path.parent.name for path in PROFILES.glob("*/config.yaml"))
        raise ReportError(
            f"PROFILE={profile}: there is no such folder with a config.yaml. Known are {', '.join(known)}; or give the "
            "path of one of your own."
        )
    return ["--profile", str(folder), *(["--cores", str(cores)] if cores else [])]


def _threads(profile: str, cores: int) -> dict[str, str]:
    """Environment that says how many processors a step may use; on a cluster its scheduler says how many."""
    few = {name: str(min(cores or pool.cores(), 2)) for name in ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS")}
    return few if profile else {pool.VARIABLE: str(cores or pool.cores()), **few}


def _ask_again(study: Study) -> None:
    """Let 01 run again if a source of valence stopped for a reason that may have passed."""
    from lib.corpora.valence import troubles

    if any(said["later"] for said in troubles(study).values()):
        for suffix in (".json", ".page"):
            (study.work / "done" / f"01{suffix}").unlink(missing_ok=True)


def _now_at_the_latest(place: Study, declared: StudyConfig) -> None:
    """See that what steps read was not changed in the future, for nothing that is made now would be newer."""
    own = [PROJECT / "lib", PROJECT / "notebooks", PROJECT / "models", place.zoo, place.results.parent]
    for path in (path for folder in own for path in folder.rglob("*") if path.is_file()):
        if done.in_the_future(path):
            os.utime(path)
    for path in map(Path, config.label_files(declared)):
        if done.in_the_future(path):
            raise ReportError(
                f"{path}: it was changed at {datetime.fromtimestamp(path.stat().st_mtime):%Y-%m-%d %H:%M}, which is in "
                f"the future, and nothing made of it now would be newer. Set the clock right, or: touch {path}"
            )


def _stop(process: subprocess.Popen) -> None:
    """Interrupt a process group as Ctrl-C would; end it if it does not listen."""
    for sent, patience_s in ((signal.SIGINT, 30), (signal.SIGKILL, None)):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, sent)
        with suppress(subprocess.TimeoutExpired):
            process.wait(patience_s)
            return


def report(
    study: str,
    data: str = "",
    root: str = "",
    cores: int = 0,
    *,
    targets: Sequence[str] = TARGETS,
    tolerant: bool = False,
    profile: str = "",
) -> Path:
    """Run what is not done of a study and build its pages.

    Parameters
    ----------
    study : str
        A name in ``config/`` or the path of a YAML file.
    data : str
        Folder of the music.
    root : str
        Folder of ``work/`` and ``results/``; empty = the project's own.
    cores : int >= 0
        0 = all.
    targets : sequence of str
        Of the Snakefile, in order.
    tolerant : bool
        A run that fails is noted, and the report is built without it.
    profile : str
        A folder in ``profiles/`` or a path: how Snakemake reaches a cluster. Empty = this machine.

    Returns
    -------
    Path
        Of ``index.html``, or of the folder of slices where the report is not among the targets.

    Raises
    ------
    ReportError
        If the study or its folder is wrong, or a step failed.
    """
    declared = config.load(study, data)
    data = str(data_folder(data, declared.corpus)) if data else ""  # in full: Snakemake works in another folder
    place = Study(declared.study, root)
    where = _resources(profile, cores)
    environment = {
        **os.environ,
        **ENVIRONMENT,
        **_threads(profile, cores),
        **({done.TOLERANT: "1"} if tolerant else {}),
    }
    index, mark = place.results / "index.html", place.work / "done" / "pages"
    with _alone(place) as lock:
        sweep(place.work)
        sweep(place.results)
        done.forget_changed(place)
        _now_at_the_latest(place, declared)
        _ask_again(place)
        if not index.is_file():
            mark.unlink(missing_ok=True)
        # As a file: on the command line Snakemake would read a folder's name as YAML.
        call = place.work / "call.json"
        wide = min(cores or WIDE, WIDE) if profile else cores or pool.cores()
        given = str(Path(study).resolve()) if str(study).endswith((".yaml", ".yml")) else study
        base = str(place.root) if root else ""
        write_json({"study": given, "data": data, "root": base, "wide": wide, "cluster": bool(profile)}, call)
        before = mark.stat().st_mtime_ns if mark.is_file() else 0
        for target in targets:
            command = [
                sys.executable, "-m", "snakemake", target, "--snakefile", str(PROJECT / "Snakefile"),
                "--directory", str(place.root), "--rerun-incomplete", "--nolock", "--keep-going",
                "--configfile", str(call), *where,
            ]  # fmt: skip
            went = partial(_snakemake, command, environment, place.work / f"{target}.log", lock.fileno())
            code = went()
            if code > 0 and tolerant and done.give_up_the_dead(place):
                code = went()
            if code:
                for why in done.reasons(place).values() if code > 0 else ():  # else what it began may run on
                    if profile or why.endswith(done.KILLED):  # what a step prints stays on its node
                        print(f"\n{why}", file=sys.stderr)
                raise ReportError(
                    f"study {declared.study!r} is not complete; the message above says why. What was finished is kept: "
                    f"mend it and run the same command again. Snakemake's own log: {place.work / f'{target}.log'}"
                )
        if "report" not in targets:
            return place.slices
        if mark.stat().st_mtime_ns == before:
            print("Nothing to do: everything is up to date.")
    return index


def clean(root: str = "") -> list[Path]:
    """Delete what can be made again: ``work/``, Snakemake's notes and the results that git ignores.

    Returns
    -------
    list of Path
        What was deleted.

    Raises
    ------
    ReportError
        If a study is running.
    """
    base = Study("demo", root).root
    with ExitStack() as locks:
        for folder in base.glob("work/*/"):
            locks.enter_context(_alone(Study(folder.name, base)))
        gone = [base / "work", base / ".snakemake"]
        gone += [folder for folder in sorted(base.glob("results/*/")) if _ignored(folder)]
        gone = [folder for folder in gone if folder.is_dir()]
        for folder in gone:
            shutil.rmtree(folder)
    return gone


def _ignored(folder: Path) -> bool:
    """Whether git is told to ignore a folder; without git, none is."""
    try:
        asked = ["git", "-C", str(folder.parent), "check-ignore", "--quiet", folder.name]
        return subprocess.run(asked, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; 0 if all went well."""
    parser = argparse.ArgumentParser(prog="python -m lib.study", description="Run a study of the report.")
    parser.add_argument("command", choices=["report", "prepare", "clean"])
    parser.add_argument("--study", default="demo", help=f"one of {', '.join(config.known_studies())} or a YAML file")
    parser.add_argument("--data", default="", help="folder of the music")
    parser.add_argument("--root", default="", help="folder of work/ and results/")
    parser.add_argument("--cores", type=int, default=0, help="processors to use; 0 = all")
    parser.add_argument("--profile", default="", help="of a cluster, such as slurm; default: this machine")
    given = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        if given.command == "clean":
            print("\n".join(f"deleted {path}" for path in clean(given.root)) or "Nothing to delete.")
        else:
            with explained(Path(given.root or PROJECT)):
                targets = TARGETS if given.command == "report" else TARGETS[:1]
                made = report(given.study, given.data, given.root, given.cores, targets=targets, profile=given.profile)
            print(f"\nThe {'report' if given.command == 'report' else 'slices'}: {made}")
    except ReportError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"\n{error.filename or given.root}: {error.strerror or error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. What was finished is kept; the same command goes on from there.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
