import shutil
import zlib
from collections import Counter
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from mutagen import MutagenError
from mutagen.ogg import OggPage
from scipy.signal import stft
from scipy.stats import spearmanr

from lib.datasets import demo
from lib.datasets.demo import NAMES, collect, compose, render
from lib.datasets.demo.catalogue import CATALOGUE, GENRES, artists_per_genre
from lib.datasets.demo.composition import STEPS
from lib.datasets.demo.files import FORMATS, write_song
from lib.datasets.demo.score import chord, nearest, scale_of, write_score
from lib.datasets.file_tags import read_tags
from lib.datasets.tracks import moods
from lib.errors import ReportError
from lib.features.spectrogram import Spectrogram, log_mel
from lib.paths import Study

RATE = 22050
SMALL = {"songs_per_genre": 1, "seconds": 3.0}
COLUMNS = ["track_id", "path", "title", "artist", "album", "license", "genre", "valence", "energy", "danceability"]


def contents(table):
    return {row.track_id: Path(row.path).read_bytes() for row in table.itertuples()}


def mtimes(table):
    return {path: Path(path).stat().st_mtime_ns for path in table["path"]}


def suffix(path):
    return path.rsplit(".", 1)[1]


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    return collect(Study("demo", tmp_path_factory.mktemp("a")), workers=1, **SMALL)


@pytest.fixture
def study(tmp_path, small):
    """A study that holds the small corpus already."""
    here = Study("demo", tmp_path)
    shutil.copytree(Path(small["path"].iloc[0]).parents[1], here.audio)
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
    assert len({s.artist.name for s in songs}) == len({s.album for s in songs}) == 36


@pytest.mark.parametrize(
    ("songs", "artists"), [(1, 1), (2, 2), (5, 5), (6, 6), (7, 6), (11, 6), (12, 6), (13, 7), (24, 12), (100, 50)]
)
def test_artists_per_genre(songs, artists):
    assert artists_per_genre(songs) == artists


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), songs_per_genre=st.integers(1, 17))
def test_every_corpus_keeps_names_unique_and_moods_and_formats_balanced(seed, songs_per_genre):
    songs = corpus(seed, songs_per_genre)
    albums = {s.artist.name: s.album for s in songs}
    assert len({s.title for s in songs}) == len(songs)
    assert len(albums) == len(set(albums.values())) == 6 * artists_per_genre(songs_per_genre)
    assert max(Counter(s.artist.name for s in songs).values()) <= 2
    for genre in NAMES:
        of_genre, (slowest, fastest) = [s for s in songs if s.genre == genre], GENRES[genre]["tempo"]
        modes = Counter(s.mode for s in of_genre)
        counts = [modes[mode] for mode in ("minor", "mixed", "major")]
        assert max(counts) - min(counts) <= 1
        formats = Counter(s.suffix for s in of_genre)
        assert max(formats.values()) - min(formats[f] for f in FORMATS) <= 1
        for song in of_genre:
            assert slowest <= song.tempo_bpm <= fastest
            assert all(0 <= v <= 1 for v in (song.valence, song.energy, song.danceability, song.brightness))
            place = (song.tempo_bpm - slowest) / (fastest - slowest)
            level = {"minor": 0.0, "mixed": 0.5, "major": 1.0}[song.mode]
            assert song.valence == pytest.approx(0.5 * level + 0.25 * place + 0.25 * song.register, abs=1e-3)
    for name in albums:  # the songs of an artist differ in mood and in format
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
    still = [s.danceability for s in songs if s.artist.pattern in ("none", "processional")]
    assert min(drummed) > max(still)


