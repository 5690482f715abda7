"""librosa's compiled functions, made by one process at a time: ``python -m lib.features.compiled``, once after
installation.

numba keeps a compiled gufunc in two files that it replaces one after the other. Processes that compile at the same time
can leave halves that do not fit, and whoever loads them crashes (numba issue 10128).
"""

import hashlib
import importlib
import os
import sys
import tempfile
from functools import cache
from pathlib import Path

from lib.io import lock

MODULES = ("util.utils", "core.audio", "core.pitch", "core.spectrum", "onset", "beat", "sequence", "feature.rhythm")


@cache
def librosa():
    """Return librosa with its compiled functions loaded, waiting for whoever compiles them."""
    owner = f"{sys.prefix}|{os.environ.get('NUMBA_CACHE_DIR', '')}"
    name = f"librosa-{os.getuid()}-{hashlib.sha256(owner.encode()).hexdigest()[:12]}.lock"
    beside = Path(os.environ.get("NUMBA_CACHE_DIR") or sys.prefix)  # on a cluster, what all nodes see
    folder = beside if os.access(beside, os.W_OK) else Path(tempfile.gettempdir())
    with (folder / f".{name}").open("w") as file:
        lock(file)
        for module in MODULES:
            importlib.import_module(f"librosa.{module}")
    return importlib.import_module("librosa")


if __name__ == "__main__":
    librosa()
