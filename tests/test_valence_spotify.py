import numpy as np
import pandas as pd
import pytest

from lib.datasets.valence.spotify import CREDENTIALS, Spotify, _query
from lib.errors import ReportError
from tests.spotify import ID, SECRET, serve

SONGS = {f"s{n}": (f"Band {n}", f"Tune {n}", 180.0, n / 30) for n in range(1, 26)}
SONGS["s3"] = ("Band 3", "Tune 3", 180.0, None)


def tracks(numbers) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "track_id": [f"t{n}" for n in numbers],
            "artist": [f"Band {n}" for n in numbers],
            "title": [f"Tune {n}" for n in numbers],
            "valence": np.nan,
            "whole_s": 180.0,
        }
    )


@pytest.fixture
def service():
    with serve(SONGS) as running:
        yield running


@pytest.fixture
def spotify(service, tmp_path, monkeypatch):
    """Make a source that queries the stand-in; ``spotify.waited`` lists the pauses."""
    monkeypatch.setenv(CREDENTIALS[0], ID)
    monkeypatch.setenv(CREDENTIALS[1], SECRET)
    waited = []

    def make(name="cache"):
        return Spotify(tmp_path / name, **service.addresses, sleep=waited.append)

    make.waited = waited
    return make


def test_valence_match_and_score_are_kept(spotify):
    response = spotify().look_up(tracks([1, 2]))
    assert response.failure == ""
    assert response.table["valence"].tolist() == pytest.approx([1 / 30, 2 / 30])
    assert response.table["match"].tolist() == ["Band 1: Tune 1", "Band 2: Tune 2"]
    assert response.table["score"].tolist() == [1.0, 1.0]


def test_nothing_is_requested_twice(spotify, service):
    spotify().look_up(tracks([1, 2, 3]))
    before = len(service.requests)
    again = spotify().look_up(tracks([1, 2, 3]))
    assert len(service.requests) == before
    assert again.table["valence"].notna().tolist() == [True, True, False]


@pytest.fixture
def small_batches(monkeypatch):
    monkeypatch.setattr("lib.datasets.valence.spotify.BATCH", 10)


@pytest.mark.usefixtures("small_batches")
def test_features_come_many_at_a_time(spotify, service):
    response = spotify().look_up(tracks(range(1, 26)))
    questions = [ids for question, ids in service.requests if question == "audio-features"]
    assert [len(ids.split(",")) for ids in questions] == [1, 10, 10, 4]
    assert response.table["valence"].notna().sum() == 24


def test_what_is_unknown_has_a_reason(spotify, service):
    service.songs = {**SONGS, "x": ("Band X", "Tune Q (Live)", 180.0, 0.5)}
    some = tracks([3, 1000, 1])
    some.loc[3] = ["t", "Various Artists", "Tune 1", np.nan, 180.0]
    some.loc[4] = ["t", "Band 1", None, np.nan, 180.0]
    some.loc[5] = ["t", "Band X", "Tune Q", np.nan, 180.0]
    response = spotify().look_up(some)
    assert response.failure == ""
    notes = response.table["note"].tolist()
    assert notes[0] == "no features"
    assert notes[1] == "nothing found"
    assert notes[2] == ""
    assert notes[3] == notes[4] == "no artist or no title to search for"
    assert notes[5].startswith("doubtful match (Band X: Tune Q (Live)")
    assert response.table["valence"].notna().tolist() == [False, False, True, False, False, False]


@pytest.mark.parametrize(
    ("faults", "says"),
    [
        ({"token": [400]}, "refused the credentials (401). Check SPOTIPY_CLIENT_ID"),
        ({"token": [401]}, "refused the credentials (401). Check SPOTIPY_CLIENT_ID"),
        ({"search": [401]}, "refused the credentials (401)"),
        ({"audio-features": [403]}, "since 2024-11-27 that is closed to new applications. Use another source"),
        ({"audio-features": [404]}, "withdrawn this question (404)"),
        ({"search": [(429, "86400")]}, "responded 429 (it asks to wait 86400 s). What was found is kept"),
        ({"search": [503] * 6}, "responded 503. What was found is kept"),
        ({"search": ["<html>"] * 6}, "another form than it documents"),
        ({"audio-features": ['{"audio_features": []}'] * 6}, "another form than it documents"),
        ({"audio-features": ['{"audio_features": [{"valence": 7}]}'] * 6}, "another form than it documents"),
        ({"search": ['{"tracks": {"items": [{"id": 5}]}}'] * 6}, "another form than it documents"),
        ({"token": [500] * 6}, "responded 500"),
        ({"token": ["{"] * 6}, "another form than it documents"),
    ],
)
def test_a_refusal_has_a_remedy_and_the_rest_is_not_requested(spotify, service, faults, says, capfd):
    service.faults = faults
    response = spotify().look_up(tracks([1, 2, 4]))
    assert says in response.failure
    assert response.table["valence"].isna().all()
    assert (response.table["note"] != "").all()
    text = response.failure + "".join(response.table["note"]) + "".join(capfd.readouterr())
    assert SECRET not in text
    assert "a-token" not in text
    # Nothing is lost: the next request goes on.
    service.faults = {}
    assert spotify().look_up(tracks([1, 2, 4])).table["valence"].notna().all()


