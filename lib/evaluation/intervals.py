"""Old place; deleted at the merge."""

from lib.evaluation.bootstrap import Bootstrap, clusters, share  # noqa: F401


def accuracy_interval(right, count, groups, strata, *, resamples=2000, seed=0):  # noqa: D103
    return Bootstrap(resamples, seed).ratio(right, count, groups, strata)


def interval(sums, measure, groups, strata, *, resamples=2000, seed=0):  # noqa: D103
    return Bootstrap(resamples, seed).interval(sums, measure, groups, strata)
