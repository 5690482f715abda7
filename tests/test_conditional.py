from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from lib.datasets.tracks import tracks_table
from lib.evaluation import comparisons, conditional, predictions
from lib.evaluation.bootstrap import Bootstrap
from lib.runs.run import Run

MOODS = ("sad", "neutral", "happy")


def tracks_of(moods, genres, artists=None):
    ids = [f"t{i:03d}" for i in range(len(moods))]
    rows = {"track_id": ids, "path": ids, "status": "ok", "mood": moods, "genre": genres, "song_group": ids}
    return tracks_table(pd.DataFrame({**rows, "artist_group": ids if artists is None else artists}))


def run_of(tracks, predicted, *, network="net", recipe="poster", split="artist", seed=0):
    """A finished run in memory that predicts the moods in `predicted`."""
    table = pd.DataFrame({"slice": range(len(tracks)), "track_id": tracks["track_id"], "part": "test"})
    for name in MOODS:
        table[f"mood:{name}"] = np.where(np.array(predicted) == name, 0.8, 0.1).astype("float32")
    metrics = {"run": {"folds": 5}, "heads": {"mood": list(MOODS)}, "parts": {"train": {}}}
    run = Run(network, split, 0, seed, recipe)
    return SimpleNamespace(
        run=run, folder="folder", metrics=metrics, stale=False, predictions=lambda part, columns=None: table
    )


@pytest.fixture(scope="module")
def corpus():
    """Two genres of 40 songs, one mostly sad and one mostly happy."""
    moods = ["sad"] * 24 + ["neutral"] * 16 + ["happy"] * 28 + ["neutral"] * 12
    return tracks_of(moods, ["Folk"] * 40 + ["Pop"] * 40)


def usual(tracks):
    return np.where(tracks["genre"] == "Folk", "sad", "happy")


# ---- within genre


def test_predicting_the_genres_mood_has_no_skill(corpus):
    table = conditional.within_genre(predictions.collect([run_of(corpus, usual(corpus))], corpus), Bootstrap(100))
    assert table["genre"].tolist() == ["Folk", "Pop", conditional.ALL] and table["usual"].tolist() == [
        "sad",
        "happy",
        "",
    ]
    assert table["accuracy"].tolist() == pytest.approx([24 / 40, 28 / 40, 52 / 80])
    assert table["usual_accuracy"].tolist() == pytest.approx(table["accuracy"].tolist())
    assert np.allclose(table[["skill", "skill_low", "skill_high"]], 0) and (table["p"] == 1).all()


def test_predicting_the_mood_is_ahead_of_the_genre(corpus):
    table = conditional.within_genre(predictions.collect([run_of(corpus, corpus["mood"])], corpus), Bootstrap(300))
    assert table["skill"].tolist() == pytest.approx([16 / 40, 12 / 40, 28 / 80])
    assert (table["skill_low"] > 0).all() and (table["p"] < 0.01).all()


def test_predictions_worse_than_the_genre_have_negative_skill(corpus):
    table = conditional.within_genre(predictions.collect([run_of(corpus, ["neutral"] * 80)], corpus), Bootstrap(100))
    row = table.iloc[-1]
    assert row["accuracy"] == pytest.approx(28 / 80) and row["skill_high"] < 0


def test_seeds_are_averaged_and_songs_without_a_genre_left_out(corpus):
    tracks = corpus.assign(genre=corpus["genre"].where(corpus.index >= 10))
    runs = [run_of(tracks, tracks["mood"]), run_of(tracks, ["neutral"] * 80, seed=1)]
    table = conditional.within_genre(predictions.collect(runs, tracks), Bootstrap(50))
    row = table.iloc[-1]
    assert row["n_songs"] == 70 and row["accuracy"] == pytest.approx((1 + 28 / 70) / 2)
    assert not len(conditional.within_genre(predictions.collect(runs, tracks.assign(genre=pd.NA)), Bootstrap(50)))


