"""Run a study: check it, then let Snakemake run what is not done yet."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import psutil

from lib import pool
from lib.datasets.valence import source_failures
from lib.errors import ReportError
from lib.io import lock, sweep, write_json
from lib.paths import PROJECT, Study, data_folder
from lib.runs import store
from lib.runs.key import key
from lib.runs.run import Run
from lib.workflow import config
from lib.workflow.config import StudyConfig
from lib.workflow.step import FAILED, reason
from lib.workflow.train import runs_of, spec_of

PROFILES = PROJECT / "profiles"
LARGEST_STEP_MB = 3000  # what the Snakefile requests for its largest step; with less free it runs alone
KILLED = "its process was killed, most likely for want of memory."
_STEPS = re.compile(r"\d+ of \d+ steps")
_LOG = re.compile(r" +log: (.*\.log) \(check log file")


@contextmanager
def locked(study: Study) -> Iterator[int]:
    """Hold a study's lock; unlike Snakemake's own, the system lets go of it when the process ends, however it ends.

    Raises
    ------
    ReportError
        If another command runs the study.
    """
    study.work.mkdir(parents=True, exist_ok=True)
    with (study.work / ".lock").open("w") as file:
        try:
            lock(file, wait=False)
        except BlockingIOError as error:
            raise ReportError(
                f"Another command is running study {study.name!r} in {study.work}. Wait for it, or stop it."
            ) from error
        yield file.fileno()


def report(
    study: str,
    data: str = "",
    root: str = "",
    cores: int = 0,
    *,
    until: str = "report",
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
    until : {'report', 'prepare'}
        ``prepare`` stops after the slices and the networks' descriptions, and returns the folder of slices instead of
        the path of ``index.html``.
    tolerant : bool
        Build the report without the runs that fail; `lib.runs.store.failures` names them.
    profile : str
        A folder in ``profiles/`` or a path: how Snakemake reaches a cluster. Empty = this machine.

    Raises
    ------
    ReportError
        If the study or its folder is wrong, or a step failed.
    """
    if isinstance(cores, bool) or not isinstance(cores, int) or cores < 0:
        raise ReportError(f"cores is {cores!r}; it must be a whole number of 0 or more, 0 for all.")
    declared = config.load(study, data)
    place, index = Study(declared.study, root), Study(declared.study, root).results / "index.html"
    call = {
        "study": str(Path(study).resolve()) if str(study).endswith((".yaml", ".yml")) else study,
        "data": str(data_folder(data, declared.corpus)) if data else "",  # in full: Snakemake works in another folder
        "root": str(place.root) if root else "",
        "wide": min(cores or 8, 8) if profile else cores or pool.cores(),
        "cluster": bool(profile),
    }
    with locked(place) as lock:
        sweep(place.work)
        sweep(place.results)
        (place.work / store.FAILURES).unlink(missing_ok=True)
        if any(failure["later"] for failure in source_failures(place).values()):
            place.tracks.unlink(missing_ok=True)  # 01 runs again, for the reason may have passed
        snakemake = _Snakemake(place, call, _resources(profile, cores), _environment(profile, cores), lock)
        if until == "report" and index.is_file() and _is_current(declared, place) and snakemake.is_idle("report"):
            print("Nothing to do: everything is up to date.")
            return index
        if declared.minutes and not index.is_file():
            print(f"The first report of {place.name} takes about {declared.minutes} minutes on two cores.", flush=True)
        snakemake("prepare")
        if until == "prepare":
            return place.slices
        runs = runs_of(declared, place)
        try:
            snakemake("report", _restore(declared, place, runs))
        except ReportError:
            failed = _failed(declared, place, runs) if tolerant else {}
            if not failed or len(failed) == len(runs):
                raise
            write_json(failed, place.work / store.FAILURES)
            snakemake("report")
    return index


