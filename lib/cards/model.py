"""What the model card says: the network, what it is for, how good it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields

import pandas as pd

from lib.audio import Spectrogram
from lib.errors import ReportError
from lib.evaluation.results import by_strictness, leaky, main_rows
from lib.narrative.findings import baseline_finding, chance_finding
from lib.narrative.format import listed, percent
from lib.recipes import BASELINE, BEST, POSTER, Settings
from lib.runs import Finished
from lib.zoo.cost import ReceptiveField


def main_runs(runs: Sequence[Finished], rows: pd.DataFrame) -> list[Finished]:
    """Pick the runs that the card is about. Page 09.

    Parameters
    ----------
    runs : sequence of Finished
    rows : pd.DataFrame
        Of the main network, as from `lib.evaluation.results.main_rows`; none where heads answer with numbers alone, and
        then ``this_project`` is meant, or the first network.

    Raises
    ------
    ReportError
        If no network was trained.
    """
    trained = [one for one in runs if one.run.recipe not in (BASELINE, BEST)]
    if not trained:
        raise ReportError("No network was trained and is up to date, so there is no model to describe. Run 04 first.")
    first = min(trained, key=lambda one: (one.run.architecture != "this_project", one.run.recipe != POSTER)).run
    same = tuple(rows[["network", "recipe"]].iloc[0]) if len(rows) else (first.architecture, first.recipe)
    return [one for one in trained if (one.run.architecture, one.run.recipe) == same]


def identity(description: Mapping, parameters: int, spectrogram: Spectrogram, hears: ReceptiveField) -> dict[str, str]:
    """Say what the network is and what it looks at. Page 09.

    Parameters
    ----------
    description : mapping
        As from `lib.zoo.descriptions.read_description`.
    parameters : int
        Those that training changes.
    spectrogram : Spectrogram
    hears : ReceptiveField
    """
    answers = listed(
        f"{head} ({', '.join(classes)})" if classes else f"{head} (a number)"
        for head, classes in description["heads"].items()
    )
    reach = "the whole slice" if hears.whole else f"{hears.seconds:.2f} s and {hears.bands} bands of it"
    return {
        "What is it?": (
            f"`{description['name']}`, a convolutional network with {parameters:,} parameters. It reads a "
            f"mel-spectrogram of {spectrogram.slice_s:g} s ({spectrogram.n_mels} bands) and answers {answers}. "
            "Page 03 draws it and names its source."
        ),
        "What does it hear?": (
            f"One point of its last map hears {hears.seconds:.2f} s and {hears.bands} bands, its answer {reach}. A "
            "song's answer is the mean over its slices, so the order of what happens in a song plays no part."
        ),
    }


def training(runs: Sequence[Finished]) -> dict[str, str]:
    """Say how the runs of one network and recipe were trained, with what, and where they are. Page 09.

    Parameters
    ----------
    runs : sequence of Finished
        At least one.
    """
    record, metrics = runs[0].record, runs[0].metrics
    settings, plain = record.get("settings", {}), Settings()
    other = [
        f"{name.replace('_', ' ')} {settings[name]}"
        for name in (field.name for field in fields(Settings))
        if name not in ("epochs", "batch_size", "learning_rate")
        and settings.get(name, getattr(plain, name)) != getattr(plain, name)
    ]
    made = [one.record["versions"] for one in runs]
    stack = dict.fromkeys(
        f"Keras {versions.get('keras', '(unknown)')} on {versions.get('backend')} and Python {versions['python']}"
        for versions in made
    )
    return {
        "How was it trained?": (
            f"From random weights, on nothing but the corpus: recipe *{runs[0].run.recipe}*, "
            f"{metrics['epochs']} epochs, batches of {settings['batch_size']} slices, Adam at a rate of "
            f"{settings['learning_rate']:g}"
            + (f"; {', '.join(other)}" if other else "")
            + f". Every fold and seed is a model of its own; this card is about all {len(runs)}, and no one of them is "
            "*the* model."
        ),
        "With what?": f"{listed(stack)}; all versions stand in each run's `record.json` and in `requirements.lock`.",
        "Where are the weights?": (
            "Where a run was trained, in `work/<study>/runs/<run>/model.weights.h5`. The repository keeps answers, "
            "vectors, metrics, history and record of each run, but no weights (the model that comes with the project, "
            "of the recipe *tuned*, has a card of its own in chapter 7): "
            f"`make verify RUN={runs[0].run.name}` makes such a run again."
        ),
    }


def intent(licence: str) -> dict[str, str]:
    """Say what the models of this report are for. Page 09.

    Parameters
    ----------
    licence : str
        Of the corpus.
    """
    return {
        "What is it for?": (
            "Showing how rules of evaluation change a result; teaching; a baseline for research on music tagging."
        ),
        "Who should use it?": (
            "Students and researchers of music information retrieval, and people curious about their own music."
        ),
        "What is it not for?": (
            "Deciding anything about a person or an artist: what is recommended, paid or blocked by. Saying what "
            "listeners feel. Music of other kinds: it would call that one of its own classes, as it knows no other "
            "answer."
        ),
        "What may be done with it?": (
            "The code is under the MIT licence (`LICENSE`). Whether weights carry the terms of the music that "
            f"they were trained on is not settled law, so keep to these too. {licence}"
        ),
        "How is it cited?": (
            "As this project, by `CITATION.cff`, with the papers of the network (page 03) and of the corpus (page 08)."
        ),
    }


def judged(rows: pd.DataFrame, protocols: Sequence[str]) -> dict[str, str]:
    """Say on what music the model was tested and how its figures came about. Page 09.

    Parameters
    ----------
    rows : pd.DataFrame
        Its rows of `lib.evaluation.results.results`; none if its heads answer with numbers alone.
    protocols : sequence of str
        By strictness.
    """
    songs = rows.loc[rows["level"] == "song"].groupby("protocol")["n_songs"].max()
    counts = [f"{songs[name]} under `{name}`" for name in protocols if name in songs]
    return {
        "Which music tested it?": (
            "Songs of the same corpus that did not train it, by the rule of each protocol"
            + (f": {listed(counts)}" if counts else "")
            + ". No other corpus was tried, so nothing is known of music from elsewhere."
        ),
        "Which measures?": (
            "Accuracy, the share of right answers, by slice and by song; kappa, which is 0 at chance; macro-F1, in "
            "which every class weighs alike; for numbers R², r and CCC. Intervals are 95 % and resample songs, or "
            "artists within genre under `artist`."
        ),
        "Which groups were compared?": (
            "The classes, and artists, on page 05. The corpus tells nothing of language, gender, country or age of "
            "recordings and artists, so whether the model treats them alike is not known."
        ),
    }


def in_words(
    table: pd.DataFrame, classes: pd.DataFrame, beaten: pd.DataFrame | None, songs: str = "songs"
) -> list[str]:
    """Say how good the main network is under its strictest protocol: beside chance, by class, beside baselines.
    Page 09.

    Parameters
    ----------
    table, classes, beaten : pd.DataFrame
        As from `lib.evaluation.results.results`, `per_class` and `against_baselines`; no baselines, None.
    songs : str
        ``songs``, or what they are called if they are synthetic.
    """
    rows = main_rows(table)
    if not len(rows):
        return ["Its heads answer with numbers; page 05 tells how well."]
    network, recipe = rows[["network", "recipe"]].iloc[0]
    told = [chance_finding(table, songs), weakest(classes, network, recipe, by_strictness(rows["protocol"])[-1])]
    return told + ([baseline_finding(beaten, songs)] if beaten is not None else [])


def weakest(classes: pd.DataFrame, network: str, recipe: str, protocol: str) -> str:
    """Say which class of each head is found least.

    Parameters
    ----------
    classes : pd.DataFrame
        As from `lib.evaluation.per_class.per_class`.
    network, recipe, protocol : str
    """
    own = classes.loc[
        (classes["network"] == network) & (classes["recipe"] == recipe) & (classes["protocol"] == protocol)
    ]
    told = []
    for head, rows in own.dropna(subset=["recall"]).groupby("head", sort=False):
        row = rows.loc[rows["recall"].idxmin()]
        told.append(f"in {head} {row['class']} ({percent(row['recall'])} of its {int(row['support'])} songs)")
    return f"**Least often found:** {listed(told)}." if told else "No class had test songs."


def limits(rows: pd.DataFrame, protocols: Sequence[str], runs: Sequence[Finished], corpus: str) -> dict[str, str]:
    """Say what is known to be wrong with the model. Page 09.

    Parameters
    ----------
    rows : pd.DataFrame
        Its rows of `lib.evaluation.results.results`.
    protocols : sequence of str
        By strictness.
    runs : sequence of Finished
        Its runs.
    corpus : str
        What is known to be wrong with the corpus.
    """
    songs = rows.loc[rows["level"] == "song"].set_index(["protocol", "head"])["accuracy"]
    heads = list(dict.fromkeys(rows["head"]))
    first, last = leaky(protocols), protocols[-1]
    pairs = [
        f"{head} {percent(songs[first, head])} under `{first}` and {percent(songs[last, head])} under `{last}`"
        for head in heads
        if first != last and (first, head) in songs and (last, head) in songs
    ]
    rests = []
    for protocol in protocols:
        own = [one.run for one in runs if one.run.protocol == protocol]
        folds, seeds = len({run.fold for run in own}), len({run.seed for run in own})
        rests.append(f"{folds} fold{'s' * (folds != 1)} and {seeds} seed{'s' * (seeds != 1)} under `{protocol}`")
    return {
        "Does it know songs, or kinds of songs?": (
            "Both, and figures of a leaky protocol do not tell them apart"
            + (f": accuracy by song is {listed(pairs)}" if pairs else "")
            + ". Page 05 measures the difference with its interval."
        ),
        "How much do its figures move?": (
            f"They rest on {listed(rests)}. Page 05 gives the interval of each figure and, of several folds or "
            "seeds, the spread."
        ),
        "Was anything chosen with test songs in view?": (
            "What the poster leaves open of its network (filters, pooling, dropout, epochs) was settled in a few "
            "trials on one fold of Emotify under `slice` whose test songs were seen. What was chosen later, and by "
            "which songs, stands on page 05, last section but one."
        ),
        "What does it take from its corpus?": corpus,
    }
