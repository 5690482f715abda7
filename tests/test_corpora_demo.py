import shutil
import zlib
from collections import Counter
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import librosa
import numpy as np
import pandas as pd
import pytest
import soundfile
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st
from mutagen import MutagenError
from mutagen.ogg import OggPage
from scipy.stats import spearmanr

from lib.audio import Spectrogram, log_mel
from lib.corpora import demo
from lib.corpora.demo import NAMES, collect, compose, render
from lib.corpora.demo.artists import artists_per_genre
from lib.corpora.demo.files import FORMATS, relative_path, write_song
from lib.corpora.demo.genres import GENRES, SECTIONS
from lib.corpora.demo.harmony import SCALES, chord, voicing
from lib.corpora.demo.instruments import INSTRUMENTS
from lib.corpora.demo.patterns import PATTERNS, beats_per_bar, pattern_steps
from lib.corpora.demo.score import write_score
from lib.corpora.tags import read_tags
from lib.errors import ReportError
from lib.paths import Study
from lib.tables import moods, read_json

RATE = 44100
SMALL = {"songs_per_genre": 1, "seconds": 3.0}
COLUMNS = ["track_id", "path", "title", "artist", "album", "license", "genre", "valence", "energy", "danceability"]


def contents(table):
    return {row.track_id: Path(row.path).read_bytes() for row in table.itertuples()}


def mtimes(table):
    return {path: Path(path).stat().st_mtime_ns for path in table["path"]}


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    return collect(Study("demo", tmp_path_factory.mktemp("a")), workers=1, **SMALL)


@pytest.fixture
def study(tmp_path, small):
    """A study that holds the small corpus already."""
    here = Study("demo", tmp_path)
    source = small["path"].iloc[0].rsplit("/", 2)[0]
    shutil.copytree(source, here.audio)
    return here


# --- composition ---------------------------------------------------------------------------------------------------


def corpus(seed=0, songs_per_genre=12, seconds=30.0):
    return [compose(g, i, seed, songs_per_genre, seconds) for g in NAMES for i in range(songs_per_genre)]


def test_default_corpus_has_six_genres_six_artists_each_and_unique_names():
    songs = corpus()
    assert NAMES == ("Rock", "Hip-Hop", "Pop", "Folk", "Instrumental", "Electronic")
    assert len(songs) == 72
    for genre in NAMES:
        assert sorted(Counter(s.artist.name for s in songs if s.genre == genre).values()) == [2] * 6
    assert len({s.title for s in songs}) == len({s.track_id for s in songs}) == 72
    assert len({s.artist.name for s in songs}) == len({s.artist.album for s in songs}) == 36


@pytest.mark.parametrize(
    ("songs", "artists"), [(1, 1), (2, 2), (5, 5), (6, 6), (7, 6), (11, 6), (12, 6), (13, 7), (24, 12), (500, 250)]
)
def test_artists_per_genre(songs, artists):
    assert artists_per_genre(songs) == artists


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), songs_per_genre=st.integers(1, 17))
def test_every_corpus_keeps_names_unique_and_moods_and_formats_balanced(seed, songs_per_genre):
    songs = corpus(seed, songs_per_genre)
    artists = {s.artist.name: s.artist.album for s in songs}
    assert len({s.title for s in songs}) == len(songs)
    assert len(artists) == len(set(artists.values())) == 6 * artists_per_genre(songs_per_genre)
    assert max(Counter(s.artist.name for s in songs).values()) <= 2
    for genre in GENRES:
        of_genre = [s for s in songs if s.genre == genre.name]
        modes = Counter(s.mode for s in of_genre)
        counts = [modes[mode] for mode in ("minor", "mixed", "major")]
        assert max(counts) - min(counts) <= 1
        formats = Counter(s.suffix for s in of_genre)
        assert max(formats.values()) - min(formats[f] for f in FORMATS) <= 1
        for song in of_genre:
            assert genre.tempo[0] <= song.tempo_bpm <= genre.tempo[1]
            assert all(0 <= v <= 1 for v in (song.valence, song.energy, song.danceability, song.brightness))
            place = (song.tempo_bpm - genre.tempo[0]) / (genre.tempo[1] - genre.tempo[0])
            level = {"minor": 0.0, "mixed": 0.5, "major": 1.0}[song.mode]
            assert song.valence == pytest.approx(0.5 * level + 0.25 * place + 0.25 * song.register, abs=1e-3)
    for name in artists:  # the two songs of an artist differ in mood and in format
        own = [s for s in songs if s.artist.name == name]
        assert len({s.mode for s in own}) == len({s.suffix for s in own}) == len(own)


