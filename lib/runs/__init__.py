"""Runs: one network, split, fold, seed and recipe each; their specification, key, making and store."""
