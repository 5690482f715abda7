import av
import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from threadpoolctl import threadpool_info, threadpool_limits

from lib.audio import ClipError, load_excerpt, open_audio
from lib.errors import ReportError
from lib.features.slicing import clip_slices
from lib.features.spectrogram import Spectrogram, cut_slices, log_mel, to_decibel, to_grey
from tests.conftest import music_folder


def noise(seconds, rate=22050, seed=0):
    return np.random.default_rng(seed).normal(0, 0.1, int(seconds * rate)).astype(np.float32)


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "mp3"])
@pytest.mark.parametrize(("rate", "channels"), [(44100, 2), (22050, 1), (48000, 1)])
def test_any_format_becomes_mono_at_the_wanted_rate(tmp_path, suffix, rate, channels):
    path = tmp_path / f"a.{suffix}"
    soundfile.write(path, np.repeat(noise(2, rate)[:, None], channels, axis=1), rate)
    y, duration = load_excerpt(path)
    assert y.ndim == 1
    assert y.dtype == np.float32
    assert duration == pytest.approx(2, abs=0.1)  # mp3 pads to whole frames
    assert len(y) == pytest.approx(duration * 22050, abs=2)


def test_the_middle_of_a_long_file_is_taken(tmp_path):
    rate = 8000
    y = np.zeros(rate * 40, dtype=np.float32)
    y[rate * 20] = 1.0  # a click in the very middle
    soundfile.write(tmp_path / "a.wav", y, rate)
    excerpt, duration = load_excerpt(tmp_path / "a.wav", sample_rate=rate, excerpt_s=30)
    assert duration == 40
    assert len(excerpt) == 30 * rate
    assert abs(int(np.argmax(np.abs(excerpt))) - 15 * rate) <= 1


@pytest.mark.parametrize(
    ("content", "status", "reason"),
    [
        (None, "missing", "does not exist"),
        (b"", "unreadable", "is empty"),
        (b"<!DOCTYPE html>\n<title>Not found</title>", "unreadable", "web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0", "unreadable", "Git LFS"),
        (b"not audio at all" * 100, "unreadable", "decoded"),
        (np.zeros(22050, np.float32), "silent", "-80 dB"),
        (np.zeros(0, np.float32), "unreadable", "no samples"),
    ],
)
def test_a_bad_clip_says_what_is_wrong(tmp_path, content, status, reason):
    path = tmp_path / "a.wav"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content is not None:
        soundfile.write(path, content, 22050)
    with pytest.raises(ClipError) as error:
        load_excerpt(path)
    assert error.value.status == status
    assert reason in error.value.reason
    assert str(tmp_path) not in error.value.reason


@pytest.mark.parametrize(
    ("name", "seconds", "left_out"),
    [
        ("vbr_no_xing_90s.mp3", 90, ""),
        ("mp3_no_xing.mp3", 8, ""),
        ("flac_unknown_length.flac", 8, ""),
        ("wav_sizes_zero.wav", 4, ""),
        ("mp3_2kB_hole_at_20s_of_35s.mp3", 34.8, "damaged at 20.0 s"),
        ("mp3_hole.mp3", 6.6, "damaged at 2.7 s"),
        ("mp3_id3_in_the_middle.mp3", 35, "damaged at 17.5 s"),
        ("appledouble/mp3_ok.mp3", 8, ""),
    ],
)
def test_what_is_there_is_decoded(name, seconds, left_out):
    path = music_folder() / "odd" / name
    if not path.is_file():
        pytest.skip(f"{path} is missing")
    with open_audio(path) as audio:
        y = audio.excerpt(22050, 30)
        assert audio.duration_s == pytest.approx(seconds, abs=0.1)
        assert len(y) == pytest.approx(min(seconds, 30) * 22050, rel=0.01)
        assert audio.left_out.startswith(left_out) and bool(audio.left_out) == bool(left_out)
    with open_audio(path) as audio:  # from the beginning, in blocks
        blocks = []
        while len(block := audio.read(100_000)):
            blocks.append(len(block))
        assert sum(blocks) / audio.rate == pytest.approx(seconds, abs=0.1)
        assert set(blocks[:-1]) <= {100_000}


