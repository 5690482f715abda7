"""Mutated clips through the reader and the pool: each ends as slices or as a reason, in bounded time and memory."""

import time
from pathlib import Path

import numpy as np
import pytest

from lib import pool
from lib.datasets.tracks import STATUSES
from lib.features.slicing import clip_slices
from lib.features.spectrogram import Spectrogram

SMALL = Spectrogram(n_mels=16, n_fft=1024, hop_length=512)
FORMATS = ("mp3", "ogg", "flac", "wav", "aiff")
LIMIT_S, LIMIT_MB = 10.0, 1500


def mutated(data: bytes, rng: np.random.Generator) -> bytes:
    """One fault, or several, such as disks, networks and taggers make: bits, cuts, holes, repeats, foreign bytes."""
    changed = bytearray(data)
    for _ in range(int(rng.integers(1, 4))):
        if not changed:
            break
        at = int(rng.integers(len(changed))) if rng.random() < 0.5 else int(rng.integers(min(200, len(changed))))
        size = int(rng.integers(1, 1 + min(4096, len(changed))))
        kind = rng.integers(7)
        if kind == 0:
            changed[at] ^= 1 << int(rng.integers(8))
        elif kind == 1:
            changed[at : at + 4] = rng.integers(0, 256, 4, dtype=np.uint8).tobytes()
        elif kind == 2:
            del changed[at:]
        elif kind == 3:
            changed[at : at + size] = bytes(size)
        elif kind == 4:
            changed[at:at] = changed[at : at + size]
        elif kind == 5:
            changed[at : at + size] = rng.integers(0, 256, size, dtype=np.uint8).tobytes()
        else:
            changed[at : at + 4] = (b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\0\0\0\0")[int(rng.integers(3))]
    return bytes(changed)


def read(path: str) -> tuple[str, str, float, float]:
    """Status and reason of a clip, seconds it took and MiB that its worker ever held."""
    began = time.perf_counter()
    slices, status, reason = clip_slices(path, SMALL)
    assert (slices is None) == (status != "ok")
    assert slices is None or (slices.dtype == np.uint8 and slices.shape[1:] == SMALL.shape)
    seconds = time.perf_counter() - began
    lines = Path("/proc/self/status").read_text().splitlines() if Path("/proc/self/status").is_file() else []
    return status, reason, seconds, sum(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:"))


def fuzz(folder: Path, clips: list[Path], count: int) -> None:
    rng = np.random.default_rng(0)
    originals = [path.read_bytes() for path in clips]

    def made():
        for number in range(count):
            which = number % len(clips)
            path = folder / f"{number:05d}{clips[which].suffix}"
            path.write_bytes(mutated(originals[which], rng))
            yield str(path)

    counts = {}
    for path, result, reason in pool.run(read, made(), timeout_s=LIMIT_S, memory_mb=LIMIT_MB):
        assert result is not None, (path, reason)
        status, why, seconds, held = result
        assert status in STATUSES and (status == "ok") == (why == ""), (path, status, why)
        assert seconds < LIMIT_S and held < LIMIT_MB, (path, seconds, held)
        counts[status] = counts.get(status, 0) + 1
        Path(path).unlink()
    assert sum(counts.values()) == count
    assert counts["ok"] and counts["unreadable"], counts  # both were met, so that both were tried


@pytest.fixture
def clips(tone):
    return [tone(f"clip.{suffix}", seconds=8, hz=330) for suffix in FORMATS]


def test_mutated_clips_end_as_slices_or_reasons(tmp_path, clips):
    fuzz(tmp_path, clips, 200)


@pytest.mark.slow
def test_many_mutated_clips_end_as_slices_or_reasons(tmp_path, clips):
    fuzz(tmp_path, clips, 6000)


@pytest.mark.slow
def test_mutated_music_ends_as_slices_or_reasons(tmp_path, emotify):
    real = sorted(emotify.rglob("*.mp3"))[::40]
    fuzz(tmp_path, real, 1000)
