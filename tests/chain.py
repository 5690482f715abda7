"""A tiny demo study in a copy of the project, for the tests of the whole chain."""

import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import yaml

from lib.paths import PROJECT

TINY = {
    "corpus": "demo",
    "networks": ["this_project"],
    "protocols": ["slice", "artist"],
    "epochs": {"default": 1},
    "baselines": ["majority", "mfcc_svm"],
    "candidates": ["texture tuned", "mfcc_svm baseline"],
    "search": ["texture tuned", "texture tuned_without_mixup"],
    "devs": [0],
    "parameters": {
        "01": {"songs_per_genre": 6, "seconds": 7.0},
        "03": {"networks": ["this_project", "texture"]},
        "05": {"resamples": 200},
    },
}


IGNORED = shutil.ignore_patterns("__pycache__", ".ipynb*", "kernel-ipc*")


def copy_of_the_project(folder: Path) -> Path:
    for name in ("lib", "notebooks", "config", "models"):
        shutil.copytree(PROJECT / name, folder / name, ignore=IGNORED)
    for name in ("Snakefile", "pyproject.toml"):
        shutil.copy(PROJECT / name, folder)
    (folder / "config" / "tiny.yaml").write_text(yaml.safe_dump(TINY))
    return folder


def command(project: Path, *arguments: str) -> tuple[list[str], dict]:
    environment = {**os.environ, "PYTHONPATH": str(project), "OMP_NUM_THREADS": "1", "TF_NUM_INTRAOP_THREADS": "1"}
    return [sys.executable, "-m", "lib.study", *arguments], {"cwd": project, "env": environment, "text": True}


def report(project: Path, *arguments: str) -> subprocess.CompletedProcess:
    words, how = command(project, "report", "--study", "tiny", *arguments)
    return subprocess.run(words, **how, capture_output=True, timeout=900, check=False)


def times(project: Path, pattern: str) -> dict[str, int]:
    return {str(p.relative_to(project)): p.stat().st_mtime_ns for p in project.glob(pattern)}


@contextmanager
def one_run_broken(project: Path):
    """Let training with a batch of 30 and a learning rate of .02 fail, until the end of the block."""
    code = project / "lib" / "produce.py"
    whole = code.read_text()
    at = whole.index("def produce(")
    body = whole.index('"""\n', whole.index('"""', at) + 3) + 4
    fault = """    if (plan.settings.batch_size, plan.settings.learning_rate) == (30, 0.02):
        raise ValueError("a made-up fault")
"""
    code.write_text(whole[:body] + fault + whole[body:])
    try:
        yield
    finally:
        code.write_text(whole)
