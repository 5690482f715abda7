"""The executed notebooks of a study, and their metadata."""

import ast
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePath

import nbformat
from nbformat import NotebookNode
from papermill.translators import PythonTranslator

from lib.errors import ReportError
from lib.io import read_json
from lib.models import PUBLISHED
from lib.paths import CHAPTERS, Study
from lib.runs.store import failures
from lib.splits import SPLITS

TRAINING, EVALUATION = CHAPTERS["04"], CHAPTERS["05"]
NAMES = {"06_fc_embedding": "FC embedding"}  # of chapters, where the name of the notebook has another spelling

_CHAPTER = re.compile(r"\d\d_[a-z0-9_]+")
_RUN = re.compile(r"(?P<network>.+)-(?P<split>[a-z0-9_]+)-f(?P<fold>\d+)-s(?P<seed>\d+)(?:-(?P<variant>.+))?")


def chapter_name(chapter: str, title: str = "") -> str:
    """Name of a chapter by its notebook's name; of one that is not the project's, by its title."""
    spelt = NAMES.get(chapter) or chapter[3:].replace("_", " ").capitalize()
    return spelt if chapter in CHAPTERS.values() else title.partition(":")[0] or spelt


@dataclass(frozen=True)
class Parameter:
    """One parameter of a notebook, with the value it ran with."""

    name: str
    value: object
    note: str
    given: bool

    @property
    def text(self) -> str:
        """The value as a reader wants it: no quotes, and of an absolute path only its last part."""
        return _text(self.value)


@dataclass(frozen=True)
class Executed:
    """One executed notebook."""

    name: str  # of the chapter, or of the run if the chapter is executed once per run
    chapter: str  # such as ``05_error_analysis``
    path: Path
    notebook: NotebookNode

    @property
    def _record(self) -> dict:
        record = self.notebook.metadata.get("papermill")
        return record if isinstance(record, dict) else {}

    @property
    def given(self) -> dict:
        """Parameters that papermill was given."""
        return self._record.get("parameters") or {}

    @property
    def started(self) -> str:
        """When it ran, such as ``3 May 2026, 14:05 UTC``; empty if it does not say."""
        try:
            moment = datetime.fromisoformat(str(self._record.get("start_time")))
        except ValueError:
            return ""
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        return f"{moment.day} {moment:%b %Y, %H:%M} UTC"

    @property
    def took(self) -> str:
        """How long it ran, such as ``3 min 20 s``; empty if it does not say."""
        return _duration(self._record.get("duration"))

    @property
    def trained(self) -> str:
        """How long the training took that this page is about, on whatever machine; empty if there was none."""
        metrics = self.path.parents[2] / "runs" / self.name / "metrics.json" if self.run else None
        return _duration(read_json(metrics).get("seconds")) if metrics and metrics.is_file() else ""

    @property
    def versions(self) -> str:
        """Versions that the notebook carries, such as ``Python 3.12.1``."""
        version = self.notebook.metadata.get("language_info", {}).get("version", "")
        return f"Python {version}" if version else ""

    @property
    def code(self) -> str:
        """Version of the code that it ran with; empty if it does not say."""
        return str(self._record.get("code") or "")

    @property
    def failed(self) -> bool:
        """Whether a cell ended in an error."""
        outputs = (output for cell in self.notebook.cells for output in cell.get("outputs", []))
        return bool(self._record.get("exception")) or any(output.output_type == "error" for output in outputs)

    @property
    def run(self) -> dict[str, str]:
        """Network, split, fold, seed and variant (share, recipe), if the name is that of a run."""
        return run_parts(self.name)

    @property
    def parameters(self) -> list[Parameter]:
        """Defaults of the notebook's parameters cell, overridden by what papermill was given."""
        cells = [cell for cell in self.notebook.cells if "parameters" in cell.metadata.get("tags", [])]
        declared = {one.name: one for cell in cells for one in PythonTranslator.inspect(cell)}
        found = [
            Parameter(name, self.given.get(name, _value(one.default)), one.help.strip(), name in self.given)
            for name, one in declared.items()
        ]
        return found + [Parameter(name, value, "", True) for name, value in self.given.items() if name not in declared]


def _value(source: str) -> object:
    try:
        return ast.literal_eval(source)
    except (ValueError, SyntaxError):
        return source


def _duration(seconds: object) -> str:
    if not isinstance(seconds, int | float):
        return ""
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds < 9.95 else f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def run_parts(name: str) -> dict[str, str]:
    """Network, split, fold, seed and variant (share, recipe) that the name of a run tells; none of another name."""
    match = _RUN.fullmatch(name)
    return match.groupdict() if match else {}


def find(study: Study) -> dict[str, list[Executed]]:
    """Return the executed notebooks of each chapter, in reading order; of a missing chapter none.

    Raises
    ------
    ReportError
        If there is no executed notebook at all, or one cannot be read.
    """
    paths = {path.stem: [path] for path in study.notebooks.glob("*.ipynb")}
    paths |= {inner.name: runs for inner in study.notebooks.glob("*/") if (runs := list(inner.glob("[!.]*.ipynb")))}
    paths = {name: some for name, some in paths.items() if _CHAPTER.fullmatch(name)}
    if not paths:
        raise ReportError(
            f"study {study.name!r}: {study.notebooks} holds no executed notebook, so there is nothing to report. "
            f"Run `make report STUDY={study.name}`."
        )
    chapters = {name: [] for name in sorted({*CHAPTERS.values(), *paths})}
    for name, some in paths.items():
        chapters[name] = sorted((Executed(path.stem, name, path, _read(path, study)) for path in some), key=_order)
    failed = failures(study)  # whose notebook, if there is one, is of an earlier version
    evaluated = {name for one in chapters[EVALUATION] for name in one.given.get("runs") or []}
    chapters[TRAINING] = [
        one for one in chapters[TRAINING] if one.name not in failed and (not evaluated or one.name in evaluated)
    ]
    return chapters


def _read(path: Path, study: Study) -> NotebookNode:
    try:
        return nbformat.read(path, as_version=4)
    except (ValueError, OSError, AttributeError, KeyError, nbformat.ValidationError) as error:
        raise ReportError(
            f"{path} is not a readable notebook ({type(error).__name__}). "
            f"Delete it and run `make report STUDY={study.name}` again."
        ) from error


def _order(executed: Executed) -> tuple:
    """Sort runs by network and split, in the project's order, then by fold, seed and variant."""
    run = executed.run
    if not run:
        return (1, executed.name)
    networks, splits = [*PUBLISHED, run["network"]], [*SPLITS, run["split"]]
    places = networks.index(run["network"]), run["network"], splits.index(run["split"]), run["split"]
    return (0, *places, int(run["fold"]), int(run["seed"]), run["variant"] or "")


def _text(value: object) -> str:
    if isinstance(value, str):
        # Where somebody's folders lie is nobody else's business, and no part of the result.
        path = PurePath(value)
        return f"…/{path.name}" if path.is_absolute() and path.name else value
    if isinstance(value, list | tuple):
        return ", ".join(_text(item) for item in value)
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_text(item)}" for key, item in value.items())
    return str(value)
