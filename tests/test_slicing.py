import shutil

import numpy as np
import pandas as pd
import pytest
import soundfile

from lib.datasets.tracks import tracks_table
from lib.errors import ReportError
from lib.features import slicing
from lib.features.slices import Slices
from lib.features.slicing import chunks_of, make_chunk, make_slices
from lib.features.spectrogram import Spectrogram
from lib.io import read_json, write_parquet
from tests.synthetic import serial

SMALL = Spectrogram(n_mels=16, n_fft=1024, hop_length=512)


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch, request):
    """Cut without worker processes, which take long to start, but in the tests that are about them."""
    if "workers" not in request.node.name:
        monkeypatch.setattr("lib.pool.run", serial)


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


def test_the_same_music_gives_the_same_bytes_with_any_number_of_workers(tmp_path, tracks):
    make_slices(tracks, tmp_path / "one", SMALL, workers=1)
    make_slices(tracks, tmp_path / "two", SMALL, workers=2)
    assert read_json(tmp_path / "one" / "slices.json") == read_json(tmp_path / "two" / "slices.json")
    assert Slices(tmp_path / "one").digest == Slices(tmp_path / "two").digest


def test_nothing_half_written_is_left(tmp_path, tracks):
    with pytest.raises(ReportError, match="Not one clip"):
        make_slices(tracks.assign(status="unreadable"), tmp_path / "slices", SMALL, workers=1)
    assert not (tmp_path / "slices" / "slices.json").exists()


def test_an_interrupted_chunk_is_not_there(tmp_path, tracks, monkeypatch):
    def stop(text):
        raise KeyboardInterrupt

    monkeypatch.setattr("lib.progress.tell", stop)
    with pytest.raises(KeyboardInterrupt):
        make_slices(tracks, tmp_path / "slices", SMALL, workers=1)
    assert not [path for path in tmp_path.rglob("*") if path.suffix in (".json", ".npy", ".parquet")]


def test_a_damaged_shard_is_noticed(tmp_path, tracks):
    make_slices(tracks, tmp_path / "slices", SMALL, workers=1)
    shard = tmp_path / "slices" / "chunk-0" / "slices-00000.npy"
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
    shard = tmp_path / "slices" / "chunk-0" / "slices-00000.npy"
    data = bytearray(shard.read_bytes())
    data[-7] ^= 1
    shard.write_bytes(data)
    with pytest.raises(ReportError, match=r"slices-00000.npy is not what 02 wrote"):
        Slices(tmp_path / "slices").verify()


def test_chunks_joined_are_what_one_job_makes(tmp_path, tracks):
    more = pd.concat([tracks, tracks.assign(track_id=tracks["track_id"] + "2")], ignore_index=True)
    assert chunks_of(more) == chunks_of(more, 8) == 0
    assert chunks_of(more, 3) == 3  # of eight good ones
    for number in (2, 0, 1):
        make_chunk(more, tmp_path / "chunks", number, SMALL, workers=1, chunk=3)
    report = make_slices(more, tmp_path / "chunks", SMALL, workers=1, chunk=3)
    whole = make_slices(more, tmp_path / "whole", SMALL, workers=1)
    assert report["track_id"].tolist() == more["track_id"].tolist()
    pd.testing.assert_frame_equal(report, whole)
    joined, alone = Slices(tmp_path / "chunks"), Slices(tmp_path / "whole")
    joined.verify()
    assert joined.digest == alone.digest
    every = np.arange(len(alone))
    assert len(joined) == len(alone) == 26
    assert (joined.take(every) == alone.take(every)).all()
    columns = ["track_id", "start_s"]
    pd.testing.assert_frame_equal(joined.table[columns], alone.table[columns])
    assert len(list((tmp_path / "whole").glob("chunk-*"))) == 1
    one = Slices(make_chunk(more, tmp_path / "chunks", 1, SMALL, chunk=3))  # is a store of its own
    assert set(one.table["track_id"]) == {"a2", "b2"}


