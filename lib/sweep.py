"""Sweeps: run every point of a study's grid, one failure stopping nothing else, and say how far it is.

::

    python -m lib.sweep --study my_sweep [--data DIR]
    python -m lib.sweep --study my_sweep --status

Points that differ in what 04 does are runs of the study itself; points that differ in the parameters of 01 to 03 are
studies of their own, named after what differs, and compared on a page at the end.
"""

from __future__ import annotations

import argparse
import signal
import sys
from collections import Counter
from pathlib import Path

import pandas as pd
import yaml

from lib import config, done
from lib.config.sweep import studies
from lib.errors import ReportError
from lib.paths import PROJECT, Study, explained, replacing
from lib.study import report
from lib.tables import read_json

COLUMNS = ("study", "run", "state", "by song", "reason")


def declared_studies(study: str, data: str = "", root: str = "", *, to_run: bool = True) -> dict[str, str]:
    """Studies of a sweep: its own and those that it derives, whose files are written.

    Parameters
    ----------
    study, data, root : str
        As of `lib.study.report`.
    to_run : bool
        Check all of them as a run does; else the music is not looked for.

    Returns
    -------
    dict of str to str
        Names, and what `lib.config.load` takes for each.
    """
    own = config.load(study, data, slices_only=not to_run)
    found, folder = {own.study: study}, Study(own.study, root).work / "sweep"
    for name, content in studies(own):
        file = folder / f"{name}.yaml"
        text = yaml.safe_dump(content, sort_keys=False, allow_unicode=True)
        if not file.is_file() or file.read_text(encoding="utf-8") != text:
            with replacing(file) as part:
                part.write_text(text, encoding="utf-8")
        config.load(str(file), data, slices_only=not to_run)  # what is wrong with one is said before any is trained
        found[name] = str(file)
    return found


def status(study: str, data: str = "", root: str = "") -> pd.DataFrame:
    """State of every run of a sweep, and of its other steps those that run or failed.

    Returns
    -------
    pd.DataFrame
        Columns `COLUMNS`: ``state`` is one of ``done``, ``running``, ``failed`` and ``waiting``, ``by song`` the
        accuracy of each head on the test songs (on dev songs, of a run that answers for those alone).
    """
    rows = []
    for name, given in declared_studies(study, data, root, to_run=False).items():
        place, own = Study(name, root), config.load(given, data, slices_only=True)
        runs = [*own.runs(own.networks_of(place)), *own.search_runs(), *own.vector_runs()]
        for run in dict.fromkeys(run.name for run in runs):
            state, reason = done.state(place.work / "done" / "04" / run)
            told = _accuracies(place.runs / run) if state == done.DONE else ""
            rows.append((name, run, state, told, " ".join(reason.split())))
        for step in done.steps_of_note(place):
            state, reason = done.state(place.work / "done" / step)
            rows.append((name, f"step {step}", state, "", " ".join(reason.split())))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _accuracies(folder: Path) -> str:
    """Accuracy, or R2, of each head by song, as a run's own metrics have it."""
    file = folder / "metrics.json"
    if not file.is_file():
        return ""
    parts = read_json(file)["parts"]
    heads = parts.get("test") or parts.get("dev") or {}
    told = []
    for head, levels in heads.items():
        measures = levels.get("song", {})
        name = next((name for name in ("accuracy", "r2") if name in measures), None)
        told += [f"{head} {measures[name]:.2f}"] if name else []
    return ", ".join(told)


def told(table: pd.DataFrame) -> str:
    """Put a sweep's state into lines for the terminal."""
    counts = Counter(table["state"])
    several = table["study"].nunique() > 1
    width = max((len(run) for run in table["run"]), default=0)
    lines = []
    for row in table.itertuples(index=False):
        where = f"{row.study}: " if several else ""
        lines.append(f"  {row.state:8}{where}{row.run:{width}}  {row[3] or row.reason[:160]}".rstrip())
    order = (done.DONE, done.RUNNING, done.FAILED, done.WAITING)
    return "\n".join([*lines, ", ".join(f"{counts[state]} {state}" for state in order if counts[state])])


def sweep(
    study: str, data: str = "", root: str = "", cores: int = 0, *, profile: str = ""
) -> tuple[list[Path], list[str]]:
    """Run a sweep, or what is not done of it.

    Returns
    -------
    pages : list of Path
        Of each study's ``index.html``, and of the table that compares them if there are several.
    missing : list of str
        Studies of which what all runs need could not be made; the reasons are printed. That some runs failed is told
        by `status`.

    Raises
    ------
    ReportError
        If a study is wrong.
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


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; 0 if nothing failed."""
    parser = argparse.ArgumentParser(prog="python -m lib.sweep", description=__doc__.splitlines()[0])
    parser.add_argument("--study", required=True, help="a study whose file declares a sweep, or any other")
    parser.add_argument("--data", default="", help="folder of the music")
    parser.add_argument("--root", default="", help="folder of work/ and results/")
    parser.add_argument("--cores", type=int, default=0, help="processors to use; 0 = all")
    parser.add_argument("--profile", default="", help="of a cluster, such as slurm; default: this machine")
    parser.add_argument("--status", action="store_true", help="run nothing, only say how far it is")
    given = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with explained(Path(given.root or PROJECT)):
            pages, missing = [], []
            if not given.status:
                pages, missing = sweep(given.study, given.data, given.root, given.cores, profile=given.profile)
            table = status(given.study, given.data, given.root)
        print(f"\n{told(table)}")
        print(
            "".join(
                f"\n{'The comparison' if page.parent.name == 'compare' else 'The report'}: {page}" for page in pages
            )
        )
        if missing:
            print(f"\n{', '.join(missing)} could not be finished; the messages above say why.", file=sys.stderr)
        return int(bool(missing) or (table["state"] == done.FAILED).any())
    except ReportError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"\n{error.filename or given.root}: {error.strerror or error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. What was finished is kept; the same command goes on from there.", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
