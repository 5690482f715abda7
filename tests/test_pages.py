"""What stands on the pages."""

import re
from pathlib import Path
from urllib.parse import urlsplit

import nbformat
import pytest
from bs4 import BeautifulSoup

from lib.io import write_json
from lib.paths import CHAPTERS, PROJECT, Study
from lib.runs.store import FAILURES
from lib.site.build import build
from lib.site.executed import Executed, chapter_name
from lib.site.postprocess import Links
from tests.site import BANNER, CLAIM, chapter, make, pages, write


def test_one_page_a_notebook(soups):
    assert set(soups) == {
        "index.html", "01_data_acquisition.html", "02_spectrogram_slicing.html", "04_training.html",
        "05_error_analysis.html", "runs/yu2018-artist-f0-s0.html", "runs/choi2016-random-f0-s0.html",
    }  # fmt: skip


def test_nothing_runs_and_nothing_is_loaded_from_elsewhere(soups):
    loading = ("src", "srcset", "poster", "data", "background", "action", "formaction")
    for address, soup in soups.items():
        assert not soup.find_all(["script", "style", "iframe", "object", "embed", "svg", "base", "form"]), address
        for element in soup.find_all(True):
            assert "style" not in element.attrs and not [name for name in element.attrs if name.startswith("on")]
            targets = [element[name] for name in loading if name in element.attrs]
            targets += [element["href"]] if element.name == "link" and element["href"] != "data:," else []
            for target in targets:
                assert not urlsplit(target).scheme and not urlsplit(target).netloc, (address, target)
        assert not [a for a in soup.find_all("a") if urlsplit(a.get("href", "")).scheme not in ("", "https")]
        policy = soup.find("meta", attrs={"http-equiv": "Content-Security-Policy"})["content"]
        assert "default-src 'none'" in policy and "script-src" not in policy
    assert "url(" not in (PROJECT / "lib/site/template/style.css").read_text()


def test_ids_are_unique_and_every_page_has_one_heading(soups):
    for address, soup in soups.items():
        ids = [element["id"] for element in soup.find_all(id=True)]
        assert len(ids) == len(set(ids)), address
        assert len(soup.find_all("h1")) == 1
        assert soup.html["lang"] == "en" and soup.find("main") and soup.find("a", class_="skip")["href"] == "#main"


def test_pictures_have_alternative_text_and_a_size(soups):
    for address, soup in soups.items():
        for image in soup.find_all("img"):
            assert len(image["alt"].strip()) > 5 and "<Figure" not in image["alt"], address
            assert int(image["width"]) > 0 and int(image["height"]) > 0
    images = soups["01_data_acquisition.html"].find_all("img")
    assert [image["alt"] for image in images] == [CLAIM, "Picture under “The splits”"]
    assert (images[0]["width"], images[1]["width"]) == ("613", "900")


def test_every_page_says_what_it_is_about(soups):
    seen = set()
    for name, soup in soups.items():
        said = {one.get("name") or one.get("property"): one["content"] for one in soup.find_all("meta", content=True)}
        assert said["og:title"] == soup.title.get_text() and said["og:description"] == said["description"], name
        assert 20 < len(said["description"]) < 200 and "\n" not in said["description"], name
        seen.add(said["description"])
    assert len(seen) > len(soups) / 2


def test_text_from_data_stays_text(soups):
    page = soups["01_data_acquisition.html"]
    text = page.get_text()
    assert text.count("<script>alert(1)</script>") == 4  # markdown, HTML, print, displayed markdown
    assert "A <script>alert(9)</script> song" in text
    assert "<script>alert(1)</script>" in soups["index.html"].get_text()
    assert "<i>mine</i>" in soups["index.html"].get_text()
    assert "alert(5)" not in text


def test_code_is_folded_and_prompts_are_gone(soups):
    page = soups["01_data_acquisition.html"]
    blocks = page.select("details.code")
    assert len(blocks) == 5 and not any(block.has_attr("open") for block in blocks)
    assert all(block.summary.get_text() == "Code" for block in blocks)
    assert all(block.find_parent("details") for block in page.select(".highlight"))
    assert not re.search(r"\b(In|Out)\s*\[", page.get_text())
    assert "Messages of the run" not in page.get_text()  # blank standard error


