import hashlib
from dataclasses import fields, replace

import keras
import numpy as np
import pandas as pd
import pytest

from lib.errors import ReportError
from lib.features.slices import Slices
from lib.features.slicing import _Writer
from lib.features.spectrogram import Spectrogram
from lib.io import read_json, write_json, write_parquet
from lib.models import PUBLISHED, Head, builder, descriptions
from lib.paths import Study
from lib.runs import execute, store
from lib.runs.key import key
from lib.runs.run import Run
from lib.runs.spec import RunSpec
from lib.runs.store import finished
from lib.training import fit as training
from lib.training.recipes import POSTER, RECIPES, Settings
from lib.training.targets import Targets, targets
from tests import stub

SMALL = Spectrogram(n_mels=32, n_fft=1024, hop_length=1024)
HEADS = [Head("genre", ("g0", "g1")), Head("mood", ("sad", "neutral", "happy"))]


def tiny(shape, heads):
    from lib.models.layers import batch_norm, decision_layers, slice_input

    inputs, x = slice_input(shape)
    x = keras.layers.Conv2D(4, 3, strides=3, activation="relu")(x)
    x = batch_norm()(x)
    x = keras.layers.Dense(6, activation="relu")(keras.layers.Flatten()(x))
    return keras.Model(inputs, decision_layers(x, heads))


@pytest.fixture
def study(tmp_path, make_tracks):
    """A study of slices without audio: genre is a bright band, mood is missing for every fourth song."""
    study = Study("toy", tmp_path)
    tracks = make_tracks(genres=2, artists=6, songs=2)
    tracks.loc[::4, "mood"] = pd.NA
    write_parquet(tracks, study.tracks)
    study.slices.mkdir(parents=True)
    writer = _Writer(study.slices, SMALL, 1000)
    rng = np.random.default_rng(0)
    for row in tracks.itertuples():
        slices = rng.integers(0, 150, (4, *SMALL.shape), dtype=np.uint8)
        band = 4 if row.genre == "g0" else 20
        slices[:, band : band + 6] += 100
        writer.add(row.track_id, slices)
    writer.finish("source")
    from lib import models as zoo

    zoo.register("tiny")(tiny)
    heads = descriptions.heads_of(tracks, ["genre", "mood"])
    descriptions.write_description(study, descriptions.describe("tiny", SMALL.shape, heads))
    yield study
    zoo._registry.pop("tiny")


@pytest.fixture
def untrained(monkeypatch):
    """Let runs be made of even predictions, in milliseconds, where the question is when they are made."""
    monkeypatch.setattr(execute, "make", stub.make)


def plan_of(study, epochs=3, split="artist", **run):
    return RunSpec(study, Run("tiny", split, **run), {"epochs": epochs, "batch_size": 20})


def test_a_missing_label_weighs_nothing():
    labels = pd.DataFrame({"genre": ["g0", "g1"], "mood": ["happy", pd.NA]})
    wanted = targets(labels, HEADS, np.ones(2, dtype=bool))
    assert wanted.weights["mood"].tolist() == [1, 0]
    assert wanted.weights["genre"].tolist() == [1, 1]
    assert wanted.values["mood"][0] == 2
    with pytest.raises(ReportError, match="'jazz'"):
        targets(pd.DataFrame({"genre": ["jazz"], "mood": ["sad"]}), HEADS, np.ones(1, dtype=bool))


def test_numbers_are_scaled_by_the_training_labels_alone():
    labels = pd.DataFrame({"valence": [0.2, 0.6, np.nan, 100.0]})
    wanted = targets(labels, [Head("valence")], np.array([True, True, True, False]))
    assert wanted.scales["valence"] == pytest.approx((0.4, 0.2))
    assert wanted.values["valence"][:3] == pytest.approx([-1, 1, 0])
    assert wanted.weights["valence"].tolist() == [1, 1, 0, 1]
    same = targets(pd.DataFrame({"valence": [0.5, 0.5]}), [Head("valence")], np.ones(2, dtype=bool))
    assert same.values["valence"].tolist() == [0, 0]
    with pytest.raises(ReportError, match="'high' is not a number"):
        targets(pd.DataFrame({"valence": ["high"]}), [Head("valence")], np.ones(1, dtype=bool))


