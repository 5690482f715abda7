import base64
import json
import re
import runpy
import shutil
import struct
import subprocess
import sys
import zlib
from pathlib import Path
from urllib.parse import unquote, urlsplit

import nbformat
import pytest
from bs4 import BeautifulSoup

from lib.errors import ReportError
from lib.paths import PROJECT, Study
from lib.report import build, site
from lib.report.__main__ import main
from lib.report.body import printed, render
from lib.report.chapters import CHAPTERS, Executed, find
from lib.report.clean import Media, clean, harmless
from lib.report.front import read_table

HOSTILE = "<script>alert(1)</script> & <b onclick=alert(2)>bold</b>"
BANNER = "The music of this study is synthetic:"
CLAIM = 'Networks lose 20 points under "artist" <b>'
SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="460pt" height="200pt" viewBox="0 0 460 200">'
    '<rect width="400" height="150" clip-path="url(#a)"/></svg>'
)
PARAMETERS = """study: str = "demo"  # name of the study
root: str = ""  # folder of work/ and results/
corpus: str = "demo"  # where the music comes from
epochs: int = 20  # passes over the <training> set
moods: list = ["sad", "happy"]  # names"""


def png(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress((b"\0" + b"\x80" * width) * height)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def shown(data: dict, **metadata) -> dict:
    return nbformat.v4.new_output("display_data", data=data, metadata=metadata)


def text(source: str):
    return nbformat.v4.new_markdown_cell(source, id=f"t{zlib.crc32(source.encode())}")


def code(source: str, *outputs, **metadata):
    return nbformat.v4.new_code_cell(
        source, id=f"c{zlib.crc32(source.encode())}", outputs=list(outputs), metadata=metadata, execution_count=1
    )


def notebook(*cells, **given):
    return nbformat.v4.new_notebook(
        cells=list(cells),
        metadata={
            "language_info": {"name": "python", "version": "3.12.1"},
            "papermill": {
                "parameters": given,
                "duration": 83.4,
                "start_time": "2026-03-01T12:04:05.6+00:00",
                "exception": None,
            },
        },
    )


def chapter(number: int, name: str, *more, **given):
    return notebook(
        text(f"# {number} {name}: what is {name.lower()} good for?\n\nA word first."),
        code(PARAMETERS, tags=["parameters"]),
        code('epochs = 3\nroot = "/some/where/else"', tags=["injected-parameters"]),
        *more,
        **{"epochs": 3, "root": "/some/where/else", **given},
    )


def write(study: Study, name: str, content) -> None:
    path = study.notebooks / f"{name}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(content, path)


def rich(number: int, name: str):
    picture = shown(
        {"image/svg+xml": SVG, "text/plain": CLAIM}, **{"image/svg+xml": {"alt": CLAIM, "name": f"figure-{number}"}}
    )
    bare = {"image/png": base64.b64encode(png(900, 30)).decode(), "text/plain": "<Figure size 9x3 with 1 Axes>"}
    sound = base64.b64encode(b"RIFF....WAVE").decode()
    frame = (
        '<div><style scoped>.dataframe td {color: red}</style><table border="1" class="dataframe">'
        '<thead><tr style="text-align: right;"><th></th><th>title</th><th>songs</th></tr></thead><tbody>'
        "<tr><th>0</th><td>A &lt;script&gt;alert(9)&lt;/script&gt; song</td><td>12</td></tr></tbody></table></div>"
    )
    return chapter(
        number,
        name,
        text(
            "## The protocols\n\nSee [the zoo](03_model_zoo.ipynb#The-protocols), "
            "[more](02_spectrogram_slicing.ipynb), [nowhere](../nothing/here.txt), "
            "[a paper](https://doi.org/10.1000/1), [up](#the-protocols) and "
            f"![outside](https://example.org/x.png) {HOSTILE}\n\n| a | b |\n|---|--:|\n| x | 1 |\n\n<img src='x.png'>"
        ),
        code("show(figure)", picture, shown(bare)),
        text("## The protocols\n\n### A deeper one"),
        code("table", nbformat.v4.new_output("execute_result", data={"text/html": frame, "text/plain": "table"})),
        code("Audio(x)", shown({"text/html": f'<audio controls><source src="data:audio/wav;base64,{sound}"></audio>'})),
        code(
            "HTML(x)", shown({"text/html": f"{HOSTILE}<img src=x onerror=alert(3)><a href='javascript:alert(4)'>a</a>"})
        ),
        code(
            "print(x)",
            nbformat.v4.new_output("stream", name="stdout", text=f"10%\r100% {HOSTILE}\n"),
            nbformat.v4.new_output("stream", name="stderr", text="  \n"),
            shown({"text/markdown": f"**37** songs, {HOSTILE}"}),
            shown({"application/javascript": "alert(5)", "text/plain": "script"}),
        ),
    )


def make(root: Path, name: str = "demo", synthetic: bool = True) -> Study:
    study = Study(name, root)
    write(study, "01_data_acquisition", rich(1, "Data acquisition"))
    write(study, "02_spectrogram_slicing", chapter(2, "Spectrogram slicing", corpus=name))
    for network, protocol in (("choi2016", "slice"), ("this_project", "artist"), ("this_project", "slice")):
        write(study, f"04_training/{network}-{protocol}-f0-s0", rich(4, "Training"))
    write(study, "05_error_analysis", rich(5, "Error analysis"))
    if not synthetic:
        for path in study.notebooks.rglob("*.ipynb"):
            path.write_text(path.read_text().replace('corpus: str = \\"demo\\"', f'corpus: str = \\"{name}\\"'))
    study.tables.mkdir(parents=True)
    (study.tables / "comparison.csv").write_text(
        "network,protocol,recipe,accuracy,low,high,runs\n"
        "this_project,slice,plain,0.86249,0.81,0.905,1\n"
        "<i>mine</i>,artist,plain,,,,1\n"
    )
    study.figures.mkdir(parents=True)
    (study.figures / "protocols.svg").write_text(SVG)
    summary = {
        "study": name,
        "corpus": name,
        "synthetic": synthetic,
        "question": "How much of it is leakage?",
        "headline": [f"**86 %** of the songs; see [5](05_error_analysis.ipynb). {HOSTILE}", "Two.", "Three."],
        "findings": ["Four.", f"Five. {HOSTILE}"],
        "figure": {"name": "protocols", "claim": CLAIM},
        "main_table": "comparison",
        "credit": "Songs by *somebody*, CC BY 4.0.",
    }
    (study.results / "summary.json").write_text(json.dumps(summary))
    return study


def pages(study: Study) -> dict[str, BeautifulSoup]:
    found = [*study.results.glob("*.html"), *study.results.glob("runs/*.html")]
    return {
        path.relative_to(study.results).as_posix(): BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
        for path in found
    }


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Study:
    study = make(tmp_path_factory.mktemp("site"))
    assert build(study) == study.results / "index.html"
    return study


@pytest.fixture(scope="module")
def soups(built) -> dict[str, BeautifulSoup]:
    return pages(built)


def test_one_page_a_notebook(soups):
    assert set(soups) == {
        "index.html", "01_data_acquisition.html", "02_spectrogram_slicing.html", "04_training.html",
        "05_error_analysis.html", "runs/this_project-artist-f0-s0.html", "runs/choi2016-slice-f0-s0.html",
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
    assert "url(" not in (PROJECT / "lib/report/template/style.css").read_text()


def test_every_relative_link_and_anchor_leads_somewhere(built, soups):
    for address, soup in soups.items():
        for element in soup.find_all(["a", "img", "link", "source"]):
            target = element.get("href") or element.get("src")
            parts = urlsplit(target)
            if parts.scheme:
                continue
            path = (built.results / address).parent / unquote(parts.path) if parts.path else built.results / address
            assert path.is_file(), (address, target)
            if parts.fragment:
                other = soups[path.resolve().relative_to(built.results).as_posix()]
                assert other.find(id=unquote(parts.fragment)) is not None, (address, target)


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
    assert [image["alt"] for image in images] == [CLAIM, "Picture under “The protocols”"]
    assert (images[0]["width"], images[1]["width"]) == ("613", "900")


def test_text_from_data_stays_text(soups):
    page = soups["01_data_acquisition.html"]
    said = page.get_text()
    assert said.count("<script>alert(1)</script>") == 4  # markdown, HTML, print, displayed markdown
    assert "A <script>alert(9)</script> song" in said
    assert "<script>alert(1)</script>" in soups["index.html"].get_text()
    assert "<i>mine</i>" in soups["index.html"].get_text()
    assert "alert(5)" not in said


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
    for fact in ("demo", "1 Mar 2026, 12:04 UTC", "1 min 23 s", "Python 3.12.1"):
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
        "The protocols", "The protocols", "A deeper one",
    ]  # fmt: skip


def test_links_between_notebooks_become_links_between_pages(soups):
    links = {a.get_text(): a.get("href") for a in soups["01_data_acquisition.html"].select(".body a")}
    assert links["more"] == "02_spectrogram_slicing.html" and links["up"] == "#the-protocols"
    assert links["a paper"] == "https://doi.org/10.1000/1"
    assert "the zoo" not in links and "nowhere" not in links  # not there: their words stay
    assert "See the zoo, more, nowhere" in soups["01_data_acquisition.html"].get_text()
    inner = {a.get_text(): a.get("href") for a in soups["runs/choi2016-slice-f0-s0.html"].select(".body a")}
    assert inner["more"] == "../02_spectrogram_slicing.html"


def test_pages_know_their_neighbours(soups):
    steps = {address: [(a["rel"], a["href"]) for a in soup.select(".steps a")] for address, soup in soups.items()}
    assert steps["01_data_acquisition.html"] == [(["prev"], "index.html"), (["next"], "02_spectrogram_slicing.html")]
    assert steps["02_spectrogram_slicing.html"][1] == (["next"], "04_training.html")
    assert steps["05_error_analysis.html"] == [(["prev"], "04_training.html")]
    assert steps["runs/this_project-artist-f0-s0.html"] == [
        (["prev"], "../04_training.html"), (["next"], "../runs/choi2016-slice-f0-s0.html"),
    ]  # fmt: skip


def test_training_lists_its_runs_the_projects_own_first(soups):
    rows = soups["04_training.html"].select(".runs tbody tr")
    assert [row.th.get_text() for row in rows] == [
        "this_project-slice-f0-s0", "this_project-artist-f0-s0", "choi2016-slice-f0-s0",
    ]  # fmt: skip
    assert rows[2].th.a["href"] == "runs/choi2016-slice-f0-s0.html"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("this_project-artist-f0-s0", ("this_project", "artist", "0", "0", None)),
        ("my-net-poster_split-f0-s12-n25-tuned", ("my-net", "poster_split", "0", "12", "n25-tuned")),
    ],
)
def test_a_runs_name_tells_what_it_is(name, expected):
    found = Executed(name, "04_training", Path(), nbformat.v4.new_notebook()).run
    assert tuple(found.values()) == expected


