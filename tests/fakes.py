"""A study without music: tracks, slices and finished runs made of seeded numbers, in the real layout."""

from dataclasses import asdict

import numpy as np
import pandas as pd

from lib.datasets.tracks import MOODS, tracks_table
from lib.features.slices import Slices
from lib.features.spectrogram import Spectrogram
from lib.io import write_csv, write_json, write_parquet
from lib.paths import Study
from lib.runs import internals
from lib.runs.key import key as key_of
from lib.runs.run import Run
from lib.runs.spec import RunSpec, SelectionSpec
from lib.runs.store import Finished
from lib.splits import assign
from lib.training.recipes import BASELINE, BEST, POSTER, settings_of

GENRES = ("Electronic", "Folk", "Instrumental", "Rock")
# share of the logits that a song's own artist spoils, by split: what a stricter split costs
SPOILED = {"poster": 0.2, "random": 0.2, "song": 0.8, "artist": 1.6, "seen": 0.2, "unseen": 1.6}
SLICES = 10
WIDTH = 15
TITLES = (  # what a tracks table may hold
    "<b>Song & {}</b> $x$", "<script>alert({})</script>", "\"It's {}\" said 'she'", "שיר \u202e{}", "🎵 {} |*_`#[a](b)",
)  # fmt: skip


def fake_tracks(artists: int = 6, songs: int = 3, genres=GENRES, seed: int = 0) -> pd.DataFrame:
    """`artists` a genre, `songs` an artist; a copy, missing moods, a missing artist name, odd titles."""
    rng = np.random.default_rng(seed)
    rows = []
    for genre in genres:
        for artist in range(artists):
            for song in range(songs):
                number = len(rows)
                valence = float(rng.uniform(0, 1))
                rows.append(
                    {
                        "track_id": f"t{number:04d}",
                        "path": f"{genre}/{number}.mp3",
                        "title": TITLES[number % len(TITLES)].format(number),
                        "artist": f"{genre} artist {artist}",
                        "genre": genre,
                        "valence": valence if song or artist else np.nan,
                        "mood": MOODS[int(valence * 3)] if song or artist else pd.NA,
                        "duration_s": 30.0,
                        "artist_group": f"{genre}-{artist}",
                        "song_group": f"s{number:04d}",
                        "energy": float(rng.uniform(0, 1)),
                        "status": "ok",
                    }
                )
    if songs > 1:  # a copy; copies share their artist group
        rows[1]["song_group"] = rows[0]["song_group"]
    rows[2]["artist"] = pd.NA
    return tracks_table(pd.DataFrame(rows))


def fake_study(root, *, corpus_tracks: pd.DataFrame | None = None, name: str = "fake") -> Study:
    """Write tracks and (blank) slices."""
    study = Study(name, root)
    tracks = fake_tracks() if corpus_tracks is None else corpus_tracks
    write_parquet(tracks, study.tracks)
    ids = np.repeat(tracks["track_id"].to_numpy(dtype=object), SLICES)
    rows = np.arange(len(ids), dtype="int32")
    table = pd.DataFrame({"track_id": ids, "start_s": 3.0 * (rows % SLICES), "shard": np.int32(0), "row": rows})
    write_parquet(table, study.slices / "slices.parquet")
    np.save(study.slices / "slices-00000.npy", np.zeros((len(ids), 2, 3), dtype=np.uint8))
    shards = [{"file": "slices-00000.npy", "slices": len(ids), "sha256": ""}]
    manifest = {"spectrogram": asdict(Spectrogram()), "shape": [len(ids), 2, 3], "shards": shards, "source": "fake"}
    write_json(manifest, study.slices / "slices.json")
    return study


