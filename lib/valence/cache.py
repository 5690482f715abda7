"""Answers of a service, kept on disk so that nothing is asked twice."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from lib.errors import ReportError

MISSING = object()


class Cache:
    """Values by kind and key in one file; each is on disk as soon as it is put there.

    Parameters
    ----------
    path : Path
        Made if it is not there.

    Raises
    ------
    ReportError
        Here and in every method: if the file cannot be used, and what to do.
    """

    def __init__(self, path: Path):
        self.path = path
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

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with closing(sqlite3.connect(self.path, timeout=30)) as base, base:
                yield base
        except (sqlite3.OperationalError, OSError) as error:  # locked, full, closed to us
            raise ReportError(
                f"{self.path} cannot be used now ({error}). Check its folder and disk, and whether something else is "
                "using it."
            ) from error
        except (sqlite3.DatabaseError, ValueError) as error:
            raise ReportError(
                f"{self.path} cannot be read ({error}). Delete it: it only spares questions that were asked before."
            ) from error