def test_runs_that_the_evaluation_left_out_have_no_page(tmp_path):
    study = make(tmp_path)
    kept = ["choi2016-slice-f0-s0", "this_project-slice-f0-s0"]
    write(study, "05_error_analysis", chapter(5, "Error analysis", runs=kept))
    build(study)
    page = BeautifulSoup((study.results / "04_training.html").read_text(), "html.parser")
    assert sorted(row.th.get_text() for row in page.select(".runs tbody tr")) == kept


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
    assert [one.get_text()[:5].strip() for one in index.select(".further > li")] == ["Four.", "Five."]
    assert index.select_one(".findings a")["href"] == "05_error_analysis.html"
    assert index.find("img")["alt"] == CLAIM and index.figcaption.get_text() == CLAIM
    rows = [[cell.get_text() for cell in row.find_all(["th", "td"])] for row in index.select("table.main tr")]
    assert rows == [
        ["network", "protocol", "accuracy", "interval"],
        ["this_project", "slice", "0.862", "0.810 to 0.905"],
        ["<i>mine</i>", "artist", "–", "–"],
    ]
    assert "recipe: plain; runs: 1" in index.get_text() and "Songs by somebody" in index.get_text()
    assert "make report STUDY=demo" in index.get_text()
    files = {a["href"] for a in index.select(".files a")}
    assert {
        "tables/comparison.csv",
        "figures/protocols.svg",
        "notebooks/04_training/choi2016-slice-f0-s0.ipynb",
    } <= files


