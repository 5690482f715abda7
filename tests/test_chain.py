"""The whole chain on a tiny demo corpus, in a copy of the project, as its users run it."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from lib.paths import PROJECT
from lib.tables import TRACK_COLUMNS, read_json, tracks_table

TINY = {
    "corpus": "demo",
    "networks": ["this_project"],
    "protocols": ["slice", "artist"],
    "epochs": {"default": 1},
    "baselines": ["majority", "mfcc_svm"],
    "candidates": ["texture tuned", "mfcc_svm baseline"],
    "search": ["texture tuned", "texture tuned_without_mixup"],
    "devs": [0],
    "parameters": {"01": {"songs_per_genre": 6, "seconds": 7.0}, "05": {"resamples": 200}},
}


IGNORED = shutil.ignore_patterns("__pycache__", ".ipynb*", "kernel-ipc*")


def copy_of_the_project(folder: Path) -> Path:
    for name in ("lib", "notebooks", "config"):
        shutil.copytree(PROJECT / name, folder / name, ignore=IGNORED)
    for name in ("Snakefile", "pyproject.toml"):
        shutil.copy(PROJECT / name, folder)
    (folder / "config" / "tiny.yaml").write_text(yaml.safe_dump(TINY))
    return folder


def command(project: Path, *arguments: str) -> tuple[list[str], dict]:
    environment = {**os.environ, "PYTHONPATH": str(project), "OMP_NUM_THREADS": "1", "TF_NUM_INTRAOP_THREADS": "1"}
    return [sys.executable, "-m", "lib.study", *arguments], {"cwd": project, "env": environment, "text": True}


def report(project: Path, *arguments: str) -> subprocess.CompletedProcess:
    words, how = command(project, "report", "--study", "tiny", *arguments)
    return subprocess.run(words, **how, capture_output=True, timeout=900, check=False)


def times(project: Path, pattern: str) -> dict[str, int]:
    return {str(p.relative_to(project)): p.stat().st_mtime_ns for p in project.glob(pattern)}


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A copy of the project in which the tiny study has run once."""
    project = copy_of_the_project(tmp_path_factory.mktemp("project"))
    done = report(project)
    assert done.returncode == 0, done.stdout + done.stderr
    project.joinpath("said.txt").write_text(done.stdout)
    assert done.stderr == ""
    return project


def test_the_terminal_tells_what_runs_and_where_the_pages_are(project):
    said = (project / "said.txt").read_text().splitlines()
    assert said[-1] == f"The report: {project}/results/tiny/index.html"
    for number in ("01", "02", "03", "04", "05", "06", "08", "09"):
        assert any(line.strip().startswith(number) and "begins" in line for line in said)
    assert any("steps (100%) done" in line for line in said)


def test_the_artefacts_keep_their_contracts(project):
    work, results = project / "work" / "tiny", project / "results" / "tiny"
    tracks = pd.read_parquet(work / "tracks.parquet")
    assert list(tracks.columns[: len(TRACK_COLUMNS)]) == list(TRACK_COLUMNS)
    pd.testing.assert_frame_equal(tracks, tracks_table(tracks))
    assert len(tracks) == 36
    assert (tracks["status"] == "ok").all()
    assert set(tracks["path"].str.rsplit(".").str[-1]) == {"mp3", "ogg", "flac", "wav"}

    slices = pd.read_parquet(work / "slices" / "slices.parquet")
    data = np.load(work / "slices" / "slices-00000.npy", mmap_mode="r")
    assert data.dtype == np.uint8
    assert data.shape == (len(slices), 96, 129)
    assert list(slices.columns[:2]) == ["track_id", "start_s"]

    for protocol in ("slice", "artist"):
        run = work / "runs" / f"this_project-{protocol}-f0-s0"
        predictions = pd.read_parquet(run / "predictions.parquet")
        assert len(predictions) == len(np.load(run / "embedding.npy")) == len(slices)
        assert np.load(run / "embedding.npy").shape[1] == 15
        assert (run / "model.weights.h5").stat().st_size > 1000
        assert (results / "runs" / run.name / "predictions.parquet").is_file()

    table = pd.read_csv(results / "tables" / "results.csv")
    contract = ["network", "protocol", "recipe", "head", "level", "n_songs", "accuracy", "low", "high", "runs"]
    assert list(table.columns[:10]) == contract
    assert set(table["network"]) == {"this_project", "selected", "majority", "mfcc_svm"}
    assert len(table) == (2 + 1 + 2 + 2) * 2 * 2  # runs by heads by levels
    assert table["accuracy"].between(0, 1).all()
    assert (table["low"] <= table["accuracy"]).all()
    assert (table["accuracy"] <= table["high"]).all()
    assert read_json(results / "summary.json")["synthetic"] is True

    candidates = sorted(path.name for path in (work / "runs").glob("*-candidate"))
    assert candidates == [
        "mfcc_svm-artist-f0-s0-candidate",
        "texture-artist-f0-s0-tuned-candidate",
        "texture-artist-f0-s0-tuned_without_mixup-candidate",
    ]
    for name in candidates:
        assert set(pd.read_parquet(work / "runs" / name / "predictions.parquet")["part"]) == {"dev"}
    assert set(pd.read_csv(results / "tables" / "chosen.csv")["head"]) == {"genre", "mood"}
    assert set(pd.read_csv(results / "tables" / "recipes_tried.csv")["recipe"]) == {"tuned", "tuned_without_mixup"}
    # What was only searched has no page.
    assert not [path for path in results.rglob("*.html") if "candidate" in path.name]


