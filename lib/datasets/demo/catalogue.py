"""What the composer chooses from, and the artists it invents: what makes two songs of one artist sound alike."""

import zlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import yaml

CATALOGUE = yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8"))
GENRES: dict[str, dict] = CATALOGUE["genres"]
NAMES = tuple(GENRES)
MOST_SONGS = 100  # per genre: beyond it titles would repeat
USUAL = 6  # artists per genre, where there are songs for them: each of five artist-disjoint folds holds every genre


@dataclass(frozen=True)
class Artist:
    """One artist: name, instruments and the sound of its recordings."""

    name: str
    pattern: str  # of the drums
    chords: str  # instrument and manner of playing, as ``piano block``
    bass: str
    lead: str  # instruments from here on; ``none`` = absent
    pad: str
    hook: str
    traits: dict[str, float]  # as in ``catalogue.yaml``, which gives their bounds


def generator(seed: int, *names: object) -> np.random.Generator:
    """Random generator for one purpose; named rather than numbered, so that one more draw shifts no other stream."""
    return np.random.default_rng([seed, zlib.crc32("/".join(map(str, names)).encode())])


def artists_per_genre(songs_per_genre: int) -> int:
    """Six artists, fewer if there are fewer songs, more if an artist would have more than two."""
    return max(min(USUAL, songs_per_genre), -(-songs_per_genre // 2))


def pair(seed: int, second: str, number: int) -> str:
    """Return the `number`-th pair of an adjective and a ``nouns`` or ``people``, in a seeded order without repeats."""
    left, right = CATALOGUE["words"]["adjectives"], CATALOGUE["words"][second]
    rng = generator(seed, "words", second)
    first, last = rng.permutation(len(left)), rng.permutation(len(right))
    row, column = divmod(number, len(left))
    return f"{left[first[column]]} {right[last[(column + row) % len(right)]]}"


@cache
def artists_of(genre: str, seed: int, count: int) -> tuple[Artist, ...]:
    """Invent the `count` artists of a genre; their traits are spread evenly over what the genre allows."""
    style = GENRES[genre]

    def chosen(part: str) -> list[str]:
        rng, options = generator(seed, genre, part), style[part]
        start = int(rng.integers(len(options)))
        return [options[(start + i) % len(options)] for i in rng.permutation(count)]

    def spread(trait: str, low: float, high: float) -> list[float]:
        rng = generator(seed, genre, trait)
        return (low + (high - low) * (rng.permutation(count) + rng.uniform(0.2, 0.8, count)) / count).round(4).tolist()

    band = {part: chosen(part) for part in ("pattern", "chords", "bass", "lead", "pad", "hook")}
    traits = {trait: spread(trait, *ends) for trait, ends in (CATALOGUE["traits"] | style["traits"]).items()}
    return tuple(
        Artist(
            name=f"The {pair(seed, 'people', i * len(NAMES) + NAMES.index(genre))}",
            **{part: options[i] for part, options in band.items()},
            traits={trait: values[i] for trait, values in traits.items()},
        )
        for i in range(count)
    )
