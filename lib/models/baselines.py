"""What a network must beat: predictions that need no audio, and statistics of MFCCs.

``majority`` predicts for every song the frequencies of the training songs. ``genre_prior`` is given the
song's true genre and predicts the frequencies of the other heads' classes within it: an oracle that
uses no audio, so that a network which predicts moods no better has learnt moods by way of genres at most.
``mfcc_logistic`` and ``mfcc_svm`` know the mean and the spread of 20 mel-frequency cepstral coefficients
(Davis & Mermelstein 1980, doi 10.1109/TASSP.1980.1163420) of a song and nothing of its course in time.
``profile_svm`` and ``profile_logistic`` were made as candidates for the recipe ``best``: they describe how the
texture of a song varies over its slices, and its rhythm, which one slice hardly shows.

``msd_musicnn`` and ``mtt_musicnn`` are logistic regression on the vectors of networks pretrained on other music, kept
as they are, and ``random_musicnn`` on those of the same network untrained (`lib.models.pretrained`). Like a network,
they predict slice by slice.

How strongly each is regularised is chosen by the validation songs of its run, of `STRENGTHS`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from lib.errors import ReportError
from lib.features import vectors as vectors_of_slices
from lib.features.mfcc import COEFFICIENTS, PROFILE_COEFFICIENTS, song_profile, song_statistics
from lib.models import Head

if TYPE_CHECKING:
    from lib.features.slices import Slices

# scikit-learn and SciPy are imported where they are used: training a network does without them.

SILENT = ("majority", "genre_prior")  # use no audio
PRETRAINED = ("msd_musicnn", "mtt_musicnn", "random_musicnn")
NAMES = (*SILENT, "mfcc_logistic", "mfcc_svm", "profile_logistic", "profile_svm", *PRETRAINED)
GENRE = "genre"
# C of logistic regression and of the RBF kernel's machine, whose gamma is 1 / (features x variance); 1 / alpha of ridge
# regression. From the strongest penalty to the weakest.
STRENGTHS = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
SVM_SONGS = 10_000  # at most; the time of an SVM grows with the square of its training songs
_LINEAR = {"strengths": list(STRENGTHS)}
_KERNEL = _LINEAR | {"kernel": "rbf", "gamma": "scale", "songs": SVM_SONGS}
_CONSTANTS = {
    "majority": {},
    "genre_prior": {"given": GENRE},
    "mfcc_logistic": {"coefficients": COEFFICIENTS, **_LINEAR},
    "mfcc_svm": {"coefficients": COEFFICIENTS, **_KERNEL},
    "profile_logistic": {"coefficients": PROFILE_COEFFICIENTS, **_LINEAR},
    "profile_svm": {"coefficients": PROFILE_COEFFICIENTS, **_KERNEL},
    **dict.fromkeys(PRETRAINED, _LINEAR),
}


def describe(name: str, shape: tuple[int, int], heads: Sequence[Head]) -> dict:
    """Describe a baseline as `lib.models.descriptions` describes a network.

    Parameters
    ----------
    name : str
        One of `NAMES`.
    shape : (int, int)
        Mel bands and frames of a slice.
    heads : sequence of Head
        ``genre_prior`` predicts all of them but the genre, which it is given.

    Returns
    -------
    dict
        ``name``, ``shape``, ``heads`` (classes by head, none for a number), ``parameters`` = 0 and
        ``baseline``, the constants.

    Raises
    ------
    ReportError
        If the name is unknown, or ``genre_prior`` is left without a head.
    """
    _check_name(name)
    predicted = [head for head in heads if name != "genre_prior" or head.name != GENRE]
    if not predicted:
        raise ReportError(
            f"baseline {name!r} is given the genre and has nothing else to predict: the heads are "
            f"{', '.join(head.name for head in heads) or 'none'}. Add a head such as mood, or leave the baseline out."
        )
    return {
        "name": name,
        "shape": list(shape),
        "heads": {head.name: list(head.classes) for head in predicted},
        "parameters": 0,
        "baseline": _CONSTANTS[name],
    }


def describe_all(shape: tuple[int, int], heads: Sequence[Head]) -> dict[str, dict]:
    """Descriptions of all baselines that have something to predict, by name; see `describe`."""
    without = {"genre_prior"} if all(head.name == GENRE for head in heads) else set()
    if not any(head.name == GENRE for head in heads):
        without.add("genre_prior")  # no head predicts the genre, so it may not be known
    return {name: describe(name, shape, heads) for name in NAMES if name not in without}


def fit_and_predict(
    name: str,
    slices: Slices,
    parts: np.ndarray,
    labels: pd.DataFrame,
    heads: Sequence[Head],
    numbers: np.ndarray,
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Fit a baseline to the training songs and predict some slices.

    Every song counts once, however many slices it has. Its statistics are taken over its slices of one part only, so
    that where a split puts slices of one song on both sides, no test slice is used in training. All slices of a song
    and part get the prediction of the song. Of `PRETRAINED` each slice counts and gets its own.

    Parameters
    ----------
    name : str
        One of `NAMES`.
    slices : lib.features.slices.Slices
        Read song per song.
    parts : np.ndarray [shape=(len(slices),), dtype=str]
        Fitted to ``train``, regularised by ``validation``.
    labels : pd.DataFrame
        One row per slice, one column per head and, for ``genre_prior``, ``genre``; missing labels are masked.
    heads : sequence of Head
        As described by `describe`.
    numbers : np.ndarray [shape=(n,), dtype=int]
        Slices to predict.

    Returns
    -------
    predictions : dict of str to np.ndarray [shape=(n, head.width), dtype=float32]
        Frequencies or probabilities of the classes (those of an SVM only order them: a softmax of its
        decision function), or numbers. A head without a training label gets equal probabilities, or 0.
    vectors : np.ndarray [shape=(n, width), dtype=float32]
        The statistics (`lib.features.mfcc`), or the predictions side by side where no audio is used.

    Raises
    ------
    ReportError
        If the name is unknown, or ``genre_prior`` is to predict the genre or knows none.
    """
    _check_name(name)
    numbers = np.asarray(numbers)
    if name.endswith("_svm"):
        parts = subsample(parts, slices.table["track_id"].to_numpy())
    units = np.arange(len(parts)) if name in PRETRAINED else slices.table["track_id"].to_numpy()
    keys = pd.MultiIndex.from_arrays([units, parts])
    song = keys.factorize()[0]  # a song in two parts is two
    used = np.flatnonzero(np.isin(parts, ["train", "validation"]) | np.isin(song, song[numbers]))
    codes, songs = keys[used].factorize()
    first = used[np.unique(codes, return_index=True)[1]]  # a slice of each
    part = songs.get_level_values(1).to_numpy()
    known = labels.iloc[first].reset_index(drop=True)
    features = np.empty((len(songs), 0))
    if name in _FEATURES:
        order = np.argsort(codes, kind="stable")
        ends = np.cumsum(np.bincount(codes, minlength=len(songs)))[:-1]
        features = np.stack([_FEATURES[name](slices.take(used[rows])) for rows in np.split(order, ends)])
    elif name in PRETRAINED:
        features = vectors_of_slices.read(slices, name)[first]
    elif name == "genre_prior":
        _check_genre(labels, heads)
    predictor = _PREDICTORS[name]
    found = {head.name: predictor(head, known, features, part).astype("float32") for head in heads}
    place = np.full(len(parts), -1)
    place[used] = codes
    predictions = {head: values[place[numbers]] for head, values in found.items()}
    vectors = features.astype("float32")[place[numbers]] if features.shape[1] else np.hstack(list(predictions.values()))
    return predictions, vectors


