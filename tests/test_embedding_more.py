import os
import subprocess
import sys
from pathlib import Path

import librosa
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from threadpoolctl import threadpool_limits

from lib.embedding import ablation, projection, similarity
from lib.embedding import widths as sizes
from lib.embedding.vectors import unit_names
from lib.errors import ReportError
from lib.evaluation.bootstrap import Bootstrap
from lib.features import descriptors
from lib.paths import PROJECT, Study
from lib.plots import embedding as plots
from lib.rich_output import MAP, MAX_POINTS, offer_map, read_map
from lib.runs import internals
from lib.runs.internals import Internals
from lib.site.audio import Players, map_html
from lib.site.sanitize import Media
from tests import fakes

RATE = descriptors.RATE


def songs_of(values, ids=None):
    values = np.asarray(values, dtype=float)
    ids = ids or [f"t{i:03d}" for i in range(len(values))]
    return pd.DataFrame(values, index=pd.Index(ids, name="track_id"), columns=unit_names(values.shape[1]))


# ---- descriptors


def seconds(n=4.0):
    return np.arange(int(n * RATE)) / RATE


def test_descriptors_of_known_sounds():
    rng = np.random.default_rng(0)
    tone = 0.5 * np.sin(2 * np.pi * 440 * seconds())
    noise = 0.1 * rng.normal(size=len(tone))
    clicks = np.zeros_like(tone)
    for beat in range(8):  # two a second
        clicks[beat * RATE // 2 : beat * RATE // 2 + 200] = rng.normal(size=200) * 0.5
    low, bright, struck = (descriptors.describe(y) for y in (tone, noise, clicks))
    assert low["loudness"] == pytest.approx(10 * np.log10(0.125), abs=0.05)
    assert low["brightness"] == pytest.approx(440, rel=0.1) and bright["brightness"] > 4000
    assert low["flatness"] < 0.01 < 0.2 < bright["flatness"]
    assert struck["percussive"] > 0.8 > 0.2 > low["percussive"]
    assert struck["onset_rate"] == pytest.approx(2, abs=0.3) and low["onset_rate"] < 1
    assert struck["tempo"] % 60 == pytest.approx(0, abs=3) or struck["tempo"] % 60 == pytest.approx(60, abs=3)
    assert low["chroma_entropy"] < 0.5 < 0.9 < bright["chroma_entropy"] <= 1
    melody = np.concatenate([np.sin(2 * np.pi * f * seconds(0.5)) for f in (262, 370, 523, 311) * 2])
    assert descriptors.describe(melody)["chroma_change"] > 0.3 > 0.05 > low["chroma_change"]


def test_louder_is_louder_and_else_the_same():
    y = 0.1 * np.random.default_rng(1).normal(size=3 * RATE) * np.hanning(3 * RATE)
    one, other = descriptors.describe(y), descriptors.describe(2 * y)
    assert other["loudness"] - one["loudness"] == pytest.approx(20 * np.log10(2))
    assert all(other[name] == pytest.approx(one[name], rel=1e-3) for name in ("brightness", "percussive", "flatness"))


def test_silence_has_a_loudness_and_nothing_else():
    found = descriptors.describe(np.zeros(2 * RATE))
    assert found["loudness"] == -100 and found["onset_rate"] == 0 and np.isnan(found["brightness"])
    assert set(found) == set(descriptors.DESCRIPTORS)


def test_the_percussive_share_is_librosas():
    y = 0.3 * np.sin(0.1 * np.arange(2 * RATE)) + 0.1 * np.random.default_rng(0).normal(size=2 * RATE)
    magnitude = np.abs(librosa.stft(y))
    harmonic, percussive = (np.square(part).sum() for part in librosa.decompose.hpss(magnitude))
    assert descriptors.describe(y)["percussive"] == pytest.approx(percussive / (harmonic + percussive), rel=1e-5)


@pytest.mark.slow
def test_processes_that_compile_librosa_at_once_leave_it_whole(tmp_path):
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path), "TMPDIR": str(tmp_path)}
    command = [sys.executable, "-m", "lib.features.compiled"]
    for process in [subprocess.Popen(command, env=environment, cwd=PROJECT) for _ in range(3)]:
        assert process.wait(timeout=300) == 0
    code = "import numpy as np, lib.features.descriptors as d; print(d.describe(np.sin(np.arange(44100.0))))"
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd=PROJECT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "chroma_change" in done.stdout