def fake_run(
    study: Study,
    network: str = "yu2018",
    split: str = "random",
    fold: int = 0,
    seed: int = 0,
    *,
    folds: int = 5,
    skill: float = 2.0,
    stale: bool = False,
    moods: bool = True,
    genres: bool = True,
    numeric: tuple[str, ...] = (),
    recipe: str = POSTER,
    validation: int = 0,
    candidate: bool = False,
    share: float = 1.0,
) -> Finished:
    """Write a finished run whose accuracy grows with `skill`.

    `numeric` names columns of the tracks that it predicts; `recipe` may be a baseline's, or that
    of what was selected.
    """
    run = Run(network, split, fold, seed, recipe, validation, candidate, share)
    tracks = pd.read_parquet(study.tracks)
    slices = Slices(study.slices)
    parts = assign(slices.table, tracks, split, fold=fold, folds=folds, validation=validation, share=share)
    rng = np.random.default_rng([len(network), [*SPOILED].index(split), fold, seed])
    songs = tracks.set_index("track_id").loc[slices.table["track_id"]]
    columns = {"slice": np.arange(len(slices), dtype="int32"), "track_id": songs.index.to_numpy(), "part": parts}
    heads = {"genre": sorted(tracks["genre"].dropna().unique())} if genres else {}
    heads |= {"mood": list(MOODS)} if moods else {}
    hidden = []
    for head, classes in heads.items():
        true = pd.Categorical(songs[head].to_numpy(dtype=object), categories=classes).codes
        logits = rng.normal(0, 1, (len(slices), len(classes)))
        logits += _by_group(songs["artist_group"], len(classes), rng) * SPOILED[split] * (parts == "test")[:, None]
        known = true >= 0
        logits[known, true[known]] += skill + 3 * (parts[known] == "train")
        chances = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        columns |= {f"{head}:{name}": chances[:, i].astype("float32") for i, name in enumerate(classes)}
        hidden.append(logits)
    for head in numeric:
        spoiled = _by_group(songs["artist_group"], 1, rng)[:, 0] * SPOILED[split] * (parts == "test")
        values = songs[head].fillna(0.5).to_numpy() + (spoiled + rng.normal(0, 1, len(slices))) / (5 * (1 + skill))
        columns[f"{head}:value"] = values.astype("float32")
        hidden.append(values[:, None])
    heads |= {head: [] for head in numeric}
    kept = parts == "validation" if candidate else parts != ""
    table = pd.DataFrame(columns)[kept].reset_index(drop=True)
    hidden = np.hstack(hidden)[kept]
    embedding = np.maximum(0, hidden @ rng.normal(0, 1, (hidden.shape[1], WIDTH)))
    embedding[:, 3] = 0  # a dead unit
    folder = study.runs / run.name
    described = {**asdict(run), "folds": folds}
    write_parquet(table, folder / "predictions.parquet")
    np.save(folder / "embedding.npy", embedding.astype("float32"))
    if recipe not in (BASELINE, BEST) and not candidate:
        own = pd.Series(table["part"].to_numpy()).groupby(table["track_id"].to_numpy()).first()
        means = pd.DataFrame(embedding).groupby(table["track_id"].to_numpy()).mean()
        tested = own.index[own == "test"]
        last = pd.DataFrame(rng.normal(size=(len(tested), 6)), index=tested)
        widths = {head: len(classes) for head, classes in heads.items() if classes}
        layers = {head: (rng.normal(size=(WIDTH, n)), rng.normal(size=n)) for head, n in widths.items()}
        internals.save(folder, internals.Internals(means, own, last, layers))
    history = {
        "epoch": [1],
        "loss": [1.0],
        "genre_accuracy": [0.5],
        "validation_loss": [1.0],
        "validation_genre_accuracy": [0.5],
    }
    write_csv(pd.DataFrame(history).assign(seconds=1.0), folder / "history.csv")
    accuracies = {
        "train": {head: {"slice": {"accuracy": 0.9, "n": 9}, "song": {"accuracy": 1.0, "n": 9}} for head in heads}
    }
    chosen = {
        "chosen": dict.fromkeys(heads, "gone poster"),
        "validation": [{"candidate": "gone poster", "songs": 9, **dict.fromkeys(heads, 0.5)}],
    }
    metrics = {"run": described, "heads": heads, "parts": accuracies, "epochs": 1, "seconds": 1.0, "parameters": 1}
    write_json(metrics | (chosen if recipe == BEST else {}), folder / "metrics.json")
    made = {
        "machine": {"processor": "An old one", "cores": 2, "threads": "2"},
        "versions": {"python": "3.12.1", "keras": "3.1.0", "backend": "tensorflow"},
    }
    record = {
        "run": described,
        **made,
        "candidates": ["majority baseline"],
        "validation_shares": [0],
        "changed": {},
    }
    if recipe == BEST:
        about = {"name": "majority", "shape": list(slices.shape[1:]), "heads": heads, "parameters": 1, "baseline": {}}
        write_json(about, study.zoo / "majority.json")
        record["key"] = key_of(SelectionSpec(study, run, ("majority baseline",), (0,), folds, {}))
    else:
        description = {"name": network, "shape": list(slices.shape[1:]), "heads": heads, "parameters": 1}
        write_json(description | {"baseline" if recipe == BASELINE else "config": {}}, study.zoo / f"{network}.json")
        changed = {"epochs": 1}
        key = key_of(RunSpec(study, run, changed, folds)) | ({"code": "old"} if stale else {})
        record = {
            "run": described,
            **made,
            "changed": changed,
            "settings": asdict(settings_of(recipe, epochs=1)),
            "key": key,
        }
    write_json(record, folder / "record.json")
    return Finished(folder, run, stale)


def _by_group(groups: pd.Series, width: int, rng: np.random.Generator) -> np.ndarray:
    codes, names = pd.factorize(groups)
    return rng.normal(0, 1, (len(names), width))[codes]
