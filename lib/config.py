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
from lib.splits import PROTOCOLS

_RUNS = "networks, protocols, run_folds and seeds"
_EVERYWHERE = {"study": "the file's name", "root": "--root of `python -m lib.study report`"}
SET_ABOVE = {  # parameters that the Snakefile gives, by notebook, and the keys of the file they come from
    "01": {"corpus": "corpus", "data": "data", "folds": "folds", "protocols": "protocols"},
    "03": {"networks": "networks"},
    "04": {
        "architecture": "networks",
        "protocol": "protocols",
        "fold": "run_folds",
        "seed": "seeds",
        "folds": "folds",
        "epochs": "epochs",
    },
    "05": {"corpus": "corpus", "runs": _RUNS},
    "06": {"run": _RUNS},
}
_LISTS = {"networks": "[this_project]", "protocols": "[slice, artist]", "run_folds": "[0]", "seeds": "[0]"}


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
    declared, data = _read(path), str(data or "")
    declared["parameters"] = _by_number(declared.get("parameters"), path)
    _check_types(declared, path)
    values = {key: tuple(value) if isinstance(value, list) else value for key, value in declared.items()}
    config = StudyConfig(study=name, **{**values, "data": data or declared.get("data") or ""})
    _check(config, path, data)
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


def _read(path: Path) -> dict:
    """Read the file's keys, all of them known and the necessary ones there."""
    try:
        declared = yaml.safe_load(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        raise ReportError(f"{path} is not text in UTF-8 ({error}). Save it in that encoding.") from error
    except (yaml.YAMLError, ValueError) as error:  # ValueError: such as the 31st of February
        raise ReportError(f"{path} is not valid YAML: {error}") from error
    if declared is None:
        raise ReportError(f"{path} is empty; config/demo.yaml shows what belongs in it.")
    if not isinstance(declared, dict):
        raise ReportError(
            f"{path} holds {_short(declared)}; it must be a mapping, lines of `key: value` as in config/demo.yaml."
        )
    allowed = [f.name for f in fields(StudyConfig) if f.name != "study"]
    for key in declared:
        if key not in allowed:
            raise ReportError(f"{path}: {key!r} is unknown. Known are {', '.join(allowed)}.")
    for key in ("corpus", "networks", "protocols"):
        if declared.get(key) is None:
            raise ReportError(f"{path}: {key!r} is missing.")
    return declared


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _whole(value: object, least: int) -> bool:
    """Whether a value is a whole number of at least `least`; to Python, True is one too."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def _by_number(given: object, path: Path) -> dict[str, dict]:
    """Further parameters by numbers of two digits; YAML reads a number without quotes, such as 01, as 1."""
    example = 'parameters: {"01": {mood_cuts: terciles}}'
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise ReportError(f"{path}: parameters is {_short(given)}; it must hold notebooks' numbers, as {example} does.")
    found = {}
    for number, values in given.items():
        key = str(number).zfill(2)
        if values is not None and not isinstance(values, dict):
            raise ReportError(
                f"{path}: parameters of {key!r} is {_short(values)}; it must hold names and values, as {example} does."
            )
        if key in found:
            raise ReportError(f"{path}: parameters names {key!r} twice, once as {number!r}; keep one of them.")
        found[key] = dict(values or {})
    return found


def _check_types(declared: dict, path: Path) -> None:
    """Check what kind of value each key has."""
    for key in ("corpus", "data"):
        value = declared.get(key)
        if value is not None and not isinstance(value, str):
            raise ReportError(
                f"{path}: {key} is {_short(value)}; it must be text, in quotes if it looks like a number."
            )
    for key, example in _LISTS.items():
        value = declared.get(key, [0])
        if not isinstance(value, list) or not value:
            raise ReportError(
                f"{path}: {key} is {_short(value)}; it must be a list of at least one, such as {key}: {example}."
            )
    for key in ("run_folds", "seeds"):
        for value in declared.get(key, [0]):
            if not _whole(value, 0):
                raise ReportError(f"{path}: {key} holds {_short(value)}; it must hold whole numbers of 0 or more.")
    if not _whole(declared.get("folds", 5), 2):
        raise ReportError(f"{path}: folds is {_short(declared['folds'])}; it must be a whole number of 2 or more.")
    epochs = declared.get("epochs", {"default": 20})
    if not isinstance(epochs, dict) or "default" not in epochs:
        raise ReportError(
            f"{path}: epochs is {_short(epochs)}; it must name a number for 'default', and may name one for any "
            "network, such as epochs: {default: 20, zhang2016: 30}."
        )
    for network, value in epochs.items():
        check_name(network, f"{path}: epochs of")
        if not _whole(value, 1):
            raise ReportError(
                f"{path}: epochs of {network!r} is {_short(value)}; it must be a whole number of 1 or more."
            )


def _check(config: StudyConfig, path: Path, data: str) -> None:
    """Compare the values with what there is; `data` is the caller's."""
    from lib import corpora, zoo

    known = zoo.PUBLISHED
    for network in config.networks:
        if network not in known:
            raise ReportError(
                f"{path}: network {network!r} is unknown. Known are {', '.join(known)}; one of your own is registered "
                "in notebooks/03_model_zoo.ipynb and joins every study by itself."
            )
    for protocol in config.protocols:
        if protocol not in PROTOCOLS:
            raise ReportError(f"{path}: protocol {protocol!r} is unknown. Known are {', '.join(PROTOCOLS)}.")
    if config.corpus not in corpora.CORPORA:
        raise ReportError(f"{path}: corpus {config.corpus!r} is unknown. Known are {', '.join(corpora.CORPORA)}.")
    outside = [fold for fold in config.run_folds if fold >= config.folds]
    if outside:
        raise ReportError(
            f"{path}: run_folds {list(config.run_folds)} do not fit folds: {config.folds}; the last fold is "
            f"{config.folds - 1}."
        )
    _check_parameters(config, path)
    if config.corpus != "demo":
        if not config.data:
            raise ReportError(
                f"study {config.study!r} needs your copy of the music: make report STUDY={config.study} DATA=<folder>."
            )
        data_folder(config.data, config.corpus)  # a missing or empty folder names itself
    elif data:
        raise ReportError(
            f"DATA={data}: the {config.study} study composes its own music. Leave DATA out, or name STUDY=emotify or "
            "STUDY=folder."
        )
    elif config.data:
        raise ReportError(
            f"{path}: data is {config.data!r}, but corpus demo composes its own music. Leave data out, or name corpus: "
            "emotify or corpus: folder."
        )


def _check_parameters(config: StudyConfig, path: Path) -> None:
    """Compare further parameters with those that the notebooks document and the study does not set itself."""
    from lib.execute import check_parameters

    notebooks = {notebook.name[:2]: notebook for notebook in sorted(NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))}
    for number, given in config.parameters.items():
        if number not in notebooks:
            raise ReportError(
                f"{path}: parameters of {number!r}: there is no notebook of that number, only {', '.join(notebooks)}."
            )
        above = {**_EVERYWHERE, **SET_ABOVE.get(number, {})}
        for name, value in given.items():
            if name in _EVERYWHERE:
                remedy = f"it is given by {above[name]}"
            elif name in above:
                remedy = f"set {above[name]} at the top of the file"
            else:
                continue
            raise ReportError(f"{path}: parameters of {number!r}: {name} is {_short(value)}; {remedy} instead.")
        try:
            check_parameters(notebooks[number], given)
        except ReportError as error:
            raise ReportError(f"{path}: {error}") from error
