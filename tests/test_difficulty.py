from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from lib.evaluation import artist_effects, difficulty, predictions, significance
from tests.fakes import fake_run, fake_study
from tests.predictions import run_of, sure, tracks_of


def panel_of(correct, *, true=None, artists=None, genre=None, copies=None, head="genre"):
    """Panel of networks that are correct where `correct` [songs, networks] is true."""
    correct = np.asarray(correct, dtype=bool)
    ids = pd.Index([f"t{i:04d}" for i in range(len(correct))], name="track_id")
    true = np.array(["a"] * len(ids) if true is None else true, dtype=object)
    songs = pd.DataFrame(
        {
            "true": true,
            "title": [f"title {i}" for i in ids],
            "artist": ids if artists is None else [f"artist {a}" for a in artists],
            "genre": true if genre is None else genre,
            "song_group": ids if copies is None else copies,
            "artist_group": ids if artists is None else artists,
        },
        index=ids,
        dtype=object,
    )
    predicted = {f"net{k}": np.where(column, true, "other") for k, column in enumerate(correct.T)}
    return difficulty.Panel(head, "artist", songs, pd.DataFrame(predicted, index=ids))


def three(split="artist"):
    """Three networks, of four songs: all miss t2 and t3, one of them t1 too, and nobody t0."""
    predicted = {"one": "abba", "two": "abba", "three": "aaba"}
    return [
        run_of([sure(f"t{i}", name) for i, name in enumerate(names)], network=network, split=split)
        for network, names in predicted.items()
    ]


TRACKS = tracks_of(["a", "b", "a", "b"])


# ---- the panel


def test_songs_that_all_three_networks_miss():
    panel = difficulty.panel(predictions.collect(three(), TRACKS), "genre")
    assert panel.networks == ["one", "three", "two"] and panel.split == "artist"
    table = difficulty.missed_by_all(panel)
    assert table["track_id"].tolist() == ["t2", "t3"]
    assert table.iloc[0].to_dict() == {
        "head": "genre", "track_id": "t2", "title": "title t2", "artist": "somebody", "true": "a", "predicted": "b",
        "agree": 3, "one": "b", "three": "b", "two": "b",
    }  # fmt: skip
    assert difficulty.agreement(panel)["songs"].tolist() == [2, 0, 1, 1]


def test_where_networks_agree_on_a_wrong_prediction_comes_first():
    tracks = tracks_of(["a", "a"])
    classes = ("a", "b", "c")
    predicted = {"one": "bc", "two": "cc"}
    runs = [
        run_of([sure(f"t{i}", c, classes) for i, c in enumerate(names)], classes=classes, network=network)
        for network, names in predicted.items()
    ]
    table = difficulty.missed_by_all(difficulty.panel(predictions.collect(runs, tracks), "genre"))
    assert table[["track_id", "predicted", "agree"]].to_numpy().tolist() == [["t1", "c", 2], ["t0", "b", 1]]


def test_each_network_counts_once_and_baselines_and_stale_runs_not_at_all():
    correct = [sure(f"t{i}", name) for i, name in enumerate("abab")]
    others = [
        run_of(correct, network="one", split="artist", recipe="tuned"),
        run_of(correct, network="two", split="artist", seed=1),
        run_of(correct, network="majority", split="artist", recipe="baseline"),
        run_of(correct, network="gone", split="artist", stale=True),
    ]
    panel = difficulty.panel(predictions.collect([*three(), *others], TRACKS), "genre")
    assert panel.networks == ["one", "three", "two"]
    assert len(difficulty.missed_by_all(panel)) == 2


def test_a_network_without_the_posters_recipe_counts_with_another():
    runs = [run_of([sure("t0", "a")], network="one", recipe=recipe) for recipe in ("tuned", "balanced")]
    assert difficulty.panel(predictions.collect(runs, TRACKS), "genre").networks == ["one"]


def test_only_songs_that_all_networks_tested_count_and_the_fullest_seed():
    few = run_of([sure("t1", "b")], network="one")
    seeds = [
        run_of([sure("t0", "a"), sure("t1", "a")], network="two", seed=1),
        run_of([sure("t0", "a")], network="two"),
    ]
    panel = difficulty.panel(predictions.collect([few, *seeds], TRACKS), "genre")
    assert panel.predicted.index.tolist() == ["t1"] and panel.predicted.loc["t1"].tolist() == ["b", "a"]


