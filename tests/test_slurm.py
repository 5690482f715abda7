"""The cluster profile on a real Slurm of two nodes on this machine; see tests/slurm.py for what it needs."""

import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import nbformat
import pytest
import yaml

from lib.paths import PROJECT
from tests import slurm
from tests.chain import TINY, command, copy_of_the_project, one_run_broken, report

pytestmark = [pytest.mark.slow, pytest.mark.skipif(bool(slurm.missing()), reason=slurm.missing())]
SMALL = TINY | {"candidates": [], "search": [], "baselines": ["majority"]}
GRID = {"splits": ["artist"], "settings": {"batch_size": [30], "learning_rate": [0.01, 0.02]}}
BAD = "yu2018-artist-f0-s0-poster~batch_size=30~learning_rate=0.02"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    with slurm.running(tmp_path_factory.mktemp("slurm")) as environment:
        yield environment


def through_slurm(project: Path, cluster: dict, *module: str) -> subprocess.CompletedProcess:
    """Run the report, or another module, with the profile for Slurm, but that it polls more often."""
    settings = yaml.safe_load((PROJECT / "profiles" / "slurm" / "config.yaml").read_text())
    settings |= {"slurm-no-account": True, "slurm-init-seconds-before-status-checks": 3, "latency-wait": 10}
    profile = project / "profiles" / "ours"
    profile.mkdir(parents=True, exist_ok=True)
    (profile / "config.yaml").write_text(yaml.safe_dump(settings))
    words, how = command(project)
    words = [
        sys.executable,
        "-m",
        "lib.workflow",
        *(module or ("report",)),
        "--study",
        "tiny",
        "--profile",
        "profiles/ours",
        "--cores",
        "2",
    ]
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
    arguments = ["squeue", "--noheader", "--states=RUNNING", "--format=%i %k"]
    while not over.wait(0.5):
        output = subprocess.run(arguments, env=environment, capture_output=True, text=True, check=False).stdout
        jobs = [line.split()[0] for line in output.splitlines() if "train" in line or "training" in line]
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
    arguments = ["scontrol", "--oneliner", "show", "jobs"]
    output = subprocess.run(arguments, env=cluster, capture_output=True, text=True, check=True).stdout
    mine = [line for line in output.splitlines() if str(there) in line]
    steps = len(list((there / "work" / "tiny" / "logs").rglob("*.log")))
    assert sum("JobState=COMPLETED" in line for line in mine) >= steps
    assert {node for line in mine for node in ("n0", "n1") if f"BatchHost={node}" in line} == {"n0", "n1"}


def test_the_reason_of_a_failed_step_reaches_the_terminal(there_and_here, cluster):
    there, _, _, _ = there_and_here
    notebook = there / "notebooks" / "08_data_card.ipynb"
    whole = notebook.read_text()
    read = nbformat.read(notebook, 4)
    read.cells.append(nbformat.v4.new_code_cell("raise ValueError('a node is on fire')"))
    nbformat.write(read, notebook)
    done = through_slurm(there, cluster)
    notebook.write_text(whole)
    assert done.returncode == 1
    assert "ValueError: a node is on fire" in done.stderr
    assert "Traceback" not in done.stderr


def test_of_a_sweep_through_slurm_one_failed_run_stops_nothing(there_and_here, cluster):
    there, _, _, _ = there_and_here
    (there / "config" / "tiny.yaml").write_text(yaml.safe_dump(SMALL | {"sweep": GRID}))
    with one_run_broken(there):
        done = through_slurm(there, cluster, "sweep")
    lines = done.stdout.splitlines()
    assert done.returncode == 1, done.stdout + done.stderr
    assert "5 done, 1 failed" in lines
    assert any(line.strip().startswith("failed") and BAD in line and "a made-up fault" in line for line in lines)
    page = (there / "results" / "tiny" / "05_error_analysis.html").read_text(encoding="utf-8")
    assert BAD in page and "a made-up fault" in page


def test_a_job_that_was_killed_for_its_memory_gets_more(there_and_here, cluster):
    there, _, _, _ = there_and_here
    run = "yu2018-artist-f0-s0"
    (there / "config" / "tiny.yaml").write_text(yaml.safe_dump(SMALL))
    snakefile = there / "Snakefile"
    whole = snakefile.read_text()
    head, train = whole.split("use rule notebook as training with:")
    assert "again(3000)" in train
    snakefile.write_text(head + "use rule notebook as training with:" + train.replace("again(3000)", "again(500)", 1))
    shutil.rmtree(there / "work" / "tiny" / "runs" / run)
    shutil.rmtree(there / "results" / "tiny" / "runs" / run)
    done = through_slurm(there, cluster)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Trying to restart job" in (there / "work" / "tiny" / "report.log").read_text()
    nodes = Path(cluster["SLURM_CONF"]).parent
    assert any("memory" in (nodes / f"{node}.log").read_text() for node in ("n0", "n1"))
