import numpy as np
import pandas as pd
import pytest

from lib.errors import ReportError
from lib.evaluation import comparisons, per_class, poster, predictions, results
from lib.evaluation.bootstrap import Bootstrap
from lib.narrative import format
from lib.plots import intervals as plots
from tests.predictions import one, run_of, several, sure, tracks_of


def test_drop_is_paired_over_the_songs_tested_under_both():
    tracks = tracks_of(["a"] * 20)
    slices = run_of([sure(f"t{i}", "a") for i in range(20)], split="random")
    artists = run_of([sure(f"t{i}", "b" if i < 6 else "a") for i in range(12)], split="artist")
    row = one(comparisons.drops(predictions.collect([slices, artists], tracks)), level="song")
    assert (row.leaky, row.strict, row.n_songs, row.seeds) == ("random", "artist", 12, 1)
    assert row["drop"] == pytest.approx(0.5) and 0 < row.low < 0.5 < row.high < 1


def test_drop_of_equal_predictions_is_zero_without_spread():
    tracks = tracks_of(["a", "b"] * 10)
    predicted = [sure(f"t{i}", "a") for i in range(20)]
    runs = [run_of(predicted, split=split) for split in ("random", "artist")]
    row = one(comparisons.drops(predictions.collect(runs, tracks)), level="song")
    assert (row["drop"], row.low, row.high) == (0, 0, 0)


def test_no_drop_is_measured_over_different_songs():
    tracks = tracks_of(["a"] * 40)
    slices = run_of([sure(f"t{i}", "a" if i % 4 else "b") for i in range(20)], split="random")
    artists = run_of([sure(f"t{i}", "a" if i % 2 else "b") for i in range(20, 40)], split="artist")
    collected = predictions.collect([slices, artists], tracks)
    assert not len(comparisons.drops(collected))
    with pytest.raises(ReportError, match="no song in common"):
        comparisons.difference(*collected)


def trained(split, folds, seeds, wrong=0, slices=4):
    """Runs whose models of several folds test some slices of each song, under ``random``, or some songs each."""
    runs = []
    for fold in range(folds):
        for seed in range(seeds):
            tested = [(song, number) for song in range(12) for number in range(slices)]
            own = [at for at in tested if (at[1] if split == "random" else at[0]) % folds == fold]
            run = run_of(
                [sure(f"t{song}", "b" if song < wrong else "a") for song, _ in own], split=split, fold=fold, seed=seed
            )
            table = run.predictions("test").assign(slice=[song * slices + number for song, number in own])
            run.predictions = lambda part, columns=None, table=table: table
            runs.append(run)
    return runs


def test_only_the_seeds_and_folds_of_both_are_compared_and_others_are_refused():
    tracks = tracks_of(["a"] * 12)
    runs = [*trained("random", 2, 3), *trained("artist", 2, 1, wrong=3)]
    collected = predictions.collect(runs, tracks)
    table = comparisons.drops(collected, Bootstrap(50))
    assert set(table["seeds"]) == {1} and set(table["drop"].round(9)) == {0.25}
    with pytest.raises(ReportError, match="not trained with the same folds and seeds"):
        comparisons.difference(*collected)


def test_answers_of_several_models_are_told_from_those_of_one():
    tracks = tracks_of(["a"] * 12)
    before, after = predictions.collect([*trained("random", 2, 1), *trained("artist", 2, 1, wrong=3)], tracks)
    table = comparisons.drops([before, after], Bootstrap(50)).set_index("level")
    assert table["models"].to_dict() == {"slice": "1 and 1", "song and model": "1 and 1", "song": "2 and 1"}
    with pytest.raises(ReportError, match="the mean of 2 models, net under artist by that of 1"):
        comparisons.difference(before, after)
    model = before.slices.set_index("slice")["fold"]
    assert list(after.by_model(model).songs["n_slices"].unique()) == [2]  # as many as one model tests under random


