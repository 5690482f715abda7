import numpy as np
import pandas as pd
import pytest

from lib.features.slices import Slices
from lib.features.slicing import _Writer
from lib.features.spectrogram import Spectrogram
from lib.training import augmentation
from lib.training.recipes import Settings

SHAPE = Spectrogram(n_mels=12, n_fft=1024, hop_length=1024)


@pytest.fixture
def slices(tmp_path):
    """Three songs of four slices; every pixel tells its song and its frame."""
    writer = _Writer(tmp_path, SHAPE, 100)
    frames = SHAPE.shape[1]
    for song in range(3):
        pixels = 1 + 40 * song + (np.arange(4 * frames) // (frames // 4)).astype(np.uint8)
        writer.add(f"s{song}", np.repeat(pixels.reshape(4, 1, frames), 12, axis=1).astype(np.uint8))
    writer.finish("source")
    return Slices(tmp_path)


def test_the_next_slice_is_one_of_the_same_song_that_trains_too(slices):
    usable = np.ones(12, dtype=bool)
    usable[[2, 5]] = False
    found = augmentation.neighbours(slices, usable)
    assert found.tolist() == [1, 1, 2, 3, 4, 5, 7, 7, 9, 10, 11, 11]


def test_a_crop_is_a_window_of_the_song_between_a_slice_and_the_next(slices):
    following = augmentation.neighbours(slices, np.ones(12, dtype=bool))
    picked = np.repeat([0, 3, 6], 50)
    x = augmentation.augment(slices, picked, following, Settings(crop=True), np.random.default_rng(0))
    assert x.shape == (150, *SHAPE.shape)
    assert x.dtype == np.uint8
    frames = SHAPE.shape[1]
    starts = set()
    for one, number in zip(x, picked, strict=True):
        pair = np.concatenate(slices.take(np.array([number, following[number]])), axis=1)
        fitting = [at for at in range(frames) if (pair[:, at : at + frames] == one).all()]
        assert fitting
        starts.add(fitting[0])
    assert len(starts) > 5
    last = x[picked == 3]
    assert (last == slices.take(np.array([3]))).all()  # no next slice, no other start


def test_silence_stays_silence_and_levels_stay_in_bounds(slices):
    rng = np.random.default_rng(0)
    x = np.array([0, 1, 100, 255], dtype=np.uint8).reshape(1, 1, 4).repeat(200, axis=0)
    y = augmentation._gain(x, 20, rng)
    assert (y[:, 0, 0] == 0).all()
    shift = y[:, 0, 2].astype(int) - 100
    assert shift.min() < -10 and shift.max() > 10 and abs(shift).max() <= 20
    assert y.dtype == np.uint8


def test_masks_are_blocks_of_bands_and_frames_and_no_more(slices):
    x = np.full((300, 24, 40), 7, dtype=np.uint8)
    augmentation._mask(x, np.random.default_rng(0))
    for one in x:
        bands, frames = (one == 0).all(axis=1), (one == 0).all(axis=0)
        assert bands.sum() <= 4 and frames.sum() <= 8
        assert set(np.flatnonzero((one == 0).any(axis=1))) in (set(np.flatnonzero(bands)), set(range(24)))
    assert (x == 0).any()


def test_a_mixture_is_the_same_of_pictures_and_labels():
    rng = np.random.default_rng(0)
    x = rng.integers(0, 256, (64, 3, 4)).astype(np.uint8)
    eye = np.eye(64, dtype=np.float32)
    mixed, labels, weights = augmentation.mix(x, {"which": eye}, {"which": np.ones(64, np.float32)}, 0.4, rng)
    expected = np.einsum("ij,jbt->ibt", labels["which"], x)
    assert np.abs(mixed - expected).max() <= 0.5001
    assert np.allclose(labels["which"].sum(axis=1), 1, atol=1e-6)
    assert np.allclose(weights["which"], 1)
    assert (np.diag(labels["which"]) >= 0.5).all()


def test_a_missing_label_is_not_mixed_in():
    x = np.zeros((40, 2, 2), np.uint8)
    values = np.tile(np.array([[1.0, 0.0]], np.float32), (40, 1))
    known = np.ones(40, np.float32)
    known[::2] = 0
    values[::2] = [0, 1]  # what stands there means nothing
    _, labels, weights = augmentation.mix(x, {"mood": values}, {"mood": known}, 0.4, np.random.default_rng(0))
    labelled = weights["mood"] > 0
    assert np.allclose(labels["mood"][labelled], [1, 0], atol=1e-6)
    assert 0 < labelled.mean() < 1
    assert weights["mood"].max() <= 1


def test_a_batch_depends_on_seed_epoch_and_number_alone(slices):
    from lib.models import Head
    from lib.training.fit import Batches
    from lib.training.targets import targets

    heads = [Head("genre", ("a", "b"))]
    wanted = targets(pd.DataFrame({"genre": ["a", "b"] * 6}), heads, np.ones(12, dtype=bool))
    settings = Settings(batch_size=5, crop=True, masks=1, gain_db=6, mixup=0.3)

    def epochs(order):
        batches = Batches(slices, np.arange(12), wanted, heads, settings, seed=3)
        found = []
        for _ in range(2):
            found += [batches[i][0] for i in order]
            batches.on_epoch_end()
        return found

    forward, backward = epochs([0, 1, 2]), epochs([2, 1, 0])
    for a, b in ((0, 2), (1, 1), (2, 0), (3, 5)):
        assert (forward[a] == backward[b]).all()
    assert not (forward[0] == forward[3]).all()
