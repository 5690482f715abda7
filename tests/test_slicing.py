import numpy as np
import pandas as pd
import pytest
import soundfile

from lib import parts
from lib.datasets.tracks import tracks_table
from lib.errors import ReportError
from lib.features.slices import Slices
from lib.features.slicing import make_slices
from lib.features.spectrogram import Spectrogram
from lib.io import read_json, write_parquet
from lib.paths import Study

SMALL = Spectrogram(n_mels=16, n_fft=1024, hop_length=512)


@pytest.fixture
def tracks(tmp_path, tone):
    rows = [
        {"track_id": "a", "path": str(tone("a.wav", seconds=9)), "status": "ok"},
        {"track_id": "b", "path": str(tone("b.ogg", seconds=40, hz=880)), "status": "ok"},
        {"track_id": "c", "path": str(tone("c.wav", seconds=2)), "status": "ok"},
        {"track_id": "d", "path": str(tmp_path / "gone.wav"), "status": "ok"},
        {"track_id": "e", "path": str(tmp_path / "e.wav"), "status": "silent", "reason": "found silent before"},
    ]
    return tracks_table(pd.DataFrame(rows))


def test_slices_table_and_manifest_agree(tmp_path, tracks):
    report = make_slices(tracks, tmp_path / "slices", SMALL, workers=1, shard=10).set_index("track_id")
    assert dict(report["slices"]) == {"a": 3, "b": 10, "c": 0, "d": 0, "e": 0}
    assert dict(report["status"]) == {"a": "ok", "b": "ok", "c": "short", "d": "missing", "e": "silent"}
    assert report.loc["e", "reason"] == "found silent before"
    assert "2.0 s" in report.loc["c", "reason"]

    slices = Slices(tmp_path / "slices")
    assert slices.shape == (13, *SMALL.shape)
    assert slices.spectrogram == SMALL
    assert list(slices.table["start_s"][:4]) == [0, 3, 6, 0]
    assert slices.table["shard"].nunique() == 2
    order = np.random.default_rng(0).permutation(13)
    assert (slices.take(order) == slices.take(np.arange(13))[order]).all()
    assert (np.concatenate(list(slices.batches(order, 5))) == slices.take(order)).all()


def test_the_same_music_gives_the_same_bytes_with_any_number_of_workers(tmp_path, tracks):
    make_slices(tracks, tmp_path / "one", SMALL, workers=1)
    make_slices(tracks, tmp_path / "two", SMALL, workers=2)
    assert read_json(tmp_path / "one" / "slices.json") == read_json(tmp_path / "two" / "slices.json")
    assert Slices(tmp_path / "one").digest == Slices(tmp_path / "two").digest


def test_nothing_half_written_is_left(tmp_path, tracks):
    with pytest.raises(ReportError, match="Not one clip"):
        make_slices(tracks.assign(status="unreadable"), tmp_path / "slices", SMALL, workers=1)
    assert not list(tmp_path.glob("*slices*"))


def test_a_damaged_shard_is_noticed(tmp_path, tracks):
    make_slices(tracks, tmp_path / "slices", SMALL, workers=1)
    shard = tmp_path / "slices" / "slices-00000.npy"
    shard.write_bytes(shard.read_bytes()[:-100])
    with pytest.raises(ReportError, match="slices-00000"):
        Slices(tmp_path / "slices")


def test_a_changed_parameter_changes_the_digest(tmp_path, tracks):
    make_slices(tracks, tmp_path / "a", SMALL, workers=1)
    make_slices(tracks, tmp_path / "b", Spectrogram(n_mels=16, n_fft=1024, hop_length=512, top_db=60.0), workers=1)
    assert Slices(tmp_path / "a").digest != Slices(tmp_path / "b").digest


@pytest.mark.real
def test_real_music_gives_ten_slices_of_96_by_129(tmp_path, emotify):
    paths = sorted((emotify / "pop").glob("*.mp3"))[:3]
    rows = [{"track_id": path.stem, "path": str(path), "status": "ok"} for path in paths]
    make_slices(tracks_table(pd.DataFrame(rows)), tmp_path / "slices", Spectrogram())
    slices = Slices(tmp_path / "slices")
    assert slices.shape == (30, 96, 129)
    assert slices.take(np.arange(30)).max() == 255
    assert soundfile.info(paths[0]).samplerate == 44100


