"""Plain descriptors of the audio, by librosa: what one would call loud, bright, busy, fast, tonal or percussive."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from importlib.metadata import version

import numpy as np
import pandas as pd
from scipy.ndimage import median_filter

from lib import pool
from lib.audio import load_excerpt
from lib.errors import ReportError
from lib.features import compiled
from lib.io import read_json, write_parquet
from lib.paths import Study
from lib.provenance import code_digest, module_file

FILE = "descriptors.parquet"
CODE = ("lib.features.descriptors", "lib.audio", "lib.features.compiled")  # what decides the numbers
RATE = 22050  # Hz, at which librosa's defaults mean what its documentation says
TIMEOUT_S = 120.0
DESCRIPTORS = {  # column: what it is, with its unit
    "loudness": "root mean square of the excerpt, in dB below full scale",
    "loudness_range": "10th to 90th percentile of the frames' root mean square, in dB",
    "brightness": "spectral centroid, mean over frames, in Hz",
    "flatness": "spectral flatness, mean over frames: 1 for noise, towards 0 for tones",
    "onset_rate": "onsets a second",
    "tempo": "the most plausible tempo, in beats a minute; may be off by a factor of two",
    "percussive": "share of the energy that median filtering calls percussive",
    "chroma_entropy": "how evenly the energy lies on the twelve pitch classes: 0 on one, 1 on all alike",
    "chroma_change": "how much the pitch classes change from beat-long stretch to stretch, 0 to 1",
}
_FLOOR = 1e-10
_MEDIAN = 31  # frames or bins, librosa's default


def describe(y: np.ndarray, sample_rate: int = RATE) -> dict[str, float]:
    """Describe a piece of audio.

    All but loudness and tempo are taken from one short-time Fourier transform of 2048 samples, hop 512.

    Parameters
    ----------
    y : np.ndarray [shape=(n,), dtype=float]
        Samples, -1..1; at least a second of them.
    sample_rate : int > 0

    Returns
    -------
    dict of str to float
        `DESCRIPTORS`; NaN of silence where a share or a mean has no meaning.
    """
    librosa = compiled.librosa()
    power = float(np.mean(np.square(y, dtype=np.float64)))
    found = dict.fromkeys(DESCRIPTORS, float("nan")) | {
        "loudness": 10 * np.log10(max(power, _FLOOR)),
        "onset_rate": 0.0,
    }
    magnitude = np.abs(librosa.stft(y))
    rms = librosa.feature.rms(S=magnitude)[0]
    low, high = np.percentile(20 * np.log10(np.maximum(rms, np.sqrt(_FLOOR))), (10, 90))
    found["loudness_range"] = float(high - low)
    if power <= _FLOOR:
        return found
    strength = librosa.onset.onset_strength(S=librosa.amplitude_to_db(magnitude), sr=sample_rate)
    # In double precision: the last bits of a product of float32 depend on where in memory its factors lie.
    chroma = librosa.feature.chroma_stft(S=np.square(magnitude, dtype=np.float64), sr=sample_rate, norm=None)
    return found | {
        "brightness": float(librosa.feature.spectral_centroid(S=magnitude, sr=sample_rate).mean()),
        "flatness": float(librosa.feature.spectral_flatness(S=magnitude).mean()),
        "onset_rate": len(librosa.onset.onset_detect(onset_envelope=strength, sr=sample_rate)) / (len(y) / sample_rate),
        "tempo": float(librosa.feature.tempo(onset_envelope=strength, sr=sample_rate)[0]),
        "percussive": _percussive_share(magnitude),
        "chroma_entropy": _entropy(chroma.mean(axis=1)),
        "chroma_change": _change(chroma, round(sample_rate / 512 / 2)),
    }


def _percussive_share(magnitude: np.ndarray) -> float:
    """Share of the energy that `librosa.decompose.hpss` calls percussive (Fitzgerald, DAFx 2010).

    Its medians are taken row by row, which scipy does several times as fast as over both axes at once.
    """
    librosa = compiled.librosa()
    steady = np.stack([median_filter(row, _MEDIAN, mode="reflect") for row in magnitude])
    sudden = np.stack([median_filter(row, _MEDIAN, mode="reflect") for row in np.ascontiguousarray(magnitude.T)]).T
    masks = [
        librosa.util.softmask(one, other, power=2, split_zeros=True)
        for one, other in ((steady, sudden), (sudden, steady))
    ]
    harmonic, percussive = (float(np.square(magnitude * mask).sum(dtype=np.float64)) for mask in masks)
    return percussive / (harmonic + percussive)


def _entropy(weights: np.ndarray) -> float:
    share = weights / weights.sum()
    return float(-(share * np.log(np.maximum(share, _FLOOR))).sum() / np.log(len(share)))


def _change(chroma: np.ndarray, frames: int) -> float:
    """One less the mean cosine of neighbouring stretches of half a second."""
    count = chroma.shape[1] // frames
    if count < 2:
        return float("nan")
    means = chroma[:, : count * frames].reshape(len(chroma), count, frames).mean(axis=2)
    unit = means / np.maximum(np.linalg.norm(means, axis=0), _FLOOR)
    return float(1 - (unit[:, 1:] * unit[:, :-1]).sum(axis=0).mean())


def _of_file(item: tuple[str, float]) -> dict[str, float]:
    path, excerpt_s = item
    y, _ = load_excerpt(path, RATE, excerpt_s)
    return describe(y)


def of_study(study: Study, tracks: pd.DataFrame, tell: Callable[[str], None] = lambda text: None) -> pd.DataFrame:
    """Descriptors of usable songs of a study, computed once and kept in ``work/``.

    They are computed again when a file, the length of the excerpt, the code or librosa changes.

    Parameters
    ----------
    study : Study
    tracks : pd.DataFrame
        Rows of the songs.
    tell : callable
        Called with how far it is.

    Returns
    -------
    pd.DataFrame [songs, descriptors]
        By ``track_id``, the columns of `DESCRIPTORS`; NaN for a file that cannot be read any more.

    Raises
    ------
    ReportError
        If that is most of them, and not because the files are gone.
    """
    manifest = read_json(study.need(study.slices / "slices.json", "02_spectrogram_slicing"))
    songs = tracks.loc[tracks["status"] == "ok"]
    excerpt_s = float(manifest["spectrogram"]["excerpt_s"])
    code = code_digest(tuple(module_file(name) for name in CODE))
    files = [*songs["track_id"], *songs["sha256"].fillna("")]
    key = hashlib.sha256("|".join([str(excerpt_s), code, version("librosa"), *files]).encode()).hexdigest()
    kept = study.work / FILE
    if kept.is_file():
        table = pd.read_parquet(kept)
        if table.attrs.get("key") == key:
            return table.set_index("track_id")
    rows, reasons = [], []
    items = [(str(path), excerpt_s) for path in songs["path"]]
    for number, (_, found, reason) in enumerate(pool.run(_of_file, items, timeout_s=TIMEOUT_S), start=1):
        rows.append(found or dict.fromkeys(DESCRIPTORS, float("nan")))
        reasons += [reason] if found is None and "'missing'" not in reason else []
        tell(f"{number} of {len(items)} songs described")
    if 2 * len(reasons) > len(items):
        raise ReportError(
            f"{len(reasons)} of {len(items)} songs of study {study.name!r} could not be described, the first for: "
            f"{reasons[0]}. Run notebooks/01_data_acquisition.ipynb again, which looks at each file."
        )
    result = pd.DataFrame(rows, columns=list(DESCRIPTORS)).assign(track_id=songs["track_id"].to_numpy())
    result.attrs["key"] = key
    write_parquet(result, kept)
    return result.set_index("track_id")
