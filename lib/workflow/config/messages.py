"""Error messages of a wrong value in a study's file: file, key, value and what is accepted."""

import re
from collections.abc import Collection
from difflib import get_close_matches
from pathlib import Path

from pydantic import BaseModel, ValidationError

from lib.errors import ReportError

LONGEST = 60  # letters of a value in a message
_TYPES = {  # pydantic's own words are Python's
    "int_type": "be a whole number",
    "float_type": "be a number",
    "string_type": "be text, in quotes if it looks like a number",
    "tuple_type": "be a list, such as [a, b]",
    "too_short": "hold at least one item",
    "dict_type": "be a mapping, such as {a: 1, b: 2}",
    "model_type": "be a mapping of lists, such as {networks: [yu2018], splits: [artist]}",
}


def short(value: object) -> str:
    """Return a value as a message shows it."""
    text = repr(list(value) if isinstance(value, tuple) else value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."


def unknown(value: object, known: Collection[str]) -> str:
    """Say that a name is unknown, which one may be meant, and which there are."""
    near = get_close_matches(str(value), list(known), 1)
    return f"is unknown.{f' Did you mean {near[0]!r}?' if near else ''} Known are {', '.join(known)}."


def report_error(error: ValidationError, path: Path, model: type[BaseModel], **inner: type[BaseModel]) -> ReportError:
    """Turn what pydantic found in a file into one line each; `inner` are the models of the items of keys of `model`."""
    lines = []
    for found in error.errors(include_url=False):
        place = [part for part in found["loc"] if part != "[key]"]
        key = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place).lstrip(".")
        problem = f"{key} is {short(found['input'])}"
        if found["type"] == "missing":
            lines.append(f"{key} is missing.")
        elif found["type"] in ("extra_forbidden", "invalid_key"):
            known = inner.get(place[0], model) if len(place) > 1 else model
            lines.append(f"{key} {unknown(place[-1], [name for name in known.model_fields if name != 'study'])}")
        elif found["type"] == "value_error":
            lines.append(f"{problem}; {found['ctx']['error']}")
        elif found["type"] == "too_short" and found["input"]:
            continue  # its items are wrong, and reported one by one
        else:
            wanted = _TYPES.get(found["type"], re.sub("^Input should ", "", found["msg"]))
            lines.append(f"{problem}; it must {wanted}.")
    return ReportError("\n".join(f"{path}: {line}" for line in lines))
