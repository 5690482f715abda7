"""Old place; deleted at the merge."""

from lib.evaluation.ablations import sets  # noqa: F401
