"""The body of a page: one notebook through nbconvert, every output made safe."""

import base64
import re
from copy import deepcopy
from dataclasses import dataclass
from functools import cache

from bs4 import BeautifulSoup
from markupsafe import Markup, escape
from nbconvert import HTMLExporter
from nbconvert.filters import markdown2html, strip_ansi
from nbformat import NotebookNode
from traitlets.config import Config

from lib.rich_output import MAP, SOUNDS, read_map, read_sounds
from lib.site import postprocess
from lib.site.audio import Players, map_html
from lib.site.frame import TEMPLATES
from lib.site.sanitize import Media, clean, harmless, size

LONG = 40  # lines of printed text that are shown unfolded
LARGE, HUGE = 544, 1200  # pixels of width from which a figure is not shrunk but scrolled, and scrolled further

_PRIORITY = [
    SOUNDS, MAP, "image/svg+xml", "image/png", "image/jpeg", "text/html", "text/markdown", "text/latex", "text/plain",
]  # fmt: skip
# Parameters stand at the head of the page, and so does what papermill says of a failure.
_LEFT_OUT = {"parameters", "injected-parameters", "papermill-error-cell-tag"}
_OVERWRITTEN = re.compile(r"[^\n]*\r(?!\n)")


@dataclass
class Body:
    """A rendered notebook."""

    soup: BeautifulSoup  # without the title
    title: str  # of its first heading, without the number; may be empty
    question: str
    contents: list[tuple[int, str, str]]  # level, id and text of headings of the second and third level

    @property
    def ids(self) -> set[str]:
        """Ids that a link can aim at."""
        return {element["id"] for element in self.soup.find_all(id=True)}


def render(notebook: NotebookNode, media: Media, players: Players) -> Body:
    """Render one executed notebook, which is left as it is; its pictures and sounds go to `media`."""
    notebook = deepcopy(notebook)
    notebook.cells = [cell for cell in notebook.cells if not _LEFT_OUT & set(cell.metadata.get("tags", []))]
    exporter = _exporter()
    exporter.register_filter("clean", lambda html: clean(html, media))
    exporter.register_filter("picture", lambda output, kind: picture(output, kind, media))
    exporter.register_filter("printed", printed)
    exporter.register_filter("played", lambda data: players.html(read_sounds(data), media))
    exporter.register_filter("mapped", lambda data: map_html(read_map(data), players, media))
    html, _ = exporter.from_notebook_node(notebook)
    soup = BeautifulSoup(html, "html.parser")
    title, question = postprocess.head(soup)
    contents = postprocess.headings(soup)
    postprocess.cite(soup)
    postprocess.tables(soup)
    postprocess.pictures(soup)
    for again in soup.select("p.sounds")[1:]:  # the note on how to play sounds is shown once
        again.decompose()
    for block in soup.find_all("pre"):
        block["tabindex"] = "0"  # a keyboard must be able to scroll it
    return Body(soup, title, question, contents)


@cache
def _exporter() -> HTMLExporter:  # one for all, for it compiles its templates anew
    return HTMLExporter(
        config=Config({"NbConvertBase": {"display_data_priority": _PRIORITY}}),
        extra_template_basedirs=[str(TEMPLATES.parent)],
        template_name=TEMPLATES.name,
        exclude_anchor_links=True,
    )


def markdown(text: str, media: Media) -> Markup:
    """Return safe HTML of a piece of markdown, such as a finding."""
    return Markup(clean(markdown2html(text), media))  # safe: cleaned


def printed(text: str, label: str = "") -> str:
    """HTML of printed text; folded under `label` if there is one, or if it is long; nothing if it is blank."""
    text = strip_ansi(_OVERWRITTEN.sub("", text)).strip("\n")
    if not text.strip():
        return ""
    lines = text.count("\n") + 1
    label = label or (f"Printed text, {lines} lines" if lines > LONG else "")
    block = f'<pre class="printed">{escape(text)}</pre>'
    return f'<details class="folded"><summary>{escape(label)}</summary>{block}</details>' if label else block


def picture(output: NotebookNode, kind: str, media: Media) -> str:
    """HTML of a picture that becomes a file, linked to its full size, with alternative text."""
    about = {**output.get("metadata", {}), **output.get("metadata", {}).get(kind, {})}
    text = str(output.data.get("text/plain", ""))
    alt = str(about.get("alt") or ("" if text.startswith("<") else text))
    content = output.data[kind]
    data = content.encode() if kind == "image/svg+xml" else base64.b64decode(content)
    if kind == "image/svg+xml" and not harmless(data):
        return f'<p class="note">A picture is left out because it is not a plain drawing. {escape(alt)}</p>'
    return figure(media.add(data, kind, str(about.get("name", ""))), alt, size(data, kind))


def figure(address: str, alt: str, extent: tuple[int, int] | None = None) -> Markup:
    """HTML of a picture that is a link to its full size."""
    sides = Markup(' width="{}" height="{}"').format(*extent) if extent else ""
    if extent and extent[0] > LARGE:
        sides += Markup(' class="{}"').format("large huge" if extent[0] > HUGE else "large")
    # The title in the drawing is too small to read on a narrow screen; there, and only there, it is repeated.
    words = Markup('<figcaption aria-hidden="true">{}</figcaption>').format(alt) if alt else ""
    return Markup('<figure class="picture"><a href="{}"><img src="{}" alt="{}"{}></a>{}</figure>').format(
        address, address, alt, sides, words
    )
