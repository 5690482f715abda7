import json
import os
import subprocess
import sys

import nbformat
import pytest

from lib import progress
from lib.errors import ReportError
from lib.io import plain
from lib.paths import PROJECT
from lib.workflow import notebook as execution
from lib.workflow.step import FAILED, reason

METADATA = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
PARAMETERS = """\
study: str = "toy"  # name
root: str = ""  # folder
times: int = 2  # how often
rate: float = 0.5  # how fast
fail: bool = False  # whether to break
names: list = []  # some names"""
BODY = """\
from lib.errors import ReportError
from lib.progress import tell

for number in range(times):
    tell(f"step {number + 1}/{times}", every=0)
if fail:
    raise ReportError(f"times {times} is too much. Take fewer.")
import sys

sys.stderr.write("WARNING: All log messages before absl::InitializeLog() is called are written to STDERR\\n")
sys.stderr.write("I0000 00:00:1795.5   2 port.cc:153] oneDNN custom operations are on.\\n")
print("done", names)"""


@pytest.fixture
def notebook(tmp_path):
    cells = [
        nbformat.v4.new_code_cell(PARAMETERS, metadata={"tags": ["parameters"]}),
        nbformat.v4.new_code_cell(BODY),
        nbformat.v4.new_code_cell("print('after')"),
    ]
    path = tmp_path / "01_toy.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=METADATA), path)
    return path


def test_a_notebook_runs_with_its_parameters_and_tells_the_terminal(notebook, tmp_path, capfd):
    output = tmp_path / "out" / "01_toy.ipynb"
    execution.execute(notebook, output, {"times": 3, "names": ["a"], "rate": 1}, label="toy run")
    executed = nbformat.read(output, 4)
    assert executed.metadata.papermill.parameters == {"times": 3, "names": ["a"], "rate": 1}
    assert [output.text for output in executed.cells[2].outputs] == ["done ['a']\n"]
    assert str(tmp_path) not in output.read_text()
    assert [path.name for path in output.parent.iterdir()] == ["01_toy.ipynb"]
    printed = capfd.readouterr()
    assert "toy run: begins" in printed.out
    assert "toy run: done in" in printed.out
    assert progress.VARIABLE not in os.environ


def test_a_failing_notebook_is_kept_and_reported_in_three_lines(notebook, tmp_path, capfd):
    output = tmp_path / "out" / "01_toy.ipynb"
    output.parent.mkdir()
    output.write_text("an older one")
    given = json.dumps({"study": "toy", "fail": True, "root": str(tmp_path)})
    code = execution.main([str(notebook), str(output), "--parameters", given])
    assert code == 1
    assert output.read_text() == "an older one"
    message = capfd.readouterr().err.partition(FAILED)[2].strip().splitlines()
    assert len(message) == 3
    assert "01_toy failed in its cell 3" in message[0]
    assert message[1].strip() == "times 2 is too much. Take fewer."
    kept = tmp_path / "work" / "toy" / "failed-01_toy.ipynb"
    assert str(kept) in message[2]
    assert "Take fewer" in kept.read_text()
    assert [path.name for path in output.parent.iterdir()] == ["01_toy.ipynb"]


def test_a_section_that_fails_says_so_and_the_page_goes_on(notebook, tmp_path, capfd):
    read = nbformat.read(notebook, 4)
    failing = ["raise ValueError('_no_ <b>')", "from lib.errors import ReportError\nraise ReportError('Take fewer.')"]
    read.cells[2:2] = [nbformat.v4.new_code_cell(text, metadata={"tags": [execution.MAY_FAIL]}) for text in failing]
    nbformat.write(read, notebook)
    output = tmp_path / "01_toy.ipynb"
    execution.execute(notebook, output, {})
    executed = nbformat.read(output, 4)
    said = [cell.outputs[0].data["text/markdown"] for cell in executed.cells[-3:-1]]
    assert said == [
        f"**This section could not be computed.** {why}" for why in (plain("ValueError: _no_ <b>"), "Take fewer.")
    ]
    assert executed.cells[-1].outputs[0].text == "after\n"
    assert not any("error" in tag for cell in executed.cells for tag in cell.metadata.get("tags", []))
    printed = capfd.readouterr().out
    assert "section of cell 3 could not be computed: ValueError" in printed
    assert "section of cell 4 could not be computed: Take fewer." in printed
    assert "done in" in printed


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"tims": 3}, r"01_toy\.ipynb has no parameter 'tims' \(value 3\). It has study, root, times"),
        ({"times": "3"}, "times is '3'; it must be of type int"),
        ({"times": True}, "must be of type int"),
        ({"times": 1.5}, "must be of type int"),
        ({"fail": 1}, "must be of type bool"),
        ({"names": "a"}, "must be of type list"),
        ({"study": None}, "must be of type str"),
    ],
)
def test_a_wrong_parameter_is_an_error_before_anything_runs(notebook, tmp_path, given, message):
    with pytest.raises(ReportError, match=message):
        execution.execute(notebook, tmp_path / "out.ipynb", given)
    assert not (tmp_path / "out.ipynb").exists()


def test_a_kernel_that_dies_says_so(notebook, tmp_path):
    read = nbformat.read(notebook, 4)
    read.cells[1].source = "import os; os._exit(9)"
    nbformat.write(read, notebook)
    with pytest.raises(ReportError, match=r"process died in cell 2"):
        execution.execute(notebook, tmp_path / "out.ipynb", {})
    assert not list(tmp_path.glob("*out*"))


@pytest.mark.parametrize(("source", "code"), [("raise ValueError('no')", 1), ("import os; os._exit(9)", 1)])
def test_the_reason_of_a_failure_is_in_the_log(notebook, tmp_path, source, code):
    read = nbformat.read(notebook, 4)
    read.cells[1].source = source
    nbformat.write(read, notebook)
    words = [sys.executable, "-m", "lib.workflow.notebook", notebook, tmp_path / "out.ipynb"]
    log = tmp_path / "step.log"
    with log.open("w") as file:
        done = subprocess.run(words, cwd=PROJECT, stdout=subprocess.PIPE, stderr=file, text=True, check=False)
    assert done.returncode == code
    assert "in cell 2" in reason(log) or "in its cell 2" in reason(log)
    assert reason(log) in done.stdout


def test_progress_goes_to_the_runner_or_stays_quiet(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv(progress.VARIABLE, str(tmp_path / "p"))
    progress.tell("epoch 1/2", every=0)
    progress.tell("epoch 2/2", every=100)
    assert (tmp_path / "p").read_text() == "epoch 1/2"
    monkeypatch.delenv(progress.VARIABLE)
    progress.tell("epoch 3/3", every=0)
    assert capsys.readouterr() == ("", "")
