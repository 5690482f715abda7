import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import f1_score

from lib.evaluation import per_class, predictions, results
from lib.evaluation.bootstrap import Bootstrap
from lib.narrative import format
from tests.predictions import one, run_of, sure, tracks_of


def test_kappa_and_majority():
    cases = dict(zip(range(10), "aaaaaaabbb", strict=True))
    tracks = tracks_of(list("aaaaaabbbb"))
    row = one(
        results.results(predictions.collect([run_of([sure(f"t{i}", a) for i, a in cases.items()])], tracks)),
        level="song",
    )
    expected = 0.7 * 0.6 + 0.3 * 0.4
    assert row.accuracy == 0.9 and row.majority == 0.6
    assert row.kappa == pytest.approx((0.9 - expected) / (1 - expected))


def test_classes_and_confusion_of_known_predictions():
    names = ("a", "b", "c", "d")
    cases = [("a", "a"), ("a", "b"), ("a", "b"), ("b", "b"), ("c", "a")]
    run = run_of([sure(f"t{i}", label, names) for i, (_, label) in enumerate(cases)], classes=names)
    predicted = predictions.collect([run], tracks_of([true for true, _ in cases]))[0]
    shares = per_class.confusion(predicted)
    assert np.allclose(shares[0], [1 / 3, 2 / 3, 0, 0]) and np.isnan(shares[3]).all()
    assert np.allclose(shares[:3].sum(axis=1), 1)
    assert per_class.worst_confusion(predicted) == ("c", "a", 1.0)
    table = per_class.per_class([predicted]).set_index("class")
    assert table["recall"].tolist()[:3] == pytest.approx([1 / 3, 1, 0]) and np.isnan(table.loc["d", "recall"])
    assert table["precision"].tolist()[:2] == pytest.approx([1 / 2, 1 / 3]) and np.isnan(table.loc["c", "precision"])
    assert table["support"].tolist() == [3, 1, 1, 0]


def test_class_scores_agree_with_scikit_learn_and_lie_within_their_intervals():
    from sklearn.metrics import precision_recall_fscore_support

    rng = np.random.default_rng(3)
    names = ("a", "b", "c")
    true = rng.choice(names, 120).tolist()
    cases = [name if rng.uniform() < 0.6 else str(rng.choice(names)) for name in true]
    run = run_of([sure(f"t{i}", label, names) for i, label in enumerate(cases)], classes=names)
    predicted = predictions.collect([run], tracks_of(true))[0]
    table = per_class.per_class([predicted], Bootstrap(400))
    expected = precision_recall_fscore_support(true, cases, labels=list(names))
    for score, values in zip(("precision", "recall", "f1"), expected[:3], strict=True):
        assert np.allclose(table[score], values)
        assert (table[f"{score}_low"] < values).all() and (values < table[f"{score}_high"]).all()
        width = table[f"{score}_high"] - table[f"{score}_low"]
        assert width.between(0.1, 0.4).all()  # some 40 songs a class
    shown = format.with_intervals(table)
    assert "f1_low" not in shown and shown["f1"].str.fullmatch(r"0\.\d\d \(0\.\d\d to 0\.\d\d\)").all()


def test_mistakes_are_the_most_confident_errors():
    run = run_of([("t0", [0.1, 0.9]), ("t1", [0.4, 0.6]), ("t2", [0.8, 0.2])])
    wrong = per_class.mistakes(predictions.collect([run], tracks_of(["a", "a", "a"])), count=5)
    assert wrong["track_id"].tolist() == ["t0", "t1"] and wrong["title"].tolist() == ["title t0", "title t1"]
    assert wrong["probability"].tolist() == pytest.approx([0.9, 0.6])


def test_coverage_counts_songs_and_slices():
    predicted = predictions.collect(
        [run_of([sure("t0", "a"), sure("t0", "a"), sure("t1", "a")])], tracks_of(["a"] * 3)
    )[0]
    slices = pd.DataFrame({"track_id": np.repeat(["t0", "t1", "t2"], 10)})
    row = one(per_class.coverage([predicted], slices))
    assert (row.folds, row.seeds, row.tested, row.songs, row.share) == (1, 1, 2, 3, pytest.approx(0.15))


def test_macro_f1_is_the_mean_over_classes_with_an_interval():
    cases = list(zip("aaaaaabbcc", "aaaaaaabcb", strict=True))
    run = run_of([sure(f"t{i}", s, "abc") for i, (_, s) in enumerate(cases)], classes=tuple("abc"))
    row = one(results.results(predictions.collect([run], tracks_of([t for t, _ in cases]))), level="song")
    expected = f1_score([t for t, _ in cases], [s for _, s in cases], average="macro")
    assert row.macro_f1 == pytest.approx(expected) and row.macro_f1_low < expected < row.macro_f1_high


def test_macro_f1_of_slices_resamples_songs_and_averages_seeds():
    tracks = tracks_of(["a", "b"] * 6)
    truth = [sure(f"t{i}", "ab"[i % 2]) for i in range(12) for _ in range(10)]
    always = [sure(f"t{i}", "a") for i in range(12) for _ in range(10)]
    table = results.results(predictions.collect([run_of(truth), run_of(always, seed=1)], tracks))
    by_slice, by_song = one(table, level="slice"), one(table, level="song")
    assert by_slice.macro_f1 == pytest.approx((1 + 1 / 3) / 2)
    names = ["macro_f1", "macro_f1_low", "macro_f1_high"]
    assert by_slice[names].to_list() == pytest.approx(by_song[names].to_list())


def test_all_correct_still_has_an_interval():
    run = run_of([sure(f"t{i}", "ab"[i % 2]) for i in range(12)])
    row = one(results.results(predictions.collect([run], tracks_of(["a", "b"] * 6))), level="song")
    assert (row.macro_f1, row.macro_f1_low, row.macro_f1_high) == (1, row.low, row.high) and row.low < 0.9