def test_head_of_a_page(soups):
    page = soups["01_data_acquisition.html"]
    assert page.h1.get_text() == "Data acquisition"
    assert page.select_one(".question").get_text() == "What is data acquisition good for?"
    facts = page.select_one(".facts").get_text(" ", strip=True)
    for fact in ("demo 0123456789abcdef", "1 Mar 2026, 12:04 UTC", "1 min 23 s", "Python 3.12.1"):
        assert fact in facts
    rows = [[cell.get_text() for cell in row.find_all(["th", "td"])] for row in page.select(".parameters tbody tr")]
    assert rows == [
        ["study", "demo", "default", "name of the study"],
        ["root", "…/else", "this run", "folder of work/ and results/"],
        ["corpus", "demo", "default", "where the music comes from"],
        ["epochs", "3", "this run", "passes over the <training> set"],
        ["moods", "sad, happy", "default", "names"],
    ]
    assert "/some/where" not in page.get_text()
    assert [link.get_text() for link in page.select(".contents a")] == [
        "The splits", "The splits", "A deeper one",
    ]  # fmt: skip


def test_links_between_notebooks_become_links_between_pages(soups):
    links = {a.get_text(): a.get("href") for a in soups["01_data_acquisition.html"].select(".body a")}
    assert links["more"] == "02_spectrogram_slicing.html" and links["up"] == "#the-splits"
    assert links["a paper"] == "https://doi.org/10.1000/1"
    assert "the zoo" not in links and "nowhere" not in links  # not there: their words stay
    assert "See the zoo, more, nowhere" in soups["01_data_acquisition.html"].get_text()
    inner = {a.get_text(): a.get("href") for a in soups["runs/choi2016-random-f0-s0.html"].select(".body a")}
    assert inner["more"] == "../02_spectrogram_slicing.html"


def test_pages_know_their_neighbours(soups):
    steps = {address: [(a["rel"], a["href"]) for a in soup.select(".steps a")] for address, soup in soups.items()}
    assert steps["01_data_acquisition.html"] == [(["prev"], "index.html"), (["next"], "02_spectrogram_slicing.html")]
    assert steps["02_spectrogram_slicing.html"][1] == (["next"], "04_training.html")
    assert steps["05_error_analysis.html"] == [(["prev"], "04_training.html")]
    assert steps["runs/yu2018-artist-f0-s0.html"] == [
        (["prev"], "../04_training.html"), (["next"], "../runs/choi2016-random-f0-s0.html"),
    ]  # fmt: skip


def test_training_lists_its_runs_the_projects_own_first(soups):
    rows = soups["04_training.html"].select(".runs tbody tr")
    assert [row.th.get_text() for row in rows] == [
        "yu2018-random-f0-s0", "yu2018-artist-f0-s0", "choi2016-random-f0-s0",
    ]  # fmt: skip
    assert rows[2].th.a["href"] == "runs/choi2016-random-f0-s0.html"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("yu2018-artist-f0-s0", ("yu2018", "artist", "0", "0", None)),
        ("my-net-poster-f0-s12-n25-tuned", ("my-net", "poster", "0", "12", "n25-tuned")),
    ],
)
def test_a_runs_name_tells_what_it_is(name, expected):
    found = Executed(name, "04_training", Path(), nbformat.v4.new_notebook()).run
    assert tuple(found.values()) == expected


def test_runs_that_the_evaluation_left_out_have_no_page(tmp_path):
    study = make(tmp_path)
    kept = ["choi2016-random-f0-s0", "yu2018-random-f0-s0"]
    write(study, "05_error_analysis", chapter(5, "Error analysis", runs=kept))
    build(study)
    page = BeautifulSoup((study.results / "04_training.html").read_text(), "html.parser")
    assert sorted(row.th.get_text() for row in page.select(".runs tbody tr")) == kept


