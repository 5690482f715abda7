"""Evaluation of the networks: tables with intervals and tests; `lib.narrative` writes the text."""
