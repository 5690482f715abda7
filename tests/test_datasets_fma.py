import multiprocessing
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
import yaml

from lib import pool
from lib.datasets.assemble import assemble
from lib.datasets.fma import collect
from lib.datasets.fma.clips import read_manifest
from lib.datasets.fma.places import Places
from lib.errors import ReportError
from lib.paths import PROJECT, Study
from lib.workflow.cli import main
from tests import fma
from tests.conftest import music_folder
from tests.fma import Song
from tests.loopback import Faults, serve

SONGS = [Song(n, ("Rock", "Folk")[n % 2], f"Artist {n // 4}", f"Song {n}", valence=(n % 7) / 7) for n in range(2, 34)]
DRAW = {"genres": ["Rock", "Folk"], "songs": 5}
SILENT, CUT, ABSENT = 6, 13, 28
fork = multiprocessing.get_context("fork")


@pytest.fixture(scope="session")
def archives() -> dict[str, bytes]:
    """FMA's archives by path on the server; some clips are bad in their own ways."""
    clips = {fma.member(song.number): fma.clip(song.number) for song in SONGS}
    clips[fma.member(SILENT)] = fma.clip(SILENT, seconds=1)
    clips[fma.member(CUT)] = b"no sound at all"
    del clips[fma.member(ABSENT)]
    clips["../../../escape.mp3"] = clips[fma.member(2)]
    return {"/fma_metadata.zip": fma.archive(fma.tables(SONGS)), "/fma_small.zip": fma.archive(clips)}


@pytest.fixture(autouse=True)
def _in_this_process(monkeypatch):
    """Read clips without worker processes, which have tests of their own and take long to start."""
    monkeypatch.setattr(pool, "run", lambda function, items, **_: ((item, function(item), "") for item in items))


@pytest.fixture
def draw(tmp_path, archives):
    """Draw from a server with some faults into a folder of its own: table, manifest, server."""

    def run(name="a", faults=None, data="", **options):
        study = Study("fma", tmp_path / name)
        with serve(archives, faults) as server:
            options = DRAW | {"address": server.address, "workers": 1} | options
            rows = collect(study, data, **options)
        return rows, pd.read_csv(study.tables / "manifest.csv"), server

    return run


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_draw_is_whole_and_bad_clips_are_replaced(draw, tmp_path):
    rows, manifest, server = draw()
    assert rows["genre"].tolist() == ["Rock"] * 5 + ["Folk"] * 5
    assert not {f"fma-{n:06d}" for n in (SILENT, CUT, ABSENT)} & set(rows["track_id"])
    first = rows.iloc[0]
    number = int(first["track_id"][4:])
    assert (first["title"], first["artist"], first["license"]) == (f"Song {number}", f"Artist {number // 4}", "CC BY")
    assert first["valence"] == pytest.approx(number % 7 / 7)
    assert (manifest["status"] == "drawn").sum() == 10
    assert set(manifest.loc[manifest["status"] == "replaced", "track"]) <= {SILENT, CUT, ABSENT}
    assert all(len(value) == 64 for value in manifest.loc[manifest["status"] == "drawn", "sha256"])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a"]
    assert not list(tmp_path.rglob(".*.part"))
    assert server.sent < sum(map(len, server.files.values()))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [({"subset": "tiny"}, "subset 'tiny' is unknown; there are small"), ({"connections": 0}, "connections is 0")],
)
def test_a_wrong_option_is_named(draw, wrong, message):
    with pytest.raises(ReportError, match=message):
        draw(**wrong)


def test_every_bad_clip_is_recorded_with_its_reason(draw):
    _, manifest, _ = draw(songs=13, per_artist=0)
    reasons = manifest[manifest["status"] == "replaced"].set_index("track")["reason"]
    assert set(reasons.index) == {SILENT, CUT, ABSENT}
    assert reasons[SILENT].startswith("short: ")
    assert reasons[CUT].startswith("unreadable: ")
    assert reasons[ABSENT] == "not in fma_small.zip"


@pytest.fixture
def at_once(monkeypatch):
    monkeypatch.setattr(Places, "_pause", lambda self, seconds: None)


@pytest.mark.parametrize(
    "faults", [{"cut": 0.3, "seed": 1}, {"error": 0.2, "seed": 2}, {"pause_s": 0.02}, {"busy": 2}, {}], ids=str
)
@pytest.mark.parametrize("wrong", [None, "member", "directory"])
def test_the_network_does_not_change_what_is_drawn(draw, tmp_path, archives, at_once, faults, wrong):
    rows, manifest, _ = draw("calm")
    assert {SILENT, CUT, ABSENT} == set(manifest.loc[manifest["status"] == "replaced", "track"])
    flips = {}
    if wrong:
        name = fma.member(int(rows["track_id"].iloc[0][4:])).encode()
        body = archives["/fma_small.zip"]
        flips = {"flips": 1, "flip_at": body.index(name) + 5000 if wrong == "member" else body.rindex(name) + 3}
    *_, server = draw("rough", Faults(**faults, **flips))
    assert not server.faults.flips
    calm, rough = (contents(tmp_path / name) for name in ("calm", "rough"))
    assert calm == rough


