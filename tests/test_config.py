import json
import re
import subprocess
import sys
import tempfile
from itertools import product
from pathlib import Path

import pytest
import yaml

from lib.errors import ReportError
from lib.io import write_json
from lib.paths import CHAPTERS, NOTEBOOKS, PROJECT, Study
from lib.runs.run import Run
from lib.workflow import config
from lib.workflow.steps import Steps

NUMBERS = sorted(path.name[:2] for path in NOTEBOOKS.glob("[0-9]*.ipynb"))
GOOD = {"corpus": "demo", "networks": ["yu2018", "zhang2016"], "splits": ["random", "artist"]}


@pytest.fixture
def write(tmp_path):
    def study(changes=(), **more):
        path = tmp_path / "toy.yaml"
        declared = {key: value for key, value in {**GOOD, **dict(changes), **more}.items() if value is not None}
        path.write_text(yaml.safe_dump(declared))
        return str(path)

    return study


@pytest.mark.parametrize("name", config.known_studies())
def test_every_study_of_the_project_is_valid(name, tmp_path):
    (tmp_path / "song.wav").touch()
    loaded = config.load(name, "" if name == "demo" else str(tmp_path))
    assert loaded.study == name
    assert loaded.runs()


def test_runs_are_networks_by_splits_by_folds_by_seeds(write):
    loaded = config.load(write(splits=["random", "poster"], run_folds=[0, 1], seeds=[0, 7]))
    names = [run.name for run in loaded.runs()]
    assert len(names) == 2 * (4 + 2)
    assert "zhang2016-random-f1-s7" in names
    assert "zhang2016-poster-f1-s7" not in names


