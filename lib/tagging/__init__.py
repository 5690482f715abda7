"""Tagging people's own music with a trained network: ``python -m lib.tagging FILE_OR_FOLDER ...``.

``model`` reads and writes a network as a folder, and ``export`` makes one; ``temperature`` calibrates its probabilities
and ``ood`` scores out-of-distribution sound. ``predict`` tags whole files; ``output``, ``page`` and ``file_tags`` write
the predictions, and ``manifest`` protects other files from being overwritten. ``trial`` evaluates a model on page 07.
"""
