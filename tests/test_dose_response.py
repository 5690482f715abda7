"""Doses of leakage: who trains with what, and the curve that comes of it."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from lib.control_splits import DOSES, SLICES, SONGS, TESTED
from lib.evaluation import dose_response, predictions
from lib.evaluation.bootstrap import Bootstrap
from lib.runs.run import Run
from lib.splits import assign
from tests.test_splits import slices_of

FOLDS = 3


@pytest.fixture(scope="module")
def music(request):
    rows = []
    for number in range(36):  # every third artist has songs enough for a dose of songs
        for song in range(6 if number % 3 == 0 else 2):
            rows.append((f"a{number}s{song}", f"a{number}", ("rock", "pop")[number % 2]))
    tracks = pd.DataFrame(rows, columns=["track_id", "artist_group", "genre"])
    tracks = tracks.assign(song_group=tracks["track_id"], mood="sad", status="ok", title="", artist="")
    return tracks, slices_of(tracks, 10)


def doses_of(music, split, fold):
    """Slices of each tested song and other songs of its artist in training, by song; and the parts."""
    tracks, slices = music
    parts = assign(slices, tracks, split, fold=fold, folds=FOLDS)
    artist = slices["track_id"].map(tracks.set_index("track_id")["artist_group"])
    rows = {}
    for song in slices.loc[parts == "test", "track_id"].unique():
        own = slices["track_id"] == song
        others = slices.loc[(parts == "train") & (artist == artist[own].iloc[0]) & ~own, "track_id"]
        assert (parts[own] == "test").sum() == TESTED
        rows[song] = ((parts[own] == "train").sum(), others.nunique())
    return rows, parts


@pytest.mark.parametrize("fold", range(FOLDS))
def test_every_song_gets_every_dose_and_the_training_set_keeps_its_size(music, fold):
    found = [doses_of(music, split, fold) for split in DOSES]
    songs = [rows for rows, _ in found]
    assert len({frozenset(rows) for rows in songs}) == 1 and len(songs[0]) == 12  # one an artist, the same in all
    for song in songs[0]:
        given = [rows[song] for rows in songs]
        if any(others for _, others in given):
            assert {others for _, others in given} == {*SONGS} and not any(own for own, _ in given)
        else:
            assert sorted(own for own, _ in given) == [*SLICES]
    tests = [np.flatnonzero(parts == "test") for _, parts in found]
    assert all(np.array_equal(tests[0], other) for other in tests)
    artist = assign(music[1], music[0], "artist", fold=fold, folds=FOLDS)
    for _, parts in found:
        assert (parts == "train").sum() == (artist == "train").sum()
        assert np.array_equal(parts == "validation", artist == "validation")


def test_a_known_gain_is_found(music):
    """Slices of a known song are named right, all others by chance."""
    tracks, slices = music
    rng, runs = np.random.default_rng(0), []
    for split in DOSES:
        for fold in range(FOLDS):
            rows, parts = doses_of(music, split, fold)
            test = np.flatnonzero(parts == "test")
            known = slices["track_id"].iloc[test].map(lambda song, rows=rows: rows[song][0] > 0).to_numpy()
            true = (slices["track_id"].iloc[test].map(tracks.set_index("track_id")["genre"]) == "rock").to_numpy()
            chance = np.where(known, true, rng.random(len(test)) < 0.5).astype(np.float32)
            table = pd.DataFrame({"slice": test, "track_id": slices["track_id"].to_numpy()[test], "part": "test"})
            table = table.assign(**{"genre:pop": 1 - chance, "genre:rock": chance})
            metrics = {"run": {"folds": FOLDS}, "heads": {"genre": ["pop", "rock"]}}
            runs.append(
                SimpleNamespace(
                    run=Run("net", split, fold, 0), folder="", metrics=metrics, stale=False,
                    predictions=lambda part, columns=None, table=table: table,
                )
            )  # fmt: skip
    table = dose_response.dose_response(predictions.collect(runs, tracks), slices, tracks, Bootstrap(300))
    slices_of_song = table[table["of"] == dose_response.SLICES].set_index("dose")
    assert list(slices_of_song.index) == [*SLICES] and set(slices_of_song["n_songs"]) == {24}
    assert slices_of_song.loc[1, "accuracy"] == 1 and slices_of_song.loc[0, "accuracy"] == pytest.approx(0.5, abs=0.2)
    assert slices_of_song.loc[[1, 2, 4, 8], "significant"].all()
    assert slices_of_song.loc[8, "each"] == pytest.approx(slices_of_song.loc[8, "gain"] / 8)
    songs = table[table["of"] == dose_response.SONGS].set_index("dose")
    assert list(songs.index) == [*SONGS] and not songs["significant"].any()
