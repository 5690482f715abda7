"""Links between notebooks become links between pages; a link that would lead nowhere becomes text."""

import os
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import quote, unquote, urlsplit

from bs4 import BeautifulSoup

from lib.paths import NOTEBOOKS, PROJECT, Study
from lib.report.body import slug
from lib.report.clean import Media


@dataclass
class Targets:
    """What a link can lead to.

    Parameters
    ----------
    study : Study
        Its results are where the pages lie.
    pages : dict
        Address of the page of each notebook, by the notebook's name.
    ids : dict
        Ids on each page, by its address.
    place : Path, optional
        Folder where the pages will lie; default: the study's results.
    """

    study: Study
    pages: dict[str, str]
    ids: dict[str, set[str]]
    place: Path | None = None

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
            return quote(Path(os.path.relpath(source, ((self.place or self.study.results) / here).parent)).as_posix())
        return None

    def _fragment(self, fragment: str, page: str) -> str:
        fragment = unquote(fragment)
        for name in (fragment, slug(fragment)):
            if fragment and name in self.ids.get(page, ()):
                return "#" + quote(name)
        return ""

    def mend(self, soup: BeautifulSoup, here: str) -> None:
        """Resolve every link of a page in place."""
        for link in soup.find_all("a"):
            address = self.resolve(link.get("href", ""), here)
            if address is None and link.get("id"):
                del link["href"]
            elif address is None:
                link.unwrap()
            else:
                link["href"] = address
                if urlsplit(address).scheme:
                    link["rel"] = "noreferrer"
