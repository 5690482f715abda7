"""Tagging of whole files: windows, predictions, tables, tags, and the command line."""

import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from urllib.parse import unquote

import numpy as np
import pandas as pd
import pytest
import soundfile
from bs4 import BeautifulSoup

from lib.audio import ClipError, open_audio
from lib.errors import ReportError
from lib.features.slicing import clip_slices
from lib.features.spectrogram import Spectrogram
from lib.models import Head
from lib.paths import PROJECT
from lib.tagging import __main__ as command
from lib.tagging import file_tags, manifest, output, page
from lib.tagging.model import SHIPPED, WEIGHTS, load, save
from lib.tagging.predict import Tagged, files_of, tag, windows
from tests.conftest import music_folder
from tests.synthetic import RATE, song, write

SPECTROGRAM = Spectrogram()


@pytest.fixture(scope="module")
def tagger():
    return load(SHIPPED)


@pytest.fixture(scope="module")
def music(tmp_path_factory):
    """Folder of good and bad files with awkward names."""
    folder = tmp_path_factory.mktemp("music")
    write(folder / "one.wav", song(1, 31))
    write(folder / "below/zwei <b>ü</b>.flac", song(2, 9, artist=3), title='<script>alert("x")</script>', artist="=A()")
    write(folder / "below/three.ogg", song(3, 12, artist=5))
    write(folder / "silence.wav", np.zeros(5 * RATE, np.float32))
    write(folder / "short.wav", song(4, 1))
    (folder / "broken.wav").write_bytes(b"RIFF, but not for long")
    (folder / "notes.txt").write_text("not music")
    return folder


def windows_of(path):
    with open_audio(path) as audio:
        return list(windows(audio, SPECTROGRAM))


def test_a_file_of_one_excerpt_gives_the_slices_that_training_had(tmp_path):
    path = write(tmp_path / "a.wav", song(1, 25), 44100)
    (window,) = windows_of(path)
    trained, _, _ = clip_slices(str(path), SPECTROGRAM)
    assert np.array_equal(window.slices, trained)


def test_a_long_file_is_cut_into_windows_and_their_times_add_up(tmp_path):
    y = np.concatenate([song(1, 30), np.zeros(30 * RATE, np.float32), song(2, 10)])
    found = windows_of(write(tmp_path / "a.wav", y))
    assert [one.start_s for one in found] == [0, 30, 60]
    assert [len(one.slices) for one in found] == [10, 0, 3]
    assert sum(one.seconds for one in found) == pytest.approx(70)
    alone = write(tmp_path / "b.wav", y[60 * RATE :])
    assert np.array_equal(found[2].slices, clip_slices(str(alone), SPECTROGRAM)[0])


def test_what_cannot_be_tagged_has_a_reason(tmp_path):
    nan = song(1, 5)
    nan[7] = np.nan
    soundfile.write(tmp_path / "nan.wav", nan, RATE, subtype="FLOAT")
    soundfile.write(tmp_path / "empty.wav", np.zeros(0), RATE)
    (tmp_path / "broken.mp3").write_bytes(b"no music")
    for name, reason in (
        ("gone.wav", "does not exist"), ("nan.wav", "not finite"), ("empty.wav", "no samples"),
        ("broken.mp3", "cannot be"),
    ):  # fmt: skip
        with pytest.raises(ClipError, match=reason):
            windows_of(tmp_path / name)


def test_every_file_gets_a_result_in_order(tagger, music):
    paths = [
        music / "one.wav",
        music / "broken.wav",
        music / "below/three.ogg",
        music / "silence.wav",
        music / "short.wav",
    ]
    found = list(tag(tagger, paths, workers=1))
    assert [one.path for one in found] == paths
    assert [one.status for one in found] == ["ok", "unreadable", "ok", "silent", "short"]
    assert all(one.reason for one in found if not one.ok)
    good = found[0]
    assert len(good.starts) == 10 and good.predictions["genre"].shape == (10, 4) and good.seconds == pytest.approx(31)
    for head in ("genre", "mood"):
        assert np.allclose(good.predictions[head].sum(axis=1), 1, atol=1e-5)
        assert good.song(head).sum() == pytest.approx(1, abs=1e-5)
    again = next(iter(tag(tagger, [paths[0]], workers=1)))
    assert (
        np.allclose(again.predictions["genre"], good.predictions["genre"], atol=1e-5)
        and again.ood_score == good.ood_score
    )


