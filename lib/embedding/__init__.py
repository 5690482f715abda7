"""Analysis of the embedding: vectors of slices and songs in the FC layer.

An embedding is the vector, one number a unit, that the heads of a network read. Similar slices have vectors that point
the same way.

``vectors`` averages vectors of slices to those of songs; ``units`` correlates each unit with labels and with
``descriptors`` of the audio, ``similarity`` compares networks, ``ablation`` and ``widths`` measure the accuracy without
units and with other numbers of them; ``projection`` maps songs to a plane, ``retrieval`` finds nearest songs.
"""

HEADS = ("genre", "mood")
