"""Execute one notebook by papermill: parameters checked, run aside, moved into place only when every cell completed.

::

    python -m lib.workflow.notebook notebooks/02_spectrogram_slicing.ipynb out.ipynb --parameters '{"study": "demo"}'
"""

import argparse
import json
import os
import sys
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path

from lib import progress
from lib.errors import ReportError
from lib.io import plain, printable, replacing
from lib.isolation import socket_folder, unbroken_streams
from lib.paths import NOTEBOOKS, PROJECT, Study
from lib.provenance import code_version
from lib.training.quiet import START_UP
from lib.workflow.parameters import check_parameters
from lib.workflow.step import step

MAY_FAIL = "raises-exception"  # tag of a cell whose failure leaves the rest of the page as it is, Jupyter's own
EVERY_S = 10.0  # seconds between two lines about the same notebook


def execute(notebook: Path, output: Path, parameters: dict, *, label: str = "") -> None:
    """Execute a notebook.

    Parameters
    ----------
    notebook, output : path-like
        A section that fails, a cell with the tag ``raises-exception``, says so in one line, and the notebook goes on.
        A notebook that fails leaves an older `output` as it was; as far as it got it is kept as
        ``failed-<name>.ipynb`` in the study's ``work`` folder or, without one, beside `output`.
    parameters : dict
        Of the notebook's own parameters cell.
    label : str
        Its name on the terminal; empty = the notebook's.

    Raises
    ------
    ReportError
        If a parameter is wrong or another cell fails; the message names the cell.
    """
    import nbformat  # here, for a study's file is checked without them
    import papermill
    from nbclient.exceptions import DeadKernelError
    from papermill.exceptions import PapermillExecutionError
    from papermill.execute import remove_error_markers
    from traitlets.config import Config

    notebook, output = Path(notebook), Path(output)
    label = label or notebook.stem
    check_parameters(notebook, parameters)
    with replacing(output) as part, tempfile.TemporaryDirectory(dir=socket_folder()) as scratch:
        aside = Path(scratch) / notebook.name  # papermill wants the suffix
        terminal = _Terminal(label, Path(scratch) / "progress")
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(PROJECT), os.environ.get("PYTHONPATH")]))
        os.environ[progress.VARIABLE] = str(terminal.source)
        try:
            with terminal:
                with suppress(PapermillExecutionError):  # what failed is read from the notebook
                    papermill.execute_notebook(
                        str(notebook),
                        str(aside),
                        parameters=parameters,
                        kernel_name="python3",
                        cwd=str(NOTEBOOKS),
                        progress_bar=False,
                        # Through files instead of ports, which other users of the machine could listen to.
                        config=Config({"KernelManager": {"transport": "ipc", "ip": str(Path(scratch) / "kernel")}}),
                        on_cell_start=terminal.cell,
                    )
                executed = remove_error_markers(nbformat.read(aside, as_version=4))
                for number, cell in enumerate(executed.cells, 1):
                    for failure in _failures(cell):
                        if MAY_FAIL not in cell.metadata.get("tags", []):
                            raise ReportError(
                                f"{label} failed in its cell {number}:\n  {failure}\n"
                                f"  The notebook as far as it got: {_keep_failed(aside, output, parameters)}"
                            )
                        print(f"  {label}: the section of cell {number} could not be computed: {failure}", flush=True)
                _finish(executed, part, notebook, output, parameters)
        except DeadKernelError as error:
            raise ReportError(
                f"{label}: the notebook's process died in cell {terminal.at}, most likely for want of memory. Free "
                "some memory, or make the study smaller."
            ) from error
        finally:
            os.environ.pop(progress.VARIABLE, None)


def _failures(cell) -> list[str]:
    """Take the errors of a cell, each put in one line in its page."""
    from nbformat.v4 import new_output

    found = []
    for number, output in enumerate(cell.get("outputs", [])):
        if output.output_type == "error":
            text = printable(f"{'' if output.ename == 'ReportError' else f'{output.ename}: '}{output.evalue}")
            found.append(text)
            line = f"**This section could not be computed.** {plain(' '.join(text.split()))}"
            cell.outputs[number] = new_output("display_data", {"text/markdown": line, "text/plain": line})
    return found


def _finish(executed, target: Path, notebook: Path, output: Path, parameters: dict) -> None:
    """Check that every cell completed, and write the notebook without the paths of this machine."""
    import nbformat

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
    """Remove what TensorFlow writes of the processor and of missing GPUs, which no setting of its own silences."""
    for cell in cells:
        outputs = cell.get("outputs", [])
        for output in outputs:
            if output.get("name") == "stderr":
                lines = output["text"].splitlines(keepends=True)
                output["text"] = "".join(line for line in lines if line.strip() and not START_UP.match(line))
        if outputs:
            cell["outputs"] = [output for output in outputs if output.get("name") != "stderr" or output["text"]]


def _keep_failed(aside: Path, output: Path, parameters: dict) -> Path:
    folder = output.parent
    if parameters.get("study"):
        folder = Study(parameters["study"], parameters.get("root", "")).work
        folder.mkdir(parents=True, exist_ok=True)
    kept = folder / f"failed-{output.name}"
    with replacing(kept) as part:
        part.write_bytes(aside.read_bytes())
    return kept


class _Terminal:
    """Prints which cell of a notebook runs, and how far the cell is."""

    def __init__(self, label: str, source: Path):
        self.label, self.source = label, source
        self.began = time.monotonic()
        self.at = 0
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self):
        self._print("begins")
        self.thread.start()
        return self

    def __exit__(self, kind, value, traceback):
        self.over.set()
        self.thread.join()
        if kind is None:
            self._print(f"done in {time.monotonic() - self.began:.0f} s")

    def cell(self, cell, cell_index: int) -> None:
        """Note that a cell begins (nbclient's hook)."""
        self.at = cell_index + 1

    def _watch(self) -> None:
        last = ""
        while not self.over.wait(EVERY_S):
            text = self.source.read_text(encoding="utf-8") if self.source.is_file() else ""
            if text != last:
                self._print(f"cell {self.at}, {text}")
                last = text

    def _print(self, text: str) -> None:
        print(f"  {self.label}: {text}", flush=True)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; 0 if the notebook completed."""
    parser = argparse.ArgumentParser(prog="python -m lib.workflow.notebook", description=__doc__.splitlines()[0])
    parser.add_argument("notebook", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--parameters", default="{}", help="a JSON object of the notebook's parameters")
    parser.add_argument("--label", default="", help="name shown on the terminal")
    parser.add_argument("--made", type=Path, nargs="*", default=[], help="files that it writes, for Snakemake")
    given = parser.parse_args(arguments)
    return step(
        lambda: execute(given.notebook, given.output, json.loads(given.parameters), label=given.label), given.made
    )


if __name__ == "__main__":
    unbroken_streams()
    sys.exit(main())
