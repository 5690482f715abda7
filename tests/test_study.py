import os
import subprocess
import sys
import time

import pytest

from lib import study
from lib.errors import ReportError
from lib.paths import Study


def test_two_calls_at_once_are_told_apart(tmp_path):
    place = Study("toy", tmp_path)
    with study._alone(place), pytest.raises(ReportError, match="Another command is running study 'toy'"):  # noqa: SIM117
        with study._alone(place):
            pass
    with study._alone(place):
        pass


def test_a_killed_call_leaves_no_lock(tmp_path):
    hold = (
        "import sys, time; from lib import study; from lib.paths import Study\n"
        "with study._alone(Study('toy', sys.argv[1])):\n    print('held', flush=True); time.sleep(60)"
    )
    process = subprocess.Popen([sys.executable, "-c", hold, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "held\n"
    with pytest.raises(ReportError), study._alone(Study("toy", tmp_path)):
        pass
    process.kill()
    process.wait()
    time.sleep(0.1)
    with study._alone(Study("toy", tmp_path)):
        pass


def test_clean_never_touches_what_is_committed(tmp_path):
    for name in ("work/demo/a", "results/emotify/index.html", "results/demo/index.html", ".snakemake/x", "lib/a.py"):
        path = tmp_path / name
        path.parent.mkdir(parents=True)
        path.write_text("x")
    with study._alone(Study("demo", tmp_path)), pytest.raises(ReportError, match="Another command"):
        study.clean(str(tmp_path))
    assert {path.name for path in study.clean(str(tmp_path))} == {"work", ".snakemake"}  # no git: results stay
    subprocess.run(["git", "-C", str(tmp_path), "init", "-q"], check=True, capture_output=True)
    (tmp_path / ".gitignore").write_text("results/*\n!results/emotify/\n")
    assert {path.name for path in study.clean(str(tmp_path))} == {"demo"}
    assert (tmp_path / "results/emotify/index.html").is_file()
    assert (tmp_path / "lib/a.py").is_file()
    assert study.clean(str(tmp_path)) == []


def test_a_negative_number_of_processors_is_refused():
    with pytest.raises(ReportError, match="--cores is -2"):
        study.report("demo", cores=-2)


def test_labels_from_the_future_are_named_and_left_alone(tmp_path):
    music, settings = tmp_path / "music", tmp_path / "mine.yaml"
    music.mkdir()
    for name in ("song.wav", "labels.csv"):
        (music / name).write_text("")
    settings.write_text("corpus: folder\nnetworks: [yu2018]\nprotocols: [artist]\nepochs: {default: 1}\n")
    late = time.time() + 1e7
    os.utime(music / "labels.csv", (late, late))
    with pytest.raises(ReportError, match=r"labels\.csv: it was changed at 20.*touch"):
        study.report(str(settings), str(music), str(tmp_path / "root"))
    assert (music / "labels.csv").stat().st_mtime == late
