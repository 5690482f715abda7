"""Run one notebook: parameters checked, executed aside, moved into place only when every cell completed.

A thin wrapper on papermill, for the rules of the Snakefile::

    python -m lib.execute notebooks/02_spectrogram_slicing.ipynb out.ipynb --parameters '{"study": "demo"}'
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from pathlib import Path

from traitlets.config import Config

from lib import done, progress
from lib.errors import ReportError
from lib.paths import NOTEBOOKS, PROJECT, replacing
from lib.provenance import code_version
from lib.quiet import START_UP

EVERY_S = 10.0  # seconds between two lines about the same notebook


class KernelDiedError(ReportError):
    """The process of a notebook was killed."""


class _Ended(KeyboardInterrupt):
    """SIGTERM, as a cluster stops a job."""


def _told_to_end(number, frame):
    raise _Ended


def check_parameters(notebook: Path, given: dict) -> None:
    """Compare parameters with those that a notebook documents.

    papermill itself only warns of an unknown name and then runs the default.

    Raises
    ------
    ReportError
        If a name is unknown or a value has another type than the notebook's annotation.
    """
    import papermill

    known = papermill.inspect_notebook(str(notebook))
    for name, value in given.items():
        if name not in known:
            raise ReportError(
                f"{notebook.name} has no parameter {name!r} (value {value!r}). It has {', '.join(known) or 'none'}."
            )
        wanted = known[name]["inferred_type_name"]
        accepted = {
            "int": (int,),
            "float": (int, float),
            "str": (str,),
            "bool": (bool,),
            "list": (list,),
            "dict": (dict,),
        }
        wrong = wanted in accepted and (
            not isinstance(value, accepted[wanted]) or (isinstance(value, bool) and wanted != "bool")
        )
        if wrong:
            raise ReportError(f"{notebook.name}: parameter {name} is {value!r}; it must be of type {wanted}.")


def execute(notebook: Path, output: Path, parameters: dict, *, label: str = "") -> None:
    """Run a notebook with papermill.

    Parameters
    ----------
    notebook, output : path-like
        A notebook that fails leaves an older `output` as it was; what it got to is kept as
        ``failed-<name>.ipynb`` in the study's ``work`` folder or, without one, beside `output`.
    parameters : dict
        Of the notebook's own parameters cell.
    label : str
        What the terminal calls it; empty = its name.

    Raises
    ------
    ReportError
        If a parameter is wrong or a cell fails; the message names the cell.
    """
    import papermill
    from nbclient.exceptions import DeadKernelError
    from papermill.exceptions import PapermillExecutionError

    notebook, output = Path(notebook), Path(output)
    label = label or notebook.stem
    check_parameters(notebook, parameters)
    environment = {
        "PYTHONPATH": os.pathsep.join(filter(None, [str(PROJECT), os.environ.get("PYTHONPATH")])),
    }
    with replacing(output) as part, tempfile.TemporaryDirectory() as scratch:
        aside = Path(scratch) / notebook.name  # papermill wants the suffix
        terminal = _Terminal(label, Path(scratch) / "progress")
        os.environ.update(environment, **{progress.VARIABLE: str(terminal.source)})
        try:
            with terminal, _stderr_to(Path(scratch) / "stderr"):
                papermill.execute_notebook(
                    str(notebook),
                    str(aside),
                    parameters=parameters,
                    kernel_name="python3",
                    cwd=str(NOTEBOOKS),
                    progress_bar=False,
                    config=_through_files(Path(scratch) / "kernel"),
                    on_cell_start=terminal.cell,
                )
            _finish(aside, part, notebook, output, parameters)
        except PapermillExecutionError as error:
            kept = _keep_failed(aside, output, parameters)
            raise ReportError(_three_lines(label, error, kept)) from error
        except DeadKernelError as error:
            raise KernelDiedError(
                f"{label}: the notebook's process died in cell {terminal.at}, most likely for want of memory. Free "
                "some memory, or make the study smaller."
            ) from error
        finally:
            os.environ.pop(progress.VARIABLE, None)


def _through_files(prefix: Path) -> Config:
    """Let the kernel talk through files instead of ports, which no other user of the machine can listen to."""
    return Config({"KernelManager": {"transport": "ipc", "ip": str(prefix)}})


@contextmanager
def _stderr_to(path: Path):
    """Send this process's standard error, which the kernel inherits, to a file for a while.

    TensorFlow's start-up notes go there; what a notebook's cells print does not, it comes through the kernel.
    """
    sys.stderr.flush()
    before = os.dup(2)
    with path.open("wb") as file:
        os.dup2(file.fileno(), 2)
    try:
        yield
    finally:
        sys.stderr.flush()
        os.dup2(before, 2)
        os.close(before)


def _finish(path: Path, target: Path, notebook: Path, output: Path, parameters: dict) -> None:
    """Check that every cell completed, and write the notebook without the paths of this machine."""
    import nbformat

    executed = nbformat.read(path, as_version=4)
    state = executed.metadata.get("papermill", {})
    cells = [c for c in executed.cells if c.cell_type == "code" and c.source.strip()]
    complete = all(c.metadata.get("papermill", {}).get("status") == "completed" for c in cells)
    if state.get("exception") or not state.get("end_time") or not complete:
        raise ReportError(f"{notebook.name} did not run to its end. Run the same command again.")
    _drop_start_up_notes(executed.cells)
    state.update(input_path=f"notebooks/{notebook.name}", output_path=output.name, code=code_version())
    text = nbformat.writes(executed)
    given = [value for value in parameters.values() if isinstance(value, str) and Path(value).is_absolute()]
    for place in sorted({str(PROJECT), str(Path.home()), sys.prefix, *given}, key=len, reverse=True):
        if len(Path(place).parts) > 1:  # never the root of the disk
            text = text.replace(place, f"…/{Path(place).name}")
    target.write_text(text + "\n", encoding="utf-8")


def _drop_start_up_notes(cells: list) -> None:
    """Remove what TensorFlow says of the processor and of missing GPUs, which no setting of its own silences."""
    for cell in cells:
        outputs = cell.get("outputs", [])
        for output in outputs:
            if output.get("name") == "stderr":
                lines = output["text"].splitlines(keepends=True)
                output["text"] = "".join(line for line in lines if line.strip() and not START_UP.match(line))
        if outputs:
            cell["outputs"] = [output for output in outputs if output.get("name") != "stderr" or output["text"]]


def _keep_failed(aside: Path, output: Path, parameters: dict) -> Path:
    from lib.paths import Study

    folder = output.parent
    if parameters.get("study"):
        folder = Study(parameters["study"], parameters.get("root", "")).work
        folder.mkdir(parents=True, exist_ok=True)
    kept = folder / f"failed-{output.name}"
    with replacing(kept) as part:
        part.write_bytes(aside.read_bytes())
    return kept


def _three_lines(label: str, error, kept: Path) -> str:
    what = str(error.evalue) if error.ename == "ReportError" else f"{error.ename}: {error.evalue}"
    return f"{label} failed in its cell {error.cell_index + 1}:\n  {what}\n  The notebook as far as it got: {kept}"


class _Terminal:
    """Tells the terminal which cell of which notebook runs and what the cell says of its progress."""

    def __init__(self, label: str, source: Path):
        self.label, self.source = label, source
        self.began = time.monotonic()
        self.at, self.total = 0, 0
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self):
        self._say("begins")
        self.thread.start()
        return self

    def __exit__(self, kind, value, traceback):
        self.over.set()
        self.thread.join()
        if kind is None:
            self._say(f"done in {time.monotonic() - self.began:.0f} s")

    def cell(self, cell, cell_index: int) -> None:
        """Note that a cell begins (nbclient's hook)."""
        self.at = cell_index + 1

    def _watch(self) -> None:
        last, next_time = "", self.began + EVERY_S / 2
        while not self.over.wait(0.5):
            text = self.source.read_text(encoding="utf-8") if self.source.is_file() else ""
            if time.monotonic() >= next_time and text != last:
                self._say(text)
                last, next_time = text, time.monotonic() + EVERY_S

    def _say(self, text: str) -> None:
        cell = f" cell {self.at}," if self.at and not text.startswith("done") else ""
        print(f"  {self.label}:{cell} {text}", flush=True)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; 0 if the notebook completed."""
    parser = argparse.ArgumentParser(prog="python -m lib.execute", description="Run one notebook of the report.")
    parser.add_argument("notebook", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--parameters", default="{}", help="a JSON object of the notebook's parameters")
    parser.add_argument("--label", default="", help="name shown on the terminal")
    parser.add_argument("--done", type=Path, help="base name of the two files that note that this step is done")
    parser.add_argument("--made", type=Path, nargs="*", default=[], help="what later steps read")
    parser.add_argument("--tolerable", action="store_true", help="in a sweep, note a failure and go on without")
    given = parser.parse_args(arguments)
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, _told_to_end)
    try:
        with done.marked(given.done):
            execute(given.notebook, given.output, json.loads(given.parameters), label=given.label)
        if given.done:
            done.write(given.done, given.output, given.made)
    except ReportError as error:
        print(f"\n{error}\n", file=sys.stderr)
        # With more memory, as a cluster gives it to a second try, a killed kernel may live.
        given_up = bool(os.environ.get(done.TOLERANT)) and given.tolerable and not isinstance(error, KernelDiedError)
        if given.done:
            done.write_failed(given.done, str(error), given_up=given_up)
        return 0 if given.done and given_up else 1
    except _Ended:
        if given.done:
            done.write_failed(given.done, "It was told to end, most likely at its limit of time.", given_up=False)
        return 143
    except KeyboardInterrupt:
        return 130
    except Exception as error:  # such as a kernel that did not answer in time, or a full disk
        if given.done:
            done.write_failed(given.done, f"{type(error).__name__}: {error}", given_up=False)
        raise
    return 0


if __name__ == "__main__":
    sys.exit(main())
