"""Answers of a service, kept on disk so that nothing is asked twice."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

from lib.errors import ReportError

MISSING = object()


class Cache:
    """Values by kind and key in one file; each is on disk as soon as it is put there.

    Parameters
    ----------
    path : Path
        Made if it is not there.
    """

    def __init__(self, path: Path):
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        with self._open() as base:
            base.execute(
                "CREATE TABLE IF NOT EXISTS answers (kind TEXT, key TEXT, value TEXT, PRIMARY KEY (kind, key))"
            )

    def get(self, kind: str, key: str) -> object:
        """Return what was put there; `MISSING` if nothing was (None is a value)."""
        with self._open() as base:
            row = base.execute("SELECT value FROM answers WHERE kind = ? AND key = ?", (kind, key)).fetchone()
        return MISSING if row is None else json.loads(row[0])

    def put(self, kind: str, values: dict[str, object]) -> None:
        """Keep values by key, all of them or none."""
        rows = [(kind, key, json.dumps(value)) for key, value in values.items()]
        with self._open() as base:
            base.executemany("INSERT OR REPLACE INTO answers VALUES (?, ?, ?)", rows)

    def _open(self):
        return _Base(self.path)


class _Base:
    """A connection that commits or rolls back, and closes."""

    def __init__(self, path: Path):
        self._path = path

    def __enter__(self) -> sqlite3.Connection:
        self._base = sqlite3.connect(self._path, timeout=30)
        return self._base

    def __exit__(self, kind, error, trace) -> None:
        with closing(self._base):
            if kind is None:
                self._base.commit()
        if isinstance(error, sqlite3.DatabaseError):
            raise ReportError(f"{self._path} cannot be used ({error}). Delete it; it only spares questions.") from error
