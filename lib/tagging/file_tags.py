"""Genre and mood written into the tags of files, only on request, and restored.

A file is tagged as a copy, whose sound is compared with the original's before it takes its place; what the tags were
before is written to an undo file first.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import stat
from collections.abc import Mapping
from pathlib import Path

from lib.audio import open_audio
from lib.errors import ReportError
from lib.io import replacing

_READ_ONLY = "it is read-only (--read-only-too changes such files as well)"
FIELDS = {"genre": "TCON", "mood": "TMOO"}  # and their frames of ID3 in WAV and AIFF, of which mutagen has no easy view


def write_tags(wanted: Mapping[Path, Mapping[str, str]], undo: Path, *, read_only_too: bool = False) -> dict[Path, str]:
    """Write tags into files; return those that were left as they are, with the reason.

    Parameters
    ----------
    wanted : mapping of Path to mapping
        For each file, ``genre`` and ``mood``, or one of them.
    undo : Path
        File to take it back with; if it exists, a `ReportError` is raised.
    read_only_too : bool
        Whether files that may not be written are written all the same; else they are left.
    """
    if undo.exists():
        raise ReportError(f"{undo} exists: it undoes an earlier change. Move it away, or name another.")
    left: dict[Path, str] = {}
    files: dict[str, dict] = {}
    for path, values in wanted.items():
        try:
            if _closed(path) and not read_only_too:
                left[path] = _READ_ONLY
            else:
                files[str(path.resolve())] = {"before": read(path), "after": dict(values)}
        except Exception as error:  # a file that cannot be tagged is left as it is, whatever is wrong with it
            left[path] = f"its tags cannot be read ({error})"
    with replacing(undo) as part:  # before the first file is touched
        part.write_text(json.dumps({"files": files}, indent=1) + "\n", encoding="utf-8")
    for path, values in wanted.items():
        if path not in left and (reason := _changed(path, {name: [value] for name, value in values.items()})):
            left[path] = reason
    return left


def take_back(undo: Path, *, read_only_too: bool = False) -> dict[Path, str]:
    """Bring back the tags that an undo file holds, where they are still as they were written.

    Return and `read_only_too` are those of `write_tags`; if `undo` is no such file, a `ReportError` is raised.
    """
    try:
        files = json.loads(undo.read_text(encoding="utf-8"))["files"]
        pairs = [(Path(name), one["before"], one["after"]) for name, one in files.items()]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ReportError(f"{undo} is no undo file that this project wrote ({error}).") from error
    left = {}
    for path, before, after in pairs:
        try:
            now = read(path)
        except Exception as error:
            left[path] = f"its tags cannot be read ({error})"
            continue
        changed = {name: before.get(name, []) for name, value in after.items() if now.get(name) == [value]}
        if changed and (reason := _READ_ONLY if _closed(path) and not read_only_too else _changed(path, changed)):
            left[path] = reason
    return left


def read(path: Path) -> dict[str, list[str]]:
    """Genre and mood of a file, as far as it has them; ValueError if mutagen does not write tags of its kind."""
    from mutagen.id3 import ID3

    tags = _opened(path).tags or {}
    if isinstance(tags, ID3):
        found = {name: getattr(tags.get(frame), "text", []) for name, frame in FIELDS.items()}
    else:
        found = {name: tags.get(name, []) for name in FIELDS}
    return {name: [str(value) for value in values] for name, values in found.items() if values}


def sound(path: Path) -> str:
    """Checksum of the decoded samples of a file."""
    total = hashlib.sha256()
    with open_audio(path) as audio:
        while len(block := audio.read(1 << 18)):
            total.update(block.tobytes())
    return total.hexdigest()


def _changed(path: Path, values: Mapping[str, list[str]]) -> str:
    """Change a file's tags by way of a copy; why not, if it could not be done."""
    try:
        with replacing(path.resolve()) as part:
            copy = part.with_name(f"{part.name}{path.suffix}")  # mutagen goes by the ending
            try:
                shutil.copy2(path, copy)
                copy.chmod(copy.stat().st_mode | stat.S_IWUSR)  # until its tags are written
                _set(copy, values)
                if sound(copy) != sound(path):
                    raise ValueError("its sound would change")
                shutil.copystat(path, copy)
                copy.replace(part)
            finally:
                copy.unlink(missing_ok=True)
    except Exception as error:  # the file stays as it is, whatever is wrong with it
        return str(error) or type(error).__name__
    return ""


def _closed(path: Path) -> bool:
    """Whether a file is read-only, for its owner or for this user; an administrator may write it all the same."""
    return not path.stat().st_mode & stat.S_IWUSR or not os.access(path, os.W_OK)


def _opened(path: Path):
    import mutagen
    from mutagen.easyid3 import EasyID3

    if "mood" not in EasyID3.valid_keys:
        EasyID3.RegisterTextKey("mood", "TMOO")
    file = mutagen.File(path, easy=True)
    if file is None:
        raise ValueError("mutagen does not know this kind of file")
    return file


def _set(path: Path, values: Mapping[str, list[str]]) -> None:
    from mutagen import id3

    file = _opened(path)
    if file.tags is None:
        file.add_tags()
    for name, texts in values.items():
        if isinstance(file.tags, id3.ID3):
            frame = getattr(id3, FIELDS[name])
            file.tags.setall(frame.__name__, [frame(encoding=3, text=texts)] if texts else [])
        elif texts:
            file.tags[name] = texts
        elif name in file.tags:
            del file.tags[name]
    file.save()
