"""Reading and writing: a file gets its name only once it is whole."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import platform
import re
import shutil
import time
import unicodedata
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from lib.errors import ReportError

if TYPE_CHECKING:  # its import takes as long as a short step of the report
    import pandas as pd

PART = ".part"  # ending of everything half-written
ELSEWHERE_S = 24 * 3600.0  # how long another machine may write to one temporary file

_OWNER = re.compile(r"\.([0-9a-f]{6})-(\d+)-[0-9a-f]{8}(?:\.old)?\.part$")  # machine and process, see `_beside`


def printable(text: object) -> str:
    """Write a name from outside as it is shown: no control characters, and what is no text replaced by ``�``."""
    encoded = "".join(
        " " if unicodedata.category(c) == "Cc" else "�" if ord(c) & 0xFFFE == 0xFFFE else c for c in str(text)
    )
    return encoded.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def plain(name: object) -> str:
    """Escape a name from outside, a genre's or a song's, for Markdown: nothing in it is markup."""
    return re.sub(r"([\\`*_{}\[\]<>#|~$&])", r"\\\1", printable(name))


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn what the system says of a full disk or a closed folder into a `ReportError` with what a user can do."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise ReportError(
                f"The disk is full: {path} could not be written. Free some space and run the same command "
                "again; what was finished is kept."
            ) from error
        if error.errno in (errno.EACCES, errno.EROFS, errno.EPERM):
            raise ReportError(f"{path} cannot be written ({error.strerror}). Check its permissions.") from error
        raise


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path` that takes its name when the block ends well.

    A block that fails, or a machine that stops, leaves an older `path` as it was. Works for files and,
    if the block makes a folder of the temporary path, for folders. Errors are those of `explained`.
    """
    path = Path(path)
    temporary = _beside(path)
    aside = temporary.with_suffix(f".old{PART}")
    try:
        with explained(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            yield temporary
            if temporary.is_dir():
                if path.exists():
                    path.replace(aside)
            else:
                with temporary.open("rb") as file:
                    os.fsync(file.fileno())
            temporary.replace(path)
    finally:
        _delete(temporary)
        _delete(aside)


@contextmanager
def scratch(path: Path) -> Iterator[Path]:
    """Give a temporary folder beside `path`, from which the block moves what shall stay."""
    folder = _beside(path)
    try:
        with explained(path):
            folder.mkdir(parents=True)
            yield folder
    finally:
        _delete(folder)


def _beside(path: Path) -> Path:
    """Temporary path in the same folder; its name tells `sweep` which process writes there."""
    name = os.fsencode(path.name)[:180].decode("utf-8", "ignore")  # longer names are not allowed
    return path.with_name(f".{name}.{_host()}-{os.getpid()}-{uuid.uuid4().hex[:8]}{PART}")


def _delete(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def checksum(path: Path, kind: str = "sha256") -> str:
    """Checksum of a file, in hexadecimal, without holding it in memory."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, kind).hexdigest()


def lock(file, *, wait: bool = True) -> None:
    """Lock an open file until it is closed; where the file system knows no locks, nothing is locked.

    Without `wait`, BlockingIOError says that another process holds the lock.
    """
    try:
        fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except OSError as error:
        if error.errno not in (errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS):
            raise


def sweep(folder: Path) -> None:
    """Delete what killed processes left half-written in and below a folder; who still lives goes on writing.

    What another machine of a shared folder writes is left alone for a day.
    """
    for left in list(folder.rglob(f".*{PART}")):
        if not _written(left):
            _delete(left)


def _host() -> str:
    return hashlib.sha256(platform.node().encode()).hexdigest()[:6]


def _written(left: Path) -> bool:
    """Whether the process that a temporary path names may still be writing to it."""
    import psutil  # here, for training needs none of this

    match = _OWNER.search(left.name)
    try:
        since = left.stat().st_ctime
        if match is None or match[1] != _host():
            return match is not None and time.time() - since < ELSEWHERE_S
        # A number is given again: whoever was born after the file is somebody else.
        return psutil.Process(int(match[2])).create_time() <= since
    except (psutil.NoSuchProcess, FileNotFoundError):
        return False


def write_parquet(table: pd.DataFrame, path: Path) -> None:
    """Write a table as parquet, whole or not at all."""
    with replacing(path) as part:
        table.to_parquet(part, index=False)


def write_packed(table: pd.DataFrame, path: Path) -> None:
    """Write a table as parquet as `write_parquet` does, in half the bytes where it is short and mostly floats."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    content = pa.Table.from_pandas(table, preserve_index=False).replace_schema_metadata({})
    floats = [field.name for field in content.schema if pa.types.is_floating(field.type)]
    whole = [field.name for field in content.schema if pa.types.is_integer(field.type)]
    encoding = dict.fromkeys(floats, "BYTE_STREAM_SPLIT") | dict.fromkeys(whole, "DELTA_BINARY_PACKED")
    with replacing(path) as part:
        pq.write_table(
            content,
            part,
            compression="zstd",
            use_dictionary=[name for name in content.column_names if name not in encoding],
            column_encoding=encoding,
            write_statistics=False,
            store_schema=False,
        )


def write_csv(table: pd.DataFrame, path: Path) -> None:
    """Write a table as CSV with six significant digits, whole or not at all."""
    with replacing(path) as part:
        table.to_csv(part, index=False, float_format="%.6g", lineterminator="\n")


def write_json(value: object, path: Path) -> None:
    """Write a value as indented JSON with sorted keys, whole or not at all."""
    with replacing(path) as part:
        part.write_text(json.dumps(value, indent=1, sort_keys=True, allow_nan=False) + "\n", encoding="utf-8")


def read_json(path: Path) -> dict:
    """Read a JSON file; a `ReportError` if it is none."""
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ReportError(f"{path} is not valid JSON ({error}). Delete it and run again.") from error


def cells(notebook: Path, kind: str = "code", tag: str = "") -> list[str]:
    """Read the sources of a notebook's cells of a kind, ``code`` or ``markdown``, and of a tag, if one is given."""
    found = (cell for cell in read_json(notebook)["cells"] if cell["cell_type"] == kind)
    return ["".join(cell["source"]) for cell in found if not tag or tag in cell["metadata"].get("tags", [])]
