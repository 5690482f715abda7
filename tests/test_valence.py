import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lib.datasets.valence import Lookup, blank, fill
from lib.datasets.valence.matching import LEAST, Candidate, score
from lib.datasets.valence.sources import Listed, Own, sources
from lib.datasets.valence.spotify import Cache
from lib.errors import ReportError

TRACKS = pd.DataFrame(
    {
        "track_id": ["a", "b", "c", "d"],
        "artist": ["The Cats", "Dogs", "Birds", None],
        "title": ["Purr!", "Bark", "Tweet", "Silence"],
        "valence": [0.1, np.nan, 0.3, np.nan],
        "whole_s": [180.0, 200.0, np.nan, 100.0],
    },
    index=[3, 1, 7, 5],
)


class Failing:
    name = "failing"

    def look_up(self, tracks):
        return Lookup(blank(tracks).assign(note="not asked"), "it broke; fix it")


def test_the_first_source_that_knows_a_track_counts(tmp_path):
    (tmp_path / "mine.csv").write_text("track_id,valence\na,0.9\nb,0.8\nd,\n")
    table, source_failures = fill(TRACKS, [Own("Echo Nest"), Failing(), Listed(tmp_path / "mine.csv")])
    assert table["valence"].tolist()[:3] == [0.1, 0.8, 0.3]
    assert np.isnan(table["valence"].iloc[3])
    assert table["source"].tolist() == ["Echo Nest", "mine.csv", "Echo Nest", ""]
    assert table["note"].tolist()[1] == "Echo Nest: none known; failing: not asked"
    assert table["note"].tolist()[3].endswith("mine.csv: no valence there")
    assert source_failures == {"failing": {"failure": "it broke; fix it", "later": False}}


def test_the_order_of_the_sources_is_theirs(tmp_path):
    (tmp_path / "mine.csv").write_text("track_id,valence\na,0.9\nb,0.8\n")
    table, _ = fill(TRACKS, [Listed(tmp_path / "mine.csv"), Own("Echo Nest")])
    assert table["valence"].tolist()[:3] == [0.9, 0.8, 0.3]


def test_a_list_by_artist_and_title_does_not_mind_how_they_are_written(tmp_path):
    (tmp_path / "mine.csv").write_text("Artist;Title;Valence\ncats;PURR;0.25\nBirds;Tweet;0.5\n")
    assert Listed(tmp_path / "mine.csv").look_up(TRACKS).table["valence"].tolist()[0::2] == [0.25, 0.5]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("track_id,valence\na,1.5\n", "row 2, column valence: '1.5' is not a number from 0 to 1"),
        ("track_id,mood\na,sad\n", "no column 'valence'"),
        ("title,valence\nPurr,0.5\n", "no column 'artist'"),
        ("track_id,valence\na,0.5\na,0.6\n", "row 3: 'a' has a row already"),
        ("artist,title,valence\nThe Cats,Purr,0.5\nCats,purr!,0.6\n", "row 3: 'purr! by Cats' has a row already"),
    ],
)
def test_a_wrong_list_names_row_and_value(tmp_path, text, message):
    (tmp_path / "mine.csv").write_text(text)
    with pytest.raises(ReportError, match=message):
        Listed(tmp_path / "mine.csv")


@pytest.mark.parametrize(
    ("names", "message"),
    [(["lastfm"], "'lastfm' is unknown"), (["own", "own"], "twice"), (["csv:/no/where.csv"], "there is no such file")],
)
def test_sources_that_are_not_there_are_named(tmp_path, names, message):
    with pytest.raises(ReportError, match=message):
        sources(names, own="Echo Nest", cache=tmp_path / "cache")


def test_sources_by_name(tmp_path):
    (tmp_path / "mine.csv").write_text("track_id,valence\na,0.9\n")
    made = sources(["own", f"csv:{tmp_path}/mine.csv", "spotify"], own="Echo Nest", cache=tmp_path / "cache")
    assert [source.name for source in made] == ["Echo Nest", "mine.csv", "Spotify"]


