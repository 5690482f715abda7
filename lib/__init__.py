"""Helpers of the report: corpora, slices, splits, networks, training, evaluation and the pages."""

import lib.isolation  # noqa: F401  # before anything that reads the user's settings