def test_missing_chapters_are_named(soups):
    way = {item.select_one(".name").get_text(): item for item in soups["index.html"].select(".way li")}
    assert list(way) == list(CHAPTERS.values())
    missing = [name for name, item in way.items() if "not run" in item.get_text()]
    assert missing == ["Model zoo", "FC embedding", "Data card", "Model card"] and not way["Model zoo"].find("a")
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


def test_same_input_same_bytes_and_nothing_else_left(tmp_path):
    study = make(tmp_path)

    def everything():
        build(study)
        return {path: path.read_bytes() for path in study.results.rglob("*") if path.is_file()}

    first = everything()
    assert everything() == first
    assert not [path for path in study.results.iterdir() if path.name.startswith(".")]


def test_pages_without_a_notebook_go_and_others_stay(tmp_path):
    study = make(tmp_path)
    build(study)
    (study.results / "own.html").write_text("<p>somebody's own page</p>")
    (study.notebooks / "05_error_analysis.ipynb").unlink()
    (study.notebooks / "04_training" / "choi2016-slice-f0-s0.ipynb").unlink()
    (study.notebooks / "04_training" / "this_project-artist-f0-s0.ipynb").unlink()
    build(study)
    assert {path.name for path in study.results.glob("*.html")} == {
        "own.html", "index.html", "01_data_acquisition.html", "02_spectrogram_slicing.html", "04_training.html",
    }  # fmt: skip
    assert not (study.results / "runs").exists()
    used = "".join(str(soup) for soup in pages(study).values())
    assert all(path.name in used for path in (study.results / "media").iterdir())
    index = (study.results / "index.html").read_text()
    assert "86 %" not in index and "is not shown" in index  # a summary that no notebook backs


