import pytest

from lib.datasets.assemble import assemble
from lib.datasets.fourq import ANNOTATIONS, METADATA, SMALLEST_GENRE, collect
from lib.errors import ReportError
from lib.models.descriptions import heads_of
from lib.paths import Study
from tests.synthetic import song, write

MANY = [(f"MT{n:010d}", "A Band", f"Song {n}", "Q3", "Blues") for n in range(10, 10 + SMALLEST_GENRE)]
ROWS = [
    ("MT0000000001", "One", "First", "Q1", "Jazz; Latin"),
    ("MT0000000002", "One", "Second", "Q2", "Polka"),
    ("MT0000000003", "", "Third", "Q4", ""),
    *MANY,
]


@pytest.fixture
def study(tmp_path):
    return Study("fourq", tmp_path / "root")


def published(folder, rows=ROWS, annotated=None):
    """Write the publication's two tables, and the clips of the first three songs."""
    (folder / "Dataset").mkdir(parents=True, exist_ok=True)
    lines = ['"Song","Artist","Title","Quadrant","GenresStr","SampleURL"']
    lines += [",".join(f'"{cell}"' for cell in (*row, "http://x.invalid/?c=secret")) for row in rows]
    (folder / "Dataset" / METADATA).write_text("\n".join(lines))
    quadrants = annotated or [(row[0], row[3]) for row in rows]
    (folder / "Dataset" / ANNOTATIONS).write_text("\n".join(["Song,Quadrant", *map(",".join, quadrants)]))
    for number, row in enumerate(rows[:3]):
        for place in ("Musics", f"Dataset/{row[3]}"):  # the publication has each clip twice
            write(folder / place / f"{row[0]}.mp3", song(number % 2, 4.0))
    return folder


def test_the_table(study, tmp_path):
    rows = collect(study, published(tmp_path / "4q")).set_index("track_id")
    assert rows.index[:3].tolist() == ["fourq-mt0000000001", "fourq-mt0000000002", "fourq-mt0000000003"]
    assert rows["mood"].tolist()[:4] == ["Q1", "Q2", "Q4", "Q3"]
    assert rows["valence"].tolist()[:4] == [1, 0, 1, 0]
    assert rows["genre"].isna().tolist()[:3] == [True] * 3  # two, a rare one, none
    assert set(rows["genre"][3:]) == {"Blues"}
    assert rows["artist"].isna().tolist()[:3] == [False, False, True]
    assert not rows.astype(str).apply(lambda column: column.str.contains("secret")).any().any()


def test_moods_are_quadrants_in_their_order(study, tmp_path):
    tracks = assemble(study, "fourq", published(tmp_path / "4q"), workers=1).set_index("track_id")
    assert tracks["status"].tolist() == ["ok"] * 3 + ["missing"] * SMALLEST_GENRE
    assert tracks["mood"].tolist()[:3] == ["Q1", "Q2", "Q4"]
    one, two = "fourq-mt0000000001", "fourq-mt0000000002"
    assert tracks["artist_group"][one] == tracks["artist_group"][two]
    assert heads_of(tracks.assign(status="ok"), ["mood"])[0].classes == ("Q1", "Q2", "Q3", "Q4")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda folder: (folder / "Dataset" / ANNOTATIONS).unlink(), ANNOTATIONS),
        (lambda folder: published(folder, [*ROWS, ROWS[0]]), "row 20: song 'MT0000000001' is there twice"),
        (lambda folder: published(folder, [(*ROWS[0][:3], "Q5", "")]), "row 2: quadrant 'Q5' is none of Q1, Q2"),
        (lambda folder: published(folder, annotated=[(ROWS[0][0], "Q4")]), "MT0000000001 is in Q1 by .* Q4 by"),
        (lambda folder: published(folder, annotated=[("MT9", "Q1")]), "MT0000000001 is in Q1 by .* nowhere by"),
        (lambda folder: [path.unlink() for path in folder.rglob("*.mp3")], "none of the 18 clips"),
    ],
)
def test_what_is_wrong_is_named(study, tmp_path, change, message):
    folder = published(tmp_path / "4q")
    change(folder)
    with pytest.raises(ReportError, match=message):
        collect(study, folder)
