"""A copy of the project with a tiny demo study, for the tests of the whole chain; its notebooks may be stubs."""

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
    "networks": ["yu2018"],
    "splits": ["random", "artist"],
    "baselines": ["mfcc_svm"],
    "candidates": ["texture tuned", "mfcc_svm baseline"],
    "search": ["texture tuned"],
    "validation_shares": [0],
    "parameters": {
        "01": {"songs_per_genre": 6, "seconds": 7.0},
        "03": {"networks": ["yu2018", "texture"], "try_slices": 40, "try_epochs": 1},
        "04": {"settings": {"epochs": 1}},
        "05": {"resamples": 200},
    },
}
HOSTILE_HOME = {
    ".keras/keras.json": '{"floatx": "float16", "image_data_format": "channels_first", "backend": "torch"}',
    ".config/matplotlib/matplotlibrc": "text.usetex: True",
}
IGNORED = shutil.ignore_patterns("__pycache__", ".ipynb*", "kernel-ipc*")
STUB = Path(__file__).with_name("stub.py")
FAULT = """
    if (spec.settings.batch_size, spec.settings.learning_rate) == (30, 0.02):
        from lib.errors import ReportError

        raise ReportError("a made-up fault")
"""


def copy_of_the_project(folder: Path, study: dict | None = None, *, stub: bool = False) -> Path:
    """Copy the project to a folder.

    Parameters
    ----------
    folder : Path
    study : dict
        Contents of ``config/tiny.yaml``; default `TINY`.
    stub : bool
        Replace papermill and the making of runs by what writes the same files in milliseconds.
    """
    for name in ("lib", "notebooks", "config", "models"):
        shutil.copytree(PROJECT / name, folder / name, ignore=IGNORED)
    for name in ("Snakefile", "pyproject.toml"):
        shutil.copy(PROJECT / name, folder)
    write_study(folder, study or TINY)
    for name, content in HOSTILE_HOME.items():
        path = folder / "home" / name
        path.parent.mkdir(parents=True)
        path.write_text(content)
    temporary_folder(folder).mkdir()
    if stub:
        shutil.copy(STUB, folder / "stub.py")
        for module, name in (("workflow/notebook", "execute"), ("runs/make", "make"), ("site/build", "build")):
            path = folder / "lib" / f"{module}.py"
            text = path.read_text()
            assert f"\ndef {name}(" in text
            text = text.replace(f"\ndef {name}(", f"\ndef _real_{name}(")
            at = text.index("\n", text.index("from __future__") if "from __future__" in text else text.index("import"))
            path.write_text(f"{text[:at]}\nfrom stub import {name}{text[at:]}")
    return folder


def temporary_folder(project: Path) -> Path:
    """Folder of temporary files of a copy, too long for the path of a socket."""
    return project / ("long" * 22)


def write_study(project: Path, study: dict) -> None:
    """Write the tiny study's file."""
    (project / "config" / "tiny.yaml").write_text(yaml.safe_dump(study))


def command(project: Path, *arguments: str) -> tuple[list[str], dict]:
    """Words and options with which `subprocess` runs ``python -m lib.workflow`` of a copy."""
    environment = {**os.environ, "PYTHONPATH": str(project), "OMP_NUM_THREADS": "1", "TF_NUM_INTRAOP_THREADS": "1"}
    if (project / "home").is_dir():  # a user's own settings are not the report's
        environment |= {"HOME": str(project / "home"), "TMPDIR": str(temporary_folder(project)), "MPLBACKEND": "TkAgg"}
    return [sys.executable, "-m", "lib.workflow", *arguments], {"cwd": project, "env": environment, "text": True}


def called(project: Path, *arguments: str) -> subprocess.CompletedProcess:
    """Run ``python -m lib.workflow`` of a copy."""
    words, how = command(project, *arguments)
    return subprocess.run(words, **how, capture_output=True, timeout=900, check=False)


def report(project: Path) -> subprocess.CompletedProcess:
    """Run the tiny study of a copy."""
    return called(project, "report", "--study", "tiny")


def times(project: Path, pattern: str) -> dict[str, int]:
    """Times of files, in nanoseconds, by path."""
    return {str(p.relative_to(project)): p.stat().st_mtime_ns for p in project.glob(pattern)}


@contextmanager
def one_run_broken(project: Path):
    """Let runs with a batch of 30 and a learning rate of .02 fail, until the end of the block."""
    code = project / ("stub.py" if (project / "stub.py").is_file() else "lib/runs/make.py")
    whole = code.read_text()
    at = whole.index("def make(")
    body = whole.index('"""\n', whole.index('"""', at) + 3) + 3
    code.write_text(whole[:body] + FAULT + whole[body:])
    try:
        yield
    finally:
        code.write_text(whole)
