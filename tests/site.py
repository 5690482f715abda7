"""A small site for tests: notebooks with every kind of output, hostile texts among them."""

import base64
import json
import struct
import zlib
from dataclasses import asdict
from pathlib import Path

import nbformat
import numpy as np
import soundfile
from bs4 import BeautifulSoup

from lib.datasets.tracks import read_tracks
from lib.io import write_parquet
from lib.paths import Study
from lib.rich_output import SOUNDS, Sound
from tests.fakes import fake_study

HOSTILE = "<script>alert(1)</script> & <b onclick=alert(2)>bold</b>"
BANNER = "The music of this study is synthetic:"
CLAIM = 'Networks lose 20 points under "artist" <b>'
SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="460pt" height="200pt" viewBox="0 0 460 200">'
    '<rect width="400" height="150" clip-path="url(#a)"/></svg>'
)
PARAMETERS = """study: str = "demo"  # name of the study
root: str = ""  # folder of work/ and results/
corpus: str = "demo"  # where the music comes from
epochs: int = 20  # passes over the <training> set
moods: list = ["sad", "happy"]  # names"""


def png(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress((b"\0" + b"\x80" * width) * height)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def shown(data: dict, **metadata) -> dict:
    return nbformat.v4.new_output("display_data", data=data, metadata=metadata)


def text(source: str):
    return nbformat.v4.new_markdown_cell(source, id=f"t{zlib.crc32(source.encode())}")


def code(source: str, *outputs, **metadata):
    return nbformat.v4.new_code_cell(
        source, id=f"c{zlib.crc32(source.encode())}", outputs=list(outputs), metadata=metadata, execution_count=1
    )


def notebook(*cells, **given):
    return nbformat.v4.new_notebook(
        cells=list(cells),
        metadata={
            "language_info": {"name": "python", "version": "3.12.1"},
            "papermill": {
                "parameters": given,
                "duration": 83.4,
                "start_time": "2026-03-01T12:04:05.6+00:00",
                "exception": None,
            },
        },
    )


def chapter(number: int, name: str, *more, **given):
    return notebook(
        text(f"# {number} {name}: what is {name.lower()} good for?\n\nA word first."),
        code(PARAMETERS, tags=["parameters"]),
        code('epochs = 3\nroot = "/some/where/else"', tags=["injected-parameters"]),
        *more,
        **{"epochs": 3, "root": "/some/where/else", **given},
    )


def write(study: Study, name: str, content) -> None:
    path = study.notebooks / f"{name}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(content, path)


def rich(number: int, name: str):
    picture = shown(
        {"image/svg+xml": SVG, "text/plain": CLAIM}, **{"image/svg+xml": {"alt": CLAIM, "name": f"figure-{number}"}}
    )
    bare = {"image/png": base64.b64encode(png(900, 30)).decode(), "text/plain": "<Figure size 9x3 with 1 Axes>"}
    sound = base64.b64encode(b"RIFF....WAVE").decode()
    frame = (
        '<div><style scoped>.dataframe td {color: red}</style><table border="1" class="dataframe">'
        '<thead><tr style="text-align: right;"><th></th><th>title</th><th>songs</th></tr></thead><tbody>'
        "<tr><th>0</th><td>A &lt;script&gt;alert(9)&lt;/script&gt; song</td><td>12</td></tr></tbody></table></div>"
    )
    return chapter(
        number,
        name,
        text(
            "## The splits\n\nSee [the zoo](03_model_zoo.ipynb#The-splits), "
            "[more](02_spectrogram_slicing.ipynb), [nowhere](../nothing/here.txt), "
            "[a paper](https://doi.org/10.1000/1), [up](#the-splits) and "
            f"![outside](https://example.org/x.png) {HOSTILE}\n\n| a | b |\n|---|--:|\n| x | 1 |\n\n<img src='x.png'>"
        ),
        code("show(figure)", picture, shown(bare)),
        text("## The splits\n\n### A deeper one"),
        code("table", nbformat.v4.new_output("execute_result", data={"text/html": frame, "text/plain": "table"})),
        code("Audio(x)", shown({"text/html": f'<audio controls><source src="data:audio/wav;base64,{sound}"></audio>'})),
        code(
            "HTML(x)", shown({"text/html": f"{HOSTILE}<img src=x onerror=alert(3)><a href='javascript:alert(4)'>a</a>"})
        ),
        code(
            "print(x)",
            nbformat.v4.new_output("stream", name="stdout", text=f"10%\r100% {HOSTILE}\n"),
            nbformat.v4.new_output("stream", name="stderr", text="  \n"),
            shown({"text/markdown": f"**37** songs, {HOSTILE}"}),
            shown({"application/javascript": "alert(5)", "text/plain": "script"}),
        ),
    )


def make(root: Path, name: str = "demo", synthetic: bool = True) -> Study:
    study = Study(name, root)
    write(study, "01_data_acquisition", rich(1, "Data acquisition"))
    write(study, "02_spectrogram_slicing", chapter(2, "Spectrogram slicing", corpus=name))
    for network, split in (("choi2016", "random"), ("yu2018", "artist"), ("yu2018", "random")):
        write(study, f"04_training/{network}-{split}-f0-s0", rich(4, "Training"))
    write(study, "05_error_analysis", rich(5, "Error analysis"))
    if not synthetic:
        for path in study.notebooks.rglob("*.ipynb"):
            path.write_text(path.read_text().replace('corpus: str = \\"demo\\"', f'corpus: str = \\"{name}\\"'))
    study.tables.mkdir(parents=True)
    (study.tables / "comparison.csv").write_text(
        "network,split,recipe,accuracy,low,high,runs\n"
        "yu2018,random,plain,0.86249,0.81,0.905,1\n"
        "<i>mine</i>,artist,plain,,,,1\n"
    )
    study.figures.mkdir(parents=True)
    (study.figures / "splits.svg").write_text(SVG)
    summary = {
        "study": name,
        "corpus": name,
        "checksum": "0123456789abcdef",
        "synthetic": synthetic,
        "question": "How much of it is leakage?",
        "headline": [f"**86 %** of the songs; see [5](05_error_analysis.ipynb). {HOSTILE}", "Two.", "Three."],
        "findings": ["Four.", f"Five. {HOSTILE}"],
        "figure": {"name": "splits", "claim": CLAIM},
        "main_table": "comparison",
        "credit": "Songs by *somebody*, CC BY 4.0.",
    }
    (study.results / "summary.json").write_text(json.dumps(summary))
    return study


def pages(study: Study) -> dict[str, BeautifulSoup]:
    return parsed(study.results)


def parsed(folder: Path) -> dict[str, BeautifulSoup]:
    found = [*folder.glob("*.html"), *folder.glob("runs/*.html")]
    return {
        path.relative_to(folder).as_posix(): BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
        for path in found
    }


OFFERED = [
    Sound("t0000", "Folk, taken for Rock", 3, 6, "timeline", (0.125, 0.875)),
    Sound("t0001", "gone"),
    Sound("t9999"),
]


def offering(sounds: list[Sound]) -> dict:
    """Output of a cell that offers sounds."""
    plain = [json.loads(json.dumps(asdict(one))) for one in sounds]
    return nbformat.from_dict({SOUNDS: {"sounds": plain}, "text/plain": "Sounds"})


def make_with_sound(root: Path) -> Study:
    """A study of which one song's file is there and the others are not, and a notebook that offers three sounds."""
    study = fake_study(root / "root")
    tracks = read_tracks(study.tracks)
    clip, rate = root / "a song & more.wav", 22050
    time = np.arange(20 * rate) / rate
    soundfile.write(clip, (0.3 * np.sin(2 * np.pi * 440 * time)).astype(np.float32), rate)
    tracks.loc[0, ["path", "license"]] = [str(clip), "CC BY"]
    write_parquet(tracks, study.tracks)
    about = {"image/svg+xml": {"alt": "A song over time", "name": "timeline"}}
    cells = [code("show(figure)\noffer(sounds)", shown({"image/svg+xml": SVG}, **about), shown(offering(OFFERED)))]
    write(study, "05_error_analysis", chapter(5, "Error analysis", *cells))
    study.figures.mkdir(parents=True)
    (study.figures / "timeline.svg").write_text(SVG)
    return study
