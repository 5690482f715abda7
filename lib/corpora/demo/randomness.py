"""Independent random streams, named rather than numbered, so that one more draw shifts no other stream."""

import zlib

import numpy as np


def generator(seed: int, *names: object) -> np.random.Generator:
    """Random generator of `seed` for one purpose.

    Parameters
    ----------
    seed : int >= 0
    names : objects
        What it is for; the same names give the same stream.
    """
    return np.random.default_rng([seed, zlib.crc32("/".join(map(str, names)).encode())])
