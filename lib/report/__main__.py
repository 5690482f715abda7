"""``python -m lib.report --study NAME [--root DIR]``: build the pages, print the path of the index."""

import argparse
import sys

from lib.errors import ReportError
from lib.paths import Study
from lib.report import build


def main(arguments: list[str] | None = None) -> int:
    """Build the pages of one study; 0 = built, 1 = an error that its message explains."""
    parser = argparse.ArgumentParser(prog="python -m lib.report", description="Build the pages of one study.")
    parser.add_argument("--study", required=True, help="name of the study, for example demo")
    parser.add_argument("--root", default="", help="folder of work/ and results/; default: the project's own")
    options = parser.parse_args(arguments)
    try:
        print(build(Study(options.study, options.root)))
    except ReportError as error:
        print(f"report: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
