"""Networks pretrained on other music, held against the published sizes and, on real music, against their own tags."""

from importlib.util import find_spec

import keras
import numpy as np
import pandas as pd
import pytest
import soundfile
from sklearn.metrics import roc_auc_score

from lib.audio import load_excerpt
from lib.errors import ReportError
from lib.features import vectors
from lib.features.slices import Slices
from lib.features.slicing import make_slices
from lib.features.spectrogram import Spectrogram
from lib.models import Head, baselines, pretrained

TAGS = {"rock": 0, "electronic": 4, "instrumental": 23}  # places among the 50 tags of the Million Song Dataset
installed = pytest.mark.skipif(find_spec("musicnn") is None, reason=f"musicnn is missing: {pretrained.INSTALL}")


@installed
@pytest.mark.parametrize("name", pretrained.CHECKPOINTS)
def test_every_weight_of_a_checkpoint_has_its_place(name):
    from tensorflow.compat.v1.train import NewCheckpointReader

    folder = find_spec("musicnn").submodule_search_locations[0] + f"/{pretrained.CHECKPOINTS[name]}/"
    shapes = NewCheckpointReader(folder).get_variable_to_shape_map()
    own = [shape for variable, shape in shapes.items() if "Adam" not in variable and "_power" not in variable]
    network = pretrained.load(name)
    assert network.count_params() == sum(int(np.prod(shape)) for shape in own)
    assert network.input_shape == (None, 96, 187) and network.output_shape == (None, 50)
    assert network.get_layer(pretrained.VECTOR).output.shape == (None, 200)


def test_each_slice_has_the_vector_of_its_own_sound_and_is_predicted_by_it(tmp_path):
    """With untrained weights, which need no package."""
    rate = 22050
    time_s = np.arange(6.5 * rate) / rate
    for number, hz in enumerate((300, 500, 2000, 3000)):
        sound = np.concatenate(
            [np.sin(2 * np.pi * hz * time_s[: 3 * rate]), np.sin(4 * np.pi * hz * time_s[3 * rate :])]
        )
        soundfile.write(tmp_path / f"{number}.wav", 0.5 * sound, rate)
    ids = [f"t{number}" for number in range(4)]
    tracks = pd.DataFrame({"track_id": ids, "path": [str(tmp_path / f"{number}.wav") for number in range(4)]})
    tracks = tracks.assign(status="ok", reason="", sha256=ids)
    make_slices(tracks, tmp_path / "slices", Spectrogram(excerpt_s=6.5), workers=1)
    slices = Slices(tmp_path / "slices")
    with pytest.raises(ReportError, match="parameter pretrained names random_musicnn"):
        vectors.read(slices, "random_musicnn")
    pretrained.write_vectors("random_musicnn", slices, tracks)
    found = vectors.read(slices, "random_musicnn")
    assert found.shape == (8, 200) and np.isfinite(found).all()
    network = pretrained.load("random_musicnn")
    mel = pretrained.log_mel(load_excerpt(tmp_path / "2.wav", pretrained.SAMPLE_RATE, 6.5)[0])
    embedding = keras.Model(network.input, network.get_layer(pretrained.VECTOR).output)
    start = round(3 * 16000 / 256)
    own = embedding.predict_on_batch(mel[None, :, start : start + pretrained.FRAMES])[0]
    assert np.allclose(found[5], own, atol=1e-4) and not np.allclose(found[4], own, atol=1e-2)
    parts = np.array(["train", "validation"] * 4)
    labels = pd.DataFrame({"genre": np.repeat(["low", "low", "high", "high"], 2)})
    head = Head("genre", ("low", "high"))
    predicted, read = baselines.fit_and_predict("random_musicnn", slices, parts, labels, [head], np.arange(8))
    assert np.array_equal(read, found) and len(np.unique(predicted["genre"][:, 0].round(4))) == 8
    assert set(pretrained.NAMES) == set(baselines.PRETRAINED)


@installed
@pytest.mark.slow
def test_its_tags_know_the_genres_of_emotify(emotify):
    """All 400 songs, by the mean over a clip: rock .87, electronic .96, and instrumental for classical .96."""
    network, rows, genres = pretrained.load("msd_musicnn"), [], []
    for genre in ("rock", "electronic", "classical", "pop"):
        for number in range(1, 100, 14):
            y, _ = load_excerpt(emotify / genre / f"{number}.mp3", pretrained.SAMPLE_RATE, 30)
            mel = pretrained.log_mel(y)
            starts = range(0, mel.shape[1] - pretrained.FRAMES + 1, pretrained.FRAMES)
            windows = np.stack([mel[:, start : start + pretrained.FRAMES] for start in starts])
            rows.append(network.predict_on_batch(windows).mean(axis=0))
            genres.append({"classical": "instrumental"}.get(genre, genre))
    tags, genres = np.array(rows), np.array(genres)
    areas = {tag: roc_auc_score(genres == tag, tags[:, place]) for tag, place in TAGS.items()}
    assert areas["electronic"] > 0.85 and areas["instrumental"] > 0.85 and areas["rock"] > 0.75, areas


def test_an_unknown_network_and_a_missing_package_say_what_to_do(monkeypatch):
    with pytest.raises(ReportError, match="'vggish' is unknown"):
        pretrained.load("vggish")
    monkeypatch.setattr(pretrained, "find_spec", lambda name: None)
    with pytest.raises(ReportError, match="--no-deps"):
        pretrained.load("msd_musicnn")
