"""What the vectors of the FC layer hold: a plane, what each node goes with, and neighbours.

An embedding is the row of numbers (one a node) that a network computes of a slice just before it decides.
Slices that the network takes for alike get vectors that point the same way.
"""

from lib.embedding.nearest import described, examples, heard, hits_among, neighbour_hits, neighbours
from lib.embedding.nodes import HEADS, node_associations, verdicts
from lib.embedding.vectors import dead_nodes, node_names, project, song_vectors, variance_explained

__all__ = [
    "HEADS",
    "dead_nodes",
    "described",
    "examples",
    "heard",
    "hits_among",
    "neighbour_hits",
    "neighbours",
    "node_associations",
    "node_names",
    "project",
    "song_vectors",
    "variance_explained",
    "verdicts",
]
