"""Tagging people's own music with a trained network: ``python -m lib.tagging FILE_OR_FOLDER ...``.

``model`` holds a network as a folder that can be passed on, and ``export`` makes one; ``temperature`` and ``ood`` say
how far its predictions can be trusted. ``predict`` tags whole files; ``output``, ``page`` and ``file_tags`` write what
came out, and ``manifest`` sees to it that nothing else is overwritten. ``trial`` tries a model on page 07.
"""
