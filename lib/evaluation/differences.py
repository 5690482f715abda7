"""Old place; deleted at the merge."""

from lib.evaluation import comparisons
from lib.evaluation.bootstrap import Bootstrap
from lib.evaluation.comparisons import sides  # noqa: F401
from lib.evaluation.significance import ALPHA as SURE  # noqa: F401


def difference(one, other, level, rule, resamples, seed, names):  # noqa: D103
    return comparisons.difference(one, other, names, Bootstrap(resamples, seed), level=level, protocol=rule)