def test_a_second_time_nothing_is_requested(draw):
    rows, manifest, _ = draw()
    again, same, server = draw()
    pd.testing.assert_frame_equal(rows, again)
    pd.testing.assert_frame_equal(manifest, same)
    # What the archive lacks is looked up each time: its directory alone, twice.
    assert server.sent < 300_000


def test_a_manifest_gives_a_second_person_the_same_songs(draw, tmp_path):
    rows, manifest, _ = draw("first")
    path = shutil.copy(tmp_path / "first" / "results" / "fma" / "tables" / "manifest.csv", tmp_path / "theirs.csv")
    same, copied, _ = draw("second", manifest=str(path), seed=7)
    assert same["track_id"].tolist() == rows["track_id"].tolist()
    pd.testing.assert_frame_equal(manifest, copied)
    clip = next((tmp_path / "second" / "downloads").rglob(f"{int(rows['track_id'].iloc[0][4:]):06d}.mp3"))
    clip.write_bytes(fma.clip(99))
    with pytest.raises(ReportError, match=r"another file than was drawn. Delete it"):
        draw("second", manifest=str(path))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("track,genre\n2,Rock\n", "has no column 'status'"),
        (
            "track,genre,status,reason,bytes,sha256\n2,Rock,maybe,,1,x\n",
            "track 2 has a status that is none of drawn, replaced",
        ),
        ("track,genre,status,reason,bytes,sha256\nx,Rock,drawn,,1,x\n", "cannot be read"),
        ("track,genre,status,reason,bytes,sha256\n2,Rock,drawn,,1,\n", "track 2 has no sha256"),
        (
            f"track,genre,status,reason,bytes,sha256\n2,Rock,drawn,,1,{64 * 'a'}\n2,Rock,drawn,,1,{64 * 'a'}\n",
            "track 2 is listed twice",
        ),
    ],
)
def test_a_wrong_manifest_is_named(tmp_path, text, message):
    (tmp_path / "m.csv").write_text(text)
    with pytest.raises(ReportError, match=message):
        read_manifest(tmp_path / "m.csv")


def test_a_server_without_parts_is_requested_whole_archives_only_on_request(draw, tmp_path):
    with pytest.raises(ReportError, match=r"gives no parts of a file.*MiB, would have to be downloaded.*WHOLE=yes"):
        draw(faults=Faults(ranges=False))
    rows, _, _ = draw(faults=Faults(ranges=False), whole_archive=True)
    assert len(rows) == 10
    assert (tmp_path / "a" / "downloads" / "fma" / "fma_small.zip").is_file()


@pytest.mark.parametrize("kind", ["zip", "folder"])
def test_a_folder_or_zip_that_is_there_already_needs_no_network(draw, tmp_path, archives, kind):
    rows, manifest, _ = draw("fetched")
    own = tmp_path / "own"
    own.mkdir()
    for name, body in archives.items():
        (own / name.strip("/")).write_bytes(body)
    if kind == "folder":
        for path in list(own.iterdir()):
            shutil.unpack_archive(path, own, "zip")
            path.unlink()
    before = contents(own)
    here, listed, server = draw("here", data=str(own))
    assert not server.requests
    assert contents(own) == before
    assert here["track_id"].tolist() == rows["track_id"].tolist()
    columns = ["track", "genre", "status", "sha256"]
    drawn = [table.loc[table["status"] == "drawn", columns].reset_index(drop=True) for table in (manifest, listed)]
    pd.testing.assert_frame_equal(*drawn)


def test_a_folder_without_the_clips_says_what_belongs_there(draw, tmp_path):
    (tmp_path / "own").mkdir()
    with pytest.raises(ReportError, match=r"neither a folder fma_metadata nor fma_metadata.zip is there"):
        draw(data=str(tmp_path / "own"))


def test_a_folder_without_clips_says_what_belongs_there(draw, tmp_path, archives):
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "fma_metadata.zip").write_bytes(archives["/fma_metadata.zip"])
    with pytest.raises(ReportError, match=r"neither a folder fma_small nor fma_small.zip is there"):
        draw(data=str(tmp_path / "own"))


