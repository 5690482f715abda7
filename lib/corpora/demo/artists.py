"""The artists of the corpus: what makes two songs of one artist sound alike."""

from dataclasses import dataclass
from functools import cache

import numpy as np

from lib.corpora.demo import names
from lib.corpora.demo.genres import GENRES, genre_number, genre_of
from lib.corpora.demo.randomness import generator

USUAL = 6  # artists a genre, where there are songs for them: five folds by artist each hold every genre
BANDS = {"Rock": 0.85, "Hip-Hop": 0.15, "Pop": 0.4, "Folk": 0.4, "Instrumental": 0.3, "Electronic": 0.5}
BORROWING = 0.2  # chance that an artist takes its chord instrument from a neighbouring genre


@dataclass(frozen=True)
class Artist:
    """One artist: name, instruments and the sound of its recordings.

    Parameters
    ----------
    name, album : str
    pattern, kit : str
        Drum pattern and drum kit.
    chords, bass : pair of str
        Instrument and manner of playing.
    lead, pad, hook : str
        Instruments; ``none`` = absent.
    favourite : int
        Progression of each mode that it prefers.
    brightness : float in 0..1
        Weight of the high frequencies; its songs lie around it.
    detune : float
        Factor on the detuning of the instruments' voices.
    formant : float
        Size of the singer: factor on the frequencies of the vowels.
    drive : float
        Gain into the guitar amplifier, 1..6.
    swing : float
        Delay of every second sixteenth, as part of a sixteenth.
    tuning, damping : float
        Of the drums: semitones, and factor on how fast they fade.
    reverb_s, reverb : float
        Reverberation time in seconds (-60 dB) and level, 0..1.
    bump_hz, bump_db : float
        Colour of its studio: centre and gain of a broad resonance.
    width : float in 0..1
        Stereo width.
    offset_ms : float
        Delay between the two takes of a doubled part.
    mix_db : dict
        Part to dB above the genre's mix.
    loudness_db : float
        dB above the genre's loudness.
    """

    name: str
    album: str
    pattern: str
    kit: str
    chords: tuple[str, str]
    bass: tuple[str, str]
    lead: str
    pad: str
    hook: str
    favourite: int
    brightness: float
    detune: float
    formant: float
    drive: float
    swing: float
    tuning: float
    damping: float
    reverb_s: float
    reverb: float
    bump_hz: float
    bump_db: float
    width: float
    offset_ms: float
    mix_db: dict[str, float]
    loudness_db: float


def artists_per_genre(songs_per_genre: int) -> int:
    """Six artists, fewer if there are fewer songs, more if an artist would have more than two."""
    return max(min(USUAL, songs_per_genre), -(-songs_per_genre // 2))


def _shuffled(options: tuple, count: int, rng: np.random.Generator) -> list:
    """`count` options in random order, each as often as any other (or once more)."""
    start = int(rng.integers(len(options)))
    return [options[(start + i) % len(options)] for i in rng.permutation(count)]


def _spread(low: float, high: float, count: int, rng: np.random.Generator) -> np.ndarray:
    """`count` numbers in random order, one in each equal part of low..high."""
    return low + (high - low) * (rng.permutation(count) + rng.uniform(0.2, 0.8, count)) / count


@cache
def artists_of(genre: str, seed: int, count: int) -> tuple[Artist, ...]:
    """Invent the `count` artists of a genre; their traits are spread evenly over what the genre allows.

    Raises
    ------
    ReportError
        If the genre is unknown.
    """
    style, number = genre_of(genre), genre_number(genre)

    def rng(trait: str) -> np.random.Generator:
        return generator(seed, "artists", genre, trait)

    def choice(trait: str, options: tuple) -> list:
        return _shuffled(options, count, rng(trait))

    def spread(trait: str, low: float, high: float) -> list[float]:
        return [round(value, 4) for value in _spread(low, high, count, rng(trait)).tolist()]

    chords = choice("chords", style.chords)
    borrows = rng("borrows")
    for i in range(count):
        if borrows.random() < BORROWING:
            neighbour = genre_of(style.neighbours[borrows.integers(len(style.neighbours))])
            chords[i] = neighbour.chords[borrows.integers(len(neighbour.chords))]
    columns = {
        "pattern": choice("pattern", style.patterns),
        "kit": choice("kit", style.kits),
        "chords": chords,
        "bass": choice("bass", style.basses),
        "lead": choice("lead", style.leads),
        "pad": choice("pad", style.pads),
        "hook": choice("hook", style.hooks),
        "favourite": choice("favourite", tuple(range(3))),
        "brightness": spread("brightness", 0.12, 0.88),
        "detune": spread("detune", 0.4, 1.8),
        "formant": spread("formant", 0.86, 1.2),
        "drive": spread("drive", 1.5, 6.0),
        "swing": spread("swing", *style.swing),
        "tuning": spread("tuning", -4.0, 4.0),
        "damping": spread("damping", 0.7, 1.5),
        "reverb_s": spread("reverb_s", 0.4, 2.2),
        "reverb": spread("reverb", 0.08, 0.4),
        "bump_hz": [round(300 * 2**octave, 1) for octave in spread("bump_hz", 0.0, 4.0)],
        "bump_db": spread("bump_db", 2.0, 6.0),
        "width": spread("width", 0.2, 0.9),
        "offset_ms": spread("offset_ms", 5.0, 22.0),
        "loudness_db": spread("loudness_db", -1.5, 1.5),
    }
    mixer = rng("mix")
    made = []
    for i in range(count):
        place = i * len(GENRES) + number
        band = rng(f"band {i}").random() < BANDS[genre]
        mix = {
            part: round(float(mixer.uniform(-2, 2)), 3) for part in ("drums", "bass", "chords", "lead", "pad", "hook")
        }
        made.append(
            Artist(
                name=names.artist_name(seed, place, band),
                album=names.album_name(seed, place),
                mix_db=mix,
                **{trait: values[i] for trait, values in columns.items()},
            )
        )
    return tuple(made)