def test_the_recipe_best_is_run_once_a_fold_from_candidates_of_its_own(write):
    loaded = config.load(
        write(
            baselines=["majority"],
            candidates=["zhang2016 tuned", "zhang2016 tuned + mfcc_svm baseline"],
            search=["yu2018_fc2 poster"],
            run_folds=[0, 1],
            seeds=[0, 7],
            validation_shares=[0, 2],
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
        "yu2018_fc2-artist-f0-s0-candidate",
        "yu2018_fc2-artist-f0-s0-d2-candidate",
    ]
    assert loaded.epochs_of(loaded.candidate_runs()[0]) == loaded.epochs_of(loaded.search_runs()[0]) == 0


def test_networks_of_the_first_fold_and_seed_have_a_page_and_no_other_run(write):
    loaded = config.load(
        write(
            run_folds=[2, 3],
            seeds=[5, 6],
            splits=["poster", "artist"],
            networks=["zhang2016"],
            baselines=["majority"],
            also=[{"networks": ["zhang2016"], "splits": ["seen"], "seeds": [5, 6]}],
        )
    )
    assert [run.name for run in loaded.runs() if loaded.has_page(run)] == [
        "zhang2016-poster-f0-s5", "zhang2016-artist-f2-s5",
    ]  # fmt: skip
    assert not any(loaded.has_page(run) for run in loaded.candidate_runs())


def test_also_adds_what_its_items_list_and_nothing_twice(write):
    loaded = config.load(
        write(
            run_folds=[1, 2],
            splits=["artist"],
            also=[
                {"networks": ["zhang2016"], "splits": ["artist", "poster"], "seeds": [0, 3]},
                {"networks": ["yu2018"], "splits": ["seen"], "recipes": ["balanced"]},
                {"networks": ["yu2018"], "splits": ["song"], "shares": [0.5]},
                {"networks": ["choi2016"], "splits": ["artist"], "heads": [["mood"], ["genre", "valence"]]},
            ],
            vectors=["yu2018_units5"],
        )
    )
    names = [run.name for run in loaded.runs()]
    assert len(names) == len(set(names))
    assert {"zhang2016-artist-f1-s0", "zhang2016-artist-f2-s3", "yu2018-seen-f1-s0-balanced"} <= set(names)
    assert [name for name in names if "poster" in name] == [f"zhang2016-poster-f0-s{s}" for s in (0, 3)]
    assert [name for name in names if "song" in name] == [f"yu2018-song-f{f}-s0-n50" for f in (1, 2)]
    fewer = [run for run in loaded.runs() if run.heads]
    assert [run.name for run in fewer if run.fold == 1] == [
        "choi2016-artist-f1-s0-only-mood", "choi2016-artist-f1-s0-only-genre-valence",
    ]  # fmt: skip
    assert not any(loaded.has_page(run) for run in fewer)
    assert [run.name for run in loaded.vector_runs()] == [f"yu2018_units5-artist-f{f}-s0" for f in (1, 2)]
    assert not {run.name for run in loaded.vector_runs()} & {*names}
    balanced = next(run for run in loaded.runs() if run.recipe == "balanced")
    assert loaded.epochs_of(balanced) == loaded.epochs_of(Run("yu2018", "random"))


def test_a_network_registered_in_03_joins(write, tmp_path):
    study = Study("toy", tmp_path)
    write_json({}, study.zoo / "mine.json")
    write_json({}, study.zoo / "choi2016.json")  # described for another study's sake
    write_json({}, study.zoo / "networks.json")
    loaded = config.load(write(epochs={"default": 3, "zhang2016": 5}))
    assert loaded.networks_of(study) == ("yu2018", "zhang2016", "mine")
    assert [loaded.epochs_of(Run(name, "random")) for name in ("mine", "zhang2016")] == [3, 5]


ITEM = {"networks": ["zhang2016"], "splits": ["song"]}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        # keys
        ({"corpus": None}, "corpus is missing"),
        ({"epoch": 3}, "epoch is unknown|'epochs'?"),
        ({5: 3}, "[5] is unknown"),
        ({"study": "x"}, "study is 'x'"),
        ({"also": [{"networks": ["yu2018"]}]}, "also[0].splits is missing"),
        ({"also": [ITEM | {"seed": [1]}]}, "also[0].seed is unknown|'seeds'?|shares"),
        ({"sweep": [{}, {"setting": {}}]}, "sweep[1].setting is unknown|'settings'?|parameters"),
        # names
        ({"networks": ["yu2081"]}, "networks[0] is 'yu2081'|unknown|'yu2018'?|zhang2016"),
        ({"networks": ["zhang2016", "alexnet"]}, "networks[1] is 'alexnet'|unknown|yu2018"),
        ({"networks": ["zhang2016", "zhang2016"]}, "networks is|'zhang2016' twice"),
        ({"splits": ["disc"]}, "splits[0] is 'disc'|unknown|random"),
        ({"corpus": "gtzan"}, "corpus is 'gtzan'|unknown|demo"),
        ({"baselines": ["gmm"]}, "baselines[0] is 'gmm'|unknown|majority"),
        ({"best_splits": ["disc"]}, "best_splits[0] is 'disc'|unknown|random"),
        ({"vectors": ["yu2018_units7"]}, "vectors[0] is 'yu2018_units7'|yu2018_units50"),
        ({"candidates": ["choi2016"]}, "candidates[0] is 'choi2016'|not a network and its recipe"),
        ({"candidates": ["choi2016 magic"]}, "candidates[0] is|recipe 'magic' is unknown|tuned"),
        ({"candidates": ["alexnet tuned"]}, "candidates[0] is|'alexnet' with recipe tuned|yu2018"),
        ({"candidates": ["choi2016 baseline"]}, "candidates[0] is|'choi2016' with recipe baseline|mfcc_svm"),
        ({"search": ["yu2018_fc9 poster"]}, "search[0] is|'yu2018_fc9'|yu2018_fc2"),
        ({"search": ["zhang2016 tuned + choi2016 tuned"]}, "search[0] is|an ensemble"),
        ({"also": [ITEM | {"networks": ["lenet"]}]}, "also[0].networks[0] is 'lenet'|zhang2016"),
        ({"also": [ITEM | {"splits": ["disc"]}]}, "also[0].splits[0] is 'disc'|unseen"),
        ({"also": [ITEM | {"recipes": ["tunned"]}]}, "also[0].recipes[0] is 'tunned'|'tuned'?"),
        ({"also": [ITEM | {"heads": [["My Mood"]]}]}, "also[0].heads[0][0] is 'My Mood'|lower-case"),
        ({"epochs": {"default": 3, "My Net": 20}}, "'My Net'|lower-case"),
        # numbers
        ({"folds": 1}, "folds is 1"),
        ({"folds": -5}, "folds is -5"),
        ({"run_folds": [5]}, "run_folds is [5]|folds: 5|last fold is 4"),
        ({"run_folds": [0, 3], "folds": 3}, "run_folds is [0, 3]|folds: 3|last fold is 2"),
        ({"run_folds": [-1]}, "run_folds[0] is -1"),
        ({"also": [ITEM | {"folds": [5]}]}, "also is|fold 5|last fold is 4"),
        ({"seeds": [-1]}, "seeds[0] is -1"),
        ({"seeds": [0, 2**32]}, "seeds[1] is 4294967296"),
        ({"epochs": {"default": 0}}, "epochs.default is 0"),
        ({"epochs": {"zhang2016": 3}}, "epochs is {'zhang2016': 3}|'default'"),
        ({"validation_shares": [-1]}, "validation_shares[0] is -1"),
        (
            {"validation_shares": [0, 8], "search": ["zhang2016 tuned"]},
            "validation_shares is [0, 8]|folds: 5|8 shares, 0 to 7",
        ),
        ({"validation_shares": [1, 1]}, "validation_shares is [1, 1]|1 twice"),
        ({"best_splits": ["poster"], "search": ["zhang2016 tuned"]}, "validation_shares is [0, 1]|poster|[0]"),
        ({"also": [ITEM | {"seeds": [-1]}]}, "also[0].seeds[0] is -1"),
        ({"also": [ITEM | {"shares": [0]}]}, "also[0].shares[0] is 0"),
        ({"also": [ITEM | {"shares": [float("nan")]}]}, "also[0].shares[0] is nan"),
        ({"also": [ITEM | {"splits": ["random"], "shares": [0.5]}]}, "also is|shares under random"),
        ({"parameters": {"01": {"workers": -1}}}, "parameters.01.workers is -1"),
        ({"parameters": {"02": {"timeout_s": 0}}}, "parameters.02.timeout_s is 0"),
        ({"parameters": {"04": {"batch_size": -25}}}, "parameters is|batch_size is -25"),
        ({"parameters": {"04": {"settings": {"mixup": -1}}}}, "parameters is|mixup is -1"),
        ({"parameters": {"04": {"settings": {"mix": 1}}}}, "parameters is|'mix' is unknown"),
        # types
        ({"folds": True}, "folds is True|whole number"),
        ({"folds": "five"}, "folds is 'five'|whole number"),
        ({"folds": 96.5}, "folds is 96.5|whole number"),
        ({"folds": [5]}, "folds is [5]|whole number"),
        ({"seeds": [True]}, "seeds[0] is True|whole number"),
        ({"seeds": [0.0]}, "seeds[0] is 0.0|whole number"),
        ({"run_folds": [False]}, "run_folds[0] is False|whole number"),
        ({"epochs": {"default": 2.0}}, "epochs.default is 2.0|whole number"),
        ({"epochs": {"default": True}}, "epochs.default is True|whole number"),
        ({"epochs": {"default": 3, "mine": "20"}}, "epochs.mine is '20'|whole number"),
        ({"also": [ITEM | {"shares": [True]}]}, "also[0].shares[0] is True|number"),
        ({"also": [ITEM | {"shares": ["0.5"]}]}, "also[0].shares[0] is '0.5'|number"),
        ({"corpus": ["demo"]}, "corpus is ['demo']|text"),
        ({"corpus": "folder", "data": 5}, "data is 5|text"),
        ({"networks": [["zhang2016"]]}, "networks[0] is ['zhang2016']|text"),
        ({"splits": [{"random": 1}]}, "splits[0] is {'random': 1}|text"),
        ({"candidates": [3]}, "candidates[0] is 3|text"),
        ({"epochs": {"default": 3, 2016: 20}}, "epochs[2016] is 2016|text"),
        ({"networks": "yu2018"}, "networks is 'yu2018'|list"),
        ({"splits": "artist"}, "splits is 'artist'|list"),
        ({"seeds": 3}, "seeds is 3|list"),
        ({"run_folds": 0}, "run_folds is 0|list"),
        ({"also": ITEM}, "also is {'networks'|list"),
        ({"also": [ITEM | {"seeds": 1}]}, "also[0].seeds is 1|list"),
        ({"also": [ITEM | {"heads": ["mood"]}]}, "also[0].heads[0] is 'mood'|list"),
        ({"also": ["yu2018 tuned"]}, "also[0] is 'yu2018 tuned'|mapping"),
        ({"epochs": 3}, "epochs is 3|mapping"),
        ({"parameters": ["01"]}, "parameters is ['01']|mapping"),
        ({"parameters": {"01": "terciles"}}, "parameters.01 is 'terciles'|mapping"),
        ({"parameters": {"01": []}}, "parameters.01 is []|mapping"),
        ({"parameters": {"04": {"settings": [1]}}}, "parameters is|settings are [1]"),
        *(
            ({key: []}, f"{key} is []|at least one")
            for key in ("networks", "splits", "run_folds", "seeds", "validation_shares")
        ),
        ({"also": [ITEM | {"heads": [[]]}]}, "also[0].heads[0] is []|at least one"),
        ({"corpus": 3, "folds": "x"}, "corpus is 3|folds is 'x'"),  # all at once
        # what lies around the file
        ({"corpus": "emotify"}, "DATA=<folder>"),
        ({"corpus": "emotify", "data": "nowhere"}, "DATA=nowhere"),
        ({"data": "music"}, "data is 'music'|demo"),
        ({"parameters": {"01": {"colour": "red"}}}, "parameters.01|'colour'|'red'"),
        ({"parameters": {"01": {"songs_per_genre": "12"}}}, "parameters.01|songs_per_genre is '12'|int"),
        ({"parameters": {"01": {}, 1: {}}}, "parameters is|'01' twice"),
        ({"parameters": {"99": {}}}, "parameters.99|01, 02"),
        ({"parameters": {"*": {}}}, "parameters.0*|01, 02"),
        ({"parameters": {"05": {"tasks": "nothing"}}}, "parameters.05.tasks is 'nothing'|emotify"),
    ],
)
def test_a_wrong_declaration_is_reported_by_file_key_and_value(write, changes, expected):
    with pytest.raises(ReportError) as caught:
        config.load(write(changes))
    message = str(caught.value)
    assert [part for part in expected.split("|") if part not in message] == []
    assert "toy.yaml" in message or "DATA=" in message


