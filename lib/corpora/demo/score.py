"""The notes of a song: melody in phrases, chords, bass and drums, layer by layer over the plan."""

from typing import NamedTuple

import numpy as np

from lib.corpora.demo.composition import Song
from lib.corpora.demo.genres import genre_of
from lib.corpora.demo.harmony import SCALES, chord, nearest, snap, voicing
from lib.corpora.demo.patterns import drum_voices, pattern_steps
from lib.corpora.demo.randomness import generator

FORM = "AABA"  # of the melody, two bars a letter
LOUDNESS = {"X": 1.0, "x": 0.72, "o": 0.35}
QUIET = ("none", "soft", "waltz", "brushes")  # drum patterns without crash and fill
STABS = "x..x..x...x.x..."
STRUM = "X.x.x.x" + "xX.x.x.xx"
EIGHTHS = "X.x.x.x.x.x.x.x."


class Note(NamedTuple):
    """A pitched note: part and instrument, begin and length in seconds, midi number, loudness 0..1, vowel."""

    part: str
    instrument: str
    start_s: float
    seconds: float
    midi: int
    velocity: float
    vowel: str = ""


class Hit(NamedTuple):
    """A stroke on a drum: voice of the kit, time in seconds, loudness 0..1."""

    voice: str
    start_s: float
    velocity: float


class Motif(NamedTuple):
    """Two bars of melody: steps, lengths in steps, degrees of the scale from the tonic, vowels."""

    steps: list[int]
    lengths: list[int]
    degrees: list[int]
    vowels: list[str]


def write_score(song: Song) -> tuple[list[Note], list[Hit]]:
    """All notes and strokes of a song."""
    writer = _Writer(song)
    for bar in range(song.bars):
        writer.write_bar(bar)
    writer.write_melody()
    return writer.notes, writer.hits


