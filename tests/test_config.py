import pytest
import yaml

from lib import config
from lib.errors import ReportError
from lib.paths import Study
from lib.tables import write_json

GOOD = {"corpus": "demo", "networks": ["this_project", "zhang2016"], "protocols": ["slice", "artist"]}


@pytest.fixture
def write(tmp_path):
    def study(**changes):
        path = tmp_path / "toy.yaml"
        declared = {key: value for key, value in {**GOOD, **changes}.items() if value is not None}
        path.write_text(yaml.safe_dump(declared))
        return str(path)

    return study


@pytest.mark.parametrize("name", config.known_studies())
def test_every_study_of_the_project_is_valid(name, tmp_path):
    loaded = config.load(name, str(tmp_path))
    assert loaded.study == name
    assert loaded.runs()


def test_runs_are_networks_by_protocols_by_folds_by_seeds(write):
    loaded = config.load(write(protocols=["slice", "poster_split"], run_folds=[0, 1], seeds=[0, 7]))
    names = [run.name for run in loaded.runs()]
    assert len(names) == 2 * (4 + 2)
    assert "zhang2016-slice-f1-s7" in names
    assert "zhang2016-poster_split-f1-s7" not in names


def test_a_network_registered_in_03_joins(write, tmp_path):
    study = Study("toy", tmp_path)
    write_json({}, study.zoo / "mine.json")
    write_json({}, study.zoo / "choi2016.json")  # described for another study's sake
    write_json({}, study.zoo / "networks.json")
    loaded = config.load(write(epochs={"default": 3, "zhang2016": 5}))
    assert loaded.networks_of(study) == ("this_project", "zhang2016", "mine")
    assert loaded.epochs_of("mine") == 3
    assert loaded.epochs_of("zhang2016") == 5


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"networks": ["alexnet"]}, "'alexnet' is unknown.*this_project"),
        ({"protocols": ["album"]}, "'album' is unknown.*slice"),
        ({"corpus": "gtzan"}, "'gtzan' is unknown.*demo"),
        ({"corpus": None}, "'corpus' is missing"),
        ({"epoch": 3}, "'epoch' is unknown.*epochs"),
        ({"epochs": 3}, "'default'"),
        ({"run_folds": [5]}, r"run_folds \[5\]"),
        ({"folds": 1}, "folds: 1"),
        ({"seeds": [-1]}, "seeds"),
        ({"seeds": 3}, "seeds"),
        ({"corpus": "emotify"}, "DATA=<folder>"),
        ({"corpus": "emotify", "data": "nowhere"}, "DATA=nowhere"),
        ({"parameters": {"01": {"colour": "red"}}}, "'colour'"),
        ({"parameters": {"09": {}}}, "'09'"),
    ],
)
def test_a_wrong_declaration_names_itself(write, changes, message):
    with pytest.raises(ReportError, match=message):
        config.load(write(**changes))


def test_an_unknown_study_names_the_known():
    with pytest.raises(ReportError, match=r"'emotfy'.*demo, emotify, folder"):
        config.load("emotfy")


def test_broken_yaml_names_the_file(tmp_path):
    (tmp_path / "toy.yaml").write_text("corpus: [")
    with pytest.raises(ReportError, match=r"toy\.yaml is not valid YAML"):
        config.load(str(tmp_path / "toy.yaml"))
    (tmp_path / "toy.yaml").write_text("")
    with pytest.raises(ReportError, match="is empty"):
        config.load(str(tmp_path / "toy.yaml"))


def test_a_song_more_changes_the_digest_of_the_folder(write, tmp_path):
    music = tmp_path / "music" / "rock"
    music.mkdir(parents=True)
    (music / "a.mp3").write_bytes(b"1")
    loaded = config.load(write(corpus="folder", data=str(music.parent)))
    first = config.folder_digest(loaded)
    assert config.folder_digest(loaded) == first
    (music / "b.mp3").write_bytes(b"2")
    assert config.folder_digest(loaded) != first
