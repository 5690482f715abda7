"""Calibrated probabilities, and out-of-distribution sound."""

import numpy as np
import pytest
import scipy.signal
import soxr
from hypothesis import given
from hypothesis import strategies as st

from lib.audio import load_excerpt
from lib.features.spectrogram import Spectrogram, cut_slices, log_mel, to_grey
from lib.tagging.model import SHIPPED, load
from lib.tagging.ood import NAMES, Normal, features, learn, song_features
from lib.tagging.temperature import BOUNDS, temperature, tempered
from tests.synthetic import RATE, song

SPECTROGRAM = Spectrogram()
LENGTH = 30 * RATE


def slices_of(y):
    return cut_slices(to_grey(log_mel(y.astype(np.float32), SPECTROGRAM)), SPECTROGRAM)


@given(st.floats(0.2, 5), st.integers(0, 1000))
def test_a_temperature_keeps_the_order_and_the_sum(value, seed):
    given_ = np.random.default_rng(seed).dirichlet(np.ones(4), 3)
    changed = tempered(given_, value)
    assert np.allclose(changed.sum(axis=1), 1, atol=1e-5)
    assert (changed.argmax(axis=1) == given_.argmax(axis=1)).all()
    sharper = changed.max(axis=1) >= given_.max(axis=1) - 1e-5
    assert sharper.all() if value <= 1 else (changed.max(axis=1) <= given_.max(axis=1) + 1e-5).all()


@pytest.mark.parametrize("true", [0.5, 1.0, 2.0])
def test_the_temperature_of_overconfident_predictions_is_found(true):
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, (4000, 3))
    chances = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    labels = np.array([rng.choice(3, p=row) for row in chances])
    sharpened = tempered(chances, 1 / true)  # too sure by a factor of `true`
    found = temperature(sharpened, np.arange(4000), labels)
    assert found == pytest.approx(true, rel=0.1)


def test_few_songs_move_the_temperature_little_and_none_not_at_all():
    chances = np.array([[0.6, 0.4]])
    assert temperature(chances, np.array(["a"]), np.array([-1])) == 1.0
    assert BOUNDS[0] < temperature(chances, np.array(["a"]), np.array([0])) < 1.0
    many = temperature(np.repeat(chances, 200, axis=0), np.arange(200), np.zeros(200, int))
    assert many < temperature(chances, np.array(["a"]), np.array([0]))


def noise(rng):
    return 0.1 * rng.normal(size=LENGTH)


def pink(rng):
    spectrum = np.fft.rfft(rng.normal(size=LENGTH))
    spectrum[1:] /= np.sqrt(np.arange(1, len(spectrum)))
    y = np.fft.irfft(spectrum, LENGTH)
    return 0.3 * y / np.abs(y).max()


def hiss(rng):
    return 3e-4 * rng.normal(size=LENGTH)


def tone(rng):
    return 0.3 * np.sin(2 * np.pi * 440 * np.arange(LENGTH) / RATE)


def speech(rng):
    """Voice by source and filter: pulses through the resonances of vowels, with hisses and pauses between."""
    y, at = np.zeros(LENGTH), 0
    vowels = [(730, 1090, 2440), (270, 2290, 3010), (300, 870, 2240), (530, 1840, 2480), (570, 840, 2410)]
    while at < LENGTH - RATE:
        length = int(rng.uniform(0.1, 0.25) * RATE)
        pitch = 120 * 2 ** (rng.normal() / 12)
        source = np.zeros(length)
        source[:: int(RATE / pitch)] = 1
        for formant in vowels[rng.integers(len(vowels))]:
            width = np.exp(-np.pi * 80 / RATE)
            source = scipy.signal.lfilter([1], [1, -2 * width * np.cos(2 * np.pi * formant / RATE), width**2], source)
        y[at : at + length] += np.hanning(length) * source / np.abs(source).max()
        at += length
        if rng.random() < 0.5:
            burst = int(0.07 * RATE)
            sos = scipy.signal.butter(2, 3500, "highpass", fs=RATE, output="sos")
            y[at : at + burst] += 0.15 * np.hanning(burst) * scipy.signal.sosfilt(sos, rng.normal(size=burst))
            at += burst
        at += int(rng.choice([0.02, 0.05, 0.4], p=[0.5, 0.35, 0.15]) * RATE)
    return 0.5 * y / np.abs(y).max() + 1e-4 * rng.normal(size=LENGTH)


@pytest.fixture(scope="module")
def known():
    return load(SHIPPED).training_distribution


@pytest.mark.parametrize("make", [noise, pink, hiss, tone, speech])
def test_what_is_no_music_is_out_of_distribution(known, make):
    for seed in range(3):
        slices = slices_of(make(np.random.default_rng(seed)))
        assert known.ood_score(song_features(slices, SPECTROGRAM)) > 1
        assert known.farthest_feature(song_features(slices, SPECTROGRAM))


def test_music_over_a_telephone_is_out_of_distribution_and_music_is_not(known, emotify):
    telephone = scipy.signal.butter(4, [300, 3400], "bandpass", fs=RATE, output="sos")
    paths = [
        emotify / genre / f"{number}.mp3" for genre in ("classical", "electronic", "pop", "rock") for number in (7, 40)
    ]
    scores = {"plain": [], "telephone": []}
    for path in paths:
        y, _ = load_excerpt(path)
        narrow = soxr.resample(soxr.resample(y, RATE, 8000), 8000, RATE)
        for name, sound in (("plain", y), ("telephone", scipy.signal.sosfilt(telephone, narrow))):
            scores[name].append(known.ood_score(song_features(slices_of(sound), SPECTROGRAM)))
    assert max(scores["plain"]) < 1 < min(scores["telephone"])


def test_songs_of_artists_left_out_pass_as_often_as_promised():
    songs = [slices_of(song(number, 12, artist=number // 2)) for number in range(60)]
    learnt = learn(songs, [str(number // 2) for number in range(60)], SPECTROGRAM)
    fresh = [slices_of(song(number, 12, artist=number // 2)) for number in range(200, 240)]
    scores = [learnt.ood_score(song_features(one, SPECTROGRAM)) > 1 for one in fresh]
    assert np.mean(scores) <= 0.15  # .03 promised, of 40 songs of 20 artists
    assert learnt.limits.shape == (4, 2)
    assert len(features(songs[0], SPECTROGRAM)) == len(NAMES)
    assert learnt.ood_score(song_features(slices_of(noise(np.random.default_rng(0)))[:4], SPECTROGRAM)) > 1


def test_what_never_varies_in_training_is_known_no_better_than_to_half_a_grey_level():
    rows = np.random.default_rng(0).normal(size=(200, 4)) * [1, 1, 1, 1e-15]
    fitted = Normal.fitted(rows)
    one_level, silent = np.array([[0, 0, 0, 1 / 255], [0, 0, 0, 1.0]])
    assert np.all(fitted.away(np.stack([one_level, silent]))[:, 3] < [3, 600])
    assert fitted.distance(one_level[None]) < fitted.distance(silent[None]) < 1e7