def test_artists_are_drawn():
    rng = np.random.default_rng(0)
    artists = np.repeat(np.arange(16), 10)
    tracks = tracks_of(rng.choice(MOODS, 160), ["Folk"] * 160, [f"a{i}" for i in artists])
    predicted = np.where(artists % 2 == 0, tracks["mood"], "neutral")  # whole artists are correct, or hardly
    width = []
    for known in (tracks, tracks.assign(artist_group=tracks["track_id"])):
        collected = predictions.collect([run_of(known, predicted)], known)
        row = conditional.within_genre(collected).query("genre == @conditional.ALL").iloc[0]
        width.append(row["skill_high"] - row["skill_low"])
    assert width[0] > 1.5 * width[1]


def test_the_interval_of_the_skill_covers_the_truth(monkeypatch):
    rng, covered = np.random.default_rng(3), 0
    moods = np.array(["sad"] * 60 + ["neutral"] * 40 + ["happy"] * 60 + ["neutral"] * 40)
    tracks = tracks_of(moods, ["Folk"] * 100 + ["Pop"] * 100)
    for seed in range(40):
        correct = rng.random(200) < 0.7  # the genre's mood is correct for .6: true skill .1
        predicted = np.where(correct, moods, np.where(moods == "neutral", "sad", "neutral"))
        table = conditional.within_genre(predictions.collect([run_of(tracks, predicted)], tracks), Bootstrap(200, seed))
        covered += table["skill_low"].iloc[-1] <= 0.1 <= table["skill_high"].iloc[-1]
    assert covered / 40 >= 0.87


def test_baselines_and_other_heads_are_no_rows(corpus):
    collected = predictions.collect([run_of(corpus, usual(corpus), network="mfcc_svm", recipe="baseline")], corpus)
    assert not len(conditional.within_genre(collected)) and not len(conditional.within_genre(collected, "genre"))


# ---- against each baseline


def several(corpus):
    half = np.where(np.arange(80) % 2 == 0, corpus["mood"], "neutral")
    return predictions.collect(
        [
            run_of(corpus, corpus["mood"]),
            run_of(corpus, half, network="other"),
            run_of(corpus, usual(corpus), network="genre_prior", recipe="baseline"),
            run_of(corpus, half, network="mfcc_svm", recipe="baseline"),
            run_of(corpus, half, network="majority", recipe="baseline"),
            run_of(corpus, half, network="mfcc_svm", recipe="baseline", split="random"),
        ],
        corpus,
    )


def test_each_network_is_held_against_each_named_baseline(corpus):
    table = comparisons.against_baselines(
        several(corpus), Bootstrap(200), head="mood", named=["genre_prior", "mfcc_svm"]
    )
    assert list(zip(table["network"], table["baseline"], strict=True)) == [
        ("net", "genre_prior"), ("net", "mfcc_svm"), ("other", "genre_prior"), ("other", "mfcc_svm"),
    ]  # fmt: skip
    first, last = table.iloc[0], table.iloc[-1]
    assert first["difference"] == pytest.approx(28 / 80) and 0 < first["low"] < first["high"]
    assert (last["difference"], last["low"], last["high"], last["p"]) == (0, 0, 0, 1)
    assert (table["p_holm"] >= table["p"]).all() and table["p_holm"].min() == pytest.approx(4 * table["p"].min())
    assert set(table["split"]) == {"artist"}
    assert len(comparisons.against_baselines(several(corpus), Bootstrap(20), head="mood", named=["majority"])) == 2
    assert not len(comparisons.against_baselines(several(corpus), head="genre", named=["majority"]))


# ---- near a cut, words


def test_songs_near_a_cut_are_set_apart(corpus):
    near = pd.Series(np.arange(80) % 2 == 0, index=corpus["track_id"].astype(object))
    predicted = np.where(near & (np.arange(80) % 4 == 0), "nothing", corpus["mood"])
    predicted = np.where(predicted == "nothing", np.where(corpus["mood"] == "sad", "happy", "sad"), predicted)
    row = conditional.near_a_cut(predictions.collect([run_of(corpus, predicted)], corpus), near, Bootstrap(300)).iloc[0]
    assert (row["n_near"], row["n_far"], row["near"], row["far"]) == (40, 40, 0.5, 1.0)
    assert 0 < row["low"] < 0.5 < row["high"]
    collected = predictions.collect([run_of(corpus, predicted)], corpus)
    assert not len(conditional.near_a_cut(collected, near & False))
    some = conditional.near_a_cut(collected, near.iloc[:20], Bootstrap(20)).iloc[0]
    assert some["n_near"] + some["n_far"] == 20
