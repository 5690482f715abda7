"""Answers of a service, kept on disk so that nothing is asked twice."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from lib.errors import ReportError


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

    def get(self, kind: str, keys: Iterable[str]) -> dict[str, object]:
        """Values by key, of those that were put there."""
        wanted = "SELECT key, value FROM answers WHERE kind = ? AND key = ?"
        with self._open() as base:
            rows = [row for key in keys for row in base.execute(wanted, (kind, key))]
        return {key: json.loads(value) for key, value in rows}

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
        except (sqlite3.Error, OSError) as error:
            raise ReportError(
                f"{self.path} cannot be used ({error}). Check its folder and disk, and whether something else is using "
                "it. If it is damaged, delete it: it only spares questions that were asked before."
            ) from error
