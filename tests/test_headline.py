import numpy as np
import pandas as pd
import pytest

from lib.evaluation import headline
from lib.evaluation.pattern import order_sentence, pattern_finding

NET = {"network": "this_project", "recipe": "poster"}


def accuracies(**values):
    """Result table of the main network by song: ``slice_genre=.8`` and so on."""
    rows = []
    for name, value in values.items():
        protocol, head = name.split("_")
        rows.append({**NET, "protocol": protocol, "head": head, "level": "song", "accuracy": value})
    return pd.DataFrame(rows)


def drop(leaky, strict, head, value, low, high):
    return {**NET, "leaky": leaky, "strict": strict, "head": head, "level": "song", "drop": value} | {
        "low": low, "high": high, "paired": True,
    }  # fmt: skip


@pytest.fixture
def table():
    return accuracies(
        slice_genre=0.8, slice_mood=0.7, song_genre=0.75, song_mood=0.6, artist_genre=0.7, artist_mood=0.5
    )


@pytest.fixture
def drops():
    return pd.DataFrame(
        [
            drop("slice", "artist", "genre", 0.1, 0.05, 0.15),
            drop("slice", "artist", "mood", 0.2, -0.01, 0.41),
            drop("slice", "song", "genre", 0.05, 0.01, 0.09),
            drop("song", "artist", "genre", 0.05, 0.004, 0.1),
            drop("seen", "unseen", "genre", 0.12, 0.06, 0.18),
        ]
    )


def said(table, drops, beaten=None):
    return [text.replace("\u00a0", " ") for text in headline([], table, drops, beaten=beaten)]


def test_three_sentences_tell_the_drop_its_parts_and_what_is_left(table, drops):
    beaten = pd.DataFrame(
        [
            {**NET, "protocol": "artist", "head": "genre", "baseline": "mfcc_svm", "baseline_value": 0.62}
            | {"difference": 0.08, "low": 0.02, "high": 0.14},
            {**NET, "protocol": "artist", "head": "mood", "baseline": "mfcc_svm", "baseline_value": 0.5}
            | {"difference": 0.0, "low": -0.05, "high": 0.05},
        ]
    )
    first, second, third = said(table, drops, beaten)
    assert first == (
        "With slices drawn at random (`slice`), `this_project` names the genre of 80 % of the songs and the mood of "
        "70 %; with no artist on both sides (`artist`), it names the genre of 70 % and the mood of 50 %: a drop of 10 "
        "points (95 % interval 5 to 15) in genre and a drop of 20 points (95 % interval −1 to 41, not established) in "
        "mood."
    )
    assert "in genre 5 (1 to 9) points go with the song's own slices and 5 (0.4 to 10) with the artist's" in second
    assert second.endswith("(the control), 12 (6 to 18) in genre points are lost.")
    assert "in genre more than the best simple baseline (`mfcc_svm`, 62 %; difference 8, 2 to 14 points)" in third
    assert "in mood not established to differ from" in third


def test_a_rise_is_called_a_rise(table):
    rise = pd.DataFrame([drop("slice", "artist", "genre", -0.1, -0.15, -0.05)])
    assert "a rise of 10 points (95 % interval 5 to 15) in genre." in said(table, rise)[0]


def test_without_intervals_without_drops_and_without_classes(table):
    few = pd.DataFrame([drop("slice", "artist", "genre", 0.1, np.nan, np.nan)])
    assert "a drop of 10 points (too few songs or artists for an interval) in genre" in said(table, few)[0]
    alone = said(accuracies(artist_genre=0.7), pd.DataFrame())
    assert alone == ["With no artist on both sides (`artist`), `this_project` names the genre of 70 % of the songs."]
    assert said(pd.DataFrame(columns=["network", "recipe", "level"]), pd.DataFrame()) == []


def published(**values):
    rows = [
        {"network": name, "recipe": "poster", "protocol": protocol, "head": "genre", "level": "slice"}
        | {"accuracy": value, "train_accuracy": 0.9}
        for name, value in values.items()
        for protocol in ("poster_split", "slice")
    ]
    return pd.DataFrame(rows)


def test_the_posters_order_is_asked_under_slice_and_its_lead_corrected():
    same = published(this_project=0.8, choi2016=0.7, zhang2016=0.6)
    assert order_sentence(same) == "The poster's order of its networks recurs in genre (by slice under `slice`)."
    other = published(this_project=0.6, choi2016=0.7, zhang2016=0.8)
    assert "does not recur in genre" in order_sentence(other)
    assert order_sentence(published(this_project=0.8)) == ""
    lead = {"protocol": "slice", "recipe": "poster", "head": "genre", "level": "slice", "better": "this_project"}
    lead |= {"worse": "choi2016", "difference": 0.1, "low": 0.02, "high": 0.18}
    for p, verdict in ((0.01, "is established"), (0.2, "is not established")):
        assert verdict in pattern_finding(same, pd.DataFrame([lead | {"p_holm": p}]))
