import copy
import json
from itertools import product

import matplotlib.pyplot as plt
import nbformat
import pandas as pd
import pytest
from bs4 import BeautifulSoup

from lib.evaluation import per_class, predictions
from lib.plots import evaluation as plots
from lib.plots import svg, use_style
from lib.runs.store import finished
from lib.site.build import build
from tests import fakes
from tests.in_process import run_notebook
from tests.predictions import run_of, sure, tracks_of


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """Notebook 05 executed on a fake study, with a student's own network and a stale run."""
    study = fakes.fake_study(tmp_path_factory.mktemp("study"))
    for network, skill in (("yu2018", 0.7), ("zhang2016", 0.5)):
        for split in ("random", "artist"):
            fakes.fake_run(study, network, split, skill=skill)
    fakes.fake_run(study, "yu2018", "random", fold=1, seed=0)
    fakes.fake_run(study, "my_own-net", "song", moods=False)
    fakes.fake_run(study, "choi2016", "random", stale=True)
    return study, execute(study)


def execute(study):
    """Run notebook 05 on a study."""
    return run_notebook("05_error_analysis", study=study.name, root=str(study.root), corpus="folder", resamples=200)


def shown(book, cell_id):
    """Markdown or text that a cell showed."""
    cell = next(cell for cell in book.cells if cell.get("id") == cell_id)
    return "".join(out["data"].get("text/markdown", out["data"]["text/plain"]) for out in cell.outputs if "data" in out)


def test_page_writes_its_tables(page):
    study, _ = page
    table = pd.read_csv(study.tables / "results.csv")
    assert set(table["network"]) == {"yu2018", "zhang2016", "my_own-net", "choi2016 (stale)"}
    assert (table.query("network == 'yu2018' and split == 'random'")["runs"] == 2).all()
    assert table.query("network == 'my_own-net'")["head"].unique().tolist() == ["genre"]
    assert table["accuracy"].between(0, 1).all()
    assert ((table["low"] <= table["accuracy"]) & (table["accuracy"] <= table["high"])).mean() > 0.9
    for name in ("comparison", "leakage", "ranking", "classes", "mistakes"):
        assert len(pd.read_csv(study.tables / f"{name}.csv"))


def test_page_writes_the_summary_and_figures(page):
    study, _ = page
    summary = json.loads((study.results / "summary.json").read_text(encoding="utf-8"))
    assert (summary["study"], summary["corpus"], summary["synthetic"]) == ("fake", "folder", False)
    assert 2 <= len(summary["findings"]) <= 4 and "**Stale:**" in summary["findings"][0]
    assert (
        "**Stale:**" in summary["headline"][0]
        and "Dealt" not in summary["headline"][0]
        and len(summary["headline"]) >= 3
    )
    assert summary["figure"]["name"] == "splits" and "yu2018" in summary["figure"]["claim"]
    assert (study.tables / f"{summary['main_table']}.csv").is_file()
    drawn = {path.stem for path in study.figures.glob("*.svg")}
    assert drawn >= {"splits", "drops", "gaps", "recall-genre", "recall-mood", "confusion-genre", "confusion-mood"}


def test_hostile_titles_stay_text_on_the_built_page(page):
    study, book = page
    book = copy.deepcopy(book)
    study.notebooks.mkdir(parents=True, exist_ok=True)
    nbformat.write(book, study.notebooks / "05_error_analysis.ipynb")
    build(study)
    built = BeautifulSoup((study.results / "05_error_analysis.html").read_text(encoding="utf-8"), "html.parser")
    assert not built.find(["script", "iframe"]) and not built.select("[onclick], [onerror], td b, td a")
    listed = {cell.get_text() for cell in built.find_all("td")}
    titles = set(pd.read_parquet(study.tracks)["title"])
    kinds = ["<b>Song", "<script>", '"It', "שיר", "🎵"]
    found = {kind: {text for text in listed if text.startswith(kind)} for kind in kinds}
    assert all(texts <= titles for texts in found.values()) and sum(map(bool, found.values())) >= 4
    drawn = [image["alt"] for image in built.find_all("img") if "labelled" in image["alt"]]
    assert drawn and all(any(title in alt for title in titles) for alt in drawn)


def test_page_says_that_there_are_no_baselines_and_no_numbers(page):
    study, book = page
    assert "No baseline was run" in shown(book, "baselines") and "No network of this study" in shown(book, "numbers")
    assert not (study.tables / "baselines.csv").exists() and not (study.tables / "numbers.csv").exists()


