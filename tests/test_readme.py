import re

import pandas as pd
import pytest

from lib import readme
from lib.errors import ReportError
from lib.paths import PROJECT, Study
from lib.tables import write_csv, write_json


@pytest.fixture
def study(tmp_path):
    study = Study("toy", tmp_path)
    rows = [
        {"network": "n", "protocol": p, "recipe": "poster", "head": "genre", "level": level, "n_songs": 40,
         "accuracy": 0.5 + i / 10, "low": 0.4, "high": 0.7, "runs": 1}
        for i, p in enumerate(("slice", "artist"))
        for level in ("slice", "song")
    ]  # fmt: skip
    write_csv(pd.DataFrame(rows), study.tables / "results.csv")
    write_json({"findings": ["One."], "figure": {"name": "protocols", "claim": "C"}, "credit": "By X."},
               study.results / "summary.json")  # fmt: skip
    return study


def test_the_block_is_made_from_the_tables(study):
    text = readme.block(study)
    assert "| n | genre | 0.50 (0.40 to 0.70) | 0.60 (0.40 to 0.70) |" in text
    assert "- One." in text
    assert "results/toy/figures/protocols.svg" in text
    assert "1 run a cell" in text


def test_only_the_marked_block_is_replaced():
    text = f"before\n{readme.BEGIN}\nold\n{readme.END}\nafter\n"
    new = readme.with_block(text, "new")
    assert new == f"before\n{readme.BEGIN}\n\nnew\n\n{readme.END}\nafter\n"
    assert readme.with_block(new, "new") == new
    with pytest.raises(ReportError, match="once each"):
        readme.with_block("no marks", "new")


def test_the_readme_shows_the_committed_results():
    text = readme.README.read_text(encoding="utf-8")
    assert text == readme.with_block(text, readme.block(Study(readme.STUDY))), "run `make readme`"


def test_the_readme_links_to_files_that_exist():
    for name in ("README.md", "results/README.md"):
        path = PROJECT / name
        for target in re.findall(r"\]\(([^)#]+)\)", path.read_text(encoding="utf-8")):
            if not target.startswith("http"):
                assert (path.parent / target).exists(), f"{name}: {target}"


def test_missing_results_say_what_to_run(tmp_path):
    with pytest.raises(ReportError, match="make report STUDY=toy"):
        readme.block(Study("toy", tmp_path))
