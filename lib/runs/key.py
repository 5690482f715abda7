"""Keys of runs: checksums of all that decides a result.

Equal keys mean equal results on one machine. A run whose key is the wanted one is not trained again, whether it is in
``work/`` or, its small parts only, among the committed results.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from functools import singledispatch

from lib.models.baselines import PRETRAINED
from lib.paths import PROJECT
from lib.provenance import code_digest
from lib.runs.spec import RunSpec, SelectionSpec

# What trains, predicts and writes a run. What it reads, the slices and the network, has checksums of its own.
WRITES = ("lib/runs/make.py", "lib/features/slices.py")
NETWORK = (
    *WRITES,
    "lib/training/fit.py",
    "lib/training/targets.py",
    "lib/models/fused.py",
    "lib/models/embedding_model.py",
    "lib/runs/internals.py",
)
AUGMENTED = ("lib/training/augmentation.py",)
BASELINE = (*WRITES, "lib/models/baselines.py", "lib/features/mfcc.py")
VECTORS = ("lib/models/pretrained.py",)
SELECTION = (*WRITES, "lib/runs/nested_selection.py", "lib/runs/metrics.py")
_CACHED = 64
_labels: dict[tuple, str] = {}


@singledispatch
def key(spec) -> dict[str, str]:
    """Key of a run.

    Parameters
    ----------
    spec : RunSpec or SelectionSpec

    Returns
    -------
    dict of str to str
        A checksum each of the parameters (every setting, defaults included), network, slices, tracks, labels, split
        and code; of a selection, of its parameters, its candidates' keys and code.
    """
    raise TypeError(f"{type(spec).__name__} is no specification of a run")


@key.register
def _(spec: RunSpec) -> dict[str, str]:
    settings = {} if spec.is_baseline else asdict(spec.settings)
    vectors = VECTORS * (spec.run.architecture in PRETRAINED or bool(settings.get("teacher")))
    code = BASELINE if spec.is_baseline else NETWORK + AUGMENTED * spec.settings.augmented
    return {
        "parameters": digest_of({"settings": settings, "run": asdict(spec.run), "folds": spec.folds}),
        "network": digest_of(spec.description),
        "slices": spec.slices.digest,
        "tracks": digest("|".join(spec.slices.table["track_id"])),
        "labels": _labels_digest(spec),
        "split": digest("|".join(spec.parts)),
        "code": _code(code + vectors),
    }


@key.register
def _(spec: SelectionSpec) -> dict[str, str]:
    return {
        "parameters": digest_of({"run": asdict(spec.run), "folds": spec.folds, **spec.declared}),
        "candidates": digest(repr([(name, sorted(key(one).items())) for name, one in spec.specs.items()])),
        "code": _code(SELECTION),
    }


def _labels_digest(spec: RunSpec) -> str:
    wanted = (*spec.files, *((head.name, head.numeric) for head in spec.heads), *spec.labels.columns)
    if wanted not in _labels:
        if len(_labels) >= _CACHED:
            _labels.pop(next(iter(_labels)))
        _labels[wanted] = digest(spec.labels.astype("object").fillna("").to_csv(index=False))
    return _labels[wanted]


def _code(files: tuple[str, ...]) -> str:
    return code_digest(tuple(PROJECT / file for file in files))


def digest_of(value: object) -> str:
    """Short checksum of a value that JSON can hold."""
    return digest(json.dumps(value, sort_keys=True))


def digest(text: str) -> str:
    """Short checksum of a text."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]
