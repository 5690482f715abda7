"""What the tests share."""

import gc
import os
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile

from lib.datasets.tracks import tracks_table
from lib.paths import PROJECT

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
gc.set_threshold(100_000, 50, 50)  # imports and tables leave little garbage: a twentieth of the time


def pytest_collection_modifyitems(items):
    """Begin with the longest files, so that no worker waits for another at the end."""
    longest = ["test_chain", "test_workflow", "test_training", "test_site", "test_tagging", "test_selection"]
    items.sort(key=lambda item: longest.index(item.path.stem) if item.path.stem in longest else len(longest))


@pytest.fixture(scope="module", autouse=True)
def what_is_loaded_stays():
    """Keep garbage collection quick: statsmodels collects at each call, seconds once TensorFlow is loaded."""
    gc.freeze()


def music_folder() -> Path:
    """Folder of the real music: $MUSIC_DATA, or shared/data beside the project."""
    return Path(os.environ.get("MUSIC_DATA") or PROJECT.parent / "shared" / "data")


@pytest.fixture
def emotify() -> Path:
    """Folder of the Emotify clips; the test skips where they are missing."""
    folder = music_folder() / "emotify"
    if not folder.is_dir():
        pytest.skip(f"real music is missing: no {folder} (set MUSIC_DATA)")
    return folder


@pytest.fixture
def tone(tmp_path):
    """Writer of short synthetic clips: ``tone("a.wav", seconds=4, hz=440)`` returns the path."""

    def write(name: str, seconds: float = 4.0, hz: float = 440.0, rate: int = 22050, channels: int = 1) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        time = np.arange(int(seconds * rate)) / rate
        y = 0.3 * np.sin(2 * np.pi * hz * time) * (1 + 0.5 * np.sin(2 * np.pi * 3 * time))
        soundfile.write(path, np.repeat(y[:, None], channels, axis=1).astype(np.float32), rate)
        return path

    return write


@pytest.fixture(scope="session")
def make_tracks():
    """Maker of tracks tables: ``make_tracks(genres=2, artists=6, songs=2)``, songs an artist, artists a genre."""

    def make(genres: int = 2, artists: int = 6, songs: int = 2, seed: int = 0) -> pd.DataFrame:
        rng = np.random.default_rng(seed)
        rows = [
            {
                "track_id": f"g{g}-a{a}-s{s}",
                "path": f"g{g}/a{a}-{s}.wav",
                "genre": f"g{g}",
                "mood": ("sad", "neutral", "happy")[rng.integers(3)],
                "song_group": f"g{g}-a{a}-s{s}",
                "artist_group": f"g{g}-a{a}-s0",
                "album": f"album {g}-{a}",
                "album_group": f"g{g}-a{a}-s0",
                "status": "ok",
            }
            for g in range(genres)
            for a in range(artists)
            for s in range(songs)
        ]
        return tracks_table(pd.DataFrame(rows))

    return make


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A copy of the project in which the tiny study has run once."""
    from tests.chain import copy_of_the_project, report

    project = copy_of_the_project(tmp_path_factory.mktemp("project"))
    done = report(project)
    assert done.returncode == 0, done.stdout + done.stderr
    project.joinpath("output.txt").write_text(done.stdout)
    return project


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    """A study of notebooks with every kind of output, and its pages; not to be changed."""
    from lib.site.build import build
    from tests.site import make

    study = make(tmp_path_factory.mktemp("site"))
    assert build(study) == study.results / "index.html"
    return study


@pytest.fixture(scope="session")
def soups(built):
    """The pages of `built`, parsed, by their address."""
    from tests.site import pages

    return pages(built)


QUIET = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


def unavailable(reason: str):
    """Skip a test of the pages for want of a program; fail where they must not skip."""
    (pytest.fail if os.environ.get("BROWSER_TESTS") == "required" else pytest.skip)(reason)


@pytest.fixture(scope="session")
def browser():
    """Headless Chromium."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        unavailable("Chromium is not installed (Debian: apt install chromium)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=program, args=QUIET)
        yield chromium
        chromium.close()
