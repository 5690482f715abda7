import numpy as np
import pandas as pd
import pytest

from lib.datasets.tracks import tracks_table
from lib.embedding import retrieval, units, vectors
from lib.errors import ReportError
from lib.evaluation.bootstrap import Bootstrap
from tests import fakes
from tests.in_process import run_notebook


def tracks_of(n, **columns):
    ids = [f"t{i:03d}" for i in range(n)]
    base = {"track_id": ids, "path": ids, "status": "ok", "artist_group": ids, "song_group": ids, "title": ids}
    return tracks_table(pd.DataFrame(base | columns))


def songs_of(values):
    values = np.asarray(values, dtype=float)
    return vectors.song_vectors(values, [f"t{i:03d}" for i in range(len(values))])


# ---- vectors


def test_a_songs_vector_is_the_mean_of_its_slices():
    songs = vectors.song_vectors(np.float32([[1, 2], [3, 4], [5, 5]]), ["b", "b", "a"])
    assert songs.index.tolist() == ["a", "b"] and songs.columns.tolist() == ["unit 1", "unit 2"]
    assert songs.loc["b"].tolist() == [2, 3]


@pytest.mark.parametrize("wrong", [np.ones((2, 3)), np.full((3, 2), np.nan), np.ones(3)])
def test_vectors_that_do_not_fit_are_an_error(wrong):
    with pytest.raises(ReportError):
        vectors.song_vectors(wrong, ["a", "b", "c"])


def test_dead_units_are_named():
    songs = songs_of(np.column_stack([np.arange(5), np.zeros(5), np.full(5, 7.3), np.arange(5) * 1e-3]))
    assert vectors.dead_units(songs) == ["unit 2", "unit 3"]
    assert vectors.dead_units(songs_of(np.ones((4, 2)))) == ["unit 1", "unit 2"]


def test_variance_explained():
    assert vectors.variance_explained(np.array([[0, 0], [0, 0], [1, 2], [1, 2]]), ["a", "a", "b", "b"])[0] == 1
    share, chance = vectors.variance_explained(np.array([[0.0], [2], [0], [2], [9]]), ["a", "a", "b", "b", None])
    assert share == pytest.approx(0) and chance == pytest.approx(1 / 3)
    assert np.isnan(vectors.variance_explained(np.ones((3, 2)), ["a", "b", "b"])[0])


def test_variance_explained_of_random_classes_is_its_chance():
    rng = np.random.default_rng(3)
    found = [vectors.variance_explained(rng.normal(size=(40, 6)), rng.integers(0, 4, 40))[0] for _ in range(200)]
    assert np.mean(found) == pytest.approx(3 / 39, abs=0.01)


# ---- units


def test_associations_agree_with_scipy():
    from scipy import stats

    rng = np.random.default_rng(0)
    genre, valence = rng.choice(["a", "b", "c"], 40), rng.uniform(0, 1, 40)
    songs = songs_of(np.column_stack([valence + rng.normal(0, 0.3, 40), (genre == "b") + rng.normal(0, 0.5, 40)]))
    table = units.unit_associations(songs, tracks_of(40, genre=genre, valence=valence))
    row = table.query("unit == 'unit 1' and target == 'valence'").iloc[0]
    r, p = stats.pearsonr(songs["unit 1"], valence)
    assert row["value"] == pytest.approx(r) and p < row["p"] < 1e-4
    row = table.query("unit == 'unit 2' and measure == 'eta squared'").iloc[0]
    groups = [songs["unit 2"].to_numpy()[genre == name] for name in "abc"]
    between = sum(len(group) * (group.mean() - songs["unit 2"].mean()) ** 2 for group in groups)
    assert row["value"] == pytest.approx(between / ((songs["unit 2"] - songs["unit 2"].mean()) ** 2).sum())
    assert row["target"] == "genre" and 0 < row["value"] < 1
    verdicts = units.verdicts(table, songs.columns, []).set_index("unit")
    assert verdicts.loc["unit 1", "correlates_with"] == "more: valence"
    assert verdicts.loc["unit 2", "correlates_with"] == "more: genre b"


