"""The user's own settings are not the report's."""

import json
import os
import subprocess
import sys

from lib.isolation import socket_folder
from lib.models import Head, descriptions
from lib.paths import PROJECT

SEEN = """
import json
{first}
import lib
import keras, matplotlib
from lib.models import Head, descriptions
from lib.plots.style import use_style
use_style()
described = descriptions.describe("yu2018", (96, 129), [Head("genre", ("a", "b"))])
print(json.dumps([described, keras.backend.backend(), matplotlib.rcParams["text.usetex"]]))
"""


def seen(first: str = "", **environment: str) -> tuple[list, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("KERAS")}
    done = subprocess.run(
        [sys.executable, "-c", SEEN.format(first=first)],
        cwd=PROJECT, capture_output=True, text=True, check=False, env=kept | environment,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1]), done.stderr


def usual() -> list:
    return [json.loads(json.dumps(descriptions.describe("yu2018", (96, 129), [Head("genre", ("a", "b"))])))]


def test_settings_in_the_home_folder_and_another_backend_change_nothing(tmp_path):
    (tmp_path / ".keras").mkdir()
    (tmp_path / ".keras" / "keras.json").write_text('{"floatx": "float16", "image_data_format": "channels_first"}')
    (tmp_path / "matplotlibrc").write_text("text.usetex: True\nbackend: TkAgg\n")
    home = {"HOME": str(tmp_path), "MATPLOTLIBRC": str(tmp_path), "MPLBACKEND": "TkAgg", "KERAS_BACKEND": "torch"}
    found, errors = seen(**home)
    assert found == [*usual(), "tensorflow", False]
    assert "KERAS_BACKEND=torch" in errors


def test_a_home_that_is_missing_is_done_without_and_keras_may_be_imported_before(tmp_path):
    first = "import keras; keras.config.set_floatx('float16'); keras.config.set_image_data_format('channels_first')"
    found, _ = seen(first, HOME="/proc/none", TMPDIR=str(tmp_path))
    assert found == [*usual(), "tensorflow", False]


def test_sockets_lie_in_a_folder_with_a_short_path(monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / ("long" * 22)))
    assert len(socket_folder()) < 80
