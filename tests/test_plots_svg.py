import base64
import io
import re

import matplotlib.pyplot as plt
import numpy as np
import pytest
from PIL import Image

from lib import plots
from lib.plots import svg, use_style


@pytest.fixture
def figure():
    use_style()
    drawn, axes = plt.subplots()
    rng = np.random.default_rng(0)
    axes.plot(rng.random(50), rng.random(50), "o-", label="0.123456")
    axes.imshow(rng.random((3, 4)), extent=(0, 1, 0, 1))
    axes.set_title("of 0.123456")
    yield drawn
    plt.close(drawn)


def plain(figure, monkeypatch) -> str:
    with monkeypatch.context() as patched:
        patched.setattr("lib.plots._PLACES", re.compile("(?!)"))
        return svg(figure)


def test_places_are_short_and_all_else_is_as_it_was(figure, monkeypatch):
    short, long = svg(figure), plain(figure, monkeypatch)
    assert len(short) < 0.95 * len(long)
    assert "of 0.123456" in short
    number = re.compile(r"-?\d+(?:\.\d+)?")
    assert number.sub("#", short) == number.sub("#", long)
    pairs = zip(number.findall(short), number.findall(long), strict=True)
    apart = [abs(float(a) - float(b)) for a, b in pairs if a != b]
    assert apart
    assert max(apart) <= 0.00501
    assert re.findall(r"scale\([^)]*\)", short) == re.findall(r"scale\([^)]*\)", long)
    assert re.findall(r"base64[^\"]*", short) == re.findall(r"base64[^\"]*", long)


def pixels(text: str) -> list[np.ndarray]:
    """Pictures in an SVG."""
    found = re.findall(r'data:image/png;base64,([^"]*)"', text)
    return [np.asarray(Image.open(io.BytesIO(base64.b64decode(one))).convert("RGBA")) for one in found]


def test_what_is_left_out_is_padding(figure, monkeypatch):
    from defusedxml.ElementTree import fromstring

    short = svg(figure)
    monkeypatch.setattr(plots, "smaller", lambda text: text)
    long = svg(figure)
    assert len(short) < 0.9 * len(long) and "\n" not in short.partition("<style")[0]
    assert plots.smaller(short) == short

    def told(text):
        found = []
        for element in fromstring(re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)).iter():
            values = {name: value for name, value in element.attrib.items() if name not in ("id", "style", "d")}
            values = {name: value for name, value in values.items() if not value.startswith(("rotate(-0 ", "data:"))}
            values = {name: re.sub(r"-?\d+\.\d+", "", value) for name, value in values.items()}
            style = sorted(
                part.strip().replace(": ", ":") for part in element.get("style", "").split(";") if part.strip()
            )
            found.append((element.tag, values.keys(), style, (element.text or "").strip()))
        return found

    assert told(short) == told(long)
    used = set(re.findall(r"#([\w-]+)", short))
    assert used - {"ffffff"} <= {*re.findall(r'id="([^"]+)"', short)} | {
        part for part in used if re.fullmatch("[0-9a-f]{6}", part)
    }


def test_pictures_get_a_palette_that_keeps_them():
    use_style()
    drawn, (one, other) = plt.subplots(1, 2)
    ramp = np.add.outer(np.linspace(0, 1, 200), np.linspace(0, 1, 200))
    one.imshow(np.round(50 * ramp), interpolation="nearest")  # 101 colours
    other.imshow(np.stack([ramp / 2, ramp.T / 2, np.sin(ramp) / 2], axis=-1))  # many more
    short = svg(drawn)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(plots, "_packed", lambda picture: picture)
        long = svg(drawn)
    plt.close(drawn)
    assert len(short) < 0.6 * len(long)
    (exact, near), (before, before_too) = pixels(short), pixels(long)
    assert (exact == before).all()
    assert np.abs(near.astype(int) - before_too).mean() < 4
