"""The notes of a song: chords, bass, pad, hook and drums bar by bar, and a melody in phrases A A B A."""

import re
from functools import cache
from typing import NamedTuple

import numpy as np

from lib.datasets.demo.catalogue import CATALOGUE, GENRES, generator
from lib.datasets.demo.composition import STEPS, Song

SCALES = {
    "major": (0, 2, 4, 5, 7, 9, 11), "minor": (0, 2, 3, 5, 7, 8, 10),
    "dorian": (0, 2, 3, 5, 7, 9, 10), "mixolydian": (0, 2, 4, 5, 7, 9, 10),
}  # fmt: skip
FORM = "AABA"  # of the melody, two bars a letter
LOUDNESS = {"A": 1.0, "h": 0.72, "o": 0.35, "f": 0.72}
HUMAN_S = 0.005  # standard deviation of the players' timing in seconds
_DEGREES = {"i": 0, "ii": 2, "iii": 4, "iv": 5, "v": 7, "vi": 9, "vii": 11}
_NUMERAL = re.compile(r"(b?)([ivIV]+)(maj7|7)?")


class Note(NamedTuple):
    """A note: part, instrument or drum, begin and length in seconds, midi number (0 = a drum), loudness 0..1, vowel."""

    part: str
    instrument: str
    start_s: float
    seconds: float
    midi: int
    loudness: float
    vowel: str = ""


@cache
def chord(numeral: str) -> tuple[int, ...]:
    """Semitones of a chord above the tonic, root first.

    Of a numeral capitals are major, small letters minor, ``b`` is a semitone lower; ``7`` or ``maj7`` may follow.

    >>> chord("bVII"), chord("ii7")
    ((10, 14, 17), (2, 5, 9, 12))
    """
    flat, degree, seventh = _NUMERAL.fullmatch(numeral).groups()
    root = (_DEGREES[degree.lower()] - bool(flat)) % 12
    above = (0, 3 if degree.islower() else 4, 7, *({"maj7": (11,), "7": (10,)}.get(seventh, ())))
    return tuple(root + semitone for semitone in above)


def scale_of(song: Song) -> tuple[int, ...]:
    """Scale of the melody: the mode's own, and for ``mixed`` the one between that has the tonic's third."""
    mixed = "dorian" if song.progression[0].startswith("i") else "mixolydian"
    return SCALES[mixed if song.mode == "mixed" else song.mode]


def nearest(pitch_classes: tuple[int, ...], centre: float) -> int:
    """Midi number nearest to `centre` of those with one of the pitch classes."""
    return min((p % 12 + 12 * round((centre - p % 12) / 12) for p in pitch_classes), key=lambda m: abs(m - centre))


