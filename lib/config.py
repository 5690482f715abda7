"""A study: which corpus, which networks under which protocols, declared in one YAML file."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, fields
from itertools import product
from pathlib import Path

import yaml

from lib.corpora.files import audio_files, data_folder
from lib.errors import ReportError
from lib.paths import CONFIG, NOTEBOOKS, Study, check_name
from lib.runs import Run


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
        By network; ``default`` for any other, such as one of your own.
    parameters : dict of str to dict
        Further parameters of the notebooks, by their numbers: ``"01": {mood_cuts: terciles}``.
    data : str
        Folder of the music; the front door's ``DATA=`` goes before it.
    """

    study: str
    corpus: str
    networks: tuple[str, ...]
    protocols: tuple[str, ...]
    folds: int = 5
    run_folds: tuple[int, ...] = (0,)
    seeds: tuple[int, ...] = (0,)
    epochs: dict[str, int] = field(default_factory=lambda: {"default": 20})
    parameters: dict[str, dict] = field(default_factory=dict)
    data: str = ""

    def runs(self, networks: tuple[str, ...] = ()) -> list[Run]:
        """All runs of the study, for its own networks or for those named."""
        found = []
        for network, protocol in product(networks or self.networks, self.protocols):
            folds = (0,) if protocol == "poster_split" else self.run_folds
            found += [Run(network, protocol, fold, seed) for fold, seed in product(folds, self.seeds)]
        return found

    def epochs_of(self, network: str) -> int:
        """Epochs of a network."""
        return self.epochs.get(network, self.epochs["default"])

    def networks_of(self, study: Study) -> tuple[str, ...]:
        """Return the study's networks and those that a reader registered in 03."""
        from lib import zoo

        listed = {*zoo.PUBLISHED, "networks"}
        own = [path.stem for path in sorted(study.zoo.glob("*.json")) if path.stem not in listed]
        return (*self.networks, *(name for name in own if name not in self.networks))


def known_studies() -> list[str]:
    """Names of the studies in ``config/``."""
    return sorted(path.stem for path in CONFIG.glob("*.yaml"))


def load(study: str, data: str = "") -> StudyConfig:
    """Read and check a study.

    Parameters
    ----------
    study : str
        A name in ``config/`` or the path of a YAML file.
    data : str
        Folder of the music, before the file's own.

    Raises
    ------
    ReportError
        If the study, a key, a network, a protocol or the folder is unknown or has a wrong value.
    """
    path = Path(study) if str(study).endswith((".yaml", ".yml")) else CONFIG / f"{study}.yaml"
    if not path.is_file():
        raise ReportError(f"study {study!r}: {path} does not exist. Known studies are {', '.join(known_studies())}.")
    name = check_name(path.stem, "study")
    try:
        declared = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise ReportError(f"{path} is not valid YAML: {error}") from error
    if not isinstance(declared, dict):
        raise ReportError(f"{path} is empty; config/demo.yaml shows what belongs in it.")
    allowed = [f.name for f in fields(StudyConfig) if f.name != "study"]
    for key in declared:
        if key not in allowed:
            raise ReportError(f"{path}: {key!r} is unknown. Known are {', '.join(allowed)}.")
    for key in ("corpus", "networks", "protocols"):
        if not declared.get(key):
            raise ReportError(f"{path}: {key!r} is missing.")
    values = {key: tuple(value) if isinstance(value, list) else value for key, value in declared.items()}
    config = StudyConfig(study=name, **{**values, "data": data or declared.get("data", "")})
    _check(config, path)
    return config


def label_files(config: StudyConfig) -> list[str]:
    """Files of labels in the folder of the music, on which the tracks table depends."""
    return [str(path) for path in sorted(data_folder(config.data, config.corpus).glob("*.csv"))] if config.data else []


def folder_digest(config: StudyConfig) -> str:
    """Checksum of the names, sizes and times of the music's files: another one, and 01 reads the folder anew."""
    total = hashlib.sha256()
    if config.data:
        folder = data_folder(config.data, config.corpus)
        for path in audio_files(folder):
            state = path.stat() if path.is_file() else path.lstat()
            total.update(f"{path.relative_to(folder)}|{state.st_size}|{state.st_mtime_ns}\n".encode("utf-8", "replace"))
    return total.hexdigest()[:16]


def _check(config: StudyConfig, path: Path) -> None:
    from lib import corpora, zoo

    known = zoo.PUBLISHED
    for network in config.networks:
        if network not in known:
            raise ReportError(
                f"{path}: network {network!r} is unknown. Known are {', '.join(known)}; one of your own is registered "
                "in notebooks/03_model_zoo.ipynb and joins every study by itself."
            )
    if config.corpus not in corpora.CORPORA:
        raise ReportError(f"{path}: corpus {config.corpus!r} is unknown. Known are {', '.join(corpora.CORPORA)}.")
    if not isinstance(config.epochs, dict) or "default" not in config.epochs:
        raise ReportError(f"{path}: epochs must name a number for each network and one for 'default'.")
    for what, values in (("run_folds", config.run_folds), ("seeds", config.seeds), ("folds", (config.folds,))):
        if not isinstance(values, tuple) or not all(isinstance(value, int) and value >= 0 for value in values):
            raise ReportError(f"{path}: {what} is {values!r}; it must hold whole numbers of 0 or more.")
    outside = [fold for fold in config.run_folds if fold >= config.folds]
    if outside or config.folds < 2:
        raise ReportError(f"{path}: run_folds {list(config.run_folds)} do not fit folds: {config.folds}.")
    _check_parameters(config, path)
    config.runs()  # unknown protocols name themselves
    if config.corpus != "demo":
        if not config.data:
            raise ReportError(
                f"study {config.study!r} needs your copy of the music: make report STUDY={config.study} DATA=<folder>."
            )
        data_folder(config.data, config.corpus)  # a missing or empty folder names itself


def _check_parameters(config: StudyConfig, path: Path) -> None:
    """Compare further parameters with those that the notebooks document."""
    from lib.execute import check_parameters

    for number, given in config.parameters.items():
        found = sorted(NOTEBOOKS.glob(f"{number}_*.ipynb"))
        if not found:
            raise ReportError(f"{path}: parameters of {number!r}: there is no notebook of that number.")
        check_parameters(found[0], given)