def test_a_smaller_corpus_leaves_no_chunk_of_the_larger(tmp_path, tracks):
    make_slices(tracks, tmp_path, SMALL, workers=1, chunk=1)
    assert len(list(tmp_path.glob("chunk-*"))) == 4
    make_slices(tracks[:2], tmp_path, SMALL, workers=1, chunk=1)
    assert sorted(path.name for path in tmp_path.glob("chunk-*")) == ["chunk-0", "chunk-1"]
    Slices(tmp_path).verify()


@pytest.fixture
def cut(monkeypatch):
    """Files that were cut since it was last emptied; the test signal of the digest is none of them."""
    cut, clip_slices = [], slicing.clip_slices

    def noting(path, spectrogram):
        if not path.endswith("signal.wav"):
            cut.append(path.rsplit("/", 1)[1])
        return clip_slices(path, spectrogram)

    monkeypatch.setattr(slicing, "clip_slices", noting)
    return cut


def recut(cut, tracks, folder, spectrogram=SMALL):
    """Files that `make_slices` cuts."""
    cut.clear()
    make_slices(tracks, folder, spectrogram, workers=1, chunk=2)
    return sorted(cut)


FIRST, ALL = ["a.wav", "b.ogg"], ["a.wav", "b.ogg", "c.wav", "gone.wav"]


def test_a_finished_chunk_is_kept_and_one_of_something_else_or_damaged_is_cut_again(tmp_path, tracks, cut):
    folder = tmp_path / "slices"
    assert recut(cut, tracks, folder) == ALL
    assert recut(cut, tracks, folder) == []
    shutil.rmtree(folder / "chunk-1")
    assert recut(cut, tracks, folder) == ALL[2:]
    shard = folder / "chunk-0" / "slices-00000.npy"
    data = bytearray(shard.read_bytes())
    data[-7] ^= 1
    shard.write_bytes(data)
    assert recut(cut, tracks, folder) == FIRST
    Slices(folder).verify()
    assert recut(cut, tracks.assign(title="another"), folder) == []
    other = tracks.copy()
    other.loc[1, "sha256"] = "other bytes"
    assert recut(cut, other, folder) == FIRST
    assert recut(cut, tracks, folder, Spectrogram(n_mels=32, n_fft=1024, hop_length=512)) == ALL
    assert recut(cut, tracks, folder) == ALL
    clips = folder / "chunk-0" / "clips.parquet"
    write_parquet(pd.read_parquet(clips).assign(status="unreadable", reason="took longer than 60 s"), clips)
    assert recut(cut, tracks, folder) == FIRST  # what could be read before may be again
    assert recut(cut, tracks, folder) == []
    with pytest.raises(ReportError, match=r"chunk 2: .* 2 chunks"):
        make_chunk(tracks, folder, 2, SMALL, chunk=2)


@pytest.mark.parametrize("step", ["to_grey", "log_mel", "cut_slices", "load_excerpt"])
def test_a_changed_pixel_changes_the_digest_and_makes_the_chunks_anew(tmp_path, tracks, cut, monkeypatch, step):
    make_slices(tracks, tmp_path, SMALL, workers=1, chunk=2)
    before, original = Slices(tmp_path), getattr(slicing, step)
    pixels, digest = before.take(np.arange(len(before))), slicing.pixel_digest(SMALL)

    def brighter(*given, **named):
        made = original(*given, **named)
        if step == "load_excerpt":
            return (np.roll(made[0], 441), *made[1:])  # the excerpt begins elsewhere
        return 0.99 * made if step == "log_mel" else np.maximum(made, 1)  # a silent pixel is 1, not 0

    monkeypatch.setattr(slicing, step, brighter)
    assert slicing.pixel_digest(SMALL) != digest
    assert recut(cut, tracks, tmp_path) == ALL
    after = Slices(tmp_path)
    assert after.digest != before.digest
    assert step == "load_excerpt" or (after.take(np.arange(len(after))) != pixels).any()