def test_the_share_lost_is_that_above_the_most_frequent_class():
    tracks = tracks_of(["a", "b"] * 10)
    before = run_of([sure(f"t{i}", "ab"[i % 2]) for i in range(20)], split="random")
    after = run_of([sure(f"t{i}", "ab"[i % 2] if i >= 4 else "ba"[i % 2]) for i in range(20)], split="artist")
    row = one(comparisons.drops(predictions.collect([before, after], tracks)), level="slice")
    assert row.share_lost == pytest.approx(0.2 / 0.5) and row.share_lost_low < 0.4 < row.share_lost_high


def test_ranking_names_the_better_network_first():
    tracks = tracks_of(["a"] * 20)
    good = run_of([sure(f"t{i}", "a") for i in range(20)], network="good")
    bad = run_of([sure(f"t{i}", "a" if i < 8 else "b") for i in range(20)], network="bad")
    row = one(comparisons.ranking(predictions.collect([bad, good], tracks)), level="song")
    assert (row.better, row.worse, row.difference) == ("good", "bad", pytest.approx(0.6)) and row.low > 0
    assert row.p < 0.005  # twelve songs differ, all one way


def test_the_more_networks_are_compared_the_less_one_difference_says():
    tracks = tracks_of(["a"] * 20)
    correct = {"good": 20, "fair": 14, "poor": 13}
    runs = [
        run_of([sure(f"t{i}", "a" if i < n else "b") for i in range(20)], network=network)
        for network, n in correct.items()
    ]
    ranks = comparisons.ranking(predictions.collect(runs, tracks), Bootstrap(20)).query("level == 'song'")
    assert len(ranks) == 3 and (ranks["p_holm"] >= ranks["p"]).all()
    assert ranks["p_holm"].min() == pytest.approx(3 * ranks["p"].min())


def test_drops_start_at_slice_and_never_lead_to_a_leakier_split():
    tracks = tracks_of(["a"] * 4)
    predicted = [sure(f"t{i}", "a") for i in range(4)]
    runs = [run_of(predicted, split=split) for split in ("poster", "random", "song", "artist")]
    table = comparisons.drops(predictions.collect(runs, tracks))
    pairs = {("random", "song"), ("random", "artist"), ("song", "artist")}
    assert set(zip(table["leaky"], table["strict"], strict=True)) == pairs
    whole = comparisons.whole_drops(table)
    assert set(zip(whole["leaky"], whole["strict"], strict=True)) == {("random", "artist")}
    table = comparisons.drops(predictions.collect([runs[0], runs[3]], tracks))
    assert set(zip(table["leaky"], table["strict"], strict=True)) == {("poster", "artist")}


def test_networks_come_before_what_was_selected_and_baselines_last():
    table = results.results(several(), Bootstrap(20))
    assert list(dict.fromkeys(zip(table["network"], table["recipe"], strict=True))) == [
        ("zhang2016", "poster"), ("yu2018", "poster"), ("yu2018", "tuned"), ("short_chunk", "poster"),
        ("selected", "best"), ("mine (stale)", "poster"), ("majority", "baseline"), ("mfcc_svm", "baseline"),
    ]  # fmt: skip


def test_baselines_are_no_networks():
    collected = several()
    table = results.results(collected, Bootstrap(20))
    assert not {"majority", "mfcc_svm"} & set(poster.comparison(table)["network"])
    ranks = comparisons.ranking(collected, Bootstrap(20))
    assert not {"majority", "mfcc_svm"} & {*ranks["better"], *ranks["worse"]}
    assert not {"majority", "mfcc_svm"} & set(per_class.mistakes(collected)["network"])
    assert len(results.networks(collected)) == len(collected) - 2
    only = [a for a in collected if a.baseline]
    assert results.main_network(results.results(only, Bootstrap(20))) == "majority"


def test_claims_on_the_main_network_are_of_the_posters_recipe():
    collected = several()
    table = results.results(collected, Bootstrap(20))
    assert results.main_network(table) == "yu2018"
    assert set(results.main_rows(table)["recipe"]) == {"poster"}
    assert [a.recipe for a in results.strictest(collected, "yu2018")] == ["poster"]