def subsample(parts: np.ndarray, songs: np.ndarray, most: int = SVM_SONGS) -> np.ndarray:
    """Keep a random `most` of the training songs; the others stay out.

    Parameters
    ----------
    parts : np.ndarray [shape=(slices,), dtype=str]
    songs : np.ndarray [shape=(slices,), dtype=str]
    most : int > 0

    Returns
    -------
    np.ndarray [shape=(slices,), dtype=str]
    """
    songs = songs.astype(str)
    known = np.unique(songs[parts == "train"])
    if len(known) <= most:
        return parts
    kept = np.random.default_rng(0).choice(known, most, replace=False)
    return np.where((parts == "train") & ~np.isin(songs, kept), "", parts)


_FEATURES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "mfcc_logistic": song_statistics,
    "mfcc_svm": song_statistics,
    "profile_logistic": song_profile,
    "profile_svm": song_profile,
}


def _check_name(name: str) -> None:
    if name not in NAMES:
        raise ReportError(f"baseline {name!r} is unknown. Known are {', '.join(NAMES)}.")


def _check_genre(labels: pd.DataFrame, heads: Sequence[Head]) -> None:
    if GENRE not in labels or labels[GENRE].isna().all():
        raise ReportError("baseline 'genre_prior' is given the genre, but no track has one. Leave it out.")
    if any(head.name == GENRE for head in heads):
        raise ReportError("baseline 'genre_prior' is given the genre and cannot predict it. Leave that head out.")


