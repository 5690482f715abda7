from pathlib import Path

import pandas as pd
import pytest

from lib import listen
from lib.errors import ReportError
from lib.plots.errors import figure_name
from lib.tables import read_tracks, write_csv, write_parquet
from tests.fakes import fake_study


@pytest.fixture
def study(tmp_path, tone):
    """An evaluated study of which one song's file is there and the others are not."""
    study = fake_study(tmp_path / "root")
    tracks = read_tracks(study.tracks)
    tracks.loc[0, "path"] = str(tone("a song & more.wav"))
    tracks.loc[0, "duration_s"] = 50.0
    write_parquet(tracks, study.tracks)
    row = {"head": "genre", "title": "<b>Song & 0</b>", "artist": "", "true": "Folk", "answer": "Rock"}
    missed = [row | {"track_id": "t0000", "agree": 2}, row | {"track_id": "t0009", "title": "", "agree": 1}]
    write_csv(pd.DataFrame(missed), study.tables / "missed.csv")
    sure = row | {"network": "net", "recipe": "poster", "track_id": "t0000"}
    mistakes = [sure | {"protocol": "slice", "probability": 0.99}, sure | {"protocol": "artist", "probability": 0.8}]
    write_csv(pd.DataFrame(mistakes), study.tables / "mistakes.csv")
    study.figures.mkdir(parents=True)
    (study.figures / f"{figure_name('genre', 't0000')}.svg").write_text("<svg/>")
    return study


def files(folder: Path) -> dict:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_page_plays_the_files_of_this_machine_and_touches_no_results(study):
    before = files(study.results)
    page = listen.write_page(study)
    assert files(study.results) == before
    assert page == study.work / "listen.html"
    assert {path for path in files(study.work) if path.suffix in (".wav", ".mp3", ".html")} == {page}  # no copy
    text = page.read_text()
    assert text.count("<audio") == 2 and "a%20song%20%26%20more.wav#t=10.0,40.0" in text
    assert "Its file is not where it was" in text and "t0009" in text
    assert "&lt;b&gt;Song &amp; 0&lt;/b&gt;" in text and "<b>Song" not in text
    assert text.count("error-genre-t0000.svg") == 2


def test_mistakes_are_those_under_the_strictest_protocol(study):
    text = listen.write_page(study).read_text()
    assert "net under artist says Rock (80 %)" in text and "under slice" not in text


def test_no_song_at_all(study):
    for name in listen.SECTIONS:
        table = pd.read_csv(study.tables / f"{name}.csv")
        write_csv(table.iloc[:0], study.tables / f"{name}.csv")
    assert listen.write_page(study).read_text().count("<p>None.</p>") == 2


def test_a_study_that_was_not_evaluated_is_an_error(study, capsys):
    (study.tables / "missed.csv").unlink()
    with pytest.raises(ReportError, match="05_error_analysis"):
        listen.write_page(study)
    assert listen.main(["--study", study.name, "--root", str(study.root)]) == 1
    assert "listen:" in capsys.readouterr().err


def test_the_command_says_where_the_page_is(study, capsys):
    assert listen.main(["--study", study.name, "--root", str(study.root)]) == 0
    assert capsys.readouterr().out.strip() == str(study.work / "listen.html")
