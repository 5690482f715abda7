from collections import Counter

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.datasets.fma.draw import GENRES, Draw, choose, ordered
from lib.datasets.fma.metadata import archive_counts, read_metadata, subset_of
from lib.errors import ReportError
from tests import fma
from tests.conftest import music_folder
from tests.fma import Song

SONGS = [
    Song(n, ("Rock", "Folk")[n % 2], f"Artist {n // 6}", valence=(n * 7 % 20) / 20 if n % 3 else None,
         subset=("small", "medium")[n > 79], split=("training", "validation", "test")[n % 10 // 8 + (n % 10 == 9)])
    for n in range(2, 102)
]  # fmt: skip


@pytest.fixture
def written(tmp_path):
    """Write metadata of songs; returns the paths of both tables."""

    def write(songs=SONGS, **changed):
        bodies = fma.tables(songs) | changed
        paths = []
        for name, body in bodies.items():
            path = tmp_path / name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(body)
            paths.append(path)
        return paths

    return write


@pytest.fixture
def metadata(written):
    return read_metadata(*written())


def test_the_tables_are_read_as_published(metadata):
    first = metadata.loc[4]
    assert first[["title", "artist", "album", "license", "genre", "subset", "official"]].tolist() == [
        "A song", "Artist 0", "Album of Artist 0", "CC BY", "Rock", "small", "train",
    ]  # fmt: skip
    assert (first["valence"], first["danceability"], first["whole_s"]) == (28 % 20 / 20, 0.2, 180)
    assert metadata.loc[3, ["valence", "energy"]].isna().all()
    assert len(subset_of(metadata, "small")) == 78
    assert len(subset_of(metadata, "medium")) == len(subset_of(metadata, "large")) == 100
    with pytest.raises(ReportError, match="subset 'tiny' is unknown; there are small"):
        subset_of(metadata, "tiny")


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        ("tracks", b"genre_top", b"genre", "no column 'track/genre_top'"),
        ("tracks", b"training", b"practice", "official 'practice' is none of"),
        ("tracks", b"\n3,", b"\n2,", "track 2 has more than one row"),
        ("tracks", b"\n3,", b"\nthree,", "cannot be read as FMA publishes it"),
        ("echonest", b"120.0,0.4", b"120.0,4", "valence 4 is outside 0..1"),
    ],
)
def test_metadata_that_were_not_published_so_are_refused(written, name, old, new, message):
    key = f"fma_metadata/{name}.csv"
    paths = written(**{key: fma.tables(SONGS)[key].replace(old, new, 1)})
    with pytest.raises(ReportError, match=message):
        read_metadata(*paths)


def test_songs_with_valence_come_first_and_the_order_of_a_genre_is_its_own(metadata):
    order = ordered(metadata, Draw(genres=("Rock", "Folk")))
    for genre, tracks in order.items():
        known = metadata.loc[tracks, "valence"].notna().tolist()
        assert known == sorted(known, reverse=True)
        assert sorted(tracks) == metadata.index[(metadata["genre"] == genre) & (metadata.index <= 79)].tolist()
    assert ordered(metadata, Draw(genres=("Folk",)))["Folk"] == order["Folk"]
    assert ordered(metadata.sample(frac=1, random_state=1), Draw(genres=("Folk",)))["Folk"] == order["Folk"]
    assert ordered(metadata, Draw(genres=("Folk",), seed=1))["Folk"] != order["Folk"]
    with pytest.raises(ReportError, match="'Jazz', which fma_small has not; it has Folk, Rock"):
        ordered(metadata, Draw(genres=("Jazz",)))


def test_known_bad_clips_are_not_candidates(written):
    metadata = read_metadata(*written([Song(n, "Rock") for n in (5, 98565, 133297)]))
    assert ordered(metadata, Draw(genres=("Rock",)))["Rock"] == [5]


