"""Contamination of a pretrained network by songs it heard, on predictions made by hand."""

import numpy as np
import pandas as pd
import pytest

from benchmarks.pretraining_overlap import overlap
from lib.evaluation import predictions
from lib.evaluation.bootstrap import Bootstrap
from lib.evaluation.contamination import HEARD, PAIRS, contamination
from tests.predictions import one, run_of, sure, tracks_of


def test_a_lead_on_songs_that_were_heard_alone_is_found_and_one_on_all_songs_is_none():
    tracks = tracks_of(["a"] * 80)
    heard = pd.DataFrame({"before": np.arange(80) < 40}, index=[f"t{n}" for n in range(80)]).astype(int)

    def run(network, correct):
        songs = [sure(f"t{number}", "a" if right else "b") for number, right in enumerate(correct)]
        return run_of(songs, network=network, recipe="baseline", split="artist")

    half, place = np.arange(80) % 2 == 0, np.arange(80)
    runs = [run("plain", half), run("contaminated", half | (place < 40)), run("better", place % 4 < 3)]
    pairs = [("contaminated", "before", "plain"), ("better", "before", "plain")]
    table = contamination(predictions.collect(runs, tracks), Bootstrap(300), heard=heard, pairs=pairs)
    bad, good = (one(table, network=name) for name in ("contaminated", "better"))
    assert (bad.ahead_heard, bad.ahead_other, bad.difference) == pytest.approx((0.5, 0, 0.5)) and bad.significant
    assert good.ahead_heard == good.ahead_other == pytest.approx(0.25) and not good.significant
    assert (bad.n_heard, bad.n_other) == (40, 40)


def test_names_and_titles_are_compared_as_the_artist_split_compares_names():
    tracks = pd.DataFrame(
        [("t0", "The Óne", "First Song (live)"), ("t1", "one", "Second"), ("t2", "Nobody", "First song")],
        columns=["track_id", "artist", "title"],
    )
    clips = ["b/one-an_album-01-first_song-0-29.mp3", "f/nobody-an_album-02-first_song-0-29.mp3"]
    table = overlap(tracks, clips, ["The Nobody"]).set_index("track_id")
    assert table["mtt_artist"].tolist() == [1, 1, 0]  # the folder f is no part of the training
    assert table["mtt_song"].tolist() == [1, 0, 0] and table["msd_artist"].tolist() == [0, 0, 1]


def test_the_committed_table_has_what_is_compared():
    table = pd.read_csv(HEARD)
    assert table["track_id"].is_unique and {what for _, what, _ in PAIRS} <= {*table.columns}
    assert table.drop(columns="track_id").isin([0, 1]).all(axis=None)
