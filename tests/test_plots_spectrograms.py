import numpy as np

from lib.features.spectrogram import Spectrogram
from lib.plots import spectrograms, svg, use_style


def test_each_kernel_finds_what_it_is_named_after():
    onset, held = np.zeros((20, 30), np.uint8), np.zeros((20, 30), np.uint8)
    onset[:, 15:], held[8] = 200, 200
    sets_in, is_held = spectrograms.KERNELS.values()
    inside = np.s_[2:-2, 2:-2]  # the border sees zeros beyond the picture
    assert set(np.argwhere(spectrograms.slid(onset, sets_in)[inside] > 0)[:, 1] + 2) == {14, 15}
    assert set(np.argwhere(spectrograms.slid(held, is_held)[inside] > 0)[:, 0] + 2) == {8}
    assert not spectrograms.slid(held, sets_in)[inside].any() and not spectrograms.slid(onset, is_held)[inside].any()


def test_the_figure_names_what_it_shows():
    use_style()
    sample = np.random.default_rng(0).integers(0, 255, (96, 129), dtype=np.uint8)
    pictures = {name: spectrograms.slid(sample, kernel) for name, kernel in spectrograms.KERNELS.items()}
    drawn = svg(spectrograms.kernels_figure({"the slice": sample} | pictures, Spectrogram()))
    assert all(name in drawn for name in ("the slice", *spectrograms.KERNELS)) and len(drawn) < 150_000
    assert "3 × 3 and 3 × 5" in spectrograms.kernels_claim()