def test_the_strictest_split_counts_unless_another_is_named():
    collected = predictions.collect([*three("random"), *three("artist")[:1]], TRACKS)
    assert (difficulty.panel(collected, "genre").split, difficulty.panel(collected, "genre").networks) == (
        "artist", ["one"],
    )  # fmt: skip
    assert len(difficulty.panel(collected, "genre", "random").networks) == 3


def test_missing_labels_titles_and_artists():
    tracks = tracks_of(["a", pd.NA, "a", "b"])
    tracks.loc[2, ["title", "artist"]] = pd.NA
    panel = difficulty.panel(predictions.collect(three(), tracks), "genre")
    assert "t1" not in panel.predicted.index
    missed = difficulty.missed_by_all(panel).set_index("track_id")
    assert missed.loc["t2", ["title", "artist"]].tolist() == ["", ""]


def test_no_network_one_network_and_no_common_song():
    nobody = difficulty.panel([], "genre")
    assert not len(difficulty.missed_by_all(nobody))
    assert pd.isna(artist_effects.hard_artists(nobody).p)
    alone = difficulty.panel(predictions.collect(three()[:1], TRACKS), "genre")
    assert difficulty.missed_by_all(alone)["agree"].tolist() == [1, 1]
    apart = [run_of([sure("t0", "a")], network="one"), run_of([sure("t1", "b")], network="two")]
    panel = difficulty.panel(predictions.collect(apart, TRACKS), "genre")
    assert difficulty.missed_by_all(panel).columns.tolist()[-2:] == ["one", "two"]
    assert pd.isna(artist_effects.hard_artists(panel).p)


def test_no_mistakes():
    panel = panel_of(np.ones((12, 3)), artists=np.repeat(list("xyz"), 4))
    table = difficulty.agreement(panel)
    assert table["songs"].tolist() == [0, 0, 0, 12] and table["expected"].tolist() == [0, 0, 0, 12]
    assert not len(difficulty.missed_by_all(panel))
    found = artist_effects.hard_artists(panel)
    assert pd.isna(found.p) and not len(found.table)


# ---- against independent errors


def test_the_expected_numbers_are_those_of_independent_errors():
    panel = panel_of([[1, 1], [1, 0], [0, 1], [0, 0]])
    table = difficulty.agreement(panel)
    assert table["songs"].tolist() == [1, 2, 1]
    assert table["expected"].tolist() == pytest.approx([1, 2, 1])  # 4 x (1/2)^2 and so on
    binomial = panel_of(np.array([[1, 1, 1]] * 6 + [[0, 0, 0]] * 2))
    expected = 8 * stats.binom.pmf(range(4), 3, 6 / 8)
    assert difficulty.agreement(binomial)["expected"].tolist() == pytest.approx(expected)


def test_a_class_that_all_find_hard_is_no_dependence():
    rng = np.random.default_rng(0)
    easy, difficult = rng.random((300, 4)) < 0.95, rng.random((300, 4)) < 0.1
    correct = np.vstack([easy, difficult])
    within = difficulty.agreement(panel_of(correct, true=["a"] * 300 + ["b"] * 300))
    assert within["p"].iloc[0] > 0.05
    assert within["expected"].sum() == pytest.approx(600)
    assert difficulty.agreement(panel_of(correct))["p"].iloc[0] < 0.01


def test_permutations_match_the_expected_numbers_and_their_p_is_even_where_errors_are_independent():
    rng = np.random.default_rng(1)
    p = []
    for seed in range(60):
        panel = panel_of(rng.random((80, 3)) < [0.5, 0.6, 0.7], true=rng.choice(["a", "b"], 80))
        table = difficulty.agreement(panel, resamples=150, seed=seed)
        p.append(table["p"].iloc[0])
        assert (table["low"] <= table["expected"] + 1).all() and (table["expected"] <= table["high"] + 1).all()
    p = np.array(p)
    assert np.mean(p < 0.05) < 0.11 and 0.4 < p.mean() < 0.68  # counts are whole, so p is a little too large
    drawn = difficulty._independent(panel.correct, pd.factorize(panel.songs["true"])[0], 3000, 0)
    assert drawn.mean(axis=0) == pytest.approx(difficulty.agreement(panel)["expected"], abs=0.3)