@pytest.fixture
def few_shuffles(monkeypatch):
    monkeypatch.setattr("lib.embedding.units.SHUFFLES", 5_000)


def test_holm_keeps_noise_from_being_significant(few_shuffles):
    rng, false = np.random.default_rng(5), 0
    for _ in range(20):
        tracks = tracks_of(40, genre=rng.choice(["a", "b", "c", "d"], 40), valence=rng.uniform(0, 1, 40))
        table = units.unit_associations(songs_of(rng.normal(size=(40, 10))), tracks)
        assert (table["p_holm"] >= table["p"])[table["measure"] == "r"].all()
        false += table["significant"].any()
    assert false <= 4  # 1 expected


def test_songs_of_one_artist_are_no_independent_witnesses(few_shuffles):
    """Units and targets that go by artist and have nothing to do with each other."""
    rng, by_artist, as_songs = np.random.default_rng(3), 0, 0
    artists = np.repeat(np.arange(30), 5)
    for _ in range(40):
        unit, value = (rng.normal(size=30)[artists] + 0.3 * rng.normal(size=150) for _ in range(2))
        tracks = tracks_of(150, artist_group=[f"a{a}" for a in artists], power=value)
        lone = tracks_of(150, power=value)
        by_artist += units.unit_associations(songs_of(unit[:, None]), tracks)["p"].iloc[0] < 0.05
        as_songs += units.unit_associations(songs_of(unit[:, None]), lone)["p"].iloc[0] < 0.05
    assert by_artist <= 6 < 10 < as_songs  # 2 expected; as independent songs they would mislead


def test_descriptors_join_as_a_kind_of_their_own():
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(40, 2))
    described = pd.DataFrame({"loudness": vectors[:, 0], "tempo": np.nan}, index=tracks_of(40)["track_id"])
    table = units.unit_associations(songs_of(vectors), tracks_of(40, valence=rng.random(40)), described)
    assert table.groupby("kind")["target"].unique().map(list).to_dict() == {
        "descriptor": ["loudness"], "target": ["valence"],
    }  # fmt: skip
    assert table.query("unit == 'unit 1' and target == 'loudness'")["value"].iloc[0] == pytest.approx(1)


def test_the_slices_that_drive_a_unit_are_of_different_songs():
    vectors = np.array([[3, 0], [2.5, 0], [1, 0], [0, 0], [-1, 0]], dtype=float)
    slices = pd.DataFrame({"slice": [7, 8, 9, 10, 11], "track_id": ["t000", "t000", "t001", "t002", "t002"]})
    found = units.top_slices(vectors, slices, tracks_of(3, genre=["a", "b", "a"]))
    assert found["unit"].tolist() == ["unit 1"] * 3 and found["slice"].tolist() == [7, 9, 10]


def test_missing_labels_are_left_out_of_their_association_only():
    rng = np.random.default_rng(0)
    genre = np.array(["a", "b"] * 10, dtype=object)
    mood = np.array(["sad", None, "happy", None] * 5, dtype=object)
    table = units.unit_associations(songs_of(rng.normal(size=(20, 3))), tracks_of(20, genre=genre, mood=mood))
    assert table.groupby("target")["n"].first().to_dict() == {"genre": 20, "mood": 10}
    none = units.unit_associations(songs_of(rng.normal(size=(5, 3))), tracks_of(5))
    assert not len(none) and units.verdicts(none, ["unit 1"], [])["correlates_with"].tolist() == ["nothing significant"]


def test_dead_units_have_no_association():
    vectors = np.column_stack([np.arange(10.0), np.ones(10)])
    table = units.unit_associations(songs_of(vectors), tracks_of(10, genre=["a", "b"] * 5))
    assert set(table["unit"]) == {"unit 1"}


# ---- neighbours