def test_balanced_classes_weigh_alike_in_training_and_as_they_are_in_validation():
    labels = pd.DataFrame({"mood": ["sad"] * 6 + ["happy"] * 2 + [pd.NA, "happy"]})
    train = np.array([True] * 9 + [False])
    wanted = targets(labels, HEADS[1:], train, balanced=True)
    weighed = wanted.balance["mood"][train]
    assert weighed[:6].sum() == pytest.approx(weighed[6:8].sum())
    assert weighed.sum() == pytest.approx(8)
    assert weighed[8] == 0
    assert set(wanted.weights["mood"]) == {0, 1}
    assert (targets(labels, HEADS[1:], train).balance["mood"] == wanted.weights["mood"]).all()


def test_a_masked_label_moves_no_gradient(study):
    """Training on slices without any mood leaves the mood's decision layer as it was, but for nothing."""
    plan = plan_of(study)
    labels = plan.labels.assign(mood=pd.NA)
    training.make_deterministic(0)
    model = descriptions.rebuild(plan.description)
    before = [w.copy() for w in model.get_layer("mood").get_weights()]
    genre = [w.copy() for w in model.get_layer("genre").get_weights()]
    training.train(model, plan.heads, plan.slices, plan.parts, labels, plan.settings)
    assert all((a == b).all() for a, b in zip(before, model.get_layer("mood").get_weights(), strict=True))
    assert any((a != b).any() for a, b in zip(genre, model.get_layer("genre").get_weights(), strict=True))


def test_batches_show_every_slice_once_an_epoch_in_changing_order(study):
    plan = plan_of(study)
    numbers = np.flatnonzero(plan.parts == "train")
    ones = {"mark": np.ones(len(plan.slices))}
    marked = Targets({"mark": np.arange(len(plan.slices), dtype="float32")}, ones, ones, {})
    batches = training.Batches(plan.slices, numbers, marked, [Head("mark")], Settings(batch_size=7), seed=0)
    seen = []
    for _ in range(2):
        epoch = [batches[i] for i in range(len(batches))]
        for x, y, _ in epoch:
            assert (x == plan.slices.take(y["mark"][:, 0].astype(int))).all()
        seen.append([y["mark"][:, 0].tolist() for _, y, _ in epoch])
        batches.on_epoch_end()
    assert seen[0] != seen[1]
    for epoch in seen:
        assert sorted([n for batch in epoch for n in batch]) == numbers.tolist()


def test_a_run_learns_and_leaves_the_contracts_files(study):
    messages = []
    done = execute.obtain(plan_of(study, epochs=12), on_epoch=messages.append)
    assert len(messages) == 12
    assert done.metrics["parts"]["test"]["genre"]["slice"]["accuracy"] > 0.9
    assert {path.name for path in done.folder.iterdir()} == {
        "metrics.json", "history.csv", "predictions.parquet", "embedding.npy", "internals.npz", "record.json",
        "model.weights.h5",
    }  # fmt: skip
    predictions = done.predictions(None)
    assert set(predictions["part"]) == {"train", "validation", "test"}
    assert len(predictions) == len(done.embedding(None)) == len(Slices(study.slices))
    for head in ("genre", "mood"):
        columns = [c for c in predictions if c.startswith(f"{head}:")]
        assert np.allclose(predictions[columns].sum(axis=1), 1, atol=2e-3)  # half precision
    test = done.predictions("test")
    assert len(test) == len(done.embedding("test"))
    assert set(done.history()) >= {"epoch", "loss", "genre_accuracy", "validation_mood_accuracy", "seconds"}
    assert done.record["versions"]["keras"] == keras.__version__
    tracks = pd.read_parquet(study.tracks).set_index("track_id")
    songs = test["track_id"].unique()
    assert done.metrics["parts"]["test"]["mood"]["song"]["n"] == tracks.loc[songs, "mood"].notna().sum()  # known ones
    assert done.metrics["parts"]["test"]["genre"]["song"]["n"] == len(songs)


