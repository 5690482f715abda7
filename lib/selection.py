"""The recipe ``best``: network and recipe are chosen for each test fold by dev songs of its own.

Selection is nested (Cawley & Talbot 2010, JMLR 11): every candidate of a list declared beforehand is trained
with several shares of the fold's other songs as dev, each model answers for its own dev songs alone, and for
each head the candidate with the best answers is taken. Only then are the models of the chosen asked about
the test songs; their mean is the answer. The choice may differ from fold to fold: what is evaluated is the
procedure, not one network.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from lib import baselines, produce, provenance
from lib.errors import ReportError
from lib.metrics import measures
from lib.paths import Study
from lib.plans import Plan, chosen, digest, obtain
from lib.recipes import BEST, settings_of
from lib.runs import Run
from lib.zoo import Head


def members(candidate: str) -> list[tuple[str, str]]:
    """Networks and recipes of a candidate.

    Parameters
    ----------
    candidate : str
        ``"short_chunk tuned"``, or an ensemble, ``"short_chunk tuned + mfcc_svm baseline"``.

    Raises
    ------
    ReportError
        If it is not made of pairs.
    """
    found = [tuple(member.split()) for member in candidate.split("+")]
    if any(len(member) != 2 for member in found):
        raise ReportError(
            f"candidate {candidate!r} is not a network and its recipe, such as 'short_chunk tuned', or several of "
            "them joined by ' + '."
        )
    return found


@dataclass(frozen=True)
class Selection:
    """A run of the recipe ``best`` with everything that goes into it.

    Parameters
    ----------
    study : Study
    run : Run
    candidates : tuple of str
        See `members`; declared before anything is trained.
    devs : tuple of int
        Shares of the other songs that are dev in turn; each is an own training of every candidate.
    folds : int >= 2
    changed : dict
        Settings in place of the recipes'.
    """

    study: Study
    run: Run
    candidates: tuple[str, ...]
    devs: tuple[int, ...] = (0,)
    folds: int = 5
    changed: dict = field(default_factory=dict)
    plans: dict[tuple[str, str, int], Plan] = field(init=False)

    def __post_init__(self):
        if not self.candidates or not self.devs:
            raise ReportError("recipe 'best' needs at least one candidate and one dev share to choose by.")
        object.__setattr__(self, "plans", {})
        for architecture, recipe in sorted({pair for candidate in self.candidates for pair in members(candidate)}):
            for dev in self.devs:
                self.plans[architecture, recipe, dev] = self._plan(architecture, recipe, dev)
        heads = {plan.run.architecture: plan.heads for plan in self.plans.values()}
        for architecture, own in heads.items():
            if own != self.heads:
                raise ReportError(
                    f"candidates must answer the same heads, but {architecture} has "
                    f"{', '.join(head.name for head in own)} and {next(iter(heads))} "
                    f"{', '.join(head.name for head in self.heads)}. Take one of them out of the list."
                )

    def _plan(self, architecture: str, recipe: str, dev: int) -> Plan:
        run = Run(architecture, self.run.protocol, self.run.fold, self.run.seed, recipe, dev, candidate=True)
        return Plan(self.study, run, settings_of(recipe, **self.changed), self.folds)

    @property
    def _first(self) -> Plan:
        return next(iter(self.plans.values()))

    @property
    def heads(self) -> list[Head]:
        """The heads that all candidates answer."""
        return self._first.heads

    @property
    def slices(self):
        """The study's slices."""
        return self._first.slices

    @property
    def labels(self) -> pd.DataFrame:
        """One row a slice, one column a head."""
        return self._first.labels

    @property
    def parts(self) -> np.ndarray:
        """``test``, or ``dev`` for what trains some of the models and chooses among the others."""
        parts = self._first.parts
        return np.where((parts == "train") | (parts == "dev"), "dev", parts)

    @property
    def key(self) -> dict[str, str]:
        """Checksums of all that decides the result."""
        decides = {"run": chosen(self.run), "folds": self.folds, **self.declared}
        here = Path(__file__).parent
        return {
            "parameters": digest(json.dumps(decides, sort_keys=True)),
            "candidates": digest(repr([(name, sorted(plan.key.items())) for name, plan in self.plans.items()])),
            "code": provenance.code_digest((here / "selection.py", here / "metrics.py")),
        }

    @property
    def declared(self) -> dict:
        """What the record says of how it was made."""
        return {"candidates": list(self.candidates), "devs": list(self.devs), "changed": self.changed}

    @property
    def description(self) -> dict:
        """In place of a network's: nothing to count before the choice is made."""
        return {"parameters": None}

    def make(self, folder: Path, on_epoch: Callable[[str], None], *, keep: bool) -> None:
        """Train what is missing, choose, ask the chosen about the test songs, and write the run.

        Its vectors are those of the first model that was asked; `keep` holds for the candidates too.
        """
        finished = {}
        for number, (name, plan) in enumerate(self.plans.items(), start=1):
            label = f"candidate {number}/{len(self.plans)} {plan.run.name}"
            finished[name] = obtain(plan, on_epoch=lambda text, label=label: on_epoch(f"{label}: {text}"), keep=keep)
        answered = {name: run.predictions("dev") for name, run in finished.items()}
        table = dev_scores(self.candidates, self.devs, answered, self.heads, self.labels)
        picked = {head.name: table.loc[table[head.name].idxmax(), "candidate"] for head in self.heads}
        on_epoch("chosen: " + ", ".join(f"{candidate} for {head}" for head, candidate in picked.items()))
        began = time.perf_counter()
        numbers = np.flatnonzero(self.parts == "test")
        pairs = dict.fromkeys(pair for candidate in picked.values() for pair in members(candidate))
        asked = {(*pair, dev): self._ask(*pair, dev, numbers, on_epoch, keep) for pair in pairs for dev in self.devs}
        answers = {
            head: np.mean([asked[(*pair, dev)][0][head] for pair in members(candidate) for dev in self.devs], axis=0)
            for head, candidate in picked.items()
        }
        produce.write(
            folder,
            self,
            numbers,
            answers,
            next(iter(asked.values()))[1],
            seconds=time.perf_counter() - began + sum(run.metrics["seconds"] for run in finished.values()),
            history=pd.DataFrame(columns=["epoch", "seconds"]),
            chosen=picked,
            dev=table.to_dict("records"),
        )

    def _ask(
        self, architecture: str, recipe: str, dev: int, numbers: np.ndarray, on_epoch, keep: bool
    ) -> tuple[dict, np.ndarray]:
        plan = self.plans[architecture, recipe, dev]
        if "baseline" in plan.description:
            return baselines.fit_and_ask(architecture, plan.slices, plan.parts, plan.labels, plan.heads, numbers)
        from lib import training  # only here are Keras and its backend needed
        from lib.zoo.descriptions import rebuild

        folder = obtain(plan, on_epoch=on_epoch, weights=True, keep=keep).folder
        model = rebuild(plan.description)
        model.load_weights(folder / "model.weights.h5")
        return training.predict(model, plan.heads, plan.slices, numbers)


