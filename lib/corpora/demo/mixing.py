"""From notes to a stereo recording: parts, room, colour, compression, limit."""

from functools import cache

import numpy as np
import scipy.signal

from lib.corpora.demo import drums, instruments
from lib.corpora.demo.composition import Song
from lib.corpora.demo.genres import genre_of
from lib.corpora.demo.instruments import RATE
from lib.corpora.demo.randomness import generator
from lib.corpora.demo.score import Hit, Note, write_score

USUAL_DB = {"drums": -17.0, "bass": -19.0, "chords": -20.0, "lead": -19.0, "pad": -26.0, "hook": -25.0}
SENDS = {"drums": 0.35, "bass": 0.03, "chords": 0.7, "lead": 0.9, "pad": 0.8, "hook": 1.0}  # into the room
PANS = {"drums": 0.0, "bass": 0.0, "chords": -0.35, "lead": 0.0, "pad": 0.3, "hook": 0.6}
PEAK = 0.8  # of full scale: room for what lossy coding adds
FADE_S = 0.03


def render(song: Song) -> np.ndarray:
    """Play a song.

    Parameters
    ----------
    song : Song

    Returns
    -------
    np.ndarray [shape=(2, n), dtype=float32]
        Left and right at 44.1 kHz, ``n = round(seconds * 44100)``, peak below 1.
    """
    n = round(song.seconds * RATE)
    notes, hits = write_score(song)
    parts = _play_notes(song, notes, n)
    if hits:
        parts["drums"] = _play_drums(song, hits, n)
    mix = {
        part: USUAL_DB[part] + genre_of(song.genre).mix_db.get(part, 0.0) + song.artist.mix_db[part] for part in parts
    }
    duck = _ducking(song, hits, n)
    stereo, send = np.zeros((2, n), dtype=np.float32), np.zeros(n, dtype=np.float32)
    for part, sound in parts.items():
        sound *= np.float32(10 ** (mix[part] / 20) / _loudness(sound))
        if duck is not None and part not in ("drums", "lead"):
            sound *= duck
        _place(stereo, sound, part, song)
        send += np.float32(SENDS[part]) * sound
    stereo += np.float32(song.artist.reverb) * _room(send, song)
    return _master(stereo, song)


def _add(track: np.ndarray, sound: np.ndarray, start_s: float, gain: float) -> None:
    start = round(start_s * RATE)
    end = min(start + len(sound), len(track))
    track[start:end] += np.float32(gain) * sound[: end - start]


def _play_notes(song: Song, notes: list[Note], n: int) -> dict[str, np.ndarray]:
    """One mono track a part; each distinct note is synthesised once."""
    tracks: dict[str, np.ndarray] = {}
    sounds: dict[tuple, np.ndarray] = {}
    amplified = set()
    for note in notes:
        key = note.instrument, note.midi, note.seconds, note.vowel
        if key not in sounds:
            sounds[key] = instruments.play(*key[:3], song.artist, song.brightness, note.vowel)
        if note.part not in tracks:
            tracks[note.part] = np.zeros(n, dtype=np.float32)
        _add(tracks[note.part], sounds[key], note.start_s, note.velocity)
        if note.instrument in ("electric_guitar", "electric_lead"):
            amplified.add(note.part)
    for part in amplified:
        tracks[part] = _amplifier(tracks[part], song.artist.drive)
    return tracks


def _play_drums(song: Song, hits: list[Hit], n: int) -> np.ndarray:
    track = np.zeros(n, dtype=np.float32)
    sounds = {voice: drums.strike(voice, song.artist) for voice in sorted({hit.voice for hit in hits})}
    for hit in hits:
        _add(track, sounds[hit.voice], hit.start_s, hit.velocity)
    return track


