import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.fft import dct
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from lib.errors import ReportError
from lib.features import mfcc as features
from lib.features import vectors
from lib.features.slices import Slices
from lib.features.spectrogram import Spectrogram
from lib.io import write_json, write_parquet
from lib.models import Head, baselines
from lib.paths import PROJECT
from lib.runs import metrics
from lib.splits import assign

GENRE, MOOD, POWER = Head("genre", ("a", "b")), Head("mood", ("sad", "neutral", "happy")), Head("power")
HEADS = [GENRE, MOOD, POWER]
MELS, FRAMES, EACH = 24, 12, 4


def write_slices(folder, songs=40, seed=0):
    """Slices of songs: genre b has its energy in higher bands, power is how far the level ranges."""
    rng = np.random.default_rng(seed)
    kind, power = np.arange(songs) % 2, rng.uniform(0, 1, songs)
    tilt = np.linspace(-60, 60, MELS)[None, :, None] * (2 * kind - 1)[:, None, None]
    level = 128 + tilt + 60 * power[:, None, None] * rng.normal(0, 1, (songs, 1, EACH * FRAMES))
    pictures = np.clip(level + rng.normal(0, 8, level.shape), 0, 255).astype(np.uint8)
    pictures = pictures.reshape(songs, MELS, EACH, FRAMES).transpose(0, 2, 1, 3).reshape(-1, MELS, FRAMES)
    ids = np.repeat([f"t{i}" for i in range(songs)], EACH)
    table = pd.DataFrame({"track_id": ids, "start_s": 0.0, "shard": 0, "row": np.arange(len(ids))})
    write_parquet(table, folder / "slices.parquet")
    np.save(folder / "slices-00000.npy", pictures)
    shards = [{"file": "slices-00000.npy", "slices": len(ids), "sha256": ""}]
    shape = [len(ids), MELS, FRAMES]
    manifest = {"spectrogram": asdict(Spectrogram()), "shape": shape, "shards": shards, "source": ""}
    write_json(manifest, folder / "slices.json")
    labels = pd.DataFrame({"genre": np.array(["a", "b"])[kind], "mood": "sad", "power": power})
    labels.loc[kind == 1, "mood"] = np.where(np.arange(songs // 2) % 4, "happy", "sad")
    return Slices(folder), labels.loc[np.repeat(np.arange(songs), EACH)].reset_index(drop=True)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    slices, labels = write_slices(tmp_path_factory.mktemp("slices"))
    parts = np.repeat(np.where(np.arange(40) < 28, "train", np.where(np.arange(40) < 32, "validation", "test")), EACH)
    for name in baselines.PRETRAINED:
        np.save(vectors.path(slices, name), slices.take(np.arange(len(slices))).mean(axis=2).astype(np.float32))
    return slices, parts, labels


def predict(name, corpus, heads=HEADS, numbers=None, **changed):
    slices, parts, labels = corpus
    labels = labels.assign(**changed)
    numbers = np.arange(len(parts)) if numbers is None else numbers
    return baselines.fit_and_predict(name, slices, parts, labels, heads, numbers)


def heads_for(name):
    return [head for head in HEADS if name != "genre_prior" or head.name != "genre"]


@pytest.mark.parametrize("name", baselines.NAMES)
def test_every_baseline_predicts_every_slice(name, corpus):
    slices, parts, _ = corpus
    numbers = np.flatnonzero(parts != "train")[::-1]
    predicted, vectors = predict(name, corpus, heads_for(name), numbers)
    assert list(predicted) == [head.name for head in heads_for(name)]
    for head in heads_for(name):
        values = predicted[head.name]
        assert values.shape == (len(numbers), head.width) and values.dtype == np.float32 and np.isfinite(values).all()
        if not head.numeric:
            assert (values >= 0).all() and np.allclose(values.sum(axis=1), 1, atol=1e-5)
        if name not in baselines.PRETRAINED:  # a song alike
            by_song = pd.DataFrame(values).groupby(slices.table["track_id"].to_numpy()[numbers])
            assert (by_song.nunique() == 1).all(axis=None)
    assert vectors.dtype == np.float32 and len(vectors) == len(numbers)


@pytest.mark.parametrize("name", baselines.NAMES)
def test_the_same_twice_and_whatever_else_is_predicted(name, corpus):
    numbers = np.array([140, 3, 141, 120])
    one, vectors = predict(name, corpus, heads_for(name), numbers)
    again, _ = predict(name, corpus, heads_for(name), numbers)
    whole, all_vectors = predict(name, corpus, heads_for(name))
    for head in one:
        assert np.array_equal(one[head], again[head]) and np.allclose(one[head], whole[head][numbers], atol=1e-5)
    assert np.allclose(vectors, all_vectors[numbers], atol=1e-5)


@pytest.mark.parametrize("name", baselines.NAMES)
def test_labels_of_the_test_change_nothing(name, corpus):
    _, parts, labels = corpus
    hidden = {
        "mood": labels["mood"].where(parts != "test"),
        "power": labels["power"].where(parts != "test"),
    }
    whole, _ = predict(name, corpus, heads_for(name))
    without, _ = predict(name, corpus, heads_for(name), **hidden)
    for head in whole:
        assert np.array_equal(whole[head], without[head])


def test_majority_is_the_frequencies_of_training_songs_not_slices(corpus):
    slices, parts, labels = corpus
    parts = parts.copy()
    parts[:3] = ""  # the first song trains with one slice of four, and weighs as much as any
    predicted, vectors = predict("majority", (slices, parts, labels))
    songs = labels[::EACH][:28]
    assert predicted["mood"][0] == pytest.approx([(songs["mood"] == name).mean() for name in MOOD.classes])
    assert predicted["power"][0] == pytest.approx(songs["power"].mean())
    assert np.array_equal(vectors, np.hstack([predicted[head.name] for head in HEADS]))


def test_genre_prior_is_given_the_genre_and_no_features(corpus):
    _, parts, labels = corpus
    heads = heads_for("genre_prior")
    predicted, _ = predict("genre_prior", corpus, heads)
    train = labels[parts == "train"]
    for genre in "ab":
        own = (labels["genre"] == genre).to_numpy()
        expected = [((train["genre"] == genre) & (train["mood"] == m)).sum() for m in MOOD.classes]
        assert np.allclose(predicted["mood"][own], np.array(expected) / sum(expected))
        assert np.allclose(predicted["power"][own], train.loc[train["genre"] == genre, "power"].mean())
    unknown = labels["genre"].mask(np.arange(len(labels)) >= 156)  # the last song
    fallback, _ = predict("genre_prior", corpus, heads, genre=unknown)
    plain, _ = predict("majority", corpus, heads)
    assert np.array_equal(fallback["mood"][-4:], plain["mood"][-4:])
    assert np.array_equal(fallback["mood"][:-4], predicted["mood"][:-4])


def test_genre_prior_needs_a_genre_and_another_head(corpus):
    described = baselines.describe("genre_prior", (MELS, FRAMES), HEADS)
    assert list(described["heads"]) == ["mood", "power"] and described["heads"]["power"] == []
    with pytest.raises(ReportError, match="nothing else to predict"):
        baselines.describe("genre_prior", (MELS, FRAMES), [GENRE])
    with pytest.raises(ReportError, match="no track has one"):
        predict("genre_prior", corpus, [MOOD], genre=None)
    with pytest.raises(ReportError, match="cannot predict it"):
        predict("genre_prior", corpus, HEADS)


@pytest.mark.parametrize("name", baselines.NAMES)
def test_a_description_says_what_it_is(name):
    described = baselines.describe(name, (MELS, FRAMES), HEADS)
    assert (described["name"], described["shape"], described["parameters"]) == (name, [MELS, FRAMES], 0)
    assert isinstance(described["baseline"], dict)


def test_an_unknown_baseline_names_those_there_are(corpus):
    for call in (lambda: baselines.describe("mfcc", (1, 1), HEADS), lambda: predict("mfcc", corpus)):
        with pytest.raises(ReportError, match="mfcc_svm"):
            call()


@pytest.mark.parametrize("name", ["mfcc_logistic", "mfcc_svm"])
def test_what_the_features_tell_is_learnt(name, corpus):
    _, parts, labels = corpus
    predicted, _ = predict(name, corpus)
    test = parts == "test"
    top = np.array(GENRE.classes)[predicted["genre"][test].argmax(axis=1)]
    assert (top == labels["genre"][test]).all()
    assert metrics.numeric(labels["power"][test], predicted["power"][test, 0])["r2"] > 0.3


def test_statistics_are_those_of_the_cosine_transform(corpus):
    slices, _, _ = corpus
    pictures = slices.take(np.arange(EACH))
    found = features.song_statistics(pictures).reshape(3, -1)
    frames = pictures.transpose(0, 2, 1).reshape(-1, MELS) / 255
    cepstra = dct(frames, type=2, norm="ortho")[:, : baselines.COEFFICIENTS]
    assert np.allclose(found[0], cepstra.mean(axis=0)) and np.allclose(found[1], cepstra.std(axis=0))
    inside = np.arange(len(cepstra) - 1) % FRAMES != FRAMES - 1  # no step from one slice to the next
    assert np.allclose(found[2], np.diff(cepstra, axis=0)[inside].std(axis=0))
    assert found.shape[1] == baselines.COEFFICIENTS
    assert features.song_statistics(pictures[:, :7]).shape == (21,)


def test_training_sees_no_slice_of_another_part(corpus, tmp_path):
    slices, labels = write_slices(tmp_path)
    _, _, labels = corpus
    parts = np.tile(["train", "train", "validation", "test"], 40)  # slices of every song on all sides
    train = np.flatnonzero(parts == "train")
    before, _ = baselines.fit_and_predict("mfcc_logistic", slices, parts, labels, [GENRE], train)
    data = np.load(tmp_path / "slices-00000.npy")
    data[parts == "test"] = 255 - data[parts == "test"]
    np.save(tmp_path / "slices-00000.npy", data)
    changed = Slices(tmp_path)
    after, vectors = baselines.fit_and_predict("mfcc_logistic", changed, parts, labels, [GENRE], np.arange(len(parts)))
    assert np.array_equal(before["genre"], after["genre"][train])
    assert np.allclose(vectors[1], features.song_statistics(changed.take([0, 1])), rtol=1e-6)
    assert np.allclose(vectors[3], features.song_statistics(changed.take([3])), rtol=1e-6)


def test_logistic_regression_is_scikit_learns_on_one_row_a_song(corpus):
    _, parts, labels = corpus
    predicted, vectors = predict("mfcc_logistic", corpus)
    rows, validation = (np.flatnonzero(parts == part)[::EACH] for part in ("train", "validation"))
    models = [
        make_pipeline(StandardScaler(), LogisticRegression(C=c, max_iter=5000)).fit(
            vectors[rows].astype("float64"), labels["mood"][rows].to_list()
        )
        for c in baselines.STRENGTHS
    ]
    scores = [model.score(vectors[validation].astype("float64"), labels["mood"][validation]) for model in models]
    model = models[int(np.argmax(scores))]  # the first of the best is the simplest
    assert list(model.classes_) == ["happy", "sad"]
    assert np.allclose(predicted["mood"][:, [2, 0]], model.predict_proba(vectors.astype("float64")), atol=1e-3)
    assert (predicted["mood"][:, 1] == 0).all()  # no training song is neutral


@pytest.mark.parametrize("name", baselines.NAMES)
def test_a_head_with_one_class_or_no_label_still_predicts(name, corpus):
    heads = [MOOD, POWER]
    one, _ = predict(name, corpus, heads, mood="happy", power=0.3)
    assert (one["mood"] == [0, 0, 1]).all() and np.allclose(one["power"], 0.3)
    none, _ = predict(name, corpus, heads, mood=None, power=np.nan)
    assert np.allclose(none["mood"], 1 / 3) and (none["power"] == 0).all()


def test_songs_are_read_one_by_one(corpus, monkeypatch):
    slices, parts, labels = corpus
    taken = []
    take = Slices.take
    monkeypatch.setattr(Slices, "take", lambda self, numbers: taken.append(len(numbers)) or take(self, numbers))
    predict("mfcc_logistic", (slices, parts, labels), [GENRE])
    assert len(taken) == 40 and max(taken) == EACH
    taken.clear()
    predict("majority", (slices, parts, labels), [GENRE])
    assert not taken


def test_baselines_without_features_need_no_scikit_learn():
    code = "import sys, lib.models.baselines; print([m for m in ('sklearn', 'scipy', 'keras') if m in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


@pytest.mark.real
def test_mfcc_statistics_name_the_genre_of_emotifys_validation_songs():
    folder = Path(os.environ.get("EMOTIFY_WORK", PROJECT / "work" / "emotify"))
    if not (folder / "slices" / "slices.json").is_file():
        pytest.skip(f"no slices of Emotify in {folder}")
    slices, tracks = Slices(folder / "slices"), pd.read_parquet(folder / "tracks.parquet")
    genre = tracks.set_index("track_id").loc[slices.table["track_id"], ["genre"]].reset_index(drop=True)
    head = Head("genre", tuple(sorted(tracks["genre"].unique())))
    parts = assign(slices.table, tracks, "artist", fold=0)
    numbers = np.flatnonzero(parts == "validation")
    predicted, _ = baselines.fit_and_predict("mfcc_logistic", slices, parts, genre, [head], numbers)
    top = np.array(head.classes)[predicted["genre"].argmax(axis=1)]
    assert (top == genre["genre"].to_numpy()[numbers]).mean() > 0.5


def test_a_songs_profile_knows_its_beat_and_how_much_it_changes():
    rng = np.random.default_rng(0)
    frames = np.arange(129)

    def song(period, noise):
        beat = ((frames % period) < 2) * 120.0
        pictures = 60 + beat[None, None, :] + noise * rng.normal(size=(8, 96, 129))
        return np.clip(pictures, 0, 255).astype(np.uint8)

    profile = features.song_profile(song(16, 5))
    assert profile.shape == (400 + 4 * (23 + 4),)
    strongest = {period: features.song_profile(song(period, 5))[-12:-8] for period in (12, 24)}
    lag = {period: 8 + share * 92 for period, share in strongest.items()}
    assert np.allclose(lag[12], 12)
    assert np.allclose(lag[24], 24)
    same = np.repeat(song(16, 5)[:1], 6, axis=0)
    assert np.allclose(features.song_profile(same)[200:400], 0)
    assert (features.song_profile(song(16, 40))[200:400] > 0).mean() > 0.9


def test_no_network_may_take_the_name_of_a_baseline():
    from lib import models as zoo

    assert set(baselines.NAMES) <= set(zoo.RESERVED)


def test_of_many_songs_a_machine_is_fitted_to_some(corpus, monkeypatch):
    slices, parts, labels = corpus
    songs = slices.table["track_id"].to_numpy()
    assert baselines.subsample(parts, songs) is parts
    fewer = baselines.subsample(parts, songs, 12)
    assert (fewer == "train").sum() == 12 * EACH and ((fewer == parts) | (fewer == "")).all()
    assert (baselines.subsample(parts, songs, 12) == fewer).all()
    predicted, _ = predict("mfcc_svm", (slices, fewer, labels))
    assert len(predicted["genre"]) == len(parts) and np.isfinite(predicted["genre"]).all()
    monkeypatch.setattr(baselines, "subsample", None)
    predict("mfcc_logistic", (slices, parts, labels))  # fits to all of them
