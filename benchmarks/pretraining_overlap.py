"""Which songs of a study networks may have heard in pretraining; writes lib/datasets/pretraining.csv.

Names of artists are compared as `lib.datasets.artist_names` compares them. The lists are not part of the project:
``index_mtt.tsv`` of github.com/jordipons/musicnn-training names the clips of MagnaTagATune, those of the folders 0 to b
its training part; ``unique_artists.txt`` the artists of the Million Song Dataset. Without them nothing is written.
"""

import argparse
import re
import sys
from pathlib import Path

import pandas as pd

from lib.datasets.artist_names import name_key
from lib.datasets.tracks import read_tracks
from lib.evaluation.contamination import HEARD
from lib.io import write_csv
from lib.paths import Study

CLIP = re.compile(r"[0-9ab]/(?P<artist>[^-]+)-(?P<album>.+?)-\d+-(?P<title>.+)-\d+-\d+\.mp3")


def overlap(tracks: pd.DataFrame, clips: list[str], artists: list[str]) -> pd.DataFrame:
    """Table of ``track_id``, ``msd_artist``, ``mtt_artist``, ``mtt_song`` (0 or 1)."""
    named = {name_key(name) for artist in artists for name in (artist, artist.replace("_", ","))}
    titles: dict[str, set[str]] = {}
    for found in filter(None, map(CLIP.fullmatch, clips)):
        artist, title = (name_key(found[part].replace("_", " ")) for part in ("artist", "title"))
        titles.setdefault(artist, set()).add(title)
    rows = []
    for track in tracks.itertuples():
        artist, title = name_key(str(track.artist)), name_key(re.sub(r"\(.*", "", str(track.title)))
        song = bool(title) and any(title in known for known in titles.get(artist, ()))
        rows.append((track.track_id, int(artist in named), int(artist in titles), int(song)))
    return pd.DataFrame(rows, columns=["track_id", "msd_artist", "mtt_artist", "mtt_song"])


def main() -> int:
    """Compare the songs of some studies with the lists."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default="", help="folder with index_mtt.tsv and unique_artists.txt")
    parser.add_argument("--studies", nargs="*", default=["emotify", "fourq"])
    given = parser.parse_args()
    mtt, msd = (Path(given.data) / name for name in ("index_mtt.tsv", "unique_artists.txt"))
    if not (mtt.is_file() and msd.is_file()):
        print(f"{mtt} or {msd} is missing, so no overlap can be counted (see the head of {Path(__file__).name})")
        return 0
    clips = [line.split("\t")[1] for line in mtt.read_text(encoding="utf-8").splitlines()]
    artists = msd.read_text(encoding="utf-8", errors="replace").splitlines()
    tables = [overlap(read_tracks(Study(name).tracks), clips, artists) for name in given.studies]
    for name, table in zip(given.studies, tables, strict=True):
        print(f"{name}, {len(table)} songs: {table.drop(columns='track_id').sum().to_dict()}")
    write_csv(pd.concat(tables), HEARD)
    return 0


if __name__ == "__main__":
    sys.exit(main())