def test_the_model_that_is_shipped_is_small_and_says_what_it_is(tagger):
    assert sum(path.stat().st_size for path in SHIPPED.iterdir()) < 2e6
    facts = tagger.facts
    assert not facts["synthetic"] and facts["corpus"] == "emotify" and "BY-NC-SA" in facts["licence"]
    assert facts["split"] == "artist" and {row["head"] for row in facts["accuracy"]} == {"genre", "mood"}
    card = (SHIPPED / "README.md").read_text(encoding="utf-8")
    from lib.tagging.export import card as made_card

    assert card == made_card(tagger)
    shown = pd.read_csv(PROJECT / "results/emotify/tables/results.csv").set_index(
        ["network", "recipe", "split", "head", "level"]
    )["accuracy"]
    for row in facts["accuracy"]:
        key = (facts["network"], facts["recipe"], facts["split"], row["head"], row["level"])
        assert row["accuracy"] == pytest.approx(shown[key])


def test_a_model_is_saved_and_read_and_damage_is_noticed(tagger, tmp_path):
    save(tagger, tmp_path / "model")
    again = load(tmp_path / "model")
    x = np.random.default_rng(0).integers(0, 256, (3, *SPECTROGRAM.shape)).astype(np.uint8)
    for one, other in zip(tagger.predict(x)[0].values(), again.predict(x)[0].values(), strict=True):
        assert np.array_equal(one, other)
    assert (
        again.facts == tagger.facts
        and again.training_distribution.limits.shape == tagger.training_distribution.limits.shape
    )
    data = bytearray((tmp_path / "model" / WEIGHTS).read_bytes())
    data[len(data) // 2] ^= 1
    (tmp_path / "model" / WEIGHTS).write_bytes(data)
    with pytest.raises(ReportError, match="checksum"):
        load(tmp_path / "model")
    with pytest.raises(ReportError, match="no model"):
        load(tmp_path)
    content = json.loads((SHIPPED / "model.json").read_text())
    (tmp_path / "model/model.json").write_text(json.dumps({**content, "format": 99}))
    with pytest.raises(ReportError, match="format 99"):
        load(tmp_path / "model")


HEADS = [Head("genre", ("A", "B")), Head("mood", ("sad", "happy")), Head("valence")]


def tagged(tmp_path, name, genre, mood, ood_score=0.5, valence=0.4):
    predictions = {"genre": np.array([genre]), "mood": np.array([mood]), "valence": np.array([[valence]])}
    vector = np.array([genre[0], mood[0], 1.0])
    return Tagged(tmp_path / name, "ok", "", 3.0, np.zeros(1), predictions, vector, ood_score)


@pytest.fixture
def examples(tmp_path):
    return [
        tagged(tmp_path, "sure.wav", [0.9, 0.1], [0.2, 0.8]),
        tagged(tmp_path, "=open.wav", [0.4, 0.45], [0.7, 0.3]),
        tagged(tmp_path, "strange.wav", [0.99, 0.01], [0.99, 0.01], ood_score=1.2),
        tagged(tmp_path, "also\nsure.wav", [0.95, 0.05], [0.6, 0.4]),
        Tagged(tmp_path / "gone.wav", "missing", "the file does not exist"),
    ]


def test_predictions_are_unsure_where_nothing_is_likely_or_the_music_is_unlike(examples):
    table = output.table_of(examples, HEADS)
    assert table["genre"].tolist()[:4] == ["A", "unsure", "unsure", "A"]
    assert table["mood"].tolist()[:4] == ["happy", "sad", "unsure", "sad"]
    assert table["valence"].tolist()[:4] == ["0.400", "0.400", "unsure", "0.400"]
    assert table["genre:A"].tolist()[:3] == [0.9, 0.4, 0.99]
    assert table.iloc[4]["reason"] == "the file does not exist" and pd.isna(table.iloc[4]["genre"])
    assert output.table_of(examples[:1], HEADS, sure=0.95)["genre"].tolist() == ["unsure"]


def test_playlists_hold_each_class_the_surest_first(examples, tmp_path):
    table = output.table_of(examples, HEADS)
    output.write_playlists(table, HEADS, tmp_path)
    written = {path.name: path.read_text(encoding="utf-8") for path in (tmp_path / "playlists").iterdir()}
    assert set(written) == {
        "genre-A.m3u8", "genre-unsure.m3u8", "mood-sad.m3u8", "mood-happy.m3u8", "mood-unsure.m3u8",
    }  # fmt: skip
    lines = written["genre-A.m3u8"].splitlines()
    assert lines[0] == "#EXTM3U" and len(lines) == 6  # no line break of a name makes a line of its own
    assert lines[3].endswith("sure.wav") and lines[5] == str((tmp_path / "sure.wav").resolve())


def test_a_table_for_spreadsheets_holds_no_formula(tmp_path):
    output.write_csv(pd.DataFrame({"path": ["=1+1", "-x", "a"], "value": [-1.0, 2.0, 3.0]}), tmp_path / "t.csv")
    assert (tmp_path / "t.csv").read_text().splitlines() == ["path,value", "'=1+1,-1.0000", "'-x,2.0000", "a,3.0000"]


def test_songs_alike_are_sought_among_those_that_are_understood(examples):
    assert output.alike(examples[:2]).empty
    near = output.alike(examples, 1)
    assert "strange.wav" not in " ".join(near["path"]) and len(near) == 3
    assert near.set_index("path").loc[str(examples[0].path), "neighbour"] != str(examples[0].path)


def test_the_page_shows_so_many_files_and_their_neighbours(tagger, tmp_path, monkeypatch):
    monkeypatch.setattr(page, "MOST", 3)
    heads = {"heads": {"genre": ["A", "B"], "mood": ["sad", "happy"], "valence": []}}
    songs = [tagged(tmp_path, f"{n}.wav", [0.1 * n, 1 - 0.1 * n], [0.6, 0.4]) for n in range(8)]
    songs += [Tagged(tmp_path / f"gone{n}.wav", "missing", "it is gone") for n in range(5)]
    table = output.table_of(songs, HEADS)
    drawn = []
    monkeypatch.setattr(page, "_strip", lambda song, head: drawn.append(song.path.name) or "")
    page.write_page(tmp_path, replace(tagger, description=heads), songs, table, output.alike(songs, 2), place=tmp_path)
    text = (tmp_path / "index.html").read_text(encoding="utf-8")
    shown = BeautifulSoup(text, "html.parser").find_all("article")
    assert [one.h3.text for one in shown] == ["0", "1", "2"] and set(drawn) == {"0.wav", "1.wav", "2.wav"}
    assert "1 · 2" in shown[0].text and "5 further files" in text and "2 more" in text and text.count("it is gone") == 3


@pytest.mark.parametrize("suffix", [".mp3", ".flac", ".ogg", ".wav", ".aiff"])
def test_tags_are_written_without_touching_the_sound_and_taken_back(tmp_path, suffix):
    plain = suffix in (".wav", ".aiff")
    path = write(tmp_path / f"ä{suffix}", song(1, 4), **({} if plain else {"title": "T", "genre": "Old"}))
    before, audio, mode = file_tags.read(path), file_tags.sound(path), path.stat().st_mode
    assert file_tags.write_tags({path: {"genre": "Rock", "mood": "happy"}}, tmp_path / "undo.json") == {}
    assert file_tags.read(path) == {"genre": ["Rock"], "mood": ["happy"]}
    assert file_tags.sound(path) == audio and path.stat().st_mode == mode
    assert file_tags.take_back(tmp_path / "undo.json") == {}
    assert file_tags.read(path) == before and file_tags.sound(path) == audio
    assert not [left for left in tmp_path.iterdir() if left.name not in (path.name, "undo.json")]


def test_what_cannot_be_tagged_is_left_and_what_changed_since_is_not_undone(tmp_path):
    good = write(tmp_path / "a.flac", song(1, 4), genre="Old")
    bad = tmp_path / "b.mp3"
    bad.write_bytes(b"no music at all")
    undo = tmp_path / "undo.json"
    assert list(file_tags.write_tags({good: {"genre": "Rock"}, bad: {"genre": "Pop"}}, undo)) == [bad]
    assert bad.read_bytes() == b"no music at all" and file_tags.read(good) == {"genre": ["Rock"]}
    with pytest.raises(ReportError, match="exists"):
        file_tags.write_tags({good: {"genre": "Pop"}}, undo)
    file_tags.write_tags({good: {"genre": "Mine"}}, tmp_path / "other.json")
    assert file_tags.take_back(undo) == {} and file_tags.read(good) == {"genre": ["Mine"]}
    with pytest.raises(ReportError, match="no undo file"):
        file_tags.take_back(good)


def run(*arguments, cwd):
    return subprocess.run(
        [sys.executable, "-m", "lib.tagging", *map(str, arguments)], capture_output=True, text=True, cwd=cwd,
        timeout=300, env={**os.environ, "PYTHONPATH": str(PROJECT)}, check=False,
    )  # fmt: skip


def test_the_command_tags_a_folder_and_writes_everything(music, tmp_path):
    done = run(music, "--out", tmp_path / "out", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "3 of 6 files tagged" in done.stdout and "Classical, Electronic, Pop, Rock" in done.stdout
    assert "broken.wav: unreadable" in done.stdout
    out = tmp_path / "out"
    table = pd.read_csv(out / "tags.csv")
    assert len(table) == 6 and (table["status"] == "ok").sum() == 3 and "'=A()" in set(table["artist"].dropna())
    details = json.loads((out / "tags.json").read_text(encoding="utf-8"))
    assert details["model"]["study"] == "emotify" and len(details["songs"][-1]["over_time"]["start_s"]) >= 1
    html = BeautifulSoup((out / "index.html").read_text(encoding="utf-8"), "html.parser")
    assert html.find("script") is None and html.find("b", string="ü") is None and len(html.find_all("audio")) == 3
    for player in html.find_all("audio"):
        assert (out / unquote(player["src"])).resolve().is_file() and player["preload"] == "none"
    assert any("<script>" in heading.get_text() for heading in html.find_all("h3"))
    assert len(list((out / "playlists").iterdir())) >= 2
    again = run(music / "one.wav", "--out", out, "--write", cwd=tmp_path)
    assert again.returncode == 0 and "1 of 1 files tagged" in again.stdout


def test_the_command_says_what_is_wrong(music, tmp_path, capsys):
    (tmp_path / "full").mkdir()
    (tmp_path / "full/diary.txt").write_text("mine")
    (tmp_path / "none").mkdir()
    for arguments, reason in (
        ([], "Name the files"),
        ([tmp_path / "gone"], "no such file"),
        ([tmp_path / "none"], "no audio file"),
        ([music, "--out", tmp_path / "full"], "holds something else"),
        ([music, "--sure", "7"], "probability"),
        ([music, "--out", tmp_path / "x", "--model", tmp_path], "neither a model"),
        ([music, "--out", tmp_path / "x", "--model", "demo/no-such-run-f0-s0"], "is not finished"),
        ([music, "--out", "/proc/none/x"], "/proc/none/x"),
        ([music, "--out", tmp_path / "full/diary.txt/x"], "is no folder"),
        ([music, "--out", tmp_path / "x", "--workers", "-1"], "workers is -1"),
        (["--undo", tmp_path / "none.json"], "no undo file"),
    ):
        assert command.main([str(one) for one in arguments]) == 1
        assert reason in capsys.readouterr().err
    assert not (tmp_path / "x").exists() and (tmp_path / "full/diary.txt").read_text() == "mine"
    assert run(music / "broken.wav", "--out", tmp_path / "y", cwd=tmp_path).returncode == 1


def test_a_link_to_itself_is_a_file_with_a_reason(tagger, music, tmp_path):
    (tmp_path / "loop.wav").symlink_to("loop.wav")
    (tmp_path / "loop").symlink_to(tmp_path)
    shutil.copy(music / "one.wav", tmp_path)
    paths = files_of([tmp_path])
    assert [path.name for path in paths] == ["loop.wav", "one.wav"]
    assert [one.status for one in tag(tagger, paths, workers=1)] == ["missing", "ok"]


def test_music_is_never_replaced_by_results(music, tmp_path, capsys):
    for out, what in ((tmp_path / "m", "is"), (tmp_path / "m/below", "lies in"), (tmp_path, "contains")):
        song_, mark = tmp_path / "m/one.wav", tmp_path / "m/tags.json"
        song_.parent.mkdir(exist_ok=True)
        shutil.copy(music / "one.wav", song_)
        mark.write_text("{}")
        assert command.main([str(tmp_path / "m"), "--out", str(out)]) == 1
        assert song_.is_file() and mark.read_text() == "{}"
        message = capsys.readouterr().err
        assert f"--out {out}" in message and f"{what} the music folder" in message and "another" in message


def test_a_model_takes_no_music_s_place(tagger, music, tmp_path, capsys):
    from lib.tagging.export import main

    shutil.copytree(music, tmp_path / "music")
    before = sorted((tmp_path / "music").rglob("*"))
    assert main(["--out", str(tmp_path / "music")]) == 1
    assert "no part of a model" in capsys.readouterr().err
    with pytest.raises(ReportError, match="no part of a model"):
        save(tagger, tmp_path / "music")
    assert sorted((tmp_path / "music").rglob("*")) == before
    save(tagger, tmp_path / "model")
    save(tagger, tmp_path / "model")


def test_a_folder_without_a_manifest_is_not_an_earlier_result(music, tmp_path, capsys):
    (tmp_path / "out").mkdir()
    (tmp_path / "out/tags.json").write_text("{}")
    shutil.copy(music / "one.wav", tmp_path / "out/one.wav")
    assert command.main([str(music / "one.wav"), "--out", str(tmp_path / "out")]) == 1
    assert "holds something else" in capsys.readouterr().err
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"tags.json", "one.wav"}


def made(folder, **texts):
    for name, text in texts.items():
        path = folder / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def test_results_replace_what_the_program_wrote_and_nothing_else(tmp_path):
    out = tmp_path / "out"
    manifest.publish(made(tmp_path / "1", tags_csv="1", index_html="1", playlists__genre_m3u8="1"), out)
    (out / "mine.txt").write_text("mine")
    (out / "playlists/mine.m3u8").write_text("mine")
    manifest.publish(made(tmp_path / "2", tags_csv="2", index_html="2", playlists__mood_m3u8="2"), out)
    assert {path.relative_to(out).as_posix(): path.read_text() for path in out.rglob("*.*")} == {
        "tags.csv": "2", "index.html": "2", "playlists/mood.m3u8": "2", "mine.txt": "mine",
        "playlists/mine.m3u8": "mine", "manifest.json": (out / "manifest.json").read_text(),
    }  # fmt: skip
    for name in ("alike.csv", "tags.csv"):  # one that the program did not write there, and one changed since
        (out / name).write_text("mine")
        with pytest.raises(ReportError, match=rf"holds {name}, which .*Move it away"):
            manifest.publish(made(tmp_path / "3", alike_csv="3", tags_csv="3"), out)
        assert (out / name).read_text() == "mine" and (out / "index.html").read_text() == "2"
        (out / name).unlink()
    (out / "index.html").write_text("mine")
    manifest.publish(tmp_path / "3", out)  # no longer among the results, and changed: it stays
    assert (out / "index.html").read_text() == "mine" and not (out / "playlists/mood.m3u8").exists()


def test_results_that_were_cut_short_are_completed(tmp_path, monkeypatch):
    out = tmp_path / "out"
    manifest.publish(made(tmp_path / "1", alike_csv="1", tags_csv="1"), out)
    copy = shutil.copyfile

    def fail(source, target):
        if source.name == "tags.csv":
            raise OSError("no more")
        return copy(source, target)

    made(tmp_path / "2", alike_csv="2", tags_csv="2")
    with monkeypatch.context() as patch, pytest.raises(OSError, match="no more"):
        patch.setattr("lib.tagging.manifest.shutil.copyfile", fail)
        manifest.publish(tmp_path / "2", out)
    assert (out / "alike.csv").read_text() == "2" and (out / "tags.csv").read_text() == "1"
    manifest.publish(made(tmp_path / "3", alike_csv="3", tags_csv="3"), out)
    assert (out / "alike.csv").read_text() == (out / "tags.csv").read_text() == "3"


@pytest.mark.parametrize(
    "content", ["", "[]", '{"format": 9, "files": {}}', '{"format": 1, "files": {"../precious.txt": ["x"]}}']
)
def test_a_manifest_that_is_none_of_the_programs_is_refused(tmp_path, content):
    (tmp_path / "out").mkdir()
    (tmp_path / "out/manifest.json").write_text(content)
    with pytest.raises(ReportError, match=r"manifest\.json"):
        manifest.check(tmp_path / "out", [])


def test_read_only_files_are_tagged_only_when_requested(tmp_path):
    path = write(tmp_path / "a.flac", song(1, 4), genre="Old")
    path.chmod(0o444)
    left = file_tags.write_tags({path: {"genre": "Rock"}}, tmp_path / "undo.json")
    assert "read-only" in left[path] and "--read-only-too" in left[path] and file_tags.read(path) == {"genre": ["Old"]}
    assert file_tags.write_tags({path: {"genre": "Rock"}}, tmp_path / "other.json", read_only_too=True) == {}
    assert file_tags.read(path) == {"genre": ["Rock"]} and path.stat().st_mode & 0o777 == 0o444
    assert path in file_tags.take_back(tmp_path / "other.json") and file_tags.read(path) == {"genre": ["Rock"]}
    assert file_tags.take_back(tmp_path / "other.json", read_only_too=True) == {} and file_tags.read(path) == {
        "genre": ["Old"]
    }


def test_ctrl_c_keeps_what_is_done(tmp_path):
    first = write(tmp_path / "m/00.wav", song(1, 30))
    for number in range(1, 60):
        shutil.copy(first, tmp_path / f"m/{number:02}.wav")
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "lib.tagging", "m", "--workers", "1"], cwd=tmp_path, text=True,
        env={**os.environ, "PYTHONPATH": str(PROJECT)}, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # ignored below nohup, and inherited
    )  # fmt: skip
    count = 0
    for line in process.stdout:
        count += ".wav:" in line
        if count:
            process.send_signal(signal.SIGINT)
            break
    out, err = process.communicate(timeout=120)
    assert process.returncode == 130 and "Stopped before the end" in err, (out, err)
    assert 0 < len(pd.read_csv(tmp_path / "tagged/tags.csv")) < 60


def test_real_music_is_tagged(tagger):
    clips = sorted((music_folder() / "fma" / "clips").rglob("*.mp3"))
    if not clips:
        pytest.skip("real music is missing (set MUSIC_DATA)")
    found = list(tag(tagger, clips, workers=1))
    assert all(one.ok and not one.out_of_distribution for one in found)


def test_a_numeric_head_is_predicted_like_any_other(tagger):
    numeric = replace(tagger, temperatures={})
    x = np.zeros((2, *SPECTROGRAM.shape), np.uint8)
    assert not np.allclose(numeric.predict(x)[0]["genre"], tagger.predict(x)[0]["genre"])
