"""What networks pretrained on other music know: their vectors, kept as they are, with logistic regression.

Accuracy on the test folds of a study whose slices are made (`make prepare`), under each split, with 95 % intervals over
artists. The strength of the penalty is chosen on the validation songs of each fold. Vectors are kept in ``work/``.
"""

import argparse
import sys

import numpy as np
import pandas as pd

from lib.audio import load_excerpt
from lib.datasets.tracks import read_tracks
from lib.evaluation.bootstrap import Bootstrap, clusters, pairs
from lib.features.slices import Slices
from lib.io import replacing, write_csv
from lib.models import pretrained
from lib.paths import PROJECT, Study
from lib.splits import assign
from lib.training.quiet import import_keras

PENALTIES = (0.001, 0.01, 0.1, 1.0)  # inverse strengths tried
HEADS, FOLDS = ("genre", "mood"), 5


def vectors_of(name: str, study: Study, slices: Slices, tracks: pd.DataFrame) -> np.ndarray:
    """Vectors of every slice [shape=(len(slices), 200)], computed or read again."""
    path = study.work / "pretrained" / f"{name}-{slices.digest}.npy"
    if path.is_file():
        return np.load(path)
    import_keras()
    import keras

    network = pretrained.load(name)
    embedding = keras.Model(network.input, network.get_layer(pretrained.VECTOR).output)
    found = np.empty((len(slices), embedding.output.shape[-1]), np.float32)
    paths = tracks.set_index("track_id")["path"]
    songs = slices.table.groupby("track_id", sort=False)
    for number, (song, own) in enumerate(songs, 1):
        mel = pretrained.log_mel(load_excerpt(paths[song], pretrained.SAMPLE_RATE, slices.spectrogram.excerpt_s)[0])
        starts = np.round(own["start_s"] * pretrained.SAMPLE_RATE / pretrained.HOP_LENGTH).astype(int)
        last = mel.shape[1] - pretrained.FRAMES  # the last slice may lack a frame or two
        windows = [mel[:, start : start + pretrained.FRAMES] for start in np.minimum(starts, last)]
        found[own.index] = embedding.predict_on_batch(np.stack(windows))
        print(f"\r{name}: {number} of {songs.ngroups} songs", end="", flush=True)
    print()
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as part, part.open("wb") as file:
        np.save(file, found)
    return found


def predicted(vectors: np.ndarray, labels: np.ndarray, parts: np.ndarray) -> tuple:
    """Predict the test slices of a fold: their numbers, the classes, and the probabilities [slices, classes]."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    known = pd.notna(labels)
    train, validation, test = ((parts == part) & known for part in ("train", "validation", "test"))
    fitted = [
        make_pipeline(StandardScaler(), LogisticRegression(C=c, max_iter=2000)).fit(vectors[train], labels[train])
        for c in PENALTIES
    ]
    best = max(fitted, key=lambda one: one.score(vectors[validation], labels[validation]))
    return np.flatnonzero(test), best.classes_, best.predict_proba(vectors[test])


def accuracies(name: str, study: Study, slices: Slices, tracks: pd.DataFrame, splits: list[str]) -> pd.DataFrame:
    """Accuracy per slice, one model per prediction, and per song, of all folds of each split."""
    vectors = vectors_of(name, study, slices, tracks)
    about = tracks.set_index("track_id").loc[slices.table["track_id"]].reset_index()
    rows = []
    for split in splits:
        parts = [assign(slices.table, tracks, split, fold=fold, folds=FOLDS) for fold in range(FOLDS)]
        for head in HEADS:
            labels = about[head].astype(object).to_numpy()
            chances = pd.DataFrame(index=about.index, columns=sorted(set(labels[pd.notna(labels)])), dtype=float)
            for one in parts:
                numbers, classes, found = predicted(vectors, labels, one)
                chances.loc[numbers, classes] = found
            chances = chances.dropna(how="all").fillna(0)
            tested = about.loc[chances.index]
            by_song = chances.groupby(tested["track_id"]).mean()
            for level, table in (("slice", chances.set_axis(tested["track_id"])), ("song", by_song)):
                true = tracks.set_index("track_id")[head].loc[table.index].astype(object).to_numpy()
                correct = pd.Series(table.idxmax(axis=1).to_numpy() == true, table.index)
                correct = correct.groupby(level=0).agg(["sum", "size"])
                drawn = clusters(tracks.set_index("track_id").loc[correct.index].reset_index(), "artist")
                value, low, high = Bootstrap().ratio(pairs(correct["sum"], correct["size"]), *drawn)
                rows.append((name, split, head, level, len(correct), value, low, high))
                print(f"{name}, {split}, {head} per {level}: {value:.3f} ({low:.3f} to {high:.3f})", flush=True)
    return pd.DataFrame(rows, columns=["network", "split", "head", "level", "n_songs", "accuracy", "low", "high"])


def main() -> int:
    """Evaluate the pretrained networks on a study."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", help="not used: the study knows its music")
    parser.add_argument("--study", default="emotify")
    parser.add_argument("--splits", nargs="*", default=["random", "song", "artist"])
    parser.add_argument("--write", action="store_true", help="write the table beside this file")
    given = parser.parse_args()
    study = Study(given.study)
    if not (study.slices / "slices.json").is_file():
        print(f"{study.slices} holds no slices. Make them first: make prepare STUDY={study.name} DATA=<folder>")
        return 1
    if not pretrained.is_installed():
        print(f"The package musicnn, which holds the weights, is missing. Install it: {pretrained.INSTALL}")
        return 1
    slices, tracks = Slices(study.slices), read_tracks(study.tracks)
    tables = [accuracies(name, study, slices, tracks, given.splits) for name in pretrained.CHECKPOINTS]
    if given.write:
        write_csv(pd.concat(tables), PROJECT / "benchmarks" / f"pretrained-{study.name}.csv")
    return 0


if __name__ == "__main__":
    sys.exit(main())
