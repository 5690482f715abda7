import io
import time

import numpy as np
import pandas as pd
import pytest
import soundfile
import soxr
from hypothesis import example, given
from hypothesis import strategies as st

from lib.datasets import fingerprint, grouping
from lib.datasets.artist_names import NO_ARTIST, acts, artist_names, is_artist, name_key, remixes
from lib.datasets.fingerprint import likeness
from tests.synthetic import RATE, song


def print_of(y: np.ndarray, rate: int = RATE) -> np.ndarray:
    return fingerprint.fingerprint(soxr.resample(y, rate, fingerprint.SAMPLE_RATE))


def coded(y: np.ndarray, kind: str) -> np.ndarray:
    file = io.BytesIO()
    soundfile.write(file, y, RATE, format=kind, compression_level=0.8)
    file.seek(0)
    return soundfile.read(file, dtype="float32")[0]


def noisy(y: np.ndarray, decibel: float) -> np.ndarray:
    noise = np.random.default_rng(0).normal(size=len(y)) * np.sqrt((y**2).mean()) * 10 ** (-decibel / 20)
    return (y + noise).astype(np.float32)


CHANGES = {
    "louder": lambda y: 1.9 * y,
    "quiet": lambda y: 0.01 * y,
    "later": lambda y: y[int(3.37 * RATE) :],
    "earlier": lambda y: np.r_[np.zeros(int(2.2 * RATE), np.float32), y],
    "mp3": lambda y: coded(y, "MP3"),
    "ogg": lambda y: coded(y, "OGG"),
    "noise": lambda y: noisy(y, 20),
    "telephone": lambda y: soxr.resample(soxr.resample(y, RATE, 8000), 8000, RATE),
    "all": lambda y: coded(noisy(0.5 * y[int(5.013 * RATE) :], 20), "MP3"),
}


