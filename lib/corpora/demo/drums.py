"""Drum kits: swept sines for skins, filtered noise for wires and cymbals, tuned by each artist."""

import math
from functools import cache

import numpy as np
import scipy.signal

from lib.corpora.demo.artists import Artist
from lib.corpora.demo.instruments import RATE
from lib.corpora.demo.randomness import generator

# kit: kick end Hz, start Hz, decay s, click; snare tone Hz, decay s, noise; cymbals' lowest Hz and tone
KITS = {
    "acoustic": {"kick": (55, 160, 0.16, 0.5), "snare": (190, 0.13, 0.8), "cymbals": (6000, 0.35)},
    "room": {"kick": (62, 180, 0.22, 0.35), "snare": (170, 0.2, 0.9), "cymbals": (5000, 0.3)},
    "electronic": {"kick": (48, 260, 0.24, 0.8), "snare": (210, 0.11, 1.0), "cymbals": (8000, 0.1)},
    "machine": {"kick": (44, 130, 0.42, 0.25), "snare": (180, 0.14, 0.7), "cymbals": (7000, 0.6)},
    "soft": {"kick": (60, 110, 0.2, 0.1), "snare": (180, 0.12, 0.5), "cymbals": (5500, 0.3)},
}
# voice: seconds to fade, level, lowest and highest Hz of its noise
NOISES = {
    "shaker": (0.035, 0.55, 5000, 12000), "brush": (0.09, 0.6, 1800, 9000), "tambourine": (0.09, 0.6, 7000, 15000),
}  # fmt: skip
CYMBALS = {"hat": (0.035, 0.6), "open": (0.22, 0.6), "ride": (0.35, 0.4), "crash": (0.9, 0.8)}
METAL = (1.0, 1.342, 1.2312, 1.6532, 1.9523, 2.1523)  # ratios of six inharmonic partials


@cache
def _band(low: float, high: float) -> np.ndarray:
    return scipy.signal.butter(2, (low, min(high, 0.45 * RATE)), "bandpass", fs=RATE, output="sos")


def strike(voice: str, artist: Artist) -> np.ndarray:
    """Sound of one stroke.

    Parameters
    ----------
    voice : str
        ``kick``, ``snare``, ``clap``, ``tom``, ``rim``, ``hat``, ``open``, ``ride``, ``crash``, ``shaker``,
        ``brush`` or ``tambourine``.
    artist : Artist
        Its kit, tuning and damping.

    Returns
    -------
    np.ndarray [shape=(n,), dtype=float32]
        At 44.1 kHz, peak about 1 for a kick.
    """
    kit, tune = KITS[artist.kit], 2 ** (artist.tuning / 12)
    rng = generator(0, "stroke", voice, artist.name)
    if voice == "kick":
        low, high, decay, click = kit["kick"]
        return _skin(low * tune, high * tune, decay / artist.damping, click, rng)
    if voice == "tom":
        return 0.8 * _skin(95 * tune, 150 * tune, 0.2 / artist.damping, 0.15, rng)
    if voice == "snare":
        tone, decay, noise = kit["snare"]
        decay /= artist.damping
        skin = _skin(tone * tune, 1.6 * tone * tune, 0.6 * decay, 0.2, rng, seconds=6 * decay)
        return 0.45 * skin + noise * _noise(decay, 1200 * tune, 9500, rng, len(skin))
    if voice == "clap":
        body = _noise(0.1 / artist.damping, 900 * tune, 3500 * tune, rng, int(0.5 * RATE))
        early = np.zeros_like(body)
        for delay in (0.0, 0.011, 0.021):
            at = int(delay * RATE)
            early[at:] += body[: len(body) - at] * np.exp(-np.arange(len(body) - at, dtype=np.float32) / (0.006 * RATE))
        return 0.9 * early + 0.8 * np.roll(body, int(0.028 * RATE))
    if voice == "rim":
        return 0.5 * _skin(820 * tune, 1100 * tune, 0.018, 0.4, rng, seconds=0.12)
    if voice in CYMBALS:
        decay, level = CYMBALS[voice]
        low, tone = kit["cymbals"]
        return level * _metal(decay / artist.damping, low * math.sqrt(tune), tone, rng)
    decay, level, low, high = NOISES[voice]
    sound = level * _noise(decay / artist.damping, low * math.sqrt(tune), high, rng, int(0.4 * RATE))
    if voice in ("shaker", "brush"):  # grains take a moment to meet the wall
        rise = int(0.012 * RATE)
        sound[:rise] *= np.linspace(0, 1, rise, dtype=np.float32)
    return sound


def _skin(low, high, decay, click, rng, seconds: float = 0.0) -> np.ndarray:
    """Make a sine that falls from `high` to `low` Hz, with a click."""
    time = np.arange(int((seconds or 6 * decay) * RATE)) / RATE
    glide = 0.03
    phase = 2 * np.pi * (low * time - (high - low) * glide * np.expm1(-time / glide))
    sound = np.sin(phase) * np.exp(-time / decay)
    sound += click * rng.standard_normal(len(time)) * np.exp(-time / 0.003)
    return sound.astype(np.float32)


def _noise(decay, low, high, rng, n: int) -> np.ndarray:
    time = np.arange(n, dtype=np.float32) / RATE
    noise = scipy.signal.sosfilt(_band(round(low), round(high)), rng.standard_normal(n))
    return (noise / noise.std() * 0.35).astype(np.float32) * np.exp(-time / np.float32(decay))


def _metal(decay, low, tone, rng) -> np.ndarray:
    """Noise and six square waves of inharmonic pitch, high-passed: an analogue drum machine's cymbal."""
    n = int(min(6 * decay, 2.5) * RATE)
    time = np.arange(n) / RATE
    squares = sum(np.sign(np.sin(2 * np.pi * 800 * ratio * time + i)) for i, ratio in enumerate(METAL)) / 3
    mixed = tone * squares + (1 - tone) * rng.standard_normal(n)
    mixed = scipy.signal.sosfilt(_band(round(low), 16000), mixed)
    return (mixed / mixed.std() * 0.35 * np.exp(-time / decay)).astype(np.float32)
