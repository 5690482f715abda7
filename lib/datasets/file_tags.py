"""Artist, title, album and licence as the file itself tells them."""

from pathlib import Path

FIELDS = {"artist": "artist", "title": "title", "album": "album", "license": "copyright"}
LONGEST = 500  # characters; what is longer is no name


def read_tags(path: Path) -> dict[str, str]:
    """Read the tags of an audio file; a file without tags, or one that cannot be read, has none.

    Parameters
    ----------
    path : path-like
        Any format that mutagen reads.

    Returns
    -------
    dict
        Those of ``artist``, ``title``, ``album`` and ``license`` that the file holds; several values of
        one field are joined by ``"; "``.
    """
    import mutagen

    try:
        tags = getattr(mutagen.File(path, easy=True), "tags", None)
        if not tags:
            return {}
        found = {}
        for field, key in FIELDS.items():
            text = _text(tags, (field, key) if field == "license" else (key,))
            if text:
                found[field] = text
        return found
    except Exception:  # a broken tag of one file is a file without that tag, never the end of the run
        return {}


def _text(tags, keys: tuple[str, ...]) -> str:
    for key in keys:
        values = _values(tags, key)
        parts = [" ".join(part.split()) for value in values for part in str(value).split("\0")]
        text = "; ".join(dict.fromkeys(part for part in parts if part))
        if text:
            return text[:LONGEST]
    return ""


# ID3 frames of formats that mutagen has no easy view of (WAV, AIFF).
_FRAMES = {"artist": "TPE1", "title": "TIT2", "album": "TALB", "copyright": "TCOP", "license": "WCOP"}


def _values(tags, key: str) -> list:
    for name in (key, _FRAMES.get(key)):
        try:
            value = tags.get(name)
        except (KeyError, ValueError):
            continue
        if value is not None:
            value = getattr(value, "text", value)
            return list(value) if isinstance(value, (list, tuple)) else [value]
    return []