def test_the_catalogue_refers_to_itself():
    instruments = set(CATALOGUE["instruments"])
    for genre in GENRES.values():
        assert set(genre["pattern"]) <= set(CATALOGUE["patterns"])
        assert {*genre["lead"], *genre["pad"], *genre["hook"]} - {"none"} <= instruments
        played = [words.split() for words in genre["chords"] + genre["bass"]]
        assert {name for name, _ in played} <= instruments
        assert {manner for _, manner in played} <= {*CATALOGUE["manners"], "kick"}
        assert set(genre["traits"]) <= set(CATALOGUE["traits"])
    assert {name for plan in CATALOGUE["plans"] for name in plan} <= set(CATALOGUE["sections"])
    lines = [line for pattern in CATALOGUE["patterns"].values() for line in pattern.values()]
    lines += [line for _, line in CATALOGUE["manners"].values()]
    assert {len(line) for line in lines} == {STEPS} and set("".join(lines)) == set("Ahof.")
    drums = {drum for pattern in CATALOGUE["patterns"].values() for drum in pattern}
    assert drums | set(CATALOGUE["light"]) == set(CATALOGUE["drums"])
    for mode, third in (("major", 4), ("minor", 3)):  # the tonic's third is that of the mode
        assert {chord(words.split()[0])[1] for words in CATALOGUE["progressions"][mode]} == {third}
    for words in CATALOGUE["words"].values():
        assert len(set(words)) == len(words) and len(words) ** 2 >= 6 * demo.catalogue.MOST_SONGS


def test_chords():
    assert chord("I") == (0, 4, 7)
    assert chord("bVII") == (10, 14, 17)
    assert chord("ii7") == (2, 5, 9, 12)
    assert chord("IVmaj7") == (5, 9, 12, 16)
    assert [nearest((pitch,), 60) for pitch in chord("vi")] == [57, 60, 64]


def test_notes_keep_to_scale_and_chords_and_hits_to_the_pattern():
    for song in corpus(3, 6, 20.0):
        notes = write_score(song)
        drums = {note.instrument for note in notes if note.part == "drums"}
        allowed = {*scale_of(song), *(semitone for numeral in song.progression for semitone in chord(numeral))}
        pitches = {(note.midi - song.tonic) % 12 for note in notes if note.part != "drums"}
        fifths = {7} if song.artist.bass.endswith("alternating") or "electric" in song.artist.chords else set()
        fifths = {(chord(numeral)[0] + seventh) % 12 for numeral in song.progression for seventh in fifths}
        assert pitches <= {semitone % 12 for semitone in allowed} | fifths
        assert all(0 <= note.start_s < song.seconds for note in notes)
        assert all(note.seconds > 0 for note in notes if note.part != "drums")
        assert drums == set(CATALOGUE["patterns"][song.artist.pattern])
        assert len({id(song.section(bar)) for bar in range(song.bars)}) > 1  # the arrangement changes


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        ({"songs_per_genre": 0}, "songs_per_genre is 0"),
        ({"songs_per_genre": 101}, "101"),
        ({"songs_per_genre": 2.5}, "2.5"),
        ({"songs_per_genre": True}, "True"),
        ({"seconds": 0.0}, "seconds is 0.0"),
        ({"seconds": float("nan")}, "nan"),
        ({"seconds": "long"}, "'long'"),
        ({"seed": -1}, "seed is -1"),
        ({"data": "/music"}, "'/music'"),
    ],
)
def test_wrong_parameters_are_named(tmp_path, wrong, expected):
    with pytest.raises(ReportError, match=expected):
        collect(Study("demo", tmp_path), **wrong)
    assert not list(tmp_path.iterdir())


# --- files ---------------------------------------------------------------------------------------------------------


def test_same_seed_same_bytes_in_all_four_formats_and_in_worker_processes(tmp_path, small):
    again = collect(Study("other", tmp_path), workers=2, **SMALL)
    assert {suffix(path) for path in small["path"]} == set(FORMATS)
    assert contents(again) == contents(small)
    assert again.drop(columns="path").equals(small.drop(columns="path"))


def test_another_seed_gives_other_bytes(tmp_path, small):
    other = contents(collect(Study("demo", tmp_path), workers=1, seed=1, **SMALL))
    assert all(other[track] != data for track, data in contents(small).items())


