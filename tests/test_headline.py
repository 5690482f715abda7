import numpy as np
import pandas as pd
import pytest

from lib.evaluation import headline
from lib.evaluation.headline import leakage_alone

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
        "low": low, "high": high, "paired": True, "n_songs": 400, "before": 0.8, "after": 0.8 - value,
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


NO_RANKS = pd.DataFrame(columns=["protocol", "recipe", "head", "level", "better", "worse", "p_holm"])


def said(table, drops, beaten=None):
    return [text.replace("\u00a0", " ") for text in headline([], table, drops, NO_RANKS, beaten=beaten)]


def test_three_sentences_tell_the_drop_its_parts_and_what_is_left(table, drops):
    lead = {**NET, "protocol": "artist", "score": "accuracy", "baseline": "mfcc_svm", "baseline_value": 0.62}
    beaten = pd.DataFrame(
        [
            {**lead, "head": "genre", "difference": 0.08, "low": 0.02, "high": 0.14, "established": True},
            {**lead, "head": "mood", "difference": -0.01, "low": -0.05, "high": 0.05, "established": False},
            {**lead, "head": "energy", "score": "r2", "difference": 0.3, "low": 0.1, "high": 0.5, "established": True},
        ]
    )
    first, second, third = said(table, drops, beaten)
    assert first == (
        "With slices drawn at random (`slice`), `this_project` names the genre of 80 % and the mood of 80 % of the 400 "
        "songs tested under both; with no artist on both sides (`artist`), of 70 % and 60 %: a drop of 10 points (95 % "
        "interval 5 to 15) in genre and of 20 (−1 to 41, not established) in mood."
    )
    assert second == (
        "Step by step: when the song's own slices leave the training set (`slice` to `song`), a drop of 5 points (95 % "
        "interval 1 to 9) in genre; when the artist's other songs leave it too (`song` to `artist`), a drop of 5 "
        "points (95 % interval 0.4 to 10) in genre."
    )
    assert third == (
        "Under `artist`, `this_project` is 8 points ahead of the best simple baseline in genre (`mfcc_svm`, 62 %; 95 % "
        "interval 2 to 14; established after correction) and 1 point behind the best simple baseline in mood "
        "(`mfcc_svm`, 62 %; 95 % interval −5 to 5; that it is worse is not shown)."
    )


def test_leakage_alone_is_told_by_slice_and_in_the_control(table, drops):
    by_slice = pd.DataFrame([drop("slice", "artist", "genre", 0.09, 0.06, 0.12) | {"level": "slice"}])
    text = leakage_alone(table, pd.concat([drops, by_slice])).replace("\u00a0", " ")
    assert "`artist` brings a drop of 9 points (95 % interval 6 to 12) in genre; in the control" in text
    assert text.endswith("there is a drop of 12 points (95 % interval 6 to 18) in genre.")
    assert leakage_alone(table, drops.iloc[:4]) == ""


def test_a_rise_is_called_a_rise_and_nothing_no_change(table):
    rise = pd.DataFrame([drop("slice", "artist", "genre", -0.1, -0.15, -0.05)])
    assert "a rise of 10 points (95 % interval 5 to 15) in genre." in said(table, rise)[0]
    still = pd.DataFrame([drop("slice", "artist", "genre", 0.0, -0.05, 0.05)])
    assert "no change (95 % interval −5 to 5, not established) in genre." in said(table, still)[0]


def test_without_intervals_without_drops_and_without_classes(table):
    few = pd.DataFrame([drop("slice", "artist", "genre", 0.1, np.nan, np.nan)])
    assert "a drop of 10 points (too few songs or artists for an interval) in genre" in said(table, few)[0]
    alone = said(accuracies(artist_genre=0.7), pd.DataFrame())
    assert alone == ["With no artist on both sides (`artist`), `this_project` names the genre of 70 % of the songs."]
    assert said(pd.DataFrame(columns=["network", "recipe", "level"]), pd.DataFrame()) == []
