"""4Q: 900 clips in the four quadrants of valence and arousal, with artists, genres and mood words."""

from pathlib import Path

import numpy as np
import pandas as pd

from lib.datasets.files import audio_files
from lib.datasets.labels import read_labels
from lib.datasets.tracks import QUADRANTS
from lib.errors import ReportError
from lib.paths import Study, data_folder

METADATA, ANNOTATIONS = "panda_dataset_taffc_metadata.csv", "panda_dataset_taffc_annotations.csv"
LABEL_FILES = tuple(f"{place}{name}" for place in ("", "*/") for name in (METADATA, ANNOTATIONS))
COLUMNS = ("song", "artist", "title", "quadrant", "genresstr")  # SampleURL, a signed address, is not read
POSITIVE = ("Q1", "Q4")  # quadrants of positive valence
SMALLEST_GENRE = 15  # songs; fewer make no class of which each fold tests some
LICENSE = "excerpts of commercial recordings, for research"

ABOUT = (
    "**4Q** (Panda et al. 2018) holds 900 clips of 30 s, 225 in each quadrant of Russell's plane of "
    "valence and arousal: Q1 happy, Q2 tense, Q3 sad, Q4 calm. The quadrant of a song follows from the mood words that "
    "AllMusic's editors gave it and their norms of valence and arousal, and was checked by listeners. **Mood is the "
    "quadrant here**, and valence its sign: 1 in Q1 and Q4, 0 in Q2 and Q3. A song has one or more genres; those with "
    f"a single one that {SMALLEST_GENRE} songs or more share keep it, the others are without a genre. The clips are "
    "previews of commercial recordings and may be used for research; this report publishes numbers alone. The authors "
    "ask to cite R. Panda, R. Malheiro and R. P. Paiva, *Novel audio features for music emotion recognition*, IEEE "
    "Transactions on Affective Computing 11(4), 2020, doi 10.1109/TAFFC.2018.2820691."
)


def collect(study: Study, data: str | Path) -> pd.DataFrame:
    """Read 4Q's songs and labels; `study` is not used.

    Parameters
    ----------
    data : path-like
        Folder in or below which the mp3s lie, named by the songs' ids, and in it or in a folder of it the two tables
        ``panda_dataset_taffc_metadata.csv`` and ``..._annotations.csv`` of the publication.

    Returns
    -------
    pd.DataFrame
        ``track_id``, ``path``, ``title``, ``artist``, ``license``, ``genre`` (missing where several or a rare one are
        named), ``mood`` (the quadrant) and ``valence`` (1 or 0). A song without a clip is a row whose file is missing.

    Raises
    ------
    ReportError
        If the folder, the clips or the tables are missing, or the tables are wrong or contradict each other.
    """
    folder = data_folder(data, "fourq")
    songs = _table(folder, METADATA, COLUMNS)
    quadrants = _table(folder, ANNOTATIONS, ("song", "quadrant"))["quadrant"].reindex(songs.index).fillna("nowhere")
    if (wrong := songs["quadrant"] != quadrants).any():
        song = wrong.idxmax()
        raise ReportError(
            f"{folder}: song {song} is in {songs['quadrant'][song]} by {METADATA}, but "
            f"{quadrants[song]} by {ANNOTATIONS}. Get both from one publication."
        )
    clips: dict[str, Path] = {}
    for path in audio_files(folder):
        clips.setdefault(path.stem, path)  # the publication has each clip once more in the folder of its quadrant
    if not clips.keys() & set(songs.index):
        raise ReportError(f"DATA={data}: none of the {len(songs)} clips of {METADATA}, such as {songs.index[0]}.mp3.")
    genre = songs["genresstr"].where(~songs["genresstr"].str.contains(";") & (songs["genresstr"] != ""))
    counts = genre.map(genre.value_counts())
    return pd.DataFrame(
        {
            "track_id": "fourq-" + songs.index.str.lower(),
            "path": [str(clips.get(song, folder / f"{song}.mp3")) for song in songs.index],
            "title": songs["title"].to_numpy(),
            "artist": songs["artist"].replace("", pd.NA).to_numpy(),
            "license": LICENSE,
            "genre": genre.where(counts >= SMALLEST_GENRE).to_numpy(),
            "mood": songs["quadrant"].to_numpy(),
            "valence": np.where(songs["quadrant"].isin(POSITIVE), 1.0, 0.0),
        }
    )


def _table(folder: Path, name: str, columns: tuple[str, ...]) -> pd.DataFrame:
    """Read some columns of one of the publication's tables, by song."""
    path = next((path for pattern in (name, f"*/{name}") for path in sorted(folder.glob(pattern))), None)
    if path is None:
        raise ReportError(f"DATA={folder}: {name} is not there. It comes with the clips of the publication.")
    table = read_labels(path)
    if absent := [column for column in columns if column not in table]:
        raise ReportError(f"{path}: the header lacks {', '.join(absent)}. Get the file of the publication again.")
    for column, wrong in (("song", table["song"].duplicated()), ("quadrant", ~table["quadrant"].isin(QUADRANTS))):
        if wrong.any():
            row = wrong.idxmax()
            raise ReportError(
                f"{path}, row {row + 2}: {column} {table[column][row]!r} is "
                + (f"none of {', '.join(QUADRANTS)}." if column == "quadrant" else "there twice. Keep one of them.")
            )
    return table.set_index("song")[[column for column in columns if column != "song"]]
