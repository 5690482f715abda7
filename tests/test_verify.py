"""A committed run made again."""

import shutil

import numpy as np
import pandas as pd
import pytest

from lib.errors import ReportError
from lib.io import read_json, write_json
from lib.runs import verify
from lib.runs.store import Finished, read_run
from lib.workflow.cli import main
from lib.workflow.train import train
from tests.test_train import declared  # noqa: F401 - a fixture
from tests.test_training import study  # noqa: F401 - a fixture

NAME = "yu2018-artist-f0-s0"


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Folder for a copy of the study once it is trained."""
    return tmp_path_factory.mktemp("trained") / "root"


@pytest.fixture
def committed(declared, trained):  # noqa: F811
    """A study with one run among its committed results, and the arguments that verify it."""
    study, path = declared  # noqa: F811
    if trained.is_dir():
        shutil.copytree(trained, study.root, dirs_exist_ok=True)
    else:
        train(path, str(study.root), only=NAME)
        shutil.copytree(study.root, trained)
    return study, ["verify", "--study", path, "--root", str(study.root), "--prepared"]


def test_on_one_machine_a_run_comes_out_the_same_and_nothing_else_changes(committed, capsys):
    study, arguments = committed  # noqa: F811
    before = {path: path.stat().st_mtime_ns for path in [*study.runs.rglob("*"), *study.kept.rglob("*")]}
    assert main(arguments) == 0
    output = capsys.readouterr().out
    assert NAME in output and "every answer on the test slices is the same" in output
    assert {path: path.stat().st_mtime_ns for path in [*study.runs.rglob("*"), *study.kept.rglob("*")]} == before


def test_numbers_that_do_not_come_out_are_named(committed, capsys):
    study, arguments = committed  # noqa: F811
    file = study.kept / NAME / "metrics.json"
    metrics = read_json(file)
    scored = metrics["parts"]["test"]["genre"]["song"]
    scored["accuracy"] = scored["accuracy"] + 0.2
    write_json(metrics, file)
    table = pd.read_parquet(file.with_name("predictions.parquet"))
    columns = [column for column in table if column.startswith("genre:")]
    table[columns] = table[columns[::-1]].to_numpy()
    table.to_parquet(file.with_name("predictions.parquet"), index=False)
    assert main([*arguments, "--run", NAME]) == 2
    assert "Not verified: beyond its tolerance is genre of test per song" in capsys.readouterr().out


def test_another_making_within_the_tolerances_is_verified_and_called_that(committed, tmp_path):
    study, _ = committed  # noqa: F811
    one = read_run(study.kept / NAME)
    other = Finished(tmp_path, one.run)
    write_json(one.metrics, tmp_path / "metrics.json")
    table = pd.read_parquet(one.folder / "predictions.parquet")
    columns = [column for column in table if column.startswith("genre:")]
    table.loc[0, columns] = table.loc[0, columns].to_numpy()[::-1]
    table.to_parquet(tmp_path / "predictions.parquet", index=False)
    found = verify.compare(one, other)
    assert found.holds and not found.same and 0 < found.agreement <= 1
    assert "within its tolerance" in verify.lines(found)
    assert np.isclose(found.scores["difference"].abs().max(), 0)


def test_what_cannot_be_verified_says_why(committed, capsys):
    study, arguments = committed  # noqa: F811
    assert main([*arguments, "--run", "choi2016-artist-f9-s0"]) == 1
    assert f"holds no such run to compare with. It holds {NAME}" in capsys.readouterr().err
    file = study.slices / "slices.json"
    write_json({**read_json(file), "source": "other music"}, file)
    with pytest.raises(ReportError, match=r"different: the slices \(02\)"):
        verify.verify(study)
    write_json({"run": {"architecture": "yu2018", "split": "disc"}}, study.kept / NAME / "record.json")
    with pytest.raises(ReportError, match="made by another version"):
        verify.verify(study, NAME)