def test_an_altered_shard_is_noticed_by_its_checksum(tmp_path, tracks):
    make_slices(tracks, tmp_path / "slices", SMALL, workers=1)
    Slices(tmp_path / "slices").verify()
    shard = tmp_path / "slices" / "slices-00000.npy"
    data = bytearray(shard.read_bytes())
    data[-7] ^= 1
    shard.write_bytes(data)
    with pytest.raises(ReportError, match=r"slices-00000.npy is not what 02 wrote"):
        Slices(tmp_path / "slices").verify()


def test_parts_joined_are_what_one_job_makes(tmp_path, tracks):
    study = Study("toy", tmp_path)
    more = pd.concat([tracks, tracks.assign(track_id=tracks["track_id"] + "2")], ignore_index=True)
    write_parquet(more, study.tracks)
    assert parts.number_of(more) == 0
    assert parts.number_of(more, size=3) == 3  # of eight good ones
    folders = {number: parts.make(study, number, SMALL, workers=1, size=3) for number in (2, 0, 1)}
    folders = [folders[number] for number in range(3)]
    report = parts.join(folders, more, study.slices, SMALL)
    whole = make_slices(more, tmp_path / "whole", SMALL, workers=1)
    pd.testing.assert_frame_equal(report, whole, check_dtype=False)
    joined, alone = Slices(study.slices), Slices(tmp_path / "whole")
    assert joined.digest == alone.digest
    every = np.arange(len(alone))
    assert (joined.take(every) == alone.take(every)).all()
    assert list(joined.table["track_id"]) == list(alone.table["track_id"])
    shard = study.slices / "slices-00000.npy"
    assert shard.stat().st_nlink == 2  # it takes no room twice


def test_a_part_is_made_again_if_it_is_of_something_else_or_damaged(tmp_path, tracks):
    study = Study("toy", tmp_path)
    write_parquet(tracks, study.tracks)
    parts.make(study, 0, SMALL, workers=1, size=2)
    empty = parts.make(study, 1, SMALL, workers=1, size=2)  # nothing but unreadable tracks
    assert not read_json(empty / "slices.json")["shards"]
    first, shard = empty.with_name("00000") / "slices.json", empty.with_name("00000") / "slices-00000.npy"

    def made(spectrogram=SMALL):
        before = first.stat().st_mtime_ns
        parts.make(study, 0, spectrogram, workers=1, size=2)
        return first.stat().st_mtime_ns != before

    assert not made()
    data = bytearray(shard.read_bytes())
    data[-7] ^= 1
    shard.write_bytes(data)
    assert made() and not made()
    assert made(Spectrogram(n_mels=32, n_fft=1024, hop_length=512)) and made()
    write_parquet(tracks.assign(sha256="other"), study.tracks)
    assert made()
    clips = first.with_name("clips.parquet")
    table = pd.read_parquet(clips)
    write_parquet(table.assign(status="unreadable", reason="took longer than 60 s"), clips)
    assert made() and not made()  # what could be read before may be again
    with pytest.raises(ReportError, match=r"part 2: .* 2 parts"):
        parts.make(study, 2, SMALL, size=2)


def test_a_large_study_is_joined_from_its_parts(tmp_path, tracks, monkeypatch):
    monkeypatch.setattr(parts, "TRACKS", 2)
    study = Study("toy", tmp_path)
    write_parquet(tracks, study.tracks)
    monkeypatch.setattr(parts.number_of, "__defaults__", (2,))
    monkeypatch.setattr(parts.make, "__kwdefaults__", {**parts.make.__kwdefaults__, "size": 2})
    report = parts.slice_study(study, tracks, SMALL, workers=1)
    assert dict(zip(report["track_id"], report["slices"], strict=True)) == {"a": 3, "b": 10, "c": 0, "d": 0, "e": 0}
    assert len(list(parts.folder_of(study).iterdir())) == 2
    Slices(study.slices).verify()
