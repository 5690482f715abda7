"""A study: which corpus, which networks under which protocols, declared in one YAML file."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, fields
from itertools import product
from pathlib import Path

from lib.config.also import Also, read_also
from lib.config.checks import SET_ABOVE, by_number, check, check_surroundings, check_types, read
from lib.config.sweep import Sweep, read_sweep, studies
from lib.config.sweep import runs as swept
from lib.corpora.files import audio_files, data_folder, given_file
from lib.corpora.valence import CSV
from lib.errors import ReportError
from lib.paths import CONFIG, Study, check_name
from lib.recipes import BALANCED, BASELINE, BEST, POSTER, base_of
from lib.runs import SELECTED, Run
from lib.splits import PROTOCOLS, SINGLE

__all__ = ["SET_ABOVE", "StudyConfig", "folder_digest", "known_studies", "label_files", "load"]


@dataclass(frozen=True)
class StudyConfig:
    """What one YAML file in ``config/`` declares.

    Parameters
    ----------
    study : str
        Name of the file without suffix.
    corpus : str
        One of `lib.corpora.CORPORA`.
    networks, protocols : tuple of str
    folds : int >= 2
        Parts of the corpus; each is the test set of one fold.
    run_folds : tuple of int
        The folds that are run.
    seeds : tuple of int
    epochs : dict of str to int
        Of the recipes ``poster`` and ``balanced``, by network; ``default`` for any other, such as one of your own.
    baselines : tuple of str
        Names of `lib.baselines`, run under every protocol.
    candidates : tuple of str
        What the recipe ``best`` chooses from, such as ``"short_chunk tuned"`` (`lib.selection`); declared
        before any of them is trained. Empty = the recipe is not run.
    best_protocols : tuple of str
        Protocols under which it is run.
    also : tuple of lib.config.also.Also
        Runs beyond these: other recipes, seeds, controls, fewer artists to train on.
    devs : tuple of int
        Shares of the other songs that are dev in turn, for candidates and search.
    search : tuple of str
        Networks and recipes, such as ``"this_project_fc2 poster"``, that are compared by the dev songs of the
        first fold.
    vectors : tuple of str
        Networks of other widths whose vectors 06 holds against those of the first network, in the same folds.
    parameters : dict of str to dict
        Further parameters of the notebooks, by their numbers: ``"01": {mood_cuts: terciles}``.
    data : str
        Folder of the music; the front door's ``DATA=`` goes before it.
    sweep : tuple of lib.config.sweep.Sweep
        Grids of further runs; those of other notebook parameters are studies of their own, which `lib.sweep` runs.
    """

    study: str
    corpus: str
    networks: tuple[str, ...]
    protocols: tuple[str, ...]
    folds: int = 5
    run_folds: tuple[int, ...] = (0,)
    seeds: tuple[int, ...] = (0,)
    epochs: dict[str, int] = field(default_factory=lambda: {"default": 20})
    baselines: tuple[str, ...] = ()
    candidates: tuple[str, ...] = ()
    best_protocols: tuple[str, ...] = ("artist",)
    also: tuple[Also, ...] = ()
    devs: tuple[int, ...] = (0, 1)
    search: tuple[str, ...] = ()
    vectors: tuple[str, ...] = ()
    parameters: dict[str, dict] = field(default_factory=dict)
    data: str = ""
    sweep: tuple[Sweep, ...] = ()

    def runs(self, networks: tuple[str, ...] = ()) -> list[Run]:
        """All runs of the study that answer for test songs, for its own networks or for those named."""
        found = []
        for network, protocol in product(networks or self.networks, self.protocols):
            found += [Run(network, protocol, fold, seed) for fold, seed in self._folds(protocol)]
        for baseline, protocol in product(self.baselines, self.protocols):
            found += [Run(baseline, protocol, fold, 0, BASELINE) for fold, seed in self._folds(protocol, (0,))]
        for protocol in self.best_protocols:
            if self.candidates:
                found += [Run(SELECTED, protocol, fold, 0, BEST) for fold, seed in self._folds(protocol, (0,))]
        found += [run for item in self.also for run in item.runs(self.run_folds)]
        found += swept(self.sweep, self.run_folds)
        return list(dict.fromkeys(found))

    def _folds(self, protocol: str, seeds: tuple[int, ...] = ()):
        return product((0,) if protocol in SINGLE else self.run_folds, seeds or self.seeds)

    def candidate_runs(self) -> list[Run]:
        """List the runs that ``best`` chooses from; they answer for dev songs alone."""
        from lib.selection import members

        pairs = dict.fromkeys(pair for candidate in self.candidates for pair in members(candidate))
        return [
            Run(network, protocol, fold, seed, recipe, dev, candidate=True)
            for protocol in self.best_protocols
            for (network, recipe), (fold, seed), dev in product(pairs, self._folds(protocol, (0,)), self.devs)
        ]

    def search_runs(self) -> list[Run]:
        """List the runs that are compared by their dev songs, in the first fold of the strictest protocol."""
        from lib.selection import members

        protocol = max(self.best_protocols, key=PROTOCOLS.index)
        pairs = [pair for text in self.search for pair in members(text)]
        return [
            Run(network, protocol, self.run_folds[0], 0, recipe, dev, candidate=True)
            for (network, recipe), dev in product(pairs, self.devs)
        ]

    def vector_runs(self) -> list[Run]:
        """List the runs of `vectors`, under the strictest of the study's protocols."""
        protocol = max(self.protocols, key=PROTOCOLS.index)
        return [
            Run(network, protocol, fold, self.seeds[0]) for network in self.vectors for fold, _ in self._folds(protocol)
        ]

    def architectures_of(self, run: Run) -> list[str]:
        """Names of the networks and baselines that a run is made with."""
        if run.recipe != BEST:
            return [run.architecture]
        return list(dict.fromkeys(candidate.architecture for candidate in self.candidate_runs()))

    def epochs_of(self, run: Run) -> int:
        """Epochs of a run; 0 = the recipe's own, which candidates have in every study."""
        if base_of(run.recipe) not in (POSTER, BALANCED) or "epochs=" in run.recipe or run.candidate:
            return 0
        return self.epochs.get(run.architecture, self.epochs["default"])

    def has_page(self, run: Run) -> bool:
        """Whether a run is shown on a page of its own: whole networks of the first fold and seed; others look alike."""
        first = (run.fold == self.run_folds[0] or run.protocol in SINGLE) and run.architecture not in self.vectors
        whole = run.share == 1 and not run.heads and run.protocol in PROTOCOLS
        return first and whole and run.seed == self.seeds[0] and run.recipe != BASELINE and not run.candidate

    def networks_of(self, study: Study) -> tuple[str, ...]:
        """Return the study's networks and those that a reader registered in 03."""
        from lib import baselines, zoo

        listed = {*zoo.PUBLISHED, *zoo.VARIANTS, *baselines.NAMES, "networks"}
        own = [path.stem for path in sorted(study.zoo.glob("*.json")) if path.stem not in listed]
        return (*self.networks, *(name for name in own if name not in self.networks))


