"""Audio in, grey-scale log-mel spectrogram out.

The way from file to picture is explained in notebook 02. It follows librosa's definition of the
mel-spectrogram (Slaney's mel scale and normalisation; McFee et al. 2015, doi 10.25080/Majora-7b98e3ed-003)
at less cost: float32 frames, one real FFT, one sparse matrix product.
"""

from dataclasses import asdict, dataclass
from functools import cache

import numpy as np

from lib.errors import ReportError

BLOCK = 128  # frames whose spectra stay in the cache of a processor


@dataclass(frozen=True)
class Spectrogram:
    """Parameters of the spectrogram; they travel with the slices and with every trained model.

    Parameters
    ----------
    sample_rate : int > 0
        Hz, after resampling.
    n_mels : int > 0
        Mel bands.
    n_fft : int > 0
        Samples a frame.
    hop_length : int > 0
        Samples from frame to frame.
    top_db : float > 0
        dB below the loudest bin of the excerpt that are kept.
    excerpt_s : float > 0
        Seconds taken from the middle of a track.
    slice_s : float > 0
        Seconds a slice.
    """

    sample_rate: int = 22050
    n_mels: int = 96
    n_fft: int = 2048
    hop_length: int = 512
    top_db: float = 80.0
    excerpt_s: float = 30.0
    slice_s: float = 3.0

    def __post_init__(self):
        for name, value in asdict(self).items():
            if not value > 0:
                raise ReportError(f"spectrogram: {name} is {value}; it must be greater than 0.")
        if self.hop_length > self.n_fft:
            raise ReportError(f"spectrogram: hop_length {self.hop_length} is longer than n_fft {self.n_fft}.")
        if self.slice_s > self.excerpt_s:
            raise ReportError(f"spectrogram: slice_s {self.slice_s} is longer than excerpt_s {self.excerpt_s}.")

    @property
    def slice_frames(self) -> int:
        """Frames a slice."""
        return int(self.slice_s * self.sample_rate / self.hop_length)

    @property
    def shape(self) -> tuple[int, int]:
        """Bands and frames of a slice."""
        return self.n_mels, self.slice_frames

    @property
    def slices_per_excerpt(self) -> int:
        """Slices of a whole excerpt."""
        return int(self.excerpt_s / self.slice_s + 1e-9)


def mel_centres(spectrogram: Spectrogram) -> np.ndarray:
    """Centre frequencies of the mel bands in Hz [shape=(n_mels,)]."""
    import librosa  # late: it takes long, and who reads slices needs none of it

    rate, n_mels = spectrogram.sample_rate, spectrogram.n_mels
    return librosa.mel_frequencies(n_mels=n_mels + 2, fmax=rate / 2)[1:-1]


@cache
def mel_filters(sample_rate: int, n_fft: int, n_mels: int) -> np.ndarray:
    """Triangular mel filters as librosa makes them [shape=(n_mels, 1 + n_fft // 2)]."""
    import librosa  # late, as above

    return librosa.filters.mel(sr=sample_rate, n_fft=n_fft, n_mels=n_mels)


@cache
def _sparse_filters(sample_rate: int, n_fft: int, n_mels: int):
    """`mel_filters` without their zeros, which are 98 in 100: no BLAS, whose threads wait for busy cores."""
    from scipy.sparse import csr_array  # late, as above

    return csr_array(mel_filters(sample_rate, n_fft, n_mels))


@cache
def _window(n_fft: int) -> np.ndarray:
    from scipy.signal import get_window  # late, as above

    return get_window("hann", n_fft).astype(np.float32)


def log_mel(y: np.ndarray, spectrogram: Spectrogram) -> np.ndarray:
    """Log-mel spectrogram in dB below its loudest bin.

    That of the power of frames under a Hann window, centred on every ``hop_length``-th sample, with zeros beyond
    the ends.

    Parameters
    ----------
    y : np.ndarray [shape=(n,), dtype=float32]
        Samples at ``spectrogram.sample_rate``.
    spectrogram : Spectrogram

    Returns
    -------
    np.ndarray [shape=(n_mels, 1 + n // hop_length), dtype=float32]
        Values from ``-top_db`` to 0.
    """
    from scipy.fft import rfft  # late, as above

    n_fft, hop = spectrogram.n_fft, spectrogram.hop_length
    padded = np.pad(np.asarray(y, dtype=np.float32), n_fft // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, n_fft)[::hop]
    filters = _sparse_filters(spectrogram.sample_rate, n_fft, spectrogram.n_mels)
    power = np.empty((spectrogram.n_mels, len(frames)), dtype=np.float32)
    for start in range(0, len(frames), BLOCK):
        spectrum = rfft(frames[start : start + BLOCK] * _window(n_fft))
        power[:, start : start + BLOCK] = filters @ np.ascontiguousarray((spectrum.real**2 + spectrum.imag**2).T)
    reference = max(float(power.max()), 1e-10)
    decibel = 10 * np.log10(np.maximum(power, 1e-10)) - np.float32(10 * np.log10(reference))
    return np.maximum(decibel, -spectrogram.top_db)


def to_grey(decibel: np.ndarray, top_db: float = 80.0) -> np.ndarray:
    """Grey levels 0..255 (uint8) of a spectrogram in ``-top_db``..0 dB."""
    return np.round((decibel + top_db) * (255 / top_db)).astype(np.uint8)


def to_decibel(grey: np.ndarray, top_db: float = 80.0) -> np.ndarray:
    """DB below the loudest bin of grey levels; the inverse of `to_grey` to half a level."""
    return grey.astype(np.float32) * (top_db / 255) - top_db


def cut_slices(grey: np.ndarray, spectrogram: Spectrogram) -> np.ndarray:
    """Cut a picture into the slices that fit.

    Slice i begins at the frame nearest to ``i * slice_s``, so that slices do not drift from their times.

    Parameters
    ----------
    grey : np.ndarray [shape=(n_mels, frames)]

    Returns
    -------
    np.ndarray [shape=(slices, n_mels, slice_frames)]
        Empty if not one slice fits.
    """
    width = spectrogram.slice_frames
    step = spectrogram.slice_s * spectrogram.sample_rate / spectrogram.hop_length
    starts = [round(i * step) for i in range(spectrogram.slices_per_excerpt)]
    parts = [grey[:, start : start + width] for start in starts if start + width <= grey.shape[1]]
    return np.stack(parts) if parts else np.empty((0, grey.shape[0], width), dtype=grey.dtype)
