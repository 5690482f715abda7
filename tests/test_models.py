import functools
import itertools
import json

import keras
import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest

from lib import models, plots
from lib.errors import ReportError
from lib.features.spectrogram import Spectrogram
from lib.io import cells
from lib.models import Head, choi2016, complexity, descriptions, fcn5, musicnn, short_chunk, yu2018, zhang2016
from lib.models import layers as shared
from lib.models.layers import decision_layers, slice_input
from lib.paths import NOTEBOOKS, Study
from lib.plots import architectures

HEADS = [Head("genre", ("a", "b", "c", "d")), Head("mood", ("sad", "neutral", "happy")), Head("valence")]
SHAPE = (96, 129)
SMALL = (32, 40)  # where the size does not matter


@functools.cache
def built(name):
    """Network of the zoo at the size of a slice, which no test changes."""
    return models.builder(name)(SHAPE, HEADS)


@pytest.fixture(scope="module")
def described():
    """Descriptions of all networks."""
    return {name: descriptions.describe(name, SMALL, HEADS) for name in models.PUBLISHED}


@pytest.fixture(scope="module")
def rebuilt(described):
    """Networks rebuilt from what a file would hold."""
    return {name: descriptions.rebuild(json.loads(json.dumps(one))) for name, one in described.items()}


@pytest.fixture
def registered():
    """Register networks for one test."""
    before = dict(models._registry)
    yield models.register
    models._registry.clear()
    models._registry.update(before)


@pytest.mark.parametrize("name", models.PUBLISHED)
def test_a_network_predicts_probabilities_or_a_number_for_every_head(rebuilt, name):
    model = rebuilt[name]
    predicted = model(np.random.default_rng(0).integers(0, 256, (2, *SMALL), dtype=np.uint8), training=False)
    shapes = {head: tuple(output.shape) for head, output in predicted.items()}
    assert shapes == {"genre": (2, 4), "mood": (2, 3), "valence": (2, 1)}
    for head in HEADS[:2]:
        assert np.allclose(np.asarray(predicted[head.name]).sum(axis=1), 1, atol=1e-5)
    assert model.get_layer("valence").activation is keras.activations.linear


def test_a_description_rebuilds_the_network_whatever_was_built_before(described, rebuilt):
    assert {name: descriptions.describe(name, SMALL, HEADS) for name in reversed(models.PUBLISHED)} == described
    for name, model in rebuilt.items():
        assert model.count_params() == described[name]["parameters"]
        assert {type(layer).__module__.split(".")[0] for layer in model.layers} == {"keras"}
        assert not any(isinstance(layer, keras.layers.Lambda) for layer in model.layers)


def test_a_network_without_some_of_its_heads_is_the_network_built_with_the_others():
    some, every = HEADS[:1], HEADS
    description = descriptions.describe("yu2018", SMALL, every)
    kept = descriptions.with_heads(description, [head.name for head in some])
    alone = descriptions.describe("yu2018", SMALL, some)
    assert kept["parameters"] == alone["parameters"] and kept["heads"] == alone["heads"]
    assert descriptions.rebuild(kept).output.keys() == {head.name for head in some}
    assert description["heads"].keys() == {head.name for head in every}  # as it was
    with pytest.raises(ReportError, match="has no head 'colour', only genre"):
        descriptions.with_heads(description, ["colour"])
    with pytest.raises(ReportError, match="is a baseline"):
        descriptions.with_heads({"name": "majority", "heads": {"genre": []}}, ["genre"])


def test_yu2018_is_the_posters():
    model = built("yu2018")
    convolutions = [layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D)]
    assert [layer.kernel_size for layer in convolutions] == [(2, 2)] * 4
    assert [layer.strides[0] for layer in convolutions] == [1, 1, 1, 2]
    dense = [layer for layer in model.layers if isinstance(layer, keras.layers.Dense)]
    assert [layer.units for layer in dense] == [15, 4, 3, 1]
    assert all(float(layer.kernel_regularizer.l2) == pytest.approx(0.002) for layer in dense)
    norms = [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]
    assert len(norms) == 5
    assert descriptions.vector_width(model, HEADS) == 15