def test_descriptors_of_a_study_are_kept_until_its_files_change(tmp_path, monkeypatch):
    study = fakes.fake_study(tmp_path)
    tracks = pd.read_parquet(study.tracks).head(3)
    described = []

    def run(function, items, **_):  # the second song cannot be read
        for item in items:
            described.append(item)
            yield (item, None, "x") if len(described) == 2 else (item, dict.fromkeys(descriptors.DESCRIPTORS, 1.0), "")

    monkeypatch.setattr(descriptors.pool, "run", run)
    table = descriptors.of_study(study, tracks)
    assert table.index.tolist() == tracks["track_id"].tolist() and len(described) == 3
    assert table.isna().all(axis=1).tolist() == [False, True, False]
    descriptors.of_study(study, tracks)
    assert len(described) == 3
    descriptors.of_study(study, tracks.assign(sha256="another"))
    assert len(described) == 6


def test_descriptors_are_computed_again_when_their_code_is_edited(tmp_path, monkeypatch):
    study = fakes.fake_study(tmp_path)
    tracks = pd.read_parquet(study.tracks).head(3)
    described, source = [], Path(descriptors.__file__).read_text(encoding="utf-8")

    def run(function, items, **_):
        described.append(len(items))
        return [(item, dict.fromkeys(descriptors.DESCRIPTORS, 1.0), "") for item in items]

    monkeypatch.setattr(descriptors.pool, "run", run)
    assert "_MEDIAN = 31" in source
    for number, text in enumerate((source, f"# a remark\n{source}", source.replace("_MEDIAN = 31", "_MEDIAN = 33"))):
        edited = tmp_path / f"{number}.py"
        edited.write_text(text, encoding="utf-8")
        monkeypatch.setattr(descriptors, "module_file", lambda name, edited=edited: edited)
        descriptors.of_study(study, tracks)
    assert described == [3, 3]  # a remark changes no number


# ---- found again


def test_a_turned_space_is_the_same_and_its_units_are_found_where_they_went():
    rng = np.random.default_rng(0)
    own = songs_of(rng.normal(size=(60, 5)))
    mixed = own[[f"unit {i}" for i in (3, 1, 5, 2, 4)]].set_axis(own.columns, axis=1) * [-2, 1, 3, 1, -1]
    found = similarity.matched(own, mixed).set_index("unit")
    assert found["partner"].to_dict() == {
        "unit 1": "unit 2", "unit 2": "unit 4", "unit 3": "unit 1", "unit 4": "unit 5", "unit 5": "unit 3",
    }  # fmt: skip
    assert found["r"].abs().tolist() == pytest.approx([1] * 5) and found.loc["unit 3", "r"] == pytest.approx(-1)
    turn, _ = np.linalg.qr(rng.normal(size=(5, 5)))
    assert similarity.cka(own, 3 * own.to_numpy() @ turn + 1) == pytest.approx(1)
    assert similarity.cka(own, rng.normal(size=(60, 5))) < 0.4
    assert np.isnan(similarity.cka(own, np.ones((60, 2))))


