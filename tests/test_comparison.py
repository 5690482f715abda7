"""Studies and runs side by side."""

import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup

from lib.comparison import differing, items, results_beside
from lib.comparison.__main__ import main
from lib.errors import ReportError
from lib.evaluation.results import RESULT_COLUMNS
from lib.paths import Study
from tests.fakes import fake_run, fake_study
from tests.site import chapter, make, write


def scored(accuracy: float, half: float = 0.05, network: str = "this_project", protocol: str = "artist") -> dict:
    known = {"network": network, "protocol": protocol, "recipe": "poster", "head": "genre", "level": "song"}
    bounds = {"accuracy": accuracy, "low": accuracy - half, "high": accuracy + half, "kappa": 0.5, "n_songs": 80}
    return dict.fromkeys(RESULT_COLUMNS, "") | known | bounds


def study(root, name: str, rows: list[dict], *, epochs: int = 3, synthetic: bool = False, runs=()) -> Study:
    made = make(root, name, synthetic)
    write(
        made,
        "05_error_analysis",
        chapter(5, "Error analysis", epochs=epochs, corpus="demo" if synthetic else name, runs=list(runs)),
    )
    pd.DataFrame(rows).to_csv(made.tables / "results.csv", index=False)
    return made


@pytest.fixture
def two(tmp_path):
    study(tmp_path, "one", [scored(0.7), scored(0.9, protocol="slice")])
    study(tmp_path, "other", [scored(0.5), scored(0.9, network="mine")], epochs=7)
    return items(["one", "other"], tmp_path)


def test_only_what_differs_is_listed_and_once(two):
    table = differing(two)
    assert table.columns.tolist() == ["parameter", "one", "other"]
    rows = table.set_index("parameter")
    assert rows.loc["05 epochs"].tolist() == ["3", "7"]
    assert not [name for name in rows.index if "moods" in name]  # the same in both
    assert [name for name in rows.index if name.endswith("corpus")] == ["01, 02, 04, 05 corpus"]


def test_folds_and_seeds_that_differ_are_listed(tmp_path):
    study(tmp_path, "one", [scored(0.7)], runs=["this_project-slice-f0-s0", "this_project-artist-f0-s0-tuned"])
    study(tmp_path, "other", [scored(0.7)], runs=[f"this_project-slice-f{fold}-s0" for fold in (1, 0)])
    rows = differing(items(["one", "other"], tmp_path)).set_index("parameter")
    assert rows.loc["04 fold"].tolist() == ["0", "0, 1"]
    assert rows.loc["04 protocol"].tolist() == ["artist, slice", "slice"]
    assert rows.loc["04 variant"].tolist() == ["none, tuned", "none"]


def test_a_result_without_an_interval_or_of_numbers_alone_is_shown_as_it_is(tmp_path):
    study(tmp_path, "head", [scored(0.7) | {"low": "", "high": ""}])  # a name that is also a key's
    study(tmp_path, "other", [scored(0.5)])
    study(tmp_path, "numbers", [scored(0.5)])
    table = tmp_path / "results/numbers/tables/results.csv"
    table.write_text(",".join(RESULT_COLUMNS) + "\n")
    assert main(["head", "other", "numbers", "--root", str(tmp_path)]) == 0
    page = BeautifulSoup(
        (tmp_path / "results/compare/head_and_other_and_numbers/index.html").read_text(), "html.parser"
    )
    (row,) = page.select("#results ~ .table tbody tr")
    cells = [cell.get_text() for cell in row.find_all(["th", "td"])]
    assert cells[4:] == ["0.70", "0.50", "0.50 (0.45 to 0.55)", "0.50", "–", "–", "−20", "–"]


def test_a_stale_run_is_called_stale(tmp_path):
    fake = fake_study(tmp_path)
    fake_run(fake, protocol="slice")
    fake_run(fake, protocol="artist", stale=True)
    names = ["fake/this_project-slice-f0-s0", "fake/this_project-artist-f0-s0"]
    assert [item.stale for item in items(names, tmp_path)] == [False, True]
    assert main([*names, "--root", str(tmp_path)]) == 0
    (page,) = (tmp_path / "results/compare").glob("*/index.html")
    assert "Stale, made with other data" in page.read_text() and f": {names[1]}." in page.read_text()


