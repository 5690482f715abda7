"""Figures: one claim each; the claim is the title and the alternative text.

Colours are those of Okabe and Ito's palette for colour-blind readers; a genre, mood, network or protocol
has the same colour on every page.
"""

import base64
import io
import re
import zlib
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from lib.errors import ReportError
from lib.paths import check_name, replacing

BLACK, ORANGE, SKY, GREEN, YELLOW, BLUE, VERMILION, PURPLE = (
    "#000000", "#E69F00", "#56B4E9", "#009E73", "#C9B800", "#0072B2", "#D55E00", "#CC79A7",
)  # fmt: skip
GREY = "#767676"
MAP = "magma"  # of spectrograms: perceptually even, readable in grey

COLOURS = {
    # networks
    "this_project": BLUE, "zhang2016": ORANGE, "choi2016": GREEN,
    "zhang2016_nnet1": YELLOW, "choi2016_full": SKY, "fcn5": VERMILION, "short_chunk": PURPLE, "musicnn": BLACK,
    "texture": "#4B4B8F", "selected": "#CF1C90",
    # what they have to beat
    "majority": GREY, "genre_prior": "#A5AA99", "mfcc_logistic": "#B07D4B", "mfcc_svm": "#6B4C3B",
    # protocols, from the leakiest to the strictest
    "poster_split": YELLOW, "slice": VERMILION, "song": PURPLE, "official": SKY, "artist": BLUE,
    # moods
    "sad": BLUE, "neutral": GREY, "happy": ORANGE,
    # genres of the poster
    "rock": VERMILION, "hip-hop": BLACK, "pop": PURPLE, "folk": GREEN, "instrumental": SKY, "electronic": BLUE,
    # genres of Emotify beyond those
    "classical": ORANGE,
    # parts of a split
    "train": GREY, "dev": SKY, "test": BLACK,
}  # fmt: skip
_SPARE = ("#7F3C8D", "#11A579", "#A5AA99", "#80BA5A", "#E68310", "#008695")

# Of an SVG file: paths, single places and translations, but no scales, whose digits count.
_PLACES = re.compile(r'\s(?:d|x|y|points)="[^"]*"|translate\([^)]*\)')
_LONG = re.compile(r"-?\d+\.\d{3,}")
_COMMENT, _BETWEEN = re.compile(r"<!--.*?-->", re.DOTALL), re.compile(r">\s+<")
_STYLE, _SIGNS = re.compile(r'style="([^"]*)"'), re.compile(r"\s*([:;])\s*")
_METADATA, _UNTURNED = re.compile(r"<metadata>.*?</metadata>", re.DOTALL), re.compile(r' transform="rotate\(-?0 [^"]*"')
_PNG = re.compile(r"(data:image/png;base64,)([A-Za-z0-9+/=\s]+)")
_ID, _USED = re.compile(r'\s+id="([^"]+)"'), re.compile(r"#([\w-]+)")


def colour(name: str) -> str:
    """Colour of a genre, mood, network or protocol, the same on every page.

    A name without a fixed colour (a genre or a network of one's own) gets one by its spelling.
    """
    key = str(name).lower()
    return COLOURS.get(key) or _SPARE[zlib.crc32(key.encode()) % len(_SPARE)]


def use_style() -> None:
    """Set matplotlib's style for the whole report: quiet axes, readable type, texts kept as text.
    Pages 01, 02, 03, 04, 05, 06 and 07.
    """
    import seaborn

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
    """SVG text of a figure, the same bytes for the same figure.

    Places are given to a hundredth of a point, which nobody sees, instead of matplotlib's millionths.
    """
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", facecolor="white", metadata={"Date": None})
    text = buffer.getvalue()
    return smaller(text[text.index("<svg") :])


def smaller(text: str) -> str:
    """SVG that looks the same in fewer bytes.

    Places lose digits that nobody sees; comments, line breaks, turns by nothing, blanks in styles, and ids that nothing
    refers to are left out; pictures in it get a palette.
    """
    text = _PLACES.sub(lambda part: _LONG.sub(_short, part[0]), text)
    text = _PNG.sub(lambda part: part[1] + _packed(part[2]), _UNTURNED.sub("", _METADATA.sub("", text)))
    text = _BETWEEN.sub("><", _COMMENT.sub("", text))
    text = _STYLE.sub(lambda part: 'style="' + _SIGNS.sub(r"\1", part[1]).strip("; ") + '"', text)
    used = set(_USED.findall(text))
    return _ID.sub(lambda part: part[0] if part[1] in used else "", text)


def _packed(picture: str) -> str:
    """PNG in base64 with a palette of 256 colours, as the colour maps have; no larger than it was."""
    from PIL import Image

    given, buffer = base64.b64decode(picture), io.BytesIO()
    with Image.open(io.BytesIO(given)) as image:
        drawn = image.convert("RGBA")
    if drawn.getcolors(256) is None:
        drawn = drawn.quantize(256, method=Image.Quantize.FASTOCTREE).convert("RGBA")
    colours, places = np.unique(np.asarray(drawn).reshape(-1, 4), axis=0, return_inverse=True)
    indexed = Image.fromarray(places.reshape(drawn.height, drawn.width).astype(np.uint8))
    indexed.putpalette(colours.tobytes(), "RGBA")
    indexed.save(buffer, "PNG", optimize=True)
    new = buffer.getvalue()
    return base64.b64encode(new if len(new) < len(given) else given).decode()


def _short(number: re.Match) -> str:
    return f"{float(number[0]):.2f}".rstrip("0").rstrip(".")


def titled(figure: Figure, claim: str) -> str:
    """SVG text of a figure under its claim; the figure is closed."""
    width = max(30, int(figure.get_figwidth() * 9))
    figure.suptitle(_wrapped(claim, width), x=0.01, ha="left", fontsize=12, fontweight="bold")
    picture = svg(figure)
    plt.close(figure)
    return picture


def show(figure: Figure, claim: str, *, name: str = "", folder: Path | None = None) -> None:
    """Show a figure under its claim and, if it has a name, save it as ``<folder>/<name>.svg``.
    Pages 01, 02, 03, 04, 05, 06 and 07.

    Parameters
    ----------
    figure : matplotlib Figure
        Closed afterwards.
    claim : str
        What the figure shows, one sentence made from its numbers; title and alternative text.
    name : str
        Name of the saved file without suffix; empty = not saved.
    folder : path-like, optional
        ``Study.figures``; needed with `name`.

    Raises
    ------
    ReportError
        If `name` is given without `folder`.
    """
    from IPython.display import display

    picture = titled(figure, claim)
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
    """Where the first panel of a figure that was shown begins and ends, as shares of the figure's width. Page 02."""
    place = figure.axes[0].get_position()
    return float(place.x0), float(place.x1)


def _wrapped(text: str, width: int) -> str:
    import textwrap

    return "\n".join(textwrap.wrap(text, width))