@pytest.mark.parametrize(
    ("convolutions", "kernel", "last_stride", "fc"),  # each value with each of another column
    [(3 + i, (2, 3, 5)[k], (1, 2, 1)[(i + 2 * k) % 3], (i + k) % 3) for i in range(3) for k in range(3)],
)
def test_the_posters_search_can_be_expressed(convolutions, kernel, last_stride, fc):
    model = yu2018.build(SMALL, HEADS, filters=(4,) * convolutions, kernel=kernel, last_stride=last_stride, fc=fc)
    found = [layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D)]
    assert [layer.kernel_size for layer in found] == [(kernel, kernel)] * convolutions
    assert [layer.strides[0] for layer in found] == [1] * (convolutions - 1) + [last_stride]
    dense = [layer for layer in model.layers if isinstance(layer, keras.layers.Dense)]
    assert len(dense) == fc + len(HEADS)
    flat = model.get_layer("flat").output.shape[-1]
    assert descriptions.vector_width(model, HEADS) == (15 if fc else flat)


def _conv(kernel, read, filters):
    return (kernel * read + 1) * filters


def _norm(width):
    return 2 * width  # scale and shift; the running mean and variance are not trained


@pytest.mark.parametrize(
    ("build", "trainable"),
    [
        (lambda: zhang2016.published("nnet1"), 660_336),
        (lambda: zhang2016.published("nnet2"), 1_250_928),
        (lambda: choi2016.published(), 396_786),
        (lambda: choi2016.published(norm="bands"), 394_098),
        (lambda: fcn5.published(), 447_922),
        (lambda: fcn5.published(filters=(32, 128, 128, 192, 256), norm="frames"), 865_950),
    ],
    ids=["zhang nnet1", "zhang nnet2", "choi", "choi, norm along bands", "fcn5", "fcn5, the README's"],
)
def test_a_published_network_has_its_published_size(build, trainable):
    assert complexity.trainable(build()) == trainable


def test_the_released_crnn_is_padded_to_1440_frames_and_keeps_15_steps():
    model = choi2016.published()
    assert model.get_layer("padding").output.shape[1:] == (96, 1440, 1)
    assert model.get_layer("sequence").output.shape[1:] == (15, 128)


def test_short_chunk_has_the_size_that_the_papers_layers_give():
    filters = (128, 128, 256, 256, 256, 256, 512)
    convolutions = sum(_conv(9, read, width) for read, width in itertools.pairwise((1, *filters)))
    norms = _norm(1) + sum(_norm(width) for width in filters) + _norm(512)
    model = short_chunk.published()
    assert complexity.trainable(model) == convolutions + norms + _conv(1, 512, 512) + _conv(1, 512, 50)
    assert model.get_layer("pool7").output.shape[1:3] == (1, 1)


def test_musicnn_has_the_size_that_the_released_layers_give():
    front = _conv(38 * 7, 1, 204) + _conv(67 * 7, 1, 204) + sum(_conv(length, 1, 51) for length in (128, 64, 32))
    read = 2 * 204 + 3 * 51
    middle = _conv(7, read, 64) + 2 * _conv(7, 64, 64)
    vector = 2 * (read + 3 * 64)  # maximum and mean
    norms = _norm(1) + _norm(read) + 3 * _norm(64) + _norm(vector) + _norm(200)
    expected = front + middle + norms + _conv(1, vector, 200) + _conv(1, 200, 50)
    assert complexity.trainable(musicnn.published()) == expected


