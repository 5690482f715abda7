"""What a corpus holds, in numbers: small tables made from the tracks table."""

import hashlib
from pathlib import PurePath

import pandas as pd

from lib.datasets.tracks import STATUSES, mood_scale, numeric_targets
from lib.datasets.valence import source_failures
from lib.errors import ReportError
from lib.paths import Study

DRAWN = (
    "The table shows what there was to draw from, with the moods that cuts of valence at one and two thirds would "
    "make; where valence is missing, a song has no mood and serves for its genre alone. Every song drawn, with the "
    "checksum of its file, is in the table `manifest.csv`, among the downloads of the first page, by which the "
    "same songs can be had again."
)


def usable(tracks: pd.DataFrame) -> pd.DataFrame:
    """Tracks that can be used, those of status ``ok``; raises `ReportError` if there is none."""
    songs = tracks[tracks["status"] == "ok"].reset_index(drop=True)
    if not len(songs):
        example = "".join(f" (the first, {path}: {why})" for path, why in tracks[["path", "reason"]].head(1).to_numpy())
        raise ReportError(
            f"None of the {len(tracks)} clips can be used{example}. Check that DATA names the right folder and that "
            "its files play."
        )
    return songs


def checksum(tracks: pd.DataFrame) -> str:
    """Short checksum of a corpus: its files and all labels, wherever the files lie and whatever read them."""
    made_here = ["path", "duration_s", "artist_group", "song_group", "status", "reason"]
    known = tracks.drop(columns=made_here).sort_values("track_id")
    return hashlib.sha256(known.to_csv(index=False, float_format="%.6g").encode()).hexdigest()[:16]


def status_counts(tracks: pd.DataFrame) -> pd.DataFrame:
    """Clips of each status [columns=clips, share]."""
    counts = tracks["status"].value_counts().reindex(STATUSES, fill_value=0).astype(int)
    return pd.DataFrame({"clips": counts, "share": counts / max(len(tracks), 1)}).rename_axis("status")


def bad_clips(tracks: pd.DataFrame) -> pd.DataFrame:
    """Every clip that cannot be used, or not whole, and why; files are named by their last two parts."""
    bad = tracks[(tracks["status"] != "ok") | (tracks["reason"].fillna("") != "")]
    files = ["/".join(PurePath(path).parts[-2:]) for path in bad["path"]]
    return bad.assign(file=files)[["track_id", "file", "title", "status", "reason"]].set_index("track_id").fillna("")


def unlabelled(songs: pd.DataFrame) -> pd.DataFrame:
    """Songs without a genre or a mood; what is missing is masked in training [columns=songs, for example]."""
    rows = {}
    for label in ("genre", "mood"):
        without = songs.loc[songs[label].isna(), "track_id"]
        rows[f"no {label}"] = {"songs": len(without), "for example": ", ".join(without.head(3))}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("label")


def table_of(study: Study, name: str) -> pd.DataFrame | None:
    """Read a table that a corpus left among the results, such as ``manifest.csv``; None if it has none."""
    path = study.tables / name
    return pd.read_csv(path) if path.is_file() else None


def valence_failures(study: Study) -> dict[str, str]:
    """Return why a source of valence was not asked about every song, by its name."""
    return {source: found["failure"] for source, found in source_failures(study).items()}


def valence_sources(valence: pd.DataFrame) -> pd.DataFrame:
    """Count the tracks that each source gave a valence, as `lib.datasets.valence.fill` lists them [tracks, share]."""
    counts = valence["source"].fillna("").replace("", "(none)").value_counts()
    return pd.DataFrame({"tracks": counts, "share": counts / max(len(valence), 1)}).rename_axis("source")


def mood_by_genre(songs: pd.DataFrame) -> pd.DataFrame:
    """Songs of each genre (rows) and mood (columns) among those that have both."""
    table = pd.crosstab(songs["genre"].astype("object"), songs["mood"].astype("object"))
    return table.reindex(columns=list(mood_scale(songs["mood"])), fill_value=0).rename_axis(
        index="genre", columns="mood"
    )


