import math

import pandas as pd
import pytest

from lib.evaluation import per_class, poster, predictions, results
from lib.narrative.findings import pattern
from lib.narrative.format import readable
from tests.predictions import run_of, sure, tracks_of


def published(**values):
    rows = [
        {"network": name, "recipe": "poster", "split": split, "head": "genre", "level": "slice"}
        | {"accuracy": value, "train_accuracy": 0.9, "low": value - 0.02, "high": value + 0.02}
        for name, value in values.items()
        for split in ("poster", "random")
    ]
    return pd.DataFrame(rows)


def ranks(*pairs):
    about = {"split": "random", "recipe": "poster", "head": "genre", "level": "slice"}
    rows = [about | dict(zip(("better", "worse", "p_holm"), pair, strict=True)) for pair in pairs]
    return pd.DataFrame(rows, columns=[*about, "better", "worse", "p_holm"])


@pytest.fixture
def table():
    return published(yu2018=0.6, choi2016=0.7, zhang2016=0.65)


@pytest.fixture
def found():
    return ranks(("choi2016", "yu2018", 0.01), ("zhang2016", "yu2018", 0.2), ("choi2016", "zhang2016", 0.03))


def test_the_posters_sizes_do_not_fit_its_songs():
    assert math.prod(poster.CORPUS.values()) == 4500 and sum(poster.SIZES.values()) == 4524
    assert poster.ranking("genre") == ["yu2018", "choi2016", "zhang2016"]
    assert list(poster.POSTER) == list(predictions.FIRST)


def test_comparison_holds_the_poster_and_networks_of_ones_own():
    runs = [run_of([sure("t0", "a")], network=name) for name in ("mine", "yu2018")]
    table = poster.comparison(results.results(predictions.collect(runs, tracks_of(["a"]))))
    theirs = table[table["split"] == poster.PUBLISHED]
    assert set(theirs["network"]) == set(poster.POSTER)
    assert theirs.set_index("network").loc["yu2018", "genre_interval"] == "0.791 to 0.886"
    assert set(table.loc[table["network"] == "mine", "split"]) == {"random"}
    shown = readable(table)
    assert not shown.isna().any().any() and "genre test" in shown


def test_each_lead_of_the_poster_recurs_is_reversed_or_is_open(table, found):
    leads = poster.leads(table, found).set_index(["better", "worse"])["verdict"]
    assert leads.to_dict() == {
        ("yu2018", "choi2016"): poster.REVERSED,
        ("yu2018", "zhang2016"): poster.OPEN,
        ("choi2016", "zhang2016"): poster.REPRODUCED,
    }
    (text,) = pattern(table, found)
    assert "`choi2016` leads `zhang2016` is reproduced" in text and "`yu2018` leads `choi2016` is reversed" in text
    assert "not reproduced (`yu2018` does)" in text  # the widest gap


def test_one_network_has_no_order():
    alone = published(yu2018=0.8)
    assert poster.leads(alone, ranks()).empty
    assert "cannot be compared" in pattern(alone, ranks())[0]


def test_gaps_stand_beside_the_posters(table):
    row = poster.fits(table).set_index("network").loc["yu2018"]
    assert row[["train", "test", "gap", "low", "high"]].tolist() == pytest.approx([0.9, 0.6, 0.3, 0.28, 0.32])
    assert row["poster"] == pytest.approx(0.064)


def test_observations_on_classes():
    assert poster.mood_observations(predictions.collect([run_of([sure("t0", "a")])], tracks_of(["a"]))).empty
    names = ("Electronic", "Instrumental", "Rock")
    cases = [("Instrumental", "Electronic"), ("Instrumental", "Instrumental"), ("Rock", "Rock"), ("Electronic", "Rock")]
    run = run_of([sure(f"t{i}", label, names) for i, (_, label) in enumerate(cases)], classes=names)
    collected = predictions.collect([run], tracks_of([true for true, _ in cases]))
    row = poster.genre_observations(per_class.per_class(collected), collected).iloc[0]
    assert (row["recall"], row["songs"], row["other"], row["lower"]) == (0.5, 2, 2, 1)
    assert row["taken_for"] == "Electronic" and row["poster"] == 0.735
    assert poster.genre_observations(per_class.per_class(collected), []).empty
