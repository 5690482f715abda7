"""Further parameters of the notebooks, compared with those that they document and the study sets itself."""

from pathlib import Path

from lib.errors import ReportError
from lib.paths import CHAPTERS, NOTEBOOKS
from lib.workflow.config.messages import short
from lib.workflow.config.study import StudyConfig
from lib.workflow.parameters import check_parameters

_RUNS = "networks, splits, run_folds, seeds, baselines, candidates and also"
_EVERYWHERE = {
    "study": "the file's name",
    "root": "--root of `python -m lib.workflow report`",
    "keep": "`make report`",
}
SET_ABOVE = {  # parameters that the Snakefile gives, by notebook, and the keys of the file they come from
    "01": {"corpus": "corpus", "data": "data", "folds": "folds", "splits": "splits"},
    "02": {"pretrained": "baselines"},
    "04": {
        "architecture": "networks", "split": "splits", "fold": "run_folds", "seed": "seeds", "folds": "folds",
        "epochs": "epochs", "recipe": "baselines, candidates, also and search", "share": "also", "heads": "also",
        "validation": "validation_shares", "validation_shares": "validation_shares",
        "candidate": "candidates and search", "candidates": "candidates",
    },
    "05": {"corpus": "corpus", "runs": _RUNS},
    "06": {"run": _RUNS, "others": _RUNS, "widths": "vectors"},
    "08": {"corpus": "corpus", "folds": "folds", "splits": "splits"},
    "09": {"corpus": "corpus", "runs": _RUNS},
}  # fmt: skip


def check(config: StudyConfig, path: Path) -> None:
    """Compare a study's parameters with the notebooks.

    Raises
    ------
    ReportError
        If a notebook or a parameter is unknown, has another type, or comes from another key of the file.
    """
    for number, given in config.parameters.items():
        place = f"{path}: parameters.{number}"
        if number not in CHAPTERS:
            raise ReportError(f"{place}: there is no notebook {number!r}, only {', '.join(CHAPTERS)}.")
        remedies = {name: f"it is given by {what}" for name, what in _EVERYWHERE.items()}
        remedies |= {name: f"set {key} at the top of the file" for name, key in SET_ABOVE.get(number, {}).items()}
        if above := [name for name in given if name in remedies]:
            raise ReportError(f"{place}.{above[0]} is {short(given[above[0]])}; {remedies[above[0]]} instead.")
        try:
            check_parameters(NOTEBOOKS / f"{CHAPTERS[number]}.ipynb", given)
        except ReportError as error:
            raise ReportError(f"{place}: {error}") from error
        if given.get("workers", 0) < 0:
            raise ReportError(f"{place}.workers is {given['workers']}; it must be 0, for one per core, or more.")
        if not given.get("timeout_s", 1) > 0:
            raise ReportError(f"{place}.timeout_s is {given['timeout_s']}; it must be a number of seconds above 0.")
