"""The parts of a page: titles, cleaned HTML, printed text, tables, colours."""

import ast
import re
from urllib.parse import urlsplit

import pytest
from bs4 import BeautifulSoup

from lib.errors import ReportError
from lib.paths import PROJECT, Study
from lib.rich_output import listing
from lib.site.audio import Players
from lib.site.build import build
from lib.site.executed import find
from lib.site.overview import read_table
from lib.site.render import printed, render
from lib.site.sanitize import Media, clean, harmless
from tests.site import SVG, code, notebook, text, write


@pytest.mark.parametrize(
    ("first", "title", "question"),
    [
        ("# 5 Error analysis: how bad is it?\n\nText.", "Error analysis", "How bad is it?"),
        ("# 05. Error analysis\n\n**How bad is it?**\n\nText.", "Error analysis", "How bad is it?"),
        ("# 05. Error analysis: a look\n\nHow bad is it?\n\nText.", "Error analysis: a look", "How bad is it?"),
        ("# 5 Error analysis: a look\n\nNo question.", "Error analysis", "A look"),
        ("No heading at all.", "", ""),
    ],
)
def test_title_and_question(tmp_path, first, title, question):
    body = render(notebook(text(first)), Media(tmp_path), Players(Study("demo", tmp_path)))
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
    assert table["rows"] == [["x", "0.123", "3"], ["y", "0.001", "2"]]
    assert [column["numeric"] for column in table["columns"]] == [False, True, True]


def test_numbers_of_parameters_survive_odd_cells(tmp_path):
    study = Study("demo", tmp_path)
    odd = notebook(text("# 1 A"), code("a = (\n    1 + 1\n)  # sum\n'''", tags=["parameters"]), b=[1, "x"], c=None)
    write(study, "01_data_acquisition", odd)
    (executed,) = find(study)["01_data_acquisition"]
    assert [(p.name, p.text) for p in executed.parameters][-2:] == [("b", "1, x"), ("c", "None")]
    assert build(study).exists()


def test_colours_are_readable():
    style = (PROJECT / "lib/site/template/style.css").read_text()
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


def test_code_is_folded_unless_its_cell_is_in_view(tmp_path):
    folded, open_ = code("x = 1"), code("y = 2")
    open_.metadata["tags"] = ["in-view"]
    body = render(notebook(text("# 1 Title"), folded, open_), Media(tmp_path), Players(Study("demo", tmp_path)))
    shown = {"".join(block.get_text().split()): block.find_parent("details") for block in body.soup.find_all("pre")}
    assert shown["x=1"] is not None and shown["y=2"] is None


def test_a_listing_is_the_code_without_its_docstring():
    found = listing("lib.models.layers", "batch_norm", "pool_then_bend")
    lines = found.splitlines()
    assert (lines[0], lines[-1]) == ("```python", "```") and '"""' not in found
    names = {node.name for node in ast.parse("\n".join(lines[1:-1])).body}
    assert names == {"batch_norm", "pool_then_bend"} and "MaxPooling2D" in found
    with pytest.raises(ReportError, match="no function 'norm', only"):
        listing("lib.models.layers", "norm")
    with pytest.raises(ReportError, match="does not exist"):
        listing("lib.models.none", "build")
