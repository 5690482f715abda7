"""The networks at the sizes of their papers, each on the input that its paper reads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import keras

from lib.zoo import choi2016, fcn5, musicnn, short_chunk, zhang2016


@dataclass(frozen=True)
class Published:
    """A network as published.

    Parameters
    ----------
    reads : str
        What the paper gives it to read.
    build : callable
        Returns it, a keras.Model.
    """

    reads: str
    build: Callable[[], keras.Model]


_NNET = "2.97 s at 22.05 kHz, 513 bins of an STFT; answers 10 genres"
_CHOI = "29.12 s at 12 kHz, 96 mel bands; answers 50 tags"

# Of choi2016, the 0.25 M variant, the paper's size is choi2016_full's; this_project's poster gives no size.
NETWORKS = {
    "zhang2016": Published(_NNET, partial(zhang2016.published, "nnet2")),
    "zhang2016_nnet1": Published(_NNET, partial(zhang2016.published, "nnet1")),
    "choi2016_full": Published(_CHOI, choi2016.published),
    "fcn5": Published(_CHOI, fcn5.published),
    "short_chunk": Published("3.69 s at 16 kHz, 128 mel bands; answers 50 tags", short_chunk.published),
    "musicnn": Published("3 s at 16 kHz, 96 mel bands; answers 50 tags", musicnn.published),
}