def _loudness(sound: np.ndarray) -> float:
    """RMS of the louder half of the tenths of a second, so that rests do not make a part louder."""
    frames = sound[: len(sound) // 4410 * 4410].reshape(-1, 4410)
    energy = np.sort((frames**2).mean(axis=1))
    return max(float(np.sqrt(energy[len(energy) // 2 :].mean())), 1e-6)


@cache
def _lowpass(cutoff: float) -> np.ndarray:
    return scipy.signal.butter(3, cutoff, fs=RATE, output="sos").astype(np.float32)


def _amplifier(sound: np.ndarray, drive: float) -> np.ndarray:
    """Soft clipping and the low-pass of a loudspeaker."""
    clipped = np.tanh(sound * np.float32(drive / _loudness(sound)))
    return scipy.signal.sosfilt(_lowpass(4800.0), clipped)


def _ducking(song: Song, hits: list[Hit], n: int) -> np.ndarray | None:
    """Gain of the other parts after each kick, as from a compressor keyed by it."""
    depth = genre_of(song.genre).ducking
    if not depth:
        return None
    gain = np.ones(n, dtype=np.float32)
    curve = (1 - depth * np.exp(-np.arange(int(0.5 * RATE)) / (0.11 * RATE))).astype(np.float32)
    for hit in hits:
        if hit.voice == "kick":
            start = round(hit.start_s * RATE)
            span = gain[start : start + len(curve)]
            np.minimum(span, curve[: len(span)], out=span)
    return gain


def _place(stereo: np.ndarray, sound: np.ndarray, part: str, song: Song) -> None:
    """Pan a part; chords and pads are doubled by a second, later take on the other side."""
    pan = PANS[part] * song.artist.width
    left, right = np.float32(np.sqrt((1 - pan) / 2)), np.float32(np.sqrt((1 + pan) / 2))
    stereo[0] += left * sound
    stereo[1] += right * sound
    if part in ("chords", "pad"):
        shift = max(1, int(song.artist.offset_ms * RATE / 1000))
        stereo[0, shift:] += np.float32(0.5 * song.artist.width) * right * sound[:-shift]
        stereo[1, shift:] += np.float32(0.5 * song.artist.width) * left * sound[:-shift]


def _room(send: np.ndarray, song: Song) -> np.ndarray:
    """Reverberation: two unlike decaying noises, darker the later, each convolved with the send."""
    artist = song.artist
    n = int(artist.reverb_s * RATE)
    rng = generator(0, "room", artist.name)
    time = np.arange(n, dtype=np.float32) / RATE
    response = rng.standard_normal((2, n), dtype=np.float32) * np.exp(-6.9 * time / np.float32(artist.reverb_s))
    response = scipy.signal.sosfilt(_lowpass(3000.0 + 5000.0 * round(artist.brightness, 2)), response)
    response /= np.sqrt((response**2).sum(axis=1, keepdims=True))
    return scipy.signal.oaconvolve(send[None], response, axes=1)[:, : len(send)].astype(np.float32)


def _shelf(gain_db: float, corner: float) -> tuple[np.ndarray, np.ndarray]:
    """First-order high shelf by the bilinear transform."""
    gain, w = 10 ** (gain_db / 40), np.tan(np.pi * corner / RATE)
    b, a = np.array([gain**2 + w * gain, w * gain - gain**2]), np.array([1 + w * gain, w * gain - 1])
    return b / a[0], a / a[0]


def _peak(gain_db: float, centre: float, quality: float = 0.9) -> np.ndarray:
    """Second-order section of a peaking equaliser (Bristow-Johnson's cookbook)."""
    gain, w = 10 ** (gain_db / 40), 2 * np.pi * centre / RATE
    alpha = np.sin(w) / (2 * quality)
    b = [1 + alpha * gain, -2 * np.cos(w), 1 - alpha * gain]
    a = [1 + alpha / gain, -2 * np.cos(w), 1 - alpha / gain]
    return np.array([*b, *a]) / a[0]


def _master(stereo: np.ndarray, song: Song) -> np.ndarray:
    """Colour of the studio, brightness of the song, compression, loudness and limit."""
    b, a = _shelf(12 * (song.brightness - 0.5), 1500.0)
    sections = np.stack(
        [
            scipy.signal.butter(2, 28.0, "highpass", fs=RATE, output="sos")[0],
            [b[0], b[1], 0, a[0], a[1], 0],
            _peak(song.artist.bump_db, song.artist.bump_hz),
        ]
    )
    stereo = scipy.signal.sosfilt(sections.astype(np.float32), stereo)
    stereo *= _compression(stereo)
    target = 10 ** (song.loudness_db / 20)
    stereo *= np.float32(target / np.sqrt((stereo**2).mean()))
    stereo = np.float32(PEAK) * np.tanh(stereo / np.float32(PEAK))
    fade = int(FADE_S * RATE)
    stereo[:, -fade:] *= np.linspace(1, 0, fade, dtype=np.float32)
    return stereo


def _compression(stereo: np.ndarray, ratio: float = 2.0, hop: int = 441) -> np.ndarray:
    """Gain of a gentle compressor: above the mean level, `ratio` dB in give 1 dB out."""
    n = stereo.shape[1]
    frames = stereo[:, : n // hop * hop].reshape(2, -1, hop)
    level = np.sqrt((frames**2).mean(axis=(0, 2)) + 1e-12)
    smooth = scipy.signal.lfilter([0.12], [1, -0.88], level, zi=[0.88 * level.mean()])[0]
    gain = np.minimum(1.0, (smooth / smooth.mean()) ** (1 / ratio - 1))
    return np.interp(np.arange(n), (np.arange(len(gain)) + 0.5) * hop, gain).astype(np.float32)
