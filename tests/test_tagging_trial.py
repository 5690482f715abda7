"""What page 07 tries: songs a network has not learnt from, odd sounds, confidence before and after."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from lib import audio
from lib.errors import ReportError
from lib.tagging import plots, trial
from lib.tagging.model import SHIPPED, load
from lib.tagging.ship import tagger_of
from lib.tagging.songs import Tagged, tag
from tests import fakes
from tests.synthetic import RATE, song


@pytest.fixture(scope="module")
def tagger():
    return load(SHIPPED)


def test_a_model_is_found_by_its_name(tmp_path):
    assert tagger_of("").facts == load(SHIPPED).facts == tagger_of(str(SHIPPED)).facts
    for wrong in ("nothing", "a/b/c"):
        with pytest.raises(ReportError, match="neither a model's folder nor <study>/<run>"):
            tagger_of(wrong, str(tmp_path))


def test_music_of_ones_own_goes_before_the_studys(tagger, tmp_path):
    study = fakes.fake_study(tmp_path)
    tracks = pd.read_parquet(study.tracks)
    own = trial.music_files(study, tracks, tagger, "", 8)
    genres = tracks.set_index("path").loc[[str(path) for path in own], "genre"]
    assert len(own) == 8 and genres.value_counts().eq(2).all()  # another study's: all of it is unheard, evenly by genre
    (tmp_path / "music").mkdir()
    with pytest.raises(ReportError, match="no audio file there or below"):
        trial.music_files(study, tracks, tagger, str(tmp_path / "music"), 8)
    with pytest.raises(ReportError, match="there is no such file"):
        trial.music_files(study, tracks, tagger, str(tmp_path / "nowhere"), 8)
    (tmp_path / "music" / "a.wav").touch()
    assert trial.music_files(study, tracks, tagger, str(tmp_path / "music"), 8) == [tmp_path / "music" / "a.wav"]


def test_a_runs_own_test_songs_are_what_it_has_not_heard(tmp_path, tagger):
    study = fakes.fake_study(tmp_path)
    run = fakes.fake_run(study, "this_project", "artist")
    tracks = pd.read_parquet(study.tracks)
    facts = {"study": study.name, "name": f"{study.name}/{run.run.name}", "network": "this_project", "recipe": "poster"}
    own = type(tagger)({"heads": {}}, [], None, {}, None, facts)
    assert set(trial.unheard(study, tracks, own)) == set(run.predictions("test")["track_id"])
    assert [one.run for one in trial.alike(study, own)] == [run.run]


def test_temperatures_change_confidence_and_hardly_an_answer(tmp_path, tagger):
    study = fakes.fake_study(tmp_path)
    runs = [fakes.fake_run(study, "this_project", "artist", fold) for fold in (0, 1)]
    tracks = pd.read_parquet(study.tracks)
    own = type(tagger)({"heads": {}}, [], None, {"genre": 3.0, "mood": 1.0}, None, {})
    scores, bins = trial.trust(runs, tracks, own, resamples=100)
    by = scores.set_index(["network", "head"])
    assert by.loc[("after", "genre"), "confidence"] < by.loc[("before", "genre"), "confidence"]
    scored = ["confidence", "accuracy", "ece", "brier"]
    assert by.loc[("after", "mood"), scored].tolist() == pytest.approx(
        by.loc[("before", "mood"), scored].tolist(), abs=1e-5
    )
    assert set(bins["network"]) == {"before", "after"} and "in genre from" in trial.trust_claim(scores)


def test_odd_sounds_get_no_answer_and_are_told_apart(tagger, tmp_path):
    import soundfile

    soundfile.write(tmp_path / "song.wav", song(0, 20), RATE)
    odd = trial.odd_sounds(tmp_path, tmp_path / "song.wav")
    assert list(odd)[-1] == "a song through a telephone"
    y, rate = soundfile.read(odd["a song through a telephone"])
    power = np.abs(np.fft.rfft(y)) ** 2
    hertz = np.fft.rfftfreq(len(y), 1 / rate)
    assert rate == 8000 and power[(hertz < 100)].sum() < 0.05 * power.sum()
    heard = list(tag(tagger, odd.values(), workers=1))
    table = trial.told(heard, tagger, list(odd), 0.5).set_index("what")
    assert (table.loc[list(odd)[1:4], "genre"] == "unsure").all() and "loud enough" in table.loc["silence", "why not"]
    assert f"Of {len(odd)} sounds that are unlike its music" in trial.odd_sentence(heard, list(odd), tagger)
    assert "cannot say" in trial.odd_sentence([], [], type(tagger)({"heads": {}}, [], None, {}, None, {}))
    (tmp_path / "broken.mp3").write_bytes(b"no sound")
    assert "a song through a telephone" not in trial.odd_sounds(tmp_path, tmp_path / "broken.mp3")


def test_strips_show_every_file(tagger):
    heads = tagger.heads
    answers = {head.name: np.full((3, len(head.classes)), 1 / len(head.classes)) for head in heads}
    songs = [Tagged(audio.Path("x.wav"), "ok", seconds=9.0, starts=np.array([0.0, 3, 6]), answers=answers)] * 2
    figure = plots.strips(songs, heads, ["one", "a $name$ that is much longer than what fits beside it"])
    assert len(figure.axes) == 4
    figure.canvas.draw()
    plt.close(figure)