def weights_of(folder):
    import h5py

    total = hashlib.sha256()
    with h5py.File(folder / "model.weights.h5") as file:
        file.visititems(lambda name, item: total.update(item[()].tobytes()) if hasattr(item, "dtype") else None)
    return total.hexdigest()


def test_the_same_run_gives_the_same_bits_and_another_seed_others(study):
    hashes, predicted = [], []
    for seed in (0, 0, 1):
        done = execute.obtain(plan_of(study, seed=seed))
        hashes.append(weights_of(done.folder))
        predicted.append(done.predictions(None).iloc[:, 3:].to_numpy().tobytes())
        import shutil

        shutil.rmtree(study.runs)
        shutil.rmtree(study.kept)
    assert hashes[0] == hashes[1] != hashes[2]
    assert predicted[0] == predicted[1] != predicted[2]


@pytest.mark.slow  # minutes, for TensorFlow compiles each network twice; above, a small one
@pytest.mark.parametrize("name", PUBLISHED)
def test_every_network_trains_to_the_same_bits(name, tmp_path):
    writer = _Writer(tmp_path, Spectrogram(), 100)
    rng = np.random.default_rng(0)
    for song in range(8):
        writer.add(f"s{song}", rng.integers(0, 256, (2, *Spectrogram().shape), dtype=np.uint8))
    writer.finish("source")
    slices = Slices(tmp_path)
    labels = pd.DataFrame({"genre": ["g0", "g1"] * 8, "mood": ["sad", "neutral", "happy", pd.NA] * 4})
    parts = np.array(["train"] * 12 + ["validation"] * 4)
    settings = Settings(1, batch_size=6, crop=True, masks=1, gain_db=3, mixup=0.2, schedule="cosine", weight_decay=1e-4)
    description = descriptions.describe(name, Spectrogram().shape, HEADS)
    weights = [
        training.train_anew(description, HEADS, slices, parts, labels, settings, seed=3)[0].get_weights() for _ in "ab"
    ]
    assert all(one.tobytes() == other.tobytes() for one, other in zip(*weights, strict=True))


def test_a_number_is_predicted_in_its_own_unit(study):
    """Bright slices are worth 30, dark ones 10; every fifth label is missing."""
    tracks = pd.read_parquet(study.tracks)
    tracks["loudness"] = np.where(tracks["genre"] == "g0", 30.0, 10.0) + np.arange(len(tracks)) % 3
    tracks.loc[::5, "loudness"] = np.nan
    write_parquet(tracks, study.tracks)
    heads = descriptions.heads_of(tracks, ["loudness", "genre"])
    assert [head.numeric for head in heads] == [True, False]
    descriptions.write_description(study, descriptions.describe("tiny", SMALL.shape, heads))
    settings = {"epochs": 25, "batch_size": 20, "mixup": 0.1, "learning_rate": 0.01}
    done = execute.obtain(RunSpec(study, Run("tiny", "artist"), settings))
    found = done.metrics["parts"]["test"]["loudness"]["song"]
    assert found["ccc"] > 0.8
    assert found["r2"] > 0.6
    predicted = done.predictions("test").groupby("track_id")["loudness:value"].mean()
    truth = tracks.set_index("track_id")["loudness"].reindex(predicted.index)
    assert abs(predicted.mean() - np.where(predicted.index.str.startswith("g0"), 31, 11).mean()) < 4
    assert found["n"] == truth.notna().sum()
    assert {"loudness_r2", "validation_loudness_r2", "genre_accuracy"} <= set(done.history())
    assert read_json(study.kept / done.run.name / "metrics.json")["heads"]["loudness"] == []


