"""The nearest training slice, and the adversarial check of a split, on made-up slices."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from lib.evaluation.bootstrap import Bootstrap
from lib.evaluation.nearest_slice import nearest_slices
from lib.evaluation.split_shift import split_shift
from lib.io import write_parquet
from lib.runs import nearest
from lib.runs.run import Run
from lib.splits import assign
from tests.test_splits import slices_of


@pytest.fixture
def music(make_tracks):
    tracks = make_tracks(artists=12, songs=3)
    return tracks, slices_of(tracks, 4)


def finished(folder, music, split, fold, vectors):
    tracks, slices = music
    parts = assign(slices, tracks, split, fold=fold, folds=3)
    used = np.flatnonzero(parts != "")
    folder.mkdir()
    table = pd.DataFrame({"slice": used, "track_id": slices["track_id"].to_numpy()[used], "part": parts[used]})
    write_parquet(table, folder / "predictions.parquet")
    np.save(folder / "embedding.npy", vectors[used].astype(np.float16))
    return SimpleNamespace(run=Run("yu2018", split, fold), folder=folder, stale=False)


def test_the_nearest_slice_is_of_the_song_and_where_that_is_gone_of_the_artist(tmp_path, music):
    tracks, slices = music
    rng = np.random.default_rng(0)
    artist = pd.factorize(slices["track_id"].map(tracks.set_index("track_id")["artist_group"]))[0]
    song = pd.factorize(slices["track_id"])[0]
    place = rng.normal(0, 10, (artist.max() + 1, 3))[artist] + rng.normal(0, 1, (song.max() + 1, 3))[song]
    vectors = place + rng.normal(0, 0.05, place.shape)
    runs = [
        finished(tmp_path / f"{s}{f}", music, s, f, vectors) for s in ("random", "song", "artist") for f in range(3)
    ]
    table = nearest_slices(runs, slices, tracks, ["genre"], Bootstrap(100)).set_index("split")
    assert list(table.index) == ["random", "song", "artist"] and set(table["n_songs"]) == {len(tracks)}
    assert table.loc["random", "same_song"] > 0.9 and (table.loc[["song", "artist"], "same_song"] == 0).all()
    assert table.loc["song", "same_artist"] > 0.9 and table.loc["artist", "same_artist"] == 0
    assert table.loc["song", "genre"] == pytest.approx(1) and table.loc["artist", "genre"] < 0.9
    kept = tmp_path / "kept"
    kept.mkdir()
    nearest.commit(runs[0].folder, kept)
    pd.testing.assert_frame_equal(nearest.nearest(kept), nearest.nearest(runs[0].folder))
    (runs[0].folder / "embedding.npy").unlink()
    assert not len(nearest.nearest(runs[0].folder))


def test_a_test_set_of_another_kind_is_found_out(make_tracks):
    tracks = make_tracks(artists=24, songs=2).assign(official="train")
    table = slices_of(tracks, 3)
    rng = np.random.default_rng(0)
    tracks["official"] = np.where(tracks["artist_group"].isin(tracks["artist_group"].unique()[::3]), "test", "train")
    tracks.loc[tracks["artist_group"] == tracks["artist_group"].iloc[-1], "official"] = "validation"
    tested = table["track_id"].map(tracks.set_index("track_id")["official"]) == "test"

    class Made(SimpleNamespace):
        def __len__(self):
            return len(table)

    def area(shift):
        pictures = rng.normal(0, 1, (len(table), 6, 8)) + shift * tested.to_numpy()[:, None, None]
        made = Made(table=table, batches=lambda numbers, size: [pictures])
        return split_shift(made, tracks, ["official"], 3, [0, 1, 2])["auc"].iloc[0]

    assert area(1.0) > 0.9 and area(0.0) == pytest.approx(0.5, abs=0.15)
