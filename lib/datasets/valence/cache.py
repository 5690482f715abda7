"""Answers of a service, kept on disk so that nothing is asked twice."""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from lib.errors import ReportError


class Cache:
    """Values by kind and key, a line of JSON each, on disk as soon as they are put there.

    A line that a kill cut off is left out, and asked for again.

    Parameters
    ----------
    path : Path
        Made if it is not there.

    Raises
    ------
    ReportError
        Here and in `put`: if the file cannot be used.
    """

    def __init__(self, path: Path):
        self.path = path
        self._values: dict[tuple[str, str], object] = {}
        self._append("")
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
            with suppress(ValueError, TypeError):
                kind, key, value = json.loads(line)
                self._values[kind, key] = value

    def get(self, kind: str, keys: Iterable[str]) -> dict[str, object]:
        """Values by key, of those that were put there."""
        return {key: self._values[kind, key] for key in keys if (kind, key) in self._values}

    def put(self, kind: str, values: dict[str, object]) -> None:
        """Keep values by key."""
        self._values |= {(kind, key): value for key, value in values.items()}
        # A break first, for the last line may have been cut off.
        self._append("\n" + "".join(f"{json.dumps([kind, key, value])}\n" for key, value in values.items()))

    def _append(self, text: str) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("a", encoding="utf-8") as file:
                file.write(text)
        except OSError as error:
            raise ReportError(f"{self.path} cannot be used ({error}). Check its folder and disk.") from error
