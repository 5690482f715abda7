from pathlib import Path

import numpy as np
import pytest

from lib.datasets.assemble import assemble
from lib.datasets.emotify import EMOTIONS, LICENSE, collect
from lib.errors import ReportError
from lib.paths import Study
from tests.synthetic import song, write

HEADER = (
    "track id, genre, amazement, solemnity, tenderness, nostalgia, calmness, power, joyful_activation, tension, sadness"
)


@pytest.fixture
def study(tmp_path):
    return Study("emotify", tmp_path / "root")


@pytest.fixture
def data(tmp_path):
    folder = tmp_path / "emotifymusic"
    write(folder / "classical" / "1.mp3", song(0, 1), artist="C One", title="First\0 ", album="Album")
    write(folder / "rock" / "5.mp3", song(1, 1))
    (folder / "pop").mkdir()
    (folder / "pop" / "100.mp3").write_bytes(b"no audio")
    (folder / "pop" / ".DS_Store").write_bytes(b"")
    means(folder, (1, "classical", 0.5, 0.25), (105, "rock", 0, 1), (400, "pop", 1, 0))
    return folder


def means(folder, *rows, header=f"{HEADER},emotion"):
    """Write emotions.csv; rows are (track id, genre, joyful_activation, sadness)."""
    lines = [f"{n},{genre},0,0,0,0,.5,0,{joy},0,{sad}, calmness" for n, genre, joy, sad in rows]
    (folder / "emotions.csv").write_text("\n".join([header, *lines]) + "\n")


def test_the_table(study, data):
    rows = collect(study, data).set_index("track_id")
    assert rows.index.tolist() == ["emotify-classical-001", "emotify-rock-005", "emotify-pop-100"]
    assert rows["genre"].tolist() == ["Classical", "Rock", "Pop"]
    assert rows["valence"].tolist() == [0.625, 0, 1]
    assert rows["calmness"].tolist() == [0.5] * 3
    assert set(EMOTIONS) <= set(rows.columns)
    assert rows.loc["emotify-classical-001", ["artist", "title", "album"]].tolist() == ["C One", "First", "Album"]
    assert rows["artist"].isna().tolist() == [False, True, True]
    assert set(rows["license"]) == {LICENSE}


def test_single_listeners_give_the_same_as_their_means(study, data):
    (data / "emotions.csv").unlink()
    listeners = [
        "1,classical,0,0,0,0,1,0,1,0,1,0,1,0,30,0, Dutch",
        "1,classical,0,0,0,0,0,0,0,0,0,0,1,0,20,1, Dutch",
        "105,rock,0,1,0,0,0,0,1,0,0,0,1,0,20,1, English",
    ]
    (data / "data.csv").write_text(
        "\n".join([f"{HEADER}, mood, liked, disliked, age, gender, mother tongue", *listeners]) + "\n"
    )
    rows = collect(study, data).set_index("track_id")
    assert rows["valence"].iloc[:2].tolist() == [0.5, 1]
    assert rows["calmness"].iloc[:2].tolist() == [0.5, 0]
    assert rows.loc["emotify-pop-100", [*EMOTIONS, "valence"]].isna().all()
    assert rows.loc["emotify-pop-100", "genre"] == "Pop"


def test_labels_without_a_song_are_rows_whose_file_is_missing(study, data):
    means(data, (1, "classical", 0, 0), (250, "electronic", 0, 0))
    rows = collect(study, data).set_index("track_id")
    assert len(rows) == 4
    assert not Path(rows.loc["emotify-electronic-050", "path"]).exists()


def test_the_folder_above_the_unpacked_archive_serves_too(study, data):
    (data / "emotions.csv").rename(data.parent / "emotions.csv")
    assert len(collect(study, data.parent)) == 3


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ((1, "classical", 2, 0), ["row 3", "joyful_activation", "'2'", "0 to 1"]),
        ((1, "classical", "much", 0), ["row 3", "much"]),
        ((1, "classical", "", 0), ["row 3", "''"]),
        ((401, "pop", 0, 0), ["row 3", "track_id", "401"]),
        ((1.5, "classical", 0, 0), ["row 3", "1.5"]),
        ((1, "rock", 0, 0), ["row 3", "'rock'", "classical"]),
        ((105, "rock", 0, 0), ["row 3", "105", "already"]),
    ],
)
def test_wrong_cells(study, data, row, words):
    means(data, (105, "rock", 0, 0), row)
    with pytest.raises(ReportError) as error:
        collect(study, data)
    for word in ["emotions.csv", *words]:
        assert word in str(error.value)


def test_wrong_files(study, data):
    means(data, (2, "classical", 0, 0), (3, "classical", 0, 0))
    with pytest.raises(ReportError, match=r"none of its 2 track ids \(such as 2, 3\).* 3 songs .*1, 105, 400"):
        collect(study, data)
    (data / "emotions.csv").write_text("track id, genre, amazement\n1,classical,0\n")
    with pytest.raises(ReportError, match=r"lacks solemnity.*it has track_id, genre, amazement"):
        collect(study, data)
    (data / "emotions.csv").unlink()
    with pytest.raises(ReportError, match=r"neither emotions\.csv nor data\.csv"):
        collect(study, data)
    write(data / "rock" / "5.ogg", song(0, 1))
    with pytest.raises(ReportError, match="both song 5"):
        collect(study, data)
    (data / "rock" / "5.ogg").rename(data / "rock" / "101.ogg")
    with pytest.raises(ReportError, match=r"101\.ogg"):
        collect(study, data)


def test_no_folder(study, tmp_path):
    for folder, words in [("", "DATA=<folder>"), ("nowhere", "no such folder"), (tmp_path, "no song")]:
        with pytest.raises(ReportError, match=words):
            collect(study, folder)


@pytest.mark.slow  # a minute; `make report STUDY=emotify` decodes them too
@pytest.mark.real
def test_the_four_hundred_real_songs(study, emotify):
    tracks = assemble(study, "emotify", emotify)
    assert tracks["genre"].value_counts().to_dict() == dict.fromkeys(["Classical", "Electronic", "Pop", "Rock"], 100)
    assert set(tracks["status"]) == {"ok"}
    assert tracks.loc[tracks["duration_s"] < 29.5, "track_id"].tolist() == ["emotify-classical-066"]
    counts = tracks["mood"].value_counts()
    assert counts.sum() == 400
    assert counts.between(125, 142).all()
    several = tracks.groupby("song_group")["track_id"].agg(tuple)
    found = {tuple(name.removeprefix("emotify-") for name in pair) for pair in several if len(pair) > 1}
    known = {
        ("pop-059", "pop-066"), ("rock-070", "rock-076"), ("rock-072", "rock-075"), ("classical-054", "classical-080"),
    }  # fmt: skip
    # "Karma Dogs" stands on two albums of William Brooks.
    assert found == known | {("rock-063", "rock-066")}
    assert tracks["artist_group"].notna().all()
    assert 120 < tracks["artist_group"].nunique() < 150
    group = tracks.set_index("track_id")["artist_group"].str.removeprefix("emotify-")
    assert group["emotify-rock-068"] == group["emotify-rock-009"]  # Brad Sucks, within a compilation's title
    assert group["emotify-classical-036"] == group["emotify-classical-008"]  # a duo with Edward Martin
    assert np.allclose(tracks["valence"], (1 + tracks["joyful_activation"] - tracks["sadness"]) / 2)
