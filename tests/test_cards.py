import re

import numpy as np
import pandas as pd
import pytest

from lib import datasets as corpora
from lib.datasets import summary
from lib.datasets.datasheets import datasheet, datasheets
from lib.errors import ReportError
from lib.evaluation import comparisons, per_class, predictions, results
from lib.evaluation.bootstrap import Bootstrap
from lib.features.spectrogram import Spectrogram
from lib.models.complexity import ReceptiveField
from lib.narrative.cards import costs, data_card, model_card, render
from tests.fakes import fake_run, fake_study, fake_tracks

HOLES = re.compile(r"\b(nan|None|NaN|<NA>|TODO|Undefined)\b|[{}]|  | [.,;]")
ABOUT = datasheet("demo")


def by_question(card):
    """Paragraphs of a card by question; none is empty."""
    found = {}
    for text in card.values():
        assert not HOLES.search(text), text
        found |= {one[2:].partition("?** ")[0]: one.partition("?** ")[2] for one in text.split("\n\n") if "?** " in one}
    return found


def data(tracks, about=ABOUT, counts=(10, 8)):
    slices = pd.DataFrame({"track_id": [name for name, count in zip("ab", counts, strict=False) for _ in range(count)]})
    return by_question(data_card.card(about, tracks, Spectrogram(), slices, 5))


def test_a_card_with_a_hole_is_refused():
    with pytest.raises(ReportError, match=r"'What is it fit for\?' open"):
        data(fake_tracks(), ABOUT | {"fit": " "})
    with pytest.raises(Exception, match="about"):
        render("data_card")


def test_every_corpus_says_where_it_comes_from():
    assert set(datasheets()) == set(corpora.CORPORA)
    for name, about in datasheets().items():
        assert about.keys() == ABOUT.keys()
        for field, text in about.items():
            assert text.endswith(".") and "\n" not in text, (name, field)
    assert "synthetic" in ABOUT["purpose"]
    with pytest.raises(ReportError, match="nowhere"):
        datasheet("nowhere")


@pytest.mark.parametrize("corpus", corpora.CORPORA)
def test_the_data_card_answers_every_question_of_every_corpus(corpus):
    found = data(fake_tracks(), datasheet(corpus))
    assert len(found) == 23
    assert set(datasheet(corpus).values()) <= set(found.values())


def test_the_data_card_counts():
    tracks = fake_tracks(artists=2, songs=3, genres=("Rock", "Folk"))
    tracks.loc[0, ["status", "reason"]] = ["silent", "no sound"]
    found = data(tracks)
    assert found["How large is it"].startswith(
        "12 clips, of which 11 can be used: 0.1 hours in all, 30 s each. 1 cannot;"
    )
    assert found["Which genres"].startswith("Folk (6) and Rock (5), songs in brackets.")
    assert "1 has none" in found["Which moods"]  # of two songs without a mood one is silent
    assert found["Whose music is it"].startswith("4 artists")
    assert found["Is a recording there twice"].startswith("Yes: 1 recording is there more than once, in 2 tracks")


def test_the_data_card_says_so_where_nothing_is_known():
    tracks = fake_tracks().assign(genre=pd.NA, mood=pd.NA, artist_group=pd.NA)
    tracks["song_group"] = tracks["track_id"]
    text = " ".join(data(tracks).values())
    for phrase in ("No song has a genre", "No song has a mood", "No: no two fingerprints agree", "cannot be run"):
        assert phrase in text


def test_slices_are_counted_by_song():
    question = "What is taken of the sound"
    assert "18 in all, 8 to 10 a song," in data(fake_tracks())[question]
    assert data(fake_tracks(), counts=(10,))[question].endswith("10 in all, 10 a song.")


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
    made = [fake_run(study, split=split, fold=fold) for split in ("random", "artist") for fold in (0, 1)]
    return [*made, fake_run(study, "zhang2016"), fake_run(study, "majority", recipe="baseline")]


