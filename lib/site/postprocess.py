"""What nbconvert's HTML lacks: titles, anchors, citations, readable tables, alternative texts, links between pages."""

import os
import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import quote, unquote, urlsplit

from bs4 import BeautifulSoup, NavigableString, Tag

from lib.paths import NOTEBOOKS, PROJECT, Study
from lib.site.references import anchor, citations
from lib.site.sanitize import Media

SHORT = 28  # characters that a table sets on one line

_HEADINGS = ["h2", "h3", "h4", "h5", "h6"]
_NUMBER = re.compile(r"[-+−±]?\s*\d[\d,.  ]*(?:e[-+]?\d+)?\s*(?:%|s|ms|MB|M|k)?|[-–]?|nan", re.IGNORECASE)
_NOT_CITING = {"a", "code", "pre", "h1", "summary", "figcaption", "th", *_HEADINGS}


def head(soup: BeautifulSoup) -> tuple[str, str]:
    """Take title and question off the top of a page.

    ``# 5 Error analysis: what goes wrong?`` gives both; without a question in the heading it is the first paragraph
    of the first cell that is one.
    """
    heading = soup.find("h1")
    if heading is None:
        return "", ""
    text = re.sub(r"^\s*\d+\s*[.:)·–-]?\s*", "", " ".join(heading.get_text().split()))
    title, _, question = (part.strip() for part in text.partition(":"))
    if not question.endswith("?"):
        for paragraph in heading.find_next_siblings("p"):
            alone = " ".join(paragraph.get_text().split())
            if re.fullmatch(r"[^.!:?]*\?", alone):
                paragraph.decompose()
                title, question = text, alone
                break
    heading.decompose()
    for other in soup.find_all("h1"):
        other.name = "h2"
    return title, question[:1].upper() + question[1:]


def headings(soup: BeautifulSoup) -> list[tuple[int, str, str]]:
    """Give each heading an id and a link to itself; return the table of contents: level, id, text."""
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


def cite(soup: BeautifulSoup) -> None:
    """Link what a page cites to its entry in the list of references; a work that is not listed stays plain text."""
    listed = {element["id"]: element for element in soup.find_all("a", id=re.compile("^ref-"))}
    items = [element.find_parent("li") for element in listed.values()]
    for text in soup.find_all(string=True):
        found = [(start, end, anchor(label)) for start, end, label in citations(str(text)) if anchor(label) in listed]
        if not found or any(parent.name in _NOT_CITING or parent in items for parent in text.parents):
            continue
        pieces, at = [], 0
        for start, end, target in found:
            link = soup.new_tag("a", href=f"#{target}")
            link.string = text[start:end]
            pieces += [NavigableString(text[at:start]), link]
            at = end
        text.replace_with(*pieces, NavigableString(text[at:]))


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
        about = caption.get_text(" ", strip=True) if caption else _heading_above(table)
        label = f"Table {count}: {about}" if about else f"Table {count}"
        region = {"class": "table", "role": "region", "tabindex": "0", "aria-label": label}
        table.wrap(soup.new_tag("div", attrs=region))


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


def pictures(soup: BeautifulSoup) -> None:
    """Alternative text on every picture and sound; a picture whose file may not be loaded becomes its text."""
    for image in soup.find_all("img"):
        # The exporter fills a missing text with a sentence that says nothing.
        if not image.get("alt") or image["alt"].startswith("No description has been provided"):
            about = _heading_above(image)
            image["alt"] = f"Picture under “{about}”" if about else "Picture"
        if not re.match(r"(?:\.\./)?(?:media|figures)/", image.get("src") or ""):
            image.replace_with(image["alt"])
    for sound in soup.find_all("audio"):
        sound["controls"] = ""
        sound["preload"] = "none"
        if not sound.get("aria-label"):
            sound["aria-label"] = f"Sound under “{_heading_above(sound)}”"
        name = sound.attrs.pop("data-picture", "")  # of the figure before it over which its line runs
        for image in sound.find_all_previous("img") if name else []:
            stem = Path(image["src"]).stem
            if stem == name or re.sub(r"-[0-9a-f]{10}$", "", stem) == Media.stem(name):
                sound["data-picture"] = image["src"]
                break


def _heading_above(element: Tag) -> str:
    heading = element.find_previous(_HEADINGS)
    texts = heading.strings if heading is not None else ()
    return " ".join("".join(text for text in texts if "anchor" not in (text.parent.get("class") or ())).split())


@dataclass
class Links:
    """What a link of a notebook can lead to."""

    study: Study
    pages: dict[str, str]  # address of the page of each notebook, by the notebook's name
    ids: dict[str, set[str]]  # on each page, by its address
    place: Path  # folder where the pages will lie

    def resolve(self, href: str, here: str) -> str | None:
        """Return the address that `href` of a notebook has on the page `here`; None if it leads nowhere."""
        parts = urlsplit(href)
        if parts.scheme or parts.netloc:
            return href
        path, up = unquote(parts.path), "../" * here.count("/")
        if not path:
            return self._fragment(parts.fragment, here) or None
        if path.startswith((f"{up}{Media.FOLDER}/", f"{up}{self.study.figures.name}/")):
            return href
        name = PurePosixPath(path)
        if name.suffix in (".ipynb", ".html"):
            page = self.pages.get(name.stem)
            return f"{up}{page}{self._fragment(parts.fragment, page)}" if page else None
        beside = (self.study.results / path).resolve()
        if beside.is_relative_to(self.study.results) and beside.exists():
            return up + quote(beside.relative_to(self.study.results).as_posix())
        source = (NOTEBOOKS / path).resolve()
        if self.study.root == PROJECT and source.is_relative_to(PROJECT) and source.exists():
            return quote(Path(os.path.relpath(source, (self.place / here).parent)).as_posix())
        return None

    def _fragment(self, fragment: str, page: str) -> str:
        fragment = unquote(fragment)
        for name in (fragment, slug(fragment)):
            if fragment and name in self.ids.get(page, ()):
                return "#" + quote(name)
        return ""

    def fix(self, soup: BeautifulSoup, here: str) -> None:
        """Resolve every link of a page in place; one that would lead nowhere becomes text."""
        for link in soup.find_all("a"):
            address = self.resolve(link.get("href", ""), here)
            if address is not None:
                link["href"] = address
                if urlsplit(address).scheme:
                    link["rel"] = "noreferrer"
            elif link.get("id"):
                del link["href"]
            else:
                link.unwrap()
