"""The training slice whose FC vector is nearest to that of each test slice."""

from pathlib import Path

import numpy as np
import pandas as pd

from lib.io import write_packed

NETWORKS = ("yu2018", "mfcc_svm")  # whose first seed is kept among the results
FILE = "nearest.parquet"  # of a run among the results, which keep no vectors of training slices


def nearest(folder: Path) -> pd.DataFrame:
    """Nearest training slice of each test slice of a run, by Euclidean distance of standardised FC vectors.

    Parameters
    ----------
    folder : path-like
        Of a finished run.

    Returns
    -------
    pd.DataFrame
        ``slice`` and ``nearest``, two numbers of slices; empty where the run was taken from results that lack it.
    """
    from sklearn.neighbors import NearestNeighbors

    folder = Path(folder)
    if (folder / FILE).is_file():
        return pd.read_parquet(folder / FILE)
    about = pd.read_parquet(folder / "predictions.parquet", columns=["slice", "part"])
    train, test = ((about["part"] == part).to_numpy() for part in ("train", "test"))
    if not train.any() or not (folder / "embedding.npy").is_file():
        return pd.DataFrame({"slice": [], "nearest": []}, dtype="int64")
    vectors = np.load(folder / "embedding.npy").astype(np.float32)
    mean, spread = vectors[train].mean(axis=0), vectors[train].std(axis=0)
    vectors = (vectors - mean) / np.where(spread > 0, spread, 1)
    found = NearestNeighbors(n_neighbors=1).fit(vectors[train]).kneighbors(vectors[test], return_distance=False)[:, 0]
    number = about["slice"].to_numpy()
    return pd.DataFrame({"slice": number[test], "nearest": number[train][found]}).astype("int64")


def commit(folder: Path, kept: Path) -> None:
    """Write the nearest slices of a run into its committed folder, where they are known."""
    if len(found := nearest(folder)):
        write_packed(found, kept / FILE)
