import unicodedata

import pytest

from lib.datasets.folder import collect, track_id
from lib.errors import ReportError
from lib.paths import Study
from tests.synthetic import song, write


@pytest.fixture
def study(tmp_path):
    return Study("folder", tmp_path / "root")


@pytest.fixture
def music(tmp_path):
    """Three genres; contents do not matter to `collect`, tags do."""
    folder = tmp_path / "music"
    write(folder / "rock" / "album" / "one.flac", song(0, 1), artist="A", title="One", album="First")
    write(folder / "rock" / "two.OGG".replace("OGG", "ogg"), song(0, 1))
    write(folder / "Café del Mar" / "Été 1.wav", song(0, 1))
    (folder / "jazz").mkdir()
    (folder / "jazz" / "broken.MP3").write_bytes(b"no audio")
    (folder / "jazz" / "cover.jpg").write_bytes(b"no audio")
    (folder / "jazz" / "._one.mp3").write_bytes(b"no audio")
    (folder / ".trash").mkdir()
    (folder / ".trash" / "gone.mp3").write_bytes(b"no audio")
    return folder


def label(music, text: str, encoding: str = "utf-8"):
    (music / "labels.csv").write_text(text, encoding=encoding)


def rows_of(study, music):
    rows = collect(study, music)
    return rows.set_index(rows["path"].str.rsplit("/", n=1).str[-1])


def test_genres_are_the_first_folders(study, music):
    rows = rows_of(study, music)
    assert sorted(rows.index) == ["broken.MP3", "one.flac", "two.ogg", "Été 1.wav"]
    assert rows["genre"].to_dict() == {
        "one.flac": "rock", "two.ogg": "rock", "broken.MP3": "jazz", "Été 1.wav": "Café del Mar"
    }  # fmt: skip
    assert rows.loc["one.flac", ["artist", "title", "album"]].tolist() == ["A", "One", "First"]
    assert rows.loc["two.ogg", "title"] == "two"
    assert rows["artist"].isna().sum() == 3
    assert rows["valence"].isna().all()


def test_ids_are_unique_readable_and_the_same_elsewhere(study, music, tmp_path):
    rows = collect(study, music)
    assert rows["track_id"].is_unique
    assert any(name.startswith("rock-album-one-") for name in rows["track_id"])
    moved = music.rename(tmp_path / "elsewhere")
    assert collect(study, moved)["track_id"].tolist() == rows["track_id"].tolist()
    assert track_id("a/b.mp3") != track_id("a-b.mp3")
    assert track_id("音楽/歌.mp3").startswith("track-")
    assert track_id(unicodedata.normalize("NFD", "é.mp3")) == track_id(unicodedata.normalize("NFC", "é.mp3"))


def test_loops_of_links_end_and_links_are_followed(study, music, tmp_path):
    (music / "rock" / "again").symlink_to(music / "rock", target_is_directory=True)
    (music / "rock" / "up").symlink_to(music, target_is_directory=True)
    (music / "rock" / "nowhere.mp3").symlink_to(tmp_path / "none.mp3")
    write(tmp_path / "other" / "far.wav", song(0, 1))
    (music / "soul").symlink_to(tmp_path / "other", target_is_directory=True)
    rows = rows_of(study, music)
    assert len(rows) == 6
    assert rows.loc["far.wav", "genre"] == "soul"
    assert "nowhere.mp3" in rows.index


def test_home_is_expanded_and_relative_paths_count_from_here(study, music, monkeypatch):
    monkeypatch.setenv("HOME", str(music.parent))
    assert len(collect(study, "~/music")) == 4
    monkeypatch.chdir(music.parent)
    assert len(collect(study, "music")) == 4


def test_labels_by_path_or_file_name(study, music):
    label(music, "path,Valence,mood,artist,energy\nrock/album/one.flac,0.25,,B,3.5\n./rock/two.ogg,,Happy,,\n")
    rows = rows_of(study, music)
    assert rows.loc["one.flac", ["valence", "artist", "energy"]].tolist() == [0.25, "B", 3.5]
    assert rows.loc["two.ogg", "mood"] == "happy"
    assert rows["energy"].notna().sum() == 1
    label(
        music, "path;genre;title\none.flac;metal;Uno\n" + unicodedata.normalize("NFD", "Été 1.wav;été;\n"), "utf-8-sig"
    )
    rows = rows_of(study, music)
    assert rows.loc["one.flac", ["genre", "title"]].tolist() == ["metal", "Uno"]
    assert rows.loc["Été 1.wav", ["genre", "title"]].tolist() == ["été", "Été 1"]
    assert rows.loc["two.ogg", "genre"] == "rock"


def test_labels_by_track_id(study, music):
    name = collect(study, music)["track_id"].iloc[0]
    label(music, f"track_id,valence\n{name},1\n\n")
    rows = collect(study, music)
    assert rows.loc[rows["track_id"] == name, "valence"].tolist() == [1]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("path,valence\none.flac,0.1\nthree.mp3,0.2\n", ["1 of 2 rows", "row 3", "three.mp3"]),
        ("path,valence\none.flac,1.5\n", ["row 2", "valence", "1.5", "0 to 1"]),
        ("path,valence\n\none.flac,much\n", ["row 3", "much"]),
        ("path,valence\none.flac,nan\n", ["row 2", "nan"]),
        ("path,mood\none.flac,angry\n", ["row 2", "angry", "sad, neutral, happy"]),
        ("path,danceability\none.flac,very\n", ["danceability", "very", "targets"]),
        ("path,genre\none.flac,a\nrock/album/one.flac,b\n", ["row 3", "already"]),
        ("file,genre\none.flac,a\n", ["path", "track_id", "file, genre"]),
        ("path,status\none.flac,ok\n", ["status"]),
        ("path,genre,genre\none.flac,a,b\n", ["genre", "more than once"]),
        ("path,genre\n", ["no rows"]),
        ("", ["cannot be read"]),
        ("path,genre\none.flac,a,b,c\n", ["cannot be read"]),
    ],
)
def test_wrong_labels(study, music, text, words):
    label(music, text)
    with pytest.raises(ReportError) as error:
        collect(study, music)
    for word in ["labels.csv", *words]:
        assert word in str(error.value)


def test_labels_in_another_encoding(study, music):
    label(music, "path,genre\nÉté 1.wav,été\n", "latin-1")
    with pytest.raises(ReportError, match="UTF-8"):
        collect(study, music)


def test_a_file_name_that_occurs_twice_needs_its_path(study, music):
    write(music / "jazz" / "two.ogg", song(0, 1))
    label(music, "path,valence\ntwo.ogg,0.5\n")
    with pytest.raises(ReportError, match="more than one file"):
        collect(study, music)
    label(music, "path,valence\njazz/two.ogg,0.5\n")
    assert collect(study, music)["valence"].notna().sum() == 1


def test_files_without_a_genre_folder(study, tmp_path):
    write(tmp_path / "flat" / "a.wav", song(0, 1))
    with pytest.raises(ReportError, match="neither a genre nor a mood"):
        collect(study, tmp_path / "flat")
    label(tmp_path / "flat", "path,genre\na.wav,rock\n")
    assert collect(study, tmp_path / "flat")["genre"].tolist() == ["rock"]


def test_no_music(study, tmp_path):
    (tmp_path / "empty" / "rock").mkdir(parents=True)
    for data, words in [
        ("", "DATA=<folder>"),
        (tmp_path / "none", "no such folder"),
        (tmp_path / "empty", "no audio"),
        (__file__, "this is a file"),
    ]:
        with pytest.raises(ReportError, match=words):
            collect(study, data)
