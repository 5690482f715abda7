"""What the vectors of the FC layer hold.

An embedding is the row of numbers (one a unit) that a network computes of a slice just before it decides. Slices that
the network takes for alike get vectors that point the same way.

``vectors`` makes songs' vectors of slices'; ``units`` correlates each unit with labels and with ``descriptors`` of the
audio, ``similarity`` compares networks, ``ablation`` and ``widths`` say what units are worth; ``projection`` lays songs
out on maps, ``retrieval`` finds and judges neighbours.
"""

HEADS = ("genre", "mood")
