"""How well the networks do, how sure that is, and what it means.

``pooling`` joins the test predictions of folds and seeds, ``answers`` reads them as classes and ``numbers`` as
numbers; ``intervals`` resamples songs or artists, ``significance`` tests; ``tables``, ``differences``, ``variation``
and ``classes`` make the result tables, ``claims``, ``observations``, ``verdicts`` and ``summary`` the sentences;
``poster`` holds what the poster published.
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
from lib.evaluation.differences import against_baselines, drops, ranking, whole_drops
from lib.evaluation.numbers import Numbers, collect_numbers, numeric_results
from lib.evaluation.pooling import controls, whole
from lib.evaluation.summary import findings, write_summary
from lib.evaluation.tables import comparison, labels, main_network, main_rows, networks, readable, results, strictest
from lib.evaluation.variation import spread

__all__ = [
    "LEVELS",
    "Answers",
    "Numbers",
    "against_baselines",
    "collect",
    "collect_numbers",
    "comparison",
    "confusion",
    "controls",
    "coverage",
    "drops",
    "findings",
    "labels",
    "main_network",
    "main_rows",
    "mistakes",
    "networks",
    "numeric_results",
    "per_class",
    "ranking",
    "readable",
    "recall_difference",
    "results",
    "spread",
    "strictest",
    "whole",
    "whole_drops",
    "worst_confusion",
    "write_summary",
]
