"""What runs when, by the real Snakefile, engine and run store; papermill and training are stubs."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from lib.errors import ReportError
from lib.io import read_json
from lib.paths import CHAPTERS, NOTEBOOKS, PROJECT, Study
from lib.provenance import needs
from lib.workflow import engine
from lib.workflow.steps import Steps
from tests.chain import TINY, called, command, copy_of_the_project, one_run_broken, report, times

NETWORK = "lib/models/yu2018.py"
SMALL = TINY | {"splits": ["artist"], "baselines": ["majority"], "candidates": [], "search": []}
STUBBED = SMALL | {"networks": ["yu2018", "fcn5"], "parameters": {**TINY["parameters"], "03": {"networks": []}}}
MADE = ("work", "results", ".snakemake")
SWEEP = SMALL | {
    "parameters": {**TINY["parameters"], "03": {"networks": ["yu2018"]}},
    "sweep": {"settings": {"learning_rate": [0.02], "batch_size": [30, 75]}},
}  # fmt: skip
GOOD = "yu2018-artist-f0-s0-poster~learning_rate=0.02"
BAD = "yu2018-artist-f0-s0-poster~batch_size=30~learning_rate=0.02"


def ran(project) -> Counter:
    """Steps that ran since the last question, and how often."""
    path = project / "work" / "tiny" / "counts.txt"
    lines = path.read_text().splitlines() if path.is_file() else []
    path.unlink(missing_ok=True)
    return Counter(lines)


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A copy with stubs in a folder with odd letters, in which the tiny study has run once."""
    project = copy_of_the_project(tmp_path_factory.mktemp("my {x} project's"), STUBBED, stub=True)
    done = report(project)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    counts = ran(project)
    assert all(count == 1 for count in counts.values())
    assert {"01_data_acquisition", "05_error_analysis", "pages", "make yu2018-artist-f0-s0"} <= set(counts)
    for name in MADE:
        shutil.copytree(project / name, project / "kept" / name)
    return project


@pytest.fixture
def edited(project):
    """Editor of one file of the project; after the test all is as it was."""
    whole = {}

    def edit(name: str, old: str, new: str) -> None:
        path = project / name
        whole.setdefault(path, path.read_text())
        assert old in whole[path]
        path.write_text(path.read_text().replace(old, new))

    yield edit
    for path, text in whole.items():
        path.write_text(text)
    for name in MADE:
        shutil.rmtree(project / name)
        shutil.copytree(project / "kept" / name, project / name)


@pytest.mark.chain
def test_a_second_call_and_a_comment_in_the_code_run_nothing(project, edited):
    edited("lib/splits.py", "\nimport numpy", "\n# a comment\nimport numpy")
    before = times(project, "work/tiny/runs/**/*") | times(project, "results/tiny/**/*")
    done = report(project)
    assert done.returncode == 0 and "Nothing to do" in done.stdout
    assert not ran(project)
    assert times(project, "work/tiny/runs/**/*") | times(project, "results/tiny/**/*") == before


@pytest.mark.chain
def test_an_edited_architecture_is_trained_alone_and_sentences_train_nothing(project, edited):
    weights = times(project, "work/tiny/runs/fcn5*/model.weights.h5")
    edited(NETWORK, "import keras", "import keras\n\nEDITED = True")
    for name in ("01_data_acquisition", "04_training"):
        edited(f"notebooks/{name}.ipynb", '"# ', '"# An edited title: ')
    done = report(project)
    assert done.returncode == 0, done.stdout + done.stderr
    counts = ran(project)
    assert [line for line in counts if line.startswith("make")] == ["make yu2018-artist-f0-s0"]
    assert sum("04" in line for line in counts) == 2
    assert {"01_data_acquisition", "03_model_zoo", "pages"} <= set(counts)
    assert times(project, "work/tiny/runs/fcn5*/model.weights.h5") == weights


@pytest.mark.chain
def test_what_is_deleted_is_made_again_and_what_fails_deletes_nothing(project, edited):
    tracks = project / "work" / "tiny" / "tracks.parquet"
    before = tracks.read_bytes()
    tracks.unlink()
    edited("notebooks/02_spectrogram_slicing.ipynb", '"# ', '"# FAIL ')
    made = [*project.glob("work/tiny/slices/*"), *project.glob("results/tiny/notebooks/02*")]
    kept = {path: path.read_bytes() for path in made}
    done = report(project)
    assert done.returncode == 1
    assert "02_spectrogram_slicing failed in its cell" in done.stdout
    assert tracks.read_bytes() == before
    assert {path: path.read_bytes() for path in made} == kept


@pytest.mark.chain
def test_the_committed_parts_of_runs_are_taken(project, edited):
    shutil.rmtree(project / "work" / "tiny" / "runs")
    done = report(project)
    assert done.returncode == 0, done.stdout + done.stderr
    assert not [line for line in ran(project) if line.startswith("make")]


def test_a_retry_message_of_a_download_runs_only_what_downloads():
    for notebook in sorted(NOTEBOOKS.glob("*.ipynb")):
        fetching = [path for path in needs(notebook) if "download" in path.parts or path.stem == "spotify"]
        assert bool(fetching) == notebook.stem.startswith("01"), (notebook.stem, fetching)


def test_the_code_of_a_corpus_concerns_01_alone_and_that_of_a_network_03(tmp_path):
    steps = Steps("demo", root=str(tmp_path))
    composer = PROJECT / "lib" / "datasets" / "demo" / "synthesis.py"
    network = PROJECT / "lib" / "models" / "yu2018.py"
    assert [chapter for chapter in CHAPTERS if composer in steps.files(chapter)] == ["01"]
    assert [chapter for chapter in CHAPTERS if network in steps.files(chapter)] == ["03"]


