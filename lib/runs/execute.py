"""Obtaining runs: from the store where the key matches, made anew where it does not."""

from collections.abc import Callable

from lib.io import replacing
from lib.runs import nested_selection, store
from lib.runs.key import key
from lib.runs.make import make
from lib.runs.spec import RunSpec, SelectionSpec
from lib.runs.store import Finished


def obtain(
    spec: RunSpec | SelectionSpec,
    *,
    on_epoch: Callable[[str], None] = lambda text: None,
    weights: bool = False,
    keep: bool = True,
) -> Finished:
    """Return a run: from ``work/`` or the committed results if its key is there, else made now.

    A new result takes its name only when it is whole; its small parts go to ``results/`` as well.

    Parameters
    ----------
    spec : RunSpec or SelectionSpec
    on_epoch : callable
        Called with how far a training is.
    weights : bool
        Make it again if its weights are not there; committed results have none.
    keep : bool
        Write the small parts to ``results/``; a run with other settings than its study's must not, for it
        would take the place of the study's own.
    """
    folder, wanted = spec.study.runs / spec.run.name, key(spec)
    there = store.key_of(folder) == wanted if weights else store.restore(spec.study, spec.run, wanted)
    if not there or (weights and not (folder / "model.weights.h5").is_file()):
        with replacing(folder) as part:
            part.mkdir(parents=True)
            if isinstance(spec, SelectionSpec):
                nested_selection.make(part, spec, on_epoch, lambda one, **how: obtain(one, keep=keep, **how))
            else:
                make(part, spec, on_epoch)
    if keep and store.key_of(spec.study.kept / spec.run.name) != wanted:
        store.commit(spec.study, spec.run)
    return Finished(folder, spec.run)