def test_files_are_as_documented(small):
    assert list(small.columns) == COLUMNS
    for row in small.itertuples():
        song = compose(row.genre, 0, 0, **SMALL)
        assert (
            row.path.isascii() and f"{row.genre.lower()}/{row.track_id}-" in row.path and row.track_id == song.track_id
        )
        info = soundfile.info(row.path)
        assert (info.samplerate, info.channels, info.duration) == (RATE, 1, 3.0)
        assert info.format == FORMATS[suffix(row.path)][0]
        assert read_tags(row.path) == {
            "artist": row.artist, "title": row.title, "album": row.album, "license": "CC0-1.0",
        }  # fmt: skip
        written, _ = soundfile.read(row.path)
        played = render(song)
        assert np.isfinite(written).all() and np.abs(written).max() < 1
        assert len(written) == len(played) and np.corrcoef(written, played)[0, 1] > 0.97  # coding keeps the song


def test_ogg_serial_number_is_the_songs_own(small):
    path = next(path for path in small["path"] if path.endswith(".ogg"))
    with Path(path).open("rb") as file:
        assert OggPage(file).serial == zlib.crc32(small.set_index("path").loc[path, "track_id"].encode())


def test_second_call_composes_only_what_is_missing(study, small, monkeypatch):
    before = collect(study, workers=1, **SMALL)
    stamps = mtimes(before)
    path = before["path"].iloc[2]
    Path(path).unlink()
    assert contents(collect(study, workers=1, **SMALL)) == contents(small)
    assert {other for other, stamp in mtimes(before).items() if stamp != stamps[other]} == {path}
    monkeypatch.setattr(demo, "render", lambda song: pytest.fail(f"{song.track_id} was composed again"))
    assert collect(study, workers=1, **SMALL).equals(before)


def test_changed_composer_composes_anew(study, small, monkeypatch):
    made = []
    monkeypatch.setattr(demo, "_composer", lambda: "another version")
    monkeypatch.setattr(demo, "_make", lambda item: made.append(item))
    assert not set(collect(study, workers=1, **SMALL)["path"]) & set(small["path"])
    assert len(made) == 6


def test_changed_parameters_compose_anew_and_clear_only_their_own_files(study):
    mine = study.audio / "rock" / "mine-01.mp3"
    mine.write_text("mine")
    assert len(collect(study, workers=1, songs_per_genre=2, seconds=3.0)) == 12
    longer = collect(study, workers=1, songs_per_genre=1, seconds=4.0)
    assert [soundfile.info(path).duration for path in longer["path"]] == [4.0] * 6
    assert sorted(study.audio.rglob("*.*")) == sorted([mine, *map(Path, longer["path"])])


def test_interrupted_run_is_completed(tmp_path, small, monkeypatch):
    here, messages = Study("demo", tmp_path), []

    def interrupt(text, **_):
        messages.append(text)
        if len(messages) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(demo, "tell", interrupt)
    with pytest.raises(KeyboardInterrupt):
        collect(here, workers=1, **SMALL)
    stamps = {path: path.stat().st_mtime_ns for path in here.audio.rglob("*.*")}
    assert len(stamps) == 2 and not list(here.audio.rglob("*.part"))
    assert contents(collect(here, workers=1, **SMALL)) == contents(small)
    assert stamps == {path: path.stat().st_mtime_ns for path in stamps}
    assert messages[-1] == "composing 4/4"


def test_song_that_cannot_be_written_is_reported(tmp_path, monkeypatch):
    def fail(items):
        yield from ((item, None, "ReportError: full") for item in items)

    monkeypatch.setattr(demo.pool, "run", lambda function, items, **_: fail(items))
    with pytest.raises(ReportError, match=r"rock-01-\w+\.mp3 could not be composed: full"):
        collect(Study("demo", tmp_path), **SMALL)


@pytest.mark.parametrize("free", [0, 10**9])
@pytest.mark.parametrize(
    ("place", "error"),
    [("soundfile.SoundFile.write", soundfile.LibsndfileError(2)), ("_tag", MutagenError("no space left"))],
)
def test_full_disk_is_reported_and_other_trouble_kept(tmp_path, monkeypatch, free, place, error):
    def fail(*_):
        raise error

    monkeypatch.setattr(f"lib.datasets.demo.files.{place}", fail)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=free))
    path = tmp_path / "rock-01.flac"
    path.write_text("older")
    song = replace(compose("Rock", 0, 0, **SMALL), suffix="flac")
    with pytest.raises(type(error) if free else ReportError, match=None if free else "The disk is full") as caught:
        write_song(np.zeros(RATE, np.float32), song, path)
    assert caught.value is error or caught.value.__cause__.__cause__ is error
    assert [p.name for p in tmp_path.iterdir()] == [path.name] and path.read_text() == "older"


