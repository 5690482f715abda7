import numpy as np
import pandas as pd
import pytest
import soundfile

from lib.audio import Spectrogram
from lib.errors import ReportError
from lib.slicing import Slices, make_slices
from lib.tables import read_json, tracks_table

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
