"""Helpers of the report: corpora, slices, splits, networks, training, evaluation and the pages."""