def test_chance_tells_a_found_unit_from_a_matched_one():
    rng = np.random.default_rng(0)
    own = songs_of(rng.normal(size=(60, 5)))
    noise = songs_of(rng.normal(size=(60, 5)))
    found = similarity.found_again(own, {"same": own, "noise": noise, "few": own.head(2)})
    assert set(found["network"]) == {"same", "noise"}
    by = found.groupby("network")[["cka", "chance"]].mean().assign(r=found["r"].abs().groupby(found["network"]).mean())
    assert by.loc["same", "r"] == pytest.approx(1) and by.loc["noise", "r"] == pytest.approx(
        by.loc["noise", "chance"], abs=0.1
    )
    assert by.loc["same", "cka"] == pytest.approx(1) and by.loc["noise", "cka"] < 0.4
    figure = plots.again_figure(found, {"another seed": ["same"], "another fold": ["noise"]})
    plt.close(figure)


def test_twins_are_named_and_a_dead_unit_is_none():
    x = np.random.default_rng(0).normal(size=30)
    songs = songs_of(np.column_stack([x, -2 * x + 0.01, np.zeros(30), np.random.default_rng(1).normal(size=30)]))
    found = similarity.twins(songs)
    assert found[["unit", "other"]].to_numpy().tolist() == [["unit 1", "unit 2"]]
    assert found["r"].tolist() == pytest.approx([-1])
    assert len(similarity.twins(songs, least=0)) == 6


# ---- ablation


def test_a_unit_that_decides_is_missed_and_an_idle_one_is_not(tmp_path):
    study = fakes.fake_study(tmp_path, corpus_tracks=fakes.fake_tracks(artists=25, songs=1))
    run = fakes.fake_run(study, "yu2018", "artist", skill=9.0)
    tracks = pd.read_parquet(study.tracks)
    slices = run.predictions("test")
    classes = run.metrics["heads"]["genre"]
    true = slices["track_id"].map(tracks.set_index("track_id")["genre"])
    vectors = np.zeros((len(slices), 5))
    for place, name in enumerate(classes):
        vectors[:, place] = true == name
    np.save(run.folder / "embedding.npy", np.zeros((len(run.predictions(None)), 5)))
    whole = np.load(run.folder / "embedding.npy")
    whole[(run.predictions(None)["part"] == "test").to_numpy()] = vectors
    np.save(run.folder / "embedding.npy", whole)
    songs = songs_of(np.full((4, 5), 0.25), ["a", "b", "c", "d"])
    kernel = np.vstack([5 * np.eye(4), np.zeros(4)])
    held = Internals(songs, pd.Series("train", index=songs.index), pd.DataFrame(), {"genre": (kernel, np.zeros(4))})
    table = ablation.ablate(run, held, tracks, Bootstrap(200)).set_index("unit")
    assert (table["accuracy"] == 1).all() and table.loc["unit 5", "drop"] == table.loc["unit 5", "changed"] == 0
    assert (table.loc["unit 1":"unit 4", "without"] <= 1).all()
    held = Internals(songs * 0 + [9, 0, 0, 0, 0], held.part, held.last, held.decisions)  # unit 1 always says its class
    table = ablation.ablate(run, held, tracks, Bootstrap(200))
    first = table.set_index("unit").loc["unit 1"]
    assert first["drop"] == pytest.approx(0.7, abs=0.2) and first["low"] > 0 and first["p_holm"] < 0.05
    plt.close(plots.ablation(table))


# ---- maps


def inside_of(space, parts, ids):
    return Internals(songs_of(space, ids), pd.Series(parts, index=ids), pd.DataFrame(), {})


