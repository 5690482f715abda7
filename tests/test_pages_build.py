"""The making of the pages: the same bytes, whole or not at all, errors that help."""

import nbformat
import pytest

from lib.errors import ReportError
from lib.site import build as builder
from lib.site.build import build
from lib.workflow.cli import main
from tests.site import chapter, code, make, pages, write


def test_same_input_same_bytes_and_nothing_else_left(tmp_path):
    study = make(tmp_path)

    def everything():
        build(study)
        return {path: path.read_bytes() for path in study.results.rglob("*") if path.is_file()}

    first = everything()
    assert everything() == first
    assert not [path for path in study.results.iterdir() if path.name.startswith(".")]


def test_pages_without_a_notebook_go_and_others_stay(tmp_path):
    study = make(tmp_path)
    build(study)
    (study.results / "own.html").write_text("<p>somebody's own page</p>")
    (study.results / "media" / "mine.png").write_bytes(b"x")
    (study.results / "media" / "old-0123456789.png").write_bytes(b"x")
    (study.notebooks / "05_error_analysis.ipynb").unlink()
    (study.notebooks / "04_training" / "choi2016-random-f0-s0.ipynb").unlink()
    (study.notebooks / "04_training" / "yu2018-artist-f0-s0.ipynb").unlink()
    build(study)
    assert {path.name for path in study.results.glob("*.html")} == {
        "own.html", "index.html", "01_data_acquisition.html", "02_spectrogram_slicing.html", "04_training.html",
    }  # fmt: skip
    assert not (study.results / "runs").exists()
    used = "".join(str(soup) for soup in pages(study).values())
    unused = {path.name for path in (study.results / "media").iterdir() if path.name not in used}
    assert unused == {"mine.png"}  # nobody else's file is removed
    index = (study.results / "index.html").read_text()
    assert "86 %" not in index and "is not shown" in index  # a summary that no notebook backs


def test_an_interrupted_build_leaves_the_old_pages(tmp_path, monkeypatch):
    study = make(tmp_path)
    build(study)
    old = {path: path.read_bytes() for path in study.results.rglob("*") if path.is_file()}
    write(study, "01_data_acquisition", chapter(1, "Something else"))
    old[study.notebooks / "01_data_acquisition.ipynb"] = (study.notebooks / "01_data_acquisition.ipynb").read_bytes()

    def stopped(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(builder, "_move", stopped)
    with pytest.raises(KeyboardInterrupt):
        build(study)
    assert {path: path.read_bytes() for path in study.results.rglob("*") if path.is_file()} == old


def test_a_failed_notebook_says_so(tmp_path):
    study = make(tmp_path)
    failed = chapter(5, "Error analysis", code("1/0", nbformat.v4.new_output(
        "error", ename="ZeroDivisionError", evalue="division by <zero>", traceback=["\x1b[31mTraceback\x1b[0m <x>"]
    )))  # fmt: skip
    write(study, "05_error_analysis", failed)
    build(study)
    page = pages(study)["05_error_analysis.html"]
    assert "stopped with an error" in page.get_text()
    assert "division by <zero>" in page.get_text() and "Traceback <x>" in page.get_text()
    index = pages(study)["index.html"].get_text()
    assert "failed" in index and "86 %" not in index


def test_errors_name_the_file_and_the_remedy(tmp_path, capsys):
    assert main(["pages", "--study", "nothing", "--root", str(tmp_path)]) == 1
    output = capsys.readouterr()
    assert output.out == "" and "make report STUDY=nothing" in output.err and "Traceback" not in output.err
    assert not (tmp_path / "results").exists()
    study = make(tmp_path)
    for broken in ("{", "[]", '{"findings": "one"}', '{"study": "emotify"}'):
        (study.results / "summary.json").write_text(broken)
        with pytest.raises(ReportError, match=r"summary\.json.*make report"):
            build(study)
    (study.results / "summary.json").unlink()
    (study.notebooks / "02_spectrogram_slicing.ipynb").write_text("{}")
    with pytest.raises(ReportError, match=r"02_spectrogram_slicing\.ipynb.*make report"):
        build(study)


def test_command_prints_one_line(tmp_path, capsys):
    make(tmp_path)
    assert main(["pages", "--study", "demo", "--root", str(tmp_path)]) == 0
    assert capsys.readouterr().out == f"{tmp_path / 'results/demo/index.html'}\n"
