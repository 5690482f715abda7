"""Make a committed run again and compare.

::

    make verify STUDY=emotify DATA=~/Music/emotify

With the processor, threads and versions that a run was made with it comes out bit for bit; the number of threads is
taken from its record. Elsewhere sums are rounded in another order, training carries the difference on, and the run is
what another seed would have made it: alike, not the same. So what is compared is what is reported, each within a
tolerance.
"""

from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd

from lib import pool, progress
from lib.errors import ReportError
from lib.io import replacing
from lib.paths import Study
from lib.runs.key import key
from lib.runs.make import make
from lib.runs.spec import spec_of_record
from lib.runs.store import Finished, read_run

# Largest difference of a score that another seed would excuse, by part and level: in the reference study, 95 of 100
# pairs of runs of one fold that differ in their seed alone lie within .10, .06 and .09.
TOLERANCES = {("train", "slice"): 0.10, ("test", "slice"): 0.06, ("test", "song"): 0.10}
COLUMNS = ["part", "head", "level", "score", "committed", "again", "difference", "tolerance", "holds"]
MADE_OF = {
    "parameters": "the study's parameters",
    "network": "the network's description (03)",
    "slices": "the slices (02): other audio files, parameters or code",
    "tracks": "the tracks that gave slices",
    "labels": "the labels of the tracks table (01)",
    "split": "the split into train, validation and test",
    "code": "the code that trains",
    "candidates": "the candidates to choose from",
}


@dataclass(frozen=True)
class Verified:
    """A committed run beside the same run made again."""

    run: str
    scores: pd.DataFrame  # `COLUMNS`
    same: bool  # every prediction on the test slices, to half precision
    agreement: float  # share of test slices and categorical heads with the same predicted class
    seconds: float  # of the training made again

    @property
    def holds(self) -> bool:
        """Whether every score lies within its tolerance."""
        return bool(self.scores["holds"].all())


def verify(study: Study, name: str = "") -> Verified:
    """Make a committed run of a study again and compare.

    Without a name it is the first of ``yu2018`` under the strictest split. The study needs its tracks, slices and
    networks (``make prepare``).

    Raises
    ------
    ReportError
        If there is no such committed run, or what it was made of is not what is here.
    """
    committed = committed_run(study, name)
    spec = spec_of_record(study, committed.record)
    there, here = committed.record["key"], key(spec)
    other = [MADE_OF.get(part, part) for part in {**there, **here} if there.get(part) != here.get(part)]
    if other:
        raise ReportError(
            f"{committed.folder} was made of something else than what is here; different: {'; '.join(other)}. It "
            "cannot be verified. Check out the version of this project that made it, and use the same music."
        )
    folder = study.work / "verify" / committed.run.name
    with replacing(folder) as part:
        part.mkdir(parents=True)
        make(part, spec, progress.tell)
    return compare(committed, Finished(folder, committed.run))


def committed_run(study: Study, name: str) -> Finished:
    """Return a committed run of a study by name; without one, the first of the strictest split."""
    there = sorted(path.parent.name for path in study.kept.glob("*/record.json"))
    there = [run for run in there if not run.endswith("-candidate")]
    if not name:
        strict = [run for rule in ("artist", "song", "random") for run in there if run.startswith(f"yu2018-{rule}-")]
        name = (strict or there or [""])[0]
    if name not in there:
        raise ReportError(
            f"RUN={name}: {study.kept} holds no such run to compare with. It holds {', '.join(there) or 'none'}."
        )
    found = read_run(study.kept / name)
    if found is None:
        raise ReportError(f"{study.kept / name} was made by another version of this project. Check that version out.")
    return found


def threads_of(committed: Finished) -> str:
    """Return as many threads as made it, since their number decides in what order sums are rounded; or all cores."""
    threads = str(committed.record["machine"]["threads"])
    return str(min(int(threads), pool.cores()) if threads.isdigit() else pool.cores())


def compare(committed: Finished, again: Finished) -> Verified:
    """Compare a committed run with the same run made again."""
    heads = committed.metrics["heads"]
    rows = []
    for ((part, level), tolerance), (head, classes) in product(TOLERANCES.items(), heads.items()):
        score = "accuracy" if classes else "r2"
        found = [run.metrics["parts"].get(part, {}).get(head, {}).get(level, {}) for run in (committed, again)]
        values = [one.get(score) for one in found]
        if None not in values:  # else a song without a label, or a run that was not evaluated on this part
            difference = values[1] - values[0]
            rows.append((part, head, level, score, *values, difference, tolerance, abs(difference) <= tolerance))
    tables = [run.predictions("test").set_index("slice").sort_index() for run in (committed, again)]
    if not tables[0].index.equals(tables[1].index):
        raise ReportError(f"{committed.folder} predicts other slices than {again.folder}. Make both anew.")
    alike = []
    for own in ([f"{head}:{name}" for name in classes] for head, classes in heads.items() if classes):
        predicted = [table[own].to_numpy().argmax(axis=1) for table in tables]
        alike.append(predicted[0] == predicted[1])
    probabilities = [column for column in tables[0] if ":" in column]
    halves = [one[probabilities].to_numpy(np.float16) for one in tables]
    return Verified(
        committed.run.name,
        pd.DataFrame(rows, columns=COLUMNS),
        bool(np.array_equal(*halves)),
        float(np.mean(alike)) if alike else float("nan"),
        again.metrics["seconds"],
    )


def lines(found: Verified) -> str:
    """Put the result into lines for the terminal, with the table of scores."""
    table = found.scores.to_string(index=False, float_format=lambda value: f"{value:.3f}")
    most = found.scores.loc[found.scores["difference"].abs().idxmax()]
    largest = f"{100 * most['difference']:+.1f} points ({most['head']} of {most['part']} per {most['level']})"
    if found.same:
        verdict = "Verified: every answer on the test slices is the same."
    elif found.holds:
        verdict = (
            f"Verified: every score lies within its tolerance; {found.agreement:.0%} of the answers on the test slices "
            "are the same, as another processor or another version of a library makes them; the largest difference "
            f"is {largest}."
        )
    else:
        wrong = found.scores.loc[~found.scores["holds"]]
        names = ", ".join(f"{row.head} of {row.part} per {row.level}" for row in wrong.itertuples())
        verdict = f"Not verified: beyond its tolerance is {names}; the largest difference is {largest}."
    return f"{found.run}, made again in {found.seconds:.0f} s\n\n{table}\n\n{verdict}"
