"""What the model card says: the network, what it is for, how good it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from lib.errors import ReportError
from lib.evaluation.results import by_strictness, leaky, main_rows
from lib.features.spectrogram import Spectrogram
from lib.models.complexity import ReceptiveField
from lib.narrative.cards import render
from lib.narrative.findings import baseline_finding, chance_finding, songs_of
from lib.runs.store import Finished
from lib.training.recipes import BASELINE, BEST, Settings, plain

_NAMED = ("epochs", "batch_size", "learning_rate")  # settings that the card names whether or not they are usual


def main_runs(runs: Sequence[Finished], rows: pd.DataFrame) -> list[Finished]:
    """Pick the runs that the card is about: of the network of `rows`, as from `lib.evaluation.results.main_rows`.

    There are no rows where all heads are numeric; then ``yu2018`` is meant, or the first network.

    Raises
    ------
    ReportError
        If no network was trained.
    """
    trained = [one for one in runs if one.run.recipe not in (BASELINE, BEST)]
    if not trained:
        raise ReportError("No network was trained and is up to date, so there is no model to describe. Run 04 first.")
    recipe = plain(one.run.recipe for one in trained)
    first = min(trained, key=lambda one: (one.run.architecture != "yu2018", one.run.recipe != recipe)).run
    same = tuple(rows[["network", "recipe"]].iloc[0]) if len(rows) else (first.architecture, first.recipe)
    return [one for one in trained if (one.run.architecture, one.run.recipe) == same]


def card(
    about: Mapping[str, str],
    corpus: str,
    runs: Sequence[Finished],
    tables: tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame | None],
    description: Mapping,
    parameters: int,
    spectrogram: Spectrogram,
    reach: ReceptiveField,
) -> dict[str, str]:
    """Markdown of the model card by section.

    Parameters
    ----------
    about : mapping
        As from `lib.datasets.datasheets.datasheet`.
    runs : sequence of Finished
        Of one network and recipe, as from `main_runs`; at least one.
    tables : tuple of pd.DataFrame
        As from `lib.evaluation.results`, `per_class` and `against_baselines`; None without baselines.
    description : mapping
        As from `lib.models.descriptions.read_description`.
    parameters : int
        Those that training changes.
    """
    results, classes, beaten = tables
    rows = main_rows(results)
    songs = rows.loc[rows["level"] == "song"]
    splits = by_strictness(one.run.split for one in runs)
    accuracy = songs.set_index(["split", "head"])["accuracy"]
    first, last = leaky(splits), splits[-1]
    counts = songs.groupby("split")["n_songs"].max()
    noun = songs_of(corpus)
    settings = runs[0].record["settings"]
    versions = [{"keras": "(unknown)", "backend": None} | one.record["versions"] for one in runs]
    return render(
        "model_card",
        about=about,
        heads=[f"{head} ({', '.join(names) or 'a number'})" for head, names in description["heads"].items()],
        name=description["name"],
        parameters=parameters,
        spectrogram=spectrogram,
        reach=reach,
        runs=runs,
        run=runs[0].run,
        epochs=runs[0].metrics["epochs"],
        settings=settings,
        unusual=_unusual(settings),
        stack=list(dict.fromkeys(f"Keras {v['keras']} on {v['backend']} and Python {v['python']}" for v in versions)),
        splits=splits,
        tested=[f"{counts[name]} under `{name}`" for name in splits if name in counts],
        chance=chance_finding(results, noun) if len(rows) else "",
        weakest=weakest(classes, rows) if len(rows) else [],
        baselines=baseline_finding(beaten, noun) if len(rows) and beaten is not None else "",
        first=first,
        last=last,
        drops=[
            (head, accuracy[first, head], accuracy[last, head])
            for head in dict.fromkeys(rows["head"])
            if first != last and (first, head) in accuracy and (last, head) in accuracy
        ],
        repeats=[(split, *_repeats(runs, split)) for split in splits],
    )


def _repeats(runs: Sequence[Finished], split: str) -> tuple[int, int]:
    """Count folds and seeds."""
    own = [one.run for one in runs if one.run.split == split]
    return len({run.fold for run in own}), len({run.seed for run in own})


def _unusual(settings: Mapping) -> list[str]:
    """List settings that are not the usual ones."""
    usual, given = vars(Settings()), vars(Settings(**settings))
    names = [name for name in usual if name not in _NAMED and given[name] != usual[name]]
    return [f"{name.replace('_', ' ')} {given[name]}" for name in names]


def weakest(classes: pd.DataFrame, rows: pd.DataFrame) -> list[dict]:
    """Find the class of each head with the least recall under the strictest split.

    `classes` is as from `lib.evaluation.per_class.per_class`, `rows` as from `lib.evaluation.results.main_rows`; at
    least one.
    """
    wanted = rows.iloc[0][["network", "recipe"]].to_dict() | {"split": by_strictness(rows["split"])[-1]}
    same = (classes[list(wanted)] == pd.Series(wanted)).all(axis=1)
    own = classes.loc[same].dropna(subset=["recall"])
    worst = own.loc[own.groupby("head", sort=False)["recall"].idxmin()]
    return worst[["head", "class", "recall", "support"]].to_dict("records")
