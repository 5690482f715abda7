"""Reading audio files."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

import numpy as np

LIBSNDFILE = (".mp3", ".ogg", ".oga", ".opus", ".flac", ".wav", ".aif", ".aiff", ".au", ".caf")
FFMPEG = (
    ".aac", ".ac3", ".aax", ".amr", ".ape", ".dff", ".dsf", ".dts", ".m4a", ".m4b", ".m4p", ".mid", ".midi", ".mka",
    ".mp1", ".mp2", ".mpc", ".mpga", ".ra", ".shn", ".spx", ".tta", ".voc", ".weba", ".wma", ".wv",
)  # fmt: skip  # what of it cannot be decoded, notes or encrypted sound, is named with a reason
SUFFIXES = LIBSNDFILE + FFMPEG
SILENCE = 1e-4  # peak below which a clip counts as silent: -80 dB of full scale
LONGEST = 6 * 3600  # seconds; a longer file is not read
TOLERANCE_S = 1.0  # that a header may be wrong by before FFmpeg decodes the file instead
NO_AUDIO = {
    b"version https://git-lfs": "is a pointer of Git LFS, not the file itself: run `git lfs pull`",
    b"<!doctype html": "is a web page: download the file again",
    b"<html": "is a web page: download the file again",
    b"\x00\x05\x16\x07": "holds what macOS keeps beside a file, not its sound",
}


class ClipError(Exception):
    """A clip that cannot be used; `status` is one of `lib.datasets.tracks.STATUSES`."""

    def __init__(self, status: str, reason: str):
        super().__init__(status, reason)
        self.status, self.reason = status, reason


def load_excerpt(path: Path, sample_rate: int = 22050, excerpt_s: float = 30.0) -> tuple[np.ndarray, float]:
    """Read the middle of an audio file, in mono.

    Parameters
    ----------
    path : path-like
        Any format that libsndfile or FFmpeg reads.
    sample_rate : int > 0
        Hz of the result.
    excerpt_s : float > 0
        Seconds; a shorter file is taken whole.

    Returns
    -------
    y : np.ndarray [shape=(n,), dtype=float32]
        As from `mono`.
    duration_s : float
        Seconds of the whole file.

    Raises
    ------
    ClipError
        If the file is missing, cannot be decoded, holds no samples or is silent.
    """
    with open_audio(path) as audio:
        return audio.excerpt(sample_rate, excerpt_s), audio.duration_s


@contextmanager
def open_audio(path: Path) -> Iterator[Audio]:
    """Open an audio file.

    Raises
    ------
    ClipError
        If it is missing or longer than six hours; of ``unreadable`` with a cause, if it or what is read of it cannot be
        decoded.
    """
    if not Path(path).is_file():
        raise ClipError("missing", "the file does not exist")
    try:
        with Path(path).open("rb", buffering=0) as stream:
            yield Audio(stream, Path(path).suffix.lower())
    except (RuntimeError, ValueError, OSError) as error:  # what soundfile and PyAV raise are subclasses
        reason = str(error).replace(str(path), Path(path).name)
        raise ClipError("unreadable", _no_audio(path) or f"cannot be decoded: {reason}") from error


def _no_audio(path: Path) -> str:
    """Say what a file is that is no audio; empty if that cannot be seen."""
    with Path(path).open("rb") as file:
        beginning = file.read(64)
    if not beginning:
        return "the file is empty"
    return next((what for start, what in NO_AUDIO.items() if beginning.lstrip().lower().startswith(start)), "")


class Audio:
    """An open audio file.

    libsndfile decodes it, or FFmpeg where libsndfile cannot or not to the end: other formats, files whose header has no
    length or a wrong one, several files joined to one, damage.

    Parameters
    ----------
    stream : binary file
    suffix : str
        Of its name, such as ``.mp3``.

    Attributes
    ----------
    rate : int
        Hz.
    """

    def __init__(self, stream, suffix: str):
        self._stream, self._at = stream, 0
        self._decoder = (suffix not in FFMPEG and _libsndfile(stream, suffix)) or _FFmpeg(stream)
        self.rate = self._decoder.samplerate

    @property
    def frames(self) -> int:
        """Samples of a channel; FFmpeg decodes the file to count them."""
        return self._decoder.frames

    @property
    def duration_s(self) -> float:
        """Seconds of the whole file."""
        return self.frames / self.rate

    @property
    def left_out(self) -> str:
        """What could not be decoded of the part that was read; empty if nothing."""
        return getattr(self._decoder, "left_out", "")

    def seek(self, frame: int) -> None:
        """Go to a sample, 0 <= `frame` <= `frames`."""
        self._at = frame
        try:
            self._decoder.seek(frame)
        except RuntimeError:  # soundfile's; FFmpeg only decodes to there
            self._change()

    def read(self, frames: int) -> np.ndarray:
        """Read at most so many samples from here on [shape=(n, channels), dtype=float32]."""
        if isinstance(self._decoder, _FFmpeg):
            return self._decoder.read(frames)
        try:
            block = self._decoder.read(frames, dtype="float32", always_2d=True)
        except RuntimeError:  # soundfile's
            block = np.empty((0, 1), np.float32)
        if min(frames, self.frames - self._at) - len(block) > TOLERANCE_S * self.rate:
            self._change()
            return self._decoder.read(frames)
        self._at += len(block)
        return block

    def excerpt(self, sample_rate: int, excerpt_s: float) -> np.ndarray:
        """Read the middle in mono, see `load_excerpt`.

        Raises
        ------
        ClipError
            If it holds no samples or is silent.
        """
        stereo = self._middle(frames := self.frames, excerpt_s)
        while frames != self.frames:  # the header was wrong
            self.seek(0)
            stereo = self._middle(frames := self.frames, excerpt_s)
        y = mono(stereo)
        if np.abs(y).max() < SILENCE:
            raise ClipError("silent", f"no sample is louder than {20 * np.log10(SILENCE):.0f} dB of full scale")
        return resampled(y, self.rate, sample_rate)

    def _middle(self, frames: int, excerpt_s: float) -> np.ndarray:
        wanted = round(excerpt_s * self.rate)
        if frames > wanted:
            self.seek((frames - wanted) // 2)
        return self.read(min(frames, wanted))

    def _change(self) -> None:
        """Go on with FFmpeg from the same sample."""
        self._decoder = _FFmpeg(self._stream)
        self._decoder.seek(self._at)


def _libsndfile(stream, suffix: str):
    """`soundfile.SoundFile` of a file; None where FFmpeg should decode it."""
    import soundfile  # a machine that only trains has none

    try:
        file = soundfile.SoundFile(stream.fileno(), closefd=False)
    except RuntimeError:
        return None
    length_s = file.frames / file.samplerate
    if LONGEST < length_s < 1000 * LONGEST:  # what claims more has no length in its header
        raise ClipError("unreadable", f"its header claims {length_s / 3600:.0f} hours; at most 6 are read")
    at = stream.tell()  # where libsndfile will go on
    unknown = length_s > LONGEST or (not length_s and stream.seek(0, 2) > 10_000)
    if unknown or (suffix == ".mp3" and _FFmpeg(stream).packets_s() > length_s + TOLERANCE_S):
        return None
    stream.seek(at)
    return file


class _FFmpeg:
    """An audio file that FFmpeg decodes from its beginning on, passing over damage.

    Has the attributes and methods of `soundfile.SoundFile` that `Audio` uses.
    """

    def __init__(self, stream):
        self._stream, self.left_out = stream, ""
        self._restart()

    def _restart(self) -> None:
        import av

        av.logging.set_level(av.logging.PANIC)  # errors are raised as well
        self._stream.seek(0)
        try:
            self._container = av.open(self._stream)
        except av.FFmpegError as error:
            raise ValueError(error.strerror) from error
        if not self._container.streams.audio:
            raise ValueError("there is no sound in it")
        self._audio = self._container.streams.audio[0]
        if self._audio.codec_context is None or not self._audio.rate > 0:
            raise ValueError("its sound is of a kind that FFmpeg does not know")
        self.samplerate, self._layout = self._audio.rate, self._audio.layout.name
        self._blocks, self._rest, self._at = self._decoded(), np.empty((0, 1), np.float32), 0

    def packets_s(self) -> float:
        """Seconds by the durations of the packets, which takes a fraction of decoding them."""
        return float(sum(packet.duration or 0 for packet in self._container.demux(self._audio)) * self._audio.time_base)

    @cached_property
    def frames(self) -> int:
        at, total = self._at, 0
        self._restart()
        for block in self._blocks:
            total += len(block)
        self._restart()
        self.seek(at)
        return total

    def seek(self, frame: int) -> None:
        if frame < self._at:
            self._restart()
        while self._at < frame and len(self.read(min(frame - self._at, self.samplerate))):
            pass

    def read(self, frames: int) -> np.ndarray:
        blocks, held = [self._rest], len(self._rest)
        while held < frames and (block := next(self._blocks, None)) is not None:
            blocks.append(block)
            held += len(block)
        blocks = [block for block in blocks if len(block)] or blocks[:1]
        together = np.concatenate(blocks)
        self._rest = together[frames:]
        self._at += min(held, frames)
        return together[:frames]

    def _decoded(self) -> Iterator[np.ndarray]:
        """Blocks of one rate and number of channels [shape=(n, channels), dtype=float32]."""
        import av

        done, damages, resamplers = 0, [], {}
        for packet in self._packets():
            try:
                decoded = packet.decode()
            except av.FFmpegError:
                damages.append(done / self.samplerate)
                first, more = damages[0], f" and in {len(damages) - 1} more places" if damages[1:] else ""
                self.left_out = f"damaged at {first:.1f} s{more}, which was left out"
                continue
            for frame in decoded:
                kind = (frame.format.name, frame.layout.name, frame.sample_rate)
                if kind not in resamplers:
                    resamplers[kind] = av.AudioResampler("flt", self._layout, self.samplerate)
                frame.pts = None
                for one in resamplers[kind].resample(frame):
                    done += one.samples
                    if done > LONGEST * self.samplerate:
                        raise ValueError("longer than 6 hours")
                    yield one.to_ndarray().reshape(one.samples, -1).copy()

    def _packets(self) -> Iterator:
        import av

        try:
            yield from self._container.demux(self._audio)
        except av.FFmpegError as error:  # the rest of the file cannot be read
            self.left_out = self.left_out or f"its end, which cannot be read ({error.strerror})"


def mono(stereo: np.ndarray) -> np.ndarray:
    """Mean of the channels; where they cancel each other, the loudest of them.

    Parameters
    ----------
    stereo : np.ndarray [shape=(n, channels), dtype=float32]

    Raises
    ------
    ClipError
        If there are no samples, or some that are not finite.
    """
    if not len(stereo):
        raise ClipError("unreadable", "holds no samples")
    if stereo.shape[1] == 2:
        y = (stereo[:, 0] + stereo[:, 1]) * np.float32(0.5)  # the mean, in a tenth of its time
    else:
        y = stereo.mean(axis=1) if stereo.shape[1] > 1 else stereo[:, 0]
    if not np.isfinite(y).all():
        raise ClipError("unreadable", "holds samples that are not finite numbers")
    if stereo.shape[1] > 1 and np.abs(y).max() < SILENCE:
        y = stereo[:, np.abs(stereo).max(axis=0).argmax()]
    return y


def resampled(y: np.ndarray, rate: int, sample_rate: int) -> np.ndarray:
    """Resample from one rate to another, in Hz."""
    import soxr

    return y if rate == sample_rate else soxr.resample(y, rate, sample_rate)
