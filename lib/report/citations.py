"""Citations in a page's text become links to the list of references at its end."""

from __future__ import annotations

from bs4 import BeautifulSoup, NavigableString

from lib.references import anchor, citations

_LEFT_ALONE = {"a", "code", "pre", "h1", "h2", "h3", "h4", "h5", "h6", "summary", "figcaption", "th"}


def link(soup: BeautifulSoup) -> None:
    """Link what a page cites to its entry, in place; a work that the page does not list stays plain text."""
    listed = {element["id"] for element in soup.find_all("a", id=True) if element["id"].startswith("ref-")}
    for text in soup.find_all(string=True):
        found = [(start, end, anchor(label)) for start, end, label in citations(str(text)) if anchor(label) in listed]
        if not found or any(parent.name in _LEFT_ALONE for parent in text.parents) or _in_list(text):
            continue
        pieces, at = [], 0
        for start, end, target in found:
            cited = soup.new_tag("a", href=f"#{target}")
            cited.string = text[start:end]
            pieces += [NavigableString(text[at:start]), cited]
            at = end
        text.replace_with(*pieces, NavigableString(text[at:]))


def _in_list(text: NavigableString) -> bool:
    item = text.find_parent("li")
    return item is not None and item.find("a", id=lambda name: bool(name) and name.startswith("ref-")) is not None
