"""Studies that a sweep derives: one for each combination of its parameters of notebooks 01 to 03."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lib.errors import ReportError
from lib.paths import check_name
from lib.workflow.config.study import ExtraRuns, StudyConfig, Sweep, grid

LONGEST = 120  # letters of a derived study's name


def studies(config: StudyConfig) -> Iterator[tuple[str, dict]]:
    """Name and YAML content of the studies that a study's sweep derives from it, one a point of its parameters.

    Raises
    ------
    ReportError
        If a name would be too long, or be there twice.
    """
    seen = set()
    for own, point in [(sweep, point) for sweep in config.sweep for point in _points(sweep)]:
        words = [f"{name}{value}" for values in point.values() for name, value in values.items()]
        name = "-".join([config.study, *(re.sub(r"[^a-z0-9_]+", "_", word.lower()).strip("_") for word in words)])
        if len(name) > LONGEST:
            raise ReportError(
                f"sweep: a point would be the study {name!r}, too long for a folder. Make lists and long texts the "
                "parameters of studies of their own."
            )
        if name in seen:
            raise ReportError(f"sweep: two points would be the study {name!r}. Make one of them a study of its own.")
        seen.add(name)
        numbers = dict.fromkeys([*config.parameters, *point])
        yield (
            check_name(name, "study"),
            {
                **config.model_dump(mode="json", include={"corpus", "folds", "epochs", "baselines", "data"}),
                **own.model_dump(mode="json", include={"networks", "splits", "seeds"}),
                "run_folds": list(own.folds or config.run_folds),
                "also": [own.model_dump(mode="json", include={*ExtraRuns.model_fields}, exclude_defaults=True)],
                "parameters": {key: {**config.parameters.get(key, {}), **point.get(key, {})} for key in numbers},
            },
        )


def _points(sweep: Sweep) -> list[dict[str, dict]]:
    """Every combination of a sweep's parameters, by number of the notebook; none where it has none."""
    flat = {(number, name): values for number, own in sweep.parameters.items() for name, values in own.items()}
    points = []
    for values in grid(flat) if flat else ():
        point: dict[str, dict] = {}
        for (number, name), value in values.items():
            point.setdefault(number, {})[name] = value
        points.append(point)
    return points
