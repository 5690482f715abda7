import socket
from pathlib import Path

from lib import done
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
    done.write_failed(base, "no memory")
    assert done.state(base) == (done.FAILED, "no memory")
    assert done.failures(study) == {"run-poster~learning_rate=0.001": "no memory"}
    assert Path(f"{base}.json").is_file() and Path(f"{base}.page").is_file()
    done.forget_changed(study)
    assert done.state(base) == (done.WAITING, "") and not done.failures(study)
    notebook = tmp_path / "n.ipynb"
    notebook.write_text("y")
    done.write_failed(base, "no memory")
    done.write(base, notebook, [])
    assert done.state(base) == (done.DONE, "")


def test_a_killed_process_of_this_machine_does_not_run(tmp_path):
    base = tmp_path / "run"
    write_json({"host": socket.gethostname(), "process": 2**22 + 1}, Path(f"{base}.running"))  # no such process
    assert done.state(base)[0] == done.WAITING
    write_json({"host": "another", "process": 2**22 + 1}, Path(f"{base}.running"))
    assert done.state(base)[0] == done.RUNNING
