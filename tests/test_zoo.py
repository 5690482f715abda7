import json

import keras
import numpy as np
import pytest

from lib import zoo
from lib.errors import ReportError
from lib.paths import Study
from lib.zoo import Head, cost, descriptions
from lib.zoo.layers import decision_layers, slice_input

HEADS = [Head("genre", ("a", "b", "c", "d")), Head("mood", ("sad", "neutral", "happy"))]
SHAPE = (96, 129)


@pytest.fixture
def registered():
    """Register networks for one test."""
    before = dict(zoo._registry)
    yield zoo.register
    zoo._registry.clear()
    zoo._registry.update(before)


@pytest.mark.parametrize("name", zoo.PUBLISHED)
def test_a_network_answers_every_head_with_probabilities(name):
    model = zoo.builder(name)(SHAPE, HEADS)
    answers = model.predict_on_batch(np.random.default_rng(0).integers(0, 256, (2, *SHAPE), dtype=np.uint8))
    assert {head: answer.shape for head, answer in answers.items()} == {"genre": (2, 4), "mood": (2, 3)}
    for answer in answers.values():
        assert np.allclose(answer.sum(axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("name", zoo.PUBLISHED)
def test_a_description_rebuilds_the_network_whatever_was_built_before(name):
    first = descriptions.describe(name, SHAPE, HEADS)
    for other in zoo.PUBLISHED:
        zoo.builder(other)(SHAPE, HEADS)
    assert descriptions.describe(name, SHAPE, HEADS) == first
    model = descriptions.rebuild(json.loads(json.dumps(first)))
    assert model.count_params() == first["parameters"]
    kinds = {type(layer).__module__.split(".")[0] for layer in model.layers}
    assert kinds == {"keras"}
    assert not any(isinstance(layer, keras.layers.Lambda) for layer in model.layers)


def test_this_project_is_the_posters():
    model = zoo.builder("this_project")(SHAPE, HEADS)
    convolutions = [layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D)]
    assert [layer.kernel_size for layer in convolutions] == [(2, 2)] * 4
    assert [layer.strides[0] for layer in convolutions] == [1, 1, 1, 2]
    dense = [layer for layer in model.layers if isinstance(layer, keras.layers.Dense)]
    assert [layer.units for layer in dense] == [15, 4, 3]
    assert all(float(layer.kernel_regularizer.l2) == pytest.approx(0.002) for layer in dense)
    norms = [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]
    assert len(norms) == 5
    assert descriptions.vector_width(model, HEADS) == 15


def test_zhang2016_is_nnet2_at_its_published_size_without_the_first_kernel_and_the_heads():
    """nnet2 has 1,250,928 parameters with 513 bins and 10 classes; here bands and classes differ."""
    model = zoo.builder("zhang2016")((513, 128), [Head("genre", tuple("abcdefghij"))])
    assert model.count_params() == 1_250_928


def test_choi2016_is_about_a_quarter_of_a_million():
    model = zoo.builder("choi2016")(SHAPE, HEADS)
    assert 200_000 < model.count_params() < 350_000
    assert model.get_layer("sequence").output.shape[1] > 4  # enough steps left for a recurrent layer


def test_multiply_adds_of_known_layers():
    inputs = keras.Input((8, 10, 3))
    x = keras.layers.Conv2D(5, (2, 3), padding="same", name="conv")(inputs)
    x = keras.layers.Flatten()(x)
    model = keras.Model(inputs, keras.layers.Dense(7, name="dense")(x))
    table = cost.layer_table(model).set_index("layer")
    assert table.loc["conv", "multiply_adds"] == 8 * 10 * 5 * (2 * 3 * 3)
    assert table.loc["dense", "multiply_adds"] == 400 * 7
    assert table["parameters"].sum() == model.count_params()
    sequence = keras.Input((6, 4))
    gru = keras.Model(sequence, keras.layers.GRU(5, name="gru")(sequence))
    assert cost.layer_table(gru).set_index("layer").loc["gru", "multiply_adds"] == 6 * 3 * 5 * (4 + 5)


def test_an_unknown_network_names_the_known():
    with pytest.raises(ReportError, match=r"'alexnet' is not registered.*this_project, zhang2016, choi2016"):
        zoo.builder("alexnet")


def _no_head(shape, heads):
    inputs, x = slice_input(shape)
    return keras.Model(inputs, decision_layers(keras.layers.Flatten()(x), heads[:1]))


def _wrong_input(shape, heads):
    inputs, x = slice_input((10, 10))
    return keras.Model(inputs, decision_layers(keras.layers.Flatten()(x), heads))


def _two_vectors(shape, heads):
    inputs, x = slice_input(shape)
    flat = keras.layers.Flatten()(x)
    outputs = {h.name: keras.layers.Dense(len(h.classes), name=h.name)(keras.layers.Dense(4)(flat)) for h in heads}
    return keras.Model(inputs, outputs)


def _wrong_width(shape, heads):
    return _no_head(shape, [Head(heads[0].name, ("x", "y"))])


def _with_lambda(shape, heads):
    inputs, x = slice_input(shape)
    x = keras.layers.Lambda(lambda t: t * 2)(keras.layers.Flatten()(x))
    return keras.Model(inputs, decision_layers(x, heads))


def _breaks(shape, heads):
    raise ValueError("too many cooks")


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (_no_head, "no output 'mood'"),
        (_wrong_input, r"takes \(10, 10\).*\(96, 129\)"),
        (_two_vectors, "one common vector"),
        (_with_lambda, "Lambda"),
        (_breaks, "too many cooks"),
        (lambda shape, heads: None, "NoneType, not a keras.Model"),
        (_wrong_width, "2 nodes for 4 classes"),
    ],
)
def test_a_wrong_network_says_what_to_change(registered, build, message):
    registered("mine")(build)
    with pytest.raises(ReportError, match=message):
        descriptions.describe("mine", SHAPE, HEADS)


def test_heads_come_from_the_tracks(make_tracks):
    tracks = make_tracks(genres=3)
    genre, mood = descriptions.heads_of(tracks, ["genre", "mood"])
    assert genre.classes == ("g0", "g1", "g2")
    assert mood.classes == ("sad", "neutral", "happy")
    with pytest.raises(ReportError, match="'tempo'"):
        descriptions.heads_of(tracks, ["tempo"])
    unlabelled = tracks.assign(mood=None)
    assert [head.name for head in descriptions.heads_of(unlabelled, ["genre", "mood"])] == ["genre"]
    with pytest.raises(ReportError, match="the tracks know genre 1"):
        descriptions.heads_of(make_tracks(genres=1), ["genre"])


def test_an_unchanged_description_keeps_its_file(tmp_path):
    study = Study("s", tmp_path)
    description = descriptions.describe("this_project", SHAPE, HEADS)
    path = descriptions.write_description(study, description)
    before = path.stat().st_mtime_ns
    assert descriptions.write_description(study, description).stat().st_mtime_ns == before
    assert descriptions.read_description(study, "this_project") == description
    with pytest.raises(ReportError, match=r"'mine' has no description.*there: this_project"):
        descriptions.read_description(study, "mine")