def test_equal_moods_are_taken_in_turn(metadata):
    draw = Draw(genres=("Rock",), songs=12, per_artist=0, equal_moods=True)
    chosen = choose(ordered(metadata, draw), metadata["artist"], draw)["Rock"]
    moods = Counter(pd.cut(metadata.loc[chosen, "valence"], [-1, 1 / 3 - 1e-9, 2 / 3 - 1e-9, 1], labels=False))
    assert set(moods.values()) == {4}


@given(bad=st.sets(st.sampled_from(range(2, 80)), max_size=25), cap=st.integers(0, 3))
def test_a_choice_is_the_first_that_are_good_with_no_artist_too_often(bad, cap):
    metadata = pd.DataFrame(
        {"genre": "Rock", "subset": "small", "valence": 0.5, "artist": [f"A {n % 30}" for n in range(2, 80)]},
        index=range(2, 80),
    )
    draw = Draw(genres=("Rock",), songs=20, per_artist=cap)
    order = ordered(metadata, draw)
    chosen = choose(order, metadata["artist"], draw, bad)["Rock"]
    assert len(chosen) == 20
    assert not bad & set(chosen)
    assert not cap or max(Counter(metadata.loc[chosen, "artist"]).values()) <= cap
    assert chosen == sorted(chosen, key=order["Rock"].index)
    # One more bad clip moves in the next candidate and leaves the others, unless the artist's limit says otherwise.
    if not cap:
        assert set(choose(order, metadata["artist"], draw, bad | {chosen[0]})["Rock"]) >= set(chosen[1:])


def test_all_there_are_but_the_bad_and_the_frequent_artists(metadata):
    draw = Draw(genres=("Rock",), songs=0, per_artist=0)
    order = ordered(metadata, draw)
    assert choose(order, metadata["artist"], draw, {order["Rock"][0]})["Rock"] == order["Rock"][1:]
    with pytest.raises(ReportError, match="gives 0 usable songs of 'Rock', but 1 are wanted"):
        choose(order, metadata["artist"], draw, order["Rock"])


def test_too_few_songs_say_how_many_there_are(metadata):
    draw = Draw(genres=("Rock",), songs=39, per_artist=1)
    with pytest.raises(ReportError, match=r"gives 13 usable songs of 'Rock', but 39 are wanted: of 39 candidates 2"):
        choose(ordered(metadata, draw), metadata["artist"], draw, {2, 4, 3})


@pytest.mark.parametrize(
    ("given", "message"),
    [({"songs": -1}, "songs is -1"), ({"seed": -1}, "seed is -1"), ({"genres": ("Pop", "Pop")}, "each once")],
)
def test_a_wrong_draw_names_its_value(given, message):
    with pytest.raises(ReportError, match=message):
        Draw(**given)


@pytest.mark.real
def test_the_real_metadata_hold_what_is_known_of_them():
    folder = music_folder() / "fma" / "fma_metadata"
    if not folder.is_dir():
        pytest.skip(f"FMA's metadata are missing: no {folder} (set MUSIC_DATA)")
    metadata = read_metadata(folder / "tracks.csv", folder / "echonest.csv")
    small = subset_of(metadata, "small")
    assert len(small) == 8000
    assert set(small["genre"].value_counts()) == {1000}
    assert subset_of(metadata, "medium")["genre"].value_counts()["Instrumental"] == 1350
    counts = archive_counts(metadata, "small").loc[[*GENRES]]
    moods = (counts[["sad", "neutral", "happy"]].mul(counts["valence"], axis=0).sum() / counts["valence"].sum()).round(
        3
    )
    assert counts["valence"].sum() == 1169
    assert moods.tolist() == [0.442, 0.328, 0.229]
    assert archive_counts(metadata, "medium").loc["Instrumental", "valence"] == 55
    draw = Draw()
    chosen = choose(ordered(metadata, draw), metadata["artist"], draw)
    known = {genre: metadata.loc[tracks, "valence"].notna().sum() for genre, tracks in chosen.items()}
    assert all(known[genre] == draw.songs for genre in draw.genres if genre != "Instrumental")
    assert 0 < known["Instrumental"] < draw.songs