def test_the_pages_say_that_the_music_is_synthetic_and_fetch_nothing(project):
    pages = sorted((project / "results" / "tiny").glob("*.html"))
    assert len(pages) == 7
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert "synthetic" in text
        assert "<script" not in text
        assert 'src="http' not in text
        assert str(project) not in text


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
    theirs = times(project, "work/tiny/runs/this_project*/*")
    done = report(project)
    assert done.returncode == 0, done.stdout + done.stderr
    assert times(project, "work/tiny/runs/this_project*/*") == theirs
    assert "04_training this_project" not in done.stdout
    table = pd.read_csv(project / "results" / "tiny" / "tables" / "results.csv")
    assert set(table["network"]) == {"this_project", "mine", "selected", "majority", "mfcc_svm"}
    assert "What all of them cost" in (project / "results" / "tiny" / "03_model_zoo.html").read_text(encoding="utf-8")

    before = times(project, "work/tiny/runs/mine*/record.json")
    assert len(before) == 2
    path.write_text(text.replace("(16, 32, 64)", "(8, 16)"), encoding="utf-8")
    done = report(project)
    assert done.returncode == 0, done.stdout + done.stderr
    after = times(project, "work/tiny/runs/mine*/record.json")
    assert all(after[run] > before[run] for run in before)
    assert times(project, "work/tiny/runs/this_project*/*") == theirs
    assert "04_training this_project" not in done.stdout


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
    words += ["-p", "study", "tiny", "-p", "protocol", "slice", "-p", "epochs", "2", "--no-progress-bar"]
    _, how = command(project)
    done = subprocess.run(words, **how, capture_output=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    record = project / "work" / "tiny" / "runs" / "this_project-slice-f0-s0" / "record.json"
    assert read_json(record)["settings"]["epochs"] == 2
    # The study declares one epoch: its report does not take the run of two for its own.
    done = report(project)
    assert done.returncode == 0, done.stdout + done.stderr
    assert read_json(record)["settings"]["epochs"] == 1


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_leaves_nothing_half_written_and_nobody_running(tmp_path, sent):
    project = copy_of_the_project(tmp_path)
    words, how = command(project, "report", "--study", "tiny")
    process = subprocess.Popen(
        words, **how, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True, bufsize=1
    )
    for line in process.stdout:
        if "begins" in line:
            break
    time.sleep(6)  # in the midst of composing
    process.send_signal(sent)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Stopped. What was finished is kept" in errors
    assert "Traceback" not in errors
    assert not [path for path in project.rglob("*") if path.name.endswith(".part")]
    assert not (project / "work" / "tiny" / "tracks.parquet").exists()
    assert not list((project / "results").rglob("*.ipynb"))
    running = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if os.access(path, os.R_OK)]
    assert not any(os.fsencode(project) in line for line in running)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--study", "emotfy"], "'emotfy'"),
        (["--study", "emotify"], "DATA=<folder>"),
        (["--study", "emotify", "--data", "no/such/folder"], "DATA=no/such/folder"),
        (["--study", "folder", "--data", "."], "."),
    ],
)
def test_a_wrong_call_is_told_in_a_few_words(tmp_path, arguments, message):
    words, how = command(PROJECT, "report", "--root", str(tmp_path), *arguments)
    if arguments[-1] == ".":
        (tmp_path / "empty").mkdir()
        words[-1] = str(tmp_path / "empty")
    done = subprocess.run(words, **how, capture_output=True, timeout=300, check=False)
    assert done.returncode == 1
    assert message in done.stderr + done.stdout
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) <= 4
