from types import SimpleNamespace

import pandas as pd
import pytest

from lib.evaluation import ablations
from lib.evaluation.bootstrap import Bootstrap
from lib.plots import intervals as plots
from lib.runs.run import SELECTED
from lib.runs.store import finished
from lib.training.recipes import BEST
from tests.fakes import fake_run, fake_study


@pytest.fixture
def study(tmp_path):
    return fake_study(tmp_path)


def test_recipes_are_compared_with_the_whole_recipe_on_the_same_validation_songs(study):
    for validation in (0, 1):
        fake_run(study, "zhang2016", "artist", validation=validation, candidate=True)
        for recipe, skill in (("poster", 1.0), ("tuned", 2.0), ("tuned_without_mixup", 0.0), ("tuned_with_masks", 2.0)):
            fake_run(study, "texture", "artist", recipe=recipe, skill=skill, validation=validation, candidate=True)
    tracks = pd.read_parquet(study.tracks)
    candidates = finished(study, candidates=True)
    table = ablations.recipes_tried(candidates, tracks, Bootstrap(300))
    genre = table[table["head"] == "genre"].set_index("recipe")
    assert list(genre.index) == ["tuned", "poster", "tuned_without_mixup", "tuned_with_masks"]
    assert genre.loc["tuned", ["difference", "low", "high"]].tolist() == [0, 0, 0]
    assert genre.loc["tuned_without_mixup", "high"] < 0
    songs = {
        track for run in candidates for track in run.predictions("validation")["track_id"]
    }  # all on the same shares
    assert set(genre["n_songs"]) == {len(songs)}
    figure = plots.tried_figure(table, "recipe")
    titles = [axes.get_title() or axes.get_title("left") for axes in figure.axes]  # as the style has it
    assert [title.split(",")[0] for title in titles] == ["genre", "mood"]


def test_variants_are_compared_with_the_posters_network(study):
    for network in ("yu2018", "yu2018_conv3", "zhang2016"):
        fake_run(study, network, "artist", candidate=True)
    table = ablations.networks_tried(finished(study, candidates=True), pd.read_parquet(study.tracks), Bootstrap(100))
    assert set(table["network"]) == {"yu2018", "yu2018_conv3"}


def test_nothing_tried_is_an_empty_table(study):
    fake_run(study, "zhang2016", "artist", candidate=True)
    fake_run(study, "yu2018", "artist", candidate=True)
    candidates, tracks = finished(study, candidates=True), pd.read_parquet(study.tracks)
    assert ablations.recipes_tried(candidates, tracks).empty
    assert ablations.networks_tried(candidates, tracks).empty
    assert ablations.recipes_tried([], tracks).empty


def test_what_was_chosen_is_listed_by_fold_and_head(study):
    fake_run(study, SELECTED, "artist", recipe=BEST)
    fake_run(study, "zhang2016", "artist")
    table = ablations.chosen(finished(study))
    assert table["head"].tolist() == ["genre", "mood"]
    assert set(table["chosen"]) == {"gone poster"}
    assert table["validation"].tolist() == [0.5, 0.5]


def test_networks_among_what_was_chosen_are_counted():
    def run(chosen):
        metrics = {"chosen": {"genre": chosen}, "validation": [{"candidate": chosen, "songs": 9, "genre": 0.5}]}
        return SimpleNamespace(run=SimpleNamespace(split="artist", fold=0), metrics=metrics)

    runs = [run("texture tuned + mfcc_svm baseline"), run("mfcc_svm baseline + profile_svm baseline")]
    assert ablations.chosen(runs)["networks"].tolist() == [1, 0]