def test_large_numbers_survive(study):
    tracks = pd.read_parquet(study.tracks)
    tracks["listens"] = np.where(tracks["genre"] == "g0", 2e5, 1e5)
    write_parquet(tracks, study.tracks)
    heads = descriptions.heads_of(tracks, ["listens"])
    descriptions.write_description(study, descriptions.describe("tiny", SMALL.shape, heads))
    done = execute.obtain(plan_of(study, epochs=2))
    kept = pd.read_parquet(study.kept / done.run.name / "predictions.parquet")["listens:value"]
    assert np.isfinite(kept).all()
    assert kept.mean() > 7e4
    assert done.metrics["parts"]["test"]["listens"]["song"]["r2"] is not None


def test_early_stopping_gives_back_the_best_epoch(study):
    plan = plan_of(study)
    settings = Settings(30, batch_size=20, learning_rate=0.02, patience=3)
    model, history = training.train_anew(
        plan.description, plan.heads, plan.slices, plan.parts, plan.labels, settings, seed=1
    )
    assert len(history) < 30
    best = history["validation_loss"].idxmin()
    assert len(history) == best + 1 + 3
    wanted = targets(plan.labels, plan.heads, plan.parts == "train")
    validation = training.Batches(plan.slices, np.flatnonzero(plan.parts == "validation"), wanted, plan.heads, settings)
    assert model.evaluate(validation, verbose=0)[0] == pytest.approx(history["validation_loss"][best], rel=1e-4)


def test_the_number_of_epochs_with_the_lowest_validation_loss_is_kept(study):
    plan = plan_of(study)

    def trained(**epochs):
        settings = Settings(batch_size=20, learning_rate=0.02, schedule="cosine", **epochs)
        return training.train_anew(plan.description, HEADS, plan.slices, plan.parts, plan.labels, settings, seed=1)

    alone = {epochs: trained(epochs=epochs) for epochs in (1, 3)}
    losses = {epochs: history["validation_loss"].iloc[-1] for epochs, (_, history) in alone.items()}
    best = min(losses, key=losses.get)
    model, history = trained(epochs_tried=(1, 3))
    assert len(history) == best
    weights = zip(model.get_weights(), alone[best][0].get_weights(), strict=True)
    assert all((one == other).all() for one, other in weights)


def test_settings_reach_the_optimiser_and_the_loss(study):
    plan = plan_of(study)

    def compiled(**how):
        model = descriptions.rebuild(plan.description)
        training.compile_network(model, plan.heads, Settings(**how), 100)
        return model

    cosine = compiled(schedule="cosine").optimizer
    rates = []
    for step in (0, 50, 100):
        cosine.iterations.assign(step)
        rates.append(float(cosine.learning_rate))
    assert rates == pytest.approx([0.001, 0.0005, 0], abs=1e-7)
    decayed = compiled(weight_decay=0.1)
    decayed.optimizer.build(decayed.trainable_variables)
    left_out = [v.name for v in decayed.trainable_variables if not decayed.optimizer._use_weight_decay(v)]
    assert set(left_out) == {"bias", "gamma", "beta"}
    x = plan.slices.take(np.arange(8))
    smooth = Settings(batch_size=8, label_smoothing=0.3)
    wanted = targets(plan.labels, plan.heads, plan.parts == "train")
    batch = training.Batches(plan.slices, np.arange(8), wanted, plan.heads, smooth, seed=0)[0][1]
    assert sorted(set(np.round(batch["genre"].ravel(), 6))) == pytest.approx([0.15, 0.85])
    plain = training.Batches(plan.slices, np.arange(8), wanted, plan.heads, smooth)[0]
    once, twice = compiled(), compiled(head_weights={"mood": 3.0})
    twice.set_weights(once.get_weights())
    losses = [model.compute_loss(x, plain[1], model(x), plain[2]) for model in (once, twice)]
    mood = keras.losses.CategoricalCrossentropy(reduction="mean_with_sample_weight")
    extra = mood(plain[1]["mood"], once(x)["mood"], sample_weight=plain[2]["mood"])
    assert float(losses[1] - losses[0]) == pytest.approx(2 * float(extra), rel=1e-4)


