import re

import matplotlib.pyplot as plt
import numpy as np
import pytest

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


def test_what_is_left_out_is_padding(figure, monkeypatch):
    from defusedxml.ElementTree import fromstring

    short = svg(figure)
    monkeypatch.setattr("lib.plots._without_padding", lambda text: text)
    long = svg(figure)
    assert len(short) < 0.9 * len(long) and "\n" not in short.partition("<style")[0]

    def told(text):
        found = []
        for element in fromstring(text).iter():
            values = {name: value for name, value in element.attrib.items() if name not in ("id", "style")}
            style = sorted(
                part.strip().replace(": ", ":") for part in element.get("style", "").split(";") if part.strip()
            )
            found.append((element.tag, values, style, (element.text or "").strip()))
        return found

    assert told(short) == told(long)
    used = set(re.findall(r"#([\w-]+)", short))
    assert used - {"ffffff"} <= {*re.findall(r'id="([^"]+)"', short)} | {
        part for part in used if re.fullmatch("[0-9a-f]{6}", part)
    }


def test_the_same_figure_gives_the_same_bytes(figure):
    assert svg(figure) == svg(figure)
