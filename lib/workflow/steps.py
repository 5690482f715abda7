"""The steps of a study: its notebooks and runs with their parameters; the Snakefile has what each reads and makes."""

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from lib import models as zoo
from lib.datasets import CORPORA
from lib.datasets.tracks import read_tracks
from lib.features.slicing import chunks_of
from lib.io import checksum
from lib.models import baselines
from lib.paths import CHAPTERS, NOTEBOOKS, PROJECT, Study
from lib.provenance import code_digest, needs, sources
from lib.runs.key import digest
from lib.runs.store import failures
from lib.splits import GROUPS
from lib.tagging.model import SHIPPED
from lib.training.recipes import BASELINE, BEST, settings_of
from lib.workflow import config
from lib.workflow.train import runs_of


def one_of(names: Iterable[str]) -> str:
    """Regular expression for one of some names; of none, one that never matches."""
    return "|".join(map(re.escape, names)) or "(?!)"


@dataclass(frozen=True)
class _Here(Study):
    """A study in the working directory, as Snakemake's rules see it, for in their paths braces are wildcards."""

    def __post_init__(self):
        object.__setattr__(self, "root", Path())


class Steps:
    """The steps of a study.

    Parameters
    ----------
    study, data, root : str
        As of `lib.workflow.engine.report`.
    wide : int > 0
        Processors of a step that can use any number of them.
    cluster : bool
        Whether each run is a job of its own; on one machine all share its processors.

    Attributes
    ----------
    declared : lib.workflow.config.StudyConfig
    study, here : Study
        `here` has paths from the study's root on.
    failed : list of str
        Runs that failed in this call and are left out.
    runs : dict of str to Run
        All others, by name.
    """

    def __init__(self, study: str, data: str = "", root: str = "", *, wide: int = 1, cluster: bool = False):
        self.file, self.root, self.wide, self.cluster = study, root, wide, cluster
        self.declared = config.load(study, data, check=False)  # the engine has checked it
        self.study, self.here = Study(self.declared.study, root), _Here(self.declared.study)
        self.failed = sorted(failures(self.study))
        self.runs = {run.name: run for run in runs_of(self.declared, self.study) if run.name not in self.failed}

    def executed(self, chapter: str, run: str = "") -> Path:
        """Path of a chapter's executed notebook."""
        folder = self.here.notebooks / CHAPTERS[chapter] if run else self.here.notebooks
        return folder / f"{run or CHAPTERS[chapter]}.ipynb"

    def record(self, run: str) -> Path:
        """Path of a run's record, which is there once the run is finished."""
        return self.here.runs / run / "record.json"

    def log(self, chapter: str, run: str = "") -> Path:
        """Path of a step's log."""
        logs = self.here.work / "logs"
        return logs / chapter / f"{run}.log" if run else logs / f"{chapter}.log"

    @staticmethod
    def source(chapter: str) -> str:
        """Path of a chapter's notebook."""
        return str(NOTEBOOKS / f"{CHAPTERS[chapter]}.ipynb")

    def code(self, chapter: str) -> str:
        """Checksum of a chapter's notebook and of the code it uses: another one, and the step runs again."""
        return _digest_of(self.files(chapter))

    def files(self, chapter: str) -> set[Path]:
        """Return a chapter's notebook and the files of code it uses, among them modules that it imports by name."""
        modules = {
            "01": [CORPORA[self.declared.corpus]],
            "03": [zoo.module_name(name) for name in self.networks if name in zoo.PUBLISHED + zoo.VARIANTS],
        }
        return {*needs(Path(self.source(chapter)))}.union(*map(sources, modules.get(chapter, ())))

    @property
    def code_of_pages(self) -> str:
        """Checksum of the code and templates that build pages."""
        files = (path for path in (PROJECT / "lib" / "site").rglob("*") if path.is_file() and path.suffix != ".pyc")
        return _digest_of({*sources("lib.site"), *files})

    def parameters(self, chapter: str) -> dict:
        """Parameters of a chapter's notebook but for what the study's file declares for it."""
        own = self.declared
        corpus = {"corpus": own.corpus}
        return {
            "01": corpus | {"data": own.data, "folds": own.folds, "splits": list(own.splits)},
            "02": {"pretrained": [name for name in baselines.PRETRAINED if name in {*own.baselines, *self.teachers}]},
            "03": {"networks": self.networks},
            "05": corpus | {"runs": self.evaluated},
            "06": {"run": self.first, "others": self.alike, "widths": self.vectors},
            "08": corpus | {"folds": own.folds, "splits": list(own.splits)},
            "09": corpus | {"runs": self.evaluated},
        }.get(chapter, {})

    def of_chapter(self, chapter: str) -> dict[str, Callable]:
        """Parameters of a chapter's rule, as functions, for in texts Snakemake takes braces for wildcards."""
        return {
            "path": lambda w: self.source(chapter),
            "label": lambda w: CHAPTERS[chapter],
            "code": lambda w: self.code(chapter),
            "given": lambda w: self._json(chapter, self.parameters(chapter)),
        }

    def _json(self, chapter: str, given: dict) -> str:
        own = self.declared.parameters.get(chapter, {})
        return json.dumps({"study": self.study.name, "root": self.root, **own, **given}, sort_keys=True)

    def training(self, run: str) -> str:
        """Parameters of 04 for a run, as JSON."""
        one, own = self.runs[run], self.declared
        given = vars(one) | {"heads": list(one.heads), "folds": own.folds, "epochs": own.epochs_of(one), "keep": True}
        if one.recipe == BEST:
            given |= {"candidates": list(own.candidates), "validation_shares": list(own.validation_shares)}
        return self._json("04", given)

    def threads(self, run: str) -> int:
        """Processors of a run: one where as many runs as there are processors wait, for two do not halve its time."""
        trained = [run for run in self.runs.values() if run.recipe != BASELINE]
        shared = not self.cluster and self.wide < 2 * len(trained)
        return 1 if shared or self.runs[run].recipe == BASELINE else 2

    def before(self, run: str) -> list[Path]:
        """List the records of what a selection chooses from, as far as they are runs of the study."""
        searched = [one.name for one in self.declared.search_runs() if one.name in self.runs]
        return [self.record(name) for name in searched] if self.runs[run].recipe == BEST else []

    @cached_property
    def evaluated(self) -> list[str]:
        """Runs that predict test songs."""
        declared = self.declared.runs(self.declared.networks_of(self.study))
        return [run.name for run in declared if run.name in self.runs]

    @cached_property
    def with_page(self) -> list[str]:
        """Runs that 04 shows on a page of their own."""
        return [name for name, run in self.runs.items() if self.declared.has_page(run)]

    @property
    def without_page(self) -> list[str]:
        """Runs that are trained without a notebook."""
        return [name for name in self.runs if name not in self.with_page]

    @property
    def pages(self) -> list[Path]:
        """Executed notebooks that become pages."""
        found = [self.executed(chapter) for chapter in CHAPTERS if chapter != "04"]
        return found + [self.executed("04", run) for run in self.with_page]

    @cached_property
    def first(self) -> str:
        """The run that chapter 6 is about: the first under ``artist`` or, without one, the first."""
        return next((name for name in self.evaluated if self.runs[name].split == "artist"), self.evaluated[0])

    @cached_property
    def alike(self) -> list[str]:
        """Runs like the first, of other folds and seeds, under splits that keep songs whole."""
        first = self.runs[self.first]
        others = [name for name in self.evaluated if name != self.first and first.split in GROUPS]
        return [n for n in others if replace(self.runs[n], fold=first.fold, seed=first.seed) == first]

    @cached_property
    def vectors(self) -> list[str]:
        """Runs of networks of other widths, for chapter 6."""
        return [run.name for run in self.declared.vector_runs() if run.name in self.runs]

    @property
    def teachers(self) -> set[str]:
        """Pretrained networks that others of the study learn from."""
        return {settings_of(recipe).teacher for recipe in {run.recipe for run in self.runs.values()} - {BEST, BASELINE}}

    @property
    def networks(self) -> list[str]:
        """Networks that the study trains or that its file lists for 03, which describes them."""
        trained = [name for run in self.runs.values() for name in self.declared.architectures_of(run)]
        listed = self.declared.parameters.get("03", {}).get("networks", [])
        return [name for name in dict.fromkeys([*listed, *trained]) if name not in baselines.NAMES]

    @property
    def chunks(self) -> list[Path]:
        """Manifests of the chunks of slices of a large corpus; of a small one, or before 01, none."""
        count = chunks_of(read_tracks(self.study.tracks, ["status"])) if self.study.tracks.is_file() else 0
        return [self.here.slices / f"chunk-{number}" / "slices.json" for number in range(count)]

    def of_chunks(self) -> dict[str, Callable]:
        """Parameters of the rule that slices a chunk, see `of_chapter`."""
        return {
            "study": lambda w: self.study.name,
            "root": lambda w: self.root,
            "given": lambda w: json.dumps(self.declared.parameters.get("02", {}), sort_keys=True),
            "code": lambda w: _digest_of(sources("lib.features.slicing")),
        }

    @property
    def other_studies(self) -> list[Path]:
        """Tables of other studies that 05 shows, as far as they are there."""
        given = self.declared.parameters.get("05", {})
        tables = {"unequal": "balance.csv", "tasks": "together.csv"}
        files = [_Here(given[name]).tables / table for name, table in tables.items() if given.get(name)]
        return [file for file in files if (self.study.root / file).is_file()]

    @property
    def shipped(self) -> str:
        """Checksum of the model that comes with the project."""
        return _digest_of(path for path in SHIPPED.glob("*") if path.suffix != ".md")

    @property
    def labels(self) -> str:
        """Checksum of the files of labels, on which the tracks table depends."""
        return digest("|".join(map(checksum, config.label_files(self.declared))))


def _digest_of(files: Iterable[Path]) -> str:
    """Checksum of code, comments and docstrings aside, and of other files as they are."""
    files = sorted(files)
    code = code_digest(tuple(path for path in files if path.suffix == ".py"))
    return digest("|".join([code, *(checksum(path) for path in files if path.suffix != ".py")]))