def test_neighbours_of_known_angles():
    angles = np.deg2rad([0, 10, 25, 180, 190, 205])
    songs = songs_of(np.column_stack([np.cos(angles), np.sin(angles)]))
    near = retrieval.neighbours(songs, tracks_of(6), 1).set_index("track_id")
    assert near.loc["t000", "neighbour"] == "t001" and near.loc["t003", "neighbour"] == "t004"
    assert near["similarity"].between(-1, 1).all()


def test_neighbours_are_ranked_and_never_the_song_or_its_copy():
    songs = songs_of(np.random.default_rng(0).normal(size=(30, 4)))
    copies = [f"g{i // 2}" for i in range(30)]
    tracks = tracks_of(30, song_group=copies)
    near = retrieval.neighbours(songs, tracks, 6)
    group = dict(zip(tracks["track_id"], copies, strict=True))
    assert (near["track_id"].map(group) != near["neighbour"].map(group)).all()
    assert near.groupby("track_id")["similarity"].apply(lambda s: s.is_monotonic_decreasing).all()
    assert (near.groupby("track_id")["rank"].max() == 6).all()


def test_neighbours_in_blocks_are_the_same(monkeypatch):
    songs, tracks = songs_of(np.random.default_rng(1).normal(size=(25, 4))), tracks_of(25)
    whole = retrieval.neighbours(songs, tracks, 3)
    monkeypatch.setattr("lib.embedding.retrieval.CELLS", 7 * 25)
    pd.testing.assert_frame_equal(whole, retrieval.neighbours(songs, tracks, 3), check_exact=False)


def test_neighbours_of_few_songs_and_of_flat_vectors():
    tracks = tracks_of(3)
    assert len(retrieval.neighbours(songs_of(np.eye(3)), tracks, 9)) == 6
    assert (retrieval.neighbours(songs_of(np.ones((3, 2))), tracks, 1)["similarity"] == 0).all()
    assert not len(retrieval.neighbours(songs_of([[1.0, 2.0]]), tracks_of(1), 5))
    with pytest.raises(ReportError, match="0"):
        retrieval.neighbours(songs_of(np.eye(3)), tracks, 0)


# ---- recommendation


def hits_of(folds, tracks, apart="song_group", **settings):
    found = {("vector", "songs"): retrieval.search(folds, tracks, apart, 5)}
    return retrieval.hits(found, tracks, first=[3], **settings).set_index("same")


def test_hits_of_separated_genres_and_their_chance():
    genre = np.repeat(["a", "b"], 10)
    angles = np.where(genre == "a", 0, np.pi) + np.random.default_rng(0).normal(0, 0.1, 20)
    songs = songs_of(np.column_stack([np.cos(angles), np.sin(angles)]))
    hits = hits_of([songs], tracks_of(20, genre=genre))
    assert hits.loc["genre", "share"] == 1 and hits.loc["genre", "chance"] == pytest.approx(9 / 19)
    assert "mood" not in hits.index and hits.loc["artist", "chance"] == 0


@pytest.mark.parametrize("apart", ["song_group", "artist_group"])
def test_random_vectors_hit_by_chance(apart):
    rng, excess = np.random.default_rng(7), []
    for _ in range(20):
        genre = rng.choice(["a", "b", "c"], 60, p=[0.6, 0.3, 0.1])
        tracks = tracks_of(60, genre=genre, artist_group=[f"{g}{rng.integers(4)}" for g in genre])
        songs = songs_of(rng.normal(size=(60, 8)))
        hits = hits_of([songs.iloc[:25], songs.iloc[25:]], tracks, apart, bootstrap=Bootstrap(50))
        excess.append(hits.loc["genre", "share"] - hits.loc["genre", "chance"])
        assert ("artist" in hits.index) == (apart == "song_group")
    assert abs(np.mean(excess)) < 0.02


def test_pairs_with_a_missing_label_are_left_out():
    tracks = tracks_of(4, genre=np.array(["a", "a", None, None], dtype=object))
    hits = hits_of([songs_of(np.random.default_rng(0).normal(size=(4, 3)))], tracks)
    assert hits.loc["genre", "share"] == 1 == hits.loc["genre", "chance"] and hits.loc["genre", "n_songs"] == 2


