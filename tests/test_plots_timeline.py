import base64
import re
from dataclasses import asdict
from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from lib.errors import ReportError
from lib.evaluation import predictions
from lib.features.slices import Slices
from lib.features.spectrogram import Spectrogram
from lib.io import write_json, write_parquet
from lib.paths import check_name
from lib.plots import colour, show, svg, timeline, use_style
from lib.site.sanitize import harmless
from tests.predictions import run_of, tracks_of

CLASSES = ("a", "b", "c")
SLICES = 4


@pytest.fixture
def store(tmp_path):
    """Slices of two songs, t0 before t1, of noise."""
    spectrogram = Spectrogram()
    data = np.random.default_rng(0).integers(0, 256, (2 * SLICES, *spectrogram.shape)).astype(np.uint8)
    rows = np.arange(len(data), dtype="int32")
    ids = np.repeat(["t0", "t1"], SLICES)
    table = pd.DataFrame({"track_id": ids, "start_s": 3.0 * (rows % SLICES), "shard": np.int32(0), "row": rows})
    write_parquet(table.astype({"track_id": "string"}), tmp_path / "slices.parquet")
    np.save(tmp_path / "slices-00000.npy", data)
    shards = [{"file": "slices-00000.npy", "slices": len(data), "sha256": ""}]
    manifest = {"spectrogram": asdict(spectrogram), "shape": list(data.shape), "shards": shards, "source": "x"}
    write_json(manifest, tmp_path / "slices.json")
    return Slices(tmp_path)


def predicted(rows, *, start=SLICES, tracks=None, **run):
    """Predictions of t1, whose slices have the numbers 4 to 7."""
    runs = [run_of([("t1", p) for p in rows], classes=CLASSES, split="artist", start=start, **run)]
    return predictions.collect(runs, tracks_of(["a", "b"]) if tracks is None else tracks)[0]


ROWS = [[0.7, 0.2, 0.1], [0.2, 0.6, 0.2], [0.6, 0.3, 0.1], [0.9, 0.0, 0.1]]


def test_the_probabilities_lie_over_their_slices_with_the_true_class_at_the_bottom(store):
    figure = timeline.timeline(predicted(ROWS), "t1", store)
    mel, _, stack, mean = figure.axes
    assert mel.get_xlim() == stack.get_xlim() == (0, 12)
    patches = stack.patches
    assert [patch.get_facecolor()[:3] for patch in patches] == [
        plt.matplotlib.colors.to_rgb(colour(name)) for name in ("b", "c", "a")
    ]
    tops = np.array([patch.get_data().values for patch in patches])
    assert tops[0] == pytest.approx([0.2, 0.6, 0.3, 0.0]) and tops[2] == pytest.approx([1] * 4)
    assert [bar.get_height() for bar in mean.patches] == pytest.approx([0.275, 0.125, 0.6])
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert labels == ["b (true)", "c", "a (predicted)"]
    plt.close(figure)


def test_the_picture_is_that_of_the_song_in_the_order_of_time(store):
    shuffled = SimpleNamespace(
        table=store.table.sample(frac=1, random_state=0), take=store.take, shape=store.shape,
        spectrogram=store.spectrogram,
    )  # fmt: skip
    for slices in (store, shuffled):
        figure = timeline.timeline(predicted(ROWS), "t1", slices)
        drawn = figure.axes[0].images[0].get_array()
        assert drawn.shape == (48, 400)
        whole = np.concatenate(list(store.take(np.arange(4, 8))), axis=1)
        first = whole[:2, 0].mean() * 80 / 255 - 80  # 516 frames in 400 columns: the first is one frame
        assert drawn[0, 0] == pytest.approx(first, abs=80 / 31 / 2 + 0.01)
        assert drawn.mean() == pytest.approx(whole.mean() * 80 / 255 - 80, abs=0.5)
        plt.close(figure)


