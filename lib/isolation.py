"""The user's own settings of Keras, matplotlib, Jupyter and numba kept out of the report, and its memory kept in it.

Imported before everything else of `lib`, so that those packages see what is set here. Notebooks' kernels and worker
processes inherit it.
"""

import ctypes
import os
import pwd
import sys
import sysconfig
import tempfile
import warnings
from pathlib import Path

# Where packages keep settings and caches: folders of our own where the home folder cannot be written.
FOLDERS = (
    "IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "MPLCONFIGDIR",
    "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME",
)  # fmt: skip
BACKENDS = ("tensorflow", "jax")
# Freed memory stays with the process: a training step frees and asks for hundreds of MB, and where the system's pages
# are dear that takes as long as the step (benchmarks/training.py).
ALLOCATOR = {-1: 1 << 30, -2: 1 << 28, -4: 0, -8: 1}  # glibc's M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_MAX, M_ARENA_MAX
LONGEST_SOCKET = 60  # characters of a folder in which a socket's path stays below the system's 107


def isolate() -> None:
    """Set the environment, and Keras if it is imported already."""
    _open_streams()
    set_allocator(ALLOCATOR)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # TensorFlow's notes on compiling are no news to a reader
    # In notebooks a downloader that librosa brings looks for a progress bar, which nobody needs here.
    warnings.filterwarnings("ignore", message="IProgress not found")
    home = Path(os.path.expanduser("~"))  # noqa: PTH111  # that of Path fails where there is none
    if not (home.is_dir() and os.access(home, os.W_OK | os.X_OK)):
        own = _own_folder()
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
    os.environ["KERAS_HOME"] = str(Path(__file__).parent)  # a user's keras.json may name another precision or layout
    if not os.environ.get("MPLBACKEND", "module://").startswith("module://"):  # a notebook's own draws without a screen
        del os.environ["MPLBACKEND"]
    keras = sys.modules.get("keras")
    if hasattr(keras, "config"):
        keras.config.set_floatx("float32")
        keras.config.set_dtype_policy("float32")
        keras.config.set_image_data_format("channels_last")


def set_allocator(settings: dict[int, int]) -> None:
    """Set the C library's allocator, where it is glibc's."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    for setting, value in settings.items() if mallopt else ():
        mallopt(setting, value)


def _own_folder() -> Path:
    """Folder for temporary files of this user, whom nobody else can have set it up for."""
    folder = Path(tempfile.gettempdir()) / f"music-report-{os.getuid()}"
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        if folder.is_symlink() or folder.stat().st_uid != os.getuid():
            return Path(tempfile.mkdtemp(prefix=f"{folder.name}-"))
    return folder


def _open_streams() -> None:
    """Let any text be printed, also where a stream is closed or its encoding lacks a letter."""
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:  # else the next file opened would take its number
        pass
    os.close(descriptor)
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, Path(os.devnull).open("w", errors="replace"))  # noqa: SIM115  # for good
        elif hasattr(stream, "reconfigure"):  # not that of a notebook
            stream.reconfigure(errors="backslashreplace")


class Unbroken:
    """A stream that goes on into the void once whoever read it has gone, such as ``| head``, so that work ends well."""

    def __init__(self, stream):
        self._stream = stream

    def __getattr__(self, name: str):
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write a text."""
        return self._tried(lambda: self._stream.write(text)) or len(text)

    def flush(self) -> None:
        """Pass on what was written."""
        self._tried(self._stream.flush)

    def _tried(self, call):
        try:
            return call()
        except OSError:  # a broken pipe, a full disk
            void = os.open(os.devnull, os.O_WRONLY)
            os.dup2(void, self._stream.fileno())
            os.close(void)
            return None


def unbroken_streams() -> None:
    """Make a command outlive the reader of what it prints."""
    sys.stdout, sys.stderr = Unbroken(sys.stdout), Unbroken(sys.stderr)


def socket_folder() -> str:
    """Folder of temporary files whose path is short enough for sockets in it."""
    folder = tempfile.gettempdir()
    return folder if len(folder) <= LONGEST_SOCKET or not os.access("/tmp", os.W_OK) else "/tmp"


isolate()
