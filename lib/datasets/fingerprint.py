"""Fingerprints of recordings, and how alike two of them are at the best shift.

After Haitsma and Kalker, "A Highly Robust Audio Fingerprinting System", ISMIR 2002: one 32-bit word a
frame, each bit the sign of a difference of band energies along frequency and time. Loudness cancels out,
and coding or light noise flips few bits, while the bits of two different recordings agree by chance.
"""

import numpy as np
import scipy.fft

SAMPLE_RATE = 11025  # Hz
N_FFT = 4096  # samples, .37 s as in the paper: frames overlap so much that a shift within a hop hardly matters
HOP = 256  # samples
STEP = 4  # frames between the two energies that a bit compares
BITS = 32
LOW, HIGH = 300.0, 2000.0  # Hz, the paper's range: kept by every codec
FRAMES_PER_SECOND = SAMPLE_RATE / HOP
OVERLAP_S = 8.0  # with sound in both that a shift must leave; of short clips, 60 % of the shorter one
_SILENT = 1e-6  # energy of a frame, relative to the loudest, below which its bits are noise

_WINDOW = np.hanning(N_FFT).astype(np.float32)
_EDGES = np.round(np.geomspace(LOW, HIGH, BITS + 2) * N_FFT / SAMPLE_RATE).astype(int)


def fingerprint(y: np.ndarray) -> np.ndarray:
    """Fingerprint of a recording [shape=(n,)] at `SAMPLE_RATE`.

    Returns
    -------
    np.ndarray [shape=(frames,), dtype=uint32]
        One word a frame, `FRAMES_PER_SECOND` a second; 0 stands for a frame without sound. Empty if `y` is too short.
    """
    y = np.asarray(y, dtype=np.float32)
    if len(y) < N_FFT + STEP * HOP:
        return np.empty(0, dtype=np.uint32)
    frames = np.lib.stride_tricks.sliding_window_view(y, N_FFT)[::HOP]
    energy = np.empty((len(frames), BITS + 1), dtype=np.float32)
    for start in range(0, len(frames), 128):  # a block of frames stays in the processor's cache
        spectrum = scipy.fft.rfft(frames[start : start + 128] * _WINDOW)[:, : _EDGES[-1]]
        power = spectrum.real**2 + spectrum.imag**2
        energy[start : start + 128] = np.add.reduceat(power, _EDGES[:-1], axis=1)
    along_frequency = energy[:, :-1] - energy[:, 1:]
    bits = along_frequency[STEP:] > along_frequency[:-STEP]
    words = np.packbits(bits, axis=1, bitorder="little").view("<u4")[:, 0].astype(np.uint32)
    loud = energy.sum(axis=1)
    loud_enough = np.minimum(loud[STEP:], loud[:-STEP]) > _SILENT * max(float(loud.max()), 1e-12)
    return np.where(loud_enough, np.maximum(words, 1), 0).astype(np.uint32)


def likeness(a: np.ndarray, b: np.ndarray) -> tuple[float, float]:
    """Share of equal bits of two fingerprints at the shift where they agree best.

    Returns
    -------
    share : float
        About .5 to .6 for different recordings, 1 for equal ones; 0 if no shift leaves enough overlap.
    shift_s : float
        Seconds by which `b` comes later than `a`.
    """
    if not len(a) or not len(b):
        return 0.0, 0.0
    size = scipy.fft.next_fast_len(len(a) + len(b), real=True)
    agreement = scipy.fft.irfft((_spectra(a, size) * _spectra(b, size).conj()).sum(axis=0), size)
    overlap = scipy.fft.irfft(_mask(a, size) * _mask(b, size).conj(), size)
    least = min(OVERLAP_S * FRAMES_PER_SECOND, 0.6 * np.count_nonzero(a), 0.6 * np.count_nonzero(b))
    enough = overlap >= max(least, FRAMES_PER_SECOND) - 0.5  # a second of equal bits can be chance
    if not enough.any():
        return 0.0, 0.0
    share = np.where(enough, 0.5 + 0.5 * agreement / (BITS * np.maximum(overlap, 1)), 0)
    best = int(share.argmax())
    lag = best if best < len(a) else best - size
    return float(min(share[best], 1.0)), -lag / FRAMES_PER_SECOND


def _spectra(words: np.ndarray, size: int) -> np.ndarray:
    bits = np.unpackbits(words.astype("<u4").view(np.uint8).reshape(-1, 4), axis=1, bitorder="little")
    signs = (bits.astype(np.float32) * 2 - 1) * (words != 0)[:, None]
    return scipy.fft.rfft(signs.T, size)


def _mask(words: np.ndarray, size: int) -> np.ndarray:
    return scipy.fft.rfft((words != 0).astype(np.float32), size)
