"""Tag music: ``python -m lib.tagging FILE_OR_FOLDER ...``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from lib.errors import ReportError, exit_status
from lib.io import scratch
from lib.isolation import unbroken_streams
from lib.narrative.format import percent
from lib.progress import tell
from lib.tagging import file_tags, manifest
from lib.tagging.model import Tagger
from lib.tagging.output import UNSURE, alike, playlist, prediction, table_of, write_csv, write_details, write_playlists
from lib.tagging.predict import OUT_OF_DISTRIBUTION, SURE, Tagged, files_of, tag
from lib.training.quiet import import_keras

RESULTS = ("index.html", "style.css", "tags.csv", "tags.json", "alike.csv")  # and playlists


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; 0 if a file could be tagged or taken back, 1 if none, 130 if it was interrupted."""
    given = _parser().parse_args(arguments)
    run = _take_back if given.undo else _tag
    return exit_status(lambda: run(given), "Stopped. Nothing was changed.", given.out)


def _tag(given: argparse.Namespace) -> int:
    if not given.music:
        raise ReportError("Name the files or folders to tag, such as: python -m lib.tagging ~/Music")
    paths = files_of(given.music)
    if not 0 <= given.sure <= 1:
        raise ReportError(f"--sure {given.sure}: it must be a probability, 0 to 1.")
    manifest.apart(given.out, given.music)
    manifest.check(given.out, RESULTS)
    manifest.writable(given.out)
    undo = given.out.with_name(f"{given.out.name}-undo.json")
    if given.write and undo.exists():
        raise ReportError(f"{undo} exists: it undoes an earlier change. Move it away, or name another --out.")
    import_keras()
    from lib.tagging.export import tagger_of

    tagger = tagger_of(given.model, tell=lambda text: print(text, flush=True))
    manifest.check(given.out, [playlist(head, label) for head in tagger.heads for label in (*head.classes, UNSURE)])
    print(_about(tagger))
    songs, stopped = _tagged(tagger, paths, given.workers, given.sure)
    tell(f"writing the results of {len(songs)} files", every=0)
    _write(given.out, tagger, songs, given.sure)
    print(f"{sum(song.ok for song in songs)} of {len(songs)} files tagged: {given.out / 'index.html'}")
    if given.write:
        _write_tags(tagger, songs, given.sure, undo, given.read_only_too)
    if stopped:
        print(f"Stopped before the end: {len(paths) - len(songs)} files were not heard.", file=sys.stderr)
        return 130
    return 0 if any(song.ok for song in songs) else 1


def _parser() -> argparse.ArgumentParser:
    about = "Tag music with genre and mood, over time and by file."
    parser = argparse.ArgumentParser(prog="python -m lib.tagging", description=about)
    parser.add_argument("music", nargs="*", type=Path, help="files, and folders with all that is below them")
    parser.add_argument("--model", default="", help="folder of a model, or <study>/<run>; default: the project's own")
    parser.add_argument("--out", type=Path, default=Path("tagged"), help="folder of the results (default: tagged)")
    sure = f"probability below which a file is {UNSURE} (default: {SURE})"
    parser.add_argument("--sure", type=float, default=SURE, help=sure)
    parser.add_argument("--workers", type=int, default=0, help="processes (default: one per core)")
    parser.add_argument("--write", action="store_true", help="write sure predictions into the files' tags")
    parser.add_argument("--read-only-too", action="store_true", help="with --write and --undo: read-only files as well")
    parser.add_argument("--undo", type=Path, help="take back what --write wrote, by the file that it left")
    return parser


def _about(tagger: Tagger) -> str:
    knows = "; ".join(f"{head.name}: {', '.join(head.classes) or 'a number'}" for head in tagger.heads)
    scores = ", ".join(
        f"{row['head']} {percent(row['accuracy'])}" for row in tagger.facts["accuracy"] if row["level"] == "song"
    )
    measured = f"It is right, per song under {tagger.facts['split']}, in {scores}." if scores else "Never measured."
    warning = " ITS MUSIC WAS SYNTHETIC: what it says of real music means nothing." if tagger.facts["synthetic"] else ""
    return f"{tagger.facts['name']} knows {knows}. {measured}{warning}"


def _tagged(tagger: Tagger, paths: Sequence[Path], workers: int, sure: float) -> tuple[list[Tagged], bool]:
    """Tag files and print the predictions; on Ctrl-C, those so far, and that it was stopped."""
    songs: list[Tagged] = []
    try:
        for song in tag(tagger, paths, workers=workers):
            songs.append(song)
            print(f"\r\x1b[K{_line(tagger, song, sure)}" if sys.stderr.isatty() else _line(tagger, song, sure))
            tell(f"{len(songs)}/{len(paths)} files")
    except KeyboardInterrupt:
        if not songs:
            raise
        return songs, True
    return songs, False


def _line(tagger: Tagger, song: Tagged, sure: float) -> str:
    if not song.ok:
        return f"{song.path}: {song.status}, {song.reason}"
    parts = []
    for head in tagger.heads:
        label, probability = prediction(song, head, sure)
        parts.append(f"{label} ({probability:.0%})" if probability == probability else f"{head.name} {label}")
    remarks = [OUT_OF_DISTRIBUTION] * song.out_of_distribution + [song.reason] * bool(song.reason)
    return "; ".join([f"{song.path}: {', '.join(parts)}", *remarks])


def _write(folder: Path, tagger: Tagger, songs: Sequence[Tagged], sure: float) -> None:
    from lib.tagging.page import write_page

    table, near = table_of(songs, tagger.heads, sure), alike(songs)
    with scratch(folder) as part:
        write_csv(table, part / "tags.csv")
        write_csv(near, part / "alike.csv")
        write_details(songs, tagger, table, part / "tags.json")
        write_playlists(table, tagger.heads, part)
        write_page(part, tagger, songs, table, near, place=folder)
        manifest.publish(part, folder)


def _write_tags(tagger: Tagger, songs: Sequence[Tagged], sure: float, undo: Path, read_only_too: bool) -> None:
    wanted: dict[Path, dict[str, str]] = {}
    for song in (song for song in songs if song.ok):
        for head in tagger.heads:
            label = prediction(song, head, sure)[0]
            if head.name in file_tags.FIELDS and label != UNSURE:
                wanted.setdefault(song.path, {})[head.name] = label
    left = file_tags.write_tags(wanted, undo, read_only_too=read_only_too)
    for path, reason in left.items():
        print(f"{path}: not tagged, {reason}", file=sys.stderr)
    print(f"{len(wanted) - len(left)} files written; to take it back: python -m lib.tagging --undo {undo}")


def _take_back(given: argparse.Namespace) -> int:
    left = file_tags.take_back(given.undo, read_only_too=given.read_only_too)
    for path, reason in left.items():
        print(f"{path}: left as it is, {reason}", file=sys.stderr)
    print("The tags are as they were before." if not left else f"{len(left)} files were left as they are.")
    return 1 if left else 0


if __name__ == "__main__":
    unbroken_streams()
    sys.exit(main())