def test_permutations_come_in_blocks(monkeypatch):
    panel = panel_of(np.random.default_rng(0).random((20, 3)) < 0.5)
    monkeypatch.setattr(significance, "_CELLS", 200)
    blocks = [*significance.permuted(panel.correct.T, np.zeros(20, dtype=int), 10, 0)]
    assert len(blocks) == 4 and sum(map(len, blocks)) == 10
    assert all((block.sum(axis=-1) == panel.correct.sum(axis=0)).all() for block in blocks)


# ---- artists


def errors_by_artist(rng, spread, artists=40, songs=6, networks=3, cells=2):
    """Panel in which each artist has an accuracy of its own, if `spread` is not 0."""
    names = np.repeat(np.arange(artists), songs)
    true = np.array(["a", "b", "c"])[names % cells]
    chance = np.clip(0.6 + spread * rng.normal(size=artists), 0.02, 0.98)[names] - 0.1 * (true == "b")
    return panel_of(rng.random((len(names), networks)) < chance[:, None], true=true, artists=names.astype(str))


def test_errors_that_cluster_by_artist_are_found():
    panel = errors_by_artist(np.random.default_rng(0), 0.3)
    found = artist_effects.hard_artists(panel, permutations=999)
    assert found.p == 0.001 and found.icc > 0.3
    assert (found.artists, found.songs, found.least) == (40, 240, 3)
    worst = found.table[found.table["hard"]]
    assert len(worst) and (worst["correct"] < worst["low"]).all() and (worst["p_holm"] < 0.05).all()
    share = pd.Series(panel.correct.mean(axis=1)).groupby(panel.songs["artist_group"].to_numpy()).mean()
    assert found.table.set_index("artist_group")["correct"].to_dict() == pytest.approx(share.to_dict())


def test_p_is_even_and_nobody_hard_where_errors_do_not_cluster():
    rng = np.random.default_rng(1)
    p, named = [], 0
    for seed in range(100):
        panel = errors_by_artist(rng, 0.0, artists=12)
        least = 3 if seed < 20 else 99  # the table takes longer than the test
        found = artist_effects.hard_artists(panel, least=least, permutations=99, seed=seed)
        p.append(found.p)
        named += found.table["hard"].any()
    assert stats.kstest(p, "uniform").pvalue > 0.01
    assert np.mean(np.array(p) <= 0.05) < 0.11 and named <= 3


def test_a_hard_genre_is_no_hard_artist():
    rng = np.random.default_rng(3)
    names = np.repeat(np.arange(20), 5)
    true = np.where(names < 10, "a", "b")
    correct = rng.random((100, 3)) < np.where(true == "a", 0.95, 0.2)[:, None]
    given = {"artists": names.astype(str)}
    assert artist_effects.hard_artists(panel_of(correct, true=true, **given), permutations=499).p > 0.05
    assert artist_effects.hard_artists(panel_of(correct, **given), permutations=499).p == 0.002


def test_a_fold_with_poor_models_is_no_hard_artist():
    rng = np.random.default_rng(4)
    names = np.repeat(np.arange(30), 5)
    fold = names % 3
    p = {"without": [], "with": []}
    for seed in range(60):
        correct = rng.random((150, 1)) < np.array([0.9, 0.6, 0.3])[fold][:, None]
        panel = panel_of(correct, artists=names.astype(str))
        folds = pd.Series(fold, index=panel.songs.index, dtype=float)
        for name, given in (("without", None), ("with", folds)):
            p[name].append(artist_effects.hard_artists(panel, given, least=99, permutations=99, seed=seed).p)
    assert np.mean(np.array(p["without"]) <= 0.05) > 0.9
    assert np.mean(np.array(p["with"]) <= 0.05) < 0.15
    unknown = artist_effects.hard_artists(panel, folds.iloc[1:], permutations=99)  # a song without a fold: not used
    assert unknown.p == artist_effects.hard_artists(panel, permutations=99).p


