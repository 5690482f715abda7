"""The figures of the README, written from the committed tables: ``python -m lib.readme``."""

import sys
from pathlib import Path

import pandas as pd

from lib.errors import ReportError
from lib.evaluation.tables import labels
from lib.paths import PROJECT, Study, replacing
from lib.tables import read_json

README = PROJECT / "README.md"
BEGIN = "<!-- results: written by `make readme`, do not edit -->"
END = "<!-- end of results -->"
STUDY = "emotify"


def block(study: Study) -> str:
    """Markdown of what a study found: findings, main figure, accuracy by network and protocol.

    Raises
    ------
    ReportError
        If the study has no committed results.
    """
    summary_file, table_file = study.results / "summary.json", study.tables / "results.csv"
    for path in (summary_file, table_file):
        if not path.is_file():
            raise ReportError(f"{path} does not exist. Run `make report STUDY={study.name}` first.")
    summary = read_json(summary_file)
    figure = summary["figure"]
    here = f"results/{study.name}"
    lines = [
        f"[![{figure['claim']}]({here}/figures/{figure['name']}.svg)]({here}/index.html)",
        "",
        *[f"- {finding}" for finding in summary["findings"]],
        "",
        *_table(pd.read_csv(table_file)),
        "",
        f"{summary['credit']}",
    ]
    return "\n".join(lines)


def _table(results: pd.DataFrame) -> list[str]:
    """Song-level accuracy with its interval, a row a network and head, a column a protocol."""
    songs = results[results["level"] == "song"]
    songs = songs.assign(network=labels(songs))
    protocols = list(songs["protocol"].drop_duplicates())
    lines = [
        "| network | head | " + " | ".join(f"`{protocol}`" for protocol in protocols) + " |",
        "|---|---|" + "---|" * len(protocols),
    ]
    for (network, head), rows in songs.groupby(["network", "head"], sort=False):
        cells = []
        for protocol in protocols:
            row = rows[rows["protocol"] == protocol]
            cells.append("" if row.empty else "{accuracy:.2f} ({low:.2f} to {high:.2f})".format(**row.iloc[0]))
        lines.append(f"| {network} | {head} | " + " | ".join(cells) + " |")
    runs = sorted(set(songs["runs"]))
    counts = ", ".join(f"{n} under `{p}`" for p, n in songs.groupby("protocol", sort=False)["n_songs"].max().items())
    how_many = " or ".join(str(n) for n in runs) + (" run" if runs == [1] else " runs")
    lines += ["", f"Accuracy by song with its 95 % interval; songs tested: {counts}; {how_many} a cell."]
    return lines


def with_block(text: str, results: str) -> str:
    """Return the README's text with its marked block replaced.

    Raises
    ------
    ReportError
        If the marks are not there.
    """
    if text.count(BEGIN) != 1 or text.count(END) != 1:
        raise ReportError(f"{README.name} must hold the lines {BEGIN!r} and {END!r} once each.")
    before, rest = text.split(BEGIN)
    return f"{before}{BEGIN}\n\n{results}\n\n{END}{rest.split(END)[1]}"


def main(readme: Path = README) -> int:
    """Write the block; 0 if all went well."""
    try:
        text = with_block(readme.read_text(encoding="utf-8"), block(Study(STUDY)))
    except ReportError as error:
        print(error, file=sys.stderr)
        return 1
    with replacing(readme) as part:
        part.write_text(text, encoding="utf-8")
    print(f"wrote the results of {STUDY} into {readme.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
