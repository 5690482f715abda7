import ast
import re
from itertools import product

import pytest
import yaml

from lib import config
from lib.errors import ReportError
from lib.paths import NOTEBOOKS, PROJECT, Study
from lib.runs import Run
from lib.tables import write_json

NUMBERS = sorted(path.name[:2] for path in NOTEBOOKS.glob("[0-9]*.ipynb"))
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
    loaded = config.load(name, "" if name == "demo" else str(tmp_path))
    assert loaded.study == name
    assert loaded.runs()


def test_runs_are_networks_by_protocols_by_folds_by_seeds(write):
    loaded = config.load(write(protocols=["slice", "poster_split"], run_folds=[0, 1], seeds=[0, 7]))
    names = [run.name for run in loaded.runs()]
    assert len(names) == 2 * (4 + 2)
    assert "zhang2016-slice-f1-s7" in names
    assert "zhang2016-poster_split-f1-s7" not in names


def test_the_recipe_best_is_run_once_a_fold_from_candidates_of_its_own(write):
    loaded = config.load(
        write(
            baselines=["majority"],
            candidates=["zhang2016 tuned", "zhang2016 tuned + mfcc_svm baseline"],
            search=["this_project_fc2 poster"],
            run_folds=[0, 1],
            seeds=[0, 7],
            devs=[0, 2],
        )
    )
    names = [run.name for run in loaded.runs()]
    assert [name for name in names if name.startswith("selected")] == ["selected-artist-f0-s0", "selected-artist-f1-s0"]
    assert sum(name.startswith("majority") for name in names) == 4  # no seeds: it has nothing random
    assert [run.name for run in loaded.candidate_runs() if run.fold == 1] == [
        "zhang2016-artist-f1-s0-tuned-candidate",
        "zhang2016-artist-f1-s0-d2-tuned-candidate",
        "mfcc_svm-artist-f1-s0-candidate",
        "mfcc_svm-artist-f1-s0-d2-candidate",
    ]
    assert [run.name for run in loaded.search_runs()] == [
        "this_project_fc2-artist-f0-s0-candidate",
        "this_project_fc2-artist-f0-s0-d2-candidate",
    ]
    assert loaded.epochs_of(loaded.candidate_runs()[0]) == loaded.epochs_of(loaded.search_runs()[0]) == 0


def test_networks_of_the_first_fold_and_seed_have_a_page_and_no_other_run(write):
    loaded = config.load(
        write(
            run_folds=[2, 3],
            seeds=[5, 6],
            protocols=["poster_split", "artist"],
            networks=["zhang2016"],
            baselines=["majority"],
            also=[{"networks": ["zhang2016"], "protocols": ["seen"], "seeds": [5, 6]}],
        )
    )
    assert [run.name for run in loaded.runs() if loaded.has_page(run)] == [
        "zhang2016-poster_split-f0-s5", "zhang2016-artist-f2-s5",
    ]  # fmt: skip
    assert not any(loaded.has_page(run) for run in loaded.candidate_runs())


def test_also_adds_what_its_items_list_and_nothing_twice(write):
    loaded = config.load(
        write(
            run_folds=[1, 2],
            protocols=["artist"],
            also=[
                {"networks": ["zhang2016"], "protocols": ["artist", "poster_split"], "seeds": [0, 3]},
                {"networks": ["this_project"], "protocols": ["seen"], "recipes": ["balanced"]},
                {"networks": ["this_project"], "protocols": ["song"], "shares": [0.5]},
                {"networks": ["choi2016"], "protocols": ["artist"], "heads": [["mood"], ["genre", "valence"]]},
            ],
            vectors=["this_project_nodes5"],
        )
    )
    names = [run.name for run in loaded.runs()]
    assert len(names) == len(set(names))
    assert {"zhang2016-artist-f1-s0", "zhang2016-artist-f2-s3", "this_project-seen-f1-s0-balanced"} <= set(names)
    assert [name for name in names if "poster_split" in name] == [f"zhang2016-poster_split-f0-s{s}" for s in (0, 3)]
    assert [name for name in names if "song" in name] == [f"this_project-song-f{f}-s0-n50" for f in (1, 2)]
    fewer = [run for run in loaded.runs() if run.heads]
    assert [run.name for run in fewer if run.fold == 1] == [
        "choi2016-artist-f1-s0-only-mood", "choi2016-artist-f1-s0-only-genre-valence",
    ]  # fmt: skip
    assert not any(loaded.has_page(run) for run in fewer)
    assert [run.name for run in loaded.vector_runs()] == [f"this_project_nodes5-artist-f{f}-s0" for f in (1, 2)]
    assert not {run.name for run in loaded.vector_runs()} & {*names}
    balanced = next(run for run in loaded.runs() if run.recipe == "balanced")
    assert loaded.epochs_of(balanced) == loaded.epochs_of(Run("this_project", "slice"))


