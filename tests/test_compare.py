"""Studies side by side."""

import re

import pandas as pd
import pytest

from lib.errors import ReportError
from lib.evaluation.results import RESULT_COLUMNS
from lib.paths import Study
from lib.site.compare import compare, differing, side_by_side
from lib.workflow.cli import main
from tests.site import chapter, write


def scored(accuracy: float, network: str = "yu2018", split: str = "artist", **bounds) -> dict:
    known = {"network": network, "split": split, "recipe": "poster", "head": "genre", "level": "song"}
    values = {"accuracy": accuracy, "low": accuracy - 0.05, "high": accuracy + 0.05, "kappa": 0.5, "n_songs": 80}
    return dict.fromkeys(RESULT_COLUMNS, "") | known | values | bounds


def study(root, name: str, rows: list[dict], *, epochs: int = 3, runs=()) -> Study:
    made = Study(name, root)
    write(made, "01_data_acquisition", chapter(1, "Data acquisition", corpus=name))
    write(made, "05_error_analysis", chapter(5, "Error analysis", epochs=epochs, corpus=name, runs=list(runs)))
    made.tables.mkdir(parents=True)
    pd.DataFrame(rows, columns=RESULT_COLUMNS).to_csv(made.tables / "results.csv", index=False)
    return made


@pytest.fixture
def two(tmp_path):
    one = study(tmp_path, "one", [scored(0.7), scored(0.9, split="random")])
    return [one, study(tmp_path, "other", [scored(0.5), scored(0.9, network="mine")], epochs=7)]


def test_only_settings_that_differ_are_listed(two):
    table = differing(two).set_index("setting")
    assert table.columns.tolist() == ["one", "other"]
    assert table.loc["05 epochs"].tolist() == ["3", "7"]
    assert table.index.tolist() == ["01 corpus", "05 corpus", "05 epochs"]


def test_folds_and_seeds_that_differ_are_listed(tmp_path):
    one = study(tmp_path, "one", [scored(0.7)], runs=["yu2018-random-f0-s0", "yu2018-artist-f0-s0-tuned"])
    other = study(tmp_path, "other", [scored(0.7)], runs=[f"yu2018-random-f{fold}-s0" for fold in (1, 0)])
    rows = differing([one, other]).set_index("setting")
    assert rows.loc["runs: fold"].tolist() == ["0", "0, 1"]
    assert rows.loc["runs: split"].tolist() == ["artist, random", "random"]
    assert rows.loc["runs: variant"].tolist() == ["none, tuned", "none"]


def test_results_stand_beside_each_other_in_the_first_ones_order(two):
    table = side_by_side(two).set_index(["network", "split"])
    assert table.index.tolist() == [("yu2018", "artist"), ("yu2018", "random"), ("mine", "artist")]
    assert table.loc[("yu2018", "artist"), ["one accuracy", "other accuracy"]].tolist() == [0.7, 0.5]
    assert table["other low"].isna().tolist() == [False, True, False]


def test_the_table_is_printed_and_written_with_its_intervals(tmp_path, capsys, two):
    study(tmp_path, "bare", [scored(0.625, low="", high="", kappa="")])  # without an interval
    study(tmp_path, "numbers", [])  # numeric heads alone
    assert main(["compare", "one", "other", "bare", "numbers", "--root", str(tmp_path)]) == 0
    path = tmp_path / "results/compare/one_and_other_and_bare_and_numbers.md"
    text = path.read_text(encoding="utf-8")
    assert capsys.readouterr().out == f"{text}\n{path}\n"
    row = next(line for line in text.splitlines() if line.startswith("| yu2018 | artist"))
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert cells[5:] == ["0.70 (0.65 to 0.75), κ 0.50", "0.50 (0.45 to 0.55), κ 0.50", "0.63", "–"]
    assert "05 epochs | 3 | 7 |" in text
    table = pd.read_csv(path.with_suffix(".csv"))
    assert table.loc[0, "other high"] == pytest.approx(0.55)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["one"], "two or more different studies"),
        (["one", "one"], "STUDIES='one one'"),
        (["one", "none"], "study 'none' has no results.*make report STUDY=none"),
        (["one", "../etc"], "study '../etc'"),
    ],
)
def test_errors_name_the_value_and_the_remedy(tmp_path, capsys, names, message):
    study(tmp_path, "one", [scored(0.7)])
    with pytest.raises(ReportError, match=message):
        compare(names, tmp_path)
    assert main(["compare", *names, "--root", str(tmp_path)]) == 1
    output = capsys.readouterr()
    assert output.out == "" and re.search(message, output.err) and "Traceback" not in output.err
