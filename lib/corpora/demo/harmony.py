"""Modes, chords from numerals, and where on the keyboard a chord lies."""

import re
from functools import cache

SCALES = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
}
KEYS = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
_DEGREES = {"i": 0, "ii": 2, "iii": 4, "iv": 5, "v": 7, "vi": 9, "vii": 11}
_NUMERAL = re.compile(r"(b?)([ivIV]+)(maj7|7)?")


@cache
def chord(numeral: str) -> tuple[int, ...]:
    """Semitones of a chord above the tonic, root first.

    Parameters
    ----------
    numeral : str
        Capitals major, small letters minor, ``b`` a semitone lower, ``7`` or ``maj7``: ``"bVII"``, ``"ii7"``.
    """
    flat, degree, seventh = _NUMERAL.fullmatch(numeral).groups()
    root = (_DEGREES[degree.lower()] - bool(flat)) % 12
    third = 3 if degree.islower() else 4
    notes = [root, root + third, root + 7]
    if seventh:
        notes.append(root + (11 if seventh == "maj7" else 10))
    return tuple(notes)


def scale_of(mode: str, progression: tuple[str, ...]) -> str:
    """Scale of the melody: the mode's own, and for ``mixed`` the one between that has the tonic's third."""
    if mode != "mixed":
        return mode
    return "dorian" if progression[0].startswith("i") else "mixolydian"


def nearest(pitch_class: int, centre: float) -> int:
    """Midi number of that pitch class nearest to `centre`."""
    return pitch_class % 12 + 12 * round((centre - pitch_class % 12) / 12)


def voicing(numeral: str, tonic: int, centre: float) -> list[int]:
    """Midi numbers of a chord, each pitch class as near to `centre` as it goes, rising."""
    return sorted({nearest(tonic + semitone, centre) for semitone in chord(numeral)})


def snap(midi: int, pitch_classes: set[int]) -> int:
    """Nearest midi number whose pitch class is one of the given."""
    return min(range(midi - 6, midi + 7), key=lambda m: (m % 12 not in pitch_classes, abs(m - midi)))
