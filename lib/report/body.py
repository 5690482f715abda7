"""The body of a page: one notebook through nbconvert, then headings, tables and pictures made fit to read."""

import base64
import re
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path

from bs4 import BeautifulSoup, Tag
from markupsafe import Markup, escape
from nbconvert import HTMLExporter
from nbconvert.filters import markdown2html, strip_ansi
from nbformat import NotebookNode
from traitlets.config import Config

from lib import songmap
from lib.report import maps
from lib.report.citations import link
from lib.report.clean import Media, clean, harmless, size
from lib.report.players import Players
from lib.sounds import MIME, read

HERE = Path(__file__).resolve().parent
LONG = 40  # lines of printed text that are shown unfolded
LARGE, HUGE = 544, 1200  # pixels of width from which a figure is not shrunk but scrolled, and scrolled further
SHORT = 28  # characters that a table sets on one line

_PRIORITY = [
    MIME, songmap.MIME, "image/svg+xml", "image/png", "image/jpeg", "text/html", "text/markdown", "text/latex",
    "text/plain",
]  # fmt: skip
_NUMBER = re.compile(r"[-+−±]?\s*\d[\d,.  ]*(?:e[-+]?\d+)?\s*(?:%|s|ms|MB|M|k)?|[-–]?|nan", re.IGNORECASE)
_OVERWRITTEN = re.compile(r"[^\n]*\r(?!\n)")
_HEADINGS = ["h2", "h3", "h4", "h5", "h6"]


@dataclass
class Body:
    """A rendered notebook.

    Parameters
    ----------
    soup : BeautifulSoup
        Its HTML, without the title.
    title : str
        Text of its first heading, without number and question; may be empty.
    question : str
        The question it answers; may be empty.
    contents : list of (level, id, text)
        Headings of the second and third level.
    """

    soup: BeautifulSoup
    title: str = ""
    question: str = ""
    contents: list[tuple[int, str, str]] = field(default_factory=list)

    @property
    def ids(self) -> set[str]:
        """Ids that a link can aim at."""
        return {element["id"] for element in self.soup.find_all(id=True)}


def render(notebook: NotebookNode, media: Media, players: Players) -> Body:
    """Render one executed notebook.

    Parameters
    ----------
    notebook : NotebookNode
        Left as it is.
    media : Media
        Takes the pictures and sounds.
    players : Players
        Makes the players of what the notebook offers to hear.
    """
    notebook = deepcopy(notebook)
    notebook.cells = [cell for cell in notebook.cells if not _is_left_out(cell)]
    exporter = HTMLExporter(
        config=Config({"NbConvertBase": {"display_data_priority": _PRIORITY}}),
        extra_template_basedirs=[str(HERE)],
        template_name="template",
        exclude_anchor_links=True,
    )
    exporter.register_filter("clean", lambda html: clean(html, media))
    exporter.register_filter("picture", lambda output, kind: picture(output, kind, media))
    exporter.register_filter("printed", printed)
    exporter.register_filter("played", lambda data: players.html(read(data), media))
    exporter.register_filter("mapped", lambda data: maps.html(songmap.read(data), players, media))
    html, _ = exporter.from_notebook_node(notebook)
    soup = BeautifulSoup(html, "html.parser")
    title, question = _head(soup)
    body = Body(soup, title, question)
    body.contents = headings(soup)
    link(soup)
    tables(soup)
    _pictures(soup)
    for again in soup.select("p.sounds")[1:]:  # how to hear a page is said once
        again.decompose()
    for block in soup.find_all("pre"):
        block["tabindex"] = "0"  # a keyboard must be able to scroll it
    return body


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
    said = str(output.data.get("text/plain", ""))
    alt = str(about.get("alt") or ("" if said.startswith("<") else said))
    content = output.data[kind]
    data = content.encode() if kind == "image/svg+xml" else base64.b64decode(content)
    if kind == "image/svg+xml" and not harmless(data):
        return f'<p class="note">A picture is left out because it is not a plain drawing. {escape(alt)}</p>'
    address = media.add(data, kind, str(about.get("name", "")))
    return figure(address, alt, size(data, kind))


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


def headings(soup: BeautifulSoup) -> list[tuple[int, str, str]]:
    """Give each heading an id and a link to itself; return the table of contents."""
    contents = []
    taken = {element["id"] for element in soup.find_all(id=True)} | {"main", "contents", "runs", "this-run"}
    for heading in soup.find_all(_HEADINGS):
        text = " ".join(heading.get_text().split())
        stem = slug(text)
        name, count = stem, 1
        while name in taken:
            count += 1
            name = f"{stem}-{count}"
        taken.add(name)
        heading["id"] = name
        link = soup.new_tag("a", href=f"#{name}", attrs={"class": "anchor", "aria-label": f"Link to “{text}”"})
        link.string = "#"
        heading.append(link)
        if heading.name in ("h2", "h3"):
            contents.append((int(heading.name[1]), name, text))
    return contents


def slug(text: str) -> str:
    """Id of a heading."""
    return re.sub(r"[\W_]+", "-", text.lower()).strip("-") or "section"


