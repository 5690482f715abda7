"""Data card and model card: questions with answers, for notebooks 08 and 09.

``data`` after the datasheets of Gebru et al. (2021, doi 10.1145/3458723), ``model`` after the model cards of Mitchell
et al. (2019, doi 10.1145/3287560.3287596).
"""

from collections.abc import Mapping

from lib.errors import ReportError

__all__ = ["answered"]


def answered(card: Mapping[str, str]) -> str:
    """Markdown of questions with their answers, a paragraph each. Pages 08 and 09.

    Raises
    ------
    ReportError
        If a question has no answer: a card with holes says less than it seems to.
    """
    for question, answer in card.items():
        if not answer.strip():
            raise ReportError(f"The card leaves {question!r} open. Answer it, if only by saying that it is not known.")
    return "\n\n".join(f"**{question}** {answer}" for question, answer in card.items())
