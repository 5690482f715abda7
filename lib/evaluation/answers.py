"""What the networks answered: test predictions of all folds and seeds, joined with what is true."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from lib.errors import ReportError
from lib.evaluation.poster import POSTER
from lib.runs import Finished, Run
from lib.splits import PROTOCOLS

LEVELS = ("slice", "song")
STALE = " (stale)"
_SONG = ["song_group", "artist_group", "genre", "title", "artist"]


@dataclass(frozen=True)
class Answers:
    """Answers of one head of one network under one protocol and recipe, all its folds and seeds.

    Attributes
    ----------
    network : str
        Architecture, with `STALE` behind it if the runs were made with other data or code than now.
    protocol, recipe, head : str
    classes : tuple of str
    runs : tuple of Run
    folds : int
        Folds that the protocol has, run or not.
    slices : pd.DataFrame
        ``seed``, ``slice``, ``track_id``, ``true``, ``said``, ``probability`` (of what was said), ``right``.
    songs : pd.DataFrame
        The same without ``slice`` and with ``n_slices``; the answer is that of the mean probability.
    tracks : pd.DataFrame
        Groups, genre, title and artist of the songs, by ``track_id``.
    train : dict
        Level -> accuracy on the training part, mean over the runs; NaN where unknown.
    """

    network: str
    protocol: str
    recipe: str
    head: str
    classes: tuple[str, ...]
    runs: tuple[Run, ...]
    folds: int
    slices: pd.DataFrame
    songs: pd.DataFrame
    tracks: pd.DataFrame
    train: dict[str, float]

    def frame(self, level: str) -> pd.DataFrame:
        """Rows of one of the `LEVELS`."""
        return self.songs if level == "song" else self.slices

    def tally(self, level: str) -> tuple[pd.Index, np.ndarray, np.ndarray]:
        """Right answers and answers of each song.

        Returns
        -------
        track_id : pd.Index [songs]
        right, count : np.ndarray [songs, seeds]
        """
        return tally(self.frame(level))


def tally(frame: pd.DataFrame) -> tuple[pd.Index, np.ndarray, np.ndarray]:
    """Right answers and answers of each song and seed, see `Answers.tally`."""
    table = frame.groupby(["track_id", "seed"])["right"].agg(["sum", "count"]).unstack("seed", fill_value=0)
    return table.index, table["sum"].to_numpy(float), table["count"].to_numpy(float)


def collect(runs: Sequence[Finished], tracks: pd.DataFrame) -> list[Answers]:
    """Pool finished runs: folds of one seed together, seeds side by side.

    A song whose label of a head is missing takes no part in that head. Stale runs are kept apart under a
    name that says so.

    Parameters
    ----------
    runs : sequence of Finished
    tracks : pd.DataFrame
        The tracks table.

    Returns
    -------
    list of Answers
        By network (the poster's order, then others by name), protocol (leakiest first), recipe, head.

    Raises
    ------
    ReportError
        If there is no run, or a run that is not stale tested a track that the tracks table lacks.
    """
    if not runs:
        raise ReportError("No finished run to evaluate. Run notebooks/04_training.ipynb first, or `make report`.")
    table = tracks.set_index("track_id")
    pooled: dict[tuple, list[Finished]] = {}
    for finished in runs:
        run = finished.run
        key = (run.architecture + (STALE if finished.stale else ""), run.protocol, run.recipe)
        pooled.setdefault(key, []).append(finished)
    result = []
    for key in sorted(pooled, key=_order):
        result += _heads(key, pooled[key], table)
    return result


def _order(key: tuple[str, str, str]) -> tuple:
    network, protocol, recipe = key
    known = list(POSTER)
    place = known.index(network) if network in known else len(known)
    strictness = PROTOCOLS.index(protocol) if protocol in PROTOCOLS else len(PROTOCOLS)
    return network.endswith(STALE), place, network, strictness, protocol, recipe


def _heads(key: tuple[str, str, str], runs: list[Finished], tracks: pd.DataFrame) -> list[Answers]:
    network, protocol, recipe = key
    parts = []
    for finished in runs:
        part = finished.predictions("test")
        unknown = part.loc[~part["track_id"].isin(tracks.index), "track_id"]
        if len(unknown) and not finished.stale:
            raise ReportError(
                f"{finished.folder}: its test predictions hold track {unknown.iloc[0]!r}, which the tracks table "
                "lacks. Delete that run's folder and run notebooks/04_training.ipynb again."
            )
        parts.append(part.assign(seed=finished.run.seed))
    everything = pd.concat(parts, ignore_index=True)
    heads: dict[str, dict] = {}
    for finished in runs:
        for head, classes in finished.metrics["heads"].items():
            heads.setdefault(head, {}).update(dict.fromkeys(classes))
    result = []
    for head, classes in heads.items():
        slices, songs = _answers(everything, head, tuple(classes), tracks)
        if len(songs):
            result.append(
                Answers(
                    network=network,
                    protocol=protocol,
                    recipe=recipe,
                    head=head,
                    classes=tuple(classes),
                    runs=tuple(finished.run for finished in runs),
                    folds=max(int(finished.metrics["run"].get("folds") or 0) for finished in runs),
                    slices=slices,
                    songs=songs,
                    tracks=tracks.loc[songs["track_id"].unique(), _SONG],
                    train={level: _train_accuracy(runs, head, level) for level in LEVELS},
                )
            )
    return result


def _answers(
    part: pd.DataFrame, head: str, classes: tuple[str, ...], tracks: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    labels = tracks[head] if head in tracks else pd.Series(pd.NA, index=tracks.index)
    labels = labels[labels.notna()].astype(object)
    columns = [f"{head}:{name}" for name in classes]
    known = part.loc[part["track_id"].isin(labels.index)].reindex(columns=["seed", "slice", "track_id", *columns])
    known[columns] = known[columns].astype("float64")
    # a head that some of the runs do not have says nothing in those runs
    known = known.dropna(subset=columns, how="all").fillna(dict.fromkeys(columns, 0.0))
    slices = known.groupby(["seed", "slice", "track_id"], as_index=False)[columns].mean()
    by_song = known.groupby(["seed", "track_id"])
    songs = by_song[columns].mean().assign(n_slices=by_song["slice"].nunique()).reset_index()
    return _said(slices, columns, classes, labels), _said(songs, columns, classes, labels)


def _said(frame: pd.DataFrame, columns: list[str], classes: tuple[str, ...], labels: pd.Series) -> pd.DataFrame:
    chances = frame[columns].to_numpy()
    best = chances.argmax(axis=1) if len(frame) else np.zeros(0, dtype=int)
    frame = frame.drop(columns=columns)
    frame["true"] = frame["track_id"].map(labels)
    frame["said"] = np.array(classes, dtype=object)[best]
    frame["probability"] = chances[np.arange(len(best)), best]
    frame["right"] = frame["said"] == frame["true"]
    return frame


def _train_accuracy(runs: list[Finished], head: str, level: str) -> float:
    values = []
    for finished in runs:
        value = finished.metrics.get("parts", {}).get("train", {}).get(head, {}).get(level, {}).get("accuracy")
        if value is not None:
            values.append(value)
    return float(np.mean(values)) if values else float("nan")
