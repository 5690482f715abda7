import re
from dataclasses import asdict

import numpy as np
import pandas as pd
import pytest

from lib import corpora
from lib.audio import Spectrogram
from lib.cards import answered, costs, data, model
from lib.corpora import summary
from lib.corpora.origins import ORIGINS, origin
from lib.errors import ReportError
from lib.evaluation import comparisons, per_class, predictions, results
from lib.evaluation.bootstrap import Bootstrap
from tests.fakes import fake_run, fake_study, fake_tracks

HOLES = re.compile(r"\b(nan|None|NaN|<NA>|TODO)\b")


def whole(card):
    """Text of a card in which nothing is missing."""
    text = answered(card)
    assert not HOLES.search(text), text
    return text


def test_a_card_with_a_hole_is_refused():
    assert answered({"Who?": "We.", "Why?": "So."}) == "**Who?** We.\n\n**Why?** So."
    with pytest.raises(ReportError, match="'Why\\?' open"):
        answered({"Who?": "We.", "Why?": " "})


def test_every_corpus_says_where_it_comes_from():
    assert set(ORIGINS) == set(corpora.CORPORA)
    for name in corpora.CORPORA:
        for field, text in asdict(origin(name)).items():
            assert text.strip().endswith("."), (name, field)
    assert "synthetic" in origin("demo").purpose
    with pytest.raises(ReportError, match="nowhere"):
        origin("nowhere")


@pytest.mark.parametrize("corpus", corpora.CORPORA)
def test_the_data_card_answers_every_question_of_every_corpus(corpus):
    tracks, about = fake_tracks(), origin(corpus)
    slices = pd.DataFrame({"track_id": ["a", "a", "b"]})
    cards = [
        data.motivation(about),
        data.composition(tracks),
        data.labels(about),
        data.preparation(Spectrogram(), slices, 5),
        data.uses(about),
        data.terms(about, tracks),
    ]
    assert sum(len(whole(card)) for card in cards) > 2000


def test_the_data_card_counts():
    tracks = fake_tracks(artists=2, songs=3, genres=("Rock", "Folk"))
    tracks.loc[0, ["status", "reason"]] = ["silent", "no sound"]
    text = whole(data.composition(tracks))
    assert "12 clips, of which 11 can be used: 0.1 hours" in text
    assert "Folk (6) and Rock (5)" in text
    assert "1 has none" in text  # of two songs without a mood one is silent
    assert "4 artists" in text
    assert "1 recording is there more than once, in 2 tracks" in text
    assert "1 cannot" in text


def test_the_data_card_says_so_where_nothing_is_known():
    tracks = fake_tracks().assign(genre=pd.NA, mood=pd.NA, artist_group=pd.NA)
    tracks["song_group"] = tracks["track_id"]
    text = whole(data.composition(tracks))
    for said in ("No song has a genre", "No song has a mood", "No: no two fingerprints agree", "cannot be run"):
        assert said in text


def test_slices_are_counted_by_song():
    slices = pd.DataFrame({"track_id": ["a"] * 10 + ["b"] * 8})
    assert "18 in all, 8 to 10 a song" in whole(data.preparation(Spectrogram(), slices, 5))
    assert "10 in all, 10 a song." in whole(data.preparation(Spectrogram(), slices.iloc[:10], 5))


def test_the_checksum_is_that_of_files_and_labels_not_of_their_place():
    tracks = fake_tracks()
    moved = tracks.assign(path="/elsewhere/" + tracks["path"], artist_group="x").sample(frac=1, random_state=0)
    assert summary.checksum(moved) == summary.checksum(tracks)
    other = tracks.copy()
    other.loc[3, "genre"] = "Pop"
    assert summary.checksum(other) != summary.checksum(tracks)


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return fake_study(tmp_path_factory.mktemp("cards"))


@pytest.fixture(scope="module")
def runs(study):
    made = [fake_run(study, protocol=protocol, fold=fold) for protocol in ("slice", "artist") for fold in (0, 1)]
    return [*made, fake_run(study, "zhang2016"), fake_run(study, "majority", recipe="baseline")]


@pytest.fixture(scope="module")
def judged(study, runs):
    collected = predictions.collect(runs, fake_tracks())
    return results.results(collected, Bootstrap(50)), per_class.per_class(collected, Bootstrap(50)), collected


def test_the_model_card_is_about_the_main_network(runs, judged):
    rows = results.main_rows(judged[0])
    own = model.main_runs(runs, rows)
    assert {one.run.architecture for one in own} == {"this_project"}
    assert len(own) == 4
    assert model.main_runs(runs[4:], rows.iloc[:0])[0].run.architecture == "zhang2016"
    with pytest.raises(ReportError, match="No network"):
        model.main_runs(runs[5:], rows)


def test_the_model_card_answers_every_question(runs, judged):
    table, classes, collected = judged
    rows = results.main_rows(table)
    own, protocols = runs[:4], ["slice", "artist"]
    beaten = comparisons.against_baselines(collected, Bootstrap(50))
    cards = [
        model.training(own),
        model.intent(origin("demo").licence),
        model.judged(rows, protocols),
        model.limits(rows, protocols, own, origin("demo").limits),
    ]
    text = " ".join(whole(card) for card in cards)
    assert "2 folds and 1 seed under `slice` and 2 folds and 1 seed under `artist`" in text
    assert "under `slice`" in text
    assert "Keras 3.1.0 on tensorflow and Python 3.12.1" in text
    told = model.in_words(table, classes, beaten, "synthetic songs")
    assert len(told) == 3
    assert all("synthetic songs" in one for one in told[::2])
    assert not HOLES.search(" ".join(told))


def test_a_network_that_names_no_classes_has_a_card_too(runs):
    none = results.results([], Bootstrap(50))
    assert model.in_words(none, pd.DataFrame(), None) == ["Its heads answer with numbers; page 05 tells how well."]
    whole(model.judged(none, ["artist"]))
    whole(model.limits(none, ["artist"], runs[:1], "Nothing."))


def test_the_class_found_least_is_named():
    classes = pd.DataFrame(
        {"network": "n", "recipe": "poster", "protocol": "artist", "head": ["genre"] * 3, "class": ["a", "b", "c"]}
    ).assign(recall=[0.5, 0.25, np.nan], support=[10, 8, 0])
    assert model.weakest(classes, "n", "poster", "artist") == (
        "**Least often found:** in genre b (25\u00a0% of its 8 songs)."
    )


def test_costs_add_up_by_network_protocol_and_machine(runs):
    table = costs.table_of(runs)
    own = table[(table["network"] == "this_project") & (table["protocol"] == "slice")].iloc[0]
    assert own["runs"] == 2
    assert own["minutes"] == pytest.approx(1 / 60)
    assert own["hours"] == own["core_hours"] / 2 == pytest.approx(2 / 3600)
    assert table["runs"].sum() == len(runs)
    said = costs.sentence(table, costs.table_of([]))
    assert said.startswith(f"{len(runs)} runs took 0.0 h (0.0 core hours), on An old one with 2 cores.")
