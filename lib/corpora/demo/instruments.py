"""Pitched instruments: a note is a few band-limited wavetables that fade at different speeds.

High partials of a struck or plucked string fade faster than low ones (Fletcher and Rossing 1998,
doi 10.1007/978-0-387-21603-4); the singer's vowels are resonances at fixed frequencies (Peterson and Barney 1952,
doi 10.1121/1.1906875).
"""

import math
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np

from lib.corpora.demo.artists import Artist
from lib.corpora.demo.randomness import generator

RATE = 44100  # Hz
CEILING = 15000.0  # Hz of the highest partial
BITS = 12  # of the length of a wavetable
SPLITS = (3, 9)  # partial numbers at which the middle and the high band begin
VOWELS = {
    "a": (730, 1090, 2440), "e": (530, 1840, 2480), "i": (270, 2290, 3010), "o": (570, 840, 2410),
    "u": (300, 870, 2240),
}  # fmt: skip


@dataclass(frozen=True)
class Instrument:
    """How an instrument sounds.

    Parameters
    ----------
    slope : float
        Partial k has the amplitude k ** -slope.
    even : float in 0..1
        Level of the even partials (a clarinet's and a square wave's are weak).
    attack, release : float
        Seconds.
    decay : float
        Time constant of the lowest band in seconds; 0 = sustained.
    damping : float
        How much faster each higher band fades.
    voices : int
        Detuned copies.
    detune : float
        Cents between the outermost copies, before the artist's factor.
    vibrato : float
        Cents.
    noise : float
        Breath, bow or hammer noise, relative to the tone.
    partials : tuple of float
        Amplitudes instead of `slope`.
    body : tuple of float
        Frequencies of resonances in Hz.
    """

    slope: float = 1.0
    even: float = 1.0
    attack: float = 0.004
    decay: float = 0.0
    damping: float = 0.0
    release: float = 0.05
    voices: int = 1
    detune: float = 0.0
    vibrato: float = 0.0
    noise: float = 0.0
    partials: tuple[float, ...] = ()
    body: tuple[float, ...] = ()


INSTRUMENTS = {
    "electric_guitar": Instrument(1.0, decay=1.8, damping=0.5, voices=2, detune=9),
    "electric_lead": Instrument(0.9, decay=2.5, damping=0.3, vibrato=18, release=0.08),
    "clean_guitar": Instrument(1.35, decay=0.9, damping=1.6, voices=2, detune=7, release=0.12),
    "acoustic_guitar": Instrument(1.15, decay=0.7, damping=2.2, noise=0.05, body=(110, 220, 430), release=0.12),
    "banjo": Instrument(0.75, decay=0.22, damping=1.2, noise=0.05, body=(600, 1200)),
    "harp": Instrument(1.7, decay=0.9, damping=1.8, release=0.4),
    "piano": Instrument(1.5, decay=1.2, damping=1.8, noise=0.02, voices=2, detune=2.5, release=0.15),
    "electric_piano": Instrument(decay=1.3, damping=2.5, partials=(1, 0.35, 0.08, 0.2, 0, 0.03, 0.12), release=0.12),
    "organ": Instrument(partials=(0.8, 1, 0.6, 0.5, 0.1, 0.3, 0, 0.35), vibrato=9, attack=0.01, voices=2, detune=5),
    "strings": Instrument(1.1, attack=0.14, release=0.3, voices=3, detune=16, vibrato=7, body=(480, 1100)),
    "warm_pad": Instrument(1.8, attack=0.25, release=0.5, voices=3, detune=18),
    "saw_pad": Instrument(0.95, attack=0.015, release=0.15, voices=4, detune=26),
    "synth_pluck": Instrument(0.95, decay=0.22, damping=1.3, voices=2, detune=12, release=0.1),
    "saw_lead": Instrument(0.95, attack=0.01, voices=3, detune=16, vibrato=8, release=0.08),
    "square_lead": Instrument(1.0, even=0.08, attack=0.008, vibrato=10, voices=2, detune=8, release=0.06),
    "flute": Instrument(2.3, attack=0.06, vibrato=14, noise=0.06, release=0.08),
    "violin": Instrument(1.0, attack=0.07, vibrato=20, noise=0.02, body=(450, 1000, 2600), release=0.1),
    "cello": Instrument(1.15, attack=0.09, vibrato=15, noise=0.02, body=(220, 500, 1400), release=0.15),
    "voice": Instrument(1.0, attack=0.04, vibrato=28, noise=0.02, release=0.07),
    "rap": Instrument(0.9, attack=0.012, noise=0.12, release=0.04),
    "bell": Instrument(decay=0.8, damping=1.0, partials=(1, 0, 0, 0.45, 0, 0, 0, 0, 0, 0.25), release=0.5),
    "finger_bass": Instrument(1.5, decay=0.9, damping=1.8),
    "pick_bass": Instrument(1.05, decay=0.9, damping=1.2, noise=0.03),
    "upright_bass": Instrument(1.6, decay=0.5, damping=2.0, body=(90, 250), noise=0.02),
    "synth_bass": Instrument(1.0, decay=0.6, damping=1.0, voices=2, detune=8),
    "sub_bass": Instrument(decay=1.4, damping=0.5, partials=(1, 0.22, 0.08, 0.03), release=0.08),
}  # fmt: skip


