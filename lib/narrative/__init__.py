"""The words: numbers as people read them, titles of figures, and findings written by templates from result tables."""
