import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lib import splits
from lib.datasets.grouping import album_groups
from lib.errors import ReportError
from lib.evaluation.folds import publish
from lib.paths import PROJECT
from lib.splits import PARTS, assign, check_corpus

ASSIGNED = [split for split in splits.SPLITS if split != "official"]


def slices_of(tracks, each=10):
    return pd.DataFrame({"track_id": np.repeat(tracks["track_id"].to_numpy(), each)})


@pytest.mark.parametrize("split", ["random", "song", "artist"])
def test_every_slice_is_tested_once_over_the_folds(make_tracks, split):
    tracks = make_tracks(genres=3, artists=6, songs=2)
    slices = slices_of(tracks)
    parts = np.array([assign(slices, tracks, split, fold=k) for k in range(5)])
    assert ((parts == "test").sum(axis=0) == 1).all()
    assert set(parts.ravel()) == set(PARTS)


@pytest.mark.parametrize(("split", "group"), [("song", "song_group"), ("artist", "artist_group")])
def test_no_group_is_on_two_sides(make_tracks, split, group):
    tracks = make_tracks(genres=3, artists=8, songs=3)
    slices = slices_of(tracks)
    groups = slices.merge(tracks, on="track_id")[group]
    for fold in range(5):
        parts = assign(slices, tracks, split, fold=fold)
        assert pd.Series(parts).groupby(groups).nunique().max() == 1


def test_slice_puts_songs_on_both_sides(make_tracks):
    tracks = make_tracks(artists=10)
    slices = slices_of(tracks)
    parts = pd.Series(assign(slices, tracks, "random"))
    sides = parts.groupby(slices["track_id"]).nunique()
    assert (sides > 1).mean() > 0.8


def test_copies_stay_together_under_song_and_artist(make_tracks):
    tracks = make_tracks(genres=2, artists=8, songs=2)
    # A copy under another artist's name: grouped as one recording, and so the two artists are one group.
    tracks.loc[3, "song_group"] = tracks.loc[0, "song_group"]
    joined = tracks["artist_group"].isin(tracks.loc[[0, 3], "artist_group"])
    tracks.loc[joined, "artist_group"] = tracks.loc[0, "artist_group"]
    slices = slices_of(tracks)
    for split in ("song", "artist"):
        for fold in range(5):
            parts = assign(slices, tracks, split, fold=fold)
            assert len(set(parts[slices["track_id"].isin(tracks.loc[[0, 3], "track_id"])])) == 1


@given(seed=st.integers(0, 1000), genres=st.integers(2, 4), artists=st.integers(5, 9), songs=st.integers(1, 4))
@settings(max_examples=15, deadline=None)
def test_a_split_is_a_pure_function_and_roughly_even(make_tracks, seed, genres, artists, songs):
    tracks = make_tracks(genres=genres, artists=artists, songs=songs, seed=seed)
    slices = slices_of(tracks)
    for split in ("random", "song", "artist"):
        if split == "song" and artists * songs < 5:
            continue
        parts = assign(slices, tracks, split, seed=seed)
        assert (parts == assign(slices, tracks, split, seed=seed)).all()
        assert 0.05 <= (parts == "test").mean() <= 0.4
        assert (parts == "train").mean() >= 0.4


def uneven_tracks(seed, spanning=0.0):
    """Four genres of 6 to 8 artists, half of whom have one song and half up to eleven."""
    rng = np.random.default_rng(seed)
    rows = []
    for genre in range(4):
        for artist in range(rng.integers(6, 9)):
            name = f"g{genre}-a{artist}"
            for song in range(rng.integers(1, 12) if rng.random() < 0.5 else 1):
                other = song and rng.random() < spanning
                rows.append((f"{name}-s{song}", f"g{rng.integers(4) if other else genre}", f"{name}-s{song}", name))
    tracks = pd.DataFrame(rows, columns=["track_id", "genre", "song_group", "artist_group"], dtype="string")
    return tracks.assign(mood=rng.choice(["sad", "neutral", "happy"], len(tracks)), status="ok")


def genres_tested(tracks, fold_of):
    return [set(tracks.loc[fold_of == fold, "genre"].dropna()) for fold in range(5)]


def test_every_fold_tests_every_genre():
    rescued = 0
    for seed in range(8):
        tracks = uneven_tracks(seed, spanning=0.15 * (seed % 2))
        every = set(tracks["genre"])
        groups = tracks["artist_group"].to_numpy(dtype=str)
        for split in ("song", "artist"):
            for fold in range(5):
                parts = assign(tracks[["track_id"]], tracks, split, fold=fold)
                assert set(tracks.loc[parts == "test", "genre"]) == every
        first = splits._cut(tracks, groups, 5, 0)
        complete = all(tested == every for tested in genres_tested(tracks, first))
        rescued += not complete
        if complete:  # an assignment that was good enough stays as it is
            assert (splits._folds(tracks, groups, 5, 0) == first).all()
    assert rescued  # or these corpora would be too easy to show anything