@pytest.mark.parametrize(
    ("candidate", "artist", "title", "seconds", "good"),
    [
        (("Purr", ["The Cats"], 180), "The Cats", "Purr", 180, True),
        (("Purr (feat. Dogs)", ["The Cats", "Dogs"], 181), "the cats", "PURR!", 180, True),
        (("Purr - Remastered 2009", ["The Cats"], 179), "The Cats", "Purr", 180, True),
        (("Purr", ["Cats, The"], None), "The Cats", "Purr", None, True),
        (("Purr (Live)", ["The Cats"], 180), "The Cats", "Purr", 180, False),
        (("Purr (Live)", ["The Cats"], 180), "The Cats", "Purr live", 180, True),
        (("Purr", ["The Cats"], 300), "The Cats", "Purr", 180, False),
        (("Purr", ["Some Other Band"], 180), "The Cats", "Purr", 180, False),
        (("Bark", ["The Cats"], 180), "The Cats", "Purr", 180, False),
        (("Six Ft Under", ["The Cats"], None), "The Cats", "Six Ft Deep", None, False),
        (("Suite, Part 2", ["The Cats"], None), "The Cats", "Suite, Part 1", None, False),
        (("!!!", ["!!!"], None), "!!!", "!!!", None, True),
        (("???", ["!!!"], None), "!!!", "!!!", None, False),
        (("Мурр", ["Коты"], 180), "коты", "мурр", 180, True),
    ],
)
def test_what_counts_as_the_same_song(candidate, artist, title, seconds, good):
    name, artists, found_s = candidate
    assert (score(Candidate("x", name, artists, found_s), artist, title, seconds) >= LEAST) == good


@settings(max_examples=50)
@given(st.text(max_size=30), st.text(max_size=30), st.text(max_size=30), st.floats(0, 1e4), st.floats(0, 1e4))
def test_a_score_is_a_share_and_nearer_durations_never_lower_it(title, artist, other, near, far):
    found = Candidate("x", other, [artist], 100.0)
    low, high = sorted((near, far), key=lambda s: -abs(s - 100.0))
    assert 0 <= score(found, artist, title, low or 1e5) <= score(found, artist, title, high or 1e5) <= 1


def test_a_cache_keeps_what_is_put_there(tmp_path):
    cache = Cache(tmp_path / "deep" / "cache")
    cache.put("valence", {"a": 0.5, "b": None})
    again = Cache(tmp_path / "deep" / "cache")
    assert again.get("valence", "abc") == {"a": 0.5, "b": None}
    assert again.get("search", "a") == {}


@pytest.mark.parametrize("cut", [1, 2, 15])
def test_a_cache_that_was_cut_off_loses_one_line(tmp_path, cut):
    path = tmp_path / "cache"
    Cache(path).put("valence", {"a": 0.5, "b": 0.25})
    path.write_bytes(path.read_bytes()[:-cut])
    Cache(path).put("valence", {"c": 0.75})
    held = Cache(path).get("valence", "abc")
    assert held == {"a": 0.5, "c": 0.75} | ({"b": 0.25} if cut == 1 else {})


def test_a_cache_that_cannot_be_used_is_named(tmp_path):
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    for path in (tmp_path / "file" / "cache", tmp_path / "folder"):
        with pytest.raises(ReportError, match=rf"{path} cannot be used .* Check its folder"):
            Cache(path)


def test_a_list_is_looked_for_in_the_project_too(tmp_path, monkeypatch):
    monkeypatch.setattr("lib.paths.PROJECT", tmp_path)
    (tmp_path / "mine.csv").write_text("track_id,valence\na,0.9\n")
    assert sources(["csv:mine.csv"], own="x", cache=tmp_path / "cache")[0].name == "mine.csv"
    with pytest.raises(ReportError, match=r"yours.csv: there is no such file \(looked for .* and "):
        sources(["csv:yours.csv"], own="x", cache=tmp_path / "cache")
