import numpy as np
import pandas as pd
import pytest

from lib.datasets.emotify import EMOTIONS
from lib.datasets.emotify import collect as collect_emotify
from lib.datasets.tracks import moods, tracks_table
from lib.evaluation.bootstrap import Bootstrap
from lib.evaluation.label_noise import label_ceiling, listeners
from lib.paths import Study

OTHERS = [name for name in EMOTIONS if name not in ("joyful_activation", "sadness")]


def corpus(true, n, *, seed=0, joint="independent", copies=()):
    """A corpus whose listeners label by chance: true shares [songs, 2] of joy and sadness, `n` listeners each."""
    rng = np.random.default_rng(seed)
    songs, n = len(true), np.broadcast_to(n, len(true))
    if joint == "exclusive":
        shares = np.column_stack([true, 1 - true.sum(axis=1)])
        joyful, sorrowful = rng.multinomial(n, shares)[:, :2].T
    else:
        joyful, sorrowful = rng.binomial(n, true[:, 0]), rng.binomial(n, true[:, 1])
    ids = [f"t{i:04d}" for i in range(songs)]
    groups = list(ids)
    for one, other in copies:
        groups[other] = groups[one]
    table = pd.DataFrame(
        {
            "track_id": ids, "path": ids, "status": "ok", "genre": np.array(list("abcd"))[np.arange(songs) % 4],
            "song_group": groups, "artist_group": groups, "joyful_activation": joyful / n, "sadness": sorrowful / n,
        }
    )  # fmt: skip
    for name in OTHERS:
        table[name] = rng.binomial(n, rng.uniform(0.1, 0.5, songs)) / n
    table["valence"] = (1 + table["joyful_activation"] - table["sadness"]) / 2
    table["mood"] = moods(table["valence"])[0]
    return tracks_table(table)


def beta_shares(songs, seed=0, spread=3.0):
    """True shares of joy and sadness, of which the sum is at most 1."""
    return np.random.default_rng([seed, 9]).dirichlet(spread * np.array([0.3, 0.25, 0.45]), songs)[:, :2]


def true_agreement(true, tracks):
    """How often the labels are those that the true valences, cut into thirds, would give."""
    mood, _ = moods(pd.Series((1 + true[:, 0] - true[:, 1]) / 2))
    return float((mood.to_numpy(object) == tracks["mood"].to_numpy(object)).mean())


def agreement(found, joint):
    return found.table.set_index("joint").loc[joint]


# ---- listeners


def test_the_number_of_listeners_is_recovered():
    n = np.random.default_rng(0).integers(8, 60, 300)
    found = listeners(corpus(beta_shares(300), n))
    assert (found.to_numpy(int) <= n).all() and (n % found.to_numpy(int) == 0).all()
    assert (found.to_numpy(int) == n).mean() > 0.98


def test_rounded_shares_do_and_shares_that_are_none_do_not_tell_their_listeners():
    tracks = corpus(beta_shares(40), 17)
    rounded = tracks.assign(**{name: tracks[name].round(7) for name in EMOTIONS})
    assert (listeners(rounded) == 17).all()
    assert listeners(tracks.assign(power=np.pi / 10)).isna().all()
    assert listeners(tracks, bound=16).isna().all()
    assert listeners(tracks.drop(columns="power")).isna().all()


# ---- the ceiling


@pytest.mark.parametrize("joint", ["independent", "exclusive"])
def test_the_ceiling_is_near_the_true_agreement(joint):
    songs, n = 600, np.random.default_rng(1).choice([12, 14, 17, 48], 600)
    true = beta_shares(songs)
    repeats = [corpus(true, n, seed=seed, joint=joint) for seed in range(6)]
    known = np.mean([true_agreement(true, tracks) for tracks in repeats])
    found = np.mean([agreement(label_ceiling(t, Bootstrap(100)), joint)["agreement"] for t in repeats[:3]])
    assert found == pytest.approx(known, abs=0.02)
    again = [
        (one["mood"].to_numpy(object) == other["mood"].to_numpy(object)).mean()
        for i, one in enumerate(repeats)
        for other in repeats[:i]
    ]
    retest = np.mean([agreement(label_ceiling(t, Bootstrap(100)), joint)["again"] for t in repeats[:3]])
    assert retest == pytest.approx(np.mean(again), abs=0.025)