def test_networks_know_their_published_size():
    sizes = {name: models.as_published(name) for name in (*models.PUBLISHED, *models.VARIANTS)}
    assert {name for name in models.PUBLISHED if not sizes[name]} == {"yu2018", "choi2016", "texture", "student"}
    assert not any(sizes[name] for name in models.VARIANTS)
    build, reads = sizes["zhang2016_nnet1"]
    assert build().name == "zhang2016_nnet1" and "513 bins" in reads


@pytest.mark.parametrize(
    ("name", "shape"),
    [("short_chunk", (128, 216)), ("yu2018", (64, 130)), ("musicnn", (64, 130)), ("zhang2016", (128, 216))],
)
def test_networks_read_other_slices_too(name, shape):
    assert models.builder(name)(shape, HEADS).input_shape[1:] == shape


def test_choi2016_is_about_a_quarter_of_a_million():
    model = built("choi2016")
    assert 200_000 < model.count_params() < 350_000
    assert model.get_layer("sequence").output.shape[1] > 4  # enough steps left for a recurrent layer


def test_multiply_adds_of_known_layers():
    inputs = keras.Input((8, 10, 3))
    x = keras.layers.Conv2D(5, (2, 3), padding="same", name="conv")(inputs)
    x = keras.layers.Flatten()(x)
    model = keras.Model(inputs, keras.layers.Dense(7, name="dense")(x))
    table = complexity.layer_table(model).set_index("layer")
    assert table.loc["conv", "multiply_adds"] == 8 * 10 * 5 * (2 * 3 * 3)
    assert table.loc["dense", "multiply_adds"] == 400 * 7
    assert table["parameters"].sum() == model.count_params()
    sequence = keras.Input((6, 4))
    gru = keras.Model(sequence, keras.layers.GRU(5, name="gru")(sequence))
    assert complexity.layer_table(gru).set_index("layer").loc["gru", "multiply_adds"] == 6 * 3 * 5 * (4 + 5)


