"""A sweep in a copy of the project: one point fails, the others and the report do not."""

import subprocess
import sys

import pandas as pd
import pytest
import yaml

from tests.chain import TINY, command, copy_of_the_project, one_run_broken

SWEEP = TINY | {
    "splits": ["artist"], "baselines": ["majority"], "candidates": [], "search": [],
    "parameters": {**TINY["parameters"], "03": {"networks": ["yu2018"]}},
    "sweep": {"settings": {"learning_rate": [0.01, 0.02], "batch_size": [30, 75]}},
}  # fmt: skip
GOOD = "yu2018-artist-f0-s0-poster~learning_rate=0.01"
BAD = "yu2018-artist-f0-s0-poster~batch_size=30~learning_rate=0.02"


def called(project, *arguments):
    words, how = command(project)
    words = [sys.executable, "-m", "lib.sweep", "--study", "tiny", *arguments]
    return subprocess.run(words, **how, capture_output=True, timeout=900, check=False)


@pytest.fixture(scope="module")
def swept(tmp_path_factory):
    project = copy_of_the_project(tmp_path_factory.mktemp("swept"))
    (project / "config" / "tiny.yaml").write_text(yaml.safe_dump(SWEEP))
    with one_run_broken(project):
        return project, called(project)


def test_one_failed_point_stops_nothing_and_is_told(swept):
    project, first = swept
    assert first.returncode == 1, first.stdout + first.stderr
    said = first.stdout.splitlines()
    assert "5 done, 1 failed" in said
    assert any(line.strip().startswith("failed") and BAD in line and "a made-up fault" in line for line in said)
    assert any(line.strip().startswith("done") and GOOD in line and "genre 0." in line for line in said)
    assert said[-1] == f"The report: {project}/results/tiny/index.html"
    page = (project / "results" / "tiny" / "05_error_analysis.html").read_text(encoding="utf-8")
    assert "1 run failed" in page and "a made-up fault" in page
    table = pd.read_csv(project / "results" / "tiny" / "tables" / "sweep.csv")
    assert sorted(set(table["recipe"])) == [
        "poster", "poster~batch_size=30~learning_rate=0.01", "poster~learning_rate=0.01", "poster~learning_rate=0.02",
    ]  # fmt: skip
    assert table["validation"].between(0, 1).all()


def test_what_failed_is_tried_again_and_nothing_else_is_trained(swept):
    project, _ = swept
    told = called(project, "--status").stdout
    assert "5 done, 1 failed" in told
    weights = {path: path.stat().st_mtime_ns for path in project.glob("work/tiny/runs/*/model.weights.h5")}
    assert len(weights) == 4
    again = called(project)
    assert again.returncode == 0, again.stdout + again.stderr
    assert "6 done" in again.stdout.splitlines()
    assert {path: path.stat().st_mtime_ns for path in weights} == weights
    assert "1 run failed" not in (project / "results" / "tiny" / "05_error_analysis.html").read_text(encoding="utf-8")
    table = pd.read_csv(project / "results" / "tiny" / "tables" / "sweep.csv")
    assert "poster~batch_size=30~learning_rate=0.02" in set(table["recipe"])
