"""Faults around a study while it runs: killed processes, full and closed disks, altered files, a clock that jumps."""

import os
import random
import shutil
import signal
import subprocess
import time
from pathlib import Path

import psutil
import pytest

from tests.chain import command, copy_of_the_project, report

SHORT = {
    "corpus": "demo",
    "networks": ["yu2018"],
    "splits": ["artist"],
    "epochs": {"default": 1},
    "baselines": ["majority"],
    "parameters": {
        "01": {"songs_per_genre": 6, "seconds": 7.0},
        "03": {"networks": ["yu2018"]},
        "05": {"resamples": 100},
    },
}
pytestmark = pytest.mark.slow
TIMES = "costs.csv"  # how long training took


def project_in(folder: Path) -> Path:
    return copy_of_the_project(folder, SHORT)


def tables(project: Path) -> dict[str, bytes]:
    """Bytes of every result table but that of the times."""
    found = sorted((project / "results" / "tiny" / "tables").glob("*.csv"))
    assert len(found) > 10
    return {path.name: path.read_bytes() for path in found if path.name != TIMES}


def finished(project: Path) -> dict[str, bytes]:
    """Tables of a study that a plain `make report` completes, leaving nothing half-written."""
    done = report(project)
    assert done.returncode == 0, done.stdout + done.stderr
    assert not list(project.rglob(".*.part"))
    return tables(project)


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    project = project_in(tmp_path_factory.mktemp("undisturbed"))
    finished(project)
    return project


@pytest.fixture
def copied(reference, tmp_path):
    """The finished study in a place of its own, where Snakemake knows nothing of it."""
    project = tmp_path / "project"
    shutil.copytree(reference, project, ignore=shutil.ignore_patterns(".snakemake"))
    return project


def killed_at_random(project: Path, rng: random.Random) -> bool:
    """Begin a report and kill any one of its processes; whether it was still running then."""
    words, how = command(project, "report", "--study", "tiny")
    process = psutil.Popen(words, **how, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    over = time.monotonic() + rng.uniform(1, 30)
    while time.monotonic() < over and process.poll() is None:
        time.sleep(0.1)
    if process.poll() is not None:
        return False
    alive = [process, *process.children(recursive=True)]
    rng.choice(alive).send_signal(signal.SIGKILL)
    process.wait(timeout=300)
    # Where the front door itself was killed, what it began may go on for a while; a user who reads so waits.
    psutil.wait_procs([one for one in alive if one.is_running()], timeout=300)
    return True


def kill(project: Path, count: int, seed: int) -> None:
    rng, kills = random.Random(seed), 0
    while kills < count:
        if killed_at_random(project, rng):
            kills += 1
        else:
            for name in ("work", "results"):
                shutil.rmtree(project / name)


def test_killed_anywhere_a_plain_call_completes_with_the_same_tables(reference, tmp_path):
    project = project_in(tmp_path)
    kill(project, 3, seed=3)
    assert finished(project) == tables(reference)


def test_killed_many_times_the_tables_are_the_same(reference, tmp_path):
    for seed in range(4):
        project = project_in(tmp_path / str(seed))
        kill(project, 5, seed)
        assert finished(project) == tables(reference)


@pytest.fixture
def mounted(tmp_path):
    """Mount a small disk, as root may; unmounted afterwards."""
    if os.geteuid():
        pytest.skip("only root can mount a small disk")
    places = []

    def mount(place: Path, *options: str) -> Path:
        place.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(["mount", *options, str(place)], capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"mount: {done.stderr.strip()}")
        places.append(place)
        return place

    yield mount
    for place in places:
        subprocess.run(["umount", "--lazy", str(place)], check=False, capture_output=True)


@pytest.mark.parametrize("size", ["1m", "6m", "14m"])  # while music is composed, sliced, trained
def test_a_full_disk_is_reported_and_nothing_is_lost(reference, tmp_path, mounted, size):
    project = project_in(tmp_path)
    work = mounted(project / "work", "-t", "tmpfs", "-o", f"size={size}", "tmpfs")
    done = report(project)
    assert done.returncode == 1
    output = done.stdout + done.stderr
    assert "The disk is full" in output or "No space left" in output, output
    assert "Traceback" not in output
    subprocess.run(["mount", "-o", "remount,size=600m", str(work)], check=True)
    assert finished(project) == tables(reference)


def test_a_read_only_results_folder_is_named(reference, tmp_path, mounted):
    project = project_in(tmp_path)
    results = mounted(project / "results", "-t", "tmpfs", "-o", "ro", "tmpfs")
    done = report(project)
    assert done.returncode == 1
    output = done.stdout + done.stderr
    assert "results" in output and "cannot be written" in output, output
    assert "Traceback" not in output
    subprocess.run(["umount", str(results)], check=True)
    assert finished(project) == tables(reference)


def test_an_altered_shard_is_not_trained_on(copied, reference):
    shutil.rmtree(copied / "work" / "tiny" / "runs")
    shutil.rmtree(copied / "results" / "tiny" / "runs")
    shard = copied / "work" / "tiny" / "slices" / "chunk-0" / "slices-00000.npy"
    data = bytearray(shard.read_bytes())
    data[len(data) // 2] ^= 1
    shard.write_bytes(data)
    done = report(copied)
    assert done.returncode == 1
    assert "slices-00000.npy is not what 02 wrote" in done.stdout
    shutil.rmtree(shard.parent.parent)
    assert finished(copied) == tables(reference)


def test_a_truncated_shard_is_named(copied, reference):
    shutil.rmtree(copied / "work" / "tiny" / "runs")
    shutil.rmtree(copied / "results" / "tiny" / "runs")
    shard = copied / "work" / "tiny" / "slices" / "chunk-0" / "slices-00000.npy"
    shard.write_bytes(shard.read_bytes()[:-1000])
    done = report(copied)
    assert done.returncode == 1
    assert "slices-00000.npy cannot be read" in done.stdout + done.stderr
    shutil.rmtree(shard.parent.parent)
    assert finished(copied) == tables(reference)


def test_of_two_calls_at_once_one_runs_and_one_says_so(reference, tmp_path):
    project = project_in(tmp_path)
    words, how = command(project, "report", "--study", "tiny")
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    both = [subprocess.Popen(words, **how, **pipes) for _ in range(2)]
    outputs = [one.communicate(timeout=900)[0] for one in both]
    assert sorted(one.returncode for one in both) == [0, 1], outputs
    output = outputs[[one.returncode for one in both].index(1)]
    assert "Another command is running study 'tiny'" in output
    assert tables(project) == tables(reference)
