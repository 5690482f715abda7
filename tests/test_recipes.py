from dataclasses import fields

import pytest

from lib.errors import ReportError
from lib.training import recipes
from lib.training.recipes import RECIPES, Settings, settings_of


def test_the_poster_is_trained_as_it_says():
    poster = RECIPES["poster"]
    assert (poster.learning_rate, poster.batch_size) == (0.001, 75)
    assert not poster.augmented
    assert poster.patience == 0  # nothing is chosen on validation


def test_each_change_of_the_recipe_changes_one_setting():
    tuned = vars(RECIPES["tuned"])
    for name, changed in recipes.CHANGES.items():
        other = vars(RECIPES[f"tuned_{name}"])
        assert {key for key in tuned if other[key] != tuned[key]} == set(changed)
        assert len(changed) == 1


def test_settings_of_a_recipe_can_be_changed():
    assert settings_of("tuned", mixup=0.1).mixup == 0.1
    assert settings_of("tuned").mixup == RECIPES["tuned"].mixup
    assert settings_of("baseline") == RECIPES["poster"]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"epochs": 0}, "epochs is 0"),
        ({"mixup": -1}, "mixup is -1"),
        ({"label_smoothing": 1.0}, "label_smoothing is 1.0; it must be less than 1"),
        ({"schedule": "step"}, "'step' is unknown.*cosine"),
        ({"head_weights": {"mood": -1}}, "weight of mood is -1"),
        ({"dropout": 0.1}, "'dropout' is unknown.*mixup"),
        ({"learning_rate": float("nan")}, "learning_rate is nan"),
        ({"gain_db": float("inf")}, "gain_db is inf"),
        ({"epochs": "5"}, "epochs is '5'; it must be a whole number"),
        ({"epochs": 5.5}, "epochs is 5.5"),
        ({"epochs": True}, "epochs is True"),
        ({"crop": "no"}, "crop is 'no'; it must be true or false"),
        ({"head_weights": [1]}, "head_weights is .*; it must be weights by head"),
        ({"head_weights": {"mood": "x"}}, "weight of mood is 'x'"),
    ],
)
def test_wrong_settings_name_themselves(changed, message):
    with pytest.raises(ReportError, match=message):
        settings_of("poster", **changed)


def test_an_unknown_recipe_names_the_known():
    with pytest.raises(ReportError, match=r"'magic' is unknown.*poster.*best"):
        settings_of("magic")
    assert not Settings().augmented


def test_every_setting_has_a_kind():
    assert {setting.type for setting in fields(Settings)} == set(recipes._KINDS)


def test_a_recipe_is_named_by_the_settings_that_it_changes():
    name = recipes.named("poster", {"mixup": 0.2, "batch_size": 50, "schedule": "cosine", "masks": 0, "crop": True})
    assert name == "poster~batch_size=50~schedule=cosine~crop=true~mixup=0.2"
    changed = settings_of(name)
    assert (changed.mixup, changed.batch_size, changed.schedule, changed.crop) == (0.2, 50, "cosine", True)
    assert changed.learning_rate == RECIPES["poster"].learning_rate
    assert settings_of(name, batch_size=20).batch_size == 20
    assert recipes.named("tuned", {"batch_size": 50}) == "tuned"
    assert recipes.named("poster", {"epochs": 20}) == "poster~epochs=20"  # a study may give the plain one others
    assert recipes.changes_of(name) == {"mixup": 0.2, "batch_size": 50, "schedule": "cosine", "crop": True}
    assert recipes.base_of(name) == "poster"
    assert recipes.base_of("tuned") == "tuned"
    assert sorted(["tuned~epochs=3", name, "tuned", "poster"], key=recipes.order_of)[:2] == ["poster", name]


@pytest.mark.parametrize(
    ("recipe", "message"),
    [
        ("poster~mixup", "'mixup' is no setting"),
        ("poster~dropout=0.1", "'dropout' is unknown"),
        ("poster~batch_size=many", "batch_size is 'many'"),
        ("poster~schedule=../x", r"'\.\./x' is unknown"),
        ("magic~batch_size=50", "'magic~batch_size=50' is unknown"),
        ("baseline~batch_size=50", "is unknown"),
        (3, "recipe 3 is unknown"),
    ],
)
def test_a_wrong_name_of_a_recipe_says_what_is_wrong(recipe, message):
    with pytest.raises(ReportError, match=message):
        settings_of(recipe)


def test_weights_by_head_are_no_part_of_a_name():
    with pytest.raises(ReportError, match=r"head_weights .* cannot be part of a recipe's name"):
        recipes.named("poster", {"head_weights": {"mood": 2}})


def test_a_candidate_is_one_or_several_pairs_of_network_and_recipe():
    assert recipes.members("short_chunk tuned") == [("short_chunk", "tuned")]
    assert recipes.members(" a  b+c d ") == [("a", "b"), ("c", "d")]
    for wrong in ("short_chunk", "a b c", "a b +", ""):
        with pytest.raises(ReportError, match="not a network and its recipe"):
            recipes.members(wrong)