def test_a_network_registered_in_03_joins(write, tmp_path):
    study = Study("toy", tmp_path)
    write_json({}, study.zoo / "mine.json")
    write_json({}, study.zoo / "choi2016.json")  # described for another study's sake
    write_json({}, study.zoo / "networks.json")
    loaded = config.load(write(epochs={"default": 3, "zhang2016": 5}))
    assert loaded.networks_of(study) == ("this_project", "zhang2016", "mine")
    assert [loaded.epochs_of(Run(name, "slice")) for name in ("mine", "zhang2016")] == [3, 5]


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
        ({"run_folds": [0, 3], "folds": 3}, "run_folds .* do not fit folds: 3; the last fold is 2"),
        ({"folds": 1}, "folds is 1"),
        ({"seeds": [-1]}, "seeds"),
        ({"seeds": 3}, "seeds"),
        ({"corpus": "emotify"}, "DATA=<folder>"),
        ({"corpus": "emotify", "data": "nowhere"}, "DATA=nowhere"),
        ({"parameters": {"01": {"colour": "red"}}}, "'colour'"),
        ({"parameters": {"99": {}}}, "'99'"),
        ({"parameters": {"*": {}}}, r"'0\*'.*only 01, 02"),
        ({"networks": "this_project"}, r"networks is 'this_project'.*a list.*\[this_project\]"),
        ({"networks": []}, r"networks is \[\]"),
        ({"networks": [["zhang2016"]]}, r"networks is .*; it must hold names"),
        ({"protocols": "artist"}, "protocols is 'artist'.*a list"),
        ({"protocols": []}, r"protocols is \[\]"),
        ({"protocols": [{"slice": 1}]}, r"protocols is \[{'slice': 1}\]; it must hold names"),
        ({"seeds": []}, r"seeds is \[\]"),
        ({"seeds": [True]}, "seeds holds True"),
        ({"seeds": [0.5]}, "seeds holds 0.5"),
        ({"run_folds": []}, r"run_folds is \[\]"),
        ({"run_folds": 0}, "run_folds is 0.*a list"),
        ({"run_folds": [False]}, "run_folds holds False"),
        ({"folds": True}, "folds is True"),
        ({"folds": "five"}, "folds is 'five'"),
        ({"folds": [5]}, r"folds is \[5\]"),
        ({"corpus": ["demo"]}, r"corpus is \['demo'\]"),
        ({"corpus": {"demo": 1}}, "corpus is {'demo': 1}"),
        ({"corpus": "folder", "data": 5}, "data is 5; it must be text"),
        ({"baselines": ["gmm"]}, "'gmm' is unknown.*majority"),
        ({"best_protocols": ["album"]}, "'album' is unknown.*slice"),
        ({"candidates": ["choi2016"]}, "candidates: candidate 'choi2016' is not a network and its recipe"),
        ({"candidates": ["choi2016 magic"]}, "candidates: recipe 'magic' is unknown.*tuned"),
        ({"candidates": ["alexnet tuned"]}, "candidates: 'alexnet' with recipe tuned is unknown.*this_project"),
        ({"candidates": ["choi2016 baseline"]}, "'choi2016' with recipe baseline is unknown.*mfcc_svm"),
        ({"search": ["this_project_fc9 poster"]}, "search: 'this_project_fc9'.*this_project_fc2"),
        ({"devs": [-1]}, "devs holds -1"),
        ({"devs": [0, 8], "search": ["zhang2016 tuned"]}, "devs holds 8; with folds: 5 there are 8 shares, 0 to 7"),
        ({"devs": [1, 1]}, "devs names 1 twice"),
        ({"search": ["zhang2016 tuned + choi2016 tuned"]}, "search: .* is an ensemble"),
        ({"also": ["this_project tuned"]}, "also is .*list of mappings"),
        ({"also": [{"networks": ["this_project"]}]}, "also: .* names no protocols"),
        ({"also": [{"networks": ["lenet"], "protocols": ["song"]}]}, "also: networks 'lenet' is unknown.*zhang2016"),
        ({"also": [{"networks": ["zhang2016"], "protocols": ["album"]}]}, "protocols 'album' is unknown.*unseen"),
        ({"also": [{"networks": ["zhang2016"], "protocols": ["song"], "seed": [1]}]}, "also: 'seed' is unknown.*seeds"),
        ({"also": [{"networks": ["zhang2016"], "protocols": ["song"], "seeds": [-1]}]}, "also: seeds holds -1"),
        ({"also": [{"networks": ["zhang2016"], "protocols": ["song"], "seeds": 1}]}, "also: seeds is 1; .*list"),
        ({"also": [{"networks": ["zhang2016"], "protocols": ["song"], "shares": [0]}]}, "also: shares holds 0"),
        ({"also": [{"networks": ["zhang2016"], "protocols": ["slice"], "shares": [0.5]}]}, "shares under slice"),
        ({"also": [{"networks": ["zhang2016"], "protocols": ["song"], "heads": ["mood"]}]}, "also: heads holds 'mood'"),
        ({"vectors": ["this_project_nodes7"]}, "vectors: 'this_project_nodes7' is unknown.*this_project_nodes50"),
        ({"parameters": {"05": {"tasks": "nothing"}}}, "05's parameter tasks is 'nothing'"),
        ({"best_protocols": ["poster_split"], "search": ["zhang2016 tuned"]}, "devs must be"),
        ({"parameters": {"04": {"settings": {"mixup": -1}}}}, "'04': settings: mixup is -1"),
        ({"parameters": {"04": {"settings": {"mix": 1}}}}, "'04': settings: setting 'mix' is unknown"),
        ({"devs": []}, "devs is .*at least one"),
        ({"epochs": {"zhang2016": 3}}, "epochs is {'zhang2016': 3}.*'default'"),
        ({"epochs": {"default": 0}}, "epochs of 'default' is 0"),
        ({"epochs": {"default": 2.0}}, "epochs of 'default' is 2.0"),
        ({"epochs": {"default": True}}, "epochs of 'default' is True"),
        ({"epochs": {"default": 3, "mine": "20"}}, "epochs of 'mine' is '20'"),
        ({"epochs": {"default": 3, "My Net": 20}}, "epochs of 'My Net': use lower-case"),
        ({"epochs": {"default": 3, 2016: 20}}, "epochs of 2016"),
        ({"parameters": ["01"]}, r"parameters is \['01'\]"),
        ({"parameters": {"01": "terciles"}}, "parameters of '01' is 'terciles'.*mood_cuts"),
        ({"parameters": {"01": []}}, r"parameters of '01' is \[\]"),
        ({"parameters": {"01": {}, 1: {}}}, "'01' twice"),
        ({"parameters": {"01": {"songs_per_genre": "12"}}}, "songs_per_genre is '12'; it must be of type int"),
        ({"data": "music"}, "data is 'music', but corpus demo composes its own music"),
    ],
)
def test_a_wrong_declaration_names_itself(write, changes, message):
    with pytest.raises(ReportError, match=message) as caught:
        config.load(write(**changes))
    assert any(word in str(caught.value) for word in ("toy.yaml", "DATA="))