@pytest.fixture(scope="module")
def songs():
    """Two songs of each of six artists."""
    return [song(i, artist=i // 2) for i in range(12)]


@pytest.fixture(scope="module")
def prints(songs):
    return [print_of(y) for y in songs]


def test_words_may_be_looked_at_in_portions(songs, prints, monkeypatch):
    everything = [*prints, *(print_of(CHANGES["mp3"](y)) for y in songs[:4])]
    whole = grouping.copies(everything)
    assert len(whole) == 4
    monkeypatch.setattr(grouping, "WORDS", 500)
    pd.testing.assert_frame_equal(grouping.copies(everything), whole)
    assert grouping.copies([np.empty(0, np.uint32)] * 3).empty


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_copy_is_found_and_nothing_else(songs, prints, change):
    for original in (0, 5):
        copy = print_of(CHANGES[change](songs[original]).astype(np.float32))
        found = grouping.copies([*prints, copy])
        assert found[["a", "b"]].to_numpy().tolist() == [[original, 12]]
        assert found["share"].iloc[0] > grouping.SAME_RECORDING + 0.05


def test_songs_of_one_artist_are_no_copies(prints):
    shares = [likeness(a, b)[0] for i, a in enumerate(prints) for b in prints[:i]]
    assert max(shares) < grouping.SAME_RECORDING - 0.05


def test_the_shift_is_reported(songs, prints):
    _, shift = likeness(prints[3], print_of(songs[3][2 * RATE :]))
    assert shift == pytest.approx(-2, abs=0.05)  # it begins two seconds in, so it comes earlier
    assert likeness(prints[3], prints[3]) == (pytest.approx(1), 0)


def test_short_and_empty_fingerprints_match_nothing():
    empty = np.empty(0, dtype=np.uint32)
    assert len(fingerprint.fingerprint(np.zeros(100))) == 0
    assert likeness(empty, empty) == (0.0, 0.0)
    assert len(grouping.copies([empty, empty])) == 0
    assert len(grouping.copies([])) == 0
    silence = fingerprint.fingerprint(np.zeros(5 * fingerprint.SAMPLE_RATE))
    assert not silence.any()
    assert len(grouping.copies([silence, silence])) == 0


def test_copies_of_a_short_clip_are_found(songs):
    y = songs[0][: 4 * RATE]
    assert len(grouping.copies([print_of(y), print_of(coded(y, "OGG")), print_of(songs[1][: 4 * RATE])])) == 1


def test_cost_grows_little_with_the_number_of_tracks():
    generator = np.random.default_rng(0)
    many = [generator.integers(1, 2**32, 1300, dtype=np.uint32) for _ in range(1000)]
    many += many[:20]
    started = time.perf_counter()
    assert len(grouping.copies(many)) == 20
    assert time.perf_counter() - started < 10


def test_song_groups_are_named_by_their_smallest_id(prints):
    ids = ["d", "c", "b", "a"]
    found = grouping.song_groups(ids, ["x", "y", "x", None], [prints[0], prints[1], prints[2], prints[1]])
    assert found.tolist() == ["b", "a", "b", "a"]


def test_tracks_without_bytes_or_sound_stand_alone():
    empty = np.empty(0, dtype=np.uint32)
    assert grouping.song_groups(["a", "b"], [None, None], [empty, empty]).tolist() == ["a", "b"]


def grouped(*rows: tuple) -> list:
    """Artist groups of (artist, title, album) rows named 0, 1, ..."""
    full = [(*row, None, None)[:3] for row in rows]
    table = pd.DataFrame(full, columns=["artist", "title", "album"], dtype="object")
    table["track_id"] = [str(i) for i in range(len(full))]
    table["song_group"] = table["track_id"]
    return [None if pd.isna(group) else group for group in grouping.artist_groups(table)]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Björk", "BJORK"),
        ("Four Stones", "Fourstones"),
        ("The Rapture", "Rapture, The"),
        ("Mr. Epic", "mr Epic"),
        ("AC/DC", "AC DC"),
        ("Simon and Garfunkel", "Simon & Garfunkel"),
        ("Kalabi feat. Canola Tenderfoot", "Canola Tenderfoot"),
        ("Kalabi (ft. Canola)", "Kalabi"),
        ("A One; B Two", "B Two"),
        ("Straße", "STRASSE"),
        ("Земфира", "ЗЕМФИРА"),
        ("!!!", " !!! "),
        ("Jade Leary and Someone Else", "Jade Leary"),
        ("Edward Martin and Paul Berget", "Edward Martin & William Bastian"),
        ("Crosby, Stills & Nash", "Crosby, Stills, Nash and Young"),
    ],
)
def test_one_artist(one, other):
    assert grouped((one,), (other,)) == ["0", "0"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Simon and Garfunkel", "Simon and Milo"),
        ("Simon and Garfunkel", "Simone"),
        ("Earth, Wind & Fire", "Fire & Ice"),
        ("AC/DC", "AC Milan"),
        ("Theory", "ory"),
        ("Andrea", "rea"),
        ("东京", "北京"),
        *((name, name) for name in ("Various Artists", "VARIOUS", "V.A.", "Magnatune Compilation", "Unknown Artist")),
    ],
)
def test_two_artists(one, other):
    assert grouped((one, "First", "One album"), (other, "Second", "Another album")) == ["0", "1"]


def test_a_duo_joins_both_its_members_if_they_stand_alone():
    assert grouped(("Simon and Garfunkel",), ("Simon",), ("Garfunkel",), ("Simone",)) == ["0", "0", "0", "3"]


def test_a_compilation_names_the_artist_in_its_titles():
    found = grouped(
        ("Brad Sucks", "Certain Death"),
        ("Magnatune Compilation", "Brad Sucks - I Think I Started a Trend"),
        ("Mountain Mirrors", "Stay Evil"),
        ("DJ Cary", "Birds in a Rat Race (Mountain Mirrors)"),
        ("Magnatune Compilation", "Rocket City Riot: Down with Her"),
        ("Magnatune Compilation", "Rocket City Riot: Hypodermic"),
        ("Magnatune Remixed", "Shining Star Games - Fourstones"),
        ("Four Stones", "Brilliant Day (Chronic Mix)"),
        ("DJ Cary", "Calm (Ammonite)"),
    )
    assert found == ["0", "0", "2", "2", "4", "4", "6", "6", "8"]


