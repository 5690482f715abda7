"""Studies or runs side by side: what they were made with and what came out, ``make compare STUDIES="emotify demo"``."""

from lib.comparison.items import Item, items
from lib.comparison.tables import differing, results_beside

__all__ = ["Item", "differing", "items", "results_beside"]