def test_what_was_selected_is_ranked_against_every_network_and_a_recipe_against_another():
    ranks = comparisons.ranking(several(), Bootstrap(20)).query("level == 'song'")
    pairs = {(row.better, row.worse, row.recipe) for row in ranks.itertuples()}
    assert ("selected", "zhang2016", "best, poster") in pairs
    assert ("yu2018", "yu2018", "tuned, poster") in pairs
    assert ("yu2018", "short_chunk", "poster") in pairs
    assert not any({"tuned", "poster"} == set(recipe.split(", ")) and a != b for a, b, recipe in pairs)


def test_sides_of_a_comparison_name_the_recipe_where_a_network_has_several():
    ranks = comparisons.ranking(several(), Bootstrap(20)).query("level == 'song'")
    labels = [text.get_text() for text in plots.ranking(ranks).axes[0].get_yticklabels()]
    assert len(labels) == len(set(labels)) == len(ranks)


def test_general_figures_show_the_posters_recipe_what_was_selected_and_baselines():
    collected = several()
    table = results.results(collected, Bootstrap(20))
    assert set(results.featured(table)["recipe"]) == {"poster", "best", "baseline"}
    assert {a.recipe for a in results.featured_predictions(collected)} == {"poster", "best", "baseline"}
    tuned = table[table["recipe"] == "tuned"]
    assert len(results.featured(tuned)) == len(tuned) > 0
    assert len(results.featured(table.iloc[:0])) == 0


def test_accuracy_by_split_is_one_row_a_network_and_head():
    table = results.results(several(), Bootstrap(20))
    wide = format.by_split(table)
    assert not wide[["network", "head"]].duplicated().any()
    assert "yu2018, tuned" in set(wide["network"])
    first = table[table["level"] == "slice"].iloc[0]
    cell = wide.loc[wide["network"] == first["network"], first["split"]].iloc[0]
    assert cell == f"{first['accuracy']:.2f} ({first['low']:.2f} to {first['high']:.2f})"
    assert format.by_split(table.iloc[:0]).empty


def test_drops_by_pair_are_in_points():
    row = {"head": "genre", "leaky": "random", "strict": "artist", "drop": 0.123, "low": -0.02, "high": 0.3}
    row |= {"level": "song"}
    other = {**row, "strict": "song", "drop": 0.05, "low": np.nan, "high": np.nan}
    wide = format.drops_by_pair(pd.DataFrame([row, other]))
    assert wide.to_dict("records") == [
        {"head": "genre, per song", "random to artist": "12 (−2 to 30)", "random to song": "5"}
    ]


def test_networks_are_held_against_the_best_baseline():
    table = comparisons.against_baselines(several(), Bootstrap(400))
    assert list(table.columns[:9]) == [
        "network", "split", "recipe", "head", "baseline", "difference", "low", "high", "n_songs",
    ]  # fmt: skip
    assert set(table["baseline"]) == {"mfcc_svm"} and set(table["n_songs"]) == {40}
    best, same, less = (
        one(table, network=network, recipe=recipe)
        for network, recipe in (("selected", "best"), ("yu2018", "poster"), ("zhang2016", "poster"))
    )
    assert best.difference == pytest.approx(0.3) and best.low > 0 and best.p_holm < 0.05
    assert best.significant and not same.significant and not less.significant
    assert (same.difference, same.low, same.high) == (0, 0, 0)
    assert less.high < 0


def test_a_lead_within_its_interval_is_not_significant():
    tracks = tracks_of(["a"] * 20)
    runs = [
        run_of([sure(f"t{i}", "ab"[i in (1, 2)]) for i in range(20)]),
        run_of([sure(f"t{i}", "ab"[i in (3, 4, 5)]) for i in range(20)], network="majority", recipe="baseline"),
    ]
    row = one(comparisons.against_baselines(predictions.collect(runs, tracks)))
    assert row.low < 0 < row.difference < row.high


def test_without_baselines_nothing_is_compared():
    collected = predictions.collect([run_of([sure("t0", "a")])], tracks_of(["a"]))
    table = comparisons.against_baselines(collected)
    assert len(table) == 0
