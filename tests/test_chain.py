"""The whole chain on a tiny demo corpus, in a copy of the project, as its users run it."""

import os
import signal
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lib.datasets.tracks import TRACK_COLUMNS, tracks_table
from lib.io import read_json
from lib.paths import PROJECT
from tests.chain import command, copy_of_the_project


def test_the_terminal_tells_what_runs_and_where_the_pages_are(project):
    said = (project / "said.txt").read_text().splitlines()
    assert said[-1] == f"The report: {project}/results/tiny/index.html"
    for number in ("01", "02", "03", "04", "05", "06", "07", "08", "09"):
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

    for split in ("random", "artist"):
        run = work / "runs" / f"yu2018-{split}-f0-s0"
        predictions = pd.read_parquet(run / "predictions.parquet")
        assert len(predictions) == len(np.load(run / "embedding.npy")) == len(slices)
        assert np.load(run / "embedding.npy").shape[1] == 15
        assert (run / "model.weights.h5").stat().st_size > 1000
        assert (results / "runs" / run.name / "predictions.parquet").is_file()

    table = pd.read_csv(results / "tables" / "results.csv")
    contract = ["network", "split", "recipe", "head", "level", "n_songs", "accuracy", "low", "high", "runs"]
    assert list(table.columns[:10]) == contract
    assert set(table["network"]) == {"yu2018", "selected", "majority", "mfcc_svm"}
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
        assert set(pd.read_parquet(work / "runs" / name / "predictions.parquet")["part"]) == {"validation"}
    assert set(pd.read_csv(results / "tables" / "chosen.csv")["head"]) == {"genre", "mood"}
    assert set(pd.read_csv(results / "tables" / "recipes_tried.csv")["recipe"]) == {"tuned", "tuned_without_mixup"}
    # What was only searched has no page.
    assert not [path for path in results.rglob("*.html") if "candidate" in path.name]


def test_the_pages_say_that_the_music_is_synthetic_and_fetch_nothing(project):
    pages = sorted((project / "results" / "tiny").glob("*.html"))
    assert len(pages) == 10
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert "synthetic" in text
        assert "<script src" not in text
        assert ("<script" in text) == (page.name == "06_fc_embedding.html")  # its map
        assert 'src="http' not in text
        assert str(project) not in text


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_leaves_nothing_half_written_and_nobody_running(tmp_path, sent):
    project = copy_of_the_project(tmp_path)
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
        if "composing" in line:
            break
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
