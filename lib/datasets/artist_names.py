"""Artists' names in a credit, written in whatever way.

Two songs share an artist if they share a name. A name is compared without case, accents, punctuation,
blanks and a leading "The". "A feat. B" names A and B. "A and B" (also "&", "+", ",", "/", "x", "with") may be
one act ("Simon and Garfunkel", "AC/DC") or two people, so the whole credit is a name, and a part of it is
one too only if the corpus shows that it is used alone: it is some song's whole credit, or it has at least
two words and is in two different credits ("Edward Martin and ...").
"""

import re
import unicodedata
from collections.abc import Sequence
from difflib import SequenceMatcher

import pandas as pd

# Credits that name no artist: whoever compiled or collected, or nobody. Compared like names.
NO_ARTIST = (
    "Various Artists", "Various", "VA", "V.A.", "Diverse", "Varios Artistas", "Artistes divers",
    "Verschiedene Interpreten", "Compilation", "Compilations", "Sampler", "Soundtrack",
    "Original Soundtrack", "Unknown", "Unknown Artist", "No Artist", "None", "N/A", "Anonymous", "Traditional",
    # Emotify: Magnatune's compilations, remixes and mixes, whose titles name the artist
    "Magnatune", "Magnatune Compilation", "Magnatune Remixed", "Magnatune.com", "DJ Cary",
)  # fmt: skip
# Albums that are no evidence of one artist.
NO_ALBUM = (
    "Unknown", "Unknown Album", "None", "N/A", "Greatest Hits", "Best of", "Singles", "Single", "Demo", "Live",
    "Untitled", "Compilation", "Soundtrack",
)  # fmt: skip

_FEATURED = re.compile(r"[\s(\[]+(?:feat|ft|featuring|vs)\b\.?\s+|\s*;\s*", re.IGNORECASE)
_MAYBE_TWO = re.compile(r"\s*[&+,/]\s*|\s+(?:and|und|et|y|x|with)\s+", re.IGNORECASE)
_AROUND_TITLE = re.compile(r"\s+[-–—]\s+|\s*:\s+")
_REMIX = re.compile(r"(.+?)\s*(?:[(\[][^()\[\]]*\b(?:re)?mix\b|\b(?:remix|rmx)\b)", re.IGNORECASE)
SAME_TITLE = 0.85  # share of letters in the same order
_IN_BRACKETS = re.compile(r"[(\[]([^()\[\]]+)[)\]]\s*$")


def name_key(name: str) -> str:
    """Name without case, accents, punctuation, blanks and a leading or trailing "The"."""
    text = unicodedata.normalize("NFKD", str(name)).casefold()
    text = "".join(c for c in text if not unicodedata.combining(c)).strip()
    text = re.sub(r"^the\s+(?=\S)|,\s*the$", "", text)
    letters = "".join(c for c in text if c.isalnum())
    return letters or "".join(text.split())  # "!!!" is a band


_NO_ARTIST = frozenset(name_key(name) for name in NO_ARTIST)
_NO_ALBUM = frozenset(name_key(name) for name in NO_ALBUM)


def is_artist(credit: object) -> bool:
    """Whether a credit names an artist: it is neither empty nor one of `NO_ARTIST`."""
    return not pd.isna(credit) and bool(str(credit).strip()) and name_key(credit) not in _NO_ARTIST


def acts(credit: str) -> list[str]:
    """Acts that a credit surely names: those around "feat.", "vs." and ";", without brackets left open."""
    parts = (part.strip(" ()[]") for part in _FEATURED.split(str(credit)))
    return [part for part in parts if is_artist(part)]


def members(act: str) -> list[str]:
    """List the runs of names within an act, shorter than it, each perhaps an act of its own.

    Of "A, B and C": A, B, C, "A B" and "B C".
    """
    names = [part for part in _MAYBE_TWO.split(str(act)) if part]
    runs = [names[i:j] for i in range(len(names)) for j in range(i + 1, len(names) + 1)]
    return [" ".join(run) for run in runs if len(run) < len(names)][:64]


