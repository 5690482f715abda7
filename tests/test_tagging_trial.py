"""What page 07 tries: songs a network has not learnt from, odd sounds, confidence before and after."""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from lib.errors import ReportError
from lib.tagging import plots, trial
from lib.tagging.export import tagger_of
from lib.tagging.model import SHIPPED, load
from lib.tagging.predict import Tagged, tag
from tests import fakes
from tests.synthetic import RATE, write


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
    assert len(own) == 8 and genres.value_counts().eq(2).all()  # another study's: all of it is unseen, evenly by genre
    (tmp_path / "music").mkdir()
    with pytest.raises(ReportError, match="no audio file there or below"):
        trial.music_files(study, tracks, tagger, str(tmp_path / "music"), 8)
    with pytest.raises(ReportError, match="there is no such file"):
        trial.music_files(study, tracks, tagger, str(tmp_path / "nowhere"), 8)
    (tmp_path / "music" / "a.wav").touch()
    assert trial.music_files(study, tracks, tagger, str(tmp_path / "music"), 8) == [tmp_path / "music" / "a.wav"]


def test_a_runs_own_test_songs_are_unseen(tmp_path, tagger):
    study = fakes.fake_study(tmp_path)
    run = fakes.fake_run(study, "yu2018", "artist")
    tracks = pd.read_parquet(study.tracks)
    facts = {"study": study.name, "name": f"{study.name}/{run.run.name}", "network": "yu2018", "recipe": "poster"}
    own = type(tagger)({"heads": {}}, [], None, {}, None, facts)
    assert set(trial.unseen(study, tracks, own)) == set(run.predictions("test")["track_id"])
    assert [one.run for one in trial.alike(study, own)] == [run.run]


def test_temperatures_change_confidence_and_hardly_a_prediction(tmp_path, tagger):
    study = fakes.fake_study(tmp_path)
    runs = [fakes.fake_run(study, "yu2018", "artist", fold) for fold in (0, 1)]
    tracks = pd.read_parquet(study.tracks)
    own = type(tagger)({"heads": {}}, [], None, {"genre": 3.0, "mood": 1.0}, None, {})
    scores, bins = trial.trust(runs, tracks, own, resamples=100)
    by = scores.set_index(["network", "head"])
    assert by.loc[("after", "genre"), "confidence"] < by.loc[("before", "genre"), "confidence"]
    scored = ["confidence", "accuracy", "ece", "brier"]
    assert by.loc[("after", "mood"), scored].tolist() == pytest.approx(
        by.loc[("before", "mood"), scored].tolist(), abs=1e-5
    )
    assert set(bins["network"]) == {"before", "after"}


def test_a_sound_that_is_no_music_is_out_of_distribution(tagger, tmp_path):
    write(tmp_path / "noise.wav", 0.1 * np.random.default_rng(0).normal(size=20 * RATE))
    write(tmp_path / "silence.wav", np.zeros(20 * RATE))
    tagged_files = list(tag(tagger, sorted(tmp_path.iterdir()), workers=1))
    table = trial.prediction_table(tagged_files, tagger, ["noise", "silence"], 0.5).set_index("what")
    assert table.loc["noise", "genre"] == "unsure" and table.loc["noise", "ood_score"] > 1
    assert "loud enough" in table.loc["silence", "why not"]


def test_strips_show_every_file(tagger):
    heads = tagger.heads
    predictions = {head.name: np.full((3, len(head.classes)), 1 / len(head.classes)) for head in heads}
    songs = [Tagged(Path("x.wav"), "ok", seconds=9.0, starts=np.array([0.0, 3, 6]), predictions=predictions)] * 2
    figure = plots.strips(songs, heads, ["one", "a $name$ that is much longer than what fits beside it"])
    assert len(figure.axes) == 4
    figure.canvas.draw()
    plt.close(figure)
