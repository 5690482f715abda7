"""A map of songs as a drawing to point at: titles without a script, sound and a line of text with one."""

from __future__ import annotations

import hashlib

from markupsafe import Markup

from lib.report.clean import Media
from lib.report.players import Players
from lib.songmap import SongMap
from lib.sounds import Sound

WIDTH, HEIGHT, EDGE, RADIUS = 1000, 660, 16, 7
START_S, LENGTH_S = 12.0, 6.0  # of the excerpt, for the ear
_MAP = Markup(
    '<div class="map"><fieldset><legend>Coloured by</legend>{}</fieldset>'
    '<svg viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>{}<p class="said" aria-live="polite"></p>{}</div>'
)
_CHOICE = Markup('<label><input type="radio" name="{}" class="by-{}"{}> {}</label>')
_POINT = Markup('<g class="point"{}><title>{}</title>{}</g>')
_DOT = Markup('<circle class="of-{}" cx="{:.0f}" cy="{:.0f}" r="{}" fill="{}"/>')
_KEY = Markup('<ul class="key key-{}">{}</ul>')
_ENTRY = Markup('<li><svg viewBox="0 0 10 10" aria-hidden="true"><circle cx="5" cy="5" r="5" fill="{}"/></svg>{}</li>')
_AUDIO = Markup('<audio controls preload="none" aria-label="The song that was chosen on the map"></audio>')


def html(found: SongMap, players: Players, media: Media) -> Markup:
    """HTML of a map; with sounds where the pages have players."""
    group = "map-" + hashlib.sha256("|".join([found.about, *found.songs]).encode()).hexdigest()[:8]
    choices = [
        _CHOICE.format(group, layer, "" if layer else Markup(" checked"), name)
        for layer, (name, _, _) in enumerate(found.layers)
    ]
    points, heard = [], False
    for place, (track_id, text) in enumerate(zip(found.songs, found.texts, strict=True)):
        x = EDGE + found.x[place] * (WIDTH - 2 * EDGE)
        y = HEIGHT - EDGE - found.y[place] * (HEIGHT - 2 * EDGE)
        dots = [_DOT.format(layer, x, y, RADIUS, of_song[place]) for layer, (_, of_song, _) in enumerate(found.layers)]
        address = players.address(Sound(track_id, start_s=START_S, length_s=LENGTH_S), media)
        sound = Markup(' data-sound="{}"').format(address) if address else ""
        heard |= bool(address)
        points.append(_POINT.format(sound, text, Markup("").join(dots)))
    keys = [
        _KEY.format(layer, Markup("").join(_ENTRY.format(shade, label) for label, shade in key))
        for layer, (_, _, key) in enumerate(found.layers)
    ]
    about = f"{found.about}: {len(found.songs)} songs; pointing at one tells its title"
    return _MAP.format(
        Markup("").join(choices), WIDTH, HEIGHT, about, Markup("").join(points), Markup("").join(keys),
        _AUDIO if heard else "",
    )  # fmt: skip
