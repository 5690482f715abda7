"""A study: which corpus, which networks under which splits, declared in one YAML file."""

import hashlib
from pathlib import Path

import yaml
from pydantic import ValidationError

from lib import datasets as corpora
from lib.datasets.files import any_audio, audio_files
from lib.datasets.valence import CSV
from lib.errors import ReportError
from lib.paths import CONFIG, check_name, data_folder, given_file
from lib.workflow.config import parameters
from lib.workflow.config.messages import report_error, short, unknown
from lib.workflow.config.parameters import SET_ABOVE
from lib.workflow.config.study import ExtraRuns, StudyConfig, Sweep, studies

__all__ = ["SET_ABOVE", "StudyConfig", "folder_digest", "known_studies", "label_files", "load", "studies"]


def known_studies() -> list[str]:
    """Names of the studies in ``config/``."""
    return sorted(path.stem for path in CONFIG.glob("*.yaml"))


def load(study: str, data: str = "", *, check: bool = True) -> StudyConfig:
    """Read and check a study.

    Parameters
    ----------
    study : str
        A name in ``config/`` or the path of a YAML file.
    data : str
        Folder of the music, before the file's own.
    check : bool
        See that the folder of music is there and that the notebooks have the parameters given.

    Raises
    ------
    ReportError
        If the study, a key, a network, a split or the folder is unknown or has a wrong value.
    """
    path = Path(study) if str(study).endswith((".yaml", ".yml")) else CONFIG / f"{study}.yaml"
    if not path.is_file():
        raise ReportError(f"study {study!r}: {path} does not exist; it {unknown(study, known_studies())}")
    declared = {"study": check_name(path.stem, "study"), **_read(path)}
    try:
        config = StudyConfig.model_validate(declared)
    except ValidationError as error:
        raise report_error(error, path, StudyConfig, also=ExtraRuns, sweep=Sweep) from error
    config = config.model_copy(update={"data": str(data or config.data)})
    try:
        dict(studies(config))  # a name that cannot be a folder's, or is there twice, says so now
    except ReportError as error:
        raise ReportError(f"{path}: {error}") from error
    for name in ("unequal", "tasks"):
        other = config.parameters.get("05", {}).get(name)
        if other and other not in known_studies():
            raise ReportError(f"{path}: parameters.05.{name} is {other!r}; it {unknown(other, known_studies())}")
    if check:
        parameters.check(config, path)
        _check_music(config, path, str(data or ""))
    return config


def _read(path: Path) -> dict:
    """Keys and values of a file, but for keys without a value."""
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
            f"{path} holds {short(declared)}; it must be a mapping, lines of `key: value` as in config/demo.yaml."
        )
    if "study" in declared:
        raise ReportError(f"{path}: study is {short(declared['study'])}; leave it out, a study is called as its file.")
    return {key: value for key, value in declared.items() if value is not None or key not in StudyConfig.model_fields}


def _check_music(config: StudyConfig, path: Path, data: str) -> None:
    """See that there is a folder of music where the corpus needs one, and none where it composes its own."""
    if config.corpus != "demo":
        needed = getattr(corpora.module(config.corpus), "NEEDS_DATA", True)
        folder = data_folder(config.data, config.corpus) if config.data else None  # a missing folder names itself
        if needed and folder:
            any_audio(folder)
        elif needed:
            raise ReportError(
                f"study {config.study!r} needs your copy of the music: make report STUDY={config.study} DATA=<folder>."
            )
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


def label_files(config: StudyConfig) -> list[Path]:
    """Files of labels, in the folder of the music and named in the parameters."""
    names = getattr(corpora.module(config.corpus), "LABEL_FILES", ("*.csv",))
    folder = data_folder(config.data, config.corpus) if config.data else None
    found = sorted(path for name in names for path in folder.glob(name)) if folder else []
    given = config.parameters.get("01", {})
    named = [name.removeprefix(CSV) for name in given.get("valence", []) if str(name).startswith(CSV)]
    named += [name for name in [given.get("drawing", {}).get("manifest")] if name]
    return [*found, *(given_file(name, "file") for name in named)]


def folder_digest(config: StudyConfig) -> str:
    """Checksum of the names, sizes and times of the music's files: another one, and 01 reads the folder anew."""
    total = hashlib.sha256()
    if config.data:
        folder = data_folder(config.data, config.corpus)
        for path in audio_files(folder):
            state = path.stat() if path.is_file() else path.lstat()
            total.update(f"{path.relative_to(folder)}|{state.st_size}|{state.st_mtime_ns}\n".encode("utf-8", "replace"))
    return total.hexdigest()[:16]