@pytest.mark.parametrize("channels", [1, 2, 6, 8, 12])
def test_ffmpeg_gives_the_same_samples(tmp_path, channels):
    sound = 0.1 * np.random.default_rng(0).normal(size=(3 * 22050, channels)).astype(np.float32)
    soundfile.write(tmp_path / "a.wav", sound, 22050, subtype="FLOAT")
    content = bytearray((tmp_path / "a.wav").read_bytes())
    at = content.index(b"data") + 4
    content[4:8] = content[at : at + 4] = bytes(4)  # as a recorder leaves it that does not know the length yet
    (tmp_path / "a.wav").write_bytes(content)
    with open_audio(tmp_path / "a.wav") as audio:
        assert np.array_equal(np.concatenate([audio.read(40_000), audio.read(10**6)]), sound)
        audio.seek(50_000)
        assert np.array_equal(audio.read(100), sound[50_000:50_100]) and audio.frames == len(sound)


def test_two_joined_files_are_heard_to_the_end(tmp_path):
    for name, seconds in (("a", 3), ("b", 4)):
        soundfile.write(tmp_path / f"{name}.mp3", noise(seconds, 44100), 44100)
    both = tmp_path / "both.mp3"
    both.write_bytes((tmp_path / "a.mp3").read_bytes() + (tmp_path / "b.mp3").read_bytes())
    assert load_excerpt(both)[1] == pytest.approx(7, abs=0.2)


