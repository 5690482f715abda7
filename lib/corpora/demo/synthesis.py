"""From notes to a recording: wavetables that fade, swept sines and noise for drums, amplifier, room and studio.

High partials of a struck or plucked string fade faster than low ones (Fletcher and Rossing 1998,
doi 10.1007/978-0-387-21603-4).
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import scipy.fft
import scipy.signal

from lib.corpora.demo.catalogue import CATALOGUE, GENRES, Artist, generator
from lib.corpora.demo.composition import Song
from lib.corpora.demo.score import Note, write_score

RATE = 22050  # Hz: all that a network hears
CEILING = 10000.0  # Hz of the highest partial
TABLE = 2048  # samples of a wavetable
LOW_PARTIALS = 4  # fade slower than those above
VIBRATO_HZ = 5.2
PEAK = 0.8  # of full scale: room for what lossy coding adds
FADE_S = 0.03


@dataclass(frozen=True)
class Instrument:
    """How an instrument sounds.

    Parameters
    ----------
    slope : float
        Partial k has the amplitude k ** -slope.
    partials : tuple of float
        Amplitudes instead of `slope`.
    even : float in 0..1
        Level of the even partials (a clarinet's and a square wave's are weak).
    attack, release : float
        Seconds.
    decay : float
        Time constant of the low partials in seconds; 0 = sustained.
    damping : float
        How much faster the high partials fade.
    voices : int
        Detuned copies.
    detune : float
        Cents between the outermost copies, before the artist's factor.
    vibrato : float
        Cents.
    noise : float
        Breath, bow or hammer noise, relative to the tone.
    amplified, sings : bool
        Whether it is distorted, and whether it has vowels.
    """

    slope: float = 1.0
    partials: tuple[float, ...] = ()
    even: float = 1.0
    attack: float = 0.004
    release: float = 0.05
    decay: float = 0.0
    damping: float = 0.0
    voices: int = 1
    detune: float = 0.0
    vibrato: float = 0.0
    noise: float = 0.0
    amplified: bool = False
    sings: bool = False


INSTRUMENTS = {name: Instrument(**fields) for name, fields in CATALOGUE["instruments"].items()}


def render(song: Song) -> np.ndarray:
    """Play a song.

    Parameters
    ----------
    song : Song

    Returns
    -------
    np.ndarray [shape=(n,), dtype=float32]
        Mono at 22.05 kHz, ``n = round(seconds * 22050)``, peak below 1.
    """
    traits = song.artist.traits
    mix = np.zeros(round(song.seconds * RATE), dtype=np.float32)
    for part, (track, amplified) in _tracks(song, write_score(song), len(mix)).items():
        if amplified:
            track = scipy.signal.sosfilt(_LOUDSPEAKER, np.tanh(traits["drive"] * track / _loudness(track)))
        level = CATALOGUE["mix_db"][part] + GENRES[song.genre]["mix_db"].get(part, 0) + traits[f"{part}_db"]
        mix += np.float32(10 ** (level / 20) / _loudness(track)) * track
    mix = _record(mix, song)
    mix *= np.float32(10 ** (song.loudness_db / 20) / np.sqrt((mix**2).mean()))
    mix = np.float32(PEAK) * np.tanh(mix / np.float32(PEAK))
    mix[-int(FADE_S * RATE) :] *= np.linspace(1, 0, int(FADE_S * RATE), dtype=np.float32)
    return mix


def tone(name: str, midi: int, seconds: float, artist: Artist, brightness: float, vowel: str = "") -> np.ndarray:
    """Sound of one note.

    Parameters
    ----------
    name : str
        Key of `INSTRUMENTS`.
    midi : int
        Pitch, A4 = 69.
    seconds : float > 0
        Until the release.
    artist : Artist
        Gives detuning and the size of the singer.
    brightness : float in 0..1
    vowel : str
        Of a singer, else empty.

    Returns
    -------
    np.ndarray [shape=(n,), dtype=float32]
        Of about unit energy while it sounds.
    """
    spec, rng = INSTRUMENTS[name], generator(0, "note", name, midi)
    f0 = 440.0 * 2 ** ((midi - 69) / 12)
    time = np.arange(int((seconds + spec.release) * RATE)) / RATE
    depth = f0 * (2 ** (spec.vibrato / 1200) - 1) / (2 * math.pi * VIBRATO_HZ)
    cycles = f0 * time + depth * np.sin(2 * np.pi * VIBRATO_HZ * time) * np.minimum(time / 0.3, 1)
    cents = np.linspace(-0.5, 0.5, spec.voices) * spec.detune * artist.traits["detune"] * (spec.voices > 1)
    indices = [((2 ** (c / 1200) * cycles + rng.random()) * TABLE).astype(np.int32) % TABLE for c in cents]
    sound = np.zeros(len(time), dtype=np.float32)
    for i, table in enumerate(_wavetables(name, f0, artist, brightness, vowel)):
        band = sum(table[index] for index in indices) / np.float32(math.sqrt(spec.voices))
        sound += band * _fading(time, spec.decay / (1 + spec.damping * i)) if spec.decay else band
    if spec.noise:  # of a hammer, a plectrum or a consonant: only the start
        noise = rng.standard_normal(len(time), dtype=np.float32) * np.float32(spec.noise)
        sound += noise if spec.attack > 0.02 else 4 * noise * _fading(time, 0.015)
    rise, fall = np.clip(time / spec.attack, 0, 1), np.clip((time[-1] - time) / spec.release, 0, 1)
    return sound * (rise * fall**2).astype(np.float32)


def _fading(time: np.ndarray, decay: float) -> np.ndarray:
    return np.exp(time.astype(np.float32) / np.float32(-decay))


def _wavetables(name: str, f0: float, artist: Artist, brightness: float, vowel: str) -> list[np.ndarray]:
    """One period of the low partials and one of the high ones, of energy 1 together."""
    spec = INSTRUMENTS[name]
    k = np.arange(1, max(2, int(CEILING / f0)) + 1)
    level = k ** -(spec.slope * (1.25 - 0.5 * brightness))
    if spec.partials:
        level = np.pad(spec.partials, (0, len(k)))[: len(k)]
    level[1::2] *= spec.even
    if vowel:
        formants = np.array(CATALOGUE["vowels"][vowel])[:, None] * artist.traits["formant"]
        level *= 0.03 + (np.array([[1.0], [0.7], [0.5]]) / (1 + (7 * (k * f0 / formants - 1)) ** 2)).sum(axis=0)
    level /= np.sqrt((level**2).sum())
    spectrum = np.zeros(TABLE // 2 + 1, dtype=complex)
    spectrum[k] = level * np.exp(2j * np.pi * generator(0, "phases", name).random(TABLE)[k])
    high = np.arange(len(spectrum)) > LOW_PARTIALS
    bands = [spectrum * ~high, spectrum * high] if spec.damping else [spectrum]
    return [(np.fft.irfft(band) * TABLE / 2).astype(np.float32) for band in bands]


def strike(drum: str, artist: Artist) -> np.ndarray:
    """Sound of one stroke on a drum of the artist's kit [shape=(n,), dtype=float32]; a kick's peak is about 1."""
    spec, tune = CATALOGUE["drums"][drum], 2 ** (artist.traits["tuning"] / 12)
    slow = artist.traits["damping"]
    decays = [values[2] for values in spec.values()]
    time = np.arange(int(6 * max(decays) * slow * RATE)) / RATE
    sound = np.zeros(len(time))
    if "sine" in spec:
        high, low, decay, level = spec["sine"]
        glide = 0.03  # seconds
        phase = 2 * np.pi * tune * (low * time - (high - low) * glide * np.expm1(-time / glide))
        sound += level * np.sin(phase) * np.exp(-time / (decay * slow))
    low, high, decay, level = spec["noise"]
    noise = np.fft.rfft(generator(0, "stroke", drum, artist.name).standard_normal(len(time)))
    frequency = np.fft.rfftfreq(len(time), 1 / RATE)
    noise = np.fft.irfft(noise * ((frequency > low * tune) & (frequency < high * tune)), len(time))
    sound += 0.35 * level * noise / noise.std() * np.exp(-time / (decay * slow))
    return sound.astype(np.float32)


def _tracks(song: Song, notes: Iterable[Note], n: int) -> dict[str, tuple[np.ndarray, bool]]:
    """Sound of each part, and whether it is amplified; each distinct note is synthesised once."""
    tracks: dict[str, tuple[np.ndarray, bool]] = {}
    sounds: dict[tuple, np.ndarray] = {}
    for note in notes:
        key = note.instrument, note.midi, note.seconds, note.vowel
        if key not in sounds:
            drum = note.part == "drums"
            sounds[key] = strike(note.instrument, song.artist) if drum else tone(*key[:3], song.artist, song.brightness, note.vowel)
        if note.part not in tracks:
            amplified = note.part != "drums" and INSTRUMENTS[note.instrument].amplified
            tracks[note.part] = np.zeros(n, dtype=np.float32), amplified
        start = round(note.start_s * RATE)
        sound = sounds[key][: n - start]
        tracks[note.part][0][start : start + len(sound)] += np.float32(note.loudness) * sound
    return tracks


def _loudness(track: np.ndarray) -> float:
    """RMS of the part while it sounds, so that rests do not make it louder."""
    return float(np.sqrt((track[track != 0] ** 2).mean())) + 1e-9


_LOUDSPEAKER = scipy.signal.butter(3, 4800.0, fs=RATE, output="sos").astype(np.float32)


def _record(mix: np.ndarray, song: Song) -> np.ndarray:
    """Add the artist's room, a decaying noise, and the colour of studio and song, as one frequency response."""
    traits, rng = song.artist.traits, generator(0, "room", song.artist.name)
    time = np.arange(int(traits["reverb_s"] * RATE), dtype=np.float32) / RATE
    room = rng.standard_normal(len(time), dtype=np.float32) * _fading(time, traits["reverb_s"] / 6.9)
    n = scipy.fft.next_fast_len(len(mix) + len(room), real=True)
    f = np.fft.rfftfreq(n, 1 / RATE).astype(np.float32) + 1e-3
    echo = scipy.fft.rfft(room / np.linalg.norm(room), n) * np.float32(traits["reverb"])
    echo *= f / (f + 200) / (1 + f / 4000)  # neither rumble nor hiss
    studio = traits["bump_db"] * np.exp(-2 * (np.log2(f / 250) - traits["bump_octave"]) ** 2)
    shelf = 12 * (song.brightness - 0.5) * f**2 / (f**2 + 1500**2)
    response = (1 + echo) * 10 ** ((studio + shelf) / 20)
    return scipy.fft.irfft(scipy.fft.rfft(mix, n) * response.astype(np.complex64), n)[: len(mix)]