def test_a_run_that_was_given_up_has_no_page_of_an_earlier_try(tmp_path):
    study = make(tmp_path)
    write_json({"choi2016-random-f0-s0": "no memory"}, study.work / FAILURES)
    build(study)
    page = BeautifulSoup((study.results / "04_training.html").read_text(), "html.parser")
    rows = {row.th.get_text() for row in page.select(".runs tbody tr")}
    assert "yu2018-random-f0-s0" in rows and "choi2016-random-f0-s0" not in rows


def test_tables_scroll_by_themselves(soups):
    for soup in soups.values():
        for table in soup.find_all("table"):
            box = table.parent
            assert (box["role"], box["tabindex"]) == ("region", "0") and box["aria-label"]
            assert "border" not in table.attrs and "dataframe" not in table.get("class", [])
    frame = soups["01_data_acquisition.html"].select(".output table")[0]
    assert [cell.get("class") for cell in frame.select("tbody tr")[0].find_all(["th", "td"])][2] == ["number"]


def test_index_answers(soups):
    index = soups["index.html"]
    assert index.select_one(".question").get_text() == "How much of it is leakage?"
    assert [len(p.find_all("strong")) for p in index.select(".findings > p")] == [1, 0, 0]
    assert "Four." not in index.select_one(".findings").get_text()
    assert [one.get_text()[:5].strip() for one in index.select(".further li")] == ["Four.", "Five."]
    assert index.select_one(".findings a")["href"] == "05_error_analysis.html"
    assert index.find("img")["src"] == "figures/splits.svg"  # it lies there already
    assert index.find("img")["alt"] == CLAIM and index.figcaption.get_text() == CLAIM
    rows = [[cell.get_text() for cell in row.find_all(["th", "td"])] for row in index.select("table.main tr")]
    assert rows == [
        ["network", "split", "accuracy", "interval"],
        ["yu2018", "random", "0.862", "0.810 to 0.905"],
        ["<i>mine</i>", "artist", "–", "–"],
    ]
    assert "recipe: plain; runs: 1" in index.get_text() and "Songs by somebody" in index.get_text()
    assert "make report STUDY=demo" in index.get_text()
    files = {a["href"] for a in index.select(".files a")}
    assert {
        "tables/comparison.csv",
        "figures/splits.svg",
        "notebooks/04_training/choi2016-random-f0-s0.ipynb",
    } <= files


def test_missing_chapters_are_named(soups):
    way = {item.select_one(".name").get_text(): item for item in soups["index.html"].select(".way li")}
    assert list(way) == [chapter_name(chapter) for chapter in CHAPTERS.values()]
    assert {"Data acquisition", "FC embedding"} <= set(way)
    missing = [name for name, item in way.items() if "not run" in item.get_text()]
    assert missing == ["Model zoo", "FC embedding", "Tag your music", "Data card", "Model card"] and not way[
        "Model zoo"
    ].find("a")
    assert "What is training good for?" in way["Training"].get_text()


def test_banner_if_and_only_if_synthetic(tmp_path, soups):
    assert all(BANNER in soup.get_text() for soup in soups.values())
    real = make(tmp_path, "emotify", synthetic=False)
    build(real)
    assert not any(BANNER in soup.get_text() for soup in pages(real).values())
    (real.results / "summary.json").unlink()
    build(real)
    assert not any(BANNER in soup.get_text() for soup in pages(real).values())


def test_demo_carries_the_banner_before_it_is_evaluated(tmp_path):
    study = Study("demo", tmp_path)
    write(study, "01_data_acquisition", chapter(1, "Data acquisition"))
    index = build(study).read_text()
    assert BANNER in index and "evaluation has not run" in index


def test_links_into_the_project_lead_there_from_every_page_of_its_own_study(tmp_path):
    here, elsewhere = Study("demo"), Study("demo", tmp_path)
    links = Links(here, {}, {}, here.results)
    assert links.resolve("../README.md", "runs/a.html") == "../../../README.md"
    assert links.resolve("../README.md", "a.html") == "../../README.md"
    assert links.resolve("../../README.md", "a.html") is None  # outside the project
    assert Links(elsewhere, {}, {}, elsewhere.results).resolve("../README.md", "a.html") is None
