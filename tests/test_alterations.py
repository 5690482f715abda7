"""Altered sound, and what it does to models; on tones and on predictions made by hand."""

import numpy as np
import pandas as pd
import pytest
import soundfile

from lib.audio import load_excerpt
from lib.errors import ReportError
from lib.evaluation.bootstrap import Bootstrap
from lib.evaluation.robustness import robustness
from lib.features import alterations
from lib.features.alterations import ALTERATIONS, NONE, write_altered
from tests.predictions import one, run_of, sure, tracks_of

RATE, SECONDS, HZ = 22050, 4.0, 440.0
TONE = (0.5 * np.sin(2 * np.pi * HZ * np.arange(int(RATE * SECONDS)) / RATE)).astype(np.float32)


def peak_hz(y):
    return np.abs(np.fft.rfft(y * np.hanning(len(y)))).argmax() * RATE / len(y)


@pytest.mark.parametrize("snr_db", [20, 10, 0])
def test_noise_has_the_power_it_should(snr_db):
    added = ALTERATIONS[f"noise_{snr_db}_db"](TONE, RATE) - TONE
    assert 10 * np.log10(np.mean(TONE**2) / np.mean(added**2)) == pytest.approx(snr_db, abs=0.2)


def test_pitch_tempo_level_and_length():
    for name, (hz, seconds, level) in {
        NONE: (HZ, SECONDS, 1),
        "gain_-12_db": (HZ, SECONDS, 10 ** (-12 / 20)),
        "mp3_64_kbit": (HZ, SECONDS, 1),
        "pitch_1_semitone": (HZ * 2 ** (1 / 12), SECONDS, 1),
        "tempo_5_percent": (HZ, SECONDS / 1.05, 1),
    }.items():
        y = ALTERATIONS[name](TONE, RATE)
        middle = y[len(y) // 4 : -len(y) // 4]
        assert y.dtype == np.float32
        assert peak_hz(middle) == pytest.approx(hz, rel=0.005), name
        assert len(y) / RATE == pytest.approx(seconds, abs=0.1), name
        assert np.std(middle) / np.std(TONE) == pytest.approx(level, rel=0.1), name


def test_a_loud_sound_is_not_clipped_by_mp3():
    y = alterations.mp3(4 * TONE, RATE)[RATE:-RATE]
    assert np.std(y) == pytest.approx(np.std(4 * TONE), rel=0.1)
    assert np.abs(y).max() == pytest.approx(np.sqrt(2) * np.std(y), rel=0.02)  # a sine's


def test_altered_songs_are_files_of_their_own(tmp_path):
    soundfile.write(tmp_path / "a.wav", TONE, RATE)
    tracks = pd.DataFrame({"track_id": ["a"], "path": [str(tmp_path / "a.wav")]})
    (path,) = write_altered("gain_-12_db", tracks, tmp_path / "altered", RATE, 2.0)
    y, duration = load_excerpt(path, RATE, 2.0)
    assert duration == 2 and np.abs(y).max() == pytest.approx(0.5 * 10 ** (-12 / 20), rel=0.01)
    assert path != tracks["path"][0]
    with pytest.raises(ReportError, match=r"reverb.*Known are none, noise_20_db"):
        write_altered("reverb", tracks, tmp_path, RATE, 2.0)
    with pytest.raises(ReportError, match="gone"):
        write_altered(NONE, tracks.assign(path=str(tmp_path / "gone.wav")), tmp_path, RATE, 2.0)


def test_changes_are_paired_and_calibration_stands_beside_them():
    tracks = tracks_of(["a"] * 40)
    runs = {
        name: [run_of([sure(f"t{n}", "a" if n < correct else "b") for n in range(40)], split="artist")]
        for name, correct in {NONE: 40, "noise": 20, "gain": 40}.items()
    }
    table = robustness(runs, tracks, Bootstrap(200))
    noise, gain, none = (one(table, alteration=name, level="song") for name in ("noise", "gain", NONE))
    assert (noise.accuracy, noise.change) == (0.5, -0.5) and noise.significant and noise.change_high < 0
    assert (gain.change, gain.change_low, gain.change_high) == (0, 0, 0) and not gain.significant
    assert noise.ece == pytest.approx(0.4) and noise.overconfidence == pytest.approx(0.4) and none.ece < noise.ece
    assert np.isnan(none.change)
