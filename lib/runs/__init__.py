"""Runs: one network, split, fold, seed and recipe each; their specification, key, making and store."""

from lib.runs.spec import SELECTED, Run
from lib.runs.store import Finished, finished

__all__ = ["SELECTED", "Finished", "Run", "finished"]
