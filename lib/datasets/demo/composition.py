"""A song before its notes: who plays it, in which key, mode, tempo and form, and what it should feel like.

Valence follows mode, tempo and register, energy follows tempo, percussion and loudness, as listeners' ratings do
(Juslin and Laukka 2004, doi 10.1080/0929821042000317813). Tempo is taken within the genre's own range and every
genre has as many sad, neutral and happy songs as the others, so that mood is not a function of genre.
"""

import math
from dataclasses import dataclass
from functools import cache

import numpy as np

from lib.datasets.demo import catalogue
from lib.datasets.demo.catalogue import CATALOGUE, GENRES, NAMES, Artist, generator, pair

SUFFIXES = ("mp3", "ogg", "flac", "wav")
MODES = ("minor", "mixed", "major")
WEIGHTS = {"mode": 0.5, "tempo": 0.25, "register": 0.25}  # of valence
STEPS = 16  # per bar: sixteenths


@dataclass(frozen=True)
class Song:
    """Everything that decides how a song sounds."""

    genre: str
    index: int  # within its genre, from 0
    seed: int
    seconds: float
    suffix: str  # format of its file, one of `SUFFIXES`
    title: str
    album: str  # named after its first song
    artist: Artist
    tempo_bpm: float
    mode: str  # one of `MODES`
    tonic: int  # pitch class 0..11, C = 0
    progression: tuple[str, ...]  # numerals, one per bar
    plan: tuple[str, ...]  # sections, spread over the song
    register: float  # 0..1 from low to high
    brightness: float  # 0..1 from dull to bright
    articulation: float  # sounding part of a note's time, 0..1
    loudness_db: float  # RMS in dB of full scale before limiting
    valence: float  # 0..1, as are the next two
    energy: float
    danceability: float

    @property
    def track_id(self) -> str:
        """Such as ``hip-hop-01``."""
        return f"{self.genre.lower()}-{self.index + 1:02d}"

    @property
    def step_s(self) -> float:
        """Seconds of a sixteenth."""
        return 15.0 / self.tempo_bpm

    @property
    def bars(self) -> int:
        """Bars begun within the song."""
        return math.ceil(self.seconds / (STEPS * self.step_s) - 1e-9)

    def section(self, bar: int) -> dict:
        """Parts that play in a bar and their level; sections change after an even number of bars."""
        return CATALOGUE["sections"][self.plan[bar // 2 * 2 * len(self.plan) // self.bars]]


@cache
def _levels(genre: str, seed: int, songs_per_genre: int) -> list[int]:
    """Mood level (0 low, 1 middle, 2 high) of each song: equal counts in a genre, different within an artist."""
    count = catalogue.artists_per_genre(songs_per_genre)
    levels, turn = [0] * songs_per_genre, NAMES.index(genre)
    for artist in generator(seed, "levels", genre).permutation(count):
        for index in range(int(artist), songs_per_genre, count):
            levels[index] = turn % 3
            turn += 1
    return levels


def compose(genre: str, index: int, seed: int = 0, songs_per_genre: int = 12, seconds: float = 30.0) -> Song:
    """Compose a song; its sound follows by `lib.datasets.demo.render`.

    Parameters
    ----------
    genre : str
        One of ``Rock``, ``Hip-Hop``, ``Pop``, ``Folk``, ``Instrumental``, ``Electronic``.
    index : int in 0..songs_per_genre - 1
    seed : int >= 0
        Of the whole corpus.
    songs_per_genre : int in 1..100
        Decides how many artists share them and how moods are balanced.
    seconds : float in 3..600
    """
    style, number = GENRES[genre], NAMES.index(genre)
    artists = catalogue.artists_of(genre, seed, catalogue.artists_per_genre(songs_per_genre))
    turn, who = divmod(index, len(artists))
    artist = artists[who]
    rng = generator(seed, "song", genre, index)

    level = _levels(genre, seed, songs_per_genre)[index]
    place, register = rng.uniform((0.0, 0.2, 0.4)[level], (0.6, 0.8, 1.0)[level], 2).round(4).tolist()
    valence = WEIGHTS["mode"] * level / 2 + WEIGHTS["tempo"] * place + WEIGHTS["register"] * register
    tempo = style["tempo"][0] + place * (style["tempo"][1] - style["tempo"][0])
    options = CATALOGUE["progressions"][MODES[level]]
    progression = options[(int(artist.traits["favourite"]) + turn * int(rng.integers(2))) % len(options)]
    loudness = style["loudness_db"] + artist.traits["loudness_db"] + rng.uniform(-0.7, 0.7)
    energy, danceability = _movement(tempo, artist.pattern, loudness)
    skipped = turn if len(artists) % len(SUFFIXES) == 0 else 0  # an artist's songs differ in format
    return Song(
        genre=genre,
        index=int(index),
        seed=int(seed),
        seconds=float(seconds),
        suffix=SUFFIXES[(number + index + skipped) % len(SUFFIXES)],
        title=pair(seed, "nouns", index * len(NAMES) + number),
        album=pair(seed, "nouns", who * len(NAMES) + number),
        artist=artist,
        tempo_bpm=round(tempo, 2),
        mode=MODES[level],
        tonic=int(rng.integers(12)),
        progression=tuple(progression.split()),
        plan=tuple(CATALOGUE["plans"][rng.integers(len(CATALOGUE["plans"]))]),
        register=register,
        brightness=round(float(np.clip(artist.traits["brightness"] + rng.uniform(-0.1, 0.1), 0, 1)), 4),
        articulation=round(float(np.clip(1.05 - 0.55 * valence + rng.normal(0, 0.06), 0.4, 1.0)), 4),
        loudness_db=round(loudness, 3),
        valence=round(valence, 4),
        energy=energy,
        danceability=danceability,
    )


def _movement(tempo: float, pattern: str, loudness_db: float) -> tuple[float, float]:
    """Energy and danceability, each 0..1, from tempo, percussion and loudness."""
    voices = CATALOGUE["patterns"][pattern]
    hits_per_s = sum(STEPS - line.count(".") for line in voices.values()) / 4 * tempo / 60
    struck = [voices[voice][::4] for voice in ("kick", "snare", "clap") if voice in voices]
    pulse = np.mean([any(line[beat] != "." for line in struck) for beat in range(4)])
    fast, dense, loud = (tempo - 60) / 110, min(hits_per_s / 20, 1.0), (loudness_db + 21) / 12
    energy = np.clip(0.3 * fast + 0.35 * dense + 0.35 * loud, 0, 1)
    danceability = np.clip(0.4 * pulse + 0.35 * math.exp(-(((tempo - 116) / 32) ** 2)) + 0.25 * dense, 0, 1)
    return round(float(energy), 4), round(float(danceability), 4)
