"""Where each corpus comes from: its data sheet, which ``datasheets.yaml`` beside this file holds."""

from functools import cache
from pathlib import Path

import yaml

from lib.datasets import module


@cache
def datasheets() -> dict[str, dict[str, str]]:
    """Read the data sheet of every corpus: by field, a paragraph of Markdown each."""
    return yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8"))


def datasheet(corpus: str) -> dict[str, str]:
    """Return the data sheet of one corpus; raises `ReportError` if there is no such corpus."""
    module(corpus)
    return datasheets()[corpus]
