import re

import pytest
import yaml

from lib.errors import ReportError
from lib.models import Head, baselines, descriptions
from lib.runs.store import finished
from lib.workflow.cli import main
from lib.workflow.train import train
from tests.test_training import study  # noqa: F401 - a fixture

DECLARED = {
    "corpus": "emotify",  # its music is not looked for
    "networks": ["yu2018"],
    "splits": ["artist"],
    "epochs": {"default": 1},
    "baselines": ["majority"],
    "candidates": ["yu2018 poster", "mfcc_svm baseline"],
    "search": ["yu2018 poster"],
    "validation_shares": [0],
    "parameters": {"04": {"batch_size": 10}},
}


@pytest.fixture
def declared(study, tmp_path):  # noqa: F811
    """The toy study, declared in a file, with what it needs described."""
    path = tmp_path / "toy.yaml"
    path.write_text(yaml.safe_dump(DECLARED))
    own = descriptions.read_description(study, "tiny")
    heads = [Head(name, tuple(classes)) for name, classes in own["heads"].items()]
    descriptions.write_description(study, descriptions.describe("yu2018", own["shape"], heads))
    for description in baselines.describe_all(own["shape"], heads).values():
        descriptions.write_description(study, description)
    (study.zoo / "tiny.json").unlink()
    return study, str(path)


def test_every_run_of_a_study_is_made_from_its_slices_and_only_once(declared, capsys):
    study, path = declared  # noqa: F811
    assert main(["train", "--study", path, "--root", str(study.root)]) == 0
    output = capsys.readouterr().out
    assert re.search(r"run \d/5 yu2018-artist-f0-s0: epoch 1/1", output)
    assert re.findall(r"run (\d)/5 .*: finished", output) == ["1", "2", "3", "4", "5"]  # a candidate and searched, once
    assert [run.run.name for run in finished(study)] == [
        "majority-artist-f0-s0",
        "selected-artist-f0-s0",
        "yu2018-artist-f0-s0",
    ]
    assert finished(study, ["yu2018-artist-f0-s0"])[0].record["settings"]["batch_size"] == 10
    assert not any(run.stale for run in finished(study) + finished(study, candidates=True))
    assert main(["train", "--study", path, "--root", str(study.root)]) == 0
    assert "epoch" not in capsys.readouterr().out


def test_some_runs_can_be_chosen(declared, capsys):
    study, path = declared  # noqa: F811
    train(path, str(study.root), only="majority")
    assert [run.run.name for run in finished(study)] == ["majority-artist-f0-s0"]
    with pytest.raises(ReportError, match="'song-f9' is part of no run's name"):
        train(path, str(study.root), only="song-f9")


def test_what_is_missing_is_named(declared, capsys):
    study, path = declared  # noqa: F811
    (study.slices / "slices.json").unlink()
    assert main(["train", "--study", path, "--root", str(study.root)]) == 1
    assert "02_spectrogram_slicing" in capsys.readouterr().err
    assert main(["train", "--study", "nowhere"]) == 1
    assert "'nowhere'" in capsys.readouterr().err
