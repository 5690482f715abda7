"""Sweeps: run every point of a study's grid, whichever fail, and report their state.

Points that differ in what 04 does are runs of the study itself; points that differ in the parameters of 01 to 03 are
studies of their own, named after what differs, and compared in a table at the end.
"""

import base64
import sys
from collections import Counter
from pathlib import Path

import pandas as pd
import yaml

from lib.errors import ReportError
from lib.io import read_json, replacing
from lib.paths import Study
from lib.runs.store import failures
from lib.workflow import config
from lib.workflow.engine import KILLED, locked, report
from lib.workflow.step import FAILED as FAILURE
from lib.workflow.step import reason
from lib.workflow.train import runs_of

STATES = DONE, RUNNING, FAILED, WAITING = "done", "running", "failed", "waiting"
COLUMNS = ("study", "run", "state", "per song", "reason")


def declared_studies(study: str, data: str = "", root: str = "", *, to_run: bool = True) -> dict[str, str]:
    """Names of the studies of a sweep, its own and those that it derives, and what `config.load` takes for each.

    The files of the latter are written. If `to_run`, all are checked as a run does; else the music is not looked for.
    """
    own = config.load(study, data, check=to_run)
    found, folder = {own.study: study}, Study(own.study, root).work / "sweep"
    for name, content in config.studies(own):
        file = folder / f"{name}.yaml"
        text = yaml.safe_dump(content, sort_keys=False, allow_unicode=True)
        if not file.is_file() or file.read_text(encoding="utf-8") != text:
            with replacing(file) as part:
                part.write_text(text, encoding="utf-8")
        config.load(str(file), data, check=to_run)  # errors in any are reported before the first is trained
        found[name] = str(file)
    return found


def status(study: str, data: str = "", root: str = "") -> pd.DataFrame:
    """State (one of `STATES`) of every run of a sweep, and of its other steps those that failed.

    ``per song`` is the accuracy of each head on the test songs, or on the validation songs of a run that predicts those
    alone.
    """
    rows = []
    for name, given in declared_studies(study, data, root, to_run=False).items():
        place, own = Study(name, root), config.load(given, data, check=False)
        runs = {run.name for run in runs_of(own, place)}
        for run in sorted(runs):
            log, record = place.work / "logs" / "04" / f"{run}.log", place.runs / run / "record.json"
            rows.append((name, run, *_state(place, record, log), _accuracies(place.runs / run)))
        for log in sorted((place.work / "logs").glob("*.log")):
            if FAILURE in log.read_text(encoding="utf-8", errors="replace"):
                rows.append((name, f"step {log.stem}", FAILED, reason(log), ""))
    table = pd.DataFrame(rows, columns=["study", "run", "state", "reason", "per song"])
    table.loc[table["state"] != DONE, "per song"] = ""
    return table.assign(reason=table["reason"].str.split().str.join(" "))[list(COLUMNS)]


def _state(place: Study, record: Path, log: Path) -> tuple[str, str]:
    """State of a run, and the reason if it failed: by its record, its log and Snakemake's note of what it runs."""
    note = base64.urlsafe_b64encode(str(record).encode()).decode()
    if (place.root / ".snakemake" / "incomplete" / note).exists() and _is_locked(place):
        return RUNNING, ""
    failed = failures(place).get(record.parent.name, "")
    if log.is_file() and FAILURE in log.read_text(encoding="utf-8", errors="replace"):
        failed = reason(log)
    elif log.is_file() and not record.is_file():
        failed = failed or reason(log) or KILLED
    return (FAILED, failed) if failed else (DONE if record.is_file() else WAITING, "")


def _is_locked(place: Study) -> bool:
    try:
        with locked(place):
            return False
    except ReportError:
        return True


def _accuracies(folder: Path) -> str:
    """Accuracy, or R2, of each head per song, as a run's own metrics have it."""
    file = folder / "metrics.json"
    parts = read_json(file)["parts"] if file.is_file() else {}
    scores = []
    for head, levels in (parts.get("test") or parts.get("validation") or {}).items():
        measures = levels.get("song", {})
        scores += [f"{head} {measures[name]:.2f}" for name in ("accuracy", "r2") if name in measures]
    return ", ".join(scores)


def lines(table: pd.DataFrame) -> str:
    """Put a sweep's state into lines for the terminal."""
    counts = Counter(table["state"])
    several = table["study"].nunique() > 1
    width = max((len(run) for run in table["run"]), default=0)
    found = []
    for row in table.itertuples(index=False):
        where = f"{row.study}: " if several else ""
        found.append(f"  {row.state:8}{where}{row.run:{width}}  {row[3] or row.reason[:160]}".rstrip())
    return "\n".join([*found, ", ".join(f"{counts[state]} {state}" for state in STATES if counts[state])])


def sweep(
    study: str, data: str = "", root: str = "", cores: int = 0, *, profile: str = ""
) -> tuple[list[Path], list[str]]:
    """Run a sweep, or what is not done of it; a `ReportError` if a study is wrong.

    Returns
    -------
    pages : list of Path
        Of each study's ``index.html``, and of the table that compares them if there are several.
    missing : list of str
        Studies of which what all runs need could not be made; the reasons are printed. Failed runs are listed by
        `status`.
    """
    given, pages, missing = declared_studies(study, data, root), [], []
    for number, (name, file) in enumerate(given.items(), start=1):
        if len(given) > 1:
            print(f"study {number} of {len(given)}: {name}", flush=True)
        try:
            pages.append(report(file, data, root, cores, tolerant=True, profile=profile))
        except ReportError as error:
            print(f"\n{error}", file=sys.stderr, flush=True)
            missing.append(name)
    if len(pages) > 1:
        from lib.site.compare import compare

        pages.append(compare([name for name in given if name not in missing], root))
    return pages, missing
