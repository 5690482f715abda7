import re

import pytest
from bs4 import BeautifulSoup

from lib import datasets as corpora
from lib.datasets.datasheets import datasheets
from lib.io import cells, read_json
from lib.paths import NOTEBOOKS
from lib.site import references
from lib.site.postprocess import cite

NAMES = sorted(path.stem for path in NOTEBOOKS.glob("*.ipynb"))


def text_of(name: str) -> str:
    return " ".join(" ".join(cells(NOTEBOOKS / f"{name}.ipynb", "markdown")).split())


@pytest.mark.parametrize("name", NAMES)
def test_every_work_that_a_notebook_cites_is_listed_at_its_end(name):
    assert re.fullmatch(
        rf'Markdown\(references\.listed\("{name}"(, corpora\.about\(corpus\)|, \*about\.values\(\))?\)\)',
        read_json(NOTEBOOKS / f"{name}.ipynb")["cells"][-1]["source"][0],
    )
    listed = references.listed(name)
    cited = {label for _, _, label in references.citations(text_of(name))}
    assert cited <= set(references.works())
    assert all(references.anchor(label) in listed for label in cited)
    assert "doi" not in text_of(name).lower().split()  # it stands in the list


def test_every_work_is_cited_and_can_be_found():
    texts = [*map(text_of, NAMES), *map(corpora.about, corpora.CORPORA)]
    texts += [text for about in datasheets().values() for text in about.values()]
    cited = {label for text in texts for _, _, label in references.citations(text)}
    assert cited | {references.POSTER} == set(references.works())
    for label, work in references.works().items():
        assert {"doi", "arxiv", "in"} & set(work), label
        assert work["by"].split(" and ")[0].split(",")[0].split()[-1] in label.replace("’", "'")
        assert not {"doi", "arxiv"} <= set(work)


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("as Efron & Morris 1973 have it", "Efron & Morris 1973"),
        ("Wilson's (1927) bounds", "Wilson 1927"),
        ("of Choi et al. (2017).", "Choi et al. 2017"),
        ("Stevens et al.\n(1937) measured", "Stevens et al. 1937"),
        ("since Tzanetakis & Cook (2002)", "Tzanetakis & Cook 2002"),
    ],
)
def test_a_citation_is_found_in_the_forms_that_texts_use(text, label):
    ((start, end, found),) = references.citations(text)
    assert found == label
    assert text[start:end].startswith(label.split()[0]) and text[start:end].strip("()")[-4:] == label[-4:]


def test_a_work_without_an_entry_and_words_in_code_are_left_alone():
    entry = '<ul><li><a id="ref-cohen-1960"></a>J. Cohen, see Cohen 1960.</li></ul>'
    soup = BeautifulSoup(f"<p>Cohen (1960), Holm 1979, <code>Cohen 1960</code></p>{entry}", "html.parser")
    cite(soup)
    assert [(a.get_text(), a["href"]) for a in soup.p.find_all("a")] == [("Cohen (1960)", "#ref-cohen-1960")]
    assert soup.p.get_text() == "Cohen (1960), Holm 1979, Cohen 1960" and len(soup.li.find_all("a")) == 1
