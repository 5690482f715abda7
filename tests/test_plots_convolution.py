import numpy as np

from lib.audio import Spectrogram
from lib.plots import convolution, svg, use_style


def test_each_kernel_finds_what_it_is_named_after():
    onset, held = np.zeros((20, 30), np.uint8), np.zeros((20, 30), np.uint8)
    onset[:, 15:], held[8] = 200, 200
    sets_in, is_held = convolution.KERNELS.values()
    inside = np.s_[2:-2, 2:-2]  # the border sees zeros beyond the picture
    assert set(np.argwhere(convolution.slid(onset, sets_in)[inside] > 0)[:, 1] + 2) == {14, 15}
    assert set(np.argwhere(convolution.slid(held, is_held)[inside] > 0)[:, 0] + 2) == {8}
    assert not convolution.slid(held, sets_in)[inside].any() and not convolution.slid(onset, is_held)[inside].any()


def test_the_figure_names_what_it_shows():
    use_style()
    sample = np.random.default_rng(0).integers(0, 255, (96, 129), dtype=np.uint8)
    pictures = {name: convolution.slid(sample, kernel) for name, kernel in convolution.KERNELS.items()}
    drawn = svg(convolution.maps({"the slice": sample} | pictures, Spectrogram()))
    assert all(name in drawn for name in ("the slice", *convolution.KERNELS)) and len(drawn) < 150_000
    assert "3 × 3 and 3 × 5" in convolution.claim()
