"""Out-of-distribution detection: whether sound is like the music that a network was trained on.

A network also predicts classes of speech and noise, often with confidence (Hendrycks & Gimpel 2017, arXiv 1610.02136).
The training music is described by statistics of its slices and of its songs, as normal distributions; the
out-of-distribution score of a song is its Mahalanobis distance from them (Lee et al. 2018, arXiv 1807.03888).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lib.features.spectrogram import Spectrogram

COEFFICIENTS = 20  # of the cepstrum
KNOWN_SHARE = 0.97  # of songs of unknown artists with a score of at most 1
SYLLABLES = (2.0, 7.0)  # Hz at which the loudness of speech rises and falls (Houtgast & Steeneken 1985: 4 Hz at most)
SILENT = 2 / 255  # grey level below which a band is silent
USED = 8 / 255  # grey level from which a band counts as used
EDGE = 98  # percentile of a band's levels that must exceed `USED`
FINEST = 0.5 / 255  # half a grey level: least standard deviation of a feature
FOLDS = 5
LENGTHS = (1, 2, 4, 7)  # slices of a song for which limits are estimated, beside all
_SMALL = 1e-3
NAMES = (
    *(f"{what}timbre {number}" for what in ("", "range of ", "speed of ") for number in range(COEFFICIENTS)),
    "range of loudness", "loudness of the quietest parts", "loudness of the loudest parts", "silence",
    "silence in the treble", "silence in the bass", "upper edge", "lower edge", "pauses", "rhythm of syllables",
)  # fmt: skip


def features(slices: np.ndarray, spectrogram: Spectrogram) -> np.ndarray:
    """Statistics of a song's slices that discriminate music from other sound.

    Mean, range and speed of change of the first cepstral coefficients (DCT-II of the log-mel), and what sets speech,
    noise and narrow channels apart: level and its range, silence in all bands and in the highest and lowest, the
    highest and lowest band in use, pauses, and the share of the loudness' movement at the rate of syllables (Scheirer
    & Slaney 1997, doi 10.1109/ICASSP.1997.596192). Spreads and shares are taken as logarithms.

    Parameters
    ----------
    slices : np.ndarray [shape=(n, n_mels, frames), dtype=uint8]
        At least one, of 24 bands or more.
    spectrogram : Spectrogram
        Of the slices.

    Returns
    -------
    np.ndarray [shape=(70,), dtype=float64]
        In the order of `NAMES`.
    """
    from scipy.fft import dct

    grey = slices.astype("float32") / 255
    cepstra = dct(grey, type=2, norm="ortho", axis=1)[:, :COEFFICIENTS]
    spreads = _log(cepstra.std(axis=(0, 2))), _log(np.diff(cepstra, axis=2).std(axis=(0, 2)))
    loudness = grey.mean(axis=1)  # [slice, frame]
    silent = (grey < SILENT).mean(axis=(0, 2))  # of each band
    bands = len(silent)
    used = np.flatnonzero(np.percentile(grey, EDGE, axis=(0, 2)) > USED)
    edges = (used[-1] / bands, used[0] / bands) if len(used) else (0.0, 1.0)
    level = [
        _log(loudness.std()), *np.percentile(loudness, (5, 95)), silent.mean(), _log(silent[-bands // 5 :].mean()),
        _log(silent[: bands // 20 + 1].mean()), *edges, _log((loudness < np.median(loudness) / 2).mean()),
        _log(_at_syllables(loudness, spectrogram)),
    ]  # fmt: skip
    return np.concatenate([cepstra.mean(axis=(0, 2)), *spreads, level]).astype("float64")


def _log(values: np.ndarray) -> np.ndarray:
    return np.log(_SMALL + values)


def _at_syllables(loudness: np.ndarray, spectrogram: Spectrogram) -> float:
    """Share of the loudness' movement at the rate of syllables, 0..1."""
    frames = loudness.shape[1]
    moved = (loudness - loudness.mean(axis=1, keepdims=True)) * np.hanning(frames)
    power = (np.abs(np.fft.rfft(moved, 2 * frames, axis=1)) ** 2).mean(axis=0)
    rates = np.fft.rfftfreq(2 * frames, spectrogram.hop_length / spectrogram.sample_rate)
    low, high = SYLLABLES
    return float(power[(rates > low) & (rates < high)].sum() / (power.sum() + 1e-9))