def _seen(model, field):
    """Which bands and frames reach the centre of the last map, measured: all weights 1, one line lit at a time."""
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            continue
        weights = layer.get_weights()
        layer.set_weights([np.full_like(w, 1 / w[..., 0].size) if w.ndim > 1 else np.zeros_like(w) for w in weights])
    bands, frames = model.input_shape[1:]
    last = keras.Model(model.inputs, model.get_layer(field.layers[0]).input)
    lit = np.zeros((bands + frames, bands, frames), np.uint8)
    lit[np.arange(bands), np.arange(bands)] = 255
    lit[bands + np.arange(frames), :, np.arange(frames)] = 255
    predicted = last.predict(lit, batch_size=75, verbose=0)
    centre = tuple(size // 2 for size in predicted.shape[1:-1])
    reached = np.abs(predicted[(slice(None), *centre)]).max(axis=-1) > 0
    return reached[:bands], reached[bands:]


def _is_the_field(reached, size):
    """No line outside the field counts, and all inside do unless the edge of the slice cuts the field."""
    places = np.flatnonzero(reached)
    assert len(places) == places[-1] - places[0] + 1 <= size
    if not reached[0] and not reached[-1]:
        assert len(places) == size


@pytest.mark.parametrize(
    ("name", "few"),  # filters, whose number does not change what they see
    [
        ("yu2018", {"filters": (2,) * 4}),
        ("zhang2016", {"filters": 2}),
        ("zhang2016_nnet1", {"filters": (2,) * 3}),
        ("choi2016", {"filters": (2,) * 4}),
        ("musicnn", {"timbral": 2, "temporal": 2, "middle": 2}),
        ("short_chunk", {"filters": (2,) * 7}),
    ],
)
def test_nothing_outside_the_receptive_field_reaches_the_last_map(name, few):
    model = models.builder(name)(SHAPE, HEADS, **few)
    field = complexity.receptive_field(model)
    bands, frames = _seen(model, field)
    _is_the_field(bands, field.bands)
    _is_the_field(frames, field.frames)


def _stack(*steps):
    """Small network of convolutions and poolings: (kernel, stride, pool) each, bands and frames alike."""
    inputs, x = slice_input((60, 80))
    for kernel, stride, pool in steps:
        x = keras.layers.Conv2D(2, kernel, strides=stride, padding="same" if stride == 1 else "valid")(x)
        x = keras.layers.MaxPooling2D(pool)(x) if pool else x
    return keras.Model(inputs, decision_layers(keras.layers.Flatten(name="flat")(x), HEADS))


@pytest.mark.parametrize(
    ("steps", "bands", "frames"),
    [
        ([(3, 1, None)], 3, 3),
        ([(3, 1, None), (3, 1, None)], 5, 5),
        ([(3, 2, None), (3, 1, None)], 7, 7),  # 3, then 2 more steps of 2
        ([(2, 1, (2, 4)), (2, 1, None)], 5, 9),  # 2, 3 by 5, then a step of 2 by 4
        ([((5, 3), 1, (2, 2)), ((1, 4), 1, (3, 2))], 10, 12),  # 5x3, 6x4, 6x10, then 2 and 1 steps of 2
    ],
)
def test_receptive_fields_worked_out_by_hand(steps, bands, frames):
    model = _stack(*steps)
    field = complexity.receptive_field(model, Spectrogram())
    assert (field.bands, field.frames) == (bands, frames)
    assert field.seconds == pytest.approx(frames * 512 / 22050)
    assert field.whole
    assert field.layers == ("flat",)
    for reached, size in zip(_seen(model, field), (bands, frames), strict=True):
        _is_the_field(reached, size)


def test_the_larger_branch_counts_and_no_field_is_larger_than_the_slice():
    inputs, x = slice_input((60, 80))
    narrow = keras.layers.Conv2D(2, 3, padding="same")(x)
    wide = keras.layers.Conv2D(2, (9, 5), dilation_rate=(1, 2), padding="same")(x)
    x = keras.layers.Concatenate()([narrow, wide])
    field = complexity.receptive_field(
        keras.Model(inputs, decision_layers(keras.layers.GlobalMaxPooling2D()(x), HEADS))
    )
    assert (field.bands, field.frames) == (9, 9)
    huge = complexity.receptive_field(_stack((30, 1, (4, 4)), (15, 1, None)))
    assert (huge.bands, huge.frames) == (60, 80)
    assert huge.seconds <= Spectrogram().slice_s


def test_what_comes_back_from_the_whole_slice_or_is_unknown_has_it_as_receptive_field():
    inputs, x = slice_input((60, 80))
    x = keras.layers.Conv2D(2, 3, padding="same")(x)
    weight = keras.layers.Reshape((1, 1, 2))(keras.layers.GlobalAveragePooling2D()(x))
    excited = keras.layers.Conv2D(2, 3)(keras.layers.Multiply()([x, weight]))
    known = keras.Model(inputs, decision_layers(keras.layers.Flatten()(excited), HEADS))
    unknown = keras.layers.GlobalAveragePooling2D()(keras.layers.UpSampling2D()(x))
    for model in (known, keras.Model(inputs, decision_layers(unknown, HEADS))):
        field = complexity.receptive_field(model)
        assert (field.bands, field.frames) == (60, 80)


def test_the_time_of_a_slice_is_measured_in_milliseconds(monkeypatch):
    model = built("yu2018")
    assert 0 < complexity.time_per_slice(model, batch=4, repeats=2) < 1000
    seen = []
    monkeypatch.setattr(model, "predict_on_batch", lambda slices: seen.append(slices.shape))
    clock = iter([0.0, 2.0, 2.0, 4.0, 4.0, 6.0])
    monkeypatch.setattr(complexity.time, "perf_counter", lambda: next(clock))
    assert complexity.time_per_slice(model, batch=250, repeats=5, limit_s=3) == pytest.approx(2000 / 250)
    assert seen == [(250, *SHAPE)] * 3


@pytest.mark.parametrize("name", models.PUBLISHED)
def test_a_diagram_shows_every_layer_that_works_and_every_head(name):
    model = models.builder(name)(SHAPE, HEADS)
    figure = architectures.diagram(model, np.zeros(SHAPE, np.uint8))
    texts = [text.get_text() for text in figure.axes[0].texts]
    for kind, word in (((keras.layers.Conv1D, keras.layers.Conv2D), "conv"), (keras.layers.GRU, "GRU")):
        assert sum(text.startswith(word) for text in texts) == sum(isinstance(layer, kind) for layer in model.layers)
    assert {"genre: 4 classes", "mood: 3 classes", "valence: a number", "96×129"} <= set(texts)
    with matplotlib.rc_context():
        plots.use_style()
        assert ">conv " in plots.svg(figure)  # text stays text
    plt.close(figure)
    assert figure.get_size_inches()[0] < 11
    claim = architectures.claim(name, model, HEADS, Spectrogram())
    assert f"{descriptions.vector_width(model, HEADS)} numbers" in claim


def test_a_diagram_keeps_branches_and_what_follows_a_layer():
    found = architectures.blocks(models.builder("zhang2016")(SHAPE, HEADS))
    assert found["shortcut"].sources == ("conv1", "conv3")
    assert found["conv1"].words == ["conv 96×4", "× 256", "ReLU"]
    assert (found["conv1"].bands, found["conv1"].frames, found["conv1"].channels) == (1, 126, 256)
    assert found["genre"].column == found["valence"].column == max(block.column for block in found.values())
    first = architectures.blocks(models.builder("yu2018")(SHAPE, HEADS))["conv1"]
    assert first.words == ["conv 2×2", "× 32", "max 2×4", "ReLU", "norm"]
    assert (first.bands, first.frames) == (48, 32)
    flat = [box for box in architectures.blocks(models.builder("musicnn")(SHAPE, HEADS)).values() if box.column == 1]
    assert sorted(box.words[0] for box in flat) == ["conv 38×5", "conv 67×5", "mean 96×1"]


def test_a_sum_written_with_a_plus_is_one():
    inputs, x = slice_input(SHAPE)
    x = keras.layers.Conv2D(2, 3, padding="same", name="a")(x)
    x = x + keras.layers.Conv2D(2, 5, padding="same", name="b")(x)
    model = keras.Model(inputs, decision_layers(keras.layers.Flatten()(x), HEADS))
    merged = [block for block in architectures.blocks(model).values() if block.kind == "merge"]
    assert [(block.sources, block.words) for block in merged] == [(("a", "b"), ["sum"])]
    assert complexity.receptive_field(model).bands == 7


def test_a_network_with_layers_unknown_to_the_diagram_is_drawn_all_the_same():
    inputs, x = slice_input(SHAPE)
    x = keras.layers.UpSampling2D(name="up")(x)
    inner = keras.Sequential([keras.layers.Conv2D(2, 3), keras.layers.GlobalMaxPooling2D()], name="inner")
    model = keras.Model(inputs, decision_layers(inner(x), HEADS))
    figure = architectures.diagram(model)
    assert "UpSampling2D" in {text.get_text() for text in figure.axes[0].texts}
    plt.close(figure)
    assert complexity.receptive_field(model).bands == SHAPE[0]


def test_an_unknown_network_names_the_known():
    with pytest.raises(ReportError, match=r"'alexnet' is not registered.*yu2018, zhang2016, choi2016"):
        models.builder("alexnet")


def _no_head(shape, heads):
    inputs, x = slice_input(shape)
    return keras.Model(inputs, decision_layers(keras.layers.Flatten()(x), heads[:1]))


def _wrong_input(shape, heads):
    inputs, x = slice_input((10, 10))
    return keras.Model(inputs, decision_layers(keras.layers.Flatten()(x), heads))


def _two_vectors(shape, heads):
    inputs, x = slice_input(shape)
    flat = keras.layers.Flatten()(x)
    return keras.Model(inputs, {h.name: decision_layers(keras.layers.Dense(4)(flat), [h])[h.name] for h in heads})


def _without_pooling(shape, heads):
    inputs, x = slice_input(shape)
    return keras.Model(inputs, decision_layers(keras.layers.Conv2D(4, 3)(x), heads))


def _of_tensorflow(shape, heads):
    import tensorflow as tf

    inputs, x = slice_input(shape)
    return keras.Model(inputs, decision_layers(tf.reduce_mean(x, axis=(1, 2)), heads))


def _wrong_width(shape, heads):
    return _no_head(shape, [Head(heads[0].name, ("x", "y"))])


def _with_lambda(shape, heads):
    inputs, x = slice_input(shape)
    x = keras.layers.Lambda(lambda t: t * 2)(keras.layers.Flatten()(x))
    return keras.Model(inputs, decision_layers(x, heads))


def _breaks(shape, heads):
    raise ValueError("too many cooks")


def _unnamed(shape, heads):
    inputs, x = slice_input(shape)
    flat = keras.layers.Flatten()(x)
    return keras.Model(inputs, {h.name: keras.layers.Dense(h.width, activation="softmax")(flat) for h in heads})


def _more(shape, heads):
    inputs, x = slice_input(shape)
    flat = keras.layers.Flatten()(x)
    return keras.Model(inputs, {**decision_layers(flat, heads), "more": keras.layers.Dense(1)(flat)})


def _logits(shape, heads):
    inputs, x = slice_input(shape)
    flat = keras.layers.Flatten()(x)
    return keras.Model(inputs, {h.name: keras.layers.Dense(h.width, name=h.name)(flat) for h in heads})


def _sequential(shape, heads):
    return keras.Sequential([keras.Input(shape), keras.layers.Flatten(), keras.layers.Dense(4)])


@keras.saving.register_keras_serializable("tests")
class Own(keras.layers.Layer):
    """A layer that only this process knows."""

    def call(self, x):
        return x


def _own_layer(shape, heads):
    inputs, x = slice_input(shape)
    return keras.Model(inputs, decision_layers(Own()(keras.layers.Flatten()(x)), heads))


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (_no_head, "no output 'mood'"),
        (_wrong_input, r"takes \(10, 10\).*\(32, 40\)"),
        (_two_vectors, "'mine': its decision layers must read one vector"),
        (_without_pooling, "'mine'.*Pool or flatten"),
        (_of_tensorflow, "'mine'.*keras.ops"),
        (_with_lambda, "Lambda"),
        (_breaks, "too many cooks"),
        (lambda shape, heads: None, "NoneType, not a keras.Model"),
        (_wrong_width, "2 nodes; it needs 4"),
        (_unnamed, "must come from a Dense layer of that name"),
        (_more, "an output 'more' that nobody asks for"),
        (_logits, "the activation softmax"),
        (_sequential, "is a Sequential"),
        (_own_layer, "is a Own, a class of your own"),
    ],
)
def test_a_wrong_network_says_what_to_change(registered, build, message):
    registered("mine")(build)
    with pytest.raises(ReportError, match=message):
        descriptions.describe("mine", SMALL, HEADS)


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
    description = descriptions.describe("yu2018", SMALL, HEADS)
    path = descriptions.write_description(study, description)
    before = path.stat().st_mtime_ns
    assert descriptions.write_description(study, description).stat().st_mtime_ns == before
    assert descriptions.read_description(study, "yu2018") == description
    with pytest.raises(ReportError, match=r"'mine' has no description.*there: yu2018"):
        descriptions.read_description(study, "mine")