def test_spaces_are_turned_onto_the_first_without_a_look_at_test_songs():
    rng = np.random.default_rng(0)
    ids = [f"t{i:03d}" for i in range(60)]
    truth = rng.normal(size=(60, 4))
    turn, _ = np.linalg.qr(rng.normal(size=(4, 4)))
    first = inside_of(truth, ["test"] * 20 + ["train"] * 40, ids)
    second = inside_of(0.5 * truth @ turn + 3, ["train"] * 20 + ["test"] * 20 + ["train"] * 20, ids)
    songs, fold, fit = projection.joined({"one": first, "two": second})
    assert songs.index.tolist() == ids[:40] and fold.tolist() == ["one"] * 20 + ["two"] * 20
    assert np.allclose(songs.to_numpy(), truth[:40]) and fit == pytest.approx(1)
    other = second.songs.copy()
    other.iloc[20:40] += 100  # test songs of the second model
    moved, _, _ = projection.joined({"one": first, "two": Internals(other, second.part, second.last, {})})
    assert np.allclose(moved.iloc[20:] - songs.iloc[20:], (100 * np.ones(4) / 0.5) @ turn.T)
    assert np.isnan(projection.joined({"one": first})[2])
    apart = Internals(other, first.part.map({"train": "test"}).fillna("train"), second.last, {})  # as with two folds
    alone, fold, fit = projection.joined({"one": first, "two": apart})
    assert set(fold) == {"one"} and len(alone) == (first.part == "test").sum() and np.isnan(fit)


def test_a_map_keeps_clusters_and_says_how_much_is_chance():
    rng = np.random.default_rng(0)
    label = np.repeat(["a", "b", "c"], 20)
    songs = np.eye(3)[np.repeat([0, 1, 2], 20)] * 8 + rng.normal(size=(60, 3))
    with threadpool_limits(1):  # so few songs are quicker on one thread
        table = projection.map_stability(songs, songs[:, :2], label, perplexities=(5, 10), seeds=(0, 1))
        assert (projection.tsne(songs, 10, 3) == projection.tsne(songs, 10, 3)).all()
    assert table["map"].tolist()[2:] == ["t-SNE, perplexity 5", "t-SNE, perplexity 10"]
    assert table["same"].iloc[0] > 0.99 and (table["same"].iloc[2:] > 0.9).all() and table["kept"].iloc[0] == 1
    assert table["between_seeds"].iloc[2:].between(0.3, 1).all() and table["between_seeds"].iloc[:2].isna().all()


def test_a_map_to_point_at_holds_titles_as_text_and_no_more(tmp_path, monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda data, raw: shown.append(data))
    hostile = '<script>alert(1)</script>" onload="x'
    tracks = pd.DataFrame(
        {"title": [hostile, None], "artist": ["A & B", None], "genre": ["Rock", None], "mood": [None, None]},
        index=["t1", "t2"],
    )
    colours = {"genre": plots.hues(tracks["genre"]), "artist": plots.hues(tracks["artist"])}
    offer_map(np.array([[0.0, 5.0], [2.0, 5.0]]), tracks, colours, "A map")
    found = read_map(shown[0][MAP])
    assert found.x == [0, 1] and found.y == [0, 0] and found.texts[1] == "t2"
    page = str(map_html(found, Players(Study("fake", tmp_path)), Media(tmp_path)))
    assert "<script" not in page and "&lt;script&gt;" in page and 'onload="' not in page and "<audio" not in page
    assert page.count("<g class") == 2 and page.count("<circle class") == 4 and page.count("checked") == 1
    for wrong in ({}, {**shown[0][MAP], "x": [0.5]}, {**shown[0][MAP], "y": [0.5, 2.0]}):
        with pytest.raises(ReportError, match="offer_map"):
            read_map(wrong)


def test_a_map_of_very_many_songs_shows_every_so_many(monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda data, raw: shown.append(data))
    count = MAX_POINTS + 500
    tracks = pd.DataFrame({"title": [f"song {i}" for i in range(count)]}, index=[f"t{i}" for i in range(count)])
    plane = np.stack([np.arange(count), np.arange(count)], axis=1).astype(float)
    offer_map(plane, tracks, {"genre": (["#000000"] * count, {"Rock": "#000000"})}, "A map")
    found = read_map(shown[0][MAP])
    assert len(found.songs) == len(found.layers[0][1]) == MAX_POINTS and found.about == "A map; 1,500 of 2,000 songs"
    assert found.songs[0] == "t0" and found.songs[-1] == f"t{count - 1}" and found.texts[-1] == f"song {count - 1}"


