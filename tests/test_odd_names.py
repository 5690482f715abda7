"""Names from outside, whatever is in them: of files, folders, genres and tags."""

import json
import os
import subprocess
import sys

import pandas as pd
import pytest

from lib.datasets.assemble import assemble
from lib.io import plain, printable, replacing, write_parquet
from lib.paths import PROJECT, Study
from lib.tagging import file_tags
from tests.synthetic import song, write

NAMES = (
    "a b", "it's", "Ke$ha", "`touch x`", "{b} %s %",
    '"q"', "#5?&", "<b>_x_<i>", "-rf", "=1+1", "new\nline", "bell\x07",
    "שיר \u202e", "🎵", "~", "ä" * 110, "C:", os.fsdecode(b"latin-\xe4"),
)  # fmt: skip


@pytest.fixture(scope="module")
def music(tmp_path_factory):
    """One song under each name, in genre folders of odd names."""
    folder = tmp_path_factory.mktemp("odd {x} $HOME `id`")
    path = write(folder / "one.wav", song(1, 4))
    for number, name in enumerate(NAMES):
        genre = folder / ("<b>_x_<i>", "C# {y}")[number % 2]
        genre.mkdir(exist_ok=True)
        (genre / f"{name}.wav").write_bytes(path.read_bytes())
    path.unlink()
    return folder


def test_the_tagger_tags_them_all_and_writes_all_its_files(music, tmp_path):
    out = tmp_path / "out"
    done = subprocess.run(
        [sys.executable, "-m", "lib.tagging", music, "--out", out, "--workers", "1"],
        capture_output=True, check=False, env={**os.environ, "PYTHONPATH": str(PROJECT), "PYTHONIOENCODING": "ascii"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()
    assert f"{len(NAMES)} of {len(NAMES)} files tagged" in done.stdout.decode("ascii")
    table = pd.read_csv(out / "tags.csv", encoding_errors="surrogateescape", dtype=object)
    assert len(table) == len(NAMES) and (table["status"] == "ok").all()
    assert len(json.loads((out / "tags.json").read_text(encoding="utf-8"))["songs"]) == len(NAMES)
    assert "<b>_x_" not in (out / "index.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("tail", ["| head -1", "2>&-", ">&- 2>&- <&-", ">/dev/full"])
def test_work_goes_on_whoever_reads_the_terminal(tmp_path, tail):
    work = (
        "import sys; from lib.isolation import unbroken_streams; unbroken_streams()\n"
        "for n in range(100_000): print('שיר', n)\nprint('\\udcff', file=sys.stderr)\n"
        f"open({str(tmp_path / 'done')!r}, 'w').write('done')"
    )
    environment = {
        **os.environ,
        "PYTHONPATH": str(PROJECT),
        "PYTHONIOENCODING": "latin-1",
        "WORK": work,
        "PYTHON": sys.executable,
    }
    subprocess.run(["bash", "-c", f'"$PYTHON" -c "$WORK" {tail}'], capture_output=True, env=environment, check=False)
    assert (tmp_path / "done").read_text() == "done"


def test_a_study_names_the_file_that_no_table_can_name(music, tmp_path):
    tracks = assemble(Study("odd", tmp_path), "folder", music, workers=1)
    bad = tracks[tracks["status"] != "ok"]
    assert len(tracks) == len(NAMES)
    assert sorted(path.rpartition("/")[2] for path in bad["path"]) == ["bell .wav", "latin-�.wav", "new line.wav"]
    assert bad["reason"].str.contains("rename it").all()
    assert set(tracks["genre"]) == {"<b>_x_<i>", "C# {y}"}
    write_parquet(tracks, tmp_path / "tracks.parquet")


def test_tags_are_written_into_files_of_any_name(music, tmp_path):
    for path in music.rglob("*.wav"):
        assert file_tags.write_tags({path: {"mood": "happy"}}, tmp_path / f"{abs(hash(path))}.json") == {}
        assert file_tags.read(path)["mood"] == ["happy"]


def test_what_is_shown_is_text_and_no_markup():
    assert printable("a\x00b\udcff\ufffe") == "a b��"
    assert plain("<b>_x_</b> $1 `id`") == r"\<b\>\_x\_\</b\> \$1 \`id\`"


def test_a_name_of_full_length_can_be_replaced(tmp_path):
    path = tmp_path / ("é" * 127)
    with replacing(path) as part:
        part.write_text("x")
    assert path.read_text() == "x"


@pytest.mark.parametrize("value", ["Ke$ha", "`touch x`", 'it\'s "q" {b}', "-x", "$(shell touch y)"])
def test_make_passes_values_on_as_they_are(tmp_path, value):
    fake = tmp_path / "bin" / "python"
    fake.parent.mkdir()
    fake.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    fake.chmod(0o755)
    (tmp_path / "ready").touch()
    words = ["make", "-C", str(PROJECT), f"BIN={fake.parent}", f"READY={tmp_path / 'ready'}", "report", f"DATA={value}"]
    done = subprocess.run([*words, "-o", str(tmp_path / "ready")], capture_output=True, text=True, check=True)
    assert f"--data={value}" in done.stdout.splitlines()
    assert not (PROJECT / "x").exists() and not (PROJECT / "y").exists()
