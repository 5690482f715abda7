"""Maps of songs: held-out songs of all folds in one space, and its projection to a plane."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from lib.runs.internals import Internals

PERPLEXITIES = (10, 30, 50)
SEEDS = (0, 1, 2)
FEWEST = 3  # songs that trained both of two models, below which no rotation is fitted
NEAR = 10  # songs around a song that count as its neighbourhood


def joined(insides: Mapping[str, Internals]) -> tuple[pd.DataFrame, pd.Series, float]:
    """Turn the spaces of several models onto that of the first, and take each song's held-out vector.

    The axes of each model are its own. The rotation (with reflection and one scale) that brings a model's vectors
    nearest to the first model's is fitted to songs that trained both (Schönemann 1966), not to test songs; each model
    then places its own test songs.

    Parameters
    ----------
    insides : mapping of str to Internals
        Of the runs of one network, a fold each; of one width.

    Returns
    -------
    songs : pd.DataFrame [songs, width]
        Vector of each song by the model that neither trained on it nor was chosen by it, by ``track_id``; without the
        songs of models that have fewer than `FEWEST` training songs in common with the first.
    fold : pd.Series
        Name of the run whose model it was, by ``track_id``.
    fit : float
        Share of the variance of the other models' vectors that lies where the first model puts the same songs, over
        songs that did not serve to turn the spaces; NaN with a single fold.
    """
    from scipy.linalg import orthogonal_procrustes

    (_, first), *_ = insides.items()
    parts, names, rest, total = [], [], 0.0, 0.0
    for name, one in insides.items():
        songs = one.songs.loc[(one.part == "test").to_numpy()]
        if one is not first:
            ids = one.songs.index.intersection(first.songs.index)
            both = (one.part.loc[ids] == "train") & (first.part.loc[ids] == "train")
            own, other = one.songs.loc[ids[both]], first.songs.loc[ids[both]]
            centre, target = own.mean(), other.mean()
            if len(own) < FEWEST or not ((own - centre) ** 2).to_numpy().sum() > 0:
                continue  # as with two folds, where no song trains both
            turn, strength = orthogonal_procrustes(own - centre, other - target)
            scale = strength / ((own - centre) ** 2).to_numpy().sum()
            placed = (one.songs - centre).to_numpy() @ turn * scale + target.to_numpy()
            placed = pd.DataFrame(placed, index=one.songs.index, columns=first.songs.columns)
            apart = ids[~both]  # at least one of the two did not train on these
            rest += ((placed.loc[apart] - first.songs.loc[apart]) ** 2).to_numpy().sum()
            total += ((first.songs.loc[apart] - first.songs.loc[apart].mean()) ** 2).to_numpy().sum()
            songs = placed.loc[songs.index]
        parts.append(songs)
        names += [name] * len(songs)
    whole = pd.concat(parts)
    fit = 1 - rest / total if total > 0 else float("nan")
    return whole, pd.Series(names, index=whole.index), fit


def tsne(songs: np.ndarray, perplexity: float = 30, seed: int = 0) -> np.ndarray:
    """Plane [songs, 2] in which neighbours stay neighbours (van der Maaten & Hinton 2008).

    The perplexity, about how many neighbours count, is lowered where there are few songs. The start is random: one from
    the principal components would give nearly the same plane each time and hide how much of it is chance.
    """
    from sklearn.manifold import TSNE

    perplexity = min(perplexity, (len(songs) - 1) / 3)
    model = TSNE(perplexity=perplexity, init="random", random_state=seed, learning_rate="auto", n_jobs=1)
    return model.fit_transform(np.asarray(songs, dtype=np.float64))


def around(points: np.ndarray, count: int = NEAR) -> np.ndarray:
    """Numbers of the nearest other points by distance [points, count]."""
    from sklearn.neighbors import NearestNeighbors

    count = min(count, len(points) - 1)
    return NearestNeighbors(n_neighbors=count).fit(points).kneighbors(return_distance=False)


def kept(one: np.ndarray, other: np.ndarray) -> float:
    """Share of the neighbours in one arrangement that are neighbours in another too; both as from `around`."""
    return float(np.mean([len(np.intersect1d(a, b)) / len(a) for a, b in zip(one, other, strict=True)]))


def map_stability(
    songs: np.ndarray,
    plane: np.ndarray,
    labels: Sequence,
    *,
    perplexities: Sequence[float] = PERPLEXITIES,
    seeds: Sequence[int] = SEEDS,
) -> pd.DataFrame:
    """Compare maps of songs [songs, width], made with several settings and seeds, and the principal components.

    `plane` [songs, 2] are the latter; `labels` [songs] are such as genres, missing ones are left out of ``same``.

    Returns
    -------
    pd.DataFrame
        A row for the vectors themselves, the principal components, and t-SNE with each perplexity: ``trust``
        (trustworthiness, Venna & Kaski 2001: 1 = neighbours in the map are neighbours in the space), ``kept`` (share of
        the space's neighbours that are neighbours in the map), ``between_seeds`` (share of a map's neighbours that
        another seed's map has too), ``same`` (share of a song's neighbours with its label) and ``chance`` (that of
        songs drawn at random).
    """
    from sklearn.manifold import trustworthiness

    truth, known = around(songs), pd.Series(list(labels), dtype=object).notna().to_numpy()
    names = pd.factorize(np.asarray(list(labels), dtype=object))[0]
    usual = min(NEAR, max(1, len(songs) // 2 - 1))

    def row(name: str, maps: list[np.ndarray]) -> dict:
        near = [around(points) for points in maps]
        like = [(names[one] == names[:, None])[known].mean() for one in near]
        pairs = [kept(a, b) for i, a in enumerate(near) for b in near[i + 1 :]]
        return {
            "map": name,
            "trust": float(np.mean([trustworthiness(songs, points, n_neighbors=usual) for points in maps])),
            "kept": float(np.mean([kept(truth, one) for one in near])),
            "between_seeds": float(np.mean(pairs)) if pairs else float("nan"),
            "same": float(np.mean(like)) if known.any() else float("nan"),
        }

    rows = [row(f"the vectors ({songs.shape[1]} units)", [songs]), row("principal components", [plane])]
    for perplexity in perplexities:
        rows.append(row(f"t-SNE, perplexity {perplexity:g}", [tsne(songs, perplexity, seed) for seed in seeds]))
    alike = pd.Series(names[known]).value_counts()
    return pd.DataFrame(rows).assign(chance=(alike * (alike - 1)).sum() / (known.sum() * max(known.sum() - 1, 1)))
