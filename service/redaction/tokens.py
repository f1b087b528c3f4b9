"""A text in tokens: words, digits, labels that are there already, and signs."""

import re
from enum import Enum, auto
from typing import Final, NamedTuple


class Kind(Enum):
    """What a token is."""

    WORD = auto()
    DIGITS = auto()
    ORDINAL = auto()
    """Digits with an ending: 5th."""
    LABEL = auto()
    """What stands in the place of something that was hidden, by whomever: few digits fit in."""
    SIGN = auto()


class Token(NamedTuple):
    """A token, in lower case, and where it is in the text."""

    kind: Kind
    text: str
    start: int
    end: int


_TOKEN: Final = re.compile(
    r"(?P<LABEL>\[(?:…|[A-Z][A-Z_ -]*\d{0,2}(?: …\d{4})?)\])"
    r"|(?P<ORDINAL>\d{1,2}(?i:st|nd|rd|th)(?!\w))"
    r"|(?P<DIGITS>\d+)"
    r"|(?P<WORD>[^\W\d_]+(?:['’][^\W\d_]+)*)"  # noqa: RUF001 - as it is written
    r"|(?P<SIGN>\S)"
)
_KINDS: Final = {kind.name: kind for kind in Kind}


def tokens_of(text: str) -> list[Token]:
    """Cut a text into tokens, in order; between them is only space."""
    return [
        Token(
            _KINDS[match.lastgroup or ""],
            match[0].lower().replace("’", "'"),  # noqa: RUF001
            match.start(),
            match.end(),
        )
        for match in _TOKEN.finditer(text)
    ]