def tables(soup: BeautifulSoup) -> None:
    """Strip tables of what pandas puts on them; let them scroll sideways; set numbers to the right."""
    for count, table in enumerate(soup.find_all("table"), start=1):
        table.attrs.clear()
        for cell in table.find_all(["th", "td", "tr"]):
            cell.attrs.pop("class", None)
        for cell in table.select("thead th"):
            if cell.get_text(strip=True):
                cell["scope"] = "colgroup" if cell.get("colspan", "1") != "1" else "col"
            else:
                cell.name = "td"
        for cell in table.select("tbody th"):
            cell["scope"] = "row"
        _join_names(table)
        _align(table)
        caption = table.find("caption")
        above = table.find_previous(_HEADINGS)
        about = caption.get_text(" ", strip=True) if caption else _heading_text(above)
        box = soup.new_tag(
            "div", attrs={"class": "table", "role": "region", "tabindex": "0",
                          "aria-label": f"Table {count}: {about}" if about else f"Table {count}"}
        )  # fmt: skip
        table.wrap(box)


def _join_names(table: Tag) -> None:
    """Join the two rows over which pandas spreads the names of an index and of the columns."""
    rows = table.select("thead > tr")
    if len(rows) != 2 or rows[1].find_all(True, recursive=False)[0].get_text(strip=True) == "":
        return
    upper, lower = (row.find_all(["th", "td"], recursive=False) for row in rows)
    if len(upper) == len(lower) and not any(cell.get_text(strip=True) for cell in lower[1:]):
        across = upper[0].get_text(strip=True)
        upper[0].name, upper[0]["scope"] = "th", "col"
        upper[0].string = lower[0].get_text(strip=True) + (f" ↓ {across} →" if across else "")
        rows[1].decompose()


def _align(table: Tag) -> None:
    """Mark columns of numbers and of short texts; tables with joined cells are left alone."""
    rows = [row.find_all(["th", "td"], recursive=False) for row in table.find_all("tr")]
    if not rows or len({len(row) for row in rows}) != 1 or table.select("[colspan], [rowspan]"):
        return
    for column in zip(*rows, strict=True):
        texts = [cell.get_text(strip=True) for cell in column if cell.find_parent("thead") is None]
        kind = "number" if any(texts) and all(_NUMBER.fullmatch(text) for text in texts) else "short"
        if kind == "number" or max(map(len, texts), default=0) <= SHORT:
            for cell in column:
                cell["class"] = kind


def _pictures(soup: BeautifulSoup) -> None:
    """Alternative text on every picture; a picture whose file may not be loaded becomes its text."""
    for image in soup.find_all("img"):
        about = _heading_text(image.find_previous(_HEADINGS))
        # The exporter fills a missing text with a sentence that says nothing.
        if not image.get("alt") or image["alt"].startswith("No description has been provided"):
            image["alt"] = f"Picture under “{about}”" if about else "Picture"
        if not image.get("src") or not re.match(r"(?:\.\./)?(?:media|figures)/", image["src"]):
            image.replace_with(image["alt"])
    for sound in soup.find_all("audio"):
        sound["controls"] = ""
        sound["preload"] = "none"
        _find_picture(sound)
        if not sound.get("aria-label"):
            sound["aria-label"] = f"Sound under “{_heading_text(sound.find_previous(_HEADINGS))}”"


def _find_picture(sound: Tag) -> None:
    """Tell a player the address of the figure before it that shows its sound, if that is there."""
    name = sound.attrs.pop("data-picture", "")
    for image in sound.find_all_previous("img") if name else []:
        stem = Path(image["src"]).stem
        if stem == name or re.sub(r"-[0-9a-f]{10}$", "", stem) == Media.stem(name):
            sound["data-picture"] = image["src"]
            break


def _heading_text(heading: Tag | None) -> str:
    if heading is None:
        return ""
    return " ".join(
        "".join(text for text in heading.strings if "anchor" not in (text.parent.get("class") or ())).split()
    )


def _is_left_out(cell: NotebookNode) -> bool:
    """Parameters stand at the head of the page, and so does what papermill says of a failure."""
    said = {"parameters", "injected-parameters", "papermill-error-cell-tag"}
    return bool(said & set(cell.metadata.get("tags", [])))


def _head(soup: BeautifulSoup) -> tuple[str, str]:
    """Take the title and the question off the top of the page.

    ``# 5 Error analysis: what goes wrong?`` gives both; without a question in the heading it is the
    first sentence of the first cell that ends with a question mark.
    """
    heading = soup.find("h1")
    if heading is None:
        return "", ""
    whole = re.sub(r"^\s*\d+\s*[.:)·–-]?\s*", "", " ".join(heading.get_text().split()))
    title, _, tail = (part.strip() for part in whole.partition(":"))
    paragraphs = [element for element in heading.next_siblings if isinstance(element, Tag) and element.name == "p"]
    if not tail.endswith("?"):
        for paragraph in paragraphs:
            text = " ".join(paragraph.get_text().split())
            asked = re.search(r"(?:^|(?<=[.!:]\s))[^.!:?]*\?", text)
            if asked:
                if asked[0].strip() == text:
                    paragraph.decompose()
                title, tail = whole, asked[0].strip()
                break
    heading.decompose()
    for other in soup.find_all("h1"):
        other.name = "h2"
    return title, tail[:1].upper() + tail[1:]
