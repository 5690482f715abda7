"""Slices of a corpus that is large, made in parts by jobs of their own."""

import subprocess

import numpy as np
import pandas as pd
import yaml

from lib.paths import Study
from lib.slicing import Slices, make_slices
from lib.tables import read_tracks
from tests.chain import command, copy_of_the_project

SONGS = {
    "corpus": "demo",
    "networks": ["this_project"],
    "protocols": ["artist"],
    "parameters": {"01": {"songs_per_genre": 6, "seconds": 7.0}},
}


def test_parts_are_jobs_and_joined_they_are_the_slices_of_the_whole(tmp_path):
    project = copy_of_the_project(tmp_path)
    (project / "config" / "tiny.yaml").write_text(yaml.safe_dump(SONGS))
    module = project / "lib" / "parts.py"
    module.write_text(module.read_text().replace("TRACKS = 1_000", "TRACKS = 13"))
    words, how = command(project, "prepare", "--study", "tiny")
    done = subprocess.run(words, **how, capture_output=True, timeout=900, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    study = Study("tiny", project)
    parts = sorted(path.name for path in (study.work / "parts").iterdir())
    assert parts == ["00000", "00001", "00002"]  # of 36 songs
    assert len(list((study.work / "done" / "02").glob("*.part"))) == 3
    tracks = read_tracks(study.tracks)
    make_slices(tracks, tmp_path / "whole", Slices(study.slices).spectrogram)
    joined, whole = Slices(study.slices), Slices(tmp_path / "whole")
    places = ["shard", "row"]
    pd.testing.assert_frame_equal(joined.table.drop(columns=places), whole.table.drop(columns=places))
    everything = np.arange(len(whole.table))
    np.testing.assert_array_equal(joined.take(everything), whole.take(everything))
