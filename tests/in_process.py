"""Run a notebook in this process, which saves the seconds that a kernel takes to start and to import."""

from contextlib import chdir

import matplotlib.pyplot as plt
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from nbformat.v4 import new_output
from papermill.iorw import load_notebook_node
from papermill.parameterize import parameterize_notebook

from lib.paths import NOTEBOOKS


def run_notebook(name: str, **parameters):
    """Return a notebook of the project with what its cells show."""
    book = parameterize_notebook(load_notebook_node(str(NOTEBOOKS / f"{name}.ipynb")), parameters)
    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance()
    with chdir(NOTEBOOKS), plt.rc_context():
        for cell in (cell for cell in book.cells if cell.cell_type == "code"):
            results = []
            shell.display_trap.hook = results.append
            with capture_output() as shown:
                shell.run_cell(cell.source).raise_error()
            cell.outputs = [
                new_output("display_data", data=one.data, metadata=one.metadata or {}) for one in shown.outputs
            ]
            for value in (value for value in results if value is not None):
                data, metadata = shell.display_formatter.format(value)
                cell.outputs.append(new_output("execute_result", data=data, metadata=metadata))
            if shown.stdout:
                cell.outputs.append(new_output("stream", name="stdout", text=shown.stdout))
    plt.close("all")
    InteractiveShell.clear_instance()
    return book