def test_the_ceiling_holds_where_the_true_valences_are_of_another_shape():
    rng = np.random.default_rng(3)
    joy = np.where(rng.random(500) < 0.4, rng.uniform(0, 0.2, 500), rng.uniform(0.3, 0.6, 500))
    true = np.column_stack([joy, rng.uniform(0, 0.35, 500)])
    repeats = [corpus(true, 15, seed=seed) for seed in range(4)]
    known = np.mean([true_agreement(true, tracks) for tracks in repeats])
    found = np.mean([agreement(label_ceiling(t, Bootstrap(100)), "independent")["agreement"] for t in repeats])
    assert found == pytest.approx(known, abs=0.03)


def test_taking_the_observed_valences_for_true_promises_too_much():
    true = beta_shares(600, spread=8.0)
    tracks = corpus(true, 12)
    rng, naive = np.random.default_rng(5), []
    for _ in range(20):
        new = tracks[["joyful_activation", "sadness"]].apply(lambda share: rng.binomial(12, share) / 12)
        mood, _ = moods((1 + new["joyful_activation"] - new["sadness"]) / 2)
        naive.append((mood.to_numpy(object) == tracks["mood"].to_numpy(object)).mean())
    found, known = agreement(label_ceiling(tracks, Bootstrap(100)), "independent"), true_agreement(true, tracks)
    assert np.mean(naive) - known > 0.025 > abs(found["agreement"] - known)


def test_its_interval_covers_the_true_agreement_about_95_times_in_100():
    covered = 0
    for seed in range(30):
        true = beta_shares(150, seed)
        tracks = corpus(true, 15, seed=seed)
        row = agreement(label_ceiling(tracks, Bootstrap(200, seed)), "independent")
        covered += row["low"] <= true_agreement(true, tracks) <= row["high"]
    assert covered / 30 >= 0.87


def test_without_noise_the_ceiling_is_one():
    levels = np.array([[0.1, 0.8], [0.3, 0.3], [0.8, 0.1]])
    found = label_ceiling(corpus(levels[np.arange(90) % 3], 199), Bootstrap(50))
    assert found.table["agreement"].min() > 0.999 and found.table["again"].min() > 0.999
    assert not found.songs["near"].any() and found.table["reliability"].min() > 0.97


def test_where_all_songs_are_alike_the_labels_say_nothing():
    row = agreement(label_ceiling(corpus(np.full((300, 2), 0.3), 15), Bootstrap(200)), "independent")
    assert row["agreement"] < 0.55 and row["reliability"] < 0.3


def test_more_listeners_and_fewer_contradictions_make_a_higher_ceiling():
    true = beta_shares(400)
    few, many = (label_ceiling(corpus(true, n), Bootstrap(60)).table.set_index("joint") for n in (12, 48))
    assert (many["agreement"] > few["agreement"]).all() and (many["reliability"] > few["reliability"]).all()
    for table in (few, many):
        exclusive, independent, together = table.loc[["exclusive", "independent", "together"], "agreement"]
        assert exclusive < independent < together
        assert table.loc["exclusive", "near"] > table.loc["together", "near"]
        assert (table["again"] <= table["agreement"]).all()


def test_songs_near_a_cut_have_unsure_labels():
    songs = label_ceiling(corpus(beta_shares(400), 15), Bootstrap(200)).songs
    sure = songs.groupby("near")["certainty"].mean()
    assert sure[False] > sure[True] + 0.1 and songs["certainty"].between(0, 1).all()
    expected = np.sqrt(0.3 * 0.7 + 0.25 * 0.75) / (2 * np.sqrt(15))
    assert songs["standard_error"].mean() == pytest.approx(expected, rel=0.25)


