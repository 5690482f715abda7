"""What the vectors of the FC layer hold: a plane, what each node goes with, and neighbours.

An embedding is the row of numbers (one a node) that a network computes of a slice just before it decides.
Slices that the network takes for alike get vectors that point the same way.

``vectors`` makes songs' vectors of slices'; ``nodes`` asks what each node goes with, ``descriptors`` what the audio is
like, ``stability`` whether other networks have the same nodes, ``switches`` what a node is worth; ``maps`` lays songs
out, ``nearest`` finds what is near, ``recommend`` and ``widths`` judge it; ``claims`` says it.
"""

from lib.embedding.nearest import described, examples, heard, neighbours, recall
from lib.embedding.nodes import HEADS, driving, node_associations, verdicts
from lib.embedding.vectors import dead_nodes, node_names, project, song_vectors, variance_explained

__all__ = [
    "HEADS",
    "dead_nodes",
    "described",
    "driving",
    "examples",
    "heard",
    "neighbours",
    "node_associations",
    "node_names",
    "project",
    "recall",
    "song_vectors",
    "variance_explained",
    "verdicts",
]
