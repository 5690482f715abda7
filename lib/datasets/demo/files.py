"""Tagged audio files whose bytes depend on the song alone."""

import errno
import os
import shutil
import zlib
from contextlib import suppress
from pathlib import Path

import mutagen
import numpy as np
import soundfile
from mutagen.flac import FLAC
from mutagen.id3 import TALB, TCON, TCOP, TIT2, TPE1
from mutagen.mp3 import MP3
from mutagen.ogg import OggPage
from mutagen.oggvorbis import OggVorbis
from mutagen.wave import WAVE

from lib.datasets.demo.composition import Song
from lib.datasets.demo.synthesis import RATE
from lib.io import replacing

LICENSE = "CC0-1.0"
FORMATS = {  # suffix: libsndfile's format and subtype, mutagen's class
    "mp3": ("MP3", "MPEG_LAYER_III", MP3),
    "ogg": ("OGG", "VORBIS", OggVorbis),
    "flac": ("FLAC", "PCM_16", FLAC),
    "wav": ("WAV", "PCM_16", WAVE),
}
BLOCK = 2**15  # frames per call: libsndfile's Vorbis encoder overflows its stack on long ones


def write_song(samples: np.ndarray, song: Song, path: Path) -> None:
    """Write a song with its tags, whole or not at all; raises `ReportError` if the disk is full or the folder closed.

    Parameters
    ----------
    samples : np.ndarray [shape=(n,), dtype=float32]
        At 22.05 kHz.
    song : Song
        Gives artist, title, album and genre, and the format.
    path : path-like
        Replaced if it exists.
    """
    name, subtype, tagger = FORMATS[song.suffix]
    with replacing(path) as part:
        try:
            with soundfile.SoundFile(part, "w", RATE, 1, subtype, format=name) as file:
                for start in range(0, len(samples), BLOCK):
                    file.write(samples[start : start + BLOCK])
            if song.suffix == "ogg":
                _fix_serial(part, zlib.crc32(song.track_id.encode()))
            _tag(part, tagger, song)
        except (soundfile.LibsndfileError, mutagen.MutagenError) as error:  # neither says why: they are no OSError
            if shutil.disk_usage(part.parent).free < samples.nbytes:  # no format takes more
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(part)) from error
            raise


def _tag(path: Path, tagger: type[mutagen.FileType], song: Song) -> None:
    tags = tagger(path)
    texts = {"title": song.title, "artist": song.artist.name, "album": song.album, "genre": song.genre}
    if tagger in (MP3, WAVE):
        if tags.tags is None:
            tags.add_tags()
        for frame, text in zip((TIT2, TPE1, TALB, TCON, TCOP), [*texts.values(), LICENSE], strict=True):
            tags.tags.add(frame(encoding=3, text=[text]))
    else:
        tags.update({**texts, "license": LICENSE})
    tags.save()


def _fix_serial(path: Path, serial: int) -> None:
    """Give an Ogg stream a serial number of its own; libsndfile draws one from the clock."""
    pages = []
    with path.open("rb") as file, suppress(EOFError):
        while True:
            page = OggPage(file)
            page.serial = serial
            pages.append(page.write())
    path.write_bytes(b"".join(pages))
