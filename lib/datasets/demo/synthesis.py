"""From notes to a recording: wavetables that fade, swept sines and noise for drums, amplifier, room and studio.

High partials of a struck or plucked string fade faster than low ones (Fletcher and Rossing 1998,
doi 10.1007/978-0-387-21603-4).
"""

import math
from dataclasses import dataclass

import numpy as np

from lib.datasets.demo.catalogue import CATALOGUE, GENRES, Artist, generator
from lib.datasets.demo.composition import Song
from lib.datasets.demo.score import Note, write_score

RATE = 22050  # Hz: all that reaches a network
CEILING = 10000.0  # Hz of the highest partial
TABLE = 2048  # samples of a wavetable
LOW_PARTIALS = 4  # fade slower than those above
VIBRATO_HZ = 5.2
PEAK = 0.8  # of full scale: room for what lossy coding adds
FADE_S = 0.03
LOUDSPEAKER = np.hanning(7).astype(np.float32) / 3  # of a guitar: little above 3 kHz


@dataclass(frozen=True)
class Instrument:
    """How an instrument sounds; times in seconds, detuning and vibrato in cents."""

    slope: float = 1.0  # partial k has the amplitude k ** -slope
    partials: tuple[float, ...] = ()  # amplitudes instead
    even: float = 1.0  # level of the even partials, 0..1: a square wave's are weak
    attack: float = 0.004
    release: float = 0.05
    decay: float = 0.0  # time constant of the low partials; 0 = sustained
    damping: float = 0.0  # how much faster the high partials fade
    voices: int = 1  # copies of each note
    detune: float = 0.0  # between the outermost copies, before the artist's factor
    vibrato: float = 0.0
    noise: float = 0.0  # level of breath, bow or hammer
    amplified: bool = False  # distorted by an amplifier
    sings: bool = False  # on vowels


INSTRUMENTS = {name: Instrument(**fields) for name, fields in CATALOGUE["instruments"].items()}


def render(song: Song) -> np.ndarray:
    """Play a song [shape=(n,), dtype=float32]: mono at 22.05 kHz, ``n = round(seconds * 22050)``, peak below 1."""
    score = write_score(song)
    mix = np.zeros(round(song.seconds * RATE), dtype=np.float32)
    for part, usual_db in CATALOGUE["mix_db"].items():
        notes = [note for note in score if note.part == part]
        if not notes:
            continue
        track = _play(notes, song, len(mix))
        level = usual_db + GENRES[song.genre]["mix_db"].get(part, 0) + song.artist.traits[f"{part}_db"]
        mix += np.float32(10 ** (level / 20) / _loudness(track)) * track
    mix = _record(mix, song)
    mix *= np.float32(10 ** (song.loudness_db / 20) / np.sqrt((mix**2).mean()))
    mix = np.float32(PEAK) * np.tanh(mix / np.float32(PEAK))
    mix[-int(FADE_S * RATE) :] *= np.linspace(1, 0, int(FADE_S * RATE), dtype=np.float32)
    return mix


def tone(name: str, midi: int, seconds: float, song: Song, vowel: str = "") -> np.ndarray:
    """Sound of one note that is released after `seconds` [shape=(n,), dtype=float32]; a midi number of 69 is 440 Hz."""
    spec, rng = INSTRUMENTS[name], generator(0, "note", name, midi)
    f0 = 440.0 * 2 ** ((midi - 69) / 12)
    time = np.arange(int((seconds + spec.release) * RATE)) / RATE
    cycles = f0 * time
    if spec.vibrato:
        depth = f0 * (2 ** (spec.vibrato / 1200) - 1) / (2 * math.pi * VIBRATO_HZ)
        cycles += depth * np.sin(2 * math.pi * VIBRATO_HZ * time) * np.minimum(time / 0.3, 1)
    cents = np.linspace(-0.5, 0.5, spec.voices) * spec.detune * song.artist.traits["detune"] * (spec.voices > 1)
    indices = [((2 ** (c / 1200) * cycles + rng.random()) * TABLE).astype(np.int32) % TABLE for c in cents]
    sound = np.zeros(len(time), dtype=np.float32)
    for i, table in enumerate(_wavetables(name, f0, song, vowel)):
        band = sum(table[index] for index in indices) / np.float32(math.sqrt(spec.voices))
        sound += band * _fading(time, spec.decay / (1 + spec.damping * i)) if spec.decay else band
    if spec.noise:  # of a hammer, a plectrum or a consonant: only the start
        noise = rng.standard_normal(len(time), dtype=np.float32) * np.float32(spec.noise)
        sound += noise if spec.attack > 0.02 else 4 * noise * _fading(time, 0.015)
    rise, fall = np.clip(time / spec.attack, 0, 1), np.clip((time[-1] - time) / spec.release, 0, 1)
    return sound * (rise * fall**2).astype(np.float32)


