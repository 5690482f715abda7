"""Fetch what a study draws from FMA, ahead of its report: ``python -m lib.workflow.fetch --study fma``."""

import argparse
import signal
import sys

from lib.datasets import checked
from lib.datasets.fma import collect
from lib.errors import ReportError
from lib.io import explained
from lib.paths import Study
from lib.workflow import config


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; 0 if every song of the draw is there."""
    parser = argparse.ArgumentParser(prog="python -m lib.workflow.fetch", description=__doc__)
    parser.add_argument("--study", default="fma", help="a study of corpus fma in config/, or a YAML file")
    parser.add_argument("--data", default="", help="folder of FMA's archives or of what was unpacked from them")
    parser.add_argument("--root", default="", help="folder of downloads/ and results/")
    parser.add_argument("--whole-archive", action="store_true", help="take whole archives where no parts are given")
    given = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        declared = config.load(given.study, given.data)
        if declared.corpus != "fma":
            raise ReportError(f"study {declared.study!r} is of corpus {declared.corpus!r}; name one of corpus fma.")
        study = Study(declared.study, given.root)
        of_01 = declared.parameters.get("01", {})
        options = checked("fma", of_01.get("drawing", {}))
        options |= {name: of_01[name] for name in ("workers", "timeout_s") if name in of_01}
        options["whole_archive"] = given.whole_archive or options.get("whole_archive", False)
        with explained(study.root / "downloads"):
            songs = collect(study, declared.data, **options)
    except ReportError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. What was fetched is kept; the same command goes on from there.", file=sys.stderr)
        return 130
    counts = ", ".join(f"{genre} {number}" for genre, number in songs["genre"].value_counts(sort=False).items())
    print(f"\n{len(songs)} songs are there ({counts}); listed in {study.tables / 'manifest.csv'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
