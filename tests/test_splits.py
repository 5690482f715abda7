import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lib.errors import ReportError
from lib.splits import PARTS, check_corpus, split


def slices_of(tracks, each=10):
    return pd.DataFrame({"track_id": np.repeat(tracks["track_id"].to_numpy(), each)})


@pytest.mark.parametrize("protocol", ["slice", "song", "artist"])
def test_every_slice_is_tested_once_over_the_folds(make_tracks, protocol):
    tracks = make_tracks(genres=3, artists=6, songs=2)
    slices = slices_of(tracks)
    parts = np.array([split(slices, tracks, protocol, fold=k) for k in range(5)])
    assert ((parts == "test").sum(axis=0) == 1).all()
    assert set(parts.ravel()) == set(PARTS)


@pytest.mark.parametrize(("protocol", "group"), [("song", "song_group"), ("artist", "artist_group")])
def test_no_group_is_on_two_sides(make_tracks, protocol, group):
    tracks = make_tracks(genres=3, artists=8, songs=3)
    slices = slices_of(tracks)
    groups = slices.merge(tracks, on="track_id")[group]
    for fold in range(5):
        parts = split(slices, tracks, protocol, fold=fold)
        assert pd.Series(parts).groupby(groups).nunique().max() == 1


def test_slice_puts_songs_on_both_sides(make_tracks):
    tracks = make_tracks(artists=10)
    slices = slices_of(tracks)
    parts = pd.Series(split(slices, tracks, "slice"))
    sides = parts.groupby(slices["track_id"]).nunique()
    assert (sides > 1).mean() > 0.8


def test_copies_stay_together_under_song_and_artist(make_tracks):
    tracks = make_tracks(genres=2, artists=8, songs=2)
    # A copy under another artist's name: grouped as one recording, and so the two artists are one group.
    tracks.loc[3, "song_group"] = tracks.loc[0, "song_group"]
    joined = tracks["artist_group"].isin(tracks.loc[[0, 3], "artist_group"])
    tracks.loc[joined, "artist_group"] = tracks.loc[0, "artist_group"]
    slices = slices_of(tracks)
    for protocol in ("song", "artist"):
        for fold in range(5):
            parts = split(slices, tracks, protocol, fold=fold)
            assert len(set(parts[slices["track_id"].isin(tracks.loc[[0, 3], "track_id"])])) == 1


@given(seed=st.integers(0, 1000), genres=st.integers(2, 4), artists=st.integers(5, 9), songs=st.integers(1, 4))
@settings(max_examples=15, deadline=None)
def test_a_split_is_a_pure_function_and_roughly_even(make_tracks_static, seed, genres, artists, songs):
    tracks = make_tracks_static(genres=genres, artists=artists, songs=songs, seed=seed)
    slices = slices_of(tracks)
    for protocol in ("slice", "song", "artist"):
        if protocol == "song" and artists * songs < 5:
            continue
        parts = split(slices, tracks, protocol, seed=seed)
        assert (parts == split(slices, tracks, protocol, seed=seed)).all()
        assert 0.05 <= (parts == "test").mean() <= 0.4
        assert (parts == "train").mean() >= 0.4


@pytest.fixture(scope="module")
def make_tracks_static():
    from tests.conftest import make_tracks

    return make_tracks.__wrapped__()


def test_classes_are_in_like_shares(make_tracks):
    tracks = make_tracks(genres=4, artists=20, songs=2)
    slices = slices_of(tracks)
    genre = slices.merge(tracks, on="track_id")["genre"]
    for protocol in ("slice", "song", "artist"):
        parts = split(slices, tracks, protocol)
        share = genre[parts == "test"].value_counts(normalize=True)
        assert share.max() - share.min() < 0.15


def test_the_poster_split_has_the_posters_proportions(make_tracks):
    tracks = make_tracks(genres=6, artists=25, songs=3)
    slices = slices_of(tracks)
    parts = split(slices, tracks, "poster_split")
    assert (parts == "test").sum() == (parts == "dev").sum() == round(225 / 4524 * len(slices))


def test_too_few_artists_says_how_many(make_tracks):
    tracks = make_tracks(genres=2, artists=3, songs=4)
    with pytest.raises(ReportError, match=r"3 artists of 'g0' are too few for 5 folds"):
        split(slices_of(tracks), tracks, "artist")


def test_songs_without_an_artist_stay_out_or_stop(make_tracks):
    tracks = make_tracks(genres=2, artists=10, songs=2)
    tracks.loc[[0, 1], "artist_group"] = pd.NA
    slices = slices_of(tracks)
    parts = split(slices, tracks, "artist")
    assert (parts[slices["track_id"].isin(tracks.loc[[0, 1], "track_id"])] == "").all()
    assert (split(slices, tracks, "song") != "").all()
    tracks.loc[:9, "artist_group"] = pd.NA
    with pytest.raises(ReportError, match=r"10 of 40 songs"):
        split(slices, tracks, "artist")


@pytest.mark.parametrize(
    ("protocol", "given", "message"),
    [
        ("album", {}, "'album' is unknown"),
        ("song", {"fold": 5}, "fold 5 of 5"),
        ("song", {"folds": 1}, "fold 0 of 1"),
        ("poster_split", {"fold": 1}, "fold 1"),
    ],
)
def test_wrong_arguments_name_themselves(make_tracks, protocol, given, message):
    tracks = make_tracks()
    with pytest.raises(ReportError, match=message):
        split(slices_of(tracks), tracks, protocol, **given)


def test_missing_labels_do_not_stop_a_split(make_tracks):
    tracks = make_tracks(genres=3, artists=8)
    tracks.loc[::3, "mood"] = pd.NA
    slices = slices_of(tracks)
    for protocol in ("slice", "song", "artist", "poster_split"):
        assert set(split(slices, tracks, protocol)) == set(PARTS)


def test_a_corpus_is_checked_before_the_long_work(make_tracks):
    tracks = make_tracks(genres=2, artists=5, songs=2)
    assert dict(check_corpus(tracks, ["slice", "song", "artist"], 5)) == {"songs": 10, "artists": 5}
    with pytest.raises(ReportError, match="5 artists of 'g0' are too few for 6 folds"):
        check_corpus(tracks, ["slice", "artist"], 6)
    tracks.loc[tracks["genre"] == "g1", "artist_group"] = pd.NA
    with pytest.raises(ReportError, match="0 artists of 'g1'"):
        check_corpus(tracks, ["artist"], 5)
    assert check_corpus(tracks, ["slice"], 5).empty