def test_weights_are_made_again_where_another_run_lies_in_their_place(study, untrained):
    """As after checking out another version: work/ holds one run, results/ the wanted one without its weights."""
    import shutil

    execute.obtain(plan_of(study, epochs=1))
    shutil.copytree(study.kept, study.root / "aside")
    execute.obtain(plan_of(study, epochs=2))
    shutil.rmtree(study.kept)
    shutil.copytree(study.root / "aside", study.kept)
    done = execute.obtain(plan_of(study, epochs=1), weights=True)
    assert (done.folder / "model.weights.h5").is_file()
    assert done.record["settings"]["epochs"] == 1


def test_a_run_of_ones_own_settings_leaves_the_committed_one_alone(study, untrained):
    execute.obtain(plan_of(study, epochs=1))
    before = (study.kept / "tiny-artist-f0-s0" / "record.json").read_bytes()
    execute.obtain(plan_of(study, epochs=2), keep=False)
    assert (study.kept / "tiny-artist-f0-s0" / "record.json").read_bytes() == before
    assert execute.obtain(plan_of(study, epochs=1)).record["settings"]["epochs"] == 1


def test_runs_of_another_version_are_stale_or_passed_over(study, untrained):
    done = execute.obtain(plan_of(study, epochs=1))
    record = read_json(done.folder / "record.json")
    write_json({**record, "changed": {"speed": 3}}, done.folder / "record.json")
    assert finished(study)[0].stale
    write_json({**record, "run": {**record["run"], "recipe": "gone"}}, done.folder / "record.json")
    assert finished(study) == []
    with pytest.raises(ReportError, match="another version"):
        finished(study, [done.run.name])


def test_a_network_is_no_baseline_and_a_baseline_no_network(study):
    from lib.models import baselines

    with pytest.raises(ReportError, match="'tiny' with recipe 'baseline': it needs another recipe"):
        RunSpec(study, Run("tiny", "artist", recipe="baseline"))
    descriptions.write_description(study, baselines.describe("majority", SMALL.shape, HEADS))
    with pytest.raises(ReportError, match="'majority' with recipe 'poster': it needs recipe 'baseline'"):
        RunSpec(study, Run("majority", "artist"))
    with pytest.raises(ReportError, match="no head 'moood'"):
        RunSpec(study, Run("tiny", "artist"), {"head_weights": {"moood": 2.0}})


def test_classes_may_be_truths(study):
    tracks = pd.read_parquet(study.tracks).assign(live=lambda t: t["genre"] == "g0")
    write_parquet(tracks, study.tracks)
    heads = descriptions.heads_of(tracks, ["live"])
    assert heads[0].classes == ("False", "True")
    descriptions.write_description(study, descriptions.describe("tiny", SMALL.shape, heads))
    assert execute.obtain(plan_of(study, epochs=1)).metrics["parts"]["test"]["live"]["song"]["n"] > 0


def test_a_finished_run_is_not_trained_again_until_something_that_decides_it_changes(study, untrained, monkeypatch):
    trained = []
    train = execute.make
    monkeypatch.setattr(execute, "make", lambda *a: (trained.append(1), train(*a)))
    execute.obtain(plan_of(study, epochs=1))
    execute.obtain(plan_of(study, epochs=1))
    assert len(trained) == 1
    execute.obtain(plan_of(study, epochs=2))
    assert len(trained) == 2
    tracks = pd.read_parquet(study.tracks)
    write_parquet(tracks.assign(title="another title"), study.tracks)
    execute.obtain(plan_of(study, epochs=2))
    assert len(trained) == 2
    write_parquet(tracks.assign(mood="sad"), study.tracks)
    description = descriptions.read_description(study, "tiny")
    execute.obtain(plan_of(study, epochs=2))
    assert len(trained) == 3
    write_json({**description, "note": 1}, study.zoo / "tiny.json")
    execute.obtain(plan_of(study, epochs=2))
    assert len(trained) == 4


