import numpy as np
import pandas as pd
import pytest

from lib.errors import ReportError
from lib.models import Head
from lib.runs import nested_selection
from lib.runs.execute import obtain
from lib.runs.key import key
from lib.runs.run import SELECTED, Run
from lib.runs.spec import RunSpec, SelectionSpec, spec_for
from lib.runs.store import finished
from lib.training.recipes import BEST, RECIPES, Settings, members
from tests.test_training import study  # noqa: F401 - a fixture

LIST = ("tiny poster", "mfcc_logistic baseline", "tiny poster + mfcc_logistic baseline")


@pytest.fixture
def few_epochs(monkeypatch):
    """Let the recipe poster train for three epochs."""
    monkeypatch.setitem(RECIPES, "poster", Settings(epochs=3, batch_size=20))


@pytest.fixture
def described(study):  # noqa: F811
    """The toy study with a baseline that predicts what its network predicts."""
    from lib.models import baselines, descriptions

    own = descriptions.read_description(study, "tiny")
    heads = [Head(name, tuple(classes)) for name, classes in own["heads"].items()]
    for name in ("mfcc_logistic", "genre_prior"):
        descriptions.write_description(study, baselines.describe(name, own["shape"], heads))
    return study


def best(study, fold=0, candidates=LIST, validation_shares=(0, 1)):  # noqa: F811
    return SelectionSpec(study, Run(SELECTED, "artist", fold, 0, BEST), tuple(candidates), validation_shares)


def test_the_choice_is_made_by_validation_songs_and_only_the_chosen_sees_the_test(described, few_epochs):
    done = obtain(best(described))
    table = pd.DataFrame(done.metrics["validation"])
    assert table["candidate"].tolist() == list(LIST)
    for head in ("genre", "mood"):
        assert done.metrics["chosen"][head] == table.loc[table[head].idxmax(), "candidate"]
    test = done.predictions("test")
    assert set(test["track_id"]) and set(done.predictions(None)["part"]) == {"test"}
    candidates = finished(described, candidates=True)
    assert len(candidates) == 4  # two pairs, two validation shares
    for candidate in candidates:
        assert set(candidate.predictions(None)["part"]) == {"validation"}
        assert not set(candidate.predictions(None)["track_id"]) & set(test["track_id"])
    first, second = (
        set(run.predictions("validation")["track_id"]) for run in candidates if run.run.architecture == "tiny"
    )
    assert first and second and not first & second  # each validation share has its own songs and model
    assert [run.run.name for run in finished(described)] == ["selected-artist-f0-s0"]
    assert not finished(described)[0].stale


def test_the_prediction_is_the_mean_of_the_models_of_the_chosen(described, few_epochs):
    both = "tiny poster + mfcc_logistic baseline"
    predicted = obtain(best(described, candidates=[both])).predictions("test")
    alone = []
    for architecture, recipe in members(both):
        for validation in (0, 1):  # the same trainings, evaluated on their test songs directly
            plan = RunSpec(described, Run(architecture, "artist", recipe=recipe, validation=validation))
            alone.append(obtain(plan).predictions("test"))
    columns = [column for column in predicted if ":" in column]
    mean = np.mean([one[columns].to_numpy() for one in alone], axis=0)
    assert np.allclose(predicted[columns], mean, atol=2e-3)
    assert not np.allclose(predicted[columns], alone[0][columns], atol=2e-2)


def test_each_head_takes_the_candidate_of_its_validation_songs_whatever_the_test_would_say(
    described, few_epochs, monkeypatch
):
    liked = {"genre": LIST[1], "mood": LIST[0]}

    def scores(candidates, *given):
        return pd.DataFrame(
            {"candidate": list(candidates), "songs": 9} | {h: [float(c == liked[h]) for c in candidates] for h in liked}
        )

    monkeypatch.setattr(nested_selection, "validation_scores", scores)
    done = obtain(best(described, validation_shares=(0,)))
    assert done.metrics["chosen"] == liked
    predicted = done.predictions("test")
    for head, candidate in liked.items():
        ((architecture, recipe),) = members(candidate)
        plan = RunSpec(described, Run(architecture, "artist", recipe=recipe))
        own = [column for column in predicted if column.startswith(head)]
        assert np.allclose(predicted[own], obtain(plan).predictions("test")[own], atol=2e-3)


def test_settings_of_ones_own_count_also_where_they_are_nothing(described, few_epochs):
    run = Run("tiny", "artist", recipe="tuned")
    plan = spec_for(described, run, 5, changed={"mixup": 0.0, "crop": False, "epochs": 0})
    assert (plan.settings.mixup, plan.settings.crop) == (0, False)
    assert plan.settings.epochs == RECIPES["tuned"].epochs
    chosen = spec_for(described, Run(SELECTED, "artist", recipe=BEST), 5, changed={"batch_size": 10}, candidates=LIST)
    assert all(member.settings.batch_size == 10 for member in chosen.specs.values())
    keys = [
        key(SelectionSpec(described, chosen.run, LIST, (0,), 5, changed))
        for changed in ({"epochs": 1, "batch_size": 9}, {"batch_size": 9, "epochs": 1})
    ]
    assert keys[0] == keys[1]


def test_what_is_not_kept_leaves_its_candidates_out_of_the_results_too(described, few_epochs):
    obtain(best(described, candidates=["tiny poster"], validation_shares=(0,)), keep=False)
    assert len(finished(described, candidates=True)) == 1
    assert not described.kept.exists()


def test_a_chosen_network_whose_weights_are_gone_is_trained_again(described, few_epochs):
    import shutil

    plan = best(described, candidates=["tiny poster"], validation_shares=(0,))
    first = obtain(plan).predictions("test")
    shutil.rmtree(described.runs)  # as after a fresh clone: small parts only
    shutil.rmtree(described.kept / plan.run.name)
    pd.testing.assert_frame_equal(obtain(plan).predictions("test"), first)


def test_an_ensemble_is_scored_by_the_mean_of_its_predictions():
    heads = [Head("genre", ("a", "b")), Head("valence")]
    labels = pd.DataFrame({"genre": ["a", "b"], "valence": [0.0, 1.0]})

    def predictions_of(a, valence):
        return pd.DataFrame(
            {"slice": [0, 1], "track_id": ["x", "y"], "part": "validation", "genre:a": a, "genre:b": 1 - np.array(a)}
        ).assign(**{"valence:value": valence})

    by_run = {
        ("n", "poster", 0): predictions_of([0.9, 0.6], [0.0, 1.0]),
        ("m", "poster", 0): predictions_of([0.9, 0.1], [1.0, 0.0]),
    }
    table = nested_selection.validation_scores(
        ["n poster", "n poster + m poster"], [0], by_run, heads, labels
    ).set_index("candidate")
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
    with pytest.raises(ReportError, match="validation is 99"):
        best(described, candidates=["tiny poster"], validation_shares=(99,))
    with pytest.raises(ReportError, match="its architecture is 'selected'"):
        Run("tiny", "artist", recipe=BEST)
    with pytest.raises(ReportError, match="its architecture is 'selected'"):
        Run(SELECTED, "artist")
