"""One pass over the audio of a corpus: what each clip is, and whether it can be used."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from lib import pool
from lib.audio import ClipError, open_audio
from lib.datasets import fingerprint
from lib.io import checksum
from lib.progress import tell

EXCERPT_S = 30.0  # of the middle, that is decoded
SHORTEST = 3.0  # seconds; a shorter clip holds no slice


class Probe(NamedTuple):
    """What one decode tells about a clip.

    ``status`` is one of `lib.datasets.tracks.STATUSES`; ``reason`` says why it is not ``ok``, or what of it could not
    be decoded; ``fingerprint`` is empty unless it is ``ok``.
    """

    sha256: str | None
    duration_s: float
    status: str
    reason: str
    fingerprint: np.ndarray = np.empty(0, dtype=np.uint32)


def probe_file(path: str) -> Probe:
    """Decode the middle 30 s of a clip once; the file need not exist."""
    sha256, duration_s = None, np.nan
    try:
        if not Path(path).is_file():
            raise ClipError("missing", "the file does not exist")
        sha256 = checksum(path)
        with open_audio(path) as audio:
            duration_s = audio.duration_s
            y = audio.excerpt(fingerprint.SAMPLE_RATE, EXCERPT_S)
            duration_s, left_out = audio.duration_s, audio.left_out
        decoded_s = len(y) / fingerprint.SAMPLE_RATE
        if min(duration_s, decoded_s) < SHORTEST - 1e-3:
            claim = f", though its header claims {duration_s:.1f} s" if duration_s > decoded_s + 0.5 else ""
            raise ClipError("short", f"{decoded_s:.2f} s of sound{claim}; a slice needs {SHORTEST:g} s")
        return Probe(sha256, duration_s, "ok", left_out, fingerprint.fingerprint(y))
    except ClipError as error:
        return Probe(sha256, duration_s, error.status, error.reason)
    except OSError as error:
        return Probe(sha256, np.nan, "unreadable", f"cannot be read: {error.strerror or type(error).__name__}")


def probe_tracks(
    paths: list[str], *, workers: int = 0, timeout_s: float = 60.0
) -> tuple[pd.DataFrame, list[np.ndarray]]:
    """Probe many clips in worker processes; a clip that hangs or crashes its worker becomes a row.

    Parameters
    ----------
    paths : list of str
    workers : int >= 0
        Processes; 0 = one per core.
    timeout_s : float > 0
        Seconds a clip may take.

    Returns
    -------
    rows : pd.DataFrame
        Columns ``sha256``, ``duration_s``, ``status`` and ``reason``, in the order of `paths`.
    fingerprints : list of np.ndarray
        Of each clip, about 5 kB.
    """
    probes = []
    for path, probe, reason in pool.run(probe_file, paths, workers=workers, timeout_s=timeout_s):
        probes.append(probe or Probe(None, np.nan, "unreadable", reason.replace(str(path), Path(path).name)))
        tell(f"probing clips {len(probes)}/{len(paths)}")
    table = pd.DataFrame([probe[:-1] for probe in probes], columns=Probe._fields[:-1])
    return table, [probe.fingerprint for probe in probes]
