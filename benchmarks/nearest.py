"""Nearest songs: comparing all of them against searching a graph, and how many of the true neighbours that finds.

Vectors are drawn around as many centres as a large collection might have styles; --data is not needed.
"""

import argparse
import sys
import time

import numpy as np
import pandas as pd

from lib.embedding.nearest import neighbours, recall

WIDTH, CENTRES, COUNT = 15, 200, 10


def main() -> int:
    """Time both searches side by side for rising numbers of songs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default="", help="unused")
    parser.add_argument("--songs", type=int, nargs="+", default=[5_000, 20_000, 80_000])
    given = parser.parse_args()
    rng = np.random.default_rng(0)
    for songs in given.songs:
        centres = rng.normal(size=(CENTRES, WIDTH))
        names = pd.Index([f"t{number}" for number in range(songs)], name="track_id")
        vectors = pd.DataFrame(centres[rng.integers(0, CENTRES, songs)] + rng.normal(size=(songs, WIDTH)), index=names)
        tracks = pd.DataFrame({"track_id": names, "song_group": names})
        seconds, found = {}, {}
        for name, exact in (("all compared", songs), ("graph", 0)):
            began = time.perf_counter()
            found[name] = neighbours(vectors, tracks, COUNT, exact=exact)
            seconds[name] = time.perf_counter() - began
        ratio = seconds["graph"] / seconds["all compared"]
        print(
            f"{songs} songs, {COUNT} neighbours each: the graph takes {seconds['graph']:.1f} s, {ratio:.2f} times what "
            f"comparing all takes, and finds {recall(found['all compared'], found['graph']):.3f} of them"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