def mood_floors(counts: pd.DataFrame) -> tuple[float, float]:
    """How often one is right about the mood without listening, from the counts of `mood_by_genre`.

    Returns
    -------
    majority, by_genre : float
        Share of songs whose mood is the corpus's most common one, and their own genre's most common one.
        The nearer the two, the less a genre tells of the mood; 1 = mood is a function of genre.
    """
    total = max(int(counts.to_numpy().sum()), 1)
    return float(counts.sum().max() / total), float(counts.max(axis=1).sum() / total)


def valence_correlations(songs: pd.DataFrame) -> pd.DataFrame:
    """Pearson's r of each further numeric target with valence [columns=r, songs], strongest first.

    Targets that fewer than three songs have beside valence, or that do not vary, are left out.
    """
    rows = {}
    for name in numeric_targets(songs)[1:]:
        both = songs[["valence", name]].dropna()
        if len(both) >= 3 and (both.std() > 0).all():
            rows[name] = {"r": float(both["valence"].corr(both[name])), "songs": len(both)}
    table = pd.DataFrame.from_dict(rows, orient="index", columns=["r", "songs"]).rename_axis("target")
    return table.sort_values("r", key=lambda r: -r.abs(), kind="stable")


def artists_by_genre(songs: pd.DataFrame) -> pd.DataFrame:
    """Songs, artist groups, songs of the largest and of the five largest groups, songs without one."""
    columns = ["songs", "artists", "largest", "five largest", "without artist"]
    rows = {}
    for genre, part in songs.groupby("genre"):
        group = part["artist_group"]
        sizes = group.value_counts()
        rows[genre] = [len(part), len(sizes), sizes.head(1).sum(), sizes.head(5).sum(), group.isna().sum()]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis("genre")


def copies(tracks: pd.DataFrame) -> pd.DataFrame:
    """Tracks that share a recording with another, group by group."""
    several = tracks[tracks["song_group"].duplicated(keep=False) & tracks["song_group"].notna()]
    same = several.groupby("song_group")["sha256"].transform("nunique") == 1
    several = several.assign(bytes=same.map({True: "the same", False: "other"}))
    columns = ["song_group", "track_id", "title", "artist", "album", "genre", "bytes"]
    return several.sort_values(["song_group", "track_id"])[columns].fillna("").set_index(["song_group", "track_id"])


def joined_credits(tracks: pd.DataFrame) -> pd.DataFrame:
    """Artist groups that join more than one credit, the largest first."""
    rows = {}
    for group, part in tracks.groupby("artist_group"):
        counts = part["artist"].fillna("(none)").value_counts(sort=False)
        if len(counts) > 1:
            credited = ", ".join(f"{name} ({number})" for name, number in counts.items())
            rows[group] = [len(part), credited, ", ".join(sorted(part["genre"].dropna().unique()))]
    table = pd.DataFrame.from_dict(rows, orient="index", columns=["songs", "credits", "genres"])
    return table.rename_axis("artist_group").sort_values("songs", ascending=False, kind="stable")


def examples(songs: pd.DataFrame, each: int = 3) -> pd.DataFrame:
    """List some songs of each genre with their labels, by the order of their ids."""
    some = songs.groupby(songs["genre"].fillna("(none)")).head(each).sort_values("genre", kind="stable")
    columns = ["track_id", "title", "artist", "album", "genre", "valence", "mood", "duration_s", "license"]
    return some[columns].set_index("track_id").astype({"title": "object"}).fillna({"artist": "", "album": ""})


def credits(songs: pd.DataFrame) -> pd.DataFrame:
    """Every artist's credit with albums and licences: whose music this is."""
    named = songs.assign(artist=songs["artist"].fillna("(no artist given)"))

    def listed(values: pd.Series) -> str:
        return "; ".join(values.dropna().unique())

    return named.groupby("artist").agg(
        songs=("track_id", "size"), albums=("album", listed), licence=("license", listed)
    )
