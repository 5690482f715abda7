"""A page to listen to the errors by: the missed songs, with players for the files on this machine.

``python -m lib.listen --study NAME [--root DIR]`` writes ``work/<study>/listen.html``, out of version control and
apart from the results. It names the files where they lie and copies none, so that it is of use on this machine alone
and no music is passed on.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import pandas as pd
from jinja2 import Environment

from lib.audio import Spectrogram
from lib.errors import ReportError
from lib.paths import Study, replacing
from lib.plots.errors import figure_name
from lib.splits import PROTOCOLS
from lib.tables import read_json, read_tracks

SECTIONS = {"missed": "Songs that every network misses", "mistakes": "The most confident mistakes"}
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; media-src file:; img-src file:; \
style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Errors to listen to: {{ study }}</title>
<style>
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
audio, img { display: block; max-width: 100%; margin: .5rem 0 }
</style>
</head>
<body>
<h1>Errors to listen to: study {{ study }}</h1>
<p>This page plays files of this machine, from where the excerpt that the networks heard begins. It is for your ears
only: it is no part of the results and of no use elsewhere.</p>
{% for heading, songs in sections.items() %}
<h2>{{ heading }}</h2>
{% for song in songs %}
<h3>{{ song.title or song.track_id }}{% if song.artist %}, {{ song.artist }}{% endif %}</h3>
<p>{{ song.head }}: labelled {{ song.true }}; {{ song.told }}.</p>
{% if song.sound %}<audio controls preload="none" src="{{ song.sound }}"></audio>{% else %}\
<p>Its file is not where it was.</p>{% endif %}
{% if song.figure %}<img src="{{ song.figure }}" alt="Spectrogram and probabilities over time">{% endif %}
{% else %}
<p>None.</p>
{% endfor %}
{% endfor %}
</body>
</html>
"""


def write_page(study: Study) -> Path:
    """Write the page of one study.

    Parameters
    ----------
    study : Study
        Evaluated: its tables ``missed`` and ``mistakes`` say which songs, its tracks table where they lie.

    Returns
    -------
    Path
        ``work/<study>/listen.html``.

    Raises
    ------
    ReportError
        If the study has not been evaluated, or its tracks table is gone.
    """
    tracks = read_tracks(study.need(study.tracks, "01_data_acquisition")).set_index("track_id")
    manifest = study.need(study.slices / "slices.json", "02_spectrogram_slicing")
    excerpt_s = Spectrogram(**read_json(manifest)["spectrogram"]).excerpt_s
    sections = {}
    for name, heading in SECTIONS.items():
        table = pd.read_csv(study.need(study.tables / f"{name}.csv", "05_error_analysis"), keep_default_na=False)
        sections[heading] = [_song(study, row, tracks, excerpt_s) for row in _strictest(table).to_dict("records")]
    text = Environment(autoescape=True).from_string(_PAGE).render(study=study.name, sections=sections)
    page = study.work / "listen.html"
    with replacing(page) as part:
        part.write_text(text, encoding="utf-8")
    return page


def _strictest(table: pd.DataFrame) -> pd.DataFrame:
    """Each song once for a head, and only under the strictest protocol of the table, if it names any."""
    if "protocol" in table and len(table):
        run = [name for name in PROTOCOLS if name in set(table["protocol"])]
        table = table.loc[table["protocol"].isin(run[-1:])].sort_values("probability", ascending=False, kind="stable")
    return table.drop_duplicates(["head", "track_id"])


def _song(study: Study, row: dict, tracks: pd.DataFrame, excerpt_s: float) -> dict:
    """Say what the page says of one song, where its sound lies, and where its figure, if one was drawn."""
    if "network" in row:
        told = f"{row['network']} under {row['protocol']} says {row['answer']} ({100 * row['probability']:.0f} %)"
    else:
        told = f"{row['answer']} is what {row['agree']} of the networks say"
    drawn = study.figures / f"{figure_name(row['head'], row['track_id'])}.svg"
    sound = ""
    if row["track_id"] in tracks.index:
        track = tracks.loc[row["track_id"]]
        path = Path(track["path"]).absolute()
        start = 0.0 if pd.isna(track["duration_s"]) else max(0.0, (track["duration_s"] - excerpt_s) / 2)
        sound = f"{path.as_uri()}#t={start:.1f},{start + excerpt_s:.1f}" if path.is_file() else ""
    return row | {"told": told, "sound": sound, "figure": drawn.absolute().as_uri() if drawn.is_file() else ""}


def main(arguments: list[str] | None = None) -> int:
    """Write the page of one study; 0 = written, 1 = an error that its message explains."""
    parser = argparse.ArgumentParser(prog="python -m lib.listen", description="Write a page to listen to the errors.")
    parser.add_argument("--study", required=True, help="name of the study, for example demo")
    parser.add_argument("--root", default="", help="folder of work/ and results/; default: the project's own")
    options = parser.parse_args(arguments)
    try:
        print(write_page(Study(options.study, options.root)))
    except ReportError as error:
        print(f"listen: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