def given_by_snakefile():
    """Notebook and name of every parameter in a call of `parameters` in the Snakefile."""
    text = (PROJECT / "Snakefile").read_text()
    for start in [match.start() for match in re.finditer(r"parameters\(\s*\"", text)]:
        for end in (match.end() for match in re.finditer(r"\)", text[start:])):
            try:
                call = ast.parse(text[start : start + end], mode="eval").body
            except SyntaxError:
                continue
            yield from ((call.args[0].value, name) for name in ["study", "root", *(k.arg for k in call.keywords)])
            break


def test_what_the_study_sets_itself_is_known_of_every_notebook():
    known = {(number, name) for number, name in product(NUMBERS, ("study", "root"))}
    known.add(("04", "keep"))
    known |= {(number, name) for number, names in config.SET_ABOVE.items() for name in names}
    assert set(given_by_snakefile()) == known
    keys = {key for names in config.SET_ABOVE.values() for value in names.values() for key in re.findall(r"\w+", value)}
    assert keys - {"and"} <= set(config.StudyConfig.__dataclass_fields__)


@pytest.mark.parametrize(("number", "name"), sorted(set(given_by_snakefile())))
def test_what_the_study_sets_itself_is_refused_as_a_parameter(write, number, name):
    remedy = config.SET_ABOVE.get(number, {}).get(name)
    remedy = f"set {remedy} at the top" if remedy else "it is given by"
    with pytest.raises(ReportError, match=rf"toy\.yaml: parameters of '{number}': {name} is 'x'; {remedy}"):
        config.load(write(parameters={number: {name: "x"}}))


