import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib import embedding
from lib.embedding import claims
from lib.errors import ReportError
from lib.paths import NOTEBOOKS, PROJECT
from lib.tables import tracks_table
from tests import fakes


def tracks_of(n, **columns):
    ids = [f"t{i:03d}" for i in range(n)]
    base = {"track_id": ids, "path": ids, "status": "ok", "artist_group": ids, "song_group": ids, "title": ids}
    return tracks_table(pd.DataFrame(base | columns))


def songs_of(values):
    values = np.asarray(values, dtype=float)
    return embedding.song_vectors(values, [f"t{i:03d}" for i in range(len(values))])


# ---- vectors


def test_a_songs_vector_is_the_mean_of_its_slices():
    songs = embedding.song_vectors(np.float32([[1, 2], [3, 4], [5, 5]]), ["b", "b", "a"])
    assert songs.index.tolist() == ["a", "b"] and songs.columns.tolist() == ["node 1", "node 2"]
    assert songs.loc["b"].tolist() == [2, 3]


@pytest.mark.parametrize("vectors", [np.ones((2, 3)), np.full((3, 2), np.nan), np.ones(3)])
def test_vectors_that_do_not_fit_are_an_error(vectors):
    with pytest.raises(ReportError):
        embedding.song_vectors(vectors, ["a", "b", "c"])


def test_dead_nodes_are_named():
    songs = songs_of(np.column_stack([np.arange(5), np.zeros(5), np.full(5, 7.3), np.arange(5) * 1e-3]))
    assert embedding.dead_nodes(songs) == ["node 2", "node 3"]
    assert "Node 2 and node 3" in claims.dead_sentence(embedding.dead_nodes(songs))
    assert embedding.dead_nodes(songs_of(np.ones((4, 2)))) == ["node 1", "node 2"]


@given(st.integers(2, 30), st.integers(1, 8), st.integers(0, 99))
def test_projection_matches_the_variance(n, width, seed):
    vectors = np.random.default_rng(seed).normal(size=(n, width)) * np.arange(1, width + 1)
    explained, (plane, again) = embedding.project(vectors, vectors)
    assert plane.shape == (n, 2) and np.allclose(plane, again) and np.allclose(plane.mean(axis=0), 0)
    assert explained[0] >= explained[1] >= 0 and explained.sum() <= 1 + 1e-9
    assert np.allclose(plane.var(axis=0), explained * vectors.var(axis=0).sum())


def test_projection_finds_a_known_direction():
    t = np.linspace(-1, 1, 21)
    explained, (plane,) = embedding.project(np.outer(t, [3, 4]))
    assert explained == pytest.approx([1, 0]) and plane[:, 0] == pytest.approx(5 * t)
    assert embedding.project(np.ones((4, 3)))[0].tolist() == [0, 0]


def test_a_song_lies_at_the_mean_of_its_slices():
    vectors, ids = np.random.default_rng(0).normal(size=(12, 5)), np.repeat(["a", "b", "c"], 4)
    _, (slices, songs) = embedding.project(vectors, embedding.song_vectors(vectors, ids).to_numpy())
    assert np.allclose(songs, pd.DataFrame(slices).groupby(ids).mean())


def test_variance_explained():
    assert embedding.variance_explained(np.array([[0, 0], [0, 0], [1, 2], [1, 2]]), ["a", "a", "b", "b"])[0] == 1
    share, chance = embedding.variance_explained(np.array([[0.0], [2], [0], [2], [9]]), ["a", "a", "b", "b", None])
    assert share == pytest.approx(0) and chance == pytest.approx(1 / 3)
    assert np.isnan(embedding.variance_explained(np.ones((3, 2)), ["a", "b", "b"])[0])


def test_variance_explained_of_random_classes_is_its_chance():
    rng = np.random.default_rng(3)
    found = [embedding.variance_explained(rng.normal(size=(40, 6)), rng.integers(0, 4, 40))[0] for _ in range(200)]
    assert np.mean(found) == pytest.approx(3 / 39, abs=0.01)


# ---- nodes