def _fading(time: np.ndarray, decay: float) -> np.ndarray:
    return np.exp(time.astype(np.float32) / np.float32(-decay))


def _wavetables(name: str, f0: float, song: Song, vowel: str) -> list[np.ndarray]:
    """One period of the low partials and one of the high ones, of energy 1 together."""
    spec = INSTRUMENTS[name]
    k = np.arange(1, max(2, int(CEILING / f0)) + 1)
    level = k ** -(spec.slope * (1.25 - 0.5 * song.brightness))
    if spec.partials:
        level = np.pad(spec.partials, (0, len(k)))[: len(k)]
    level[1::2] *= spec.even
    if vowel:
        formants = np.array(CATALOGUE["vowels"][vowel])[:, None] * song.artist.traits["formant"]
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
    n = -(-int(6 * max(decays) * slow * RATE) // 1024) * 1024  # quick to transform
    time = np.arange(n) / RATE
    sound = np.zeros(n)
    if "sine" in spec:
        high, low, decay, level = spec["sine"]
        glide = 0.03  # seconds
        phase = 2 * np.pi * tune * (low * time - (high - low) * glide * np.expm1(-time / glide))
        sound += level * np.sin(phase) * np.exp(-time / (decay * slow))
    low, high, decay, level = spec["noise"]
    noise = np.fft.rfft(generator(0, "stroke", drum, artist.name).standard_normal(n))
    frequency = np.fft.rfftfreq(n, 1 / RATE)
    noise = np.fft.irfft(noise * ((frequency > low * tune) & (frequency < high * tune)), n)
    sound += 0.35 * level * noise / noise.std() * np.exp(-time / (decay * slow))
    return sound.astype(np.float32)


def _play(notes: list[Note], song: Song, n: int) -> np.ndarray:
    """Play the notes of one part; each distinct note is synthesised once."""
    track = np.zeros(n, dtype=np.float32)
    sounds: dict[tuple, np.ndarray] = {}
    for note in notes:
        key = note.instrument, note.midi, note.seconds, note.vowel
        if key not in sounds:
            drum = note.part == "drums"
            sounds[key] = strike(note.instrument, song.artist) if drum else tone(*key[:3], song, note.vowel)
        start = round(note.start_s * RATE)
        sound = sounds[key][: n - start]
        track[start : start + len(sound)] += np.float32(note.loudness) * sound
    if CATALOGUE["instruments"].get(notes[0].instrument, {}).get("amplified"):
        gain = np.float32(song.artist.traits["drive"] / _loudness(track))
        track = np.convolve(np.tanh(gain * track), LOUDSPEAKER, "same")
    return track


def _loudness(track: np.ndarray) -> float:
    """RMS of the part while it sounds, so that rests do not make it louder."""
    voiced = np.count_nonzero(track)
    return float(np.sqrt((track**2).sum() / max(voiced, 1))) + 1e-9


def _record(mix: np.ndarray, song: Song) -> np.ndarray:
    """Add the artist's room, a decaying noise, and the colour of studio and song, as one frequency response."""
    traits, rng = song.artist.traits, generator(0, "room", song.artist.name)
    time = np.arange(int(traits["reverb_s"] * RATE)) / RATE
    room = rng.standard_normal(len(time), dtype=np.float32) * _fading(time, traits["reverb_s"] / 6.9)
    n = -(-(len(mix) + len(room)) // 2**15) * 2**15  # quick to transform
    f = np.fft.rfftfreq(n, 1 / RATE).astype(np.float32) + np.float32(1e-3)
    echo = np.fft.rfft(room / np.linalg.norm(room), n) * np.float32(traits["reverb"])
    echo *= f / (f + 200) / (1 + f / 4000)  # neither rumble nor hiss
    studio = traits["bump_db"] * np.exp(-2 * (np.log2(f / 250) - traits["bump_octave"]) ** 2)
    shelf = 18 * (song.brightness - 0.5) * f**2 / (f**2 + 1500**2)
    return np.fft.irfft(np.fft.rfft(mix, n) * (1 + echo) * 10 ** ((studio + shelf) / 20), n)[: len(mix)]
