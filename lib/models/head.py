"""What a network predicts: its heads."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Head:
    """One output of a network: a choice among classes, or a number.

    Parameters
    ----------
    name : str
        A column of the tracks table, such as ``genre`` or ``valence``.
    classes : tuple of str
        In the order of the output's nodes; empty for a number, which has one node.
    """

    name: str
    classes: tuple[str, ...] = ()

    @property
    def numeric(self) -> bool:
        """Whether the head predicts a number."""
        return not self.classes

    @property
    def width(self) -> int:
        """Nodes of the decision layer."""
        return len(self.classes) or 1

    @property
    def columns(self) -> list[str]:
        """Columns of its predictions in ``predictions.parquet``: ``genre:Rock``, or ``valence:value``."""
        return [f"{self.name}:{name}" for name in self.classes or ("value",)]