@pytest.mark.parametrize(
    "faults",
    [
        {"search": [(429, "3"), 500], "audio-features": [502]},
        {"search": ["not json"], "audio-features": ["{}", "null"]},
        {"token": [503]},
    ],
)
def test_what_passes_is_waited_for(spotify, service, faults):
    service.faults = faults
    response = spotify().look_up(tracks([1, 2]))
    assert response.failure == ""
    assert response.table["valence"].notna().all()
    assert len(spotify.waited) >= 1
    assert max(spotify.waited) <= 20


def test_what_is_known_is_returned_after_a_refusal(spotify, service):
    spotify().look_up(tracks([1, 4]))
    service.faults = {"search": [403]}
    response = spotify().look_up(tracks([1, 2, 4]))
    assert response.table["valence"].notna().tolist() == [True, False, True]
    assert "403" in response.failure


def test_of_several_songs_the_best_is_taken(spotify, service):
    service.songs = {"live": ("Band 1", "Tune 1 (Live)", 180.0, 0.9), **SONGS}
    assert spotify().look_up(tracks([1])).table["match"].tolist() == ["Band 1: Tune 1"]


@pytest.mark.parametrize("status", [400, 404])
def test_a_question_that_spotify_cannot_read_is_one_tracks_trouble(spotify, service, status):
    service.faults = {"search": [None, status]}
    some = tracks([1, 2, 4])
    some.loc[1, "title"] = "Tune " * 100
    response = spotify().look_up(some)
    assert response.failure == ""
    assert response.table["valence"].notna().tolist() == [True, False, True]
    assert response.table["note"].tolist()[1] == "not understood"
    assert max(len(words) for question, words in service.requests if question == "search") < 200


@pytest.mark.parametrize(
    ("faults", "later"),
    [({"audio-features": [403]}, False), ({"search": [(429, "9000")]}, True), ({"token": [401]}, True)],
)
def test_it_says_whether_to_retry(spotify, service, faults, later):
    service.faults = faults
    assert spotify().look_up(tracks([1])).later == later


def test_a_cache_that_cannot_be_written_is_reported_and_nothing_breaks(spotify, monkeypatch):
    source = spotify()

    def put(kind, values):
        raise ReportError("the disk is full")

    monkeypatch.setattr(source._cache, "put", put)
    response = source.look_up(tracks([1, 2]))
    assert response.failure == "the disk is full"
    assert response.table["valence"].isna().all()


@pytest.mark.usefixtures("small_batches")
def test_interrupted_it_goes_on_where_it_was(spotify, service):
    service.faults = {"audio-features": [None, None, 403]}
    first = spotify().look_up(tracks(range(1, 26)))
    assert first.table["valence"].notna().sum() == 10  # one, and ten of which one has no features
    assert "403" in first.failure
    searched = sum(question == "search" for question, _ in service.requests)
    assert searched < 25
    again = spotify().look_up(tracks(range(1, 26)))
    assert again.table["valence"].notna().sum() == 24
    assert sum(question == "search" for question, _ in service.requests) == 25


@pytest.mark.parametrize("missing", CREDENTIALS)
def test_without_credentials_it_says_where_they_go(spotify, service, monkeypatch, missing):
    monkeypatch.delenv(missing)
    response = spotify().look_up(tracks([1]))
    assert response.failure.startswith(f"{missing} not set. Put your application's credentials")
    assert not service.requests


@pytest.mark.parametrize(
    ("artist", "title"), [("a" * 90, "b" * 90), ("a" * 5, "b" * 200), ("a" * 200, "b"), ("a", "b")]
)
def test_a_query_is_no_longer_than_spotify_allows(artist, title):
    words = _query(artist, title)
    assert len(words) <= 100 and words.startswith('artist:"a') and 'track:"b' in words


def test_nobody_answers(spotify, service, tmp_path):
    source = Spotify(
        tmp_path / "cache", api="http://127.0.0.1:9/v1/", tokens="http://127.0.0.1:9/t", sleep=lambda s: None
    )
    assert "connection to Spotify broke" in source.look_up(tracks([1])).failure


def test_no_secret_is_stored(spotify, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    spotify().look_up(tracks([1, 2]))
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert [path.name for path in files] == ["cache"]
    assert SECRET.encode() not in files[0].read_bytes()
    assert b"a-token" not in files[0].read_bytes()
