"""``python -m lib.site --study NAME [--listen] [--root DIR]``: build the pages, print the path of the overview."""

import argparse
import sys

from lib.errors import ReportError
from lib.paths import Study
from lib.site.build import build, build_local


def main(arguments: list[str] | None = None) -> int:
    """Build the pages of one study; 0 = built, 1 = an error that its message explains."""
    parser = argparse.ArgumentParser(prog="python -m lib.site", description="Build the pages of one study.")
    parser.add_argument("--study", required=True, help="name of the study, for example demo")
    parser.add_argument("--root", default="", help="folder of work/ and results/; default: the project's own")
    parser.add_argument("--listen", action="store_true", help="with players, for this machine alone")
    given = parser.parse_args(arguments)
    try:
        print((build_local if given.listen else build)(Study(given.study, given.root)))
    except ReportError as error:
        print(f"site: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. Nothing was changed.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
