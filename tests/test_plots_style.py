import base64
import io
import re

import matplotlib.pyplot as plt
import numpy as np
import pytest
from defusedxml.ElementTree import fromstring
from PIL import Image

from lib.plots import svg, use_style


@pytest.fixture
def draw():
    def drawn():
        use_style()
        figure, (left, right) = plt.subplots(1, 2)
        rng = np.random.default_rng(0)
        left.plot(rng.random(50), rng.random(50), "o-", label="0.123456")
        left.set_title("of 0.123456 > 0")
        right.imshow(np.round(50 * rng.random((30, 40))), interpolation="none")
        return figure

    yield drawn
    plt.close("all")


def test_the_same_figure_gives_the_same_bytes_without_a_date(draw):
    text = svg(draw())
    assert text == svg(draw()) and "<dc:date>" not in text and "metadata" not in text
    assert fromstring(text).tag.endswith("svg")


def test_places_are_rounded_and_texts_are_not(draw):
    text = svg(draw())
    assert "of 0.123456 &gt; 0" in text
    paths = re.findall(r' d="([^"]*)"', text)
    places = [number for path in paths for number in re.findall(r"-?[\d.]+", path)]
    assert len(places) > 100 and max(len(number.partition(".")[2]) for number in places) == 2


@pytest.mark.parametrize("opaque", [True, False])
def test_pictures_get_a_palette_that_keeps_them(draw, opaque):
    figure = draw()
    image = figure.axes[1].images[0]
    expected = image.to_rgba(image.get_array(), bytes=True)
    if not opaque:
        image.set_data(np.ma.masked_less(image.get_array(), 10))
        expected[image.get_array().mask, 3] = 0
    (picture,) = re.findall(r'data:image/png;base64,([^"]*)"', svg(figure))
    saved = Image.open(io.BytesIO(base64.b64decode(picture)))
    assert saved.mode == "P"
    pixels = np.asarray(saved.convert("RGBA")).astype(int)
    apart = np.abs(pixels - expected)[expected[..., 3] > 0]
    assert apart.max() <= (0 if opaque else 32) and (pixels[..., 3] == expected[..., 3]).all()