def test_numbers_of_notebooks_need_no_quotes_and_no_values(tmp_path):
    path = tmp_path / "toy.yaml"
    text = "corpus: demo\nnetworks: [this_project]\nprotocols: [slice]\ndata:\nparameters:"
    path.write_text(f"{text}\n  01: {{songs_per_genre: 6}}\n  5: {{resamples: 9}}\n  '04':\n")
    loaded = config.load(str(path))
    assert loaded.parameters == {"01": {"songs_per_genre": 6}, "05": {"resamples": 9}, "04": {}}
    assert loaded.data == ""
    path.write_text(text)
    assert config.load(str(path)).parameters == {}


def test_the_demo_reads_no_music(write, tmp_path):
    with pytest.raises(ReportError, match=r"DATA=x: the demo study composes.*Leave DATA out.*STUDY=folder"):
        config.load("demo", "x")
    with pytest.raises(ReportError, match=rf"DATA={tmp_path}: the toy study composes"):
        config.load(write(), str(tmp_path))


def test_an_unknown_study_names_the_known():
    with pytest.raises(ReportError, match=r"'emotfy'.*demo, emotify, emotify_cuts, emotify_emotions, fma, folder"):
        config.load("emotfy")


def test_broken_yaml_names_the_file(tmp_path):
    (tmp_path / "toy.yaml").write_text("corpus: [")
    with pytest.raises(ReportError, match=r"toy\.yaml is not valid YAML"):
        config.load(str(tmp_path / "toy.yaml"))
    (tmp_path / "toy.yaml").write_text("")
    with pytest.raises(ReportError, match="is empty"):
        config.load(str(tmp_path / "toy.yaml"))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"- corpus: demo\n", "must be a mapping"),
        (b"demo", "holds 'demo'; it must be a mapping"),
        (b"[]", r"holds \[\]; it must be a mapping"),
        (b"0", "holds 0; it must be a mapping"),
        (b"{}", "'corpus' is missing"),
        ("corpus: démo".encode("latin-1"), "is not text in UTF-8"),
        (b"corpus: 2024-02-31", "is not valid YAML"),
        (b"? [corpus]\n: demo\n", "is not valid YAML"),
    ],
)
def test_a_file_that_is_no_study_names_itself(tmp_path, content, message):
    (tmp_path / "toy.yaml").write_bytes(content)
    with pytest.raises(ReportError, match=message) as caught:
        config.load(str(tmp_path / "toy.yaml"))
    assert "toy.yaml" in str(caught.value)


def test_a_song_more_changes_the_digest_of_the_folder(write, tmp_path):
    music = tmp_path / "music" / "rock"
    music.mkdir(parents=True)
    (music / "a.mp3").write_bytes(b"1")
    loaded = config.load(write(corpus="folder", data=str(music.parent)))
    first = config.folder_digest(loaded)
    assert config.folder_digest(loaded) == first
    (music / "b.mp3").write_bytes(b"2")
    assert config.folder_digest(loaded) != first
