"""``environment.yml`` for conda and mamba, made from ``requirements.lock``."""

from pathlib import Path

from lib.io import replacing
from lib.paths import PROJECT

CONDA = PROJECT / "environment.yml"
HEAD = """\
# The environment of requirements.lock for conda and mamba; written by `make lock`.
#   conda env create -f environment.yml && conda activate music-tagging-report && pip install --no-deps -e .
name: music-tagging-report
channels:
  - conda-forge
dependencies:
  - python>=3.11,<3.14
  - pip
  - pip:
"""


def pins() -> list[str]:
    """Return the requirements of the lock file, one ``name==version ; marker`` each."""
    lines = map(str.strip, (PROJECT / "requirements.lock").read_text(encoding="utf-8").splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def conda_text() -> str:
    """Text of ``environment.yml`` with the same versions."""
    return HEAD + "".join(f'      - "{pin}"\n' for pin in pins())


def write() -> Path:
    """Write ``environment.yml``."""
    with replacing(CONDA) as part:
        part.write_text(conda_text(), encoding="utf-8")
    return CONDA