def test_the_same_seed_gives_the_same_ceiling():
    tracks = corpus(beta_shares(60), 15)
    one, other, another = (label_ceiling(tracks, Bootstrap(40, seed)).table for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(one, other)
    assert not one.equals(another)


def test_moods_cut_elsewhere_keep_their_shares():
    tracks = corpus(beta_shares(300), 199)
    tracks["mood"] = moods(tracks["valence"], "0.2,0.8")[0]
    row = agreement(label_ceiling(tracks, Bootstrap(50)), "independent")
    assert row["agreement"] > 0.93


# ---- copies


def test_copies_lie_as_far_apart_as_sampling_error_makes_them():
    true = beta_shares(300)
    true[150:] = true[:150]
    tracks = corpus(true, 16, copies=[(i, 150 + i) for i in range(150)])
    copies = label_ceiling(tracks, Bootstrap(60)).copies
    assert len(copies) == 150
    assert np.sqrt((copies["difference"] ** 2).mean()) == pytest.approx(
        np.sqrt((copies["expected"] ** 2).mean()), rel=0.15
    )


def test_three_copies_are_three_pairs():
    tracks = corpus(beta_shares(60), 16, copies=[(0, 1), (0, 2)])
    assert len(label_ceiling(tracks, Bootstrap(20)).copies) == 3


# ---- undefined cases, and sentences


def test_without_shares_of_listeners_there_is_no_ceiling():
    tracks = corpus(beta_shares(60), 16)
    assert label_ceiling(tracks.drop(columns="power")) is None
    assert label_ceiling(tracks.assign(valence=0.5)) is None  # a valence of another making
    assert label_ceiling(tracks.assign(mood=tracks["mood"].sample(frac=1, random_state=0).to_numpy())) is None
    assert label_ceiling(tracks.assign(mood=pd.NA)) is None
    assert label_ceiling(tracks.head(10)) is None


def test_songs_whose_listeners_are_unknown_are_left_out_and_counted():
    tracks = corpus(beta_shares(60), 16)
    tracks.loc[:4, "power"] = np.pi / 10
    found = label_ceiling(tracks, Bootstrap(20))
    assert found.unknown == 5 and len(found.songs) == 55


def test_answers_that_are_known_take_the_place_of_cases_and_give_split_halves():
    true, n = beta_shares(300, seed=4), np.full(300, 24)
    tracks = corpus(true, n, joint="exclusive", seed=4)
    found = label_ceiling(tracks.assign(listeners=pd.array(n), felt_both=pd.array(0 * n)), Bootstrap(200))
    assert list(found.table["joint"]) == ["answered"]
    row = found.table.iloc[0]
    cases = label_ceiling(tracks, Bootstrap(200)).table.set_index("joint")
    assert row["agreement"] == pytest.approx(cases.loc["exclusive", "agreement"], abs=0.01)
    net = true[:, 0] - true[:, 1]
    noise = (true.sum(axis=1) - net**2).mean() / 24
    reliability, low, high = found.halves
    assert low < net.var() / (net.var() + noise) < high and reliability == pytest.approx(row["reliability"], abs=0.05)
    assert found.bounds == (row["low"], row["high"])
    assert label_ceiling(tracks, Bootstrap(20)).halves is None


@pytest.mark.real
def test_listeners_of_emotify_are_recovered(emotify):
    tracks = collect_emotify(Study("emotify"), emotify)
    n = listeners(tracks)
    assert n.notna().all() and n.min() >= 10 and n.max() <= 60
    # the authors tell of two sets of songs, with 16 and with 48 listeners a song on average
    many = n[n >= 30]
    assert many.mean() == pytest.approx(48, abs=2) and n[n < 30].mean() == pytest.approx(16, abs=3)
    tracks["mood"], _ = moods(tracks["valence"])
    ids = tracks["track_id"]
    table = label_ceiling(tracks.assign(song_group=ids, artist_group=ids, status="ok"), Bootstrap(200)).table
    assert table["agreement"].between(0.7, 0.95).all()
