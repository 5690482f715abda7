import pytest
import yaml

from lib.errors import ReportError
from lib.workflow import config
from lib.workflow.config import studies

PLAIN = {"corpus": "demo", "networks": ["yu2018"], "splits": ["artist"], "run_folds": [0, 1]}


def load(folder, **more):
    path = folder / "mine.yaml"
    path.write_text(yaml.safe_dump({**PLAIN, **more}))
    return config.load(path)


def test_a_grid_is_every_combination_of_what_it_lists(tmp_path):
    grid = {
        "settings": {"batch_size": [25, 75], "learning_rate": [0.001, 0.01]},
        "recipes": ["poster"],
        "seeds": [0, 1],
    }
    names = {run.name for run in load(tmp_path, sweep=grid).runs()}
    assert len(names) == 2 * 2 * 4
    assert "yu2018-artist-f1-s1-poster~batch_size=25~learning_rate=0.01" in names
    assert "yu2018-artist-f0-s0" in names  # the poster's own settings keep their name


def test_several_grids_networks_splits_and_folds(tmp_path):
    sweep = [
        {"networks": ["zhang2016"], "splits": ["random"], "folds": [2], "recipes": ["tuned", "poster"]},
        {"settings": {"epochs": [1]}, "shares": [0.5]},
    ]
    loaded = load(tmp_path, sweep=sweep)
    names = [run.name for run in loaded.runs()]
    assert "zhang2016-random-f2-s0-tuned" in names
    assert "yu2018-artist-f1-s0-n50-poster~epochs=1" in names
    runs = {run.name: run for run in loaded.runs()}
    assert loaded.epochs_of(runs["yu2018-artist-f1-s0-n50-poster~epochs=1"]) == 0  # the name's are taken
    assert loaded.epochs_of(runs["zhang2016-random-f2-s0"]) == 20
    assert not list(studies(loaded))


def test_other_parameters_of_the_slices_are_studies_of_their_own(tmp_path):
    sweep = {"parameters": {"02": {"n_mels": [48, 96]}, "01": {"seconds": [7.5]}}, "recipes": ["tuned"], "seeds": [3]}
    loaded = load(tmp_path, sweep=sweep, parameters={"02": {"slice_s": 2.0}}, baselines=["majority"])
    assert [run.name for run in loaded.runs()] == [
        *(f"yu2018-artist-f{fold}-s0" for fold in (0, 1)),
        *(f"majority-artist-f{fold}-s0" for fold in (0, 1)),
    ]
    derived = dict(studies(loaded))
    assert sorted(derived) == ["mine-seconds7_5-n_mels48", "mine-seconds7_5-n_mels96"]
    for name, content in derived.items():
        path = tmp_path / f"{name}.yaml"
        path.write_text(yaml.safe_dump(content))
        own = config.load(path)
        assert own.parameters["02"] == {"slice_s": 2.0, "n_mels": 48 if "48" in name else 96}
        assert own.parameters["01"] == {"seconds": 7.5}
        assert "yu2018-artist-f1-s3-tuned" in [run.name for run in own.runs()]
        assert not own.sweep


def test_epochs_of_a_grid_are_trained_whatever_the_study_has(tmp_path):
    loaded = load(tmp_path, sweep={"settings": {"epochs": [10, 20]}}, epochs={"default": 5})
    runs = {run.name: loaded.epochs_of(run) for run in loaded.runs() if run.fold == 0}
    assert runs == {
        "yu2018-artist-f0-s0": 5,
        "yu2018-artist-f0-s0-poster~epochs=10": 0,  # the recipe's own, which are those of its name
        "yu2018-artist-f0-s0-poster~epochs=20": 0,
    }


def test_settings_of_the_grid_come_on_top_of_those_of_a_recipes_name(tmp_path):
    sweep = {"recipes": ["poster~batch_size=25"], "settings": {"batch_size": [25, 50], "mixup": [0.5]}}
    names = {run.recipe for run in load(tmp_path, sweep=sweep).runs()}
    assert names == {"poster", "poster~batch_size=25~mixup=0.5", "poster~batch_size=50~mixup=0.5"}


def test_a_setting_of_04_cannot_be_swept_as_well(tmp_path):
    for given in ({"batch_size": 50}, {"settings": {"batch_size": 50}}):
        with pytest.raises(ReportError, match="batch_size is also among the parameters of 04"):
            load(tmp_path, sweep={"settings": {"batch_size": [25, 75]}}, parameters={"04": given})


@pytest.mark.parametrize(
    ("sweep", "expected"),
    [
        ("all", "sweep is 'all'|mapping"),
        ([["all"]], "sweep[0] is ['all']|mapping"),
        ({"setting": {}}, "sweep[0].setting is unknown|settings"),
        ({"settings": {"batch_size": 25}}, "sweep[0].settings.batch_size is 25|list"),
        ({"settings": {"batch_size": []}}, "sweep[0].settings.batch_size is []|at least one"),
        ({"settings": {"dropout": [0.1]}}, "sweep[0] is|'dropout' is unknown"),
        ({"settings": {"batch_size": [0]}}, "sweep[0] is|batch_size is 0"),
        ({"settings": [1]}, "sweep[0].settings is [1]|mapping"),
        ({"recipes": ["magic"]}, "sweep[0].recipes[0] is 'magic'|unknown"),
        ({"recipes": ["poster~batch_size=75"]}, "sweep[0].recipes[0] is 'poster~batch_size=75'|write 'poster'"),
        ({"recipes": ["poster~head_weights={}"]}, "sweep[0].recipes[0] is|write 'poster'"),
        ({"recipes": ['poster~head_weights={"mood":2}']}, "sweep[0].recipes[0] is|cannot be part of a recipe's name"),
        ({"networks": ["alexnet"]}, "sweep[0].networks[0] is 'alexnet'|unknown"),
        ({"folds": [5]}, "sweep is|fold 5|folds: 5"),
        ({"folds": ["a"]}, "sweep[0].folds[0] is 'a'"),
        ({"splits": ["random"], "shares": [0.5]}, "sweep is|shares under random"),
        ({"parameters": {"05": {"resamples": [10]}}}, "sweep[0].parameters is|'05'|01, 02 and 03"),
        ({"parameters": {"02": {"n_mels": 48}}}, "sweep[0].parameters.02.n_mels is 48|list"),
        ({"parameters": {"02": {"n_mels": [48, 48]}}}, "sweep[0].parameters.02.n_mels is [48, 48]|twice"),
        ({"parameters": {"01": {"x": ["é", "ü"]}}}, "sweep|two points|'mine-x'"),
        ({"parameters": {"01": {"x": ["a" * 200]}}}, "sweep|too long for a folder"),
    ],
)
def test_a_wrong_sweep_is_reported_by_file_key_and_value(tmp_path, sweep, expected):
    with pytest.raises(ReportError) as caught:
        load(tmp_path, sweep=sweep)
    assert [part for part in ("mine.yaml", *expected.split("|")) if part not in str(caught.value)] == []


def test_of_a_wrong_study_its_sweep_says_nothing(tmp_path):
    with pytest.raises(ReportError) as caught:
        load(tmp_path, networks=["alexnet"], sweep={"settings": {"batch_size": [25, 75]}})
    assert "'alexnet'" in str(caught.value)
    assert "sweep" not in str(caught.value)
