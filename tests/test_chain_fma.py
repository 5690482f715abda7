"""The study fma, in small, on a server that stands in for the Free Music Archive's."""

import io

import pandas as pd
import pytest
import soundfile
import yaml

from lib.datasets import demo
from lib.io import read_json
from lib.paths import Study
from tests import chain, fma
from tests.conftest import music_folder
from tests.fma import Song
from tests.loopback import Faults, serve

pytestmark = pytest.mark.slow  # three minutes; what it fetches is tested in seconds elsewhere
SONGS = 6  # a genre
SPLITS = ("training", "training", "validation", "test")


def archives(folder) -> dict[str, bytes]:
    """Demo songs under FMA's ids, and the real clips where they are."""
    composed = demo.collect(Study("demo", folder), "", songs_per_genre=SONGS + 1, seconds=6.5)
    clips, songs = {}, []
    for number, row in enumerate(composed.itertuples(), 1000):
        held = io.BytesIO()
        soundfile.write(held, *soundfile.read(row.path), format="MP3")
        clips[fma.member(number)] = held.getvalue()
        songs.append(
            Song(
                number,
                row.genre,
                row.artist,
                row.title,
                split=SPLITS[number % 4],
                valence=row.valence if number % 5 else None,
            )
        )
    clips[fma.member(1000)] = b"no sound"
    for path in sorted((music_folder() / "fma" / "clips").glob("*.mp3")):
        clips[fma.member(int(path.stem))] = path.read_bytes()
        songs.append(Song(int(path.stem), "Hip-Hop", "AWOL", split="test"))
    return {"/fma_metadata.zip": fma.archive(fma.tables(songs)), "/fma_small.zip": fma.archive(clips)}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    project = chain.copy_of_the_project(tmp_path_factory.mktemp("fma"))
    declared = yaml.safe_load((project / "config" / "fma.yaml").read_text())
    declared |= {"networks": ["yu2018"], "baselines": ["majority"], "run_folds": [0], "epochs": {"default": 1}}
    declared["splits"] = ["random", "artist"]
    declared["also"] = [{"networks": ["yu2018"], "splits": ["official"]}]
    declared["parameters"]["05"] = {"resamples": 200}
    with serve(archives(tmp_path_factory.mktemp("demo")), Faults(cut=0.1)) as server:
        declared["parameters"]["01"]["drawing"] |= {"address": server.address, "songs": SONGS, "per_artist": 0}
        (project / "config" / "tiny.yaml").write_text(yaml.safe_dump(declared))
        done = chain.report(project)
    assert done.returncode == 0, done.stdout + done.stderr
    return project


def test_the_study_ends_in_pages(made):
    results = made / "results" / "tiny"
    table = pd.read_csv(results / "tables" / "results.csv")
    assert {"random", "artist", "official"} <= set(table["split"])
    tracks = pd.read_parquet(made / "work" / "tiny" / "tracks.parquet")
    assert tracks["genre"].value_counts().to_dict() == dict.fromkeys(
        ("Rock", "Hip-Hop", "Pop", "Folk", "Instrumental", "Electronic"), SONGS
    )
    tested = pd.read_parquet(made / "work" / "tiny" / "runs" / "yu2018-official-f0-s0" / "predictions.parquet")
    tested = set(tested.loc[tested["part"] == "test", "track_id"])
    assert tested == set(tracks.loc[tracks["official"] == "test", "track_id"])
    for name in ("manifest.csv", "archive.csv"):
        assert name in (results / "index.html").read_text()


def test_page_01_tells_what_was_drawn(made):
    page = (made / "results" / "tiny" / "01_data_acquisition.html").read_text()
    assert "What was drawn" in page
    assert "Songs drawn: 36" in page
    assert read_json(made / "results" / "tiny" / "summary.json")["synthetic"] is False


def test_the_music_is_not_among_the_results(made):
    assert not [path for path in (made / "results").rglob("*") if path.suffix in (".mp3", ".zip")]
    assert len(list((made / "downloads" / "fma" / "fma_small").rglob("*.mp3"))) >= 36