def test_the_committed_parts_of_a_run_stand_in_for_it(study, monkeypatch):
    import shutil

    monkeypatch.setattr(store, "OWN", "tiny")  # whose vectors page 06 reads
    done = execute.obtain(plan_of(study))
    test, vectors = done.predictions("test"), done.embedding("test")
    shutil.rmtree(study.work / "runs")
    monkeypatch.setattr(execute, "make", None)
    again = execute.obtain(plan_of(study))
    pd.testing.assert_frame_equal(again.predictions("test"), test)
    assert (again.embedding("test") == vectors).all()
    size = sum(path.stat().st_size for path in (study.kept / "tiny-artist-f0-s0").iterdir())
    assert size < 100_000
    assert not (study.kept / "tiny-artist-f0-s0" / "model.weights.h5").exists()


def test_vectors_that_no_page_reads_are_not_committed(study):
    import shutil

    plan = plan_of(study, split="random")
    assert len(execute.obtain(plan).embedding(None)) == len(Slices(study.slices))
    shutil.rmtree(study.work / "runs")
    with pytest.raises(ReportError, match=r"embedding.npy is missing.*train it again"):
        execute.obtain(plan).embedding()


def test_lost_small_parts_are_written_again(study, untrained):
    import shutil

    done = execute.obtain(plan_of(study, epochs=1))
    before = (done.folder / "model.weights.h5").stat().st_mtime_ns
    shutil.rmtree(study.kept)
    execute.obtain(plan_of(study, epochs=1))
    assert (study.kept / done.run.name / "record.json").is_file()
    assert (done.folder / "model.weights.h5").stat().st_mtime_ns == before


def test_a_run_made_from_something_else_is_stale(study, untrained):
    execute.obtain(plan_of(study, epochs=1))
    assert not finished(study)[0].stale
    description = descriptions.read_description(study, "tiny")
    write_json({**description, "note": 1}, study.zoo / "tiny.json")
    assert finished(study)[0].stale
    write_json(description, study.zoo / "tiny.json")
    tracks = pd.read_parquet(study.tracks)
    write_parquet(tracks.assign(mood="sad"), study.tracks)
    assert finished(study)[0].stale
    write_parquet(tracks, study.tracks)
    record = study.runs / "tiny-artist-f0-s0" / "record.json"
    content = read_json(record)
    content["key"]["code"] = "0" * 16
    write_json(content, record)
    assert finished(study)[0].stale
    (study.zoo / "tiny.json").unlink()
    assert finished(study)[0].stale
    with pytest.raises(ReportError, match="tiny-artist-f1-s0"):
        finished(study, ["tiny-artist-f1-s0"])


