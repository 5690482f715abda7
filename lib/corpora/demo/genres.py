"""What a genre sets: tempo range, drum patterns, harmony, instruments, plan and loudness.

The values are a composer's, written down once; none of them was chosen by looking at what a classifier
makes of them. Genres share instruments, patterns and tempi, as real ones do.
"""

from dataclasses import dataclass

from lib.errors import ReportError


@dataclass(frozen=True)
class Section:
    """Which layers play in a section.

    Parameters
    ----------
    drums : int in 0..3
        None, light (nothing struck with foot or stick on a drum), basic, full with cymbal and fill.
    bass, pad, lead, hook : bool
        Whether the part plays; the chords always do.
    level : float
        dB.
    """

    drums: int
    bass: bool
    pad: bool
    lead: bool
    hook: bool
    level: float


SECTIONS = {
    "opening": Section(1, False, True, False, True, -3.0),
    "groove": Section(2, True, False, False, True, -1.0),
    "verse": Section(2, True, False, True, False, -1.5),
    "chorus": Section(3, True, True, True, True, 0.0),
    "break": Section(1, False, True, True, False, -3.0),
    "duet": Section(2, True, True, True, True, -1.0),
}


@dataclass(frozen=True)
class Genre:
    """One genre.

    Parameters
    ----------
    name : str
        As in the tracks table.
    tempo : tuple of two floats
        Beats a minute, lowest and highest.
    swing : tuple of two floats
        Delay of every second sixteenth, as part of a sixteenth.
    humanise_s : float
        Standard deviation of the players' timing in seconds.
    patterns, kits, pads, leads, hooks : tuple of str
        Patterns are keys of `lib.corpora.demo.patterns.PATTERNS`, kits of
        `lib.corpora.demo.drums.KITS`, the others of `lib.corpora.demo.instruments.INSTRUMENTS`; its artists
        choose from them.
    chords, basses : tuple of pairs of str
        Instrument and manner of playing.
    melody : tuple of three floats
        Chance of a melody note on a beat, an eighth between beats, a sixteenth.
    progressions : dict
        Mode to progressions, one numeral a bar.
    plans : tuple of tuples of str
        Names of sections, spread over the song.
    loudness_db : float
        RMS in dB of full scale.
    mix_db : dict
        Part to dB above the usual mix.
    ducking : float in 0..1
        How far the kick drum pushes the other parts back.
    neighbours : tuple of str
        Genres that an artist may borrow a chord instrument from.
    """

    name: str
    tempo: tuple[float, float]
    swing: tuple[float, float]
    humanise_s: float
    patterns: tuple[str, ...]
    kits: tuple[str, ...]
    chords: tuple[tuple[str, str], ...]
    basses: tuple[tuple[str, str], ...]
    leads: tuple[str, ...]
    pads: tuple[str, ...]
    hooks: tuple[str, ...]
    melody: tuple[float, float, float]
    progressions: dict[str, tuple[str, ...]]
    plans: tuple[tuple[str, ...], ...]
    loudness_db: float
    mix_db: dict[str, float]
    ducking: float
    neighbours: tuple[str, ...]


