"""How well the networks do, how sure that is, and what it means.

``pooling`` joins the test predictions of folds and seeds, ``answers`` reads them as classes and ``numbers`` as
numbers; ``intervals`` resamples songs or artists, ``significance`` tests; ``tables``, ``differences``, ``variation``
and ``classes`` make the result tables, ``claims``, ``observations``, ``pattern`` and ``verdicts`` the sentences, which
``summary`` and ``headline`` gather; ``voting``, ``consistency`` and ``calibration`` ask what several slices add and
what the confidence is worth; ``beyond``, ``ceiling`` and ``growth`` what stands behind moods, ``hard`` and ``artists``
which songs are missed; ``search`` shows what was chosen by dev songs; ``poster`` holds what the poster published.
"""

from lib.evaluation.answers import LEVELS, Answers, collect
from lib.evaluation.artists import folds_of, hard_artists
from lib.evaluation.beyond import against_each, near_a_cut, within_genre
from lib.evaluation.ceiling import label_ceiling
from lib.evaluation.claims import drops_by_pair
from lib.evaluation.classes import (
    confusion,
    coverage,
    mistakes,
    per_class,
    recall_difference,
    worst_confusion,
)
from lib.evaluation.differences import against_baselines, drops, ranking, whole_drops
from lib.evaluation.growth import balance, learning_curve
from lib.evaluation.hard import agreement, missed_by_all, panel
from lib.evaluation.headline import headline
from lib.evaluation.numbers import Numbers, collect_numbers, numeric_results
from lib.evaluation.pooling import controls, whole
from lib.evaluation.summary import findings, write_summary
from lib.evaluation.tables import (
    by_protocol,
    comparison,
    featured,
    featured_answers,
    labels,
    leaky,
    main_network,
    main_rows,
    networks,
    readable,
    results,
    strictest,
    with_intervals,
)
from lib.evaluation.variation import spread

__all__ = [
    "LEVELS",
    "Answers",
    "Numbers",
    "against_baselines",
    "against_each",
    "agreement",
    "balance",
    "by_protocol",
    "collect",
    "collect_numbers",
    "comparison",
    "confusion",
    "controls",
    "coverage",
    "drops",
    "drops_by_pair",
    "featured",
    "featured_answers",
    "findings",
    "folds_of",
    "hard_artists",
    "headline",
    "label_ceiling",
    "labels",
    "leaky",
    "learning_curve",
    "main_network",
    "main_rows",
    "missed_by_all",
    "mistakes",
    "near_a_cut",
    "networks",
    "numeric_results",
    "panel",
    "per_class",
    "ranking",
    "readable",
    "recall_difference",
    "results",
    "spread",
    "strictest",
    "whole",
    "whole_drops",
    "with_intervals",
    "within_genre",
    "worst_confusion",
    "write_summary",
]