@pytest.fixture(scope="module")
def swept(tmp_path_factory):
    project = copy_of_the_project(tmp_path_factory.mktemp("swept"), SWEEP, stub=True)
    with one_run_broken(project):
        return project, called(project, "sweep", "--study", "tiny")


@pytest.mark.chain
def test_one_failed_point_stops_nothing_and_is_named(swept):
    project, first = swept
    assert first.returncode == 1, first.stdout + first.stderr
    lines = first.stdout.splitlines()
    assert "3 done, 1 failed" in lines
    assert any(line.strip().startswith("failed") and BAD in line and "a made-up fault" in line for line in lines)
    assert any(line.strip().startswith("done") and GOOD in line and "genre 0." in line for line in lines)
    assert lines[-1] == f"The report: {project}/results/tiny/index.html"
    assert read_json(project / "work" / "tiny" / "failures.json") == {BAD: "a made-up fault"}


@pytest.mark.chain
def test_what_failed_is_tried_again_and_nothing_else_is_trained(swept):
    project, _ = swept
    assert "3 done, 1 failed" in called(project, "status", "--study", "tiny").stdout
    ran(project)
    again = called(project, "sweep", "--study", "tiny")
    assert again.returncode == 0, again.stdout + again.stderr
    assert "4 done" in again.stdout.splitlines()
    assert [line for line in ran(project) if line.startswith("make")] == [f"make {BAD}"]


SENT = [signal.SIGINT, *(pytest.param(sent, marks=pytest.mark.slow) for sent in (signal.SIGTERM, signal.SIGKILL))]


@pytest.mark.parametrize("sent", SENT)
@pytest.mark.chain
def test_a_stopped_call_goes_on_from_there(tmp_path, sent):
    project = copy_of_the_project(tmp_path, SMALL, stub=True)
    words, how = command(project, "report", "--study", "tiny")
    process = subprocess.Popen(
        words,
        **how,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        bufsize=1,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # ignored below nohup, and inherited
    )
    for line in process.stdout:
        if "02_spectrogram_slicing" in line:
            break
    process.send_signal(sent)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == (-signal.SIGKILL if sent == signal.SIGKILL else 130)
    assert "Traceback" not in errors
    over = time.monotonic() + 120
    while (done := report(project)).returncode and time.monotonic() < over:
        assert "Another command is running" in done.stderr  # what was begun goes on for a moment
    assert done.returncode == 0, done.stdout + done.stderr
    assert not list(project.rglob(".*.part"))


def test_two_calls_at_once_are_refused(tmp_path):
    place = Study("toy", tmp_path)
    with engine.locked(place), pytest.raises(ReportError, match="Another command is running study 'toy'"):  # noqa: SIM117
        with engine.locked(place):
            pass
    with engine.locked(place):
        pass


def test_a_killed_call_leaves_no_lock(tmp_path):
    hold = (
        "import sys, time; from lib.workflow import engine; from lib.paths import Study\n"
        "with engine.locked(Study('toy', sys.argv[1])):\n    print('held', flush=True); time.sleep(60)"
    )
    process = subprocess.Popen([sys.executable, "-c", hold, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "held\n"
    with pytest.raises(ReportError), engine.locked(Study("toy", tmp_path)):
        pass
    process.kill()
    process.wait()
    time.sleep(0.1)
    with engine.locked(Study("toy", tmp_path)):
        pass


def test_clean_never_touches_what_is_committed(tmp_path):
    for name in ("work/demo/a", "results/emotify/index.html", "results/demo/index.html", ".snakemake/x", "lib/a.py"):
        path = tmp_path / name
        path.parent.mkdir(parents=True)
        path.write_text("x")
    with engine.locked(Study("demo", tmp_path)), pytest.raises(ReportError, match="Another command"):
        engine.clean(str(tmp_path))
    assert {path.name for path in engine.clean(str(tmp_path))} == {"work", ".snakemake"}  # no git: results stay
    subprocess.run(["git", "-C", str(tmp_path), "init", "-q"], check=True, capture_output=True)
    (tmp_path / ".gitignore").write_text("results/*\n!results/emotify/\n")
    assert {path.name for path in engine.clean(str(tmp_path))} == {"demo"}
    assert (tmp_path / "results/emotify/index.html").is_file()
    assert (tmp_path / "lib/a.py").is_file()
    assert engine.clean(str(tmp_path)) == []


@pytest.mark.parametrize("cores", [-1, 1.5, True])
def test_a_wrong_number_of_cores_is_refused(tmp_path, cores):
    with pytest.raises(ReportError, match=f"cores is {cores}"):
        engine.report("demo", "", str(tmp_path), cores)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--study", "emotfy"], "'emotfy'"),
        (["--study", "emotify"], "DATA=<folder>"),
        (["--study", "emotify", "--data", "no/such/folder"], "DATA=no/such/folder"),
        (["--study", "folder", "--data", "."], "."),
    ],
)
def test_a_wrong_call_gets_a_few_words(tmp_path, arguments, message):
    words, how = command(PROJECT, "report", "--root", str(tmp_path), *arguments)
    if arguments[-1] == ".":
        (tmp_path / "empty").mkdir()
        words[-1] = str(tmp_path / "empty")
    done = subprocess.run(words, **how, capture_output=True, timeout=300, check=False)
    assert done.returncode == 1
    assert message in done.stderr + done.stdout
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) <= 4


@pytest.mark.chain
def test_nobody_is_left_running_after_ctrl_c(project):
    commands = [path for path in Path("/proc").glob("[0-9]*/cmdline") if os.access(path, os.R_OK)]
    running = [path.read_bytes() for path in commands]
    assert not any(os.fsencode(project) in line for line in running)