def _resonances(frequency: np.ndarray, centres: tuple[float, ...], sharpness: float) -> np.ndarray:
    """Gain of resonances whose width is a part of their frequency."""
    gain = np.zeros_like(frequency)
    for i, centre in enumerate(centres):
        gain += 0.7**i / (1 + ((frequency - centre) * sharpness / centre) ** 2)
    return gain


def amplitudes(instrument: str, f0: float, artist: Artist, brightness: float, vowel: str = "") -> np.ndarray:
    """Amplitudes of the partials of a note [shape=(partials,)], of energy 1."""
    spec = INSTRUMENTS[instrument]
    k = np.arange(1, max(2, min(int(CEILING / f0), 400)) + 1)
    if spec.partials:
        level = np.zeros(len(k))
        count = min(len(k), len(spec.partials))
        level[:count] = np.asarray(spec.partials[:count]) * k[:count] ** (0.4 * (brightness - 0.5))
    else:
        level = k ** -(spec.slope * (1.25 - 0.5 * brightness))
        level[1::2] *= spec.even
    frequency = k * f0
    if vowel:
        level = level * (0.03 + _resonances(frequency, tuple(f * artist.formant for f in VOWELS[vowel]), 7.0))
    elif spec.body:
        level = level * (0.5 + _resonances(frequency, spec.body, 2.5))
    return level / np.sqrt((level**2).sum())


@lru_cache(maxsize=8)
def _phases(instrument: str) -> np.ndarray:
    return generator(0, "phases", instrument).uniform(0, 2 * math.pi, 401)


def _tables(instrument: str, level: np.ndarray) -> list[np.ndarray]:
    """One wavetable a band of partials; one in all if they fade alike."""
    bounds = (1, *SPLITS, len(level) + 1) if INSTRUMENTS[instrument].damping else (1, len(level) + 1)
    tables = []
    for low, high in pairwise(bounds):
        if low > len(level):
            break
        spectrum = np.zeros(2 ** (BITS - 1) + 1, dtype=complex)
        high = min(high, len(level) + 1)
        spectrum[low:high] = level[low - 1 : high - 1] * np.exp(1j * _phases(instrument)[low:high])
        tables.append((np.fft.irfft(spectrum) * 2 ** (BITS - 1)).astype(np.float32))
    return tables


def play(instrument: str, midi: int, seconds: float, artist: Artist, brightness: float, vowel: str = "") -> np.ndarray:
    """Sound of one note.

    Parameters
    ----------
    instrument : str
        Key of `INSTRUMENTS`.
    midi : int
        Pitch, A4 = 69.
    seconds : float > 0
        Until the release.
    artist : Artist
        Gives detuning and the size of the singer.
    brightness : float in 0..1
    vowel : str
        Key of `VOWELS` for a voice, else empty.

    Returns
    -------
    np.ndarray [shape=(n,), dtype=float32]
        At 44.1 kHz, of about unit energy while it sounds.
    """
    spec = INSTRUMENTS[instrument]
    f0 = 440.0 * 2 ** ((midi - 69) / 12)
    rng = generator(0, "note", instrument, midi)
    n = int((seconds + spec.release) * RATE)
    time = np.arange(n, dtype=np.float32) / np.float32(RATE)
    tables = _tables(instrument, amplitudes(instrument, f0, artist, brightness, vowel))

    waver = None
    if spec.vibrato:  # as a shift of the phase; it sets in after the attack
        rate = 5.2
        depth = f0 * (2 ** (spec.vibrato / 1200) - 1) / (2 * math.pi * rate)
        waver = depth * np.sin(2 * np.pi * rate * time) * np.minimum(time / 0.3, 1)
        waver = (waver * 2**32).astype(np.int64).astype(np.uint32)
    bands = [np.zeros(n, dtype=np.float32) for _ in tables]
    for cents in np.linspace(-0.5, 0.5, spec.voices) * spec.detune * artist.detune if spec.voices > 1 else (0.0,):
        step = np.uint32(f0 * 2 ** (cents / 1200) / RATE * 2**32)
        phase = np.arange(n, dtype=np.uint32) * step + np.uint32(rng.integers(2**32))
        if waver is not None:
            phase += waver
        phase >>= np.uint32(32 - BITS)
        for band, table in zip(bands, tables, strict=True):
            band += table[phase]
    out = np.zeros(n, dtype=np.float32)
    for i, band in enumerate(bands):
        out += band * np.exp(-time * np.float32((1 + spec.damping * i) / spec.decay)) if spec.decay else band
    out /= np.float32(math.sqrt(spec.voices))
    if spec.noise:
        out += _breath(spec, time, rng)
    return out * _envelope(spec, n, seconds)


def _breath(spec: Instrument, time: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    noise = rng.standard_normal(len(time), dtype=np.float32) * np.float32(spec.noise)
    if spec.decay or spec.attack < 0.02:  # a hammer, a plectrum or a consonant: only the start
        noise *= 4 * np.exp(-time / np.float32(0.015))
    return noise


def _envelope(spec: Instrument, n: int, seconds: float) -> np.ndarray:
    envelope = np.ones(n, dtype=np.float32)
    attack = min(int(spec.attack * RATE) + 1, max(1, int(seconds * RATE * 0.6)), n)
    envelope[:attack] = np.linspace(0, 1, attack, dtype=np.float32)
    release = min(int(spec.release * RATE), n)
    envelope[n - release :] *= np.linspace(1, 0, release, dtype=np.float32) ** 2
    return envelope
