"""Make a tagger of a study: of one run's network, or of one trained on the whole corpus.

``python -m lib.tagging.export --study emotify --network yu2018 --recipe tuned`` makes the model that comes with
this project: it learns from every artist but those of one validation share, so no song is left to test it, and how
good it is can only be estimated by the runs of the same network and recipe under ``artist``.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from lib.datasets.datasheets import datasheets
from lib.errors import ReportError, exit_status
from lib.evaluation.results import by_strictness
from lib.features.slices import Slices
from lib.io import explained, plain, read_json
from lib.models import Head
from lib.narrative.format import fixed, listed
from lib.paths import Study
from lib.runs.run import Run
from lib.runs.spec import RunSpec
from lib.runs.store import Finished, finished
from lib.tagging.model import CARD, FACTS, SHIPPED, Tagger, check_place, load, save
from lib.tagging.ood import KNOWN_SHARE, TrainingDistribution, learn
from lib.tagging.temperature import temperature
from lib.training.quiet import import_keras

FEWEST_ARTISTS = 10  # with fewer, the limits of unknown artists cannot be estimated
MOST_SONGS = 2_000  # that the distribution is fitted to; of more a sample
_SETTLED = (
    "Whether weights carry the terms of the music that they were trained on is not settled law, so keep to these too. "
    "The code is under the MIT licence."
)
SCORES = ["head", "level", "n_songs", "accuracy", "low", "high", "runs"]


def tagger_of(name: str, root: str = "", *, tell: Callable[[str], None] = lambda text: None) -> Tagger:
    """Model of a name.

    A run's network is calibrated on the run's own validation songs.

    Parameters
    ----------
    name : str
        Folder of a model, ``<study>/<run>``, or empty for the one that comes with the project.
    root : str
        Folder of ``work/`` and ``results/``; empty = the project's own.
    tell : callable
        Called with what takes a while.

    Raises
    ------
    ReportError
        If it is neither, or the run is not finished, was made with other data or code than now, is no network, or has
        no weights.
    """
    folder = Path(name) if name else SHIPPED
    if not name or (folder / FACTS).is_file():
        return load(folder)
    of_study, _, of_run = name.partition("/")
    if not of_run or "/" in of_run:
        raise ReportError(f"model {name}: neither a model's folder nor <study>/<run>, such as demo/yu2018-song-f0-s0.")
    tell(f"calibrating {name} on its validation songs, and learning what its training songs are like ...")
    study = Study(of_study, root)
    run = finished(study, [of_run])[0]
    if run.stale:
        raise ReportError(f"run {of_run!r} was made with other data or code than now. Run `make report` again first.")
    record = run.record
    if "settings" not in record or not run.metrics["parameters"] or not run.metrics["epochs"]:
        raise ReportError(f"run {of_run!r} is no network of its own, but a baseline or a choice among several.")
    weights = run.folder / "model.weights.h5"
    if not weights.is_file():
        raise ReportError(
            f"{weights} is missing: the repository keeps runs without weights. Train it again with "
            f"notebooks/04_training.ipynb after deleting {run.folder}, or use the model that comes with the project."
        )
    plan = RunSpec(study, run.run, record["changed"], record["run"]["folds"])
    from lib.models.descriptions import rebuild

    model = rebuild(plan.description)
    model.load_weights(weights)
    return _tagger(plan, model, [run], name, np.asarray(plan.parts) == "train")


def runs_like(study: Study, network: str, recipe: str, *, candidates: bool = False) -> list[Finished]:
    """Finished runs of a network and a recipe under ``artist``, on all songs and with all heads."""
    return [
        one
        for one in finished(study, candidates=candidates)
        if (one.run.architecture, one.run.split, one.run.recipe) == (network, "artist", recipe)
        and one.run.share == 1
        and not (one.stale or one.run.heads)
    ]


def of_corpus(study: Study, network: str, recipe: str) -> Tagger:
    """Train a network on every artist of a study but those of the first validation share, and make a tagger of it.

    Its temperatures are those of the validation songs of the runs of the same network and recipe under ``artist``; a
    `ReportError` is raised if there are none.
    """
    from lib.training import fit

    candidates = runs_like(study, network, recipe, candidates=True)
    alike = runs_like(study, network, recipe) or candidates
    if not alike:
        raise ReportError(
            f"study {study.name!r} has no run of {network} with recipe {recipe!r} under artist, so how good such "
            f"a model is cannot be said. Declare one in config/{study.name}.yaml and run `make report`."
        )
    record = alike[0].record
    plan = RunSpec(study, Run(network, "artist", recipe=recipe), record["changed"], record["run"]["folds"])
    parts = np.where(plan.parts == "test", "train", plan.parts)
    model, _ = fit.train_anew(
        plan.description, plan.heads, plan.slices, parts, plan.labels, plan.settings, seed=plan.run.seed,
        on_epoch=lambda text: print(f"training: {text}", flush=True),
    )  # fmt: skip
    return _tagger(plan, model, candidates or alike, f"{network}, {recipe}, {study.name}", parts == "train")


def _tagger(plan: RunSpec, model, calibrating: Sequence[Finished], name: str, learnt: np.ndarray) -> Tagger:
    tracks = pd.read_parquet(plan.study.tracks).set_index("track_id")
    songs = plan.slices.table.loc[learnt, "track_id"]
    return Tagger(
        plan.description,
        model.get_weights(),
        plan.slices.spectrogram,
        _temperatures(calibrating, plan.heads, tracks),
        _training_distribution(plan.slices, learnt, tracks),
        {"name": name, **_facts(plan, calibrating, songs.nunique())},
    )


def _temperatures(runs: Sequence[Finished], heads: Sequence[Head], tracks: pd.DataFrame) -> dict[str, float]:
    of_run = {str(number): run.predictions("validation") for number, run in enumerate(runs)}
    validation = pd.concat(of_run, names=["run"]).reset_index("run")
    songs = (validation["track_id"].astype(str) + "/" + validation["run"]).to_numpy()
    found = {}
    for head in heads:
        if not head.numeric:
            classes = {name: number for number, name in enumerate(head.classes)}
            labels = tracks[head.name].astype(object).map(classes).loc[validation["track_id"]].fillna(-1).astype(int)
            found[head.name] = temperature(validation[head.columns].to_numpy(), songs, labels.to_numpy())
    return found


def _training_distribution(slices: Slices, learnt: np.ndarray, tracks: pd.DataFrame) -> TrainingDistribution | None:
    """Fit the distribution of the training songs, of many a sample; None where there are too few artists."""
    of_song = slices.table.groupby(slices.table["track_id"].where(learnt)).indices
    artists = tracks.loc[list(of_song), "artist_group"].astype(object)
    artists = artists.fillna(artists.index.to_series())
    if artists.nunique() < FEWEST_ARTISTS:
        return None
    artists = artists.iloc[sorted(np.random.default_rng(0).permutation(len(artists))[:MOST_SONGS])]
    return learn([slices.take(of_song[song]) for song in artists.index], list(artists.astype(str)), slices.spectrogram)


def _facts(plan: RunSpec, calibrating: Sequence[Finished], songs: int) -> dict:
    """Gather facts of a network from the results of its study, its scores under the strictest split among them."""
    path = plan.study.results / "summary.json"
    summary = read_json(path) if path.is_file() else {}
    corpus = summary.get("corpus", "")
    about = datasheets().get(corpus, {})
    path = plan.study.tables / "results.csv"
    rows = pd.read_csv(path) if path.is_file() else pd.DataFrame(columns=["network", "recipe", "split", *SCORES])
    own = rows.loc[(rows["network"] == plan.run.architecture) & (rows["recipe"] == plan.run.recipe)]
    split = by_strictness(own["split"])[-1] if len(own) else ""
    scores = own.loc[own["split"] == split, SCORES]
    return {
        "network": plan.run.architecture,
        "recipe": plan.run.recipe,
        "study": plan.study.name,
        "corpus": corpus,
        "synthetic": bool(summary.get("synthetic")),
        "songs": songs,
        "calibrated_on": len({song for run in calibrating for song in run.predictions("validation")["track_id"]}),
        "licence": about.get("licence", ""),
        "limits": about.get("limits", ""),
        "split": split,
        "accuracy": scores.astype(object).where(scores.notna(), None).to_dict("records"),
    }


def card(tagger: Tagger) -> str:
    """Model card as Markdown (Mitchell et al. 2019, doi 10.1145/3287560.3287596), in short."""
    facts = tagger.facts
    knows = listed(f"{head.name} ({', '.join(map(plain, head.classes)) or 'a number'})" for head in tagger.heads)
    scores = [
        f"| {row['head']} | {row['level']} | {fixed(row['accuracy'], 2)} | {fixed(row['low'], 2)} to "
        f"{fixed(row['high'], 2)} | {row['n_songs']} | {row['runs']} |"
        for row in facts["accuracy"]
        if row["low"] is not None
    ]
    sharpness = listed(f"{head} {fixed(value, 2)}" for head, value in tagger.temperatures.items())
    parts = [
        f"# {facts['name']}",
        f"`{facts['network']}` with recipe *{facts['recipe']}*, trained on {facts['songs']} songs of the study "
        f"`{facts['study']}`. It knows {knows}, and nothing else: music of any other kind gets one of these, or "
        "*unsure*.",
        "How good it is can only be estimated: by runs of the same network and recipe, under the split "
        f"`{facts['split']}`, on songs by artists that they never heard. Music from elsewhere may fare worse.",
        "\n".join(["| head | level | accuracy | 95 % interval | songs | runs |", "|---|---|---|---|---|---|", *scores]),
        f"Temperatures ({sharpness}) were settled on {facts['calibrated_on']} validation songs of such runs. Sound "
        f"that is unlike the training music gets no tags; so do {1 - KNOWN_SHARE:.0%} of the songs of its own kind by "
        "artists that it does not know.",
        "**For** sorting and exploring music of its kind, and for teaching. **Not for** decisions about people or "
        "their music, nor for genres that it does not know.",
        f"**Limits.** {facts['limits']}",
        f"**Licence.** {facts['licence']} {_SETTLED}",
        f"Made by `python -m lib.tagging.export --study {facts['study']} --network {facts['network']} --recipe "
        f"{facts['recipe']}`; `model.json` holds all of this for programs.",
    ]
    return "\n\n".join(parts) + "\n"


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; 0 if the model is there."""
    parser = argparse.ArgumentParser(prog="python -m lib.tagging.export", description=__doc__.splitlines()[0])
    parser.add_argument("--study", default="emotify", help="name of a finished study")
    parser.add_argument("--network", default="yu2018")
    parser.add_argument("--recipe", default="tuned")
    parser.add_argument("--root", default="", help="folder of work/ and results/; default: the project's own")
    parser.add_argument("--out", type=Path, default=SHIPPED, help="folder of the model; replaced")
    given = parser.parse_args(arguments)
    return exit_status(explained(given.out)(lambda: _export(given)), "Stopped. Nothing was changed.", given.out)


def _export(given: argparse.Namespace) -> int:
    check_place(given.out)
    import_keras()
    tagger = of_corpus(Study(given.study, given.root), given.network, given.recipe)
    save(tagger, given.out)
    (given.out / CARD).write_text(card(tagger), encoding="utf-8")
    print(f"{given.out}: {sum(path.stat().st_size for path in given.out.iterdir()) / 1e6:.2f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