def test_a_truncated_file_gives_what_it_holds(tmp_path):
    soundfile.write(tmp_path / "a.mp3", noise(40, 44100), 44100)
    content = (tmp_path / "a.mp3").read_bytes()
    (tmp_path / "a.mp3").write_bytes(content[: len(content) // 4])
    y, duration = load_excerpt(tmp_path / "a.mp3")
    assert duration == pytest.approx(10, abs=0.5) and len(y) == pytest.approx(10 * 22050, rel=0.05)


@pytest.mark.parametrize(("suffix", "codec"), [("m4a", "aac"), ("mp2", "mp2"), ("wma", "wmav2"), ("wv", "wavpack")])
def test_what_libsndfile_does_not_know_is_decoded_by_ffmpeg(tmp_path, suffix, codec):
    path, tone = tmp_path / f"a:b %s.{suffix}", np.sin(2 * np.pi * 440 * np.arange(5 * 44100) / 44100) * 0.5
    with av.open(str(path.with_name(f"x.{suffix}")), "w") as container:
        stream = container.add_stream(codec, rate=44100, layout="mono", bit_rate=64_000)
        frame = av.AudioFrame.from_ndarray(tone.astype("float32")[None], format="fltp", layout="mono")
        frame.sample_rate = 44100
        resampler = av.AudioResampler(stream.format, "mono", 44100, frame_size=stream.frame_size or None)
        for one in [*resampler.resample(frame), *resampler.resample(None)]:
            container.mux(stream.encode(one))
        container.mux(stream.encode(None))
    path.with_name(f"x.{suffix}").rename(path)
    y, duration = load_excerpt(path)
    assert duration == pytest.approx(5, abs=0.15)
    middle = np.abs(np.fft.rfft(y[22050 : 3 * 22050]))
    assert middle.argmax() / 2 == pytest.approx(440, abs=1)


def test_channels_that_cancel_are_heard_by_one_of_them(tmp_path):
    y = noise(4)
    soundfile.write(tmp_path / "a.wav", np.stack([y, -y], axis=1), 22050, subtype="FLOAT")
    assert (load_excerpt(tmp_path / "a.wav")[0] == y).all()


@pytest.mark.parametrize("channels", [1, 2, 3, 6])
def test_channels_become_their_mean_to_the_bit(tmp_path, channels):
    path = tmp_path / "clip.wav"
    sound = 0.1 * np.random.default_rng(0).normal(size=(22050, channels)).astype(np.float32)
    soundfile.write(path, sound, 22050, subtype="FLOAT")
    assert (load_excerpt(path)[0] == sound.mean(axis=1)).all()


@pytest.mark.filterwarnings("ignore:.*slated for removal:DeprecationWarning")  # of what librosa.load imports
@pytest.mark.parametrize("suffix", ["wav", "mp3"])
def test_slices_of_a_file_are_those_of_the_plain_recipe_within_one_grey_level(tmp_path, suffix):
    import librosa

    path, spectrogram = tmp_path / f"clip.{suffix}", Spectrogram()
    sound = (
        np.stack([noise(7, 44100), np.roll(noise(7, 44100), 5000)], axis=1) * np.linspace(0.1, 1, 7 * 44100)[:, None]
    )
    soundfile.write(path, sound, 44100)
    slices, status, _ = clip_slices(str(path), spectrogram)
    assert status == "ok"
    y, rate = librosa.load(path, sr=spectrogram.sample_rate)
    mel = librosa.feature.melspectrogram(
        y=y, sr=rate, n_fft=spectrogram.n_fft, hop_length=spectrogram.hop_length, n_mels=spectrogram.n_mels
    )
    plain = cut_slices(to_grey(librosa.power_to_db(mel, ref=np.max, top_db=spectrogram.top_db)), spectrogram)
    assert slices.shape == plain.shape == (2, *spectrogram.shape)
    assert np.abs(slices.astype(int) - plain.astype(int)).max() <= 1


@pytest.mark.parametrize("settings_", [{}, {"n_mels": 64, "n_fft": 1024, "hop_length": 256}, {"sample_rate": 16000}])
def test_log_mel_is_librosas_within_one_grey_level(settings_):
    import librosa

    spectrogram = Spectrogram(**settings_)
    y = noise(3) * np.linspace(0, 1, 3 * 22050, dtype=np.float32)
    mel = librosa.feature.melspectrogram(
        y=y,
        sr=spectrogram.sample_rate,
        n_fft=spectrogram.n_fft,
        hop_length=spectrogram.hop_length,
        n_mels=spectrogram.n_mels,
    )
    plain = to_grey(librosa.power_to_db(mel, ref=np.max, top_db=spectrogram.top_db), spectrogram.top_db)
    ours = to_grey(log_mel(y, spectrogram), spectrogram.top_db)
    assert ours.shape == plain.shape
    assert np.abs(ours.astype(int) - plain.astype(int)).max() <= 1


@given(st.integers(2048, 3 * 22050), st.floats(0.1, 1))
@settings(max_examples=20, deadline=None)
def test_log_mel_is_bounded_and_blind_to_loudness(n, gain):
    y = noise(3)[:n]
    spectrogram = Spectrogram()
    decibel = log_mel(y, spectrogram)
    assert decibel.dtype == np.float32
    assert decibel.shape == (96, 1 + n // 512)
    assert decibel.max() == pytest.approx(0, abs=1e-4)
    assert decibel.min() >= -80
    quiet = log_mel(y * np.float32(gain), spectrogram)
    assert np.abs(quiet - decibel).max() < 0.01


def test_log_mel_is_the_same_to_the_bit_however_many_threads_there_are():
    found = []
    for threads in (1, 2, 3):
        with threadpool_limits(threads):
            found.append(log_mel(noise(3), Spectrogram()))
            assert {one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas"} == {threads}
    assert all((one == found[0]).all() for one in found)


def test_grey_levels_invert_to_half_a_level():
    decibel = np.linspace(-80, 0, 1000, dtype=np.float32)
    assert np.abs(to_decibel(to_grey(decibel)) - decibel).max() <= 80 / 255 / 2 + 1e-4


def test_slices_keep_to_their_times():
    spectrogram = Spectrogram()
    frames = 1 + 30 * 22050 // 512
    grey = np.broadcast_to(np.arange(frames, dtype=np.float64), (96, frames))
    slices = cut_slices(grey, spectrogram)
    assert slices.shape == (10, *spectrogram.shape)
    starts_s = slices[:, 0, 0] * 512 / 22050
    assert np.abs(starts_s - np.arange(10) * 3).max() <= 512 / 22050 / 2


@given(st.integers(0, 2000))
def test_a_short_picture_keeps_the_slices_that_fit(frames):
    spectrogram = Spectrogram()
    slices = cut_slices(np.zeros((96, frames), np.uint8), spectrogram)
    assert len(slices) == min(10, sum(round(i * 129.199) + 129 <= frames for i in range(10)))


@pytest.mark.parametrize("wrong", [{"n_mels": 0}, {"hop_length": 4096}, {"slice_s": 31.0}, {"top_db": -1.0}])
def test_wrong_parameters_name_themselves(wrong):
    with pytest.raises(ReportError, match=str(next(iter(wrong.values())))):
        Spectrogram(**wrong)