def test_associations_agree_with_scipy():
    from scipy import stats

    rng = np.random.default_rng(0)
    genre, valence = rng.choice(["a", "b", "c"], 40), rng.uniform(0, 1, 40)
    songs = songs_of(np.column_stack([valence + rng.normal(0, 0.3, 40), (genre == "b") + rng.normal(0, 0.5, 40)]))
    table = embedding.node_associations(songs, tracks_of(40, genre=genre, valence=valence))
    row = table.query("node == 'node 1' and target == 'valence'").iloc[0]
    assert (row["value"], row["p"]) == pytest.approx(tuple(stats.pearsonr(songs["node 1"], valence)))
    row = table.query("node == 'node 2' and measure == 'eta squared'").iloc[0]
    groups = [songs["node 2"].to_numpy()[genre == name] for name in "abc"]
    assert row["p"] == pytest.approx(stats.f_oneway(*groups).pvalue)
    assert row["target"] == "genre" and 0 < row["value"] < 1
    verdicts = embedding.verdicts(table, songs.columns, []).set_index("node")
    assert verdicts.loc["node 1", "goes_with"] == "more: valence"
    assert verdicts.loc["node 2", "goes_with"] == "more: genre b"


def test_holm_keeps_noise_from_being_established():
    rng, false = np.random.default_rng(5), 0
    for _ in range(20):
        tracks = tracks_of(40, genre=rng.choice(["a", "b", "c", "d"], 40), valence=rng.uniform(0, 1, 40))
        table = embedding.node_associations(songs_of(rng.normal(size=(40, 10))), tracks)
        assert (table["p_holm"] >= table["p"]).all()
        false += table["established"].any()
    assert false <= 4  # 1 expected


def test_missing_labels_are_left_out_of_their_association_only():
    rng = np.random.default_rng(0)
    genre = np.array(["a", "b"] * 10, dtype=object)
    mood = np.array(["sad", None, "happy", None] * 5, dtype=object)
    table = embedding.node_associations(songs_of(rng.normal(size=(20, 3))), tracks_of(20, genre=genre, mood=mood))
    assert table.groupby("target")["n"].first().to_dict() == {"genre": 20, "mood": 10}
    none = embedding.node_associations(songs_of(rng.normal(size=(5, 3))), tracks_of(5))
    assert not len(none) and embedding.verdicts(none, ["node 1"], [])["goes_with"].tolist() == ["nothing established"]


def test_dead_nodes_have_no_association():
    vectors = np.column_stack([np.arange(10.0), np.ones(10)])
    table = embedding.node_associations(songs_of(vectors), tracks_of(10, genre=["a", "b"] * 5))
    assert set(table["node"]) == {"node 1"}


# ---- neighbours


def test_neighbours_of_known_angles():
    angles = np.deg2rad([0, 10, 25, 180, 190, 205])
    songs = songs_of(np.column_stack([np.cos(angles), np.sin(angles)]))
    near = embedding.neighbours(songs, tracks_of(6), 1).set_index("track_id")
    assert near.loc["t000", "neighbour"] == "t001" and near.loc["t003", "neighbour"] == "t004"
    assert near["similarity"].between(-1, 1).all()


def test_neighbours_are_ranked_and_never_the_song_or_its_copy():
    songs = songs_of(np.random.default_rng(0).normal(size=(30, 4)))
    copies = [f"g{i // 2}" for i in range(30)]
    tracks = tracks_of(30, song_group=copies)
    near = embedding.neighbours(songs, tracks, 6)
    group = dict(zip(tracks["track_id"], copies, strict=True))
    assert (near["track_id"].map(group) != near["neighbour"].map(group)).all()
    assert near.groupby("track_id")["similarity"].apply(lambda s: s.is_monotonic_decreasing).all()
    assert (near.groupby("track_id")["rank"].max() == 6).all()


def test_neighbours_in_blocks_are_the_same(monkeypatch):
    songs, tracks = songs_of(np.random.default_rng(1).normal(size=(25, 4))), tracks_of(25)
    whole = embedding.neighbours(songs, tracks, 3)
    monkeypatch.setattr("lib.embedding.nearest.BLOCK", 7)
    pd.testing.assert_frame_equal(whole, embedding.neighbours(songs, tracks, 3), check_exact=False)


