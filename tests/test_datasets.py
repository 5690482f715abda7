import sys
from types import ModuleType

import matplotlib
import numpy as np
import pandas as pd
import pytest

from lib import datasets
from lib.datasets import file_tags, summary
from lib.datasets.assemble import assemble
from lib.datasets.tracks import TRACK_COLUMNS, moods
from lib.errors import ReportError
from lib.paths import Study
from lib.plots import dataset as plots
from tests.conftest import music_folder
from tests.in_process import run_notebook
from tests.synthetic import serial, song, write

matplotlib.use("Agg")


@pytest.fixture(autouse=True)
def here_and_now(monkeypatch):
    """Probe in this process: no test here needs a clip that hangs."""
    monkeypatch.setattr("lib.pool.run", serial)


@pytest.fixture
def study(tmp_path):
    return Study("folder", tmp_path / "root")


@pytest.fixture(scope="module")
def music(tmp_path_factory):
    """Two genres, three artists; a copy, a bad clip, labels."""
    folder = tmp_path_factory.mktemp("music")
    lines = ["path,valence,energy"]
    for number in range(6):
        name = f"{'rock' if number < 4 else 'folk'}/{number}.flac"
        artist = ["A", "A", "B", "B feat. A", "C", "C"][number]
        write(folder / name, song(number, 6, number // 2), artist=artist, title=f"T{number}", album="X")
        lines.append(f"{name},{number / 5},{(5 - number) ** 2}")
    write(folder / "folk" / "copy.ogg", 0.3 * song(4, 6, 2)[9000:], artist="D", title="T4 again")
    write(folder / "folk" / "silent.wav", np.zeros(100_000))
    (folder / "labels.csv").write_text("\n".join(lines) + "\n")
    return folder


@pytest.fixture
def tracks(study, music):
    return assemble(study, "folder", music)


def test_build_gives_the_tracks_table_and_writes_nothing(study, tracks):
    assert tuple(tracks.columns) == (*TRACK_COLUMNS, "album_group", "energy")
    assert len(tracks) == 8
    assert not study.root.exists()
    by_title = tracks.set_index("title")
    assert by_title.loc["silent", "status"] == "silent"
    assert (tracks["status"] == "ok").sum() == 7
    assert by_title.loc["T4", "song_group"] == by_title.loc["T4 again", "song_group"]
    assert by_title["song_group"].nunique() == 7
    groups = by_title["artist_group"]
    assert groups["T0"] == groups["T3"]
    assert groups["T4"] == groups["T5"] == groups["T4 again"]
    assert groups["T0"] != groups["T4"]
    assert pd.isna(groups["silent"])
    assert by_title["mood"].dropna().to_dict() == {
        "T0": "sad", "T1": "sad", "T2": "neutral", "T3": "neutral", "T4": "happy", "T5": "happy"
    }  # fmt: skip


def test_cuts_are_those_declared(study, music):
    tracks = assemble(study, "folder", music, mood_cuts="0.1,0.9").set_index("title")
    assert tracks["mood"].value_counts().to_dict() == {"neutral": 4, "sad": 1, "happy": 1}
    with pytest.raises(ReportError, match="mood_cuts"):
        assemble(study, "folder", music, mood_cuts="much")


def test_a_given_mood_goes_before_a_cut(study, music, tmp_path):
    for name in ("a", "b"):
        write(tmp_path / "m" / "rock" / f"{name}.wav", song(0, 4))
    (tmp_path / "m" / "labels.csv").write_text("path,valence,mood\na.wav,0.9,sad\nb.wav,0.9,\n")
    tracks = assemble(study, "folder", tmp_path / "m", mood_cuts="0.2,0.8").set_index("title")
    assert tracks["mood"].to_dict() == {"a": "sad", "b": "happy"}


def test_unknown_names(study, music):
    with pytest.raises(ReportError, match=r"'fmi' is unknown; there are demo, emotify, fma, fourq, folder"):
        assemble(study, "fmi")
    with pytest.raises(ReportError, match=r"'folder' has no option 'songs_per_genre'; it has none"):
        assemble(study, "folder", music, songs_per_genre=3)
    with pytest.raises(ReportError, match="unknown"):
        datasets.about("fmi")


def test_options_reach_the_corpus(study, music, monkeypatch):
    module = ModuleType("a_corpus")

    def collect(study, data, *, size=1, workers=0):
        assert (size, workers) == (7, 2)
        return pd.DataFrame({"track_id": ["a"], "path": [str(music / "rock" / "0.flac")]})

    module.collect = collect
    monkeypatch.setitem(sys.modules, "a_corpus", module)
    monkeypatch.setitem(datasets.CORPORA, "mine", "a_corpus")
    tracks = assemble(study, "mine", size=7, workers=2)
    assert tracks["status"].tolist() == ["ok"]
    assert tracks[["genre", "mood", "artist_group"]].isna().all(axis=None)
    with pytest.raises(ReportError, match="it has size, workers"):
        assemble(study, "mine", length=7)


@pytest.mark.parametrize("corpus", ["emotify", "folder"])
def test_each_corpus_tells_what_it_is(corpus):
    assert len(datasets.about(corpus)) > 200
    assert set(datasets.valence_parts(corpus)) <= {"joyful_activation", "sadness"}


@pytest.mark.parametrize("suffix", ["mp3", "ogg", "flac", "wav", "aiff"])
def test_tags_of_every_format(tmp_path, suffix):
    import mutagen

    path = write(tmp_path / f"a.{suffix}", song(0, 1))
    assert file_tags.read_tags(path) == {}
    file = mutagen.File(path, easy=True)
    if file.tags is None:
        file.add_tags()
    if suffix in ("wav", "aiff"):
        from mutagen.id3 import TALB, TIT2, TPE1

        for frame in (TPE1(text=["Á\0", "B"]), TIT2(text=["  T  t\0"]), TALB(text=["L"])):
            file.tags.add(frame)
    else:
        file["artist"], file["title"], file["album"] = ["Á", "B"], "  T  t ", "L"
    file.save()
    assert file_tags.read_tags(path) == {"artist": "Á; B", "title": "T t", "album": "L"}


@pytest.mark.parametrize(
    ("name", "artist", "title"),
    [("ape_only.mp3", "Ape Artist", "Ape Title"), ("list_info.wav", "Wav Artist", "Wav Title"),
     ("tpe2_only.mp3", "Album Artist", "T"), ("ctrl.mp3", "bell esc [31m nul \u202e rtl", "t��")],
)  # fmt: skip
def test_tags_of_less_usual_kinds(name, artist, title):
    path = music_folder() / "odd" / "tags" / name
    if not path.is_file():
        pytest.skip(f"{path} is missing")
    found = file_tags.read_tags(path)
    assert (found["artist"], found["title"]) == (artist, title)


def test_tags_beside_the_usual_ones(tmp_path):
    from mutagen.apev2 import APEv2

    ape, album = (
        write(tmp_path / "a.mp3", song(0, 1)),
        write(tmp_path / "b.flac", song(0, 1), albumartist="Various Artists"),
    )
    tags = APEv2()
    tags["Artist"], tags["Album Artist"] = "Ape", "Other"
    tags.save(ape)
    assert file_tags.read_tags(ape) == {"artist": "Ape"}
    assert "artist" not in file_tags.read_tags(album)  # nobody made all of its songs
    assert file_tags.read_tags(write(tmp_path / "c.flac", song(0, 1), albumartist="Band"))["artist"] == "Band"


def test_keys_of_other_formats():
    wma = {"Author": ["A"], "WM/AlbumTitle": ["Various"], "WM/AlbumArtist": ["Various"]}
    assert {field: file_tags._text(wma, keys) for field, keys in file_tags.FIELDS.items()} == {
        "artist": "A", "title": "", "album": "Various", "license": ""
    }  # fmt: skip
    assert file_tags._text({"WM/AlbumArtist": ["Various"]}, file_tags.FIELDS["artist"]) == ""


def test_tags_never_raise(tmp_path):
    for name, content in [("a.mp3", b"ID3\x04\x00\x00\x7f\x7f\x7f\x7fTPE1"), ("b.flac", b"fLaC\x00"), ("c.ogg", b"")]:
        (tmp_path / name).write_bytes(content)
        assert file_tags.read_tags(tmp_path / name) == {}
    assert file_tags.read_tags(tmp_path / "none.mp3") == {}
    assert file_tags.read_tags(tmp_path) == {}


def test_summaries(tracks):
    assert summary.status_counts(tracks)["clips"].to_dict() == {
        "ok": 7, "missing": 0, "unreadable": 0, "short": 0, "silent": 1
    }  # fmt: skip
    bad = summary.bad_clips(tracks)
    assert bad["file"].tolist() == ["folk/silent.wav"]
    assert bad["reason"].iloc[0]
    songs = summary.usable(tracks)
    assert summary.unlabelled(songs)["songs"].to_dict() == {"no genre": 0, "no mood": 1}
    counts = summary.mood_by_genre(songs)
    assert counts.loc["rock"].tolist() == [2, 2, 0]
    assert summary.mood_floors(counts) == (pytest.approx(2 / 6), pytest.approx(4 / 6))
    assert summary.valence_correlations(songs).loc["energy", "r"] < -0.9
    artists = summary.artists_by_genre(songs)
    assert artists.loc["rock"].tolist() == [4, 1, 4, 4, 0]
    assert sorted(summary.copies(tracks)["title"]) == ["T4", "T4 again"]
    joined = summary.joined_credits(tracks)
    assert joined["songs"].tolist() == [4, 3]
    assert "B feat. A (1)" in joined["credits"].iloc[0]
    assert summary.credits(songs)["songs"].sum() == len(songs)
    assert len(summary.examples(songs, each=1)) == 2
    with pytest.raises(ReportError, match=r"None of the 1 clips.*silent\.wav"):
        summary.usable(tracks[tracks["status"] != "ok"])


def test_figures_claim_what_their_numbers_say(tracks):
    songs = summary.usable(tracks)
    counts = summary.mood_by_genre(songs)
    cases = [
        (plots.label_counts(songs), "7 usable songs: 3 to 4 songs in each of 2 genres"),
        (plots.valence_by_genre(songs, (0.3, 0.6)), "0.30 and 0.60"),
        (plots.valence_by_genre(songs, (0.3, 0.6)), "0.30 (rock) to 0.90 (folk)"),
        (plots.mood_shares(counts, 0.25, 0.5), "50% of the songs"),
        (plots.correlations(summary.valence_correlations(songs)), "Energy correlates most with valence"),
        (plots.correlations(summary.valence_correlations(songs), ("energy",)), "computed from"),
        (plots.artist_shares(songs), "the largest artist made"),
    ]
    for (figure, claim), words in cases:
        assert words in claim
        assert figure.axes
        figure.canvas.draw()
        matplotlib.pyplot.close(figure)


def test_figures_of_a_corpus_with_few_labels(tracks):
    bare = summary.usable(tracks).assign(valence=np.nan, mood=pd.NA, artist_group=pd.NA, energy=1.0)
    bare["mood"] = bare["mood"].astype("string")
    assert not summary.mood_by_genre(bare).to_numpy().sum()
    assert len(summary.valence_correlations(bare)) == 0
    assert len(summary.joined_credits(bare)) == 0
    _, cuts = moods(bare["valence"])
    for figure, claim in (plots.label_counts(bare), plots.artist_shares(bare), plots.valence_by_genre(bare, cuts)):
        assert claim
        figure.canvas.draw()
        matplotlib.pyplot.close(figure)


def test_the_notebook_runs(music, tmp_path):
    given = {"study": "folder", "root": str(tmp_path), "corpus": "folder", "data": str(music), "splits": ["random"]}
    done = run_notebook("01_data_acquisition", **given, workers=1)
    tracks = pd.read_parquet(tmp_path / "work" / "folder" / "tracks.parquet")
    assert (tracks["status"] == "ok").sum() == 7
    assert len(list((tmp_path / "results" / "folder" / "figures").glob("01-*.svg"))) == 5
    texts = "".join(str(cell.get("outputs", "")) for cell in done.cells)
    for words in ("silent.wav", "Recordings that are there more than once: 1", "B feat. A", "T4 again"):
        assert words in texts
