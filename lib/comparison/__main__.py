"""``python -m lib.comparison emotify demo [--root DIR]``: write a page that compares studies or runs."""

from __future__ import annotations

import argparse
import sys

from lib.errors import ReportError


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; 0 = written, 1 = an error that its message explains."""
    parser = argparse.ArgumentParser(prog="python -m lib.comparison", description="Compare finished studies or runs.")
    parser.add_argument("names", nargs="*", help="two or more studies, or runs as study/run")
    parser.add_argument("--root", default="", help="folder of work/ and results/; default: the project's own")
    given = parser.parse_args(arguments)
    try:
        from lib.comparison.items import items
        from lib.comparison.page import write_page

        print(write_page(items(given.names, given.root)))
    except ReportError as error:
        print(f"compare: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. Nothing was changed.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
