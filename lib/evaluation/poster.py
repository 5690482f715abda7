"""What the poster published: a reference measured on another corpus, never mapped onto ours.

X. F. Yu, "Music Tagging With Convolutional Neural Network", poster, Stanford University. Its songs, its six
genres and its draw of the sets are not at hand, so its accuracies can be compared with ours in pattern (who
leads, who over-fits), not in height.
"""

# network -> head -> part -> accuracy, as printed in the poster's table
POSTER = {
    "zhang2016": {"genre": {"train": 0.476, "test": 0.333}, "mood": {"train": 0.478, "test": 0.42}},
    "choi2016": {"genre": {"train": 0.968, "test": 0.79}, "mood": {"train": 0.953, "test": 0.702}},
    "this_project": {"genre": {"train": 0.908, "test": 0.844}, "mood": {"train": 0.907, "test": 0.8}},
}
SIZES = {"train": 4074, "dev": 225, "test": 225}  # "samples", as printed
CORPUS = {"genres": 6, "songs": 75, "slices": 10}  # genres, songs a genre, slices a song
CLASS_ACCURACY = {"instrumental": 0.735, "happy": 0.706, "neutral": 0.786}  # of this_project, as printed


def slices_in_corpus() -> int:
    """Count the slices that the poster's own description of its corpus gives."""
    return CORPUS["genres"] * CORPUS["songs"] * CORPUS["slices"]


def ranking(head: str) -> list[str]:
    """Networks by the poster's test accuracy of one head, best first."""
    return sorted(POSTER, key=lambda network: -POSTER[network][head]["test"])


def gap(network: str, head: str) -> float:
    """Training accuracy minus test accuracy in the poster's table."""
    return POSTER[network][head]["train"] - POSTER[network][head]["test"]
