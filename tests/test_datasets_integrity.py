import numpy as np
import pytest
import soundfile

from lib.datasets.integrity import probe_file, probe_tracks
from tests.synthetic import Deadly, song, write


def test_a_good_clip(tmp_path):
    probe = probe_file(str(write(tmp_path / "a.flac", song(0, 5))))
    assert (probe.status, probe.reason) == ("ok", "")
    assert probe.duration_s == pytest.approx(5, abs=0.01)
    assert len(probe.sha256) == 64
    assert probe.fingerprint.dtype == np.uint32
    assert len(probe.fingerprint) > 50


def test_three_seconds_suffice(tmp_path):
    assert probe_file(str(write(tmp_path / "a.wav", song(0, 3)))).status == "ok"
    short = probe_file(str(write(tmp_path / "b.wav", song(0, 2.9))))
    assert short.status == "short"
    assert "2.90 s" in short.reason
    assert short.duration_s == pytest.approx(2.9, abs=0.01)


def test_missing(tmp_path):
    probe = probe_file(str(tmp_path / "none.mp3"))
    assert probe.status == "missing"
    assert probe.sha256 is None
    (tmp_path / "nowhere.mp3").symlink_to(tmp_path / "none.mp3")
    assert probe_file(str(tmp_path / "nowhere.mp3")).status == "missing"


@pytest.mark.parametrize("content", [b"", b"not audio at all" * 50, b"RIFF\x00\x00\x00\x00WAVEfmt "])
def test_unreadable(tmp_path, content):
    path = tmp_path / "bad.wav"
    path.write_bytes(content)
    probe = probe_file(str(path))
    assert probe.status == "unreadable"
    assert probe.reason
    assert str(tmp_path) not in probe.reason
    assert len(probe.sha256) == 64


def test_silent(tmp_path):
    probe = probe_file(str(write(tmp_path / "s.wav", np.zeros(5 * 22050))))
    assert probe.status == "silent"
    assert probe.duration_s == pytest.approx(5)


def test_a_cut_off_file_is_a_row(tmp_path):
    whole = write(tmp_path / "a.mp3", song(0, 20)).read_bytes()
    path = tmp_path / "b.mp3"
    path.write_bytes(whole[: len(whole) // 20])
    assert probe_file(str(path)).status in ("short", "unreadable")


def test_memory_a_clip_stays_small(tmp_path):
    path = tmp_path / "long.flac"
    soundfile.write(path, np.tile(song(0, 20), 12), 22050)
    assert probe_file(str(path)).fingerprint.nbytes < 6000


def test_hanging_and_crashing_clips_are_rows_and_the_run_goes_on(tmp_path):
    good = str(write(tmp_path / "good.wav", song(0, 4)))
    endless = tmp_path / "endless.wav"  # sparse: no disk space, but no end of bytes to read
    with endless.open("wb") as file:
        file.truncate(1 << 37)
    rows, prints = probe_tracks([good, str(endless), Deadly(), good], workers=1, timeout_s=6)
    assert rows["status"].tolist() == ["ok", "unreadable", "unreadable", "ok"]
    assert "longer than 6 s" in rows["reason"][1]
    assert "died" in rows["reason"][2]
    assert [len(p) > 0 for p in prints] == [True, False, False, True]


def test_no_clips():
    rows, prints = probe_tracks([])
    assert rows.columns.tolist() == ["sha256", "duration_s", "status", "reason"]
    assert len(rows) == 0
    assert prints == []