@pytest.mark.parametrize("seed", [0, 1, 7])
def test_mood_is_no_function_of_genre(seed):
    songs = pd.DataFrame([{"genre": s.genre, "valence": s.valence} for s in corpus(seed)])
    mood, _ = moods(songs["valence"])
    assert (pd.crosstab(songs["genre"], mood) == 4).all(axis=None)


def test_song_is_the_same_whatever_its_length_and_differs_with_the_seed():
    long, short = compose("Pop", 3, 5, 12, 30.0), compose("Pop", 3, 5, 12, 6.0)
    assert replace(short, seconds=30.0) == long
    assert compose("Pop", 3, 6, 12, 30.0) != long


def test_energy_and_danceability_follow_tempo_drums_and_loudness():
    songs = corpus()
    mean = {g: np.mean([s.energy for s in songs if s.genre == g]) for g in NAMES}
    assert mean["Electronic"] > mean["Hip-Hop"] > mean["Instrumental"]
    drummed = [s.danceability for s in songs if s.artist.pattern in ("four", "house")]
    still = [s.danceability for s in songs if s.artist.pattern in ("none", "waltz")]
    assert min(drummed) > max(still)


def test_constants_refer_to_each_other():
    for genre in GENRES:
        assert set(genre.patterns) <= set(PATTERNS)
        played = {c for c, _ in genre.chords} | {b for b, _ in genre.basses} | {*genre.leads, *genre.pads, *genre.hooks}
        assert played - {"none"} <= set(INSTRUMENTS)
        assert set(genre.neighbours) < set(NAMES)
        assert {name for plan in genre.plans for name in plan} <= set(SECTIONS)
        for mode, options in genre.progressions.items():
            for numeral in " ".join(options).split():
                assert len(chord(numeral)) in (3, 4)
            if mode != "mixed":  # the tonic's third is that of the mode
                assert all(chord(o.split()[0])[1] == {"major": 4, "minor": 3}[mode] for o in options)
    for name in PATTERNS:
        assert {len(steps) for steps in pattern_steps(name).values()} <= {4 * beats_per_bar(name)}
    assert beats_per_bar("waltz") == 3


def test_chords():
    assert chord("I") == (0, 4, 7)
    assert chord("bVII") == (10, 14, 17)
    assert chord("ii7") == (2, 5, 9, 12)
    assert chord("IVmaj7") == (5, 9, 12, 16)
    assert voicing("vi", 0, 60) == [57, 60, 64]


def test_notes_keep_to_scale_and_chords_and_hits_to_the_pattern():
    for song in corpus(3, 6, 20.0):
        notes, hits = write_score(song)
        scale = {(song.tonic + semitone) % 12 for semitone in SCALES[song.scale]}
        harmony = {(song.tonic + semitone) % 12 for numeral in song.progression for semitone in chord(numeral)}
        pitched = [n for n in notes if n.part in ("lead", "hook") and n.instrument != "rap"]
        assert all(n.midi % 12 in scale | harmony for n in pitched)
        assert all(0 <= n.start_s < song.seconds and n.seconds > 0 for n in notes)
        assert all(0 <= h.start_s < song.seconds for h in hits)
        assert {h.voice for h in hits} - {"crash", "tom", "snare"} <= set(PATTERNS[song.artist.pattern])
        assert hits or song.artist.pattern == "none"
        assert not (hits and song.artist.pattern == "none")
        assert len({song.section(bar) for bar in range(song.bars)}) > 1  # the arrangement changes


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"songs_per_genre": 0}, "songs_per_genre is 0"),
        ({"songs_per_genre": 501}, "501"),
        ({"songs_per_genre": 2.5}, "2.5"),
        ({"songs_per_genre": True}, "True"),
        ({"seconds": 0.0}, "seconds is 0.0"),
        ({"seconds": float("nan")}, "nan"),
        ({"seconds": "long"}, "'long'"),
        ({"seed": -1}, "seed is -1"),
        ({"data": "/music"}, "'/music'"),
    ],
)
def test_wrong_parameters_are_named(tmp_path, wrong, told):
    with pytest.raises(ReportError, match=told):
        collect(Study("demo", tmp_path), **wrong)
    assert not list(tmp_path.iterdir())