def test_an_interrupted_build_leaves_the_old_pages(tmp_path, monkeypatch):
    study = make(tmp_path)
    build(study)
    old = {path: path.read_bytes() for path in study.results.rglob("*") if path.is_file()}
    write(study, "01_data_acquisition", chapter(1, "Something else"))
    old[study.notebooks / "01_data_acquisition.ipynb"] = (study.notebooks / "01_data_acquisition.ipynb").read_bytes()

    def stopped(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(site, "_move", stopped)
    with pytest.raises(KeyboardInterrupt):
        build(study)
    assert {path: path.read_bytes() for path in study.results.rglob("*") if path.is_file()} == old


def test_a_failed_notebook_says_so(tmp_path):
    study = make(tmp_path)
    failed = chapter(5, "Error analysis", code("1/0", nbformat.v4.new_output(
        "error", ename="ZeroDivisionError", evalue="division by <zero>", traceback=["\x1b[31mTraceback\x1b[0m <x>"]
    )))  # fmt: skip
    write(study, "05_error_analysis", failed)
    build(study)
    page = pages(study)["05_error_analysis.html"]
    assert "stopped with an error" in page.get_text()
    assert "division by <zero>" in page.get_text() and "Traceback <x>" in page.get_text()
    index = pages(study)["index.html"].get_text()
    assert "failed" in index and "86 %" not in index


def test_errors_name_the_file_and_the_remedy(tmp_path, capsys):
    assert main(["--study", "nothing", "--root", str(tmp_path)]) == 1
    said = capsys.readouterr()
    assert said.out == "" and "make report STUDY=nothing" in said.err and "Traceback" not in said.err
    assert not (tmp_path / "results").exists()
    study = make(tmp_path)
    for broken in ("{", "[]", '{"findings": "one"}', '{"study": "emotify"}'):
        (study.results / "summary.json").write_text(broken)
        with pytest.raises(ReportError, match=r"summary\.json.*make report"):
            build(study)
    (study.results / "summary.json").unlink()
    (study.notebooks / "02_spectrogram_slicing.ipynb").write_text("{}")
    with pytest.raises(ReportError, match=r"02_spectrogram_slicing\.ipynb.*make report"):
        build(study)


def test_command_prints_one_line(tmp_path, monkeypatch, capsys):
    make(tmp_path)
    monkeypatch.setattr(sys, "argv", ["report", "--study", "demo", "--root", str(tmp_path)])
    monkeypatch.delitem(sys.modules, "lib.report.__main__", raising=False)
    with pytest.raises(SystemExit) as ended:
        runpy.run_module("lib.report", run_name="__main__")
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"{tmp_path / 'results/demo/index.html'}\n"


@pytest.mark.parametrize(
    ("first", "title", "question"),
    [
        ("# 5 Error analysis: how bad is it?\n\nText.", "Error analysis", "How bad is it?"),
        ("# 05. Error analysis\n\n**How bad is it?**\n\nText.", "Error analysis", "How bad is it?"),
        ("# Error analysis\n\nWe ask: how bad is it? Then more.", "Error analysis", "how bad is it?".capitalize()),
        ("# 5 Error analysis: a look\n\nNo question.", "Error analysis", "A look"),
        ("No heading at all.", "", ""),
    ],
)
def test_title_and_question(tmp_path, first, title, question):
    body = render(notebook(text(first)), Media(tmp_path))
    assert (body.title, body.question) == (title, question)
    assert body.soup.find("h1") is None


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>x</script>", "<img src=x onerror=x>", "<a href='javascript:x'>x</a>", "<iframe src=//x>",
        "<svg onload=x>", "<div style='background:url(//x)'>", "<scr<script>ipt>x</scr</script>ipt>",
        "<a href='data:text/html,x'>x</a>",
        "<img src='//example.org/x.png'>", "<style>*{}</style><style>", "<!--><script>x</script>",
        "<math><mi xlink:href=x>",
        "<audio src='https://example.org/x.mp3'>", "<img src='data:text/html;base64,eA=='>",
        "<link href=x rel=stylesheet>",
    ],
)  # fmt: skip
def test_clean_leaves_nothing_that_acts(tmp_path, hostile):
    soup = BeautifulSoup(clean(f"<p>before {hostile} after</p>", Media(tmp_path)), "html.parser")
    assert not soup.find_all(["script", "style", "iframe", "svg", "math", "link"])
    for element in soup.find_all(True):
        assert set(element.attrs) <= {"href", "src", "alt", "controls"}
        for name in ("href", "src"):
            assert not urlsplit(element.get(name, "")).scheme and not urlsplit(element.get(name, "")).netloc
    assert "before" in soup.get_text()


