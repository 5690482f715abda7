from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from lib.datasets.tracks import tracks_table
from lib.evaluation import ablations
from lib.evaluation.bootstrap import Bootstrap
from lib.narrative.format import sets
from lib.plots import intervals as plots
from lib.runs.run import Run

MOODS = ("sad", "neutral", "happy")


def tracks_of(songs=120, artists=40):
    ids = [f"t{i:03d}" for i in range(songs)]
    artist = [f"a{i % artists}" for i in range(songs)]
    rng = np.random.default_rng(0)
    rows = {"track_id": ids, "path": ids, "status": "ok", "mood": np.array(MOODS)[np.arange(songs) % 3]}
    rows |= {"genre": ["x", "y"] * (songs // 2), "song_group": ids, "artist_group": artist, "power": rng.random(songs)}
    return tracks_table(pd.DataFrame(rows))


def run_of(tracks, heads, correct=1.0, noise=0.0, *, fold=0, seed=0, stale=False):
    """A finished run that predicts the mood of a share `correct` of the songs correctly, and power with some noise."""
    rng = np.random.default_rng(1)
    table = pd.DataFrame({"slice": range(len(tracks)), "track_id": tracks["track_id"], "part": "test"})
    true = tracks["mood"].map({name: i for i, name in enumerate(MOODS)}).to_numpy(int)
    predicted = np.where(rng.permutation(len(tracks)) < correct * len(tracks), true, (true + 1) % 3)
    for i, name in enumerate(MOODS):
        table[f"mood:{name}"] = np.where(predicted == i, 0.8, 0.1).astype("float32")
    table["power:value"] = (tracks["power"] + noise * rng.normal(size=len(tracks))).astype("float32")
    known = {"mood": list(MOODS), "power": []}
    metrics = {"run": {"folds": 5}, "heads": {head: known[head] for head in heads}}
    run = Run("net", "artist", fold, seed, heads=tuple(heads) if len(heads) < 2 else ())
    return SimpleNamespace(
        run=run, folder="folder", metrics=metrics, stale=stale, predictions=lambda part, columns=None: table
    )


def test_heads_of_known_scores():
    tracks = tracks_of()
    runs = [
        run_of(tracks, ["mood"], 0.5),
        run_of(tracks, ["mood", "power"], 0.9, 0.1),
        run_of(tracks, ["power"], 0, 0.5),
    ]
    table = ablations.together(runs, tracks, Bootstrap(300)).set_index(["head", "heads"])
    assert table.loc[("mood", 1), "value"] == 0.5 and table.loc[("mood", 2), "value"] == 0.9
    both = table.loc[("mood", 2)]
    assert both["difference"] == pytest.approx(0.4) and 0 < both["difference_low"] < 0.4 < both["difference_high"]
    assert both["p"] <= both["p_holm"] < 0.05 and both["names"] == "power" and both["least"] == 1
    assert table.loc[("power", 2), "value"] > table.loc[("power", 1), "value"]
    assert table.loc[("power", 2), "p"] < 0.05 and np.isnan(table.loc[("mood", 1), "difference"])


def test_equal_predictions_are_not_significantly_different():
    tracks = tracks_of()
    table = ablations.together(
        [run_of(tracks, ["mood"], 0.5), run_of(tracks, ["mood", "power"], 0.5)], tracks, Bootstrap(200)
    )
    assert table["difference"].tolist()[1] == 0


def test_only_folds_and_seeds_of_every_set_count_and_stale_runs_do_not():
    tracks = tracks_of()
    runs = [run_of(tracks, ["mood"], 0.5), run_of(tracks, ["mood", "power"]), run_of(tracks, ["mood"], 1, seed=1)]
    assert ablations.together(runs, tracks, Bootstrap(50))["runs"].tolist() == [1, 1]
    assert not len(ablations.together([runs[0], run_of(tracks, ["mood", "power"], stale=True)], tracks))
    assert not len(ablations.together([runs[0], runs[2]], tracks))
    assert list(ablations.together([], tracks).columns) == list(ablations.TASK_COLUMNS)


def test_sets_are_named_by_what_they_hold_or_lack():
    every = ["genre", "a_b", "c", "d", "e"]
    rows = [("mood", names) for names in ([], ["genre"], ["genre", "c", "d", "e"], every)]
    table = pd.DataFrame(
        [{"head": head, "heads": len(names) + 1, "names": ", ".join(sorted(names))} for head, names in rows]
    )
    assert sets(table) == ["alone", "with genre", "with 4 others, without a b", "with all 5 others"]


def test_the_figure_has_a_row_for_each_set():
    tracks = tracks_of()
    runs = [run_of(tracks, ["mood"], 0.5), run_of(tracks, ["mood", "power"], 0.9)]
    figure = plots.together_figure(ablations.together(runs, tracks, Bootstrap(50)))
    (axes,) = figure.axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["alone", "with power"]
    plt.close(figure)