@dataclass(frozen=True)
class Normal:
    """A normal distribution of `features`, covariance by Ledoit & Wolf (2004, doi 10.1016/S0047-259X(03)00096-4)."""

    centre: np.ndarray  # mean [shape=(features,)]
    scale: np.ndarray  # standard deviation, at least `FINEST` [shape=(features,)]
    precision: np.ndarray  # inverse covariance of the standardised features [shape=(features, features)]

    @classmethod
    def fitted(cls, found: np.ndarray) -> Normal:
        """Fit to rows of features [shape=(n, features)]."""
        from sklearn.covariance import LedoitWolf

        centre, scale = found.mean(axis=0), np.maximum(found.std(axis=0), FINEST)
        return cls(centre, scale, LedoitWolf().fit((found - centre) / scale).precision_)

    def away(self, found: np.ndarray) -> np.ndarray:
        """Rows of features in standard deviations from the centre."""
        return (found - self.centre) / self.scale

    def distance(self, found: np.ndarray) -> np.ndarray:
        """Squared Mahalanobis distance of each row of features [shape=(n,)]."""
        away = self.away(found)
        return np.einsum("ni,ij,nj->n", away, self.precision, away)


@dataclass(frozen=True)
class SongFeatures:
    """`features` of a song, as `TrainingDistribution` compares them: of each slice alone, and of all together."""

    slices: np.ndarray  # [shape=(n, features)]
    song: np.ndarray  # [shape=(features,)]


def song_features(slices: np.ndarray, spectrogram: Spectrogram) -> SongFeatures:
    """Compute the `features` of a song's slices, one by one and together."""
    alone = np.stack([features(slices[at : at + 1], spectrogram) for at in range(len(slices))])
    return SongFeatures(alone, features(slices, spectrogram))


@dataclass(frozen=True)
class TrainingDistribution:
    """Distribution of the training music.

    ``limits`` [shape=(most, 2)] are distances, of slices on average and of the song, that `KNOWN_SHARE` of the songs of
    artists left out keep within, by the number of slices, 1 and up; of more slices than ``most`` the last.
    """

    of_slices: Normal
    of_songs: Normal
    limits: np.ndarray

    def ood_score(self, found: SongFeatures) -> float:
        """Out-of-distribution score: the greater of both distances over its limit; out of distribution above 1."""
        limits = self.limits[min(len(found.slices), len(self.limits)) - 1]
        return float((_distances(self.of_slices, self.of_songs, found) / limits).max())

    def farthest_feature(self, found: SongFeatures) -> str:
        """Name the feature in which a song is farthest from the training music."""
        away = np.abs(self.of_songs.away(found.song))
        return NAMES[int(away.argmax())].rstrip("0123456789 ")


def _distances(of_slices: Normal, of_songs: Normal, found: SongFeatures) -> np.ndarray:
    return np.array([of_slices.distance(found.slices).mean(), of_songs.distance(found.song[None])[0]])


def learn(songs: Sequence[np.ndarray], artists: Sequence[str], spectrogram: Spectrogram) -> TrainingDistribution:
    """Fit the distribution of the songs of a corpus.

    The limits are cross-validated over artists in five folds, for the numbers of slices in `LENGTHS`, and interpolated
    between them.

    Parameters
    ----------
    songs : sequence of np.ndarray [shape=(n, n_mels, frames), dtype=uint8]
        Slices of each song.
    artists : sequence of str
        Group of each song; at least `FOLDS` groups.
    spectrogram : Spectrogram
    """
    from sklearn.model_selection import GroupKFold

    whole = [song_features(one, spectrogram) for one in songs]
    most = max(map(len, songs))
    lengths = [length for length in LENGTHS if length < most] + [most]
    far = np.empty((len(lengths), len(songs), 2))
    for train, test in GroupKFold(FOLDS).split(whole, groups=list(artists)):
        known = _fitted([whole[at] for at in train])
        for at in test:
            for place, length in enumerate(lengths):
                found = SongFeatures(whole[at].slices[:length], features(songs[at][:length], spectrogram))
                far[place, at] = _distances(*known, found)
    # Each of both distances rejects half of the share that may be rejected.
    limits = np.quantile(far, (1 + KNOWN_SHARE) / 2, axis=1)
    between = [np.interp(np.arange(1, most + 1), lengths, column) for column in limits.T]
    return TrainingDistribution(*_fitted(whole), np.stack(between, axis=1))


def _fitted(songs: Sequence[SongFeatures]) -> tuple[Normal, Normal]:
    slices, whole = np.concatenate([one.slices for one in songs]), np.stack([one.song for one in songs])
    return Normal.fitted(slices), Normal.fitted(whole)
