"""Text as PostgreSQL can hold it: without U+0000, which ids from outside may have. Pure."""

from typing import Final

_ESCAPE: Final = "\x01"
_NUL: Final = "\x01\x02"
_ITSELF: Final = "\x01\x03"


def to_database(text: str) -> str:
    """Return text as it is stored: U+0000, and what stands for it, are spelt out."""
    if "\0" in text or _ESCAPE in text:
        return text.replace(_ESCAPE, _ITSELF).replace("\0", _NUL)
    return text


def from_database(stored: str) -> str:
    """Return text as it was before `to_database`."""
    if _ESCAPE in stored:
        return stored.replace(_NUL, "\0").replace(_ITSELF, _ESCAPE)
    return stored
