"""Smaller training sets: what is held back, and which artists stay."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lib.control_splits import HELD_BACK
from lib.errors import ReportError
from lib.splits import assign
from tests.test_splits import slices_of

FOLDS = 3


@pytest.fixture
def music(make_tracks):
    tracks = make_tracks(artists=6, songs=2)
    return tracks, slices_of(tracks, 10)


def parts_of(music, split, **given):
    tracks, slices = music
    return assign(slices, tracks, split, folds=FOLDS, **given)


@pytest.mark.parametrize("fold", range(FOLDS))
def test_seen_and_unseen_train_on_the_same_and_test_on_what_they_say(music, fold):
    seen, unseen, artist = (parts_of(music, split, fold=fold) for split in ("seen", "unseen", "artist"))
    nexts = [parts_of(music, "artist", fold=(fold + step) % FOLDS) for step in (1, 2)]
    tracks = music[1]["track_id"].to_numpy()
    np.testing.assert_array_equal(seen == "train", unseen == "train")
    for parts in (seen, unseen):
        np.testing.assert_array_equal(parts == "validation", artist == "validation")
    assert set(tracks[unseen == "test"]) == set(tracks[artist == "test"])
    then = np.where(nexts[0] == "validation", nexts[1], nexts[0])  # who is validation until it tests
    assert set(tracks[seen == "test"]) == set(tracks[artist == "train"]) & set(tracks[then == "test"])
    assert set(tracks[seen == "train"]) == set(tracks[artist == "train"])
    rest = pd.Series(seen == "train")[artist == "train"].groupby(tracks[artist == "train"]).mean()
    np.testing.assert_allclose(rest, 1 - HELD_BACK)


def test_a_song_is_tested_once_and_on_the_same_slices_by_models_that_know_it_and_do_not(music):
    tested = {
        split: np.array([parts_of(music, split, fold=fold) == "test" for fold in range(FOLDS)])
        for split in ("seen", "unseen")
    }
    assert max(tested["seen"].sum(axis=0)) == max(tested["unseen"].sum(axis=0)) == 1
    seen, unseen = tested["seen"].any(axis=0), tested["unseen"].any(axis=0)
    trains = np.array([parts_of(music, "artist", fold=fold) == "train" for fold in range(FOLDS)]).any(axis=0)
    np.testing.assert_array_equal(seen, unseen & trains)
    held = pd.Series(unseen).groupby(music[1]["track_id"]).mean()
    np.testing.assert_allclose(held, HELD_BACK)


def test_a_song_of_one_slice_trains_with_it_and_is_not_tested(make_tracks):
    tracks = make_tracks(artists=6, songs=2)
    slices = slices_of(tracks)
    lone = slices["track_id"].iloc[0]
    slices = slices[(slices["track_id"] != lone) | ~slices["track_id"].duplicated()].reset_index(drop=True)
    of_lone = (slices["track_id"] == lone).to_numpy()
    for fold in range(FOLDS):
        artist, seen, unseen = (
            assign(slices, tracks, split, fold=fold, folds=FOLDS)[of_lone].item()
            for split in ("artist", "seen", "unseen")
        )
        assert seen == unseen == ("" if artist == "test" else artist)


@settings(max_examples=15, deadline=None)
@given(low=st.floats(0.05, 1), high=st.floats(0.05, 1), seed=st.integers(0, 5))
def test_smaller_shares_lie_within_larger_ones_and_test_the_same(make_tracks, low, high, seed):
    low, high = sorted((low, high))
    tracks = make_tracks(artists=6, songs=2)
    music = (tracks, slices_of(tracks, 3))
    few, more, all_ = (parts_of(music, "artist", share=share, seed=seed) for share in (low, high, 1.0))
    assert not ((few == "train") & (more != "train")).any() and not ((more == "train") & (all_ != "train")).any()
    for part in ("validation", "test"):
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


@pytest.mark.parametrize(("split", "share"), [("artist", 0), ("song", 1.5), ("random", 0.5), ("seen", 0.5)])
def test_a_wrong_share_names_itself(music, split, share):
    with pytest.raises(ReportError, match=f"share {share} under {split}"):
        parts_of(music, split, share=share)
