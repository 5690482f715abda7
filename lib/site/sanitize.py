"""Nothing that comes from data may act on the page: HTML, links and pictures are filtered here."""

import base64
import binascii
import hashlib
import re
import struct
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from bleach.sanitizer import Cleaner
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

_TAGS = frozenset(
    re.findall(
        r"\w+",
        "a abbr audio b blockquote br caption code col colgroup dd del details div dl dt em figcaption figure h1 h2 h3 "
        "h4 h5 h6 hr i img ins kbd li mark ol p pre q s samp small source span strong sub summary sup table tbody td "
        "tfoot th thead time tr tt u ul var wbr",
    )
)
_ATTRIBUTES = {
    "a": {"href", "id"}, "audio": {"controls", "src"}, "source": {"src", "type"},
    "img": {"src", "alt", "width", "height"},
    "th": {"colspan", "rowspan", "scope"}, "td": {"colspan", "rowspan"}, "col": {"span"}, "ol": {"start"},
    "details": {"open"}, "time": {"datetime"},
}  # fmt: skip
_EVERYWHERE = {"class", "title", "lang", "aria-label"}
_STYLE = re.compile(r"<style\b.*?</style\s*>", re.DOTALL | re.IGNORECASE)
_DATA = re.compile(r"data:(?P<kind>(?:audio|image)/[a-z0-9.+-]+);base64,(?P<data>[A-Za-z0-9+/=\s]+)", re.IGNORECASE)
_SUFFIX = {
    "image/svg+xml": ".svg", "image/png": ".png", "image/jpeg": ".jpg", "image/gif": ".gif", "image/webp": ".webp",
    "audio/wav": ".wav", "audio/x-wav": ".wav", "audio/mpeg": ".mp3", "audio/ogg": ".ogg", "audio/flac": ".flac",
}  # fmt: skip
_ACTING = ("script", "foreignobject", "iframe", "handler", "animate", "set")
_OUTSIDE = re.compile(r"@import|url\(\s*['\"]?(?!['\"#]|data:)", re.IGNORECASE)
_LENGTH = re.compile(r"\s*([0-9.]+)\s*(pt|px)?\s*")


def clean(html: str, media: "Media") -> str:
    """HTML of an output or of markdown without anything that acts, loads or restyles.

    Tags outside a list (``<script>`` among them) become visible text; attributes such as ``style`` and
    ``onclick`` go; sounds and pictures inside the HTML become files of `media`; nothing is loaded from
    elsewhere.
    """
    html = _DATA.sub(lambda match: media.add_base64(match["data"], match["kind"]), _STYLE.sub("", html))
    return _cleaner().clean(html)


@cache
def _cleaner() -> Cleaner:
    return Cleaner(tags=_TAGS, attributes=_allowed, protocols={"http", "https", "mailto"}, strip_comments=True)


def _allowed(tag: str, name: str, value: str) -> bool:
    if name == "src":
        parts = urlsplit(value)
        return not parts.scheme and not parts.netloc
    return name in _EVERYWHERE or name in _ATTRIBUTES.get(tag, ())


@dataclass
class Media:
    """Pictures and sounds that leave the notebooks and become files beside the pages.

    A file is named after its content, so that a picture that several pages show lies there once. One that lies among
    the study's figures already is not written again; a page shows it as it is there, which changes when its notebook
    runs again, a moment before the pages are built anew.
    """

    FOLDER = "media"
    OWN = re.compile(r"-[0-9a-f]{10}\.[a-z0-9]+")  # how the name of a file that it wrote ends

    folder: Path  # where the pages are being built
    figures: Path | None = None  # of the study
    up: str = ""  # from the page in hand to the index: "" or "../"

    @staticmethod
    def stem(name: str) -> str:
        """Return the part of a file's name that tells what it is."""
        return re.sub(r"[^a-z0-9_-]+", "-", name.lower()).strip("-")[:60]

    def add(self, data: bytes, kind: str, name: str = "") -> str:
        """Write one file; return its address as seen from the page in hand."""
        saved = self.figures / f"{name}{_SUFFIX[kind]}" if self.figures and name and "/" not in name else None
        if saved and saved.is_file() and saved.read_bytes() == data:
            return f"{self.up}{self.figures.name}/{saved.name}"
        digest = hashlib.sha256(data).hexdigest()[:10]
        stem = self.stem(name) or kind.partition("/")[0]
        path = self.folder / self.FOLDER / f"{stem}-{digest}{_SUFFIX[kind]}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return f"{self.up}{self.FOLDER}/{path.name}"

    def add_base64(self, text: str, kind: str) -> str:
        """Write one file given in base 64; return its address, or nothing if it cannot be read."""
        kind = kind.lower()
        try:
            data = base64.b64decode(text)
        except binascii.Error:
            return ""
        if kind not in _SUFFIX or (kind == "image/svg+xml" and not harmless(data)):
            return ""
        return self.add(data, kind)


def harmless(svg: bytes) -> bool:
    """Whether an SVG picture holds nothing but a picture: no script, handler, foreign content or outer link.

    In an ``<img>`` it could not act anyway; opened by itself, it could.
    """
    try:
        root = fromstring(svg, forbid_dtd=False)
    except (ParseError, DefusedXmlException, ValueError):
        return False
    for element in root.iter():
        if str(element.tag).rpartition("}")[2].lower() in _ACTING or _OUTSIDE.search(element.text or ""):
            return False
        for name, value in element.attrib.items():
            name, value = name.rpartition("}")[2].lower(), value.strip()
            if name.startswith("on") or _OUTSIDE.search(value):
                return False
            if name == "href" and not value.lower().startswith(("#", "data:image/")):
                return False
    return True


def size(data: bytes, kind: str) -> tuple[int, int] | None:
    """Width and height of a picture in CSS pixels, so that a page does not jump while it loads."""
    if kind == "image/png" and data[:8] == b"\x89PNG\r\n\x1a\n":
        return struct.unpack(">II", data[16:24])
    if kind == "image/svg+xml":
        root = fromstring(data, forbid_dtd=False)
        matches = [_LENGTH.fullmatch(root.get(side, "")) for side in ("width", "height")]
        if all(matches):
            return tuple(round(float(match[1]) * (4 / 3 if match[2] == "pt" else 1)) for match in matches)
    return None