class _Snakemake:
    """Calls of Snakemake for one study; the terminal shows its steps, a log all else that it prints."""

    def __init__(self, place: Study, call: dict, where: list[str], environment: dict[str, str], lock: int):
        self.place, self.where, self.environment, self.lock = place, where, environment, lock
        self.began = time.monotonic()
        self.call = place.work / "call.json"  # as a file: on the command line Snakemake would read a path as YAML
        write_json(call, self.call)

    def _command(self, target: str) -> list[str]:
        return [
            sys.executable, "-m", "snakemake", target, "--snakefile", str(PROJECT / "Snakefile"),
            "--directory", str(self.place.root), "--rerun-incomplete", "--nolock", "--keep-going",
            "--max-checksum-file-size", "1000000000", "--configfile", str(self.call), *self.where,
        ]  # fmt: skip

    def is_idle(self, target: str) -> bool:
        """Whether a target is up to date."""
        dry = [*self._command(target), "--dry-run"]
        done = subprocess.run(dry, env=self.environment, capture_output=True, text=True, check=False)
        return done.returncode == 0 and "Nothing to be done" in done.stdout + done.stderr

    def __call__(self, target: str, again: Sequence[Path] = ()) -> None:
        """Make a target of the Snakefile, and the files `again` anew; a `ReportError` if a step failed."""
        command = self._command(target)
        command += ["--forcerun", *(os.path.relpath(path, self.place.root) for path in again)] if again else []
        log, lines, failed = self.place.work / f"{target}.log", [], []
        # In a process group of its own, so that whatever stops this process can stop all of its notebooks. It holds the
        # lock too: should this process be killed alone, nobody else may begin until it ends.
        process = subprocess.Popen(
            command, env=self.environment, stderr=subprocess.PIPE, text=True, pass_fds=[self.lock], process_group=0
        )
        try:
            with log.open("w", encoding="utf-8") as file:
                for line in process.stderr:
                    file.write(line)
                    lines.append(line)
                    if match := _STEPS.match(line):
                        spent = time.monotonic() - self.began
                        print(f"{match[0]}, {int(spent // 60)} min {int(spent % 60)} s", flush=True)
                    elif match := _LOG.match(line):
                        failed.append(self.place.root / match[1])
            process.wait()
        except BaseException:
            _stop(process)
            raise
        if process.returncode in (130, -signal.SIGINT):
            raise KeyboardInterrupt
        if process.returncode:
            if not failed:
                print("".join(lines[-20:]), file=sys.stderr)
            for path in failed:  # what a step prints stays on its machine, and what ends it by force prints nothing
                if "--profile" in self.where or FAILED not in path.read_text(encoding="utf-8", errors="replace"):
                    print(f"\n{path.stem}: {reason(path) or KILLED}", file=sys.stderr)
            raise ReportError(
                f"study {self.place.name!r} is not complete; the message above says why. What was finished is kept: "
                f"fix it and run the same command again. Snakemake's own log: {log}"
            )


def _is_current(declared: StudyConfig, place: Study) -> bool:
    """Whether all runs are in ``work/``, made of what the study is now."""
    try:
        return not _restore(declared, place, runs_of(declared, place))
    except ReportError:  # such as slices that are not made yet
        return False


def _restore(declared: StudyConfig, place: Study, runs: Sequence[Run]) -> list[Path]:
    """See that committed runs are in ``work/``; return the records of those that are made of something else now."""
    stale = []
    for run in runs:
        current = store.restore(place, run, key(spec_of(declared, place, run)))
        if not current and (place.runs / run.name / "record.json").is_file():
            stale.append(place.runs / run.name / "record.json")
    return stale


def _failed(declared: StudyConfig, place: Study, runs: Sequence[Run]) -> dict[str, str]:
    """Name the runs that are not finished, and say why."""
    logs = place.work / "logs" / "04"
    unfinished = [r.name for r in runs if store.key_of(place.runs / r.name) != key(spec_of(declared, place, r))]
    return {name: reason(logs / f"{name}.log") or KILLED for name in unfinished}


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


def _environment(profile: str, cores: int) -> dict[str, str]:
    """Environment of the steps: where the project is, how many workers read audio, no notes of TensorFlow."""
    own = {"PYTHONPATH": str(PROJECT), "PYTHONUNBUFFERED": "1", "TF_CPP_MIN_LOG_LEVEL": "2"}
    own |= {} if profile else {pool.VARIABLE: str(cores or pool.cores())}  # a cluster says how many itself
    return {**os.environ, **own}


def _stop(process: subprocess.Popen) -> None:
    """Interrupt a process group as Ctrl-C would; end it if it does not listen."""
    for sent, patience_s in ((signal.SIGINT, 30), (signal.SIGKILL, None)):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, sent)
        with suppress(subprocess.TimeoutExpired):
            process.wait(patience_s)
            return


def clean(root: str = "") -> list[Path]:
    """Delete what can be made again: ``work/``, Snakemake's notes and the results that git ignores.

    Returns what was deleted.

    Raises
    ------
    ReportError
        If a study is running.
    """
    base = Study("demo", root).root
    with ExitStack() as locks:
        for folder in base.glob("work/*/"):
            locks.enter_context(locked(Study(folder.name, base)))
        gone = [base / "work", base / ".snakemake"]
        gone += [folder for folder in sorted(base.glob("results/*/")) if _ignored(folder)]
        gone = [folder for folder in gone if folder.is_dir()]
        for folder in gone:
            shutil.rmtree(folder)
    return gone


def _ignored(folder: Path) -> bool:
    """Whether git ignores a folder; without git, none is."""
    try:
        command = ["git", "-C", str(folder.parent), "check-ignore", "--quiet", folder.name]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False
