import ast
import itertools
import json
import re

import nbformat
import papermill
import pytest

from lib.paths import NOTEBOOKS
from lib.workflow import normal_form as notebooks

ALL = sorted(NOTEBOOKS.glob("*.ipynb"))
CHAPTERS = ["01_data_acquisition", "02_spectrogram_slicing", "03_model_zoo", "04_training", "05_error_analysis",
            "06_fc_embedding", "07_tag_your_music", "08_data_card", "09_model_card"]  # fmt: skip


def test_the_chapters_are_there():
    assert {path.stem for path in ALL} >= set(CHAPTERS)


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.stem)
class TestEachNotebook:
    def test_is_in_its_committed_form(self, path):
        assert path.read_text(encoding="utf-8") == notebooks.normal_form(path), "run `make strip`"

    def test_has_one_documented_parameters_cell(self, path):
        cells = [c for c in nbformat.read(path, 4).cells if "parameters" in c.metadata.get("tags", [])]
        assert len(cells) == 1
        lines = cells[0].source.splitlines()
        for line in lines:
            assert re.fullmatch(r"\w+: (int|float|str|bool|list|dict) = .+  # [^=]+", line), line
            ast.literal_eval(ast.parse(line).body[0].value)
        known = papermill.inspect_notebook(str(path))
        assert list(known) == [line.split(":")[0] for line in lines]
        assert list(known)[:2] == ["study", "root"]
        assert all(parameter["help"] for parameter in known.values())

    def test_explains_before_it_computes(self, path):
        cells = nbformat.read(path, 4).cells
        assert cells[0].cell_type == "markdown"
        assert re.match(r"# 0?\d ", cells[0].source)
        for before, cell in itertools.pairwise(cells):
            if cell.cell_type == "code":
                assert before.cell_type == "markdown", cell.id

    def test_has_short_cells_and_no_shell(self, path):
        code = [c.source for c in nbformat.read(path, 4).cells if c.cell_type == "code"]
        lengths = sorted(len(source.splitlines()) for source in code)
        assert lengths[-1] <= 25
        assert lengths[len(lengths) // 2] <= 10
        assert not any(re.search(r"^\s*[!%]", source, re.MULTILINE) for source in code)

    def test_links_to_notebooks_that_exist(self, path):
        for target in re.findall(r"\]\((\w+\.ipynb)\)", path.read_text(encoding="utf-8")):
            assert (NOTEBOOKS / target).is_file(), target


def test_stripping_removes_what_runs_leave_behind_and_keeps_what_authors_write(tmp_path):
    raw = json.loads(ALL[0].read_text(encoding="utf-8"))
    code = next(cell for cell in raw["cells"] if cell["cell_type"] == "code")
    code.update(execution_count=3, outputs=[{"output_type": "stream", "name": "stdout", "text": ["x"]}])
    code["metadata"].update(papermill={"duration": 1}, collapsed=True)
    raw["metadata"].update(papermill={"x": 1}, widgets={}, kernelspec={"name": "mine", "display_name": "x"})
    raw["cells"].append({"cell_type": "markdown", "id": "0f1e2d3c", "metadata": {}, "source": ["## My own idea\n"]})
    raw["cells"].append({"cell_type": "markdown", "id": "1f1e2d3c", "metadata": {}, "source": ["## My own idea\n"]})
    path = tmp_path / "a.ipynb"
    path.write_text(json.dumps(raw))
    text = notebooks.normal_form(path)
    stripped = json.loads(text)
    assert [cell["id"] for cell in stripped["cells"][-2:]] == ["my-own-idea", "my-own-idea-2"]
    assert stripped["cells"][:-2] == json.loads(ALL[0].read_text(encoding="utf-8"))["cells"]
    assert "papermill" not in text.replace("papermill ", "")
    path.write_text(text)
    assert notebooks.normal_form(path) == text


def test_the_conda_environment_names_the_locked_versions():
    import yaml

    from lib.workflow import environment

    assert environment.CONDA.read_text(encoding="utf-8") == environment.conda_text()
    declared = yaml.safe_load(environment.CONDA.read_text(encoding="utf-8"))
    assert declared["dependencies"][-1]["pip"] == environment.pins()
    assert all(re.match(r"[A-Za-z0-9._-]+(\[.*\])?==[^;]+( ;.*)?$", pin) for pin in environment.pins())
    wanted = (environment.CONDA.parent / "requirements.in").read_text().splitlines()
    names = {re.split(r"[=~<>\[ ]", pin)[0].lower() for pin in environment.pins()}
    for line in wanted:
        if line and not line.startswith("#"):
            assert re.split(r"[=~<>]", line)[0].lower() in names, line
