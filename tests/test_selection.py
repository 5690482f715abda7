import numpy as np
import pandas as pd
import pytest

from lib import plans, selection
from lib.errors import ReportError
from lib.recipes import BEST, RECIPES, Settings, settings_of
from lib.runs import SELECTED, Run, finished
from lib.zoo import Head
from tests.test_training import study  # noqa: F401 - a fixture

LIST = ("tiny poster", "mfcc_logistic baseline", "tiny poster + mfcc_logistic baseline")


@pytest.fixture
def few_epochs(monkeypatch):
    """Let the recipe poster train for three epochs."""
    monkeypatch.setitem(RECIPES, "poster", Settings(epochs=3, batch_size=20))


@pytest.fixture
def described(study):  # noqa: F811
    """The toy study with a baseline that answers what its network answers."""
    from lib import baselines
    from lib.zoo import descriptions

    own = descriptions.read_description(study, "tiny")
    heads = [Head(name, tuple(classes)) for name, classes in own["heads"].items()]
    for name in ("mfcc_logistic", "genre_prior"):
        descriptions.write_description(study, baselines.describe(name, own["shape"], heads))
    return study


def best(study, fold=0, candidates=LIST, devs=(0, 1)):  # noqa: F811
    return selection.Selection(study, Run(SELECTED, "artist", fold, 0, BEST), tuple(candidates), devs)


def test_the_choice_is_made_by_dev_songs_and_only_the_chosen_sees_the_test(described, few_epochs):
    done = plans.obtain(best(described))
    table = pd.DataFrame(done.metrics["dev"])
    assert table["candidate"].tolist() == list(LIST)
    for head in ("genre", "mood"):
        assert done.metrics["chosen"][head] == table.loc[table[head].idxmax(), "candidate"]
    test = done.predictions("test")
    assert set(test["track_id"]) and set(done.predictions(None)["part"]) == {"test"}
    candidates = finished(described, candidates=True)
    assert len(candidates) == 4  # two pairs, two dev shares
    for candidate in candidates:
        assert set(candidate.predictions(None)["part"]) == {"dev"}
        assert not set(candidate.predictions(None)["track_id"]) & set(test["track_id"])
    assert [run.run.name for run in finished(described)] == ["selected-artist-f0-s0"]
    assert not finished(described)[0].stale


def test_the_answer_is_the_mean_of_the_models_of_the_chosen(described, few_epochs):
    alone = plans.obtain(best(described, candidates=["tiny poster"], devs=(0,))).predictions("test")
    plan = plans.Plan(described, Run("tiny", "artist"), settings_of("poster"))
    again = plans.obtain(plan).predictions("test")  # the same training, asked about its test songs directly
    columns = [column for column in again if ":" in column]
    assert np.allclose(alone[columns], again[columns], atol=1e-3)


def test_dev_shares_are_disjoint_and_each_model_answers_for_its_own(described, few_epochs):
    plans.obtain(best(described))
    shares = [
        set(run.predictions("dev")["track_id"])
        for run in finished(described, candidates=True)
        if run.run.architecture == "tiny"
    ]
    assert shares[0] and shares[1] and not shares[0] & shares[1]


def test_a_chosen_network_whose_weights_are_gone_is_trained_again(described, few_epochs):
    import shutil

    plan = best(described, candidates=["tiny poster"], devs=(0,))
    first = plans.obtain(plan).predictions("test")
    shutil.rmtree(described.runs)  # as after a fresh clone: small parts only
    shutil.rmtree(described.kept / plan.run.name)
    pd.testing.assert_frame_equal(plans.obtain(plan).predictions("test"), first)


def test_scores_are_means_over_heads_and_ensembles_are_means_of_answers():
    heads = [Head("genre", ("a", "b")), Head("valence")]
    labels = pd.DataFrame({"genre": ["a", "b"], "valence": [0.0, 1.0]})

    def answers(a, valence):
        return pd.DataFrame(
            {"slice": [0, 1], "track_id": ["x", "y"], "part": "dev", "genre:a": a, "genre:b": 1 - np.array(a)}
        ).assign(**{"valence:value": valence})

    answered = {
        ("n", "poster", 0): answers([0.9, 0.6], [0.0, 1.0]),
        ("m", "poster", 0): answers([0.9, 0.1], [1.0, 0.0]),
    }
    table = selection.dev_scores(["n poster", "n poster + m poster"], [0], answered, heads, labels).set_index(
        "candidate"
    )
    assert table.loc["n poster", "genre"] == 0.5
    assert table.loc["n poster", "valence"] == pytest.approx(1)
    assert table.loc["n poster + m poster", "valence"] == 0  # a constant concords with nothing
    assert table.loc["n poster + m poster", "genre"] == 1


def test_wrong_lists_say_what_to_change(described):
    with pytest.raises(ReportError, match="'tiny' is not a network and its recipe"):
        best(described, candidates=["tiny"])
    with pytest.raises(ReportError, match="at least one candidate"):
        best(described, candidates=[])
    with pytest.raises(ReportError, match=r"same heads.*(genre_prior|tiny)"):
        best(described, candidates=["tiny poster", "genre_prior baseline"])
    with pytest.raises(ReportError, match="dev is 99"):
        best(described, candidates=["tiny poster"], devs=(99,))
    with pytest.raises(ReportError, match="its architecture is 'selected'"):
        Run("tiny", "artist", recipe=BEST)
    with pytest.raises(ReportError, match="its architecture is 'selected'"):
        Run(SELECTED, "artist")