def _majority(head: Head, known: pd.DataFrame, features: np.ndarray, part: np.ndarray) -> np.ndarray:
    return np.tile(_frequencies(head, known.loc[part == "train", head.name]), (len(known), 1))


def _genre_prior(head: Head, known: pd.DataFrame, features: np.ndarray, part: np.ndarray) -> np.ndarray:
    """Predict by the training songs of the same genre; by all of them where it is unknown or has no label."""
    predictions = _majority(head, known, features, part)
    for genre in known[GENRE].dropna().unique():
        own = (known[GENRE] == genre).to_numpy(dtype=bool, na_value=False)
        values = known.loc[(part == "train") & own, head.name]
        if values.notna().any():
            predictions[own] = _frequencies(head, values)
    return predictions


def _frequencies(head: Head, values: pd.Series) -> np.ndarray:
    """Share of each class among the known values [shape=(head.width,)], or their mean."""
    values = values.dropna()
    if head.numeric:
        return np.array([float(values.astype(float).mean()) if len(values) else 0.0])
    counts = values.astype(str).value_counts().reindex(list(head.classes), fill_value=0).to_numpy(dtype=float)
    return counts / counts.sum() if counts.sum() else np.full(head.width, 1 / head.width)


def _machine(*, logistic: bool = False) -> Callable:
    def predictor(head: Head, known: pd.DataFrame, features: np.ndarray, part: np.ndarray) -> np.ndarray:
        labelled = known[head.name].notna().to_numpy()
        train, validation = (labelled & (part == name) for name in ("train", "validation"))
        labels = known[head.name].to_numpy(dtype=object)
        if len(np.unique(labels[train].astype(float if head.numeric else str))) < 2:
            return _majority(head, known, features, part)
        fit = _numbers if head.numeric else _chances
        queries = features[validation], features
        best, score = None, -np.inf
        for strength in STRENGTHS if validation.any() else (1.0,):
            chosen, predictions = fit(head, strength, logistic, features[train], labels[train], queries)
            found = _score(head, chosen, labels[validation]) if validation.any() else 0.0
            if found > score:  # of equals the simplest
                best, score = predictions, found
        return best

    return predictor


def _score(head: Head, predictions: np.ndarray, labels: np.ndarray) -> float:
    """Accuracy, or less the squared error."""
    if head.numeric:
        return -float(((predictions[:, 0] - labels.astype(float)) ** 2).mean())
    return float((np.array(head.classes)[predictions.argmax(axis=1)] == labels.astype(str)).mean())


def _numbers(
    head: Head,
    strength: float,
    logistic: bool,
    features: np.ndarray,
    labels: np.ndarray,
    queries: Sequence[np.ndarray],
) -> list[np.ndarray]:
    """Regress on standardised statistics; labels are standardised too, for the machine's margin is absolute."""
    from sklearn.linear_model import Ridge
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVR

    labels = labels.astype(float)
    mean, deviation = labels.mean(), labels.std()
    machine = Ridge(alpha=1 / strength) if logistic else SVR(C=strength, gamma="scale")
    model = make_pipeline(StandardScaler(), machine).fit(features, (labels - mean) / deviation)
    return [(mean + deviation * model.predict(query))[:, None] for query in queries]


def _chances(
    head: Head,
    strength: float,
    logistic: bool,
    features: np.ndarray,
    labels: np.ndarray,
    queries: Sequence[np.ndarray],
) -> list[np.ndarray]:
    """Probabilities of the head's classes; 0 for a class without a training song."""
    from scipy.special import softmax
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    machine = LogisticRegression(C=strength, max_iter=5000) if logistic else SVC(C=strength, gamma="scale")
    model = make_pipeline(StandardScaler(), machine).fit(features, labels.astype(str))
    found = []
    for query in queries:
        if logistic:
            chances = model.predict_proba(query)
        else:
            # Platt's probabilities would cost folds within the training songs, and may contradict the machine.
            scores = model.decision_function(query)
            chances = softmax(np.stack([-scores, scores], axis=1) if scores.ndim == 1 else scores, axis=1)
        table = pd.DataFrame(chances, columns=model.classes_)
        found.append(table.reindex(columns=list(head.classes), fill_value=0.0).to_numpy())
    return found


_PREDICTORS: dict[str, Callable] = {
    "majority": _majority,
    "genre_prior": _genre_prior,
    "mfcc_logistic": _machine(logistic=True),
    "mfcc_svm": _machine(),
    "profile_logistic": _machine(logistic=True),
    "profile_svm": _machine(),
    **dict.fromkeys(PRETRAINED, _machine(logistic=True)),
}