def test_the_archive_of_a_larger_subset_will_do(draw, tmp_path, archives):
    own = tmp_path / "own"
    own.mkdir()
    (own / "fma_metadata.zip").write_bytes(archives["/fma_metadata.zip"])
    clips = {fma.member(song.number, "medium"): fma.clip(song.number) for song in SONGS}
    (own / "fma_medium.zip").write_bytes(fma.archive(clips))
    rows, _, server = draw(data=str(own))
    assert not server.requests
    assert len(rows) == 10


def test_one_failure_ends_the_pauses_of_the_others(tmp_path, archives, monkeypatch):
    tracks = [song.number for song in SONGS if song.number != ABSENT]
    waiting = []
    with serve(dict(archives)) as server:
        places = Places("small", tmp_path, address=server.address)

        def extract(*_, **__):
            if len(waiting) == 3:
                raise ReportError("the server is gone")
            waiting.append(1)
            places._pause(600)
            raise AssertionError("waited to the end")

        monkeypatch.setattr("lib.datasets.fma.places.extract", extract)
        began = time.monotonic()
        with pytest.raises(ReportError, match="the server is gone"):
            places.get(tracks)
    assert time.monotonic() - began < 60


def test_the_tracks_table_of_a_draw(tmp_path, archives):
    with serve(archives) as server:
        tracks = assemble(Study("fma", tmp_path), "fma", "", **DRAW, address=server.address, workers=1)
    assert set(tracks["status"]) == {"ok"}
    assert tracks["official"].tolist() == ["train"] * 10
    assert {"energy", "danceability"} <= set(tracks.columns)
    assert "whole_s" not in tracks


def test_the_real_clips_of_fma_come_through(tmp_path):
    folder = music_folder() / "fma" / "clips"
    if not folder.is_dir():
        pytest.skip(f"FMA's clips are missing: no {folder} (set MUSIC_DATA)")
    clips = {fma.member(int(path.stem)): path.read_bytes() for path in sorted(folder.glob("*.mp3"))}
    songs = [Song(int(name[-10:-4]), "Hip-Hop", "AWOL") for name in clips]
    files = {"/fma_metadata.zip": fma.archive(fma.tables(songs)), "/fma_small.zip": fma.archive(clips)}
    with serve(files, Faults(cut=0.2)) as server:
        rows = collect(Study("fma", tmp_path), "", genres=["Hip-Hop"], songs=3, address=server.address, workers=1)
    assert {path: (folder / f"{path[-10:-4]}.mp3").read_bytes() for path in rows["path"]} == {
        path: Path(path).read_bytes() for path in rows["path"]
    }


class TestCommand:
    """``python -m lib.workflow fetch``, killed and run again."""

    @pytest.fixture
    def config(self, tmp_path):
        def write(address: str):
            path = tmp_path / "small.yaml"
            declared = {
                "corpus": "fma", "networks": ["yu2018"], "splits": ["random"],
                "parameters": {"01": {"drawing": DRAW | {"address": address}}},
            }  # fmt: skip
            path.write_text(yaml.safe_dump(declared))
            return path

        return write

    def test_says_what_is_there(self, tmp_path, archives, config, capsys):
        with serve(archives) as server:
            assert main(["fetch", "--study", str(config(server.address)), "--root", str(tmp_path / "a")]) == 0
        assert "10 songs are there (Rock 5, Folk 5)" in capsys.readouterr().out

    def test_names_what_is_wrong(self, tmp_path, archives, config, capsys):
        with serve(archives, Faults(ranges=False)) as server:
            assert main(["fetch", "--study", str(config(server.address)), "--root", str(tmp_path / "a")]) == 1
        assert "would have to be downloaded" in capsys.readouterr().err
        assert main(["fetch", "--study", "demo", "--root", str(tmp_path / "a")]) == 1
        assert "name one of corpus fma" in capsys.readouterr().err

    @pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
    @pytest.mark.parametrize("times", [3, pytest.param(20, marks=pytest.mark.slow)])
    def test_killed_at_random_moments_it_ends_the_same(self, tmp_path, archives, config, times):
        chance = random.Random(times)
        with serve(archives, Faults(pause_s=0.03)) as server:
            study = str(config(server.address))

            def start(name):
                # Forked, for what it imports takes longer than what it does.
                process = fork.Process(target=main, args=(["fetch", "--study", study, "--root", str(tmp_path / name)],))
                process.start()
                return process

            began = time.monotonic()
            start("whole").join()
            whole_s = time.monotonic() - began
            for _ in range(times):
                process = start("killed")
                process.join(chance.uniform(0.2, 1) * whole_s)
                process.kill()
                process.join()
            command = [
                sys.executable,
                "-m",
                "lib.workflow",
                "fetch",
                "--study",
                study,
                "--root",
                str(tmp_path / "killed"),
            ]
            assert "10 songs" in subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True).stdout
        whole, killed = (contents(tmp_path / name) for name in ("whole", "killed"))
        assert whole == killed
