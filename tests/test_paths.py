import errno
import os
import subprocess
import sys
import time

import pytest

from lib.errors import ReportError
from lib.io import replacing, sweep
from lib.paths import PROJECT, Study


def test_the_folders_of_a_study(tmp_path):
    study = Study("demo", tmp_path)
    assert study.work == tmp_path / "work" / "demo"
    assert study.results == tmp_path / "results" / "demo"
    assert Study("demo", "").root == PROJECT
    with pytest.raises(ReportError, match="02_spectrogram_slicing"):
        study.need(study.slices, "02_spectrogram_slicing")


@pytest.mark.parametrize("name", ["", "../etc", "a b", "A", "{x}", "-x", None])
def test_a_name_that_is_no_folder_is_refused(name):
    with pytest.raises(ReportError, match="lower-case"):
        Study(name)


def test_a_file_appears_whole_or_not_at_all(tmp_path):
    path = tmp_path / "deep" / "a.txt"
    with replacing(path) as part:
        part.write_text("one")
    assert path.read_text() == "one"
    with pytest.raises(RuntimeError), replacing(path) as part:
        part.write_text("half")
        raise RuntimeError
    assert path.read_text() == "one"
    assert list(path.parent.iterdir()) == [path]


def test_a_folder_too(tmp_path):
    path = tmp_path / "folder"
    for content in ("one", "two"):
        with replacing(path) as part:
            part.mkdir()
            (part / content).write_text(content)
    assert [p.name for p in path.iterdir()] == ["two"]
    with pytest.raises(KeyboardInterrupt), replacing(path) as part:
        part.mkdir()
        raise KeyboardInterrupt
    assert [p.name for p in tmp_path.iterdir()] == ["folder"]


@pytest.mark.parametrize(("code", "remedy"), [(errno.ENOSPC, "Free some space"), (errno.EACCES, "permissions")])
def test_a_full_disk_and_a_closed_folder_name_the_file(tmp_path, code, remedy):
    with pytest.raises(ReportError, match=f"table.csv.*{remedy}"), replacing(tmp_path / "table.csv") as part:
        part.write_text("half")
        raise OSError(code, "no")
    assert not list(tmp_path.iterdir())


def test_what_a_killed_process_left_is_swept_and_what_a_living_one_writes_is_not(tmp_path):
    code = (
        "import sys, time; from lib.io import replacing\n"
        "with replacing(sys.argv[1]) as part:\n part.mkdir(); (part / 'a').touch(); time.sleep(60)"
    )
    writer = subprocess.Popen([sys.executable, "-c", code, str(tmp_path / "run")], cwd=PROJECT)
    while not list(tmp_path.glob(".*.part/a")):
        assert writer.poll() is None
        time.sleep(0.02)
    sweep(tmp_path)
    assert len(list(tmp_path.glob(".*.part/a"))) == 1
    writer.kill()
    writer.wait()
    sweep(tmp_path)
    assert not list(tmp_path.iterdir())


def test_another_machine_may_write_for_a_day(tmp_path, monkeypatch):
    theirs = tmp_path / f".a.txt.0123ab-{os.getpid()}-01234567.part"
    theirs.touch()
    (tmp_path / ".notes.txt.part").touch()
    sweep(tmp_path)
    assert list(tmp_path.iterdir()) == [theirs]
    now = time.time()
    monkeypatch.setattr("lib.io.time.time", lambda: now + 90_000)
    sweep(tmp_path)
    assert not list(tmp_path.iterdir())