@pytest.mark.parametrize("spanning", [0.0, 0.15])
def test_the_last_resort_tests_every_genre_in_every_fold(spanning):
    for seed in range(20):
        tracks = uneven_tracks(seed, spanning)
        tracks.loc[::9, "genre"] = tracks.loc[::9, "genre"].where(tracks["artist_group"].duplicated(), pd.NA)
        groups = tracks["artist_group"].to_numpy(dtype=str)
        if tracks.groupby("genre")["artist_group"].nunique().min() < 5:
            continue
        fold_of = splits._by_genre(tracks, groups, 5)
        assert all(tested == set(tracks["genre"].dropna()) for tested in genres_tested(tracks, fold_of))
        assert pd.Series(fold_of).groupby(groups).nunique().max() == 1


def test_the_last_resort_is_taken_where_no_other_assignment_tests_every_genre(monkeypatch):
    tracks = uneven_tracks(0)
    groups = tracks["artist_group"].to_numpy(dtype=str)
    none = np.zeros(len(tracks), dtype=int)
    monkeypatch.setattr(splits, "_cut", lambda *_: none)
    assert (splits._folds(tracks, groups, 5, 0) == splits._by_genre(tracks, groups, 5)).all()


def test_classes_are_in_like_shares(make_tracks):
    tracks = make_tracks(genres=4, artists=20, songs=2)
    slices = slices_of(tracks)
    genre = slices.merge(tracks, on="track_id")["genre"]
    for split in ("random", "song", "artist"):
        parts = assign(slices, tracks, split)
        share = genre[parts == "test"].value_counts(normalize=True)
        assert share.max() - share.min() < 0.15


def test_the_poster_has_the_posters_proportions(make_tracks):
    tracks = make_tracks(genres=6, artists=25, songs=3)
    slices = slices_of(tracks)
    parts = assign(slices, tracks, "poster")
    assert (parts == "test").sum() == (parts == "validation").sum() == round(225 / 4524 * len(slices))


def test_too_few_artists_says_how_many(make_tracks):
    tracks = make_tracks(genres=2, artists=3, songs=4)
    with pytest.raises(ReportError, match=r"3 artists of 'g0' are too few for 5 folds"):
        assign(slices_of(tracks), tracks, "artist")


def test_songs_without_an_artist_stay_out_or_stop(make_tracks):
    tracks = make_tracks(genres=2, artists=10, songs=2)
    tracks.loc[[0, 1], "artist_group"] = pd.NA
    slices = slices_of(tracks)
    parts = assign(slices, tracks, "artist")
    assert (parts[slices["track_id"].isin(tracks.loc[[0, 1], "track_id"])] == "").all()
    assert (assign(slices, tracks, "song") != "").all()
    tracks.loc[:9, "artist_group"] = pd.NA
    with pytest.raises(ReportError, match=r"10 of 40 songs"):
        assign(slices, tracks, "artist")


@pytest.mark.parametrize(
    ("split", "given", "message"),
    [
        ("disc", {}, "'disc' is unknown"),
        ("song", {"fold": 5}, "fold 5 of 5"),
        ("song", {"folds": 1}, "fold 0 of 1"),
        ("poster", {"fold": 1}, "fold 1"),
    ],
)
def test_wrong_arguments_name_themselves(make_tracks, split, given, message):
    tracks = make_tracks()
    with pytest.raises(ReportError, match=message):
        assign(slices_of(tracks), tracks, split, **given)


def test_missing_labels_do_not_stop_a_split(make_tracks):
    tracks = make_tracks(genres=3, artists=8)
    tracks.loc[::3, "mood"] = pd.NA
    slices = slices_of(tracks)
    for split in ("random", "song", "artist", "poster"):
        assert set(assign(slices, tracks, split)) == set(PARTS)


def test_a_corpus_is_checked_before_the_long_work(make_tracks):
    tracks = make_tracks(genres=2, artists=5, songs=2)
    assert dict(check_corpus(tracks, ["random", "song", "artist"], 5)) == {"songs": 10, "artists": 5}
    with pytest.raises(ReportError, match="5 artists of 'g0' are too few for 6 folds"):
        check_corpus(tracks, ["random", "artist"], 6)
    assert check_corpus(tracks, ["random"], 5).empty


def test_a_genre_of_unknown_artists_is_named(make_tracks):
    tracks = make_tracks(genres=6, artists=5, songs=1)
    tracks.loc[tracks["genre"] == "g1", "artist_group"] = pd.NA
    for check in (lambda: check_corpus(tracks, ["artist"], 5), lambda: assign(slices_of(tracks), tracks, "artist")):
        with pytest.raises(ReportError, match="0 artists of 'g1'"):
            check()