def test_neighbours_of_few_songs_and_of_flat_vectors():
    tracks = tracks_of(3)
    assert len(embedding.neighbours(songs_of(np.eye(3)), tracks, 9)) == 6
    assert (embedding.neighbours(songs_of(np.ones((3, 2))), tracks, 1)["similarity"] == 0).all()
    assert not len(embedding.neighbours(songs_of([[1.0, 2.0]]), tracks_of(1), 5))
    with pytest.raises(ReportError, match="0"):
        embedding.neighbours(songs_of(np.eye(3)), tracks, 0)


def test_hits_of_separated_genres_and_their_chance():
    genre = np.repeat(["a", "b"], 10)
    angles = np.where(genre == "a", 0, np.pi) + np.random.default_rng(0).normal(0, 0.1, 20)
    songs = songs_of(np.column_stack([np.cos(angles), np.sin(angles)]))
    tracks = tracks_of(20, genre=genre)
    hits = embedding.neighbour_hits(embedding.neighbours(songs, tracks, 3), songs, tracks).set_index("same")
    assert hits.loc["genre", "share"] == 1 and hits.loc["genre", "chance"] == pytest.approx(9 / 19)
    assert "mood" not in hits.index and hits.loc["artist", "chance"] == 0


@pytest.mark.parametrize("apart", ["song_group", "artist_group"])
def test_random_vectors_hit_by_chance(apart):
    rng, excess = np.random.default_rng(7), []
    for _ in range(20):
        genre = rng.choice(["a", "b", "c"], 60, p=[0.6, 0.3, 0.1])
        tracks = tracks_of(60, genre=genre, artist_group=[f"{g}{rng.integers(4)}" for g in genre])
        songs = songs_of(rng.normal(size=(60, 8)))
        near = embedding.neighbours(songs, tracks, 5, apart)
        hits = embedding.neighbour_hits(near, songs, tracks, apart, resamples=50).set_index("same")
        excess.append(hits.loc["genre", "share"] - hits.loc["genre", "chance"])
        assert ("artist" in hits.index) == (apart == "song_group")
    assert abs(np.mean(excess)) < 0.02


def test_pairs_with_a_missing_label_are_left_out():
    genre = np.array(["a", "a", None, None], dtype=object)
    tracks = tracks_of(4, genre=genre)
    songs = songs_of(np.random.default_rng(0).normal(size=(4, 3)))
    hits = embedding.neighbour_hits(embedding.neighbours(songs, tracks, 3), songs, tracks).set_index("same")
    assert hits.loc["genre", "share"] == 1 == hits.loc["genre", "chance"] and hits.loc["genre", "n_songs"] == 2


# ---- the whole page


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """Notebook 06 executed on a fake study."""
    import papermill

    study = fakes.fake_study(tmp_path_factory.mktemp("study"))
    run = fakes.fake_run(study, "this_project", "artist")
    given = {"study": study.name, "root": str(study.root), "neighbours": 3}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(PROJECT))
        book = papermill.execute_notebook(
            NOTEBOOKS / "06_fc_embedding.ipynb", study.root / "06.ipynb", given, kernel_name="python3",
            cwd=NOTEBOOKS, progress_bar=False,
        )  # fmt: skip
    return study, run, book


def test_page_writes_nodes_and_neighbours(page):
    study, run, _ = page
    nodes = pd.read_csv(study.tables / "nodes.csv")
    assert nodes["node"].nunique() == fakes.WIDTH - 1 and "node 4" not in set(nodes["node"])
    assert set(nodes["target"]) == {"genre", "mood", "valence", "energy"}
    near = pd.read_csv(study.tables / "neighbours.csv")
    tested = run.predictions("test")["track_id"].nunique()
    assert (near.groupby("track_id").size() <= 3).all() and near["track_id"].nunique() == tested
    assert set(pd.read_csv(study.tables / "neighbour_hits.csv")["same"]) == {"genre", "mood", "artist"}


def test_page_draws_its_figures_and_names_the_dead_node(page):
    study, _, book = page
    assert {path.stem for path in study.figures.glob("*.svg")} == {"plane", "nodes", "neighbours"}
    told = [
        o["data"]["text/markdown"] for c in book.cells for o in c.get("outputs", []) if "text/markdown" in o["data"]
    ]
    assert any("**Node 4** is dead" in text for text in told)
