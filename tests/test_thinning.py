"""Smaller training sets: what is held back, and which artists stay."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lib.errors import ReportError
from lib.splits import split
from lib.thinning import HELD_BACK
from tests.test_splits import slices_of

FOLDS = 3


@pytest.fixture
def music(make_tracks):
    tracks = make_tracks(artists=6, songs=2)
    return tracks, slices_of(tracks, 10)


def parts_of(music, protocol, **given):
    tracks, slices = music
    return split(slices, tracks, protocol, folds=FOLDS, **given)


@pytest.mark.parametrize("fold", range(FOLDS))
def test_seen_and_unseen_train_on_the_same_and_test_on_what_they_say(music, fold):
    seen, unseen, artist = (parts_of(music, protocol, fold=fold) for protocol in ("seen", "unseen", "artist"))
    tracks = music[1]["track_id"].to_numpy()
    np.testing.assert_array_equal(seen == "train", unseen == "train")
    np.testing.assert_array_equal(seen == "dev", artist == "dev")
    np.testing.assert_array_equal(unseen == "test", artist == "test")
    assert set(tracks[seen == "test"]) == set(tracks[seen == "train"]) == set(tracks[artist == "train"])
    assert not set(tracks[unseen == "test"]) & set(tracks[unseen == "train"])
    held = pd.Series(seen[artist == "train"] == "test").groupby(tracks[artist == "train"]).mean()
    assert (held == HELD_BACK).all()


def test_over_the_folds_every_song_is_tested_by_models_that_know_it_and_one_that_does_not(music):
    tracks = music[1]["track_id"]
    seen = pd.concat([tracks[parts_of(music, "seen", fold=fold) == "test"] for fold in range(FOLDS)])
    unseen = pd.concat([tracks[parts_of(music, "unseen", fold=fold) == "test"] for fold in range(FOLDS)])
    assert set(seen) <= set(unseen) == set(tracks) and not unseen.index.duplicated().any()


def test_a_song_of_one_slice_trains_with_it(make_tracks):
    tracks = make_tracks(artists=6, songs=2)
    slices = slices_of(tracks, 10)
    lone = slices["track_id"].iloc[0]
    slices = slices[(slices["track_id"] != lone) | ~slices["track_id"].duplicated()].reset_index(drop=True)
    for fold in range(FOLDS):
        artist, seen = (split(slices, tracks, protocol, fold=fold, folds=FOLDS) for protocol in ("artist", "seen"))
        of_lone = (slices["track_id"] == lone).to_numpy()
        assert seen[of_lone] == artist[of_lone] or artist[of_lone] == "test"


@settings(max_examples=15, deadline=None)
@given(low=st.floats(0.05, 1), high=st.floats(0.05, 1), seed=st.integers(0, 5))
def test_smaller_shares_lie_within_larger_ones_and_test_the_same(make_tracks, low, high, seed):
    low, high = sorted((low, high))
    tracks = make_tracks(artists=6, songs=2)
    music = (tracks, slices_of(tracks, 3))
    few, more, all_ = (parts_of(music, "artist", share=share, seed=seed) for share in (low, high, 1.0))
    assert not ((few == "train") & (more != "train")).any() and not ((more == "train") & (all_ != "train")).any()
    for part in ("dev", "test"):
        np.testing.assert_array_equal(few == part, all_ == part)
    genre = music[1]["track_id"].map(tracks.set_index("track_id")["genre"])
    assert set(genre[few == "train"]) == set(genre[all_ == "train"])


def test_half_of_the_artists_are_half_of_each_genre(music):
    tracks, slices = music
    known = tracks.set_index("track_id").loc[slices["track_id"], ["genre", "artist_group"]].reset_index(drop=True)
    counts = [
        known[parts_of(music, "artist", share=share) == "train"].groupby("genre")["artist_group"].nunique()
        for share in (0.5, 1.0)
    ]
    assert ((counts[0] - counts[1] / 2).abs() <= 0.5).all()


@pytest.mark.parametrize(("protocol", "share"), [("artist", 0), ("song", 1.5), ("slice", 0.5), ("seen", 0.5)])
def test_a_wrong_share_names_itself(music, protocol, share):
    with pytest.raises(ReportError, match=f"share {share} under {protocol}"):
        parts_of(music, protocol, share=share)
