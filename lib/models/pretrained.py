"""Networks pretrained on other music, as the package `musicnn` ships them, in Keras.

``msd_musicnn`` was trained on the Million Song Dataset, ``mtt_musicnn`` on MagnaTagATune (Pons & Serra 2019, arXiv
1909.06654). Their weights are TensorFlow checkpoints of musicnn 0.1.0 (ISC licence), whose code is not used.
``random_musicnn`` is the same network with the weights it starts from.
"""

from importlib.util import find_spec
from pathlib import Path

import keras
import numpy as np
import pandas as pd

from lib import progress
from lib.audio import load_excerpt
from lib.errors import ReportError
from lib.features import vectors
from lib.features.slices import Slices
from lib.io import replacing
from lib.models.musicnn import published

CHECKPOINTS = {"msd_musicnn": "MSD_musicnn", "mtt_musicnn": "MTT_musicnn"}
RANDOM = "random_musicnn"
NAMES = (*CHECKPOINTS, RANDOM)
INSTALL = "python -m pip install --no-deps --requirement requirements-weights.lock"
SAMPLE_RATE, N_FFT, HOP_LENGTH, N_MELS, FRAMES = 16_000, 512, 256, 96, 187  # of the input, 3 s
CONVOLUTIONS = ("timbral40", "timbral70", "temporal128", "temporal64", "temporal32", "conv1", "conv2", "conv3")
NORMS = (
    "norm_input",
    *(f"norm_{name}" for name in CONVOLUTIONS[:5]),
    "norm1",
    "norm2",
    "norm3",
    "norm_summed",
    "norm_fc",
)
MOMENTS = ("gamma", "beta", "moving_mean", "moving_variance")
VECTOR = "norm_fc"  # the layer whose outputs are the vector of 200


def is_installed() -> bool:
    """Whether the package that holds the weights is there."""
    return find_spec("musicnn") is not None


def load(name: str) -> keras.Model:
    """Load a pretrained network.

    Parameters
    ----------
    name : str
        One of `NAMES`.

    Returns
    -------
    keras.Model
        From log-mel spectrograms [shape=(batch, 96, 187), dtype=float32], see `log_mel`, to the probabilities of 50
        tags [shape=(batch, 50)]. The layer `VECTOR` gives the vectors.

    Raises
    ------
    ReportError
        If there is no such network, or the package `musicnn` is missing.

    Examples
    --------
    >>> network = load("msd_musicnn")  # doctest: +SKIP
    >>> embedding = keras.Model(network.input, network.get_layer(VECTOR).output)  # doctest: +SKIP
    """
    if name not in NAMES:
        raise ReportError(f"pretrained network {name!r} is unknown. Known are {', '.join(NAMES)}.")
    if name == RANDOM:
        keras.utils.set_random_seed(0)
        return published((N_MELS, FRAMES))
    if not is_installed():
        raise ReportError(f"{name}: its weights come with the package musicnn, which is missing. Install it: {INSTALL}")
    from tensorflow.compat.v1.train import NewCheckpointReader  # TensorFlow's own format, whatever the backend

    folder = Path(find_spec("musicnn").submodule_search_locations[0]) / CHECKPOINTS[name]
    read = NewCheckpointReader(f"{folder}/").get_tensor  # its files have no name but a suffix
    network = published((N_MELS, FRAMES))
    for number, name in enumerate(NORMS):
        weights = [read(f"{_place('batch_normalization', number)}/{of}") for of in MOMENTS]
        network.get_layer(name).set_weights([_parted(one) if name == "norm_summed" else one for one in weights])
    for number, name in enumerate(CONVOLUTIONS):
        kernel = read(f"{_place('conv2d', number)}/kernel")  # [frames, bands, in, out]; in the middle one in
        kernel = kernel[:, :, 0] if name.startswith("conv") else kernel.swapaxes(0, 1)
        network.get_layer(name).set_weights([kernel, read(f"{_place('conv2d', number)}/bias")])
    for number, name in enumerate(("fc", "tags")):
        kernel = read(f"{_place('dense', number)}/kernel")
        kernel = _parted(kernel) if name == "fc" else kernel
        network.get_layer(name).set_weights([kernel, read(f"{_place('dense', number)}/bias")])
    return network


def write_vectors(name: str, slices: Slices, tracks: pd.DataFrame) -> None:
    """Write the vector of every slice, of the same 3 s of sound, for `lib.features.vectors`; nothing if it is there.

    Parameters
    ----------
    name : str
        One of `NAMES`.
    slices : Slices
    tracks : pd.DataFrame
        ``track_id`` and ``path`` of each song.

    Raises
    ------
    ReportError
        As `load`, and if a slice lasts less than 3 s.
    """
    path = vectors.path(slices, name)
    if path.is_file():
        return
    needed = FRAMES * HOP_LENGTH / SAMPLE_RATE
    if slices.spectrogram.slice_s < needed:
        raise ReportError(f"{name} reads {needed:.3f} s; the slices last {slices.spectrogram.slice_s:g} s.")
    network = load(name)
    embedding = keras.Model(network.input, network.get_layer(VECTOR).output)
    found = np.empty((len(slices), embedding.output.shape[-1]), np.float32)
    paths = tracks.set_index("track_id")["path"]
    songs = slices.table.groupby("track_id", sort=False)
    for number, (song, own) in enumerate(songs, 1):
        mel = log_mel(load_excerpt(paths[song], SAMPLE_RATE, slices.spectrogram.excerpt_s)[0])
        starts = np.round(own["start_s"] * SAMPLE_RATE / HOP_LENGTH).astype(int)
        starts = np.minimum(starts, mel.shape[1] - FRAMES)  # the last slice may lack a frame or two
        found[own.index] = embedding.predict_on_batch(np.stack([mel[:, at : at + FRAMES] for at in starts]))
        progress.tell(f"{name}: clip {number}/{songs.ngroups}")
    with replacing(path) as part, part.open("wb") as file:
        np.save(file, found)


def _place(layer: str, number: int) -> str:
    """Name of a layer in a checkpoint, where layers of a kind are numbered in the order in which they were made."""
    return f"{layer}_{number}" if number else layer


def _parted(values: np.ndarray) -> np.ndarray:
    """Maxima first, then means: in the checkpoint they take turns."""
    return np.concatenate([values[::2], values[1::2]])


def log_mel(y: np.ndarray) -> np.ndarray:
    """Log-mel spectrogram as the pretrained networks take it.

    Parameters
    ----------
    y : np.ndarray [shape=(n,), dtype=float32]
        Samples at 16 kHz.

    Returns
    -------
    np.ndarray [shape=(96, 1 + n // 256), dtype=float32]
    """
    import librosa

    mel = librosa.feature.melspectrogram(y=y, sr=SAMPLE_RATE, n_fft=N_FFT, hop_length=HOP_LENGTH, n_mels=N_MELS)
    return np.log10(10000 * mel.astype(np.float16).astype(np.float32) + 1)  # rounded as in training