def test_unknown_genre_and_index_are_named():
    with pytest.raises(ReportError, match=r"'Jazz'.*Rock"):
        compose("Jazz", 0)
    with pytest.raises(ReportError, match="index is 12"):
        compose("Rock", 12)


# --- files ---------------------------------------------------------------------------------------------------------


def test_same_seed_same_bytes_in_all_four_formats_and_in_worker_processes(tmp_path, small):
    again = collect(Study("other", tmp_path), workers=2, **SMALL)
    assert {path.rsplit(".", 1)[1] for path in small["path"]} == set(FORMATS)
    assert contents(again) == contents(small)
    assert again.drop(columns="path").equals(small.drop(columns="path"))


def test_another_seed_gives_other_bytes(tmp_path, small):
    other = contents(collect(Study("demo", tmp_path), workers=1, seed=1, **SMALL))
    assert all(other[track] != data for track, data in contents(small).items())


def test_files_are_as_documented(small):
    assert list(small.columns) == COLUMNS
    for row in small.itertuples():
        song = compose(row.genre, 0, 0, **SMALL)
        assert row.path.endswith(relative_path(song)) and row.path.isascii() and row.track_id == song.track_id
        info = soundfile.info(row.path)
        assert (info.samplerate, info.channels, info.duration) == (RATE, 2, 3.0)
        assert info.format == FORMATS[row.path.rsplit(".", 1)[1]][0]
        assert read_tags(row.path) == {
            "artist": row.artist, "title": row.title, "album": row.album, "license": "CC0-1.0",
        }  # fmt: skip
        samples, _ = soundfile.read(row.path)
        assert np.isfinite(samples).all() and np.abs(samples).max() < 1
        assert np.sqrt((samples**2).mean()) > 0.02
        assert np.abs(samples[:, 0] - samples[:, 1]).max() > 0.005


def test_coding_keeps_the_song(small):
    for row in small.itertuples():
        written, _ = soundfile.read(row.path)
        played = render(compose(row.genre, 0, 0, **SMALL)).T
        assert len(written) == len(played)
        assert np.corrcoef(written[:, 0], played[:, 0])[0, 1] > 0.97


def test_ogg_serial_number_is_the_songs_own(small):
    path = next(path for path in small["path"] if path.endswith(".ogg"))
    with Path(path).open("rb") as file:
        assert OggPage(file).serial == zlib.crc32(small.set_index("path").loc[path, "track_id"].encode())


def test_second_call_composes_nothing(study, small, monkeypatch):
    before = collect(study, workers=1, **SMALL)
    stamps = mtimes(before) | {"manifest": (study.audio / "manifest.json").stat().st_mtime_ns}
    monkeypatch.setattr(demo, "render", lambda song: pytest.fail(f"{song.track_id} was composed again"))
    after = collect(study, workers=1, **SMALL)
    assert stamps == mtimes(after) | {"manifest": (study.audio / "manifest.json").stat().st_mtime_ns}
    assert after.equals(before)


