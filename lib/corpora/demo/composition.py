"""A song before its notes: who plays it, in which key, mode, tempo and form, and what it should feel like.

Valence follows mode, tempo and register, energy follows tempo, percussion and loudness, as listeners' ratings do
(Juslin and Laukka 2004, doi 10.1080/0929821042000317813). Tempo is taken within the genre's own range and every
genre has as many sad, neutral and happy songs as the others, so that mood is not a function of genre.
"""

import math
from dataclasses import dataclass
from functools import cache

import numpy as np

from lib.corpora.demo.artists import Artist, artists_of, artists_per_genre
from lib.corpora.demo.genres import GENRES, SECTIONS, Section, genre_number, genre_of
from lib.corpora.demo.harmony import KEYS, scale_of
from lib.corpora.demo.names import MOST_SONGS, song_title
from lib.corpora.demo.patterns import beats_per_bar, drum_voices
from lib.corpora.demo.randomness import generator
from lib.errors import ReportError

SUFFIXES = ("mp3", "ogg", "flac", "wav")
MODES = ("minor", "mixed", "major")
WEIGHTS = {"mode": 0.5, "tempo": 0.25, "register": 0.25}  # of valence
SHORTEST, LONGEST = 3.0, 600.0  # seconds


@dataclass(frozen=True)
class Song:
    """Everything that decides how a song sounds.

    Parameters
    ----------
    genre : str
    index : int >= 0
        Number within its genre.
    seed : int >= 0
    seconds : float
    suffix : str
        Format of its file, one of `SUFFIXES`.
    title : str
    artist : Artist
    tempo_bpm : float
        Beats a minute.
    beats : int
        Beats a bar, 3 or 4.
    mode : str
        ``major``, ``minor`` or ``mixed``.
    scale : str
        Key of `lib.corpora.demo.harmony.SCALES`.
    tonic : int in 0..11
        Pitch class, C = 0.
    progression : tuple of str
        Numerals, one a bar.
    plan : tuple of str
        Sections, spread over the song.
    register : float in 0..1
        From low to high.
    articulation : float in 0..1
        Sounding part of a note's time.
    brightness : float in 0..1
        Weight of the high frequencies.
    loudness_db : float
        RMS in dB of full scale before limiting.
    valence, energy, danceability : float in 0..1
    """

    genre: str
    index: int
    seed: int
    seconds: float
    suffix: str
    title: str
    artist: Artist
    tempo_bpm: float
    beats: int
    mode: str
    scale: str
    tonic: int
    progression: tuple[str, ...]
    plan: tuple[str, ...]
    register: float
    articulation: float
    brightness: float
    loudness_db: float
    valence: float
    energy: float
    danceability: float

    @property
    def track_id(self) -> str:
        """Such as ``hip-hop-01``."""
        return f"{self.genre.lower()}-{self.index + 1:02d}"

    @property
    def key(self) -> str:
        """Such as ``Eb minor``."""
        return f"{KEYS[self.tonic]} {self.mode}"

    @property
    def step_s(self) -> float:
        """Seconds of a sixteenth."""
        return 15.0 / self.tempo_bpm

    @property
    def bars(self) -> int:
        """Bars begun within the song."""
        return math.ceil(self.seconds / (4 * self.beats * self.step_s) - 1e-9)

    def section(self, bar: int) -> Section:
        """Tell what plays in a bar; sections change after an even number of bars."""
        even = min(bar // 2 * 2, self.bars - 1)
        return SECTIONS[self.plan[even * len(self.plan) // self.bars]]


def _suffix(number: int, index: int, artists: int) -> str:
    """Format of a song: in turn, each genre beginning with another one, another one for each song of an artist."""
    skipped = index // artists if artists % len(SUFFIXES) == 0 else 0
    return SUFFIXES[(number + index + skipped) % len(SUFFIXES)]


@cache
def _levels(genre: str, seed: int, songs_per_genre: int) -> list[int]:
    """Mood level (0 low, 1 middle, 2 high) of each song: equal counts in a genre, different within an artist."""
    count = artists_per_genre(songs_per_genre)
    levels, turn = [0] * songs_per_genre, genre_number(genre)
    for artist in generator(seed, "levels", genre).permutation(count):
        for index in range(int(artist), songs_per_genre, count):
            levels[index] = turn % 3
            turn += 1
    return levels


def check(genre: str, index: int, seed: int, songs_per_genre: int, seconds: float) -> None:
    """Check the parameters of a song.

    Raises
    ------
    ReportError
        If one of them is of the wrong kind or out of bounds.
    """
    genre_number(genre)
    for name, value, low, high in (
        ("songs_per_genre", songs_per_genre, 1, MOST_SONGS),
        ("seed", seed, 0, 2**32 - 1),
        ("index", index, 0, songs_per_genre - 1 if isinstance(songs_per_genre, int) else 0),
    ):
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or not low <= value <= high:
            raise ReportError(f"demo: {name} is {value!r}; give a whole number from {low} to {high}.")
    number = isinstance(seconds, int | float | np.number) and not isinstance(seconds, bool)
    if not number or not SHORTEST <= seconds <= LONGEST:
        raise ReportError(f"demo: seconds is {seconds!r}; give a number from {SHORTEST:g} to {LONGEST:g}.")


def compose(genre: str, index: int, seed: int = 0, songs_per_genre: int = 12, seconds: float = 30.0) -> Song:
    """Compose a song; its sound follows by `lib.corpora.demo.render`.

    Parameters
    ----------
    genre : str
        One of ``Rock``, ``Hip-Hop``, ``Pop``, ``Folk``, ``Instrumental``, ``Electronic``.
    index : int in 0..songs_per_genre - 1
    seed : int >= 0
        Of the whole corpus.
    songs_per_genre : int in 1..500
        Decides how many artists share them and how moods are balanced.
    seconds : float in 3..600

    Returns
    -------
    Song

    Raises
    ------
    ReportError
        If a parameter is out of bounds.
    """
    check(genre, index, seed, songs_per_genre, seconds)
    style, number = genre_of(genre), genre_number(genre)
    artists = artists_of(genre, seed, artists_per_genre(songs_per_genre))
    artist, turn = artists[index % len(artists)], index // len(artists)
    rng = generator(seed, "song", genre, index)

    level = _levels(genre, seed, songs_per_genre)[index]
    mode = MODES[level]
    place, register = rng.uniform((0.0, 0.2, 0.4)[level], (0.6, 0.8, 1.0)[level], 2).tolist()
    valence = WEIGHTS["mode"] * level / 2 + WEIGHTS["tempo"] * place + WEIGHTS["register"] * register
    tempo = style.tempo[0] + place * (style.tempo[1] - style.tempo[0])
    options = style.progressions[mode]
    progression = tuple(options[(artist.favourite + turn * int(rng.integers(2))) % len(options)].split())
    plan = style.plans[int(rng.integers(len(style.plans)))]
    loudness = style.loudness_db + artist.loudness_db + rng.uniform(-0.7, 0.7)
    song = {
        "suffix": _suffix(number, index, len(artists)),
        "tempo_bpm": round(tempo, 2),
        "beats": beats_per_bar(artist.pattern),
        "mode": mode,
        "scale": scale_of(mode, progression),
        "tonic": int(rng.integers(12)),
        "progression": progression,
        "plan": plan,
        "register": round(register, 4),
        "articulation": round(float(np.clip(1.05 - 0.55 * valence + rng.normal(0, 0.06), 0.4, 1.0)), 4),
        "brightness": round(float(np.clip(artist.brightness + rng.uniform(-0.1, 0.1), 0, 1)), 4),
        "loudness_db": round(loudness, 3),
        "valence": round(valence, 4),
    }
    energy, danceability = _movement(tempo, artist.pattern, plan, loudness)
    return Song(
        genre=genre, index=int(index), seed=int(seed), seconds=float(seconds), artist=artist,
        title=song_title(seed, index * len(GENRES) + number), energy=energy, danceability=danceability, **song,
    )  # fmt: skip


def _movement(tempo: float, pattern: str, plan: tuple[str, ...], loudness_db: float) -> tuple[float, float]:
    """Energy and danceability, each 0..1, from tempo, percussion and loudness."""
    beats = beats_per_bar(pattern)
    hits = pulse = 0.0
    for name in plan:
        voices = drum_voices(pattern, SECTIONS[name].drums)
        hits += sum(len(steps) - steps.count(".") for steps in voices.values()) / len(plan)
        struck = [voices[voice][::4] for voice in ("kick", "snare", "clap") if voice in voices]
        pulse += sum(any(s[beat] != "." for s in struck) for beat in range(beats)) / beats / len(plan)
    hits_per_s = hits / beats * tempo / 60
    fast = (tempo - 60) / 110
    dense = min(hits_per_s / 16, 1.0)
    loud = (loudness_db + 21) / 12
    closeness = math.exp(-(((tempo - 116) / 32) ** 2))
    energy = float(np.clip(0.3 * fast + 0.35 * dense + 0.35 * loud, 0, 1))
    danceability = float(np.clip(0.4 * pulse * (beats == 4) + 0.35 * closeness + 0.25 * dense, 0, 1))
    return round(energy, 4), round(danceability, 4)
