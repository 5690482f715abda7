"""Artist, title, album and licence as the file itself tells them."""

from contextlib import suppress
from pathlib import Path

from lib.io import printable

FIELDS = {  # and under which keys they are, the best first; four capitals: an ID3 frame, of WAV and AIFF
    "artist": ("artist", "TPE1", "Author", "albumartist", "TPE2", "album artist", "album_artist", "WM/AlbumArtist"),
    "title": ("title", "TIT2", "Title"),
    "album": ("album", "TALB", "WM/AlbumTitle"),
    "license": ("license", "WCOP", "copyright", "TCOP", "Copyright"),
}
NOBODY = ("various artists", "various", "va")  # as the artist of an album
LONGEST = 500  # characters; what is longer is no name


def read_tags(path: Path) -> dict[str, str]:
    """Read the tags of an audio file of any format that mutagen or FFmpeg reads.

    Returns
    -------
    dict
        Those of ``artist``, ``title``, ``album`` and ``license`` that the file holds, none if it cannot be read;
        several values of one field are joined by ``"; "``.
    """
    found: dict[str, str] = {}
    for read in (_usual, _ape, _of_ffmpeg):
        with suppress(Exception):  # a broken tag of one file is a file without that tag, never the end of the run
            tags = read(path)
            found = {field: text for field, keys in FIELDS.items() if (text := found.get(field) or _text(tags, keys))}
        if {"artist", "title"} <= found.keys():
            break
    return found


def _usual(path: Path):
    import mutagen

    return getattr(mutagen.File(path, easy=True), "tags", None) or {}


def _ape(path: Path):
    """APEv2, of MP3 without other tags."""
    from mutagen.apev2 import APEv2

    return APEv2(path)


def _of_ffmpeg(path: Path) -> dict[str, str]:
    """Tags that mutagen does not read, such as LIST INFO of WAV."""
    import av

    with Path(path).open("rb") as stream, av.open(stream, metadata_errors="replace") as container:
        streams = [one.metadata for one in container.streams.audio]
        return {key.lower(): value for tags in (*streams, container.metadata) for key, value in tags.items()}


def _text(tags, keys: tuple[str, ...]) -> str:
    for key in keys:
        values = None
        with suppress(KeyError, ValueError):  # no key of this format
            values = tags.get(key)
        values = getattr(values, "text", values)
        values = values if isinstance(values, (list, tuple)) else [] if values is None else [values]
        parts = [" ".join(printable(part).split()) for value in values for part in str(value).split("\0")]
        text = "; ".join(dict.fromkeys(part for part in parts if part))
        if text and not (key in FIELDS["artist"][3:] and text.lower() in NOBODY):
            return text[:LONGEST]
    return ""