def test_a_slice_that_was_not_tested_is_a_gap(store):
    found = predicted(ROWS[:2], start=SLICES + 1)
    figure = timeline.timeline(found, "t1", store)
    tops = figure.axes[2].patches[0].get_data().values
    assert np.isnan(tops).tolist() == [True, False, False, True]
    assert "1 of 2 slices are correct" in timeline.timeline_claim(found, "t1")
    plt.close(figure)


def test_the_claim_says_what_was_predicted():
    claim = timeline.timeline_claim(predicted(ROWS), "t1")
    assert claim == (
        "Under artist, net predicts “title t1” by somebody, labelled b, as a (60\u00a0%); 1 of 4 slices are correct"
    )
    correct = predicted([[0.1, 0.8, 0.1]] * 2)
    assert "“title t1” by somebody, labelled b, correctly (80\u00a0%); 2 of 2" in timeline.timeline_claim(correct, "t1")
    unnamed = tracks_of(["a", "b"])
    unnamed.loc[1, ["title", "artist"]] = pd.NA
    assert "predicts t1, labelled b, as a" in timeline.timeline_claim(predicted(ROWS, tracks=unnamed), "t1")


def test_of_several_seeds_the_surest_mistake_is_shown():
    rows = {0: [0.1, 0.8, 0.1], 1: [0.5, 0.4, 0.1], 2: [0.1, 0.3, 0.6]}
    runs = [run_of([("t1", p)], classes=CLASSES, seed=seed, start=4) for seed, p in rows.items()]
    found = predictions.collect(runs, tracks_of(["a", "b"]))[0]
    assert "seed 2 of net predicts" in timeline.timeline_claim(found, "t1")
    assert "seed 0 of net predicts" in timeline.timeline_claim(found, "t1", seed=0)


def test_a_true_class_that_the_network_lacks(store):
    found = predicted(ROWS, tracks=tracks_of(["a", "z"]))
    figure = timeline.timeline(found, "t1", store)
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert labels == ["b", "c", "a (predicted)"] and "labelled z" in timeline.timeline_claim(found, "t1")
    plt.close(figure)


def test_a_song_that_was_not_tested_or_not_sliced_is_an_error(store):
    with pytest.raises(ReportError, match="t0"):
        timeline.timeline(predicted(ROWS), "t0", store)
    with pytest.raises(ReportError, match="seed 5"):
        timeline.timeline_claim(predicted(ROWS), "t1", seed=5)
    store.table["track_id"] = "t0"
    with pytest.raises(ReportError, match="02_spectrogram_slicing"):
        timeline.timeline(predicted(ROWS), "t1", store)


def test_the_file_is_light_plain_and_the_same_each_time(store, tmp_path):
    use_style()
    found = predicted(ROWS)
    pictures = [svg(timeline.timeline(found, "t1", store)) for _ in range(2)]
    plt.close("all")
    assert pictures[0] == pictures[1]
    assert len(pictures[0]) < 90_000  # of white noise, which hardly compresses; of music half of it
    assert harmless(pictures[0].encode())
    image = re.search(r'"data:image/png;base64,([^"]+)"', pictures[0])[1]
    assert base64.b64decode(image)[:4] == b"\x89PNG"
    assert str(tmp_path) not in pictures[0]


def test_odd_titles_and_class_names_are_drawn(store, tmp_path, capsys):
    classes = ("$a", "b_", "<c>")
    tracks = tracks_of(["$a", "b_"])
    tracks.loc[1, "title"] = "$x_ & <b>"
    run = run_of([("t1", p) for p in ROWS], classes=classes, start=4)
    found = predictions.collect([run], tracks)[0]
    show(
        timeline.timeline(found, "t1", store),
        timeline.timeline_claim(found, "t1"),
        name="x",
        folder=tmp_path,
    )
    assert "&lt;c&gt;" in (tmp_path / "x.svg").read_text()


def test_names_of_figures_are_names():
    assert timeline.figure_name("genre", "emotify-pop-060") == "error-genre-emotify-pop-060"
    assert check_name(timeline.figure_name("Mood!", "Ä ö/ü.mp3"), "figure")
