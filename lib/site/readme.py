"""The figures of the README and of ``docs/results.md``, written from the committed tables: ``make readme``."""

import pandas as pd

from lib.errors import ReportError
from lib.io import read_json, replacing
from lib.narrative.format import by_split
from lib.paths import PROJECT, Study

README, RESULTS = PROJECT / "README.md", PROJECT / "docs" / "results.md"
BLOCKS = {README: "answer", RESULTS: "results"}  # the marked block of each file
STUDY = "emotify"
AGAIN = "Run `make report STUDY={}` first."


def blocks(study: Study) -> dict[str, str]:
    """Markdown of what a study found, by the name of the marked block that holds it.

    Returns
    -------
    dict of str to str
        ``answer``: main figure and headline; ``results``: the findings at length, accuracy by network and split.

    Raises
    ------
    ReportError
        If the study has no committed results.
    """
    summary_file, table_file = study.results / "summary.json", study.tables / "results.csv"
    for path in (summary_file, table_file):
        if not path.is_file():
            raise ReportError(f"{path} does not exist. {AGAIN.format(study.name)}")
    summary = read_json(summary_file)
    figure, here = summary["figure"], f"results/{study.name}"
    picture = f"[![{figure['claim']}]({here}/figures/{figure['name']}.svg)]({here}/index.html)"
    findings = [f"- {finding}" for finding in summary["findings"]]
    return {
        "answer": "\n".join([picture, "", *(f"- {sentence}" for sentence in summary.get("headline", []))]),
        "results": "\n".join([*findings, "", *_table(pd.read_csv(table_file)), "", summary["credit"]]),
    }


def _table(results: pd.DataFrame) -> list[str]:
    """Accuracy per slice with its interval, a row per network and head, a column per split."""
    wide = by_split(results)
    splits = list(wide.columns[2:])
    lines = [
        "| network | head | " + " | ".join(f"`{split}`" for split in splits) + " |",
        "|---|---|" + "---|" * len(splits),
        *("| " + " | ".join(row) + " |" for row in wide.itertuples(index=False, name=None)),
    ]
    songs = results[results["level"] == "slice"]
    runs = sorted(set(songs["runs"]))
    counts = ", ".join(f"{n} under `{p}`" for p, n in songs.groupby("split", sort=False)["n_songs"].max().items())
    how_many = " or ".join(map(str, runs)) + (" run" if runs == [1] else " runs")
    note = (
        "Accuracy per slice, each prediction by one model, with its 95 % interval over artists and seeds; songs "
        f"tested: {counts}; {how_many} per cell. Differences in the text are taken before rounding."
    )
    return [*lines, "", note]


def marks(name: str) -> tuple[str, str]:
    """Lines between which a block is."""
    return f"<!-- {name}: written by `make readme`, do not edit -->", f"<!-- end of {name} -->"


def with_blocks(text: str, written: dict[str, str]) -> str:
    """Return a text with its marked blocks replaced; a `ReportError` if the marks are not there."""
    for name, block in written.items():
        begin, end = marks(name)
        if text.count(begin) != 1 or text.count(end) != 1:
            raise ReportError(f"The text must hold the lines {begin!r} and {end!r} once each.")
        before, rest = text.split(begin)
        text = f"{before}{begin}\n\n{block}\n\n{end}{rest.split(end)[1]}"
    return text


def write() -> None:
    """Write the results of the reference study into the files of `BLOCKS`; errors are those of `blocks`."""
    written = blocks(Study(STUDY))
    for file, name in BLOCKS.items():
        text = with_blocks(file.read_text(encoding="utf-8"), {name: written[name]})
        with replacing(file) as part:
            part.write_text(text, encoding="utf-8")