def test_a_changed_default_makes_every_run_another(study, untrained, monkeypatch):
    """Every setting is in the key in full, not only those that were changed."""
    execute.obtain(plan_of(study, epochs=1))
    before, made = key(plan_of(study, epochs=1)), []
    assert not finished(study)[0].stale
    make = execute.make
    monkeypatch.setattr(execute, "make", lambda *a: (made.append(1), make(*a)))
    others = {
        "epochs_tried": (1, 2), "learning_rate": 0.01, "schedule": "cosine", "weight_decay": 0.1, "patience": 2,
        "crop": True, "masks": 1, "gain_db": 1.0, "mixup": 0.1, "label_smoothing": 0.1, "balanced": True,
        "head_weights": {"mood": 2.0}, "teacher": "msd_musicnn",
    }  # fmt: skip
    assert {*others, "epochs", "batch_size"} == {field.name for field in fields(Settings)}
    for name, value in others.items():
        with monkeypatch.context() as other:
            other.setitem(RECIPES, POSTER, replace(RECIPES[POSTER], **{name: value}))
            assert key(plan_of(study, epochs=1))["parameters"] != before["parameters"], name
            assert finished(study)[0].stale, name
    assert not finished(study)[0].stale and not made
    monkeypatch.setitem(RECIPES, POSTER, replace(RECIPES[POSTER], label_smoothing=0.1))
    done = execute.obtain(plan_of(study, epochs=1))
    assert len(made) == 1 and done.record["settings"]["label_smoothing"] == 0.1
    assert not finished(study)[0].stale
    execute.obtain(plan_of(study, epochs=1))
    assert len(made) == 1


def test_a_setting_left_out_or_given_as_it_is_anyway_makes_no_other_run(study):
    left_out = RunSpec(study, Run("tiny", "artist"), {"epochs": 3})
    given = RunSpec(study, Run("tiny", "artist"), {"epochs": 3, "mixup": 0.0, "batch_size": 75})
    assert key(left_out) == key(given)


def test_the_key_names_the_songs(study):
    plan = plan_of(study)
    before = key(plan)
    plan.slices.table["track_id"] = plan.slices.table["track_id"].str.replace("g0", "h0")
    assert {name for name in before if key(plan)[name] != before[name]} == {"tracks"}


def test_training_needs_no_audio_and_no_backend_but_keras(study):
    """A machine that trains on a GPU has keras and a backend, and neither decoders nor papermill."""
    import subprocess
    import sys

    absent = ["soundfile", "soxr", "pebble", "librosa", "papermill", "sklearn", "matplotlib", "mutagen", "snakemake"]
    used = "lib.training.fit, lib.runs.execute, lib.workflow.train"
    blocked = f"import sys; sys.modules.update(dict.fromkeys({absent!r})); import {used}"
    done = subprocess.run([sys.executable, "-c", blocked], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-1000:]


def test_an_interrupted_training_leaves_nothing(study):
    def stop(text):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        execute.obtain(plan_of(study), on_epoch=stop)
    assert not list(study.runs.iterdir())
    assert not study.kept.exists()


def test_wrong_input_says_what_to_do(study):
    with pytest.raises(ReportError, match="epochs is 0"):
        Settings(epochs=0)
    with pytest.raises(ReportError, match="epochs_tried: 0 is no whole number"):
        Settings(epochs_tried=[5, 0])
    with pytest.raises(ReportError, match="'disc' is unknown"):
        Run("tiny", "disc")
    with pytest.raises(ReportError, match="'other' has no description"):
        RunSpec(study, Run("other", "random"))
    description = descriptions.read_description(study, "tiny")
    write_json({**description, "shape": [1, 2]}, study.zoo / "tiny.json")
    with pytest.raises(ReportError, match="03_model_zoo"):
        plan_of(study)
    with pytest.raises(ReportError, match="02_spectrogram_slicing"):
        (study.slices / "slices.json").unlink()
        write_json(description, study.zoo / "tiny.json")
        plan_of(study)


def test_a_loss_that_is_no_number_stops_the_training(study):
    plan = RunSpec(study, Run("tiny", "artist"), {"epochs": 3, "batch_size": 20, "learning_rate": 1e38})
    with pytest.raises(ReportError, match="Lower learning_rate"):
        execute.obtain(plan)


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_decision_layers_read_one_vector(name):
    model = builder(name)((96, 129), HEADS)
    from lib.models.embedding_model import embedding_model

    predicted, vector = embedding_model(model, HEADS).predict_on_batch(np.zeros((1, 96, 129), np.uint8))
    assert set(predicted) == {"genre", "mood"}
    assert vector.shape == (1, descriptions.vector_width(model, HEADS))
