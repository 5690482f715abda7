"""Tagging people's own music with a trained network: ``python -m lib.tagging FILE_OR_FOLDER ...``.

``windows`` cuts whole files into slices, ``model`` holds a network as a folder that can be passed on and ``ship`` makes
one; ``calibration`` and ``familiarity`` say how far its answers can be trusted; ``songs`` tags, and ``tables``,
``page`` and ``files`` write down what came out.
"""
