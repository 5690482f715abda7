"""Drum patterns: one bar of sixteenths, a beat a group: ``X`` accent, ``x`` hit, ``o`` ghost note."""

PATTERNS: dict[str, dict[str, str]] = {
    "straight": {
        "kick": "X... .... X.x. ....", "snare": ".... X... .... X...", "hat": "X.x. x.x. X.x. x.x.",
        "tambourine": ".... x... .... x...",
    },
    "driving": {
        "kick": "X... ..x. X.x. ..x.", "snare": ".... X... .... X...", "ride": "X.x. X.x. X.x. X.x.",
        "open": "..x. .... ..x. ....",
    },
    "half_time": {
        "kick": "X..x .... ..x. ....", "snare": ".... .... X... ...o", "open": "x... x... x... x...",
        "tom": ".... .... .... ..xx",
    },
    "toms": {
        "kick": "X.x. .... X.x. ....", "snare": ".... X... .... X...", "tom": "..x. ..x. ..x. .xx.",
        "hat": "x... x... x... x...",
    },
    "boom_bap": {
        "kick": "X..x .... ..x. ....", "snare": ".... X..o .o.. X...", "hat": "x.x. x.x. x.x. x.xo",
        "open": ".... .... .... ..x.",
    },
    "trap": {
        "kick": "X... ...x ..X. ....", "clap": ".... .... X... ....", "hat": "x.xx x.x. x.x. xxxx",
        "open": "...x .... .... ....",
    },
    "lazy": {
        "kick": "X.x. ...o x..x ....", "snare": ".... X... .... X...", "rim": ".... ...x ..x. ....",
        "shaker": "x.xo x.xo x.xo x.xo",
    },
    "four": {
        "kick": "X... X... X... X...", "clap": ".... X... .... X...", "hat": "x.x. x.x. x.x. x.x.",
        "tambourine": "..x. ..x. ..x. ..x.",
    },
    "backbeat": {
        "kick": "X... ..x. X... ....", "snare": ".... X... .... X...", "hat": "x.x. x.x. x.x. x.x.",
        "shaker": "xoxo xoxo xoxo xoxo",
    },
    "tresillo": {
        "kick": "X..x ..x. X..x ..x.", "clap": ".... X... .... X...", "rim": "...x ..x. ...x ..x.",
        "shaker": "xoxo xoxo xoxo xoxo",
    },
    "stomp": {"kick": "X... .... x... ....", "tambourine": ".... X... .... X...", "clap": ".... x... .... x..."},
    "brushes": {"kick": "x... .... x... ....", "brush": "x.o. X.o. x.o. X.oo"},
    "shakers": {"kick": "x... .... ..x. ....", "shaker": "x.xo X.xo x.xo X.xo", "rim": ".... x... .... x..."},
    "waltz": {"kick": "x... .... ....", "brush": "o... X.o. x.o.", "tambourine": ".... x... x..."},
    "none": {},
    "soft": {"kick": "x... .... .... ....", "ride": "x... x.o. x... x.o.", "brush": ".... x... .... x..."},
    "processional": {"tom": "X... .... x.x. ....", "shaker": "x... o... x... o..."},
    "house": {
        "kick": "X... X... X... X...", "clap": ".... X... .... X...", "open": "..x. ..x. ..x. ..x.",
        "hat": "oooo oooo oooo oooo",
    },
    "breaks": {
        "kick": "X..x .... ..x. ....", "snare": ".... X..o .o.. X...", "hat": "xoxo xoxo xoxo xoxo",
        "open": ".... ..x. .... ....",
    },
    "minimal": {"kick": "X... X... X... X...", "rim": "...x ..x. ..x. .x..", "hat": "..x. ..x. ..x. ..x."},
    "electro": {
        "kick": "X... ..X. ..X. ....", "clap": ".... X... .... X...", "hat": "x.xx x.xx x.xx x.xx",
        "open": "..x. .... ..x. ....",
    },
}  # fmt: skip
LIGHT = ("hat", "open", "shaker", "ride", "rim", "brush", "tambourine")  # all that light drumming keeps
EXTRAS = ("open", "tambourine")  # what basic drumming leaves out


def pattern_steps(name: str) -> dict[str, str]:
    """Drum pattern without the blanks between its beats: 16 steps a bar, or 12 in a waltz."""
    return {voice: steps.replace(" ", "") for voice, steps in PATTERNS[name].items()}


def beats_per_bar(pattern: str) -> int:
    """Beats a bar of a drum pattern: 4, or 3."""
    return next((len(steps) // 4 for steps in pattern_steps(pattern).values()), 4)


def drum_voices(pattern: str, level: int) -> dict[str, str]:
    """Voices of a drum pattern that play at a section's level of drumming, 0..3."""
    steps = pattern_steps(pattern)
    if level == 0:
        return {}
    if level == 1:
        return {voice: hits for voice, hits in steps.items() if voice in LIGHT}
    return {voice: hits for voice, hits in steps.items() if level == 3 or len(steps) < 4 or voice not in EXTRAS}
