"""The pages with sound, for this machine alone: ``make listen STUDY=emotify``.

The same pages as in ``results/``, built into ``work/<study>/listen``, out of version control, with a player wherever a
notebook offers a sound. The players' MP3 files are cut from the music of this machine, which may not be passed on.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

from lib.errors import ReportError
from lib.paths import Study, replacing
from lib.report.chapters import find
from lib.report.front import read_summary
from lib.report.pages import INDEX, write_pages
from lib.report.players import LocalPlayers


def build_with_sound(study: Study) -> Path:
    """Build the pages of a study with players.

    Parameters
    ----------
    study : Study
        With executed notebooks in its results, and its tracks table and slices on this machine.

    Returns
    -------
    Path
        ``work/<study>/listen/index.html``.

    Raises
    ------
    ReportError
        If nothing has been executed, or tracks or slices are not there.
    """
    players = LocalPlayers(study)
    chapters, summary = find(study), read_summary(study)
    folder = study.work / "listen"
    with replacing(folder) as part:
        part.mkdir(parents=True)
        write_pages(study, chapters, summary, part, players, place=folder)
        for beside in (study.tables, study.figures, study.notebooks):  # what the index offers to download
            if beside.is_dir():
                shutil.copytree(beside, part / beside.name)
    return folder / INDEX


def main(arguments: list[str] | None = None) -> int:
    """Build the pages with sound of one study; 0 = built, 1 = an error that its message explains."""
    parser = argparse.ArgumentParser(prog="python -m lib.listen", description="Build the pages with players.")
    parser.add_argument("--study", required=True, help="name of the study, for example demo")
    parser.add_argument("--root", default="", help="folder of work/ and results/; default: the project's own")
    options = parser.parse_args(arguments)
    try:
        print(build_with_sound(Study(options.study, options.root)))
    except ReportError as error:
        print(f"listen: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. Nothing was changed.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