def given_by_steps():
    """Notebook and name of every parameter that the steps of a study give, but for what its file declares."""
    declared = yaml.safe_load((PROJECT / "config" / "emotify.yaml").read_text())
    declared["candidates"] = ["yu2018 tuned"]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "emotify.yaml"
        file.write_text(yaml.safe_dump(declared))
        steps = Steps(str(file), str(PROJECT), root="nowhere")
    given = [(chapter, steps._json(chapter, steps.parameters(chapter))) for chapter in CHAPTERS if chapter != "04"]
    given += [("04", steps.training(run)) for run in steps.runs]
    for chapter, parameters in given:
        own = {*steps.declared.parameters.get(chapter, {}), *({"networks"} if chapter == "03" else ())}  # adds to them
        yield from ((chapter, name) for name in json.loads(parameters) if name not in own)


def test_what_the_study_sets_itself_is_known_of_every_notebook():
    known = {(number, name) for number, name in product(NUMBERS, ("study", "root"))}
    known.add(("04", "keep"))
    known |= {(number, name) for number, names in config.SET_ABOVE.items() for name in names}
    assert set(given_by_steps()) == known
    keys = {key for names in config.SET_ABOVE.values() for value in names.values() for key in re.findall(r"\w+", value)}
    assert keys - {"and"} <= set(config.StudyConfig.model_fields)


