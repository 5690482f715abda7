"""The committed form of the notebooks: ``make strip`` restores it after editing.

No outputs, no execution counts, no metadata but tags, cell ids that are words, keys sorted. What runs left
behind goes; what an author wrote stays.
"""

import re
from pathlib import Path

import nbformat
from nbstripout import strip_output

from lib.io import replacing
from lib.paths import NOTEBOOKS

METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
_SLUG = re.compile(r"[a-z][a-z0-9-]*")
_RANDOM = re.compile(r"[0-9a-f]{8}")


def normal_form(path: Path) -> str:
    """Text of a notebook in its committed form.

    A cell without an id of its own (new cells get random ones) is named after its first heading or words.

    Parameters
    ----------
    path : path-like
    """
    notebook = nbformat.read(path, as_version=4)
    strip_output(notebook, keep_output=False, keep_count=False, keep_id=True)
    notebook.metadata = nbformat.from_dict(METADATA)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    taken: set[str] = set()
    for cell in notebook.cells:
        tags = cell.metadata.get("tags", [])
        cell.metadata = nbformat.from_dict({"tags": tags} if tags else {})
        cell.source = cell.source.rstrip("\n")
        if not _SLUG.fullmatch(cell.get("id", "")) or _RANDOM.fullmatch(cell["id"]) or cell["id"] in taken:
            cell["id"] = _name(cell.source, taken)
        taken.add(cell["id"])
    nbformat.validate(notebook)
    return nbformat.writes(notebook, indent=1, sort_keys=True, ensure_ascii=False).rstrip("\n") + "\n"


def _name(source: str, taken: set[str]) -> str:
    words = re.findall(r"[a-z0-9]+", source.lower())[:3]
    base = "-".join(words)[:40]
    base = base if _SLUG.fullmatch(base) else f"cell-{base}".rstrip("-")
    number, name = 2, base
    while name in taken:
        name, number = f"{base}-{number}", number + 1
    return name


def restore() -> list[str]:
    """Bring every notebook into its committed form; return the names of those that changed."""
    changed = []
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        text = normal_form(path)
        if path.read_text(encoding="utf-8") != text:
            with replacing(path) as part:
                part.write_text(text, encoding="utf-8")
            changed.append(path.name)
    return changed