def dev_scores(
    candidates: Sequence[str],
    devs: Sequence[int],
    answered: dict[tuple[str, str, int], pd.DataFrame],
    heads: Sequence[Head],
    labels: pd.DataFrame,
) -> pd.DataFrame:
    """Score candidates by the dev songs of all dev shares together.

    Parameters
    ----------
    candidates : sequence of str
    devs : sequence of int
    answered : dict
        Dev answers by network, recipe and dev share, as in ``predictions.parquet``.
    heads : sequence of Head
    labels : pd.DataFrame
        One row a slice of the study, one column a head.

    Returns
    -------
    pd.DataFrame
        ``candidate``, ``songs`` and one column a head: accuracy of songs, or CCC of a number; 0 where no dev
        song is labelled. In the order given; of equals the first is chosen.
    """
    rows = []
    for candidate in candidates:
        pairs = members(candidate)
        shares = []
        for dev in devs:
            frames = [answered[(*pair, dev)] for pair in pairs]
            together = frames[0].copy()
            for head in heads:
                together[head.columns] = np.mean([frame[head.columns].to_numpy() for frame in frames], axis=0)
            shares.append(together)
        found = measures(pd.concat(shares, ignore_index=True), heads, labels)["dev"]
        by_head = {head.name: found[head.name]["song"]["ccc" if head.numeric else "accuracy"] or 0.0 for head in heads}
        songs = max(found[head.name]["song"]["n"] for head in heads)
        rows.append({"candidate": candidate, "songs": songs, **by_head})
    return pd.DataFrame(rows)


def plan_for(
    study: Study, run: Run, folds: int, *, changed: dict, candidates: Sequence[str] = (), devs: Sequence[int] = (0,)
) -> Plan | Selection:
    """Plan of a run of any recipe. Page 04.

    Parameters
    ----------
    study : Study
    run : Run
    folds : int >= 2
    changed : dict
        Settings in place of the recipe's; ``epochs``, ``batch_size`` and ``learning_rate`` of 0 stay the recipe's.
    candidates, devs
        Of the recipe ``best``, see `Selection`.
    """
    own = ("epochs", "batch_size", "learning_rate")
    changed = {name: value for name, value in changed.items() if value or name not in own}
    if run.recipe == BEST:
        return Selection(study, run, tuple(candidates), tuple(devs), folds, changed)
    return Plan(study, run, settings_of(run.recipe, **changed), folds)


def described(plan: Plan | Selection) -> str:
    """One sentence on what a run is, for its page. Page 04."""
    run = plan.run
    text = (
        f"This page is the run **{run.name}**: protocol *{run.protocol}*, fold {run.fold + 1} of {plan.folds}, seed "
        f"{run.seed}, recipe *{run.recipe}*"
    )
    if isinstance(plan, Selection):
        return (
            f"{text}, which chooses from {len(plan.candidates)} candidates with {len(plan.devs)} shares as dev in turn."
        )
    if "baseline" in plan.description:
        return (
            f"{text}: nothing but {', '.join(f'{k} {v}' for k, v in plan.description['baseline'].items()) or 'counts'}."
        )
    other = {name: value for name, value in chosen(plan.settings).items() if name != "epochs"}
    told = f", {plan.settings.epochs} epochs" + "".join(f", {name.replace('_', ' ')} {v}" for name, v in other.items())
    return text + told + (". It is a candidate and answers for dev songs only." if run.candidate else ".")
