import pandas as pd
import pytest

from lib.evaluation import pattern


def published(**values):
    rows = [
        {"network": name, "recipe": "poster", "protocol": protocol, "head": "genre", "level": "slice"}
        | {"accuracy": value, "train_accuracy": 0.9, "low": value - 0.02, "high": value + 0.02}
        for name, value in values.items()
        for protocol in ("poster_split", "slice")
    ]
    return pd.DataFrame(rows)


def ranks(*pairs):
    about = {"protocol": "slice", "recipe": "poster", "head": "genre", "level": "slice"}
    rows = [about | dict(zip(("better", "worse", "p_holm"), pair, strict=True)) for pair in pairs]
    return pd.DataFrame(rows, columns=[*about, "better", "worse", "p_holm"])


@pytest.fixture
def table():
    return published(this_project=0.6, choi2016=0.7, zhang2016=0.65)


@pytest.fixture
def found():
    return ranks(
        ("choi2016", "this_project", 0.01), ("zhang2016", "this_project", 0.2), ("choi2016", "zhang2016", 0.03)
    )


def test_each_lead_of_the_poster_recurs_is_reversed_or_is_open(table, found):
    leads = pattern.leads(table, found).set_index(["better", "worse"])["verdict"]
    assert leads.to_dict() == {
        ("this_project", "choi2016"): pattern.REVERSED,
        ("this_project", "zhang2016"): pattern.OPEN,
        ("choi2016", "zhang2016"): pattern.RECURS,
    }
    assert pattern.order_sentence(table, found) == (
        "of the poster's 3 leads of one network over another in genre, 1 recurs, 1 is reversed and 1 is not "
        "established (by slice under `slice`)"
    )
    told = pattern.pattern_finding(table, found)
    assert "that `choi2016` leads `zhang2016` recurs" in told
    assert "that `this_project` leads `choi2016` is reversed" in told


def test_one_network_has_no_order():
    alone = published(this_project=0.8)
    assert pattern.order_sentence(alone, ranks()) == ""
    assert "cannot be compared" in pattern.pattern_finding(alone, ranks())
    assert pattern.fit_sentences(alone) == []


def test_over_and_under_fitting_are_told_by_the_numbers(table):
    (told,) = pattern.fit_sentences(table)
    told = told.replace("\u00a0", " ")
    assert "`this_project` 90 % and 60 %, gap 30 points (28 to 32; poster 6)" in told
    assert "that `choi2016` over-fits most does not recur (`this_project` has the widest gap)" in told
    same = table.assign(train_accuracy=table["accuracy"] + table["network"].map(
        {"choi2016": 0.2, "zhang2016": 0.1, "this_project": 0.05}
    ))  # fmt: skip
    same.loc[same["network"] == "zhang2016", "train_accuracy"] = 0.1
    (told,) = pattern.fit_sentences(same.assign(accuracy=[0.6, 0.6, 0.7, 0.7, 0.0, 0.0]))
    assert "that `zhang2016` under-fits recurs" in told
