"""The recipe ``best``: network and recipe are chosen for each test fold by validation songs of its own.

Selection is nested (Cawley & Talbot 2010, JMLR 11): every candidate of a list declared beforehand is trained
with several shares of the fold's other songs as validation, each model predicts its own validation songs alone, and
for each head the candidate with the best predictions is taken. Only then do the models of the chosen predict
the test songs; their mean is the prediction. The choice may differ from fold to fold: what is evaluated is the
procedure, not one network.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from lib.models import Head, baselines
from lib.runs import metrics
from lib.runs.make import write
from lib.runs.spec import RunSpec, SelectionSpec
from lib.training.recipes import members


def make(folder: Path, spec: SelectionSpec, on_epoch: Callable[[str], None], obtain: Callable) -> None:
    """Train what is missing, choose, predict the test songs by the chosen, and write the run.

    Its vectors are those of the first chosen model.

    Parameters
    ----------
    folder : path-like
        Exists and is empty.
    spec : SelectionSpec
    on_epoch : callable
        Called with how far it is.
    obtain : callable
        As `lib.runs.execute.obtain`.
    """
    finished = {}
    for number, (name, one) in enumerate(spec.specs.items(), start=1):
        label = f"candidate {number}/{len(spec.specs)} {one.run.name}"
        finished[name] = obtain(one, on_epoch=lambda text, label=label: on_epoch(f"{label}: {text}"))
    predicted = {name: run.predictions("validation") for name, run in finished.items()}
    table = validation_scores(spec.candidates, spec.validation_shares, predicted, spec.heads, spec.labels)
    picked = {head.name: table.loc[table[head.name].idxmax(), "candidate"] for head in spec.heads}
    on_epoch("chosen: " + ", ".join(f"{candidate} for {head}" for head, candidate in picked.items()))
    began = time.perf_counter()
    numbers = np.flatnonzero(spec.parts == "test")
    pairs = dict.fromkeys(pair for candidate in picked.values() for pair in members(candidate))
    chosen = [(*pair, validation) for pair in pairs for validation in spec.validation_shares]
    tested = {name: _predict(spec.specs[name], numbers, on_epoch, obtain) for name in chosen}
    predictions = {
        head: np.mean(
            [
                tested[(*pair, validation)][0][head]
                for pair in members(candidate)
                for validation in spec.validation_shares
            ],
            axis=0,
        )
        for head, candidate in picked.items()
    }
    write(
        folder,
        spec,
        numbers,
        predictions,
        next(iter(tested.values()))[1],
        seconds=time.perf_counter() - began + sum(run.metrics["seconds"] for run in finished.values()),
        history=pd.DataFrame(columns=["epoch", "seconds"]),
        chosen=picked,
        validation=table.to_dict("records"),
    )


def _predict(spec: RunSpec, numbers: np.ndarray, on_epoch, obtain: Callable) -> tuple[dict, np.ndarray]:
    if spec.is_baseline:
        return baselines.fit_and_predict(
            spec.run.architecture, spec.slices, spec.parts, spec.labels, spec.heads, numbers
        )
    from lib.models.descriptions import rebuild
    from lib.training import fit  # only here are Keras and its backend needed

    folder = obtain(spec, on_epoch=on_epoch, weights=True).folder
    model = rebuild(spec.description)
    model.load_weights(folder / "model.weights.h5")
    return fit.predict(model, spec.heads, spec.slices, numbers)


def validation_scores(
    candidates: Sequence[str],
    validation_shares: Sequence[int],
    predicted: dict[tuple[str, str, int], pd.DataFrame],
    heads: Sequence[Head],
    labels: pd.DataFrame,
) -> pd.DataFrame:
    """Score candidates by the validation songs of all validation shares together.

    Parameters
    ----------
    candidates : sequence of str
    validation_shares : sequence of int
    predicted : dict
        Validation predictions by network, recipe and validation share, as in ``predictions.parquet``.
    heads : sequence of Head
    labels : pd.DataFrame
        One row per slice of the study, one column per head.

    Returns
    -------
    pd.DataFrame
        ``candidate``, ``songs`` and one column per head: accuracy of songs, or CCC of a number; 0 where no validation
        song is labelled. In the order given; of equals the first is chosen.
    """
    rows = []
    for candidate in candidates:
        pairs = members(candidate)
        shares = []
        for validation in validation_shares:
            frames = [predicted[(*pair, validation)] for pair in pairs]
            together = frames[0].copy()
            for head in heads:
                together[head.columns] = np.mean([frame[head.columns].to_numpy() for frame in frames], axis=0)
            shares.append(together)
        found = metrics.measures(pd.concat(shares, ignore_index=True), heads, labels)["validation"]
        by_head = {head.name: found[head.name]["song"]["ccc" if head.numeric else "accuracy"] or 0.0 for head in heads}
        songs = max(found[head.name]["song"]["n"] for head in heads)
        rows.append({"candidate": candidate, "songs": songs, **by_head})
    return pd.DataFrame(rows)