def test_results_stand_beside_each_other_in_the_first_ones_order(two):
    table = results_beside(two).set_index(["network", "protocol"])
    assert table.index.tolist() == [("this_project", "artist"), ("this_project", "slice"), ("mine", "artist")]
    both = table.loc[("this_project", "artist")]
    assert both["other difference"] == pytest.approx(-0.2)
    half = np.hypot(0.05, 0.05)  # of independent results the squares of the halves add up
    assert both["other difference low"] == pytest.approx(-0.2 - half)
    assert both["other difference high"] == pytest.approx(-0.2 + half)
    assert np.isnan(table.loc[("mine", "artist"), "other difference"])


def test_the_page_says_what_is_compared_and_what_came_out(tmp_path, capsys, two):
    assert main(["one", "other", "--root", str(tmp_path)]) == 0
    index = tmp_path / "results/compare/one_and_other/index.html"
    assert capsys.readouterr().out == f"{index}\n"
    page = BeautifulSoup(index.read_text(encoding="utf-8"), "html.parser")
    assert page.h1.get_text() == "one and other"
    assert "Of 1 difference from one in accuracy by song, 1 has an interval that excludes zero" in page.get_text()
    assert "different music" in page.get_text() and "2 results by song are those of one of them" in page.get_text()
    assert "−20 (−27 to −13)" in page.get_text()
    assert [a["href"] for a in page.select("tbody th a")] == []  # no index was built
    assert not page.find(["script", "style", "iframe"]) and page.select_one(".picture img")["alt"]
    for file in ("results.csv", "parameters.csv", "style.css"):
        assert (index.parent / file).is_file()


@pytest.mark.parametrize(
    ("synthetic", "said"), [((True, True), "of this study"), ((True, False), "Some of this music")]
)
def test_synthetic_music_is_named(tmp_path, synthetic, said):
    for name, is_synthetic in zip(("demo", "real"), synthetic, strict=True):
        study(tmp_path, name, [scored(0.5)], synthetic=is_synthetic)
    assert main(["demo", "real", "--root", str(tmp_path)]) == 0
    assert said in (tmp_path / "results/compare/demo_and_real/index.html").read_text()


def test_nothing_in_common_is_said(tmp_path):
    study(tmp_path, "one", [scored(0.7)])
    study(tmp_path, "other", [scored(0.7, network="mine")])
    assert main(["one", "other", "--root", str(tmp_path)]) == 0
    page = (tmp_path / "results/compare/one_and_other/index.html").read_text()
    assert "No two of them have a result by song in common" in page and "<figure" not in page


def test_runs_are_compared_by_what_they_were_made_with(tmp_path):
    fake = fake_study(tmp_path)
    fake_run(fake, protocol="slice")
    fake_run(fake, protocol="artist")
    compared = items(["fake/this_project-slice-f0-s0", "fake/this_project-artist-f0-s0"], tmp_path)
    assert differing(compared).to_numpy().tolist() == [["run protocol", "slice", "artist"]]
    table = results_beside(compared)
    assert set(table["head"]) == {"genre", "mood"} and table.notna().all(axis=None)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["one"], "two to 8 different studies"),
        (["one", "one"], "two to 8 different studies"),
        (["one", "one/this_project-slice-f0-s0"], "runs \\(study/run\\) with runs"),
        (["one", "none"], "study 'none' is not finished.*make report STUDY=none"),
        (["one", "../etc"], "STUDIES='one ../etc'"),
        (["one/a", "one/../b"], "STUDIES="),
        (["one/a-candidate", "one/b"], "dev songs only"),
    ],
)
def test_errors_name_the_value_and_the_remedy(tmp_path, names, message):
    study(tmp_path, "one", [scored(0.7)])
    with pytest.raises(ReportError, match=message):
        items(names, tmp_path)
    assert main([*names, "--root", str(tmp_path)]) == 1


def test_a_run_that_is_not_finished_is_named(tmp_path):
    fake_study(tmp_path)
    with pytest.raises(ReportError, match="'a' is not finished"):
        items(["fake/a", "fake/b"], tmp_path)
