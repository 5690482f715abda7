import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.datasets.tracks import MOODS, TRACK_COLUMNS, moods, numeric_targets, read_tracks, tracks_table
from lib.errors import ReportError
from lib.io import read_json, write_csv, write_json, write_packed, write_parquet

ROW = {"track_id": "a", "path": "a.mp3", "status": "ok", "valence": 0.5}


def test_the_tracks_table_has_its_columns_and_survives_the_disk(tmp_path):
    table = tracks_table(pd.DataFrame([{**ROW, "energy": 1}, {**ROW, "track_id": "B", "genre": "Rock"}]))
    assert list(table.columns) == [*TRACK_COLUMNS, "energy"]
    assert numeric_targets(table) == ["valence", "energy"]
    assert table["genre"].isna().sum() == 1
    write_parquet(table, tmp_path / "t.parquet")
    pd.testing.assert_frame_equal(read_tracks(tmp_path / "t.parquet"), table)
    assert list(read_tracks(tmp_path / "t.parquet", ["genre"]).columns) == ["genre"]


def test_a_packed_table_survives_the_disk_and_takes_less_of_it(tmp_path):
    rng = np.random.default_rng(0)
    halves = {f"genre:{name}": rng.random(200).astype("float16") for name in "ab"}
    ids = pd.Series([f"song {n // 10}" for n in range(200)], dtype="str")
    table = pd.DataFrame({"slice": np.arange(200, dtype="int32"), "track_id": ids, **halves, "v": rng.random(200)})
    write_packed(table, tmp_path / "packed.parquet")
    write_parquet(table, tmp_path / "plain.parquet")
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "packed.parquet"), table)
    assert 2 * (tmp_path / "packed.parquet").stat().st_size < (tmp_path / "plain.parquet").stat().st_size


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"track_id": None}, "no track_id"),
        ({"status": "fine"}, "'fine' is none of ok"),
        ({"mood": "angry"}, "'angry'"),
        ({"valence": 1.5}, "1.5 of track a"),
    ],
)
def test_a_wrong_row_names_itself(change, message):
    with pytest.raises(ReportError, match=message):
        tracks_table(pd.DataFrame([{**ROW, **change}]))


def test_an_id_stands_once():
    with pytest.raises(ReportError, match="'a' is in more than one row"):
        tracks_table(pd.DataFrame([ROW, ROW]))


@given(st.lists(st.floats(0, 1), min_size=3, max_size=60, unique=True))
def test_terciles_are_even_and_in_order(values):
    valence = pd.Series(values)
    mood, (low, high) = moods(valence)
    counts = mood.value_counts()
    assert counts.reindex(MOODS, fill_value=0).max() - len(values) / 3 <= 1
    assert low <= high
    ranked = [valence[mood == name] for name in MOODS]
    for below, above in itertools.pairwise(ranked):
        if len(below) and len(above):
            assert below.max() < above.min()


def test_fixed_cuts_and_missing_valence():
    mood, cuts = moods(pd.Series([0.1, 0.4, np.nan, 0.4001, 0.9]), "0.4,0.6")
    assert cuts == (0.4, 0.6)
    assert mood.tolist()[:2] == ["sad", "neutral"]
    assert pd.isna(mood[2])
    assert mood[4] == "happy"


@pytest.mark.parametrize("cuts", ["thirds", "0.5", "0.6,0.4", "0,1", "0.2,x", ""])
def test_wrong_cuts_name_themselves(cuts):
    with pytest.raises(ReportError, match="mood_cuts"):
        moods(pd.Series([0.5]), cuts)


def test_text_files_are_stable(tmp_path):
    write_json({"b": 1, "a": [1.5]}, tmp_path / "a.json")
    assert (tmp_path / "a.json").read_text() == '{\n "a": [\n  1.5\n ],\n "b": 1\n}\n'
    write_csv(pd.DataFrame({"x": [1 / 3]}), tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_text() == "x\n0.333333\n"
    (tmp_path / "a.json").write_text("{")
    with pytest.raises(ReportError, match=r"a\.json is not valid JSON"):
        read_json(tmp_path / "a.json")
