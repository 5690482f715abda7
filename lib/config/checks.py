"""What a study's file may say, and how it is told what is wrong with it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import yaml

from lib.corpora.files import data_folder
from lib.errors import ReportError
from lib.paths import NOTEBOOKS, check_name
from lib.splits import PROTOCOLS, SINGLE, dev_shares

_RUNS = "networks, protocols, run_folds, seeds, baselines, candidates and also"
_EVERYWHERE = {
    "study": "the file's name",
    "root": "--root of `python -m lib.study report`",
    "keep": "`make report`",
}
SET_ABOVE = {  # parameters that the Snakefile gives, by notebook, and the keys of the file they come from
    "01": {"corpus": "corpus", "data": "data", "folds": "folds", "protocols": "protocols"},
    "04": {
        "architecture": "networks",
        "protocol": "protocols",
        "fold": "run_folds",
        "seed": "seeds",
        "folds": "folds",
        "epochs": "epochs",
        "recipe": "baselines, candidates, also and search",
        "share": "also",
        "heads": "also",
        "dev": "devs",
        "devs": "devs",
        "candidate": "candidates and search",
        "candidates": "candidates",
    },
    "05": {"corpus": "corpus", "runs": _RUNS},
    "06": {"run": _RUNS, "others": _RUNS, "widths": "vectors"},
    "07": {},
    "08": {"corpus": "corpus", "folds": "folds"},
    "09": {"corpus": "corpus", "runs": _RUNS},
}
_LISTS = {  # by key, an example, whether it may be empty
    "networks": ("[this_project]", False),
    "protocols": ("[slice, artist]", False),
    "run_folds": ("[0]", False),
    "seeds": ("[0]", False),
    "baselines": ("[majority, mfcc_svm]", True),
    "candidates": ("[short_chunk tuned, musicnn tuned]", True),
    "best_protocols": ("[artist]", False),
    "devs": ("[0, 1]", False),
    "search": ("[this_project_fc2 poster]", True),
    "vectors": ("[this_project_nodes50]", True),
}


def read(path: Path, allowed: Sequence[str]) -> dict:
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


def by_number(given: object, path: Path) -> dict[str, dict]:
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


def check_types(declared: dict, path: Path) -> None:
    """Check what kind of value each key has."""
    for key in ("corpus", "data"):
        value = declared.get(key)
        if value is not None and not isinstance(value, str):
            raise ReportError(
                f"{path}: {key} is {_short(value)}; it must be text, in quotes if it looks like a number."
            )
    for key, (example, may_be_empty) in _LISTS.items():
        value = declared.get(key, [0])
        if not isinstance(value, list) or not (value or may_be_empty):
            size = "" if may_be_empty else " of at least one"
            raise ReportError(f"{path}: {key} is {_short(value)}; it must be a list{size}, such as {key}: {example}.")
        if key not in ("run_folds", "seeds", "devs") and not all(
            isinstance(item, str) for item in value if key in declared
        ):
            raise ReportError(f"{path}: {key} is {_short(value)}; it must hold names, such as {key}: {example}.")
    for key in ("run_folds", "seeds", "devs"):
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


def check(config, path: Path) -> None:
    """Compare the values with the networks, protocols and corpora there are."""
    from lib import baselines, corpora, zoo

    for network in config.networks:
        if network not in zoo.PUBLISHED:
            raise ReportError(
                f"{path}: network {network!r} is unknown. Known are {', '.join(zoo.PUBLISHED)}; one of your own is "
                "registered in notebooks/03_model_zoo.ipynb and joins every study by itself."
            )
    for key, given, known in (
        ("protocol", (*config.protocols, *config.best_protocols), PROTOCOLS),
        ("baseline", config.baselines, baselines.NAMES),
    ):
        for value in given:
            if value not in known:
                raise ReportError(f"{path}: {key} {value!r} is unknown. Known are {', '.join(known)}.")
    _check_candidates(config, path)
    if config.corpus not in corpora.CORPORA:
        raise ReportError(f"{path}: corpus {config.corpus!r} is unknown. Known are {', '.join(corpora.CORPORA)}.")
    named = [item.folds for item in (*config.also, *(sweep.also for sweep in config.sweep))]
    for folds in (config.run_folds, *named):
        if all(fold < config.folds for fold in folds):
            continue
        raise ReportError(
            f"{path}: run_folds {list(folds)} do not fit folds: {config.folds}; the last fold is {config.folds - 1}."
        )


def check_surroundings(config, path: Path, data: str) -> None:
    """Compare the values with the notebooks and the folder of the music; `data` is the caller's."""
    _check_parameters(config, path)
    from lib.corpora import module

    if config.corpus != "demo":
        if not config.data and getattr(module(config.corpus), "NEEDS_DATA", True):
            raise ReportError(
                f"study {config.study!r} needs your copy of the music: make report STUDY={config.study} DATA=<folder>."
            )
        if config.data:
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


def _check_candidates(config, path: Path) -> None:
    """Compare what is to be chosen from with the networks, baselines and recipes there are."""
    from lib import baselines, zoo
    from lib.recipes import BASELINE, POSTER, RECIPES, members, settings_of

    networks = (*zoo.PUBLISHED, *zoo.VARIANTS)
    for key in ("candidates", "search"):
        for text in getattr(config, key):
            try:
                pairs = members(text)
            except ReportError as error:
                raise ReportError(f"{path}: {key}: {error}") from error
            for name, recipe in pairs:
                if recipe not in (*RECIPES, BASELINE):
                    known = ", ".join((*RECIPES, BASELINE))
                    raise ReportError(f"{path}: {key}: recipe {recipe!r} is unknown. Known are {known}.")
                known = baselines.NAMES if recipe == BASELINE else networks
                if name not in known:
                    raise ReportError(
                        f"{path}: {key}: {name!r} with recipe {recipe} is unknown. Known are {', '.join(known)}."
                    )
    for text in config.search:
        if "+" in text:
            raise ReportError(f"{path}: search: {text!r} is an ensemble, which only the recipe best can choose.")
    for name in config.vectors:
        if name not in networks:
            raise ReportError(f"{path}: vectors: {name!r} is unknown. Known are {', '.join(networks)}.")
    for key in ("run_folds", "seeds", "devs", "candidates", "search", "vectors"):
        given = getattr(config, key)
        if len(set(given)) < len(given):
            double = next(value for value in given if given.count(value) > 1)
            raise ReportError(f"{path}: {key} names {double!r} twice; keep one of them.")
    shares = dev_shares(config.folds)
    if (config.candidates or config.search) and max(config.devs) >= shares:
        raise ReportError(
            f"{path}: devs holds {max(config.devs)}; with folds: {config.folds} there are {shares} shares, 0 to "
            f"{shares - 1}."
        )
    single = [protocol for protocol in config.best_protocols if protocol in SINGLE]
    if (config.candidates or config.search) and single and config.devs != (0,):
        raise ReportError(f"{path}: best_protocols holds {single[0]}, which has one dev set; devs must be [0].")
    try:
        settings_of(POSTER, **config.parameters.get("04", {}).get("settings", {}))
    except ReportError as error:
        raise ReportError(f"{path}: parameters of '04': settings: {error}") from error


def _check_parameters(config, path: Path) -> None:
    """Compare further parameters with those that the notebooks document and the study does not set itself."""
    from lib.workflow.notebook import check_parameters

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
