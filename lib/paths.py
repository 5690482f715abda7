"""Where everything is: the folders of the project and of a study."""

import re
from dataclasses import dataclass, field
from pathlib import Path

from lib.errors import ReportError

PROJECT = Path(__file__).resolve().parent.parent
NOTEBOOKS = PROJECT / "notebooks"
CONFIG = PROJECT / "config"
CHAPTERS = {path.stem[:2]: path.stem for path in sorted(NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))}  # notebooks by number

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")


def check_name(name: str, what: str) -> str:
    """Return `name` if it can be part of a path.

    Raises
    ------
    ReportError
        If it holds anything but lower-case letters, digits, ``_`` and ``-``.
    """
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ReportError(f"{what} {name!r}: use lower-case letters, digits, '_' and '-' only.")
    return name


@dataclass(frozen=True)
class Study:
    """The folders of one study.

    ``work/<study>`` holds what is large and can be made again, ``results/<study>`` what people read.

    Parameters
    ----------
    name : str
        Lower-case letters, digits, ``_`` and ``-``.
    root : path-like
        Folder of ``work/`` and ``results/``; empty = the project's own folder.
    """

    name: str
    root: Path = field(default=PROJECT)

    def __post_init__(self):
        check_name(self.name, "study")
        root = Path(self.root).expanduser().resolve() if str(self.root) not in ("", ".") else PROJECT
        object.__setattr__(self, "root", root)

    @property
    def work(self) -> Path:
        """Large files that can be made again; not under version control."""
        return self.root / "work" / self.name

    @property
    def results(self) -> Path:
        """What a reader is meant to see."""
        return self.root / "results" / self.name

    @property
    def audio(self) -> Path:
        """Music that the project itself makes (the demo corpus)."""
        return self.work / "audio"

    @property
    def tracks(self) -> Path:
        """The tracks table, written by 01."""
        return self.work / "tracks.parquet"

    @property
    def slices(self) -> Path:
        """Folder of slices, their table and their manifest ``slices.json``, written by 02."""
        return self.work / "slices"

    @property
    def zoo(self) -> Path:
        """Folder of one JSON description a network, written by 03."""
        return self.work / "zoo"

    @property
    def runs(self) -> Path:
        """Folder of one folder per run, written by 04."""
        return self.work / "runs"

    @property
    def kept(self) -> Path:
        """Folder of the small parts of finished runs that are committed."""
        return self.results / "runs"

    @property
    def notebooks(self) -> Path:
        """Folder of the executed notebooks."""
        return self.results / "notebooks"

    @property
    def tables(self) -> Path:
        """Folder of the result tables (CSV)."""
        return self.results / "tables"

    @property
    def figures(self) -> Path:
        """Folder of the figures (SVG)."""
        return self.results / "figures"

    def need(self, path: Path, notebook: str) -> Path:
        """Return `path`, or say which notebook makes it.

        Raises
        ------
        ReportError
            If `path` does not exist.
        """
        if not path.exists():
            raise ReportError(
                f"{path} does not exist. Run notebooks/{notebook}.ipynb with study={self.name!r} first, "
                f"or all notebooks with `make report STUDY={self.name}`."
            )
        return path


def data_folder(data: str | Path, corpus: str) -> Path:
    """Folder that the parameter ``data`` names; a relative path counts from the current folder or else the project's.

    Raises
    ------
    ReportError
        If `data` is empty, or no such folder exists.
    """
    if not str(data).strip():
        raise ReportError(
            f"corpus {corpus!r} needs the folder of its music: give DATA=<folder> (in a notebook the parameter `data`)."
        )
    places = _places(data)
    found = next((place for place in places if place.is_dir()), None)
    if found:
        return found.resolve()
    wrong = (
        "this is a file; give" if any(map(Path.exists, places)) else f"there is no such folder {_tried(places)}. Give"
    )
    raise ReportError(f"DATA={data}: {wrong} the folder that holds the music of corpus {corpus!r}.")


def given_file(path: str | Path, what: str) -> Path:
    """File that a parameter names, found as `data_folder` finds a folder; the error begins with `what`.

    Raises
    ------
    ReportError
        If no such file exists.
    """
    places = _places(path)
    found = next((place for place in places if place.is_file()), None)
    if found is None:
        raise ReportError(f"{what} {Path(path).expanduser()}: there is no such file {_tried(places)}.")
    return found.resolve()


def _places(path: str | Path) -> list[Path]:
    path = Path(path).expanduser()
    return list(dict.fromkeys([Path.cwd() / path, PROJECT / path]))  # both are `path` itself if it is absolute


def _tried(places: list[Path]) -> str:
    return f"(looked for {' and '.join(map(str, places))})"