@pytest.mark.parametrize("damage", ["cut", "flipped", "gone"])
def test_damaged_file_is_composed_again(study, small, damage):
    table = collect(study, workers=1, **SMALL)
    path, stamps = Path(table["path"].iloc[2]), mtimes(table)
    data = path.read_bytes()
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes(data[: len(data) // 2] if damage == "cut" else data[:-9] + b"\0" + data[-8:])
    stamps.pop(str(path))
    assert contents(collect(study, workers=1, **SMALL)) == contents(small)
    assert stamps.items() <= mtimes(table).items()


@pytest.mark.parametrize("text", ["{", "[]", '{"songs": 3}', '{"songs": {"../../x.mp3": {}, "rock/rock-01.mp3": 1}}'])
def test_damaged_manifest_is_made_anew(study, small, text, monkeypatch):
    outside = study.root / "work" / "x.mp3"
    outside.write_text("mine")
    (study.audio / "manifest.json").write_text(text)
    made = []
    monkeypatch.setattr(demo, "_make", lambda item: made.append(item) or "0" * 64)
    collect(study, workers=1, **SMALL)
    assert len(made) == 6 and len(read_json(study.audio / "manifest.json")["songs"]) == 6
    assert outside.exists()


def test_changed_parameters_compose_anew_and_clear_only_their_own_files(study, small):
    mine = study.audio / "rock" / "mine.mp3"
    mine.write_text("mine")
    larger = collect(study, workers=1, songs_per_genre=2, seconds=3.0)
    assert len(larger) == 12
    longer = collect(study, workers=1, songs_per_genre=1, seconds=4.0)
    assert [soundfile.info(path).duration for path in longer["path"]] == [4.0] * 6
    assert sorted(p.name for p in (study.audio / "rock").iterdir()) == ["mine.mp3", "rock-01.mp3"]


@pytest.mark.parametrize("workers", [1, 2])
def test_interrupted_run_is_completed(tmp_path, small, monkeypatch, workers):
    here = Study("demo", tmp_path)
    told = []

    def interrupt(text, **_):
        told.append(text)
        if len(told) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(demo, "tell", interrupt)
    with pytest.raises(KeyboardInterrupt):
        collect(here, workers=workers, **SMALL)
    assert not list(here.audio.rglob("*.part"))
    done = read_json(here.audio / "manifest.json")["songs"]
    stamps = {name: (here.audio / name).stat().st_mtime_ns for name in done}
    assert len(done) == 2
    monkeypatch.setattr(demo, "tell", lambda text, **_: told.append(text))
    assert contents(collect(here, workers=1, **SMALL)) == contents(small)
    assert stamps == {name: (here.audio / name).stat().st_mtime_ns for name in done}
    assert told[-1] == "composing 4/4"


def test_song_that_cannot_be_written_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(demo.pool, "run", lambda function, items, **_: ((i, None, "ReportError: full") for i in items))
    with pytest.raises(ReportError, match=r"rock-01\.mp3 could not be composed: full"):
        collect(Study("demo", tmp_path), **SMALL)


@pytest.mark.parametrize("free", [0, 10**9])
@pytest.mark.parametrize(
    ("place", "error"),
    [("soundfile.SoundFile.write", soundfile.LibsndfileError(2)), ("_tag", MutagenError("no space left"))],
)
def test_full_disk_is_told_and_other_trouble_kept(tmp_path, monkeypatch, free, place, error):
    def fail(*_):
        raise error

    monkeypatch.setattr(f"lib.corpora.demo.files.{place}", fail)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=free))
    path = tmp_path / "rock-01.flac"
    path.write_text("older")
    song = replace(compose("Rock", 0, 0, **SMALL), suffix="flac")
    with pytest.raises(type(error) if free else ReportError, match=None if free else "The disk is full") as caught:
        write_song(np.zeros((2, RATE), np.float32), song, path)
    assert caught.value is error or caught.value.__cause__.__cause__ is error
    assert [p.name for p in tmp_path.iterdir()] == [path.name] and path.read_text() == "older"


# --- sound ---------------------------------------------------------------------------------------------------------

SECONDS = 9.0
CHOSEN = (0, 6, 1, 7, 3)  # of each genre: both songs of two artists, one of a third
MAJOR = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)  # Krumhansl and Kessler 1982
MINOR = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)