def test_the_poster_search_changes_one_choice_at_a_time():
    assert tuple(yu2018.VARIANTS) == models.VARIANTS
    own = models.builder("yu2018")(SMALL, HEADS)
    variants = {name: models.builder(name)(SMALL, HEADS) for name in models.VARIANTS}
    assert all(model.count_params() != own.count_params() for model in variants.values())
    for name, kernel in (("yu2018_kernel3", (3, 3)), ("yu2018_kernel5", (5, 5))):
        assert {layer.kernel_size for layer in variants[name].layers if hasattr(layer, "kernel_size")} == {kernel}


def test_pooling_before_the_activation_changes_no_number():
    from lib.models.layers import pool_then_bend

    inputs = keras.Input((9, 8, 3))
    other = keras.layers.MaxPooling2D((2, 4))(keras.layers.Activation("elu")(inputs))
    model = keras.Model(inputs, [pool_then_bend(inputs, (2, 4), "elu", 1), other])
    one, two = model.predict_on_batch(np.random.default_rng(0).normal(size=(4, 9, 8, 3)))
    assert (one == two).all()


def test_a_numeric_head_needs_a_bias_and_no_bend(registered):
    def build(shape, heads, **how):
        inputs, x = slice_input(shape)
        return keras.Model(inputs, {"valence": keras.layers.Dense(1, name="valence", **how)(keras.layers.Flatten()(x))})

    for how in ({"use_bias": False}, {"activation": "sigmoid"}):
        registered("mine")(lambda shape, heads, how=how: build(shape, heads, **how))
        with pytest.raises(ReportError, match="with a bias and the activation linear"):
            descriptions.describe("mine", SMALL, [Head("valence")])


