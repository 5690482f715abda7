"""The whole chain on a tiny demo corpus, in a copy of the project, as its users run it."""

import numpy as np
import pandas as pd
import pytest

from lib.datasets.tracks import TRACK_COLUMNS, tracks_table
from lib.io import read_json

pytestmark = pytest.mark.chain


def test_the_terminal_tells_what_runs_and_where_the_pages_are(project):
    lines = (project / "output.txt").read_text().splitlines()
    assert lines[-1] == f"The report: {project}/results/tiny/index.html"
    for number in ("01", "02", "03", "04", "05", "06", "07", "08", "09"):
        assert any(line.strip().startswith(number) and "begins" in line for line in lines)
    assert any(line.startswith("13 of 13 steps") for line in lines)
    assert not [line for line in lines if "could not be computed" in line]


def test_the_artefacts_keep_their_contracts(project):
    work, results = project / "work" / "tiny", project / "results" / "tiny"
    tracks = pd.read_parquet(work / "tracks.parquet")
    assert list(tracks.columns[: len(TRACK_COLUMNS)]) == list(TRACK_COLUMNS)
    pd.testing.assert_frame_equal(tracks, tracks_table(tracks))
    assert len(tracks) == 36
    assert (tracks["status"] == "ok").all()
    assert set(tracks["path"].str.rsplit(".").str[-1]) == {"mp3", "ogg", "flac", "wav"}

    slices = pd.read_parquet(work / "slices" / "slices.parquet")
    data = np.load(work / "slices" / "chunk-0" / "slices-00000.npy", mmap_mode="r")
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
    assert set(table["network"]) == {"yu2018", "selected", "mfcc_svm"}
    assert len(table) == (2 + 1 + 2) * 2 * 2  # runs by heads by levels
    assert table["accuracy"].between(0, 1).all()
    assert (table["low"] <= table["accuracy"]).all()
    assert (table["accuracy"] <= table["high"]).all()
    assert read_json(results / "summary.json")["synthetic"] is True

    candidates = sorted(path.name for path in (work / "runs").glob("*-candidate"))
    assert candidates == [
        "mfcc_svm-artist-f0-s0-candidate",
        "texture-artist-f0-s0-tuned-candidate",
    ]
    for name in candidates:
        assert set(pd.read_parquet(work / "runs" / name / "predictions.parquet")["part"]) == {"validation"}
    assert set(pd.read_csv(results / "tables" / "chosen.csv")["head"]) == {"genre", "mood"}
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