def _act_key(act: str) -> str:
    # "Beatles, The" is turned round before the comma is taken for a second name.
    text = re.sub(r"^(.*\S)\s*,\s*the\s*$", r"\1", str(act), flags=re.IGNORECASE)
    return name_key(" ".join(part for part in _MAYBE_TWO.split(text) if part)) or name_key(act)


def artist_names(tracks: pd.DataFrame) -> list[set[str]]:
    """Names by which each track is joined to others.

    A credit of `NO_ARTIST` leaves the title to name the artist: "Artist - Title", "Artist: Title", or,
    if the name is some other song's artist too, "Title - Artist" and "Title (Artist)". A track without any
    artist takes the artist of its album's other tracks if these have but one, else the album takes its place.

    Parameters
    ----------
    tracks : pd.DataFrame
        Columns ``artist``, ``title`` and ``album``.

    Returns
    -------
    list of set of str
        Keys, prefixed by ``artist:`` or, where the album takes its place, ``album:``; empty where neither is known.
    """
    columns = (tracks[name].astype(object).fillna("").map(str).tolist() for name in ("artist", "title", "album"))
    artists, titles, albums = columns
    credits = [acts(artist) for artist in artists]
    known = _known({act for held in credits for act in held})
    names = []
    for held, artist, title in zip(credits, artists, titles, strict=True):
        if held:
            keys = {_act_key(act) for act in held}
            perhaps = [member for act in held for member in members(act)] + acts(title)[1:]
            keys |= {_act_key(act) for act in perhaps} & known
        else:
            keys = _named_in(title, known) if artist.strip() else set()
        names.append({f"artist:{key}" for key in keys})
    return _with_albums(names, albums)


def remixes(titles: Sequence[str]) -> list[tuple[int, int]]:
    """Find the pairs of titles of which one is a remix of the other's song, such as "Song (X Mix)" and "Song".

    Songs' titles of one word are too common to tell. Remixers respell ("Daze" for "Day"), so that titles that begin
    alike need only be as alike as `SAME_TITLE` (Ratcliff & Obershelp, as `difflib` has it).
    """
    songs = {i: match[1] for i, title in enumerate(titles) if (match := _REMIX.match(title))}
    keys = [name_key(songs.get(i, title)) for i, title in enumerate(titles)]
    alike: dict[str, list[int]] = {}
    for i, key in enumerate(keys):
        alike.setdefault(key[:3], []).append(i)
    several = [i for i, song in songs.items() if len(song.split()) > 1]
    return [
        (i, j)
        for i in several
        for j in alike[keys[i][:3]]
        if i != j and SequenceMatcher(None, keys[i], keys[j]).ratio() >= SAME_TITLE
    ]


def _known(acts_held: set[str]) -> set[str]:
    """Keys of the names that stand alone: whole acts, and parts of two words that two acts have."""
    within: dict[str, set[str]] = {}
    for act in acts_held:
        for member in members(act):
            if len(member.split()) > 1:  # one act written in two ways counts once
                within.setdefault(_act_key(member), set()).add(_act_key(act))
    return {_act_key(act) for act in acts_held} | {key for key, holders in within.items() if len(holders) > 1}


def _named_in(title: str, known: set[str]) -> set[str]:
    """Keys of the artists that a title names."""
    parts = [part for part in _AROUND_TITLE.split(title) if part.strip()]
    bracket = [match.group(1) for match in [_IN_BRACKETS.search(title)] if match]
    found = {_act_key(part) for part in parts + bracket if is_artist(part)} & known
    first = parts[:1] if len(parts) > 1 else bracket
    return found or {_act_key(name) for name in first if is_artist(name)}


def _with_albums(names: list[set[str]], albums: list[str]) -> list[set[str]]:
    keys = ["" if name_key(album) in _NO_ALBUM else name_key(album) for album in albums]
    makers: dict[str, set[frozenset[str]]] = {}
    for held, key in zip(names, keys, strict=True):
        if held and key:
            makers.setdefault(key, set()).add(frozenset(held))

    def completed(held: set[str], key: str) -> set[str]:
        made = makers.get(key, set())
        return held if held or not key else set().union(*made) if len(made) == 1 else {f"album:{key}"}

    return [completed(held, key) for held, key in zip(names, keys, strict=True)]