@pytest.fixture(scope="module")
def heard():
    """Songs with their stereo sound, mono at 22.05 kHz, log-mel and magnitude spectrum."""
    found = []
    for genre in NAMES:
        for index in CHOSEN:
            song = compose(genre, index, 0, 12, SECONDS)
            stereo = render(song)
            y = soxr.resample(stereo.mean(axis=0), RATE, 22050)
            mel = log_mel(y, Spectrogram(excerpt_s=SECONDS))
            spectrum = np.abs(librosa.stft(y, n_fft=8192, hop_length=4096))
            found.append((song, stereo, mel, spectrum))
    return found


def test_sound_is_stereo_finite_loud_enough_and_never_clips(heard):
    for _, stereo, *_ in heard:
        assert stereo.shape == (2, round(SECONDS * RATE)) and stereo.dtype == np.float32
        assert np.isfinite(stereo).all() and np.abs(stereo).max() < 0.9
        slices = stereo.reshape(2, 3, -1)  # slices of 3 s
        assert np.sqrt((slices**2).mean(axis=(0, 2))).min() > 0.01


def test_rendering_is_deterministic(heard):
    song, stereo, *_ = heard[7]
    assert np.array_equal(render(song), stereo)


def test_estimated_tempo_follows_the_composed_one(heard):
    near = []
    for song, _, mel, _ in heard:
        onset = librosa.onset.onset_strength(S=mel, sr=22050)
        tempo = librosa.feature.tempo(onset_envelope=onset, sr=22050)[0]
        octaves = np.log2(tempo / song.tempo_bpm)
        near.append(min(abs(octaves - shift) for shift in (-1, 0, 1)) < 0.06)
    assert np.mean(near) > 0.75


def test_estimated_mode_follows_the_composed_one(heard):
    whole, own = [], []
    for song, _, _, spectrum in heard:
        if song.mode == "mixed":
            continue
        chroma = librosa.feature.chroma_stft(S=spectrum**2, sr=22050, n_fft=8192, tuning=0, norm=1).mean(axis=1)
        fit = {
            (tonic, mode): np.corrcoef(chroma, np.roll(profile, tonic))[0, 1]
            for tonic in range(12)
            for mode, profile in (("major", MAJOR), ("minor", MINOR))
        }
        whole.append(max(fit, key=fit.get)[1] == song.mode)
        own.append(max(("major", "minor"), key=lambda mode: fit[song.tonic, mode]) == song.mode)
    assert len(own) >= 12
    assert np.mean(whole) > 0.65 and np.mean(own) > 0.85


def test_spectral_centroid_follows_the_composed_brightness(heard):
    rank = []
    for genre in NAMES:
        own = [(song, spectrum) for song, _, _, spectrum in heard if song.genre == genre]
        centroid = [librosa.feature.spectral_centroid(S=spectrum, sr=22050).mean() for _, spectrum in own]
        rank.append(spearmanr([song.brightness for song, _ in own], centroid).statistic)
    assert np.mean(rank) > 0.4


def test_slices_resemble_their_song_more_than_their_artist_more_than_their_genre(heard):
    width = Spectrogram().slice_frames
    rows = [
        (song.genre, song.artist.name, song.track_id, mel[:, start : start + width].mean(axis=1))
        for song, _, mel, _ in heard
        for start in range(0, mel.shape[1] - width, width)
    ]
    genre, artist, track = (np.array([row[i] for row in rows]) for i in range(3))
    mean = np.array([row[3] for row in rows])
    distance = np.sqrt(((mean[:, None] - mean) ** 2).mean(axis=2))
    same = [label[:, None] == label for label in (track, artist, genre)]
    other = ~np.eye(len(rows), dtype=bool)
    within_song = distance[same[0] & other].mean()
    within_artist = distance[same[1] & ~same[0]].mean()
    within_genre = distance[same[2] & ~same[1]].mean()
    between = distance[~same[2]].mean()
    assert within_song < within_artist < within_genre < between