def test_a_name_of_the_zoo_is_taken(registered):
    for name in ("texture", "yu2018_fc2", "mfcc_svm", "selected"):
        with pytest.raises(ReportError, match="is taken"):
            registered(name)(_no_head)


def test_a_network_registered_without_its_builder_is_an_error_that_says_so(registered):
    registered("mine")
    with pytest.raises(ReportError, match=r"'mine' was registered without its builder"):
        models.names()
    registered("mine")(_no_head)
    assert models.names()[-1] == "mine" and models.builder("mine") is _no_head
    with pytest.raises(ReportError, match="needs a name"):
        registered(_no_head)


def test_multiply_adds_within_a_network_and_of_rarer_layers():
    inner = keras.Input((6,))
    block = keras.Model(inner, keras.layers.Dense(5)(inner), name="block")
    inputs = keras.Input((8, 10, 3))
    x = keras.layers.DepthwiseConv2D((2, 3), padding="same", name="depth")(inputs)
    x = keras.layers.SeparableConv2D(6, (3, 3), padding="same", name="separable")(x)
    x = keras.layers.GlobalAveragePooling2D()(x)
    model = keras.Model(inputs, block(x))
    table = complexity.layer_table(model).set_index("layer")["multiply_adds"]
    assert table["depth"] == 80 * 3 * 6
    assert table["separable"] == 80 * (9 * 3 + 3 * 6)
    assert table["block"] == 30
    sequence = keras.Input((6, 4))
    both = keras.Model(sequence, keras.layers.Bidirectional(keras.layers.GRU(5), name="both")(sequence))
    assert complexity.layer_table(both).set_index("layer").loc["both", "multiply_adds"] == 2 * 6 * 3 * 5 * (4 + 5)


def test_the_network_to_change_in_notebook_03_is_the_poster_s():
    shape, heads = (96, 129), [Head("genre", ("a", "b")), Head("mood", ("sad", "happy"))]
    (cell,) = [text for text in cells(NOTEBOOKS / "03_model_zoo.ipynb") if "def mine(" in text]
    names = {"keras": keras, "layers": keras.layers} | vars(shared)
    exec(cell, names)
    mine, own = (
        [{k: v for k, v in layer.get_config().items() if k != "name"} for layer in network.layers]
        for network in (names["mine"](shape, heads), models.builder("yu2018")(shape, heads))
    )
    assert mine == own
