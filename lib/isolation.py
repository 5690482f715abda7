"""The user's own settings of Keras, matplotlib, Jupyter and numba kept out of the report.

Imported before everything else of `lib`, so that those packages see what is set here. Notebooks' kernels and worker
processes inherit it.
"""

import os
import pwd
import sys
import sysconfig
import tempfile
from pathlib import Path

# Where packages keep settings and caches: folders of our own where the home folder cannot be written.
FOLDERS = (
    "IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "MPLCONFIGDIR",
    "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME",
)  # fmt: skip
BACKENDS = ("tensorflow", "jax")
LONGEST_SOCKET = 60  # characters of a folder in which a socket's path stays below the system's 107


def isolate() -> None:
    """Set the environment, and Keras if it is imported already."""
    own = Path(tempfile.gettempdir()) / f"music-report-{os.getuid()}"
    home = Path(os.path.expanduser("~"))  # noqa: PTH111  # that of Path fails where there is none
    if not (home.is_dir() and os.access(home, os.W_OK | os.X_OK)):
        writable = os.access(sysconfig.get_path("purelib"), os.W_OK)  # numba's cache is beside the code then
        for name in FOLDERS if writable else (*FOLDERS, "NUMBA_CACHE_DIR"):
            os.environ.setdefault(name, str(own / name.lower()))
            Path(os.environ[name]).mkdir(mode=0o700, parents=True, exist_ok=True)
        if not home.is_dir():
            os.environ["HOME"] = str(own)
    try:
        pwd.getpwuid(os.getuid())
    except KeyError:  # a container with a user of its own
        os.environ.setdefault("LOGNAME", f"user-{os.getuid()}")
    backend = os.environ.setdefault("KERAS_BACKEND", BACKENDS[0])
    if backend not in BACKENDS:
        print(
            f"KERAS_BACKEND={backend}: this project runs on {' or '.join(BACKENDS)}, now on {BACKENDS[0]}.",
            file=sys.stderr,
        )
        os.environ["KERAS_BACKEND"] = BACKENDS[0]
    os.environ["KERAS_HOME"] = str(own / "keras")  # its keras.json may name another precision, layout or backend
    if not os.environ.get("MPLBACKEND", "module://").startswith("module://"):  # a notebook's own draws without a screen
        del os.environ["MPLBACKEND"]
    if "keras" in sys.modules:
        keras = sys.modules["keras"]
        keras.config.set_floatx("float32")
        keras.config.set_dtype_policy("float32")
        keras.config.set_image_data_format("channels_last")


def socket_folder() -> str:
    """Folder of temporary files whose path is short enough for sockets in it."""
    folder = tempfile.gettempdir()
    return folder if len(folder) <= LONGEST_SOCKET or not os.access("/tmp", os.W_OK) else "/tmp"


isolate()