def test_many_names_share_a_colour_and_the_most_frequent_have_their_own():
    names = pd.Series([f"a{i}" for i in range(20)] + ["a3"] * 5 + [None], dtype=object)
    of_song, key = plots.hues(names)
    assert len(key) == len(plots.CYCLE) + 1 and next(iter(key)) == "a3" and list(key)[-1] == "others"
    assert of_song[3] == key["a3"] and of_song[-1] == key["others"]


# ---- inside and widths


def test_what_is_kept_of_a_network_comes_back(tmp_path):
    study = fakes.fake_study(tmp_path)
    run = fakes.fake_run(study, "yu2018", "artist")
    found = internals.read(run.folder)
    table = run.predictions(None)
    assert len(found.songs) == table["track_id"].nunique() and set(found.part) == {"train", "validation", "test"}
    assert found.last.index.tolist() == sorted(run.predictions("test")["track_id"].unique())
    assert {head: kernel.shape for head, (kernel, _) in found.decisions.items()} == {
        "genre": (fakes.WIDTH, 4), "mood": (fakes.WIDTH, 3),
    }  # fmt: skip
    (run.folder / internals.FILE).unlink()
    with pytest.raises(ReportError, match=r"internals\.npz is missing.*train it again"):
        internals.read(run.folder)


def test_widths_are_compared_over_the_same_songs(tmp_path):
    study = fakes.fake_study(tmp_path)
    runs = [fakes.fake_run(study, "yu2018", "artist", fold, skill=5.0) for fold in (0, 1)]
    runs += [fakes.fake_run(study, "yu2018_units5", "artist", fold, skill=0.5) for fold in (0, 1, 2)]
    tracks = pd.read_parquet(study.tracks)
    table = sizes.widths(runs, tracks, "yu2018", Bootstrap(200))
    assert set(table["what"]) == {"accuracy in genre", "accuracy in mood", "neighbours of the same genre"}
    assert (table["runs"] == 2).all() and table.groupby("what")["n_songs"].nunique().eq(1).all()
    worse = table.set_index(["network", "what"]).loc[("yu2018_units5", "accuracy in genre")]
    assert worse["difference"] < 0 and worse["difference_high"] < 0
    plt.close(plots.widths_figure(table))
    assert not len(sizes.widths(runs[:2], tracks, "yu2018"))


def test_of_many_songs_a_sample_is_looked_at_in_every_network_alike(tmp_path):
    study = fakes.fake_study(tmp_path)
    known = {str(fold): internals.read(fakes.fake_run(study, "yu2018", "artist", fold).folder) for fold in (0, 1)}
    assert internals.some(known, 72) == (known, "")
    fewer, note = internals.some(known, 20)
    assert note == "Of 72 songs a random sample of 20 is looked at."
    one, other = fewer["0"], fewer["1"]
    assert len(one.songs) == 20 and list(one.songs.index) == list(other.songs.index) == list(one.part.index)
    pd.testing.assert_frame_equal(one.songs, known["0"].songs.loc[one.songs.index])
    assert set(one.last.index) == set(one.part.index[one.part == "test"])
    assert one.decisions is known["0"].decisions


def test_descriptors_that_cannot_be_had_are_reported(tmp_path, monkeypatch):
    study = fakes.fake_study(tmp_path)
    tracks = pd.read_parquet(study.tracks)
    assert descriptors.of_study(study, tracks.head(2)).isna().all(axis=None)  # there is no audio to describe
    died = "the process that read it died (exit code -11)"
    monkeypatch.setattr(descriptors.pool, "run", lambda function, items, **_: ((item, None, died) for item in items))
    with pytest.raises(ReportError, match=r"72 of 72 songs .* could not be described, .*died"):
        descriptors.of_study(study, tracks)