def test_only_plain_drawings_are_kept():
    doctype = '<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">'
    assert harmless(SVG.encode()) and harmless(f'<?xml version="1.0"?>{doctype}{SVG}'.encode())
    for inside in (
        "<script>x</script>", '<g onload="x"/>', '<a href="javascript:x"/>', "<foreignObject/>",
        "<style>@import 'x'</style>", '<image href="https://example.org/x.png"/>',
        '<g style="fill: url(//example.org/x)"/>', "<g>",
    ):  # fmt: skip
        assert not harmless(SVG.replace("</svg>", f"{inside}</svg>").encode()), inside
    assert harmless(SVG.replace("</svg>", "<text>a &lt;script&gt; on: javascript:</text></svg>").encode())


def test_printed_text():
    assert printed(" \n") == "" and "<pre" in printed("a < b") and "a &lt; b" in printed("a < b")
    assert "10%" not in printed("10%\r20%\n") and printed("x", "Messages").startswith("<details")
    assert printed("line\n" * 100).startswith("<details")


def test_read_table(tmp_path):
    path = tmp_path / "t.csv"
    assert read_table(path) is None
    path.write_text("a,b\n")
    assert read_table(path) is None
    path.write_text("name,value,low\nx,0.12345,3\ny,1e-3,2\n")
    table = read_table(path)
    assert table.rows == [["x", "0.123", "3"], ["y", "0.001", "2"]]
    assert [column.numeric for column in table.columns] == [False, True, True]