GENRES: tuple[Genre, ...] = (
    Genre(
        name="Rock", tempo=(108, 164), swing=(0.0, 0.04), humanise_s=0.006,
        patterns=("straight", "driving", "half_time", "toms"), kits=("acoustic", "room"),
        chords=(("electric_guitar", "chug"), ("electric_guitar", "stabs"), ("electric_guitar", "block")),
        basses=(("pick_bass", "eighths"), ("finger_bass", "kick")),
        leads=("voice", "voice", "electric_lead"), pads=("organ", "none", "strings"),
        hooks=("clean_guitar", "electric_lead", "piano"), melody=(0.75, 0.5, 0.05),
        progressions={
            "major": ("I IV V IV", "I V IV IV", "I I IV V"),
            "mixed": ("I bVII IV I", "i IV i IV", "I bVII bVI bVII"),
            "minor": ("i bVII bVI bVII", "i bVI bVII i", "i iv bVI v"),
        },
        plans=(
            ("groove", "verse", "verse", "chorus", "chorus"), ("verse", "verse", "chorus", "break", "chorus"),
            ("opening", "groove", "verse", "chorus", "duet"),
        ),
        loudness_db=-12.0, mix_db={"chords": 4.0, "drums": 1.0}, ducking=0.0, neighbours=("Pop", "Folk"),
    ),
    Genre(
        name="Hip-Hop", tempo=(76, 106), swing=(0.08, 0.3), humanise_s=0.005,
        patterns=("boom_bap", "trap", "lazy"), kits=("machine", "acoustic", "electronic"),
        chords=(("electric_piano", "block"), ("piano", "stabs"), ("warm_pad", "block"), ("synth_pluck", "arpeggio")),
        basses=(("sub_bass", "kick"), ("sub_bass", "long"), ("finger_bass", "kick")),
        leads=("rap", "rap", "rap", "voice"), pads=("none", "strings", "none", "warm_pad"),
        hooks=("bell", "flute", "synth_pluck", "clean_guitar"), melody=(0.85, 0.75, 0.4),
        progressions={
            "major": ("Imaj7 IVmaj7 Imaj7 V", "Imaj7 vi7 IVmaj7 V", "Imaj7 ii7 IVmaj7 Imaj7"),
            "mixed": ("i7 IV i7 IV", "I bVII IV I", "i7 ii7 i7 IV"),
            "minor": ("i7 bVImaj7 i7 v7", "i i bVI bVII", "i7 iv7 i7 v7"),
        },
        plans=(
            ("opening", "verse", "verse", "chorus", "verse"), ("groove", "verse", "verse", "duet", "duet"),
            ("verse", "verse", "chorus", "chorus", "break"),
        ),
        loudness_db=-12.5, mix_db={"bass": 4.0, "drums": 2.0, "lead": 1.0}, ducking=0.15,
        neighbours=("Electronic", "Pop"),
    ),
    Genre(
        name="Pop", tempo=(92, 132), swing=(0.0, 0.08), humanise_s=0.003,
        patterns=("four", "backbeat", "tresillo"), kits=("electronic", "acoustic", "machine"),
        chords=(("piano", "block"), ("acoustic_guitar", "strum"), ("saw_pad", "offbeat"), ("clean_guitar", "stabs")),
        basses=(("synth_bass", "kick"), ("finger_bass", "eighths"), ("sub_bass", "long")),
        leads=("voice",), pads=("warm_pad", "strings", "saw_pad"),
        hooks=("synth_pluck", "bell", "saw_lead", "clean_guitar"), melody=(0.85, 0.6, 0.12),
        progressions={
            "major": ("I V vi IV", "I vi IV V", "I IV vi V"),
            "mixed": ("I bVII IV I", "i bVII IV i", "I v IV I"),
            "minor": ("i bVI bIII bVII", "i iv bVI v", "i bVII bVI v"),
        },
        plans=(
            ("opening", "verse", "verse", "chorus", "chorus"), ("verse", "duet", "chorus", "chorus", "break"),
            ("groove", "verse", "chorus", "break", "chorus"),
        ),
        loudness_db=-12.0, mix_db={"lead": 3.0, "pad": 1.0}, ducking=0.15,
        neighbours=("Electronic", "Rock", "Folk"),
    ),
    Genre(
        name="Folk", tempo=(76, 126), swing=(0.0, 0.12), humanise_s=0.009,
        patterns=("stomp", "brushes", "shakers", "waltz"), kits=("soft", "room"),
        chords=(
            ("acoustic_guitar", "strum"), ("acoustic_guitar", "arpeggio"), ("banjo", "arpeggio"), ("harp", "stabs"),
        ),
        basses=(("upright_bass", "alternating"), ("upright_bass", "long"), ("finger_bass", "alternating")),
        leads=("voice", "voice", "violin"), pads=("none", "strings", "organ"),
        hooks=("violin", "flute", "banjo", "harp"), melody=(0.8, 0.4, 0.03),
        progressions={
            "major": ("I IV I V", "I V IV I", "I vi IV V"),
            "mixed": ("i IV i bVII", "I bVII I IV", "i bVII IV i"),
            "minor": ("i bVII i v", "i bVI bVII i", "i iv i v"),
        },
        plans=(
            ("opening", "verse", "verse", "duet", "chorus"), ("verse", "verse", "groove", "verse", "chorus"),
            ("break", "verse", "duet", "verse", "break"),
        ),
        loudness_db=-16.5, mix_db={"drums": -5.0, "chords": 2.0, "lead": 2.0}, ducking=0.0,
        neighbours=("Pop", "Instrumental"),
    ),
    Genre(
        name="Instrumental", tempo=(60, 112), swing=(0.0, 0.06), humanise_s=0.009,
        patterns=("none", "soft", "processional"), kits=("soft", "room"),
        chords=(("piano", "arpeggio"), ("piano", "block"), ("harp", "arpeggio"), ("clean_guitar", "arpeggio")),
        basses=(("cello", "long"), ("upright_bass", "long"), ("upright_bass", "alternating")),
        leads=("piano", "violin", "flute", "cello", "clean_guitar"), pads=("strings", "warm_pad", "strings"),
        hooks=("bell", "harp", "flute"), melody=(0.6, 0.3, 0.05),
        progressions={
            "major": ("Imaj7 IVmaj7 vi7 V", "I iii7 IV V", "Imaj7 vi7 IVmaj7 Imaj7"),
            "mixed": ("i7 IV i7 IV", "I bVII IV I", "i7 bVIImaj7 IV i7"),
            "minor": ("i bVI iv v", "i7 iv7 bVImaj7 v7", "i bVII bVI i"),
        },
        plans=(
            ("opening", "break", "verse", "duet", "chorus"), ("break", "verse", "chorus", "duet", "break"),
            ("opening", "verse", "duet", "chorus", "opening"),
        ),
        loudness_db=-18.5, mix_db={"drums": -8.0, "pad": 4.0, "bass": -2.0}, ducking=0.0,
        neighbours=("Folk", "Electronic"),
    ),
    Genre(
        name="Electronic", tempo=(114, 146), swing=(0.0, 0.1), humanise_s=0.0,
        patterns=("house", "breaks", "minimal", "electro"), kits=("electronic", "machine"),
        chords=(
            ("saw_pad", "offbeat"), ("synth_pluck", "arpeggio"), ("saw_pad", "stabs"), ("electric_piano", "offbeat"),
        ),
        basses=(("synth_bass", "offbeat"), ("synth_bass", "eighths"), ("sub_bass", "offbeat")),
        leads=("saw_lead", "square_lead", "synth_pluck", "voice"), pads=("warm_pad", "saw_pad", "none"),
        hooks=("synth_pluck", "square_lead", "bell"), melody=(0.6, 0.5, 0.3),
        progressions={
            "major": ("I V vi IV", "Imaj7 IVmaj7 Imaj7 IVmaj7", "I IV I V"),
            "mixed": ("i7 IV i7 IV", "I bVII IV I", "i bVII IV IV"),
            "minor": ("i bVI bIII bVII", "i i bVI bVII", "i7 v7 i7 iv7"),
        },
        plans=(
            ("groove", "duet", "break", "chorus", "chorus"), ("opening", "groove", "chorus", "break", "chorus"),
            ("groove", "groove", "chorus", "duet", "break"),
        ),
        loudness_db=-11.5, mix_db={"drums": 3.0, "bass": 2.0, "pad": 2.0, "lead": -2.0}, ducking=0.55,
        neighbours=("Pop", "Hip-Hop"),
    ),
)  # fmt: skip
NAMES = tuple(genre.name for genre in GENRES)


def genre_number(name: str) -> int:
    """Place of a genre in `GENRES`.

    Raises
    ------
    ReportError
        If the composer does not know it.
    """
    if name not in NAMES:
        raise ReportError(f"genre {name!r}: the demo's composer knows {', '.join(NAMES)}.")
    return NAMES.index(name)


def genre_of(name: str) -> Genre:
    """Genre of that name; an error that lists the known ones if there is none."""
    return GENRES[genre_number(name)]
