"""The same code on another backend of Keras."""

import importlib.util
import json
import os
import subprocess
import sys

import numpy as np
import pytest

from lib.paths import PROJECT
from tests.test_training import plan_of, study  # noqa: F401 - a fixture

jax = pytest.mark.skipif(importlib.util.find_spec("jax") is None, reason="JAX is missing: pip install jax")
NETWORKS = ("yu2018", "zhang2016", "choi2016", "texture")

# Forward pass, loss and gradients of one batch, from saved weights, on whatever backend $KERAS_BACKEND names.
FORWARD = """
import sys, numpy as np, keras
from lib.training import fit as training
from lib.training.recipes import Settings
from lib.models import Head, builder

name, weights, out = sys.argv[1:]
heads = [Head("genre", ("a", "b", "c", "d")), Head("mood", ("x", "y", "z")), Head("valence")]
keras.utils.set_random_seed(0)
model = builder(name)((96, 129), heads)
model.save_weights(weights) if keras.backend.backend() == "tensorflow" else model.load_weights(weights)
rng = np.random.default_rng(0)
x = rng.integers(0, 256, (6, 96, 129)).astype(np.uint8)
y = {h.name: rng.normal(size=(6, 1)) if h.numeric else np.eye(h.width)[rng.integers(0, h.width, 6)] for h in heads}
y = {name: values.astype("float32") for name, values in y.items()}
w = {h.name: rng.integers(0, 2, 6).astype("float32") for h in heads}
training.compile_network(model, heads, Settings(), 1)
for layer in model.layers:
    if isinstance(layer, keras.layers.Dropout):
        layer.rate = 0.0  # its draws are each backend's own


def loss_of(predictions):
    return sum(model.loss[name](y[name], predictions[name], sample_weight=w[name]) for name in y)


def forward(training):
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        with tf.GradientTape() as tape:
            predictions = model(x, training=training)
            loss = loss_of(predictions)
        return predictions, loss, tape.gradient(loss, model.trainable_weights)
    import jax

    rest = [v.value for v in model.non_trainable_variables]

    def of(trainable):
        predictions, _ = model.stateless_call(trainable, rest, x, training=training)
        return loss_of(predictions), predictions

    (loss, predictions), gradients = jax.value_and_grad(of, has_aux=True)([v.value for v in model.trainable_variables])
    return predictions, loss, gradients


found = {}
for training in (False, True):
    predictions, loss, gradients = forward(training)
    found[f"loss {training}"] = np.asarray(loss)
    found |= {f"{head} {training}": np.asarray(values) for head, values in predictions.items()}
    found |= {f"gradient {i} {training}": np.asarray(gradient) for i, gradient in enumerate(gradients)}
np.savez(out, **found)
"""

TRAIN = """
import sys
sys.modules.update(dict.fromkeys(["tensorflow", "soundfile", "soxr", "librosa", "papermill", "matplotlib", "pebble"]))
from lib.runs.execute import obtain
from lib.paths import Study
from lib.training.recipes import Settings
from lib.runs.run import Run
import json
changed = {"epochs": 12, "batch_size": 20, "crop": True, "mixup": 0.1}
plan = RunSpec(Study("toy", sys.argv[1]), Run("tiny", "artist"), changed)
done = obtain(plan)
test = done.metrics["parts"]["test"]["genre"]["slice"]
print(json.dumps({"backend": done.record["versions"]["backend"], "test": test}))
"""


def python(code, *arguments, backend):
    environment = {**os.environ, "KERAS_BACKEND": backend, "PYTHONPATH": str(PROJECT), "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


@jax
@pytest.mark.parametrize("network", NETWORKS)
def test_jax_gives_the_same_predictions_loss_and_gradients_from_the_same_weights(network, tmp_path):
    weights = tmp_path / "w.weights.h5"
    for backend in ("tensorflow", "jax"):
        python(FORWARD, network, weights, tmp_path / f"{backend}.npz", backend=backend)
    one, other = (np.load(tmp_path / f"{backend}.npz") for backend in ("tensorflow", "jax"))
    assert set(one.files) == set(other.files)
    for name in one.files:
        # In training, batch norm of a few slices and the choice of a maximum magnify rounding; and a bias before
        # batch norm has a gradient of rounding alone.
        share, least = (3e-2, 2e-3) if name.endswith("True") else (2e-3, 1e-6)
        apart, size = np.linalg.norm(one[name] - other[name]), np.linalg.norm(one[name])
        assert apart <= max(share * size, least), name


@jax
def test_jax_learns_as_well_without_tensorflow_and_audio(study):  # noqa: F811
    result = json.loads(python(TRAIN, study.root, backend="jax").splitlines()[-1])
    assert result["backend"] == "jax"
    assert result["test"]["accuracy"] > 0.9
    assert result["test"]["n"] == (plan_of(study).parts == "test").sum()
