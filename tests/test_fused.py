import keras
import numpy as np
import pytest

from lib.models import fused as fused_layers
from lib.models.fused import fuse

pytestmark = pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="TensorFlow's own operation")


def network(shape):
    keras.utils.clear_session()
    keras.utils.set_random_seed(0)
    inputs = keras.Input(shape)
    x = keras.layers.Dense(5)(inputs)
    x = keras.layers.BatchNormalization(momentum=0.8)(x)
    return keras.Model(inputs, keras.layers.Dense(2)(keras.layers.Flatten()(x)))


def step(model, x, y):
    """Loss, gradients and state of one training step."""
    import tensorflow as tf

    with tf.GradientTape() as tape:
        predicted = model(x, training=True)
        loss = tf.reduce_mean((predicted - y) ** 2)
    gradients = tape.gradient(loss, model.trainable_weights)
    return [loss, *gradients, *(v.value for v in model.non_trainable_variables)]


@pytest.mark.parametrize("shape", [(6, 7, 3), (6, 3)])
def test_training_computes_what_the_plain_layer_computes(shape):
    rng = np.random.default_rng(0)
    x, y = rng.normal(3, 2, (8, *shape)).astype("float32"), rng.normal(size=(8, 2)).astype("float32")
    plain, fused = network(shape), network(shape)
    fuse(fused)
    for one, other in zip(step(plain, x, y), step(fused, x, y), strict=True):
        assert np.allclose(one, other, rtol=1e-3, atol=1e-4)
    assert np.allclose(plain(x), fused(x), atol=1e-4)  # inference, with the running means
    assert plain.get_config() == fused.get_config()


@pytest.mark.parametrize(
    "shape, pool", [((6, 8, 3), (2, 4)), ((7, 11, 3), (3, 2)), ((5, 4, 2), (1, 4)), ((4, 4, 1), 2)]
)
def test_a_window_s_gradient_goes_to_the_first_of_its_largest_points(shape, pool, monkeypatch):
    import tensorflow as tf

    small = keras.Sequential([keras.Input(shape), keras.layers.MaxPooling2D(pool)])
    fuse(small)
    assert "call" not in vars(small.layers[0])  # not worth compiling
    monkeypatch.setattr(fused_layers, "POINTS", 1)
    rng = np.random.default_rng(0)
    x = tf.constant(rng.integers(0, 3, (5, *shape)).astype("float32"))  # many equals
    found = []
    for fused in (False, True):
        model = keras.Sequential([keras.Input(shape), keras.layers.MaxPooling2D(pool)])
        if fused:
            fuse(model)
            assert "call" in vars(model.layers[0])
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = model(x, training=True)
            loss = tf.reduce_sum(y * tf.constant(np.random.default_rng(1).normal(size=y.shape).astype("float32")))
        found.append((y.numpy(), tape.gradient(loss, x).numpy()))
    assert all(np.array_equal(plain, fused) for plain, fused in zip(*found, strict=True))
    assert found[0][1].any()


def test_what_does_not_fit_stays_as_it_is():
    inputs = keras.Input((6, 7, 3))
    x = keras.layers.MaxPooling2D(2, strides=1, padding="same", name="overlapping")(inputs)
    x = keras.layers.BatchNormalization(axis=1, name="bands")(x)
    x = keras.layers.BatchNormalization(scale=False, name="plain")(x)
    x = keras.layers.BatchNormalization(name="vector")(keras.layers.Flatten()(x))
    model = keras.Model(inputs, x)
    before = model(np.ones((2, 6, 7, 3), "float32"), training=True)
    fuse(model)
    assert not any("call" in vars(layer) for layer in model.layers)
    assert np.allclose(model(np.ones((2, 6, 7, 3), "float32"), training=True), before)


def test_weights_go_from_a_fused_network_to_a_plain_one(tmp_path):
    fused, plain = network((6, 7, 3)), network((6, 7, 3))
    fuse(fused)
    fused.compile("adam", "mse")
    rng = np.random.default_rng(0)
    x = rng.normal(size=(20, 6, 7, 3)).astype("float32")
    fused.fit(x, rng.normal(size=(20, 2)), verbose=0)
    fused.save_weights(tmp_path / "w.weights.h5")
    plain.load_weights(tmp_path / "w.weights.h5")
    assert np.allclose(plain.predict_on_batch(x), fused.predict_on_batch(x), atol=1e-5)
