"""Style of the figures, and how they are shown under their claims and saved.

Colours are those of Okabe and Ito's palette for colour-blind readers; a genre, mood, network or split
has the same colour on every page.
"""

import base64
import io
import re
import textwrap
import zlib
from pathlib import Path

import matplotlib.pyplot as plt
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter
from PIL import Image

from lib.errors import ReportError
from lib.io import replacing
from lib.paths import check_name

BLACK, ORANGE, SKY, GREEN, YELLOW, BLUE, VERMILION, PURPLE = (
    "#000000", "#E69F00", "#56B4E9", "#009E73", "#C9B800", "#0072B2", "#D55E00", "#CC79A7",
)  # fmt: skip
GREY, PALE = "#767676", "#DDDDDD"
MAP = "magma"  # of spectrograms: perceptually even, readable in grey

COLOURS = {
    # networks
    "yu2018": BLUE, "zhang2016": ORANGE, "choi2016": GREEN,
    "zhang2016_nnet1": YELLOW, "choi2016_full": SKY, "fcn5": VERMILION, "short_chunk": PURPLE, "musicnn": BLACK,
    "texture": "#4B4B8F", "selected": "#CF1C90", "student": "#2F8AC4",
    # what they have to beat
    "majority": GREY, "genre_prior": "#A5AA99", "mfcc_logistic": "#B07D4B", "mfcc_svm": "#6B4C3B",
    # splits, from the leakiest to the strictest
    "poster": YELLOW, "random": VERMILION, "song": PURPLE, "album": GREEN, "official": SKY, "artist": BLUE,
    # moods
    "sad": BLUE, "neutral": GREY, "happy": ORANGE,
    "Q1": ORANGE, "Q2": VERMILION, "Q3": BLUE, "Q4": GREEN,
    # genres of the poster
    "rock": VERMILION, "hip-hop": BLACK, "pop": PURPLE, "folk": GREEN, "instrumental": SKY, "electronic": BLUE,
    # genres of Emotify beyond those
    "classical": ORANGE,
    # parts of a split
    "train": GREY, "validation": SKY, "test": BLACK,
}  # fmt: skip
_SPARE = ("#7F3C8D", "#11A579", "#A5AA99", "#80BA5A", "#E68310", "#008695")
PERCENT = PercentFormatter(1, decimals=0, symbol=" %")
POINTS = PercentFormatter(1, decimals=0, symbol="")

_PLACES, _LONG = re.compile(r' (?:d|x|y)="[^"]*"'), re.compile(r"\d+\.\d{3,}")
_PNG = re.compile(r"(?<=data:image/png;base64,)[^\"]+")
_PADDING = re.compile(r"<!--.*?-->|(?<=>)\s+(?=<)", re.DOTALL)
_NO_METADATA = dict.fromkeys(("Creator", "Date", "Format", "Type"))


def colour(name: str) -> str:
    """Colour of a genre, mood, network or split, the same on every page.

    A name without a fixed colour (a genre or a network of one's own) gets one by its spelling.
    """
    key = str(name).lower()
    return COLOURS.get(key) or _SPARE[zlib.crc32(key.encode()) % len(_SPARE)]


def shortened(name: str, most: int) -> str:
    """Name of at most so many characters."""
    return name if len(name) <= most else f"{name[: most - 1]}…"


def use_style() -> None:
    """Set matplotlib's style for the whole report: quiet axes, readable type, texts kept as text."""
    import seaborn

    plt.rcdefaults()  # a user's own matplotlibrc may ask for LaTeX
    seaborn.set_theme(
        context="notebook",
        style="ticks",
        rc={
            "font.family": "DejaVu Sans",
            "font.size": 10,
            "axes.titlesize": 11,
            "axes.titlelocation": "left",
            "axes.spines.top": False,
            "axes.spines.right": False,
            "figure.dpi": 110,
            "figure.constrained_layout.use": True,
            "legend.frameon": False,
            "svg.fonttype": "none",
            "svg.hashsalt": "music-tagging-report",
            "text.parse_math": False,  # titles and names may hold dollar signs
            "image.cmap": MAP,
        },
    )


def svg(figure: Figure) -> str:
    """SVG text of a figure, the same bytes for the same figure: undated, unpadded, places to a hundredth of a point."""
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", facecolor="white", metadata=_NO_METADATA)
    text = _PNG.sub(_indexed, _PADDING.sub("", buffer.getvalue()))
    return _PLACES.sub(lambda part: _LONG.sub(lambda n: f"{float(n[0]):.2f}", part[0]), text[text.index("<svg") :])


def _indexed(picture: re.Match) -> str:
    """PNG in base64 with a palette of 256 colours, a third of the bytes for a spectrogram."""
    image, buffer = Image.open(io.BytesIO(base64.b64decode(picture[0]))), io.BytesIO()
    opaque = image.getextrema()[-1] == (255, 255)
    image.convert("RGB" if opaque else "RGBA").quantize(256).save(buffer, "PNG", optimize=True)
    return min("".join(picture[0].split()), base64.b64encode(buffer.getvalue()).decode(), key=len)


def show(figure: Figure, claim: str, *, name: str = "", folder: Path | None = None) -> None:
    """Show a figure under its claim and, if it has a name, save it as ``<folder>/<name>.svg``.

    Parameters
    ----------
    figure : matplotlib Figure
        Closed afterwards.
    claim : str
        One sentence made from the figure's numbers; title and alternative text.
    name : str
        Of the saved file, without suffix; empty = not saved.
    folder : path-like, optional
        ``Study.figures``; needed with `name`, else a `ReportError`.
    """
    from IPython.display import display

    lines = textwrap.wrap(claim, max(30, int(figure.get_figwidth() * 9)))
    figure.suptitle("\n".join(lines), x=0.01, ha="left", fontsize=12, fontweight="bold")
    picture = svg(figure)
    plt.close(figure)
    if name:
        if folder is None:
            raise ReportError(f"figure {name!r}: give the folder to save it in.")
        with replacing(Path(folder) / f"{check_name(name, 'figure')}.svg") as part:
            part.write_text(picture, encoding="utf-8")
    display(
        {"image/svg+xml": picture, "text/plain": claim},
        raw=True,
        metadata={"image/svg+xml": {"alt": claim, "name": name}},
    )


def span(figure: Figure) -> tuple[float, float]:
    """Where the first panel of a figure that was shown begins and ends, as shares of the figure's width."""
    place = figure.axes[0].get_position()
    return float(place.x0), float(place.x1)