# --- sound ---------------------------------------------------------------------------------------------------------

SECONDS = 9.0
CHOSEN = (0, 6, 1, 7, 3)  # of each genre: both songs of two artists, one of a third
MAJOR = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)  # Krumhansl and Kessler 1982
MINOR = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)


@pytest.fixture(scope="module")
def rendered():
    """Songs with their sound, log-mel [mel, frame] and power spectrum [bin, frame] of 4097 bins."""
    found = []
    for genre in NAMES:
        for index in CHOSEN:
            song = compose(genre, index, 0, 12, SECONDS)
            y = render(song)
            power = np.abs(stft(y, RATE, nperseg=8192)[2]) ** 2
            found.append((song, y, log_mel(y, Spectrogram(excerpt_s=SECONDS)), power))
    return found


def test_sound_is_finite_loud_enough_and_never_clips(rendered):
    for _, y, *_ in rendered:
        assert y.shape == (round(SECONDS * RATE),) and y.dtype == np.float32
        assert np.isfinite(y).all() and np.abs(y).max() < 0.9
        assert np.sqrt((y.reshape(3, -1) ** 2).mean(axis=1)).min() > 0.01  # slices of 3 s


def test_rendering_is_deterministic(rendered):
    song, y, *_ = rendered[7]
    assert np.array_equal(render(song), y)


def test_estimated_tempo_follows_the_composed_one(rendered):
    near = []
    for song, _, mel, _ in rendered:
        onset = np.maximum(np.diff(mel, axis=1), 0).mean(axis=0)
        onset = onset - onset.mean()
        agreement = np.correlate(onset, onset, "full")[len(onset) - 1 :]
        frames = np.arange(1, len(onset))
        tempo = 60 * RATE / 512 / frames
        likely = np.exp(-0.5 * np.log2(tempo / 110) ** 2)
        octaves = np.log2(tempo[np.argmax(agreement[1:] * likely)] / song.tempo_bpm)
        near.append(min(abs(octaves - shift) for shift in (-1, 0, 1)) < 0.06)
    assert np.mean(near) > 0.75


def test_estimated_mode_follows_the_composed_one(rendered):
    whole, own = [], []
    frequency = np.fft.rfftfreq(8192, 1 / RATE)
    used = (frequency > 120) & (frequency < 1200)
    pitch_class = np.round(12 * np.log2(frequency[used] / 440) + 69).astype(int) % 12
    for song, _, _, power in rendered:
        if song.mode == "mixed":
            continue
        chroma = np.bincount(pitch_class, (power[used] / power[used].sum(axis=0)).mean(axis=1), 12)
        fit = {
            (tonic, mode): np.corrcoef(chroma, np.roll(profile, tonic))[0, 1]
            for tonic in range(12)
            for mode, profile in (("major", MAJOR), ("minor", MINOR))
        }
        whole.append(max(fit, key=fit.get)[1] == song.mode)
        own.append(max(("major", "minor"), key=lambda mode: fit[song.tonic, mode]) == song.mode)
    assert len(own) >= 12
    assert np.mean(whole) > 0.65 and np.mean(own) > 0.85


def test_spectral_centroid_follows_the_composed_brightness(rendered):
    rank = []
    frequency = np.fft.rfftfreq(8192, 1 / RATE)
    for genre in NAMES:
        own = [(song.brightness, np.sqrt(power.mean(axis=1))) for song, _, _, power in rendered if song.genre == genre]
        centroid = [(frequency * level).sum() / level.sum() for _, level in own]
        rank.append(spearmanr([brightness for brightness, _ in own], centroid).statistic)
    assert np.mean(rank) > 0.4


def test_slices_resemble_their_song_more_than_their_artist_more_than_their_genre(rendered):
    width = Spectrogram().slice_frames
    rows = [
        (song.genre, song.artist.name, song.track_id, mel[:, start : start + width].mean(axis=1))
        for song, _, mel, _ in rendered
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
