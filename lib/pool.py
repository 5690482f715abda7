"""Many items through worker processes, where an item may hang, crash or take its worker down."""

import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import TimeoutError as FutureTimeout
from contextlib import suppress
from pathlib import Path

from lib.errors import ReportError

VARIABLE = "REPORT_CORES"
# Read by BLAS libraries and OpenMP when they are loaded, which in a worker is later than its beginning.
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


def cores() -> int:
    """Processors this process may use; ``$REPORT_CORES`` or a Slurm job allow fewer."""
    for allowed in (os.environ.get(VARIABLE, ""), os.environ.get("SLURM_CPUS_PER_TASK", "")):
        if allowed.isdigit() and int(allowed):
            return int(allowed)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _begin(memory_mb: int) -> None:
    """Prepare a worker: one thread, for it has a core of its own, and no more memory than it may have."""
    from threadpoolctl import threadpool_limits

    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # decoders write of broken files; what matters is in the reason
    os.environ.update(dict.fromkeys(THREADS, "1"))
    threadpool_limits(1)  # of what is loaded already
    with suppress(ImportError, OSError, ValueError):  # not on every system
        import resource

        taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        limit, most = taken + memory_mb * 2**20, resource.getrlimit(resource.RLIMIT_AS)[1]
        resource.setrlimit(resource.RLIMIT_AS, (limit if most < 0 else min(limit, most), most))


def run(
    function: Callable, items: Iterable, *, workers: int = 0, timeout_s: float = 60.0, memory_mb: int = 3000
) -> Iterator[tuple[object, object, str]]:
    """Apply `function` to each item in worker processes, in order, a few items ahead at a time.

    Parameters
    ----------
    function : callable
        Importable; takes an item.
    items : iterable
        Read as the work goes on, so that memory does not grow with their number.
    workers : int >= 0
        Processes; 0 = one per core. Another value is a `ReportError`.
    timeout_s : float > 0
        Seconds an item may take before its worker is killed.
    memory_mb : int > 0
        MiB of address space that a worker may take for its items and what they import (Linux).

    Yields
    ------
    tuple of (item, result, reason)
        The result is None, and the reason not empty, if the item failed.
    """
    from pebble import ProcessPool  # a machine that only trains has no need of it

    if isinstance(workers, bool) or not isinstance(workers, int) or workers < 0:
        raise ReportError(f"workers is {workers!r}; it must be a whole number of 0 or more, 0 for one per core.")
    workers = workers or cores()
    waiting: deque = deque()
    # Spawned, not forked: a notebook's kernel may hold threads (TensorFlow's) that a fork would break.
    context = multiprocessing.get_context("spawn")
    with ProcessPool(max_workers=workers, context=context, initializer=_begin, initargs=[memory_mb]) as pool:
        try:
            for item in items:
                waiting.append((item, pool.schedule(function, args=[item], timeout=timeout_s)))
                if len(waiting) >= 4 * workers:
                    yield _outcome(*waiting.popleft(), timeout_s)
            while waiting:
                yield _outcome(*waiting.popleft(), timeout_s)
        except BaseException:
            pool.stop()  # Ctrl-C, or a caller that stops listening: no worker outlives it
            raise


def _outcome(item, future, timeout_s: float) -> tuple[object, object, str]:
    from pebble import ProcessExpired

    try:
        return item, future.result(), ""
    except FutureTimeout:
        return item, None, f"took longer than {timeout_s:g} s"
    except ProcessExpired as error:
        return item, None, f"the process that read it died (exit code {error.exitcode})"
    except Exception as error:  # any fault of one clip is that clip's reason, never the end of the run
        return item, None, f"{type(error).__name__}: {error}"
