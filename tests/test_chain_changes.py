"""What is made again, and what is not, when something of the tiny study changes."""

import subprocess
import sys
import time

import pandas as pd

from lib.io import read_json
from tests.chain import command, report, times


def test_a_second_call_finds_nothing_to_do(project):
    before = times(project, "work/tiny/**/*") | times(project, "results/tiny/**/*")
    began = time.monotonic()
    done = report(project)
    assert done.returncode == 0
    assert "Nothing to do" in done.stdout
    assert time.monotonic() - began < 60  # its promise of 20 s is for a machine of its own
    after = times(project, "work/tiny/**/*") | times(project, "results/tiny/**/*")
    for name in ("prepare.log", "report.log", "call.json", ".lock"):
        before.pop(f"work/tiny/{name}", None)
        after.pop(f"work/tiny/{name}", None)
    assert after == before


def test_a_network_of_ones_own_joins_and_only_what_changed_is_trained(project):
    """Change a sentence and register a network in 03, then change the network: each time only it is trained."""
    path = project / "notebooks" / "03_model_zoo.ipynb"
    text = path.read_text(encoding="utf-8")
    assert '"# zoo.register(\\"mine\\")(mine)"' in text
    text = text.replace('"# zoo.register(\\"mine\\")(mine)"', '"zoo.register(\\"mine\\")(mine)"')
    path.write_text(text.replace("## What they cost", "## What all of them cost"), encoding="utf-8")
    theirs = times(project, "work/tiny/runs/yu2018*/*")
    done = report(project)
    assert done.returncode == 0, done.stdout + done.stderr
    assert times(project, "work/tiny/runs/yu2018*/*") == theirs
    assert "04_training yu2018" not in done.stdout
    table = pd.read_csv(project / "results" / "tiny" / "tables" / "results.csv")
    assert set(table["network"]) == {"yu2018", "mine", "selected", "majority", "mfcc_svm"}
    assert "What all of them cost" in (project / "results" / "tiny" / "03_model_zoo.html").read_text(encoding="utf-8")

    before = times(project, "work/tiny/runs/mine*/record.json")
    assert len(before) == 2
    path.write_text(text.replace("(16, 32, 64)", "(8, 16)"), encoding="utf-8")
    done = report(project)
    assert done.returncode == 0, done.stdout + done.stderr
    after = times(project, "work/tiny/runs/mine*/record.json")
    assert all(after[run] > before[run] for run in before)
    assert times(project, "work/tiny/runs/yu2018*/*") == theirs
    assert "04_training yu2018" not in done.stdout


def test_a_sentence_changed_in_04_makes_new_pages_and_keeps_every_run(project):
    path = project / "notebooks" / "04_training.ipynb"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("## Learning curves", "## Curves of learning"), encoding="utf-8")
    before = times(project, "work/tiny/runs/*/*")
    assert any(name.endswith("model.weights.h5") for name in before)
    done = report(project)
    assert done.returncode == 0, done.stdout + done.stderr
    assert times(project, "work/tiny/runs/*/*") == before
    assert "Curves of learning" in (project / "results" / "tiny" / "04_training.html").read_text(encoding="utf-8")


def test_what_somebody_deleted_is_made_again_and_what_failed_deletes_nothing(project):
    tracks = project / "work" / "tiny" / "tracks.parquet"
    before = tracks.read_bytes()
    tracks.unlink()
    path = project / "notebooks" / "02_spectrogram_slicing.ipynb"
    text = path.read_text(encoding="utf-8")
    path.write_text(
        text.replace('"here = Study(study, root)\\n"', '"here = Study(study, root) / 0\\n"'), encoding="utf-8"
    )
    kept = times(project, "work/tiny/slices/*") | times(project, "results/tiny/notebooks/02*")
    done = report(project)
    assert done.returncode == 1
    assert "02_spectrogram_slicing failed in its cell" in done.stdout
    assert "TypeError" in done.stdout
    assert tracks.read_bytes() == before
    assert times(project, "work/tiny/slices/*") | times(project, "results/tiny/notebooks/02*") == kept
    path.write_text(text, encoding="utf-8")
    done = report(project)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_notebook_runs_alone_by_plain_papermill_and_the_report_notices(project, tmp_path):
    words = [sys.executable, "-m", "papermill", "notebooks/04_training.ipynb", str(tmp_path / "out.ipynb")]
    words += ["-p", "study", "tiny", "-p", "split", "random", "-p", "epochs", "2", "--no-progress-bar"]
    _, how = command(project)
    done = subprocess.run(words, **how, capture_output=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    record = project / "work" / "tiny" / "runs" / "yu2018-random-f0-s0" / "record.json"
    assert read_json(record)["settings"]["epochs"] == 2
    # The study declares one epoch: its report does not take the run of two for its own.
    done = report(project)
    assert done.returncode == 0, done.stdout + done.stderr
    assert read_json(record)["settings"]["epochs"] == 1
