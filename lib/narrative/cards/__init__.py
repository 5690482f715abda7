"""Data card and model card, for notebooks 08 and 09: templates, and the numbers in them.

``data_card`` after the datasheets of Gebru et al. (2021, doi 10.1145/3458723), ``model_card`` after the model cards of
Mitchell et al. (2019, doi 10.1145/3287560.3287596).
"""

import re
from pathlib import Path

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from lib.errors import ReportError
from lib.io import plain
from lib.narrative.format import listed, percent


def render(template: str, /, **facts) -> dict[str, str]:
    """Markdown of ``<template>.md.j2`` by section, which are its blocks; a line break in a paragraph is a blank.

    Raises
    ------
    ReportError
        If a question has no answer.
    """
    environment = Environment(loader=FileSystemLoader(Path(__file__).parent), undefined=StrictUndefined)
    environment.filters |= {"listed": listed, "percent": percent, "plain": plain, "counted": counted}
    loaded = environment.get_template(f"{template}.md.j2")
    card = {}
    for section, block in loaded.blocks.items():
        text = "".join(block(loaded.new_context(facts)))
        paragraphs = [re.sub(r"[ \n]+(?!- )", " ", one).strip(" \n") for one in re.split(r"\n *\n", text)]
        for paragraph in paragraphs:
            if paragraph.endswith("?**"):
                raise ReportError(
                    f"The card leaves {paragraph.strip('*')!r} open. Answer it, if only by saying that it is not known."
                )
        card[section] = "\n\n".join(filter(None, paragraphs))
    return card


def counted(counts: pd.Series) -> str:
    """Join counts as ``Folk (6) and Rock (5)``."""
    return listed(f"{plain(name)} ({number})" for name, number in counts.items())
