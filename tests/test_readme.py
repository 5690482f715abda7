import re

import pandas as pd
import pytest

from lib.errors import ReportError
from lib.io import write_csv, write_json
from lib.paths import PROJECT, Study
from lib.site import readme


@pytest.fixture
def study(tmp_path):
    study = Study("toy", tmp_path)
    rows = [
        {"network": "n", "split": p, "recipe": "poster", "head": "genre", "level": level, "n_songs": 40,
         "accuracy": 0.5 + i / 10, "low": 0.4, "high": 0.7, "runs": 1}
        for i, p in enumerate(("random", "artist"))
        for level in ("slice", "song")
    ]  # fmt: skip
    write_csv(pd.DataFrame(rows), study.tables / "results.csv")
    write_json({"headline": ["First.", "Second."], "findings": ["One."], "credit": "By X.",
                "figure": {"name": "splits", "claim": "C"}},
               study.results / "summary.json")  # fmt: skip
    return study


def test_the_blocks_are_made_from_the_tables(study):
    written = readme.blocks(study)
    assert list(written) == ["answer", "results"]
    assert written["answer"].endswith("- First.\n- Second.")
    assert "results/toy/figures/splits.svg" in written["answer"]
    text = written["results"]
    assert "| n | genre | 0.50 (0.40 to 0.70) | 0.60 (0.40 to 0.70) |" in text
    assert text.startswith("- One.")
    assert "1 run per cell" in text
    assert text.endswith("By X.")


def test_only_the_marked_blocks_are_replaced():
    (a, b), (c, d) = readme.marks("one"), readme.marks("two")
    text = f"before\n{a}\nold\n{b}\nbetween\n{c}\n{d}\nafter\n"
    new = readme.with_blocks(text, {"one": "1", "two": "2"})
    assert new == f"before\n{a}\n\n1\n\n{b}\nbetween\n{c}\n\n2\n\n{d}\nafter\n"
    assert readme.with_blocks(new, {"one": "1", "two": "2"}) == new
    with pytest.raises(ReportError, match=r"'<!-- two.* once each"):
        readme.with_blocks(f"{a}{b}", {"one": "1", "two": "2"})


def test_readme_and_docs_show_the_committed_results():
    written = readme.blocks(Study(readme.STUDY))
    for file, name in readme.BLOCKS.items():
        text = file.read_text(encoding="utf-8")
        assert text == readme.with_blocks(text, {name: written[name]}), "run `make readme`"


def test_the_readme_is_short():
    assert len(readme.README.read_text(encoding="utf-8").split()) < 1000


def test_the_answer_and_the_two_commands_come_first():
    text = readme.README.read_text(encoding="utf-8")
    parts = ["**How much", readme.marks("answer")[0], "make report   #", "make test     #", "docs/real-music.md"]
    places = [text.index(part) for part in parts]
    assert places == sorted(places)


def test_the_readme_links_to_files_that_exist():
    docs = [f"docs/{path.name}" for path in (PROJECT / "docs").glob("*.md")]
    assert len(docs) > 8
    for name in ("README.md", "results/README.md", *docs):
        path = PROJECT / name
        for target in re.findall(r"\]\(([^)#]+)\)", path.read_text(encoding="utf-8")):
            if not target.startswith("http"):
                assert (path.parent / target).exists(), f"{name}: {target}"


def test_missing_results_say_what_to_run(tmp_path):
    with pytest.raises(ReportError, match="make report STUDY=toy"):
        readme.blocks(Study("toy", tmp_path))
