"""The user's own settings are not the report's."""

import json
import os
import subprocess
import sys

import keras

from lib import isolation
from lib.isolation import isolate, socket_folder
from lib.models import Head, descriptions
from lib.paths import PROJECT

SEEN = """
import json
import lib
import keras, matplotlib
from lib.models import Head, descriptions
from lib.plots.style import use_style
use_style()
described = descriptions.describe("yu2018", (96, 129), [Head("genre", ("a", "b"))])
print(json.dumps([described, keras.backend.backend(), matplotlib.rcParams["text.usetex"]]))
"""


def seen(**environment: str) -> tuple[list, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("KERAS")}
    done = subprocess.run(
        [sys.executable, "-c", SEEN],
        cwd=PROJECT, capture_output=True, text=True, check=False, env=kept | environment,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1]), done.stderr


def usual() -> list:
    return [json.loads(json.dumps(descriptions.describe("yu2018", (96, 129), [Head("genre", ("a", "b"))])))]


def test_settings_of_the_user_and_another_backend_change_nothing(tmp_path):
    (tmp_path / ".keras").mkdir()
    (tmp_path / ".keras" / "keras.json").write_text('{"floatx": "float16", "image_data_format": "channels_first"}')
    (tmp_path / "matplotlibrc").write_text("text.usetex: True\nbackend: TkAgg\n")
    home = {"HOME": str(tmp_path), "MATPLOTLIBRC": str(tmp_path), "MPLBACKEND": "TkAgg", "KERAS_BACKEND": "torch"}
    found, errors = seen(**home)
    assert found == [*usual(), "tensorflow", False]
    assert "KERAS_BACKEND=torch" in errors


def test_keras_that_is_imported_already_is_set_as_well(monkeypatch):
    monkeypatch.setattr("os.environ", dict(os.environ))
    try:
        keras.config.set_floatx("float16")
        keras.config.set_image_data_format("channels_first")
        isolate()
        assert (keras.config.floatx(), keras.config.image_data_format()) == ("float32", "channels_last")
    finally:
        keras.config.set_floatx("float32")
        keras.config.set_image_data_format("channels_last")


def test_a_home_that_is_missing_is_done_without(tmp_path):
    code = "import os, lib; from pathlib import Path; print(Path.home(), os.environ['MPLCONFIGDIR'])"
    environment = {**os.environ, "HOME": "/proc/none", "TMPDIR": str(tmp_path)}
    environment.pop("MPLCONFIGDIR", None)
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT, env=environment, capture_output=True, text=True, check=True
    )
    home, settings = done.stdout.split()
    assert home.startswith(str(tmp_path)) and os.path.isdir(home) and os.path.isdir(settings)  # noqa: PTH112


def test_a_folder_that_somebody_else_set_up_is_not_used(monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    first = isolation._own_folder()
    assert first == isolation._own_folder()
    assert first.stat().st_mode & 0o777 == 0o700
    first.rename(tmp_path / "theirs")
    first.symlink_to(tmp_path / "theirs")
    assert isolation._own_folder() != first


def test_sockets_lie_in_a_folder_with_a_short_path(monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / ("long" * 22)))
    assert len(socket_folder()) < 80