@pytest.fixture(scope="module")
def judged(study, runs):
    collected = predictions.collect(runs, fake_tracks())
    return results.results(collected, Bootstrap(50)), per_class.per_class(collected, Bootstrap(50)), collected


def test_the_model_card_is_about_the_main_network(runs, judged):
    rows = results.main_rows(judged[0])
    own = model_card.main_runs(runs, rows)
    assert {one.run.architecture for one in own} == {"yu2018"}
    assert len(own) == 4
    assert model_card.main_runs(runs[4:], rows.iloc[:0])[0].run.architecture == "zhang2016"
    with pytest.raises(ReportError, match="No network"):
        model_card.main_runs(runs[5:], rows)


def model(runs, tables, whole=True):
    described = {"name": "yu2018", "heads": {"genre": ["Folk", "Rock"], "valence": []}}
    reach = ReceptiveField(1.234, 17, 40, (), whole)
    return model_card.card(ABOUT, "demo", runs, tables, described, 12345, Spectrogram(), reach)


def test_the_model_card_answers_every_question(runs, judged):
    table, classes, collected = judged
    card = model(runs[:4], (table, classes, comparisons.against_baselines(collected, Bootstrap(50))))
    found = by_question(card)
    assert len(found) == 17 and ABOUT["limits"] in found.values() and "12,345 parameters" in found["What is it"]
    assert "genre (Folk, Rock) and valence (a number)" in found["What is it"]
    assert (
        "2 folds and 1 seed under `random` and 2 folds and 1 seed under `artist`"
        in found["How much do its figures move"]
    )
    assert "Keras 3.1.0 on tensorflow and Python 3.12.1" in found["With what"]
    assert re.search(r"genre \d+\xa0% under `random` and \d+\xa0% under `artist` and mood", card["limits"])
    paragraphs = card["performance"].split("\n\n")
    assert len(paragraphs) == 3 and all(one.startswith("- ") for one in paragraphs)
    assert all("synthetic songs" in one for one in paragraphs[::2])
    assert paragraphs[1].startswith("- **Least often found:** in genre ") and paragraphs[1].endswith(" songs).")


def test_a_network_that_names_no_classes_has_a_card_too(runs):
    card = model(runs[:1], (results.results([], Bootstrap(50)), pd.DataFrame(), None), whole=False)
    assert card["performance"] == "- Its heads answer with numbers; page 05 tells how well."
    assert "its answer 1.23 s and 17 bands of it." in by_question(card)["How much does it see at once"]


def test_the_class_found_least_is_named():
    same = {"network": "n", "recipe": "poster", "split": "artist", "head": "genre"}
    classes = pd.DataFrame([same | {"class": name} for name in "abc"])
    classes = classes.assign(recall=[0.5, 0.25, np.nan], support=[10, 8, 0])
    rows = pd.DataFrame([same, same | {"split": "random"}])
    assert model_card.weakest(classes, rows) == [{"head": "genre", "class": "b", "recall": 0.25, "support": 8}]


def test_costs_add_up_by_network_split_and_machine(runs):
    table = costs.table_of(runs)
    own = table[(table["network"] == "yu2018") & (table["split"] == "random")].iloc[0]
    assert own["runs"] == 2
    assert own["minutes"] == pytest.approx(1 / 60)
    assert own["hours"] == own["core_hours"] / 2 == pytest.approx(2 / 3600)
    assert table["runs"].sum() == len(runs)
    text = costs.sentence(table, costs.table_of([]))
    assert text.startswith(f"{len(runs)} runs took 0.0 h (0.0 core hours), on An old one with 2 cores.")


def test_only_settings_that_are_not_the_usual_ones_are_named():
    assert model_card._unusual({"epochs": 3, "epochs_tried": [], "mixup": 0.0}) == []  # as a record has them
    assert model_card._unusual({"epochs_tried": [5, 10], "schedule": "cosine"}) == [
        "epochs tried (5, 10)",
        "schedule cosine",
    ]