def write_score(song: Song) -> list[Note]:
    """All notes of a song, part by part of each bar."""
    artist, rng = song.artist, generator(song.seed, "score", song.genre, song.index)
    swing = artist.traits["swing"]
    notes: list[Note] = []

    def add(part, instrument, bar, step, length, midi, loudness, vowel=""):
        late = swing * (int(step) % 2) * song.step_s + rng.normal(0, HUMAN_S)
        start = max(0.0, float((bar * STEPS + step) * song.step_s + late))
        if start < song.seconds - 0.02:
            level = loudness * 10 ** (song.section(bar)["level_db"] / 20) * float(rng.uniform(0.88, 1.0))
            notes.append(Note(part, instrument, start, round(length * song.step_s, 4), int(midi), level, vowel))

    melody = {letter: _motif(GENRES[song.genre]["melody"], rng) for letter in "AB"}
    hook = _motif((0.55, 0.45, 0.12), rng)
    for bar in range(song.bars):
        parts = song.section(bar)["parts"]
        numeral = song.progression[bar % len(song.progression)]
        pitches = tuple((song.tonic + semitone) % 12 for semitone in chord(numeral))
        _write_chords(song, bar, pitches, add)
        if "bass" in parts:
            _write_bass(song, bar, pitches[0], add)
        if "pad" in parts and artist.pad != "none":
            for pitch in pitches:
                add("pad", artist.pad, bar, 0, STEPS, nearest((pitch,), 59 + 9 * song.register), 1.0)
        if "hook" in parts:
            _write_tune("hook", song, bar, pitches, [note for note in hook if note[0] < STEPS], add)
        if "lead" in parts:
            first = STEPS * (bar % 2)
            motif = melody[FORM[bar // 2 % 4]]
            tune = [(step - first, *more) for step, *more in motif if first <= step < first + STEPS]
            _write_tune("lead", song, bar, pitches, tune, add)
        for drum, line in CATALOGUE["patterns"][artist.pattern].items():
            for step, mark in enumerate(line):
                if mark != "." and ("drums" in parts or drum in CATALOGUE["light"]):
                    add("drums", drum, bar, step, 0, 0, LOUDNESS[mark])
    return notes


def _write_chords(song: Song, bar: int, pitches: tuple[int, ...], add) -> None:
    instrument, manner = song.artist.chords.split()
    length, rhythm = CATALOGUE["manners"][manner]
    length *= 0.45 + 0.55 * song.articulation
    if CATALOGUE["instruments"][instrument].get("amplified"):  # distortion turns a third into noise: fifths
        root = nearest(pitches[:1], 45)
        voicing = [root, root + 7, root + 12]
    else:
        voicing = sorted(nearest((pitch,), 54 + 9 * song.register) for pitch in pitches)
    for step, mark in enumerate(rhythm):
        if mark == ".":
            continue
        if manner == "arpeggio":
            add("chords", instrument, bar, step, length, voicing[step // 2 % len(voicing)], LOUDNESS[mark])
            continue
        for i, midi in enumerate(voicing if step % 4 == 0 else voicing[::-1]):  # a hand strums down and up
            spread = 0.012 / song.step_s * i * (manner == "strum")
            add("chords", instrument, bar, step + spread, length, midi, LOUDNESS[mark])


def _write_bass(song: Song, bar: int, root: int, add) -> None:
    instrument, manner = song.artist.bass.split()
    kick = CATALOGUE["patterns"][song.artist.pattern].get("kick", "h...h...h...h...")
    length, rhythm = (3, kick) if manner == "kick" else CATALOGUE["manners"][manner]
    midi = nearest((root,), 40 if instrument == "cello" else 34)
    for step, mark in enumerate(rhythm):
        if mark != ".":
            add("bass", instrument, bar, step, length, midi - 5 * (mark == "f"), 1.0 if step == 0 else 0.85)


def _write_tune(part: str, song: Song, bar: int, pitches: tuple[int, ...], tune: list[tuple], add) -> None:
    """Melody or hook: degrees of the scale, on beats drawn to the nearest note of the chord."""
    instrument = song.artist.lead if part == "lead" else song.artist.hook
    centre = (60 + 15 * song.register if part == "lead" else 71 + 9 * song.register) - 4 * (instrument == "cello")
    if instrument == "rap":  # speech: low, and few notes around one
        centre, tune = centre - 10, [(step, length, degree // 3, vowel) for step, length, degree, vowel in tune]
    scale, low = scale_of(song), nearest((song.tonic,), centre - 3)
    for step, length, degree, vowel in tune:
        midi = low + 12 * (degree // 7) + scale[degree % 7]
        midi = nearest(pitches, midi) if step % 4 == 0 else midi
        vowel = vowel if CATALOGUE["instruments"][instrument].get("sings") else ""
        add(part, instrument, bar, step, max(0.9, length * song.articulation), midi, 1.0 - 0.15 * (step % 4 > 0), vowel)


def _motif(chances: tuple[float, float, float], rng: np.random.Generator) -> list[tuple[int, int, int, str]]:
    """Two bars: step, length in steps, degree of the scale from the tonic, vowel; a walk of small steps home."""
    end = 2 * STEPS - int(rng.integers(3, 8))
    chance = np.array([chances[0], chances[2], chances[1], chances[2]])[np.arange(end) % 4]
    steps = np.flatnonzero(rng.random(end) < chance).tolist() or [0, STEPS]
    lengths = np.minimum(np.diff([*steps, end]), 6).tolist()
    degrees = np.clip(rng.integers(0, 5) + np.cumsum(rng.choice([-2, -1, -1, 0, 1, 1, 2], len(steps))), -3, 8).tolist()
    degrees[-1] = 0  # home
    return list(zip(steps, lengths, degrees, rng.choice(list("aeiou"), len(steps)).tolist(), strict=True))
