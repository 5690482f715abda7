import os
import socket
import time
from pathlib import Path

import pytest

from lib import done
from lib.errors import ReportError
from lib.paths import Study
from lib.tables import read_json, write_json


def test_a_step_is_done_until_something_it_made_is_gone_or_another(tmp_path):
    study = Study("toy", tmp_path)
    made, notebook = tmp_path / "made.txt", tmp_path / "n.ipynb"
    made.write_text("x")
    notebook.write_text("y")
    base = study.work / "done" / "04" / "run"
    done.write(base, notebook, [made])
    note = base.with_suffix(".json")
    assert read_json(note) == {str(made): done.digest(made)}
    done.forget_changed(study)
    assert note.is_file()
    notebook.unlink()
    done.forget_changed(study)
    assert not list(base.parent.iterdir())
    notebook.write_text("y")
    done.write(base, notebook, [made])
    made.write_text("made by hand")
    done.forget_changed(study)
    assert not list(base.parent.iterdir())
    done.write(base, notebook, [made])
    made.unlink()
    done.forget_changed(study)
    assert not list(base.parent.iterdir())


def test_a_step_that_ended_in_the_future_is_forgotten(tmp_path):
    study = Study("toy", tmp_path)
    (tmp_path / "n.ipynb").write_text("y")
    bases = {seconds: study.work / "done" / f"{seconds}" for seconds in (-1e7, 30, 1e7)}
    for seconds, base in bases.items():
        done.write(base, tmp_path / "n.ipynb", [])
        for path in base.parent.glob(f"{base.name}.*"):
            os.utime(path, (time.time() + seconds,) * 2)
    done.forget_changed(study)
    left = {seconds: done.state(base)[0] for seconds, base in bases.items()}
    assert left == {-1e7: done.DONE, 30: done.DONE, 1e7: done.WAITING}


def test_the_note_changes_with_what_was_made_and_not_with_the_notebook(tmp_path):
    made, notebook, base = tmp_path / "made.txt", tmp_path / "n.ipynb", tmp_path / "done" / "01"
    made.write_text("x")
    notebook.write_text("took 3 s")
    done.write(base, notebook, [made])
    first = (base.with_suffix(".json").read_bytes(), base.with_suffix(".page").read_bytes())
    notebook.write_text("took 4 s")
    done.write(base, notebook, [made])
    assert base.with_suffix(".json").read_bytes() == first[0]
    assert base.with_suffix(".page").read_bytes() != first[1]


def test_a_step_waits_runs_fails_and_is_done(tmp_path):
    study = Study("toy", tmp_path)
    base = study.work / "done" / "04" / "run-poster~learning_rate=0.001"
    assert done.state(base) == (done.WAITING, "")
    with done.marked(base):
        assert done.state(base) == (done.RUNNING, "")
    assert done.state(base) == (done.WAITING, "")
    done.write_failed(base, "no memory", given_up=True)
    assert done.state(base) == (done.FAILED, "no memory")
    assert done.failures(study) == {"run-poster~learning_rate=0.001": "no memory"}
    assert Path(f"{base}.json").is_file() and Path(f"{base}.page").is_file()
    done.forget_changed(study)
    assert done.state(base) == (done.WAITING, "") and not done.failures(study)
    notebook = tmp_path / "n.ipynb"
    notebook.write_text("y")
    done.write_failed(base, "no memory", given_up=True)
    with done.marked(base):
        done.write(base, notebook, [])
    assert done.state(base) == (done.DONE, "")


def test_a_killed_process_does_not_run(tmp_path, monkeypatch):
    base = tmp_path / "run"
    mark = Path(f"{base}.running")
    write_json({"host": socket.gethostname(), "process": 2**22 + 1, "began": 0.0}, mark)  # no such process
    assert done.state(base)[0] == done.WAITING
    write_json({"host": socket.gethostname(), "process": os.getpid(), "began": 0.0}, mark)  # its number is another's
    assert done.state(base)[0] == done.WAITING
    write_json({"host": "another", "process": os.getpid(), "began": 0.0}, mark)
    assert done.state(base)[0] == done.RUNNING
    os.utime(mark, (0, time.time() - done.SILENT_S - 1))
    assert done.state(base)[0] == done.WAITING


def test_a_running_step_touches_its_mark(tmp_path, monkeypatch):
    monkeypatch.setattr(done, "BEAT_S", 0.01)
    mark = tmp_path / "run.running"
    with done.marked(tmp_path / "run"):
        os.utime(mark, (0, 0))
        for _ in range(500):
            if mark.stat().st_mtime:
                break
            time.sleep(0.01)
        assert mark.stat().st_mtime > 0
    assert not mark.exists()


def test_nothing_begins_while_a_step_of_a_killed_call_runs(tmp_path):
    study = Study("toy", tmp_path)
    base = study.work / "done" / "04" / "run~mixup=0.5"
    base.parent.mkdir(parents=True)
    with (
        done.marked(base),
        pytest.raises(ReportError, match=rf"04/run~mixup=0\.5 still runs \(process {os.getpid()} on"),
    ):
        done.forget_changed(study)
    done.forget_changed(study)


def test_only_runs_and_the_embedding_are_given_up(tmp_path):
    study = Study("toy", tmp_path)
    folder = study.work / "done"
    assert not done.give_up_the_dead(study)
    for step in ("02", "04/refused", "04/good", "06"):
        done.write_failed(folder / step, f"{step} is wrong", given_up=False)
    (tmp_path / "n.ipynb").write_text("y")
    with done.marked(folder / "04" / "good"):  # a second try
        done.write(folder / "04" / "good", tmp_path / "n.ipynb", [])
    write_json({"host": "another", "process": 1, "began": 0.0}, folder / "04" / "killed~mixup=0.5.running")
    assert done.failures(study) == {}
    assert set(done.reasons(study)) == {"02", "04/refused", "04/killed~mixup=0.5", "06"}
    assert done.give_up_the_dead(study)
    assert set(done.failures(study)) == {"refused", "killed~mixup=0.5"}
    assert "killed" in done.failures(study)["killed~mixup=0.5"]
    assert not (folder / "02.json").exists() and (folder / "06.json").is_file()
    assert not done.give_up_the_dead(study)


def test_a_step_that_was_killed_is_told_and_may_run_again(tmp_path):
    study = Study("toy", tmp_path)
    mark = study.work / "done" / "05.running"
    mark.parent.mkdir(parents=True)
    write_json({"host": "another", "process": 1, "began": 0.0}, mark)
    assert done.reasons(study) == {"05": f"05: {done.KILLED}"}
    done.forget_changed(study)
    assert not list(mark.parent.iterdir())


def test_other_steps_are_named_while_they_run_and_if_they_failed(tmp_path):
    study = Study("toy", tmp_path)
    folder = study.work / "done"
    (folder / "02").mkdir(parents=True)
    for step in ("04/run", "05"):
        done.write_failed(folder / step, "it is wrong", given_up=False)
    write_json({"host": socket.gethostname(), "process": 2**22 + 1, "began": 0.0}, folder / "01.running")  # killed
    with done.marked(folder / "02" / "3"):
        assert done.steps_of_note(study) == ["02/3", "05"]
