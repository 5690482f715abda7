"""The cluster profile on a real Slurm of two nodes on this machine; see tests/slurm.py for what it needs."""

import subprocess
import threading
import time
from pathlib import Path

import nbformat
import pytest
import yaml

from lib.paths import PROJECT
from tests import slurm
from tests.chain import TINY, command, copy_of_the_project, report

pytestmark = [pytest.mark.slow, pytest.mark.skipif(bool(slurm.missing()), reason=slurm.missing())]
SMALL = TINY | {"candidates": [], "search": [], "baselines": ["majority"]}


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    with slurm.running(tmp_path_factory.mktemp("slurm")) as environment:
        yield environment


def through_slurm(project: Path, cluster: dict) -> subprocess.CompletedProcess:
    """Run the report with the profile for Slurm, but that it asks for news more often."""
    settings = yaml.safe_load((PROJECT / "profiles" / "slurm" / "config.yaml").read_text())
    settings |= {"slurm-no-account": True, "slurm-init-seconds-before-status-checks": 3, "latency-wait": 10}
    profile = project / "profiles" / "ours"
    profile.mkdir(parents=True, exist_ok=True)
    (profile / "config.yaml").write_text(yaml.safe_dump(settings))
    words, how = command(project, "report", "--study", "tiny", "--profile", "profiles/ours", "--cores", "2")
    how["env"] = {**cluster, **how["env"], "SLURM_CONF": cluster["SLURM_CONF"], "PATH": cluster["PATH"]}
    return subprocess.run(words, **how, capture_output=True, timeout=1500, check=False)


@pytest.fixture(scope="module")
def there_and_here(cluster, tmp_path_factory):
    """A study made through Slurm, one of whose jobs is killed, and the same made without."""
    made = []
    for name in ("there", "here"):
        project = copy_of_the_project(tmp_path_factory.mktemp(name))
        (project / "config" / "tiny.yaml").write_text(yaml.safe_dump(SMALL))
        made.append(project)
    there, here = made
    done = report(here)
    assert done.returncode == 0, done.stdout + done.stderr
    killed, over = [], threading.Event()
    watch = threading.Thread(target=_kill_one, args=(cluster, killed, over))
    watch.start()
    try:
        done = through_slurm(there, cluster)
    finally:
        over.set()
        watch.join()
    assert done.returncode == 0, done.stdout + done.stderr
    return there, here, killed, done


def _kill_one(environment: dict, killed: list, over: threading.Event) -> None:
    """Kill the first training job that runs."""
    asked = ["squeue", "--noheader", "--states=RUNNING", "--format=%i %k"]
    while not over.wait(0.5):
        told = subprocess.run(asked, env=environment, capture_output=True, text=True, check=False).stdout
        jobs = [line.split()[0] for line in told.splitlines() if "train" in line]
        if jobs:
            time.sleep(2)
            subprocess.run(["scancel", "--signal=KILL", "--full", jobs[0]], env=environment, check=True)
            killed.append(jobs[0])
            return


def test_the_tables_are_the_same_as_without_a_cluster(there_and_here):
    there, here, _, _ = there_and_here
    tables = sorted(path.relative_to(here) for path in here.glob("results/tiny/tables/*.csv"))
    assert len(tables) > 10
    for table in tables:
        if table.name != "costs.csv":  # how long it took
            assert (there / table).read_bytes() == (here / table).read_bytes(), table


def test_a_killed_job_is_tried_again(there_and_here):
    there, _, killed, _ = there_and_here
    assert killed
    log = (there / "work" / "tiny" / "report.log").read_text()
    assert killed[0] in log and "Trying to restart job" in log


def test_every_step_was_a_job_on_one_of_the_nodes(there_and_here, cluster):
    there, _, _, _ = there_and_here
    asked = ["scontrol", "--oneliner", "show", "jobs"]
    told = subprocess.run(asked, env=cluster, capture_output=True, text=True, check=True).stdout
    mine = [line for line in told.splitlines() if str(there) in line]
    steps = len(list((there / "work" / "tiny" / "done").rglob("*.json")))
    assert sum("JobState=COMPLETED" in line for line in mine) >= steps
    assert {node for line in mine for node in ("n0", "n1") if f"BatchHost={node}" in line} == {"n0", "n1"}


def test_the_reason_of_a_failed_step_reaches_the_terminal(there_and_here, cluster):
    there, _, _, _ = there_and_here
    notebook = there / "notebooks" / "08_data_card.ipynb"
    read = nbformat.read(notebook, 4)
    read.cells.append(nbformat.v4.new_code_cell("raise ValueError('a node is on fire')"))
    nbformat.write(read, notebook)
    done = through_slurm(there, cluster)
    assert done.returncode == 1
    assert "ValueError: a node is on fire" in done.stderr
    assert "Traceback" not in done.stderr