def test_numbers_of_parameters_survive_odd_cells(tmp_path):
    study = Study("demo", tmp_path)
    odd = notebook(text("# 1 A"), code("a = (\n    1 + 1\n)  # sum\n'''", tags=["parameters"]), b=[1, "x"], c=None)
    write(study, "01_data_acquisition", odd)
    (executed,) = find(study)["01_data_acquisition"]
    assert [(p.name, p.text) for p in executed.parameters] == [("b", "1, x"), ("c", "None")]
    assert build(study).exists()


def test_colours_are_readable():
    style = (PROJECT / "lib/report/template/style.css").read_text()
    themes = [
        dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", block))
        for block in re.findall(r":root \{(.*?)\}", style, re.S)
    ]

    def luminance(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    def contrast(one: str, other: str) -> float:
        low, high = sorted((luminance(one), luminance(other)))
        return (high + 0.05) / (low + 0.05)

    assert len(themes) >= 2
    for theme in themes[:2]:
        pairs = [
            (ink, "sunk") for ink in ("comment", "keyword", "string", "number", "name", "builtin", "text", "quiet")
        ]
        pairs += [(ink, ground) for ink in ("text", "quiet", "link", "mark", "bad") for ground in ("page", "card")]
        for ink, ground in [*pairs, ("warn-text", "warn-page")]:
            assert contrast(theme[ink], theme[ground]) >= 4.5, (ink, ground)


def chromium(tmp_path: Path, address: str) -> subprocess.CompletedProcess:
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("Chromium is not installed")
    return subprocess.run(
        [
            program, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync",
            f"--user-data-dir={tmp_path / 'profile'}", "--enable-logging=stderr", "--virtual-time-budget=5000",
            "--dump-dom", address,
        ],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip


@pytest.mark.browser
def test_no_page_scrolls_sideways_at_360_pixels(tmp_path):
    study = make(tmp_path)
    build(study)
    probe = (
        "<script>addEventListener('load', () => parent.postMessage([location.pathname.split('/').pop(), innerWidth, "
        "document.documentElement.scrollWidth, document.styleSheets.length, "
        "[...document.images].every(image => image.naturalWidth > 0)], '*'))</script></body>"
    )
    frames = ""
    for address in sorted(pages(study)):
        page = study.results / address
        text = re.sub(r"<meta http-equiv=\"Content-Security-Policy\".*?>", "", page.read_text(encoding="utf-8"))
        copy = page.with_name(f"probe-{page.name}")
        copy.write_text(text.replace("</body>", probe), encoding="utf-8")
        frames += f"<iframe src='{copy.as_uri()}' style='width:360px;height:800px;border:0'></iframe>"
    wrapper = tmp_path / "wrapper.html"
    wrapper.write_text(
        "<body><pre></pre><script>addEventListener('message', message => "
        "document.querySelector('pre').append(JSON.stringify(message.data) + '\\n'))</script>" + frames
    )
    done = chromium(tmp_path, wrapper.as_uri())
    said = BeautifulSoup(done.stdout, "html.parser").pre.get_text().split("\n")
    measured = [json.loads(line) for line in said if line]
    assert len(measured) == len(pages(study)) // 2, done.stderr[-2000:]
    for name, inner, scroll, sheets, drawn in measured:
        assert inner == 360 and scroll <= 360 and sheets == 1 and drawn, name


@pytest.mark.browser
def test_the_policy_of_the_page_blocks_nothing_of_its_own(tmp_path, built):
    done = chromium(tmp_path, (built.results / "01_data_acquisition.html").as_uri())
    assert "What is data acquisition good for?" in done.stdout
    assert "Content Security Policy" not in done.stderr and "Refused to" not in done.stderr