class _Writer:
    def __init__(self, song: Song):
        self.song, self.artist, self.genre = song, song.artist, genre_of(song.genre)
        self.notes: list[Note] = []
        self.hits: list[Hit] = []
        self.rng = generator(song.seed, "score", song.genre, song.index)
        self.steps = 4 * song.beats
        self.low = -4 if song.artist.lead == "cello" else 0  # semitones
        self.melody_centre = 60 + 15 * song.register + self.low
        self.chord_centre = 54 + 9 * song.register
        self.hook_steps, self.hook_degrees = self._hook()
        self.order = self.rng.permutation(4).tolist()  # of an arpeggio

    def time(self, bar: int, step: float) -> float:
        """Seconds of a step of a bar, with swing and the players' imprecision."""
        swing = self.artist.swing if int(step) % 2 else 0.0
        exact = (bar * self.steps + step + swing) * self.song.step_s
        return max(0.0, exact + float(self.rng.normal(0, self.genre.humanise_s)) if self.genre.humanise_s else exact)

    def note(
        self, part: str, instrument: str, bar: int, step: float, length: float, midi: int, velocity: float, **more
    ):
        start = self.time(bar, step)
        if start < self.song.seconds - 0.02:
            loudness = velocity * float(self.rng.uniform(0.88, 1.0))
            seconds = round(max(0.06, length * self.song.step_s), 4)
            self.notes.append(Note(part, instrument, start, seconds, int(midi), loudness, **more))

    def write_bar(self, bar: int) -> None:
        section, gain = self.song.section(bar), 10 ** (self.song.section(bar).level / 20)
        numeral = self.song.progression[bar % len(self.song.progression)]
        self._chords(bar, numeral, gain)
        if section.bass:
            self._bass(bar, numeral, gain)
        if section.pad and self.artist.pad != "none":
            for midi in voicing(numeral, self.song.tonic, self.chord_centre + 5):
                self.note("pad", self.artist.pad, bar, 0, self.steps, midi, gain)
        if section.hook:
            for step, degree in zip(self.hook_steps, self.hook_degrees, strict=True):
                midi = self._pitch(degree, self.chord_centre + 17)
                midi = snap(midi, self._pitch_classes(bar)) if step % 4 == 0 else midi
                self.note("hook", self.artist.hook, bar, step, 2.0, midi, 0.9 * gain)
        self._drums(bar, gain)

    def _pitch_classes(self, bar: int) -> set[int]:
        numeral = self.song.progression[bar % len(self.song.progression)]
        return {(self.song.tonic + semitone) % 12 for semitone in chord(numeral)}

    def _pitch(self, degree: int, centre: float) -> int:
        octave, place = divmod(degree, 7)
        return nearest(self.song.tonic, centre - 3) + 12 * octave + SCALES[self.song.scale][place]

    def _hook(self) -> tuple[list[int], list[int]]:
        chance = np.where(np.arange(self.steps) % 4 == 0, 0.55, np.where(np.arange(self.steps) % 2 == 0, 0.45, 0.12))
        steps = np.flatnonzero(self.rng.random(self.steps) < chance).tolist() or [0, 6]
        degrees = self.rng.choice([0, 1, 2, 4, 5, 7], len(steps)).tolist()
        return steps, degrees

    def _chords(self, bar: int, numeral: str, gain: float) -> None:
        instrument, manner = self.artist.chords
        long = 0.45 + 0.55 * self.song.articulation
        if instrument == "electric_guitar":  # power chords: distortion turns a third into noise
            root = nearest(self.song.tonic + chord(numeral)[0], 45)
            pitches = [root, root + 7, root + 12]
        else:
            pitches = voicing(numeral, self.song.tonic, self.chord_centre)
        if manner == "arpeggio":
            ladder = [*pitches, pitches[0] + 12][:4] if len(pitches) == 3 else pitches[:4]
            every = 1 if self.song.genre == "Electronic" else 2
            for i, step in enumerate(range(0, self.steps, every)):
                self.note(
                    "chords",
                    instrument,
                    bar,
                    step,
                    3 * long,
                    ladder[self.order[i % 4]],
                    gain * (0.8 + 0.2 * (i % 4 == 0)),
                )
            return
        pattern, length = {
            "block": ("X.......x......." if self.steps == 16 else "X.......x...", 8),
            "chug": (EIGHTHS, 2), "stabs": (STABS, 2.5), "strum": (STRUM, 2.2), "offbeat": ("..x." * 4, 1.6),
        }[manner]  # fmt: skip
        strum = {"strum": 0.012, "block": 0.004}.get(manner, 0.0) / self.song.step_s
        for step, mark in enumerate(pattern[: self.steps]):
            if mark == ".":
                continue
            down = step % 4 == 0
            for i, midi in enumerate(pitches if down else pitches[::-1]):
                at = step + i * strum
                self.note("chords", instrument, bar, at, length * long, midi, gain * LOUDNESS[mark])

    def _bass(self, bar: int, numeral: str, gain: float) -> None:
        instrument, manner = self.artist.bass
        root = nearest(self.song.tonic + chord(numeral)[0], 40 if instrument == "cello" else 34)
        kick = pattern_steps(self.artist.pattern).get("kick", "x...x...x...x...")
        if manner == "eighths":
            line = [(step, 1.8, root) for step in range(0, self.steps, 2)]
        elif manner == "kick":
            line = [(step, 3.0, root) for step, mark in enumerate(kick[: self.steps]) if mark != "."]
        elif manner == "offbeat":
            line = [(step, 1.6, root + 12 * (step % 8 == 6)) for step in range(2, self.steps, 4)]
        elif manner == "alternating":
            line = [(step, 3.6, root + 7 * (step % 8 != 0) - 12 * (step % 8 != 0)) for step in range(0, self.steps, 4)]
        else:
            line = [(0, self.steps * 0.6, root), (self.steps * 5 // 8, self.steps * 0.3, root)]
        for step, length, midi in line:
            self.note("bass", instrument, bar, step, length, midi, gain * (1.0 if step == 0 else 0.85))

    def _drums(self, bar: int, gain: float) -> None:
        section, ends = self.song.section(bar), self.song.section(bar + 1) != self.song.section(bar)
        for voice, hits in drum_voices(self.artist.pattern, section.drums).items():
            for step, mark in enumerate(hits):
                if mark != ".":
                    self._hit(voice, bar, step, LOUDNESS[mark] * gain)
        begins = bar == 0 or self.song.section(bar - 1) != section
        struck = self.artist.pattern not in QUIET
        if section.drums == 3 and begins and struck and self.artist.kit != "soft":
            self._hit("crash", bar, 0, 0.8 * gain)
        if section.drums >= 2 and ends and struck:
            voice = "tom" if self.artist.kit in ("acoustic", "room") else "snare"
            for i, step in enumerate(range(self.steps - 4, self.steps)):
                self._hit(voice, bar, step, (0.4 + 0.15 * i) * gain)

    def _hit(self, voice: str, bar: int, step: int, velocity: float) -> None:
        start = self.time(bar, step)
        if start < self.song.seconds - 0.01:
            self.hits.append(Hit(voice, start, velocity * float(self.rng.uniform(0.85, 1.0))))

    def _motif(self) -> Motif:
        """Two bars: onsets by their weight in the bar, a walk of small steps, a long last note, a breath."""
        on_beat, eighth, sixteenth = self.genre.melody
        end = 2 * self.steps - int(self.rng.integers(3, 8))
        chance = [on_beat if s % 4 == 0 else eighth if s % 2 == 0 else sixteenth for s in range(end)]
        steps = np.flatnonzero(self.rng.random(end) < chance).tolist() or [0, self.steps]
        lengths = [after - step for step, after in zip(steps, [*steps[1:], end], strict=True)]
        lengths = [min(length, 6) for length in lengths[:-1]] + [max(2, lengths[-1])]
        degree, degrees = int(self.rng.integers(0, 5)), []
        for _ in steps:
            degrees.append(degree)
            move = int(self.rng.choice([-3, -2, -1, -1, 0, 1, 1, 2, 3]))
            degree = int(np.clip(degree + move - (degree > 5) + (degree < 0), -3, 8))
        vowels = [str(vowel) for vowel in self.rng.choice(list("aeiou"), len(steps))]
        return Motif(steps, lengths, degrees, vowels)

    def write_melody(self) -> None:
        """Write the melody over all sections that have a lead, in phrases A A B A."""
        motifs = {"A": self._motif(), "B": self._motif()}
        answer = self._motif()
        for unit in range(0, self.song.bars, 2):
            letter = FORM[unit // 2 % 4]
            motif = motifs[letter]
            second = unit // 2 % 4 in (1, 3)
            for i, (step, length, degree, vowel) in enumerate(zip(*motif, strict=True)):
                bar, within = unit + step // self.steps, step % self.steps
                if bar >= self.song.bars or not self.song.section(bar).lead:
                    continue
                if second and i > len(motif.steps) * 0.6:  # the answer leads home
                    degree = answer.degrees[i % len(answer.degrees)]
                midi = self._melody_pitch(bar, within, degree, last=i == len(motif.steps) - 1)
                gain = 10 ** (self.song.section(bar).level / 20)
                loudness = gain * (1.0 if within % 4 == 0 else 0.85)
                sounding = max(0.9, length * self.song.articulation)
                self.note("lead", self.artist.lead, bar, within, sounding, midi, loudness, vowel=self._vowel(vowel))

    def _vowel(self, vowel: str) -> str:
        return vowel if self.artist.lead in ("voice", "rap") else ""

    def _melody_pitch(self, bar: int, step: int, degree: int, last: bool) -> int:
        if self.artist.lead == "rap":  # speech: few notes around one
            centre = self.melody_centre - 10
            return nearest(self.song.tonic, centre) + (0, 0, 2, -2, 0, 3, 0, -1, 1, 0, 2, 0)[degree + 3]
        midi = self._pitch(degree, self.melody_centre)
        return snap(midi, self._pitch_classes(bar)) if last or step % 4 == 0 else midi