def test_too_many_unknown_artists_are_reported_early_and_in_the_same_words(make_tracks):
    tracks = make_tracks(genres=2, artists=10, songs=2)
    tracks.loc[:9, "artist_group"] = pd.NA
    messages = []
    for check in (lambda: check_corpus(tracks, ["artist"], 5), lambda: assign(slices_of(tracks), tracks, "artist")):
        with pytest.raises(ReportError, match="10 of 40 songs name neither artist nor album") as raised:
            check()
        messages.append(str(raised.value))
    assert messages[0] == messages[1]
    assert dict(check_corpus(tracks, ["song"], 5)) == {"songs": 20}


def test_without_genres_all_songs_count_together(make_tracks):
    tracks = make_tracks(genres=2, artists=5, songs=2).assign(genre=pd.NA)
    assert dict(check_corpus(tracks, ["song", "artist"], 5)) == {"songs": 20, "artists": 10}
    for split in ASSIGNED:
        assert set(assign(slices_of(tracks), tracks, split)) == set(PARTS)
    few = tracks.iloc[:4]
    for check in (lambda: check_corpus(few, ["song"], 5), lambda: assign(slices_of(few), few, "song")):
        with pytest.raises(ReportError, match="4 usable songs are too few for 5 folds"):
            check()


@pytest.mark.parametrize("split", ASSIGNED)
@pytest.mark.parametrize("songs", [0, 1, 2])
def test_next_to_no_music_is_no_accident_of_a_library(make_tracks, split, songs):
    tracks = make_tracks(genres=2, artists=6, songs=1).assign(genre=pd.NA).iloc[:songs]
    with pytest.raises(ReportError, match=r"too few|leaves one"):
        assign(slices_of(tracks, each=1), tracks, split, folds=2)


def test_the_names_of_the_splits_need_no_scikit_learn():
    code = "import sys; sys.modules['sklearn'] = None; import lib.splits, lib.runs; print(lib.splits.SPLITS[-1])"
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.stdout == "artist\n", done.stderr


def test_the_official_split_is_the_tables_own(make_tracks):
    tracks = make_tracks(genres=2, artists=6, songs=2).assign(official="train")
    tracks.loc[::5, "official"] = "test"
    tracks.loc[1::5, "official"] = "validation"
    tracks.loc[3, "official"] = pd.NA
    slices = slices_of(tracks)
    parts = pd.Series(assign(slices, tracks, "official"))
    expected = slices["track_id"].map(tracks.set_index("track_id")["official"]).fillna("")
    assert parts.tolist() == expected.tolist()
    check_corpus(tracks, ["official"], 5)


@pytest.mark.parametrize(
    ("change", "given", "message"),
    [
        ({}, {}, "this corpus was published without a split"),
        ({"official": "train"}, {}, "no song is in its validation part"),
        ({"official": "train"}, {"fold": 1}, "fold 1 of 5 under official"),
        ({"official": "train"}, {"validation": 1}, "validation must be 0"),
    ],
)
def test_an_official_split_that_is_not_there_is_named(make_tracks, change, given, message):
    tracks = make_tracks().assign(**change)
    with pytest.raises(ReportError, match=message):
        assign(slices_of(tracks), tracks, "official", **given)
    if not given:
        with pytest.raises(ReportError, match=message):
            check_corpus(tracks, ["official"], 5)


def test_published_folds_are_those_of_the_runs_and_their_checksums_hold(tmp_path, make_tracks):
    tracks = make_tracks(artists=6, songs=2)
    slices = slices_of(tracks, 3)
    (tmp_path / "song.csv").write_text("of an earlier call")
    found = publish(tmp_path, slices, tracks, ["random", "artist"], 3)
    assert found[["file", "songs"]].values.tolist() == [["artist.csv", len(tracks)]]
    assert not (tmp_path / "song.csv").exists()
    assert (tmp_path / "SHA256SUMS").read_text() == "".join(f"{row.sha256}  {row.file}\n" for row in found.itertuples())
    artist = pd.read_csv(tmp_path / "artist.csv", keep_default_na=False).set_index("track_id")
    for fold in range(3):
        parts = assign(slices, tracks, "artist", fold=fold, folds=3)
        assert (artist.loc[slices["track_id"], f"fold{fold}"] == parts).all()


def test_an_album_is_on_one_side_and_its_artist_may_be_on_both(make_tracks):
    tracks = make_tracks(artists=6, songs=6)
    tracks["album"] = [f"{'Same name' if number % 2 else 'Other'}" for number in range(len(tracks))]
    slices = slices_of(tracks, 2)
    groups = album_groups(tracks)
    tracks["album_group"] = groups
    assert groups.nunique() == 2 * tracks["artist_group"].nunique()
    group_of = slices["track_id"].map(dict(zip(tracks["track_id"], groups, strict=True)))
    artist_of = slices["track_id"].map(tracks.set_index("track_id")["artist_group"])
    parts = assign(slices, tracks, "album", fold=0, folds=3)
    assert pd.Series(parts).groupby(group_of.to_numpy()).nunique().max() == 1
    assert pd.Series(parts).groupby(artist_of.to_numpy()).nunique().max() > 1
    with pytest.raises(ReportError, match="name no album"):
        assign(slices, tracks.drop(columns="album_group"), "album", fold=0, folds=3)