def test_copies_of_a_recording_count_once():
    correct = np.random.default_rng(5).random((30, 2)) < 0.5
    correct = np.repeat(correct, 2, axis=0)  # every song twice, by an artist of its own
    ids = np.repeat(np.arange(30), 2).astype(str)
    found = artist_effects.hard_artists(panel_of(correct, artists=ids, copies=ids), least=2)
    assert pd.isna(found.p) and (found.artists, found.songs) == (0, 0)
    assert artist_effects.hard_artists(panel_of(correct, artists=ids), permutations=499).p == 0.002


def test_songs_without_an_artist_stay_alone():
    rng = np.random.default_rng(6)
    names = np.array([pd.NA] * 10 + ["x"] * 5 + ["y"] * 5, dtype=object)
    found = artist_effects.hard_artists(panel_of(rng.random((20, 2)) < 0.5, artists=names), permutations=99)
    assert set(found.table["artist_group"]) == {"x", "y"} and found.artists == 2


def test_bounds_are_shares_and_an_artist_of_few_songs_is_not_listed():
    panel = errors_by_artist(np.random.default_rng(7), 0.3, artists=10, songs=4)
    folds = pd.Series(np.repeat(np.arange(10) % 3, 4), index=panel.songs.index, dtype=float)
    table = artist_effects.hard_artists(panel, folds, permutations=199).table
    assert ((table[["low", "high", "correct", "p"]] >= 0) & (table[["low", "high", "correct", "p"]] <= 1)).all(
        axis=None
    )
    none = artist_effects.hard_artists(panel, least=5, permutations=199)
    assert not len(none.table) and none.p < 1


def test_of_many_artists_the_worst_are_listed(monkeypatch):
    panel = errors_by_artist(np.random.default_rng(8), 0.3)
    whole = artist_effects.hard_artists(panel, permutations=199)
    monkeypatch.setattr(artist_effects, "MOST", 3)
    few = artist_effects.hard_artists(panel, permutations=199)
    pd.testing.assert_frame_equal(few.table, whole.table.head(3))
    assert few.tested == whole.tested == len(whole.table) > 3


def test_too_many_artists_to_name_one_are_not_called_easy():
    panel = errors_by_artist(np.random.default_rng(9), 0.3, artists=600, songs=3, networks=1)
    found = artist_effects.hard_artists(panel, permutations=99)
    assert not found.table["hard"].any()


def test_no_artist_is_called_hard_where_clustering_is_not_significant():
    panel = errors_by_artist(np.random.default_rng(8), 0.0, artists=6)
    found = artist_effects.hard_artists(panel, permutations=199)
    assert found.p > 0.05 and not found.table["hard"].any()


def test_folds_are_those_that_tested_a_song():
    runs = [run_of([sure("t0", "a")], split="artist"), run_of([sure("t1", "a")], split="artist", fold=3)]
    old = SimpleNamespace(**(vars(runs[0]) | {"stale": True}))
    assert artist_effects.folds_of([*runs, old], "artist").to_dict() == {"t0": 0, "t1": 3}
    assert not len(artist_effects.folds_of(runs, "random"))


def test_a_whole_study(tmp_path):
    study = fake_study(tmp_path)
    runs = [
        fake_run(study, network, "artist", fold, skill=0.3) for network in ("yu2018", "zhang2016") for fold in range(5)
    ]
    tracks = pd.read_parquet(study.tracks)
    collected = predictions.collect(runs, tracks)
    for head, known in (("genre", len(tracks)), ("mood", tracks["mood"].notna().sum())):
        panel = difficulty.panel(collected, head)
        assert len(panel.songs) == known
        assert difficulty.agreement(panel)["songs"].sum() == known
        missed = difficulty.missed_by_all(panel)
        assert (missed[["yu2018", "zhang2016"]].to_numpy() != missed[["true"]].to_numpy()).all()
        found = artist_effects.hard_artists(panel, artist_effects.folds_of(runs, "artist"), permutations=199)
        assert 0 < found.p <= 1 and len(found.table)
