"""Models of one corpus on the songs of another: what is in common, and their accuracy; runs applied to other slices."""

import shutil

import numpy as np
import pandas as pd
import pytest
import soundfile

from lib.errors import ReportError
from lib.evaluation.bootstrap import Bootstrap
from lib.evaluation.transfer import SIGN, in_common, labels_in_common, transfer
from lib.features.slices import Slices
from lib.features.slicing import source_digest
from lib.features.spectrogram import Spectrogram
from lib.models import baselines, descriptions
from lib.paths import Study
from lib.runs.applied import apply
from lib.runs.execute import obtain
from lib.runs.run import Run
from lib.runs.spec import RunSpec
from lib.runs.store import Finished
from lib.workflow import elsewhere
from lib.workflow.elsewhere import transfer as between
from tests.predictions import one, tracks_of
from tests.test_training import HEADS, SMALL, study  # noqa: F401 - a fixture

SAD, HAPPY = ("mood:sad", "mood:neutral", "mood:happy"), ("mood:Q1", "mood:Q2", "mood:Q3", "mood:Q4")


class Held(Finished):
    """A finished run in memory."""

    def predictions(self, part="test", columns=None):
        return self.folder


def held(rows, columns, **about):
    table = pd.DataFrame([chances for _, chances in rows], columns=list(columns))
    about = {"architecture": "net", "split": "artist", "fold": 0, "seed": 0, "recipe": "poster"} | about
    return Held(table.assign(slice=range(len(table)), track_id=[song for song, _ in rows], part="test"), Run(**about))


def test_classes_are_added_up_and_scaled():
    run = in_common(held([("t0", [0.1, 0.6, 0.3]), ("t1", [0.0, 1.0, 0.0])], SAD, fold=3), as_seed=True)
    assert run.heads == {SIGN: ["positive", "negative"]} and (run.run.seed, run.run.fold) == (3, 0)
    table = run.predictions()
    assert table[f"{SIGN}:positive"].tolist() == pytest.approx([0.75, 0.5])  # of neither: no opinion
    quadrants = in_common(held([("t0", [0.4, 0.2, 0.1, 0.3])], HAPPY)).predictions()
    assert quadrants[f"{SIGN}:positive"].tolist() == pytest.approx([0.7])


def test_labels_in_common_leave_out_what_is_neither():
    tracks = tracks_of(["Pop", "Rock", "Classical", "Electronic"]).assign(valence=[0.2, 0.5, 0.9, 0.7])
    found = labels_in_common(tracks)
    assert found[SIGN].fillna("").tolist() == ["negative", "", "positive", "positive"]
    assert found["genre"].fillna("").tolist() == ["Pop/Rock", "Pop/Rock", "", "Electronic"]


def test_models_of_another_corpus_count_one_by_one():
    count = 40
    tracks = tracks_of(["Pop"] * count)  # in the order of their names
    tracks = tracks.assign(valence=[float(name[1:]) % 2 for name in tracks["track_id"]])
    right = [(f"t{n}", [0.0, 0.0, 1.0] if n % 2 else [1.0, 0.0, 0.0]) for n in range(count)]
    wrong = [(song, chances[::-1]) for song, chances in right]
    applied = [held(right if fold < 3 else wrong, SAD, fold=fold) for fold in range(5)]
    own = [held([(song, [c[2], 0, c[0], 0]) for song, c in right], HAPPY)]
    row = one(transfer("one", "two", applied, own, tracks, Bootstrap(200)), level="song")
    assert (row.accuracy, row.within, row.difference) == pytest.approx((0.6, 1.0, 0.4)) and row.models == 5
    assert row.majority == 0.5 and row.n_songs == count
    assert row.low < 0.6 < row.high  # of the models, for no song is easier than another


def test_a_run_predicts_other_slices_as_its_own(study):  # noqa: F811
    slices = Slices(study.slices)
    description = baselines.describe("mfcc_logistic", SMALL.shape, HEADS)
    descriptions.write_description(study, description)
    for name, recipe in (("tiny", "poster"), ("mfcc_logistic", "baseline")):
        spec = RunSpec(study, Run(name, "artist", 0, 0, recipe), {"epochs": 1, "batch_size": 10})
        own = obtain(spec).predictions("test")
        for other in apply(spec, [slices, slices]):
            both = own.merge(other.predictions(), on="slice", suffixes=("", ":again"))
            assert len(both) == len(own) and len(other.predictions()) == len(slices)
            for head in spec.heads:
                for column in head.columns:
                    assert np.allclose(both[column], both[f"{column}:again"], atol=1e-3), (name, column)
            assert other.run == spec.run


def test_two_studies_with_a_network_in_common_are_needed(study):  # noqa: F811
    with pytest.raises(ReportError, match="two studies"):
        between(["emotify"])
    obtain(RunSpec(study, Run("tiny", "random"), {"epochs": 1, "batch_size": 10}))
    shutil.copytree(study.work, study.work.with_name("other"))
    with pytest.raises(ReportError, match="toy and other have no network in common"):
        between(["toy", "other"], str(study.root))


def test_altered_songs_are_sliced_once_and_never_taken_for_the_songs_themselves(tmp_path, monkeypatch):
    place, rate = Study("toy", tmp_path), 22050
    tone = np.sin(2 * np.pi * 440 * np.arange(4 * rate) / rate)
    soundfile.write(tmp_path / "a.wav", 0.5 * tone, rate)
    about = {"track_id": "a", "path": str(tmp_path / "a.wav"), "sha256": "1", "status": "ok", "reason": ""}
    tracks = pd.DataFrame([about])
    made = elsewhere._altered(place, "gain_-12_db", tracks, Spectrogram(), [], 1)
    assert len(made) == 1 and made.digest != source_digest(tracks, Spectrogram())
    assert not list(made.folder.glob(".*"))  # no sound is left
    monkeypatch.setattr(elsewhere, "write_altered", None)
    assert elsewhere._altered(place, "gain_-12_db", tracks, Spectrogram(), [], 1).digest == made.digest
