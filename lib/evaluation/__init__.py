"""How well the networks do, how sure that is, and what it means.

``answers`` pools the test predictions, ``intervals`` resamples songs or artists, ``tables`` and ``classes``
make the result tables, ``claims`` and ``summary`` the sentences; ``poster`` holds what the poster published.
"""

from lib.evaluation.answers import LEVELS, Answers, collect
from lib.evaluation.classes import (
    confusion,
    coverage,
    mistakes,
    per_class,
    recall_difference,
    worst_confusion,
)
from lib.evaluation.summary import findings, write_summary
from lib.evaluation.tables import comparison, drops, labels, main_network, ranking, readable, results, strictest

__all__ = [
    "LEVELS",
    "Answers",
    "collect",
    "comparison",
    "confusion",
    "coverage",
    "drops",
    "findings",
    "labels",
    "main_network",
    "mistakes",
    "per_class",
    "ranking",
    "readable",
    "recall_difference",
    "results",
    "strictest",
    "worst_confusion",
    "write_summary",
]