@pytest.mark.parametrize(("number", "name"), sorted(set(given_by_steps())))
def test_what_the_study_sets_itself_is_refused_as_a_parameter(write, number, name):
    remedy = config.SET_ABOVE.get(number, {}).get(name, "given by")
    with pytest.raises(ReportError, match=rf"toy\.yaml: parameters\.{number}\.{name} is 'x'.*{remedy}"):
        config.load(write(parameters={number: {name: "x"}}))


def test_numbers_of_notebooks_need_no_quotes_and_no_values(tmp_path):
    path = tmp_path / "toy.yaml"
    text = "corpus: demo\nnetworks: [yu2018]\nsplits: [random]\ndata:\nalso:\nsweep:\nseeds:\nparameters:"
    path.write_text(f"{text}\n  01: {{songs_per_genre: 6}}\n  5: {{resamples: 9}}\n  '04':\n")
    loaded = config.load(str(path))
    assert loaded.parameters == {"01": {"songs_per_genre": 6}, "05": {"resamples": 9}, "04": {}}
    assert loaded.data == ""
    path.write_text(text)
    loaded = config.load(str(path))
    assert (loaded.parameters, loaded.also, loaded.sweep, loaded.seeds) == ({}, (), (), (0,))
    path.write_text(f"{text}\nepoch:\n")
    with pytest.raises(ReportError, match=r"epoch is unknown"):
        config.load(str(path))


def test_the_demo_reads_no_music(write, tmp_path):
    with pytest.raises(ReportError, match=r"DATA=x: the demo study composes.*Leave DATA out.*STUDY=folder"):
        config.load("demo", "x")
    with pytest.raises(ReportError, match=rf"DATA={tmp_path}: the toy study composes"):
        config.load(write(), str(tmp_path))


def test_an_unknown_study_names_the_known():
    with pytest.raises(ReportError, match=r"'emotfy'.*'emotify'\?.*demo, .*folder"):
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
        (b"{}", "corpus is missing"),
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


def test_who_reads_a_study_imports_nothing_that_takes_long():
    heavy = {"keras", "librosa", "papermill", "scipy", "sklearn", "soundfile", "tensorflow"}
    code = f"import sys, lib.workflow.config; print(*{heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