def test_a_guest_in_a_title_counts_if_known():
    assert grouped(("Kalabi", "Revolver (Featuring Canola)"), ("Canola", "Alone")) == ["0", "0"]


def test_the_album_stands_in_and_else_the_group_is_missing():
    found = grouped(
        (None, "a", "Nour"), ("", "b", "NOUR"), (None, "c", "Iman"), ("Solace", "d", "Iman"), ("Solace", "e"),
        (None, "f", None), (None, "g", "Unknown Album"), ("Various", "h", None),
    )  # fmt: skip
    assert found == ["0", "0", "2", "2", "2", None, None, None]


def test_a_compilation_album_lends_no_artist():
    found = grouped(("A One", "a", "Best Hits"), ("B Two", "b", "Best Hits"), (None, "c", "Best Hits"))
    assert found == ["0", "1", "2"]


def test_copies_join_their_artists():
    table = pd.DataFrame({"track_id": ["b", "a", "c", "d"], "artist": ["X", "Y", None, None]}).assign(
        title=None, album=None, song_group=["a", "a", "c", "c"]
    )
    assert grouping.artist_groups(table).isna().tolist() == [False, False, True, True]
    assert grouping.artist_groups(table)[:2].tolist() == ["a", "a"]


def test_no_tracks():
    empty = pd.DataFrame({c: pd.Series(dtype="string") for c in ("track_id", "artist", "title", "album", "song_group")})
    assert len(grouping.artist_groups(empty)) == 0
    assert len(grouping.song_groups([], [], [])) == 0


def test_the_exceptions_are_no_artists():
    assert not any(is_artist(name) for name in NO_ARTIST)
    assert not any(is_artist(name.upper()) for name in NO_ARTIST)
    assert acts("Various Artists feat. Somebody") == ["Somebody"]


@given(st.text(max_size=40))
def test_any_credit_has_a_key_and_case_does_not_matter(text):
    key = name_key(text)
    assert bool(key) == bool(text.strip()) or not any(c.isalnum() for c in text)
    assert not any(c.isspace() for c in key)


@given(st.lists(st.text(alphabet="ab &,/", max_size=8), max_size=6), st.integers(0, 100))
@example(["aaa", "a/a/a", "b/a/a"], 0)  # one name written in two ways
def test_groups_do_not_depend_on_the_order_of_tracks(artists, seed):
    table = pd.DataFrame({"track_id": [str(i) for i in range(len(artists))], "artist": artists}, dtype="object")
    table = table.assign(title="t", album=None, song_group=table["track_id"])
    mixed = table.sample(frac=1, random_state=seed)
    one = grouping.artist_groups(table).fillna("")
    other = grouping.artist_groups(mixed).fillna("").reindex(table.index)
    assert one.tolist() == other.tolist()
    assert len(artist_names(table)) == len(artists)


def test_remixes_of_one_song_are_found_by_their_titles():
    titles = ["Brilliant Day", "Brilliant Day (Chronic Mix)", "Brilliant Daze (Days Are Confused Mix) - Pat", "Home"]
    titles += ["Home (Remix)", "Brilliant Night", "In the mix of it all", "Two Words [X Remix]", "Two words rmx"]
    assert {tuple(sorted(pair)) for pair in remixes(titles)} == {(0, 1), (0, 2), (1, 2), (7, 8)}
    numbers = [f"t{n}" for n in range(len(titles))]
    tracks = pd.DataFrame({"track_id": numbers, "title": titles, "song_group": numbers, "album": None})
    tracks["artist"] = [f"Artist {n}" for n in numbers]
    assert grouping.artist_groups(tracks).nunique() == len(titles)
    joined = grouping.artist_groups(tracks, by_title=True)
    assert joined.nunique() == len(titles) - 3 and joined[:3].nunique() == 1
