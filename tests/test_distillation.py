"""A network that learns a pretrained one's vectors beside the labels."""

from dataclasses import replace

import keras
import numpy as np
import pytest

from lib import models as zoo
from lib.errors import ReportError
from lib.features import vectors
from lib.features.slices import Slices
from lib.models import descriptions
from lib.models.layers import decision_layers, slice_input
from lib.models.student import VECTOR
from lib.models.student import build as student
from lib.runs.key import key
from lib.runs.run import Run
from lib.runs.spec import RunSpec
from lib.training import fit as training
from lib.training.recipes import RECIPES, settings_of
from tests.test_training import HEADS, SMALL, study  # noqa: F401 - a fixture

SHORT = {"epochs_tried": (), "epochs": 15, "batch_size": 20, "learning_rate": 0.03}


def small(shape, heads):
    inputs, x = slice_input(shape)
    x = keras.layers.Flatten()(keras.layers.AveragePooling2D((1, shape[1]))(x))
    x = keras.layers.Dense(200, name=VECTOR)(x)
    return keras.Model(inputs, decision_layers(keras.layers.Dense(6, activation="relu")(x), heads))


@pytest.fixture
def taught(study):  # noqa: F811
    """The toy study with a student, and a teacher whose vectors are the slices' mean spectra."""
    slices = Slices(study.slices)
    zoo.register("small")(small)
    descriptions.write_description(study, descriptions.describe("small", SMALL.shape, HEADS))
    bright = slices.take(np.arange(len(slices))).mean(axis=2)
    np.save(vectors.path(slices, "msd_musicnn"), np.tile(bright, 7)[:, :200].astype(np.float32))
    yield study
    zoo._registry.pop("small")


def test_the_student_learns_the_teacher_s_vectors_of_training_slices_alone(taught):
    spec = RunSpec(taught, Run("small", "artist", recipe="distilled"), SHORT)
    assert RECIPES["distilled"] == replace(RECIPES["cosine"], teacher="msd_musicnn")
    wanted = training._taught(student(SMALL.shape, HEADS), spec.slices, spec.parts == "train", "msd_musicnn")
    train = spec.parts == "train"
    assert np.abs(wanted[train].mean(axis=0)).max() < 1e-3 and wanted[train].std(axis=0) == pytest.approx(1, abs=1e-2)
    seen = {}
    for name in ("distilled", "cosine"):
        settings = settings_of(name, **SHORT)
        model, history = training.train_anew(spec.description, HEADS, spec.slices, spec.parts, spec.labels, settings)
        assert list(model.output) == ["genre", "mood"]  # it predicts as any network
        assert not [column for column in history if VECTOR in column]
        inner = keras.Model(model.input, model.get_layer(VECTOR).output)
        found = inner.predict(spec.slices.take(np.flatnonzero(train)), verbose=0)
        seen[name] = ((found - wanted[train]) ** 2).mean()
    assert seen["distilled"] < 1 < seen["cosine"]  # 1 is what the mean scores


def test_validation_songs_do_not_teach(taught):
    spec = RunSpec(taught, Run("small", "artist", recipe="distilled"), SHORT)
    targets = training.targets(spec.labels, HEADS, spec.parts == "train")
    vectors_of_slices = np.zeros((len(spec.slices), 200), np.float32)
    numbers = np.arange(len(spec.slices))
    for seed, weight in ((None, 0), (0, 1)):
        batch = training.Batches(spec.slices, numbers, targets, HEADS, spec.settings, seed, vectors_of_slices)[0]
        assert set(batch[2][VECTOR]) == {weight} and batch[1][VECTOR].shape == (len(batch[0]), 200)


def test_what_cannot_learn_says_so(taught):
    with pytest.raises(ReportError, match=r"teacher 'msd' is unknown.*msd_musicnn"):
        settings_of("cosine", teacher="msd")
    tiny = RunSpec(taught, Run("tiny", "artist", recipe="distilled"), SHORT)
    with pytest.raises(ReportError, match=r"'vector' has no units, those vectors 200.*student"):
        training.train_anew(tiny.description, HEADS, tiny.slices, tiny.parts, tiny.labels, tiny.settings)
    student = RunSpec(taught, Run("small", "artist", recipe="distilled"), SHORT)
    plain = RunSpec(taught, Run("small", "artist", recipe="cosine"), SHORT)
    assert key(student)["code"] != key(plain)["code"]  # that of the vectors counts
    vectors.path(student.slices, "msd_musicnn").unlink()
    with pytest.raises(ReportError, match="02 writes it"):
        training.train_anew(student.description, HEADS, student.slices, student.parts, student.labels, student.settings)
