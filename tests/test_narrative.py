import numpy as np
import pandas as pd
import pytest

from lib import evaluation
from lib.evaluation import claims, observations, poster, summary, words
from tests.answers import run_of, sure, tracks_of


def test_the_posters_sizes_do_not_fit_its_songs():
    assert poster.slices_in_corpus() == 4500
    assert "= 4524 samples" in observations.poster_sizes() and "inference" in observations.poster_sizes()
    assert poster.ranking("genre") == ["this_project", "choi2016", "zhang2016"]


def test_comparison_holds_the_poster_and_networks_of_ones_own():
    runs = [run_of([sure("t0", "a")], network=name) for name in ("mine", "this_project")]
    table = evaluation.comparison(evaluation.results(evaluation.collect(runs, tracks_of(["a"]))))
    published = table[table["protocol"] == evaluation.tables.PUBLISHED]
    assert set(published["network"]) == set(poster.POSTER)
    assert published.set_index("network").loc["this_project", "genre_interval"] == "0.791 to 0.886"
    assert set(table.loc[table["network"] == "mine", "protocol"]) == {"slice"}
    shown = evaluation.readable(table)
    assert not shown.isna().any().any() and "genre test" in shown


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (0.1, 0.4, "an established drop"),
        (-0.1, 0.4, "not established"),
        (-0.4, -0.1, "an established rise"),
        (np.nan, np.nan, "without an interval"),
    ],
)
def test_a_drop_is_told_as_it_is(low, high, verdict):
    row = pd.Series(
        {"network": "n", "head": "genre", "level": "song", "leaky": "slice", "strict": "artist", "n_songs": 9}
        | {"drop": np.nanmean([low, high]) if low == low else 0.0, "low": low, "high": high, "paired": True}
    )
    assert verdict in claims.drop_sentence(row)


def test_signs_and_units_in_words():
    assert words.percent(0.8449) == "84\u00a0%" and words.whole(-0.126) == "−13"
    assert words.points(0.0101) == "1 point" and words.listed("abc") == "a, b and c"
    assert "too few" in words.interval(np.nan, np.nan)


def test_observations_on_classes_that_are_not_there_cannot_be_tested():
    collected = evaluation.collect([run_of([sure("t0", "a")])], tracks_of(["a"]))
    told = observations.class_observations(collected, "net")
    assert len(told) == 2 and all("cannot be tested" in sentence for sentence in told)


def test_one_fold_and_one_seed_are_called_so():
    one_run = evaluation.collect([run_of([sure("t0", "a")])], tracks_of(["a"]))
    assert "one fold (of 5) and one seed" in claims.basis(one_run)
    more = evaluation.collect([run_of([sure("t0", "a")], seed=seed) for seed in (0, 1)], tracks_of(["a"]))
    assert "1 fold and 2 seeds" in claims.basis(more)


def test_findings_of_a_single_run_say_what_cannot_be_said():
    collected = evaluation.collect([run_of([sure("t0", "a"), sure("t1", "b")])], tracks_of(["a", "b"]))
    table, dropped, ranks = evaluation.results(collected), evaluation.drops(collected), evaluation.ranking(collected)
    told = evaluation.findings(collected, table, dropped, ranks, "demo")
    assert "synthetic songs" in told[0] and "cannot be measured" in told[0] and "cannot be compared" in told[1]
    assert "names the genre of 100" in claims.protocols_claim(table, dropped)


def test_against_chance_stands_the_main_network_not_the_one_that_tested_best():
    tracks = tracks_of(["a", "b"] * 10)
    truth = [sure(f"t{i}", "ab"[i % 2]) for i in range(20)]
    half = [sure(f"t{i}", "a") for i in range(20)]
    runs = [
        run_of(half, network="this_project", protocol="slice"),
        run_of(half, network="this_project", protocol="song"),
        run_of(truth, network="choi2016", protocol="song"),
        run_of(truth, network="choi2016", protocol="artist"),
    ]
    collected = evaluation.collect(runs, tracks)
    table = evaluation.results(collected, resamples=200)
    told = summary.chance_finding(table)
    assert "choi2016" not in told and "`this_project` names the genre of 50\u00a0% of the 20 songs" in told
    assert "(`song`)" in told and "not established to be more than" in told


def test_counted_drops_say_that_their_intervals_are_not_corrected():
    tracks = tracks_of(["a", "b"] * 10)
    runs = [run_of([sure(f"t{i}", "a") for i in range(20)], protocol=protocol) for protocol in ("slice", "artist")]
    collected = evaluation.collect(runs, tracks)
    table, dropped = evaluation.results(collected, resamples=50), evaluation.drops(collected, resamples=50)
    for told in (claims.drops_claim(dropped), summary.leakage_finding(table, dropped)):
        assert "established in 0 of 1 comparisons" in told and "not corrected for the number" in told