def test_songs_are_sought_within_their_fold_and_a_better_vector_is_ahead():
    rng = np.random.default_rng(0)
    genre = rng.choice(["a", "b"], 80)
    tracks = tracks_of(80, genre=genre)
    good = songs_of(np.column_stack([(genre == "a") + 0.1 * rng.normal(size=80), rng.normal(size=(80, 1))[:, 0] * 0.1]))
    bad = songs_of(rng.normal(size=(80, 2)))
    folds = {name: [songs.iloc[:40], songs.iloc[40:]] for name, songs in (("good", good), ("bad", bad))}
    found = {(name, "songs"): retrieval.search(parts, tracks, "song_group") for name, parts in folds.items()}
    near, fold = found["good", "songs"].near, found["good", "songs"].fold
    assert (fold[near["track_id"]].to_numpy() == fold[near["neighbour"]].to_numpy()).all()
    hits = retrieval.hits(found, tracks, first=[1, 5, 10]).set_index(["by", "first", "same"])
    row = hits.loc[("bad", 5, "genre")]
    assert 0 < row["ahead_low"] < row["ahead"] < row["ahead_high"] and np.isnan(hits.loc[("good", 5, "genre"), "ahead"])


def test_a_hub_is_counted():
    angles = np.deg2rad(np.arange(0, 360, 18))
    star = np.column_stack([np.cos(angles), np.sin(angles)])
    near = pd.DataFrame({"track_id": [f"t{i:03d}" for i in range(1, 20)], "rank": 1, "neighbour": "t000"})
    fold = pd.Series(0, index=[f"t{i:03d}" for i in range(20)])
    hub = retrieval.hubs({("x", "songs"): retrieval.Search(near, fold, "song_group")}, 1).iloc[0]
    assert hub["most"] == 19 and hub["never"] == 19 / 20 and hub["skewness"] > 3
    ring = {("x", "songs"): retrieval.search([songs_of(star)], tracks_of(20), "song_group", 2)}
    even = retrieval.hubs(ring, 2).iloc[0]
    assert even["never"] == 0


# ---- the whole page


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """Notebook 06 executed on a fake study."""
    study = fakes.fake_study(tmp_path_factory.mktemp("study"))
    run = fakes.fake_run(study, "yu2018", "artist")
    others = [fakes.fake_run(study, "yu2018", "artist", fold, seed).run.name for fold, seed in ((1, 0), (0, 1))]
    wider = [fakes.fake_run(study, "yu2018_units50", "artist", fold).run.name for fold in (0, 1)]
    given = {"study": study.name, "root": str(study.root), "neighbours": 3, "others": others, "widths": wider}
    return study, run, run_notebook("06_fc_embedding", **given)


def test_page_writes_units_and_neighbours(page):
    study, run, _ = page
    units = pd.read_csv(study.tables / "units.csv")
    assert units["unit"].nunique() == fakes.WIDTH - 1 and "unit 4" not in set(units["unit"])
    assert set(units["target"]) == {"genre", "mood", "valence", "energy"}
    near = pd.read_csv(study.tables / "neighbours.csv")
    tested = 2 * run.predictions("test")["track_id"].nunique() - 1
    assert (near.groupby("track_id").size() <= 3).all() and abs(near["track_id"].nunique() - tested) < 8
    assert set(pd.read_csv(study.tables / "neighbour_hits.csv")["same"]) == {"genre", "mood", "artist"}


def test_page_draws_its_figures_and_names_the_dead_units(page):
    study, _, book = page
    assert {path.stem for path in study.figures.glob("*.svg")} == {
        "top-slices", "map", "neighbours", "units", "units-again", "ablation", "widths", "pca",
    }  # fmt: skip
    texts = [
        o["data"]["text/markdown"] for c in book.cells for o in c.get("outputs", []) if "text/markdown" in o["data"]
    ]
    assert any("Dead, the same for every test song: **unit 4**" in text for text in texts)