def known_studies() -> list[str]:
    """Names of the studies in ``config/``."""
    return sorted(path.stem for path in CONFIG.glob("*.yaml"))


def load(study: str, data: str = "", *, slices_only: bool = False) -> StudyConfig:
    """Read and check a study.

    Parameters
    ----------
    study : str
        A name in ``config/`` or the path of a YAML file.
    data : str
        Folder of the music, before the file's own.
    slices_only : bool
        The music is not needed any more, nor are the notebooks; neither is looked for.

    Raises
    ------
    ReportError
        If the study, a key, a network, a protocol or the folder is unknown or has a wrong value.
    """
    path = Path(study) if str(study).endswith((".yaml", ".yml")) else CONFIG / f"{study}.yaml"
    if not path.is_file():
        raise ReportError(f"study {study!r}: {path} does not exist. Known studies are {', '.join(known_studies())}.")
    name = check_name(path.stem, "study")
    allowed = [key.name for key in fields(StudyConfig) if key.name != "study"]
    declared, data = read(path, allowed), str(data or "")
    declared["parameters"] = by_number(declared.get("parameters"), path)
    declared["also"] = list(read_also(declared.get("also"), path))
    check_types(declared, path)
    declared["sweep"] = list(read_sweep(declared.get("sweep"), path, declared))
    values = {key: tuple(value) if isinstance(value, list) else value for key, value in declared.items()}
    config = StudyConfig(study=name, **{**values, "data": data or declared.get("data") or ""})
    check(config, path)
    dict(studies(config))  # a name that cannot be a folder's, or is there twice, says so now
    for name in ("unequal", "tasks"):
        other = config.parameters.get("05", {}).get(name)
        if other and other not in known_studies():
            raise ReportError(f"{path}: 05's parameter {name} is {other!r}, none of {', '.join(known_studies())}.")
    if not slices_only:
        check_surroundings(config, path, data)
    return config


def label_files(config: StudyConfig) -> list[str]:
    """Files of labels, in the folder of the music and named in the parameters, on which the tracks table depends."""
    found = sorted(data_folder(config.data, config.corpus).glob("*.csv")) if config.data else []
    given = config.parameters.get("01", {})
    named = [name.removeprefix(CSV) for name in given.get("valence", []) if str(name).startswith(CSV)]
    named += [name for name in [given.get("drawing", {}).get("manifest")] if name]
    return [str(path) for path in (*found, *(given_file(name, "file") for name in named))]


def folder_digest(config: StudyConfig) -> str:
    """Checksum of the names, sizes and times of the music's files: another one, and 01 reads the folder anew."""
    total = hashlib.sha256()
    if config.data:
        folder = data_folder(config.data, config.corpus)
        for path in audio_files(folder):
            state = path.stat() if path.is_file() else path.lstat()
            total.update(f"{path.relative_to(folder)}|{state.st_size}|{state.st_mtime_ns}\n".encode("utf-8", "replace"))
    return total.hexdigest()[:16]