def test_page_with_baselines_numbers_and_what_was_selected(tmp_path):
    study = fakes.fake_study(tmp_path)
    for split in ("random", "artist"):
        fakes.fake_run(study, "yu2018", split, numeric=("energy",))
        fakes.fake_run(study, "short_chunk", split, recipe="tuned", skill=3, numeric=("energy",))
        fakes.fake_run(study, "selected", split, recipe="best", skill=4, numeric=("energy",))
        fakes.fake_run(study, "mfcc_svm", split, recipe="baseline", skill=0.5, numeric=("energy",))
        fakes.fake_run(study, "genre_prior", split, recipe="baseline", skill=0, genres=False, numeric=("energy",))
    for split, fold in product(("seen", "unseen"), range(5)):
        fakes.fake_run(study, "yu2018", split, fold, numeric=("energy",))
    book = execute(study)
    dropped = pd.read_csv(study.tables / "leakage.csv")
    assert set(zip(dropped["leaky"], dropped["strict"], strict=True)) == {("random", "artist"), ("seen", "unseen")}
    assert len(dropped.query("leaky == 'seen'")) and "seen to unseen" in shown(book, "drops-figure")
    assert not {"seen", "unseen"} & set(pd.read_csv(study.tables / "results.csv")["split"])
    assert "yu2018" in shown(book, "baselines") and "energy" in shown(book, "baselines")
    beaten = pd.read_csv(study.tables / "baselines.csv")
    assert set(beaten["network"]) == {"yu2018", "short_chunk", "selected"} and set(beaten["head"]) == {
        "genre", "mood", "energy",
    }  # fmt: skip
    numeric = pd.read_csv(study.tables / "numbers.csv")
    assert list(dict.fromkeys(numeric["network"])) == [
        "yu2018", "short_chunk", "selected", "genre_prior", "mfcc_svm",
    ]  # fmt: skip
    summary = json.loads((study.results / "summary.json").read_text(encoding="utf-8"))
    assert len(summary["headline"]) == 3 and "training set held fixed" in summary["headline"][1]
    assert "control" in (study.figures / "splits.svg").read_text(encoding="utf-8")
    texts = summary["findings"]
    assert len(texts) == 6 and texts[1].startswith("**Leakage alone**") and "training set held fixed" in texts[1]
    assert texts[4].startswith("**Against simple baselines**") and texts[5].startswith("**Numbers**")
    assert "stale" not in texts[0].lower()
    splits = (study.figures / "splits.svg").read_text(encoding="utf-8")
    assert "best baseline" in splits and "mfcc_svm" not in splits
    assert "mfcc_svm" not in (study.figures / "confusion-mood.svg").read_text(encoding="utf-8")


def test_page_of_numbers_alone(tmp_path):
    study = fakes.fake_study(tmp_path)
    fakes.fake_run(study, "yu2018", "artist", genres=False, moods=False, numeric=("energy", "valence"))
    book = execute(study)
    assert "energy" in shown(book, "numbers")
    summary = json.loads((study.results / "summary.json").read_text(encoding="utf-8"))
    assert summary["headline"] == []
    assert summary["main_table"] == "numbers" and "`yu2018` predicts the energy" in summary["findings"][0]


def test_page_escapes_titles(page):
    _, book = page
    html = [
        o["data"]["text/html"] for c in book.cells for o in c.get("outputs", []) if "text/html" in o.get("data", {})
    ]
    assert any("&lt;b&gt;Song" in text for text in html) and not any("<b>Song" in text for text in html)


def test_runs_can_be_chosen_by_name(page):
    study, _ = page
    chosen = finished(study, ["zhang2016-random-f0-s0"])
    collected = predictions.collect(chosen, pd.read_parquet(study.tracks))
    assert [a.network for a in collected] == ["zhang2016"] * 2


def test_names_with_dollars_and_angles_are_drawn_as_they_are():
    names = ("a$b$", "<i>c</i>")
    run = run_of([sure("t0", "a$b$", names), sure("t1", "a$b$", names)], classes=names)
    collected = predictions.collect([run], tracks_of(list(names)))
    use_style()
    for figure in (plots.confusions(collected, "genre"), plots.recalls(per_class.per_class(collected), "genre")):
        drawn = svg(figure)
        assert "a$b$" in drawn and "&lt;i&gt;c" in drawn and "<i>" not in drawn
        plt.close(figure)
