"""A text in tokens: words, digits, labels that are there already, and signs."""

import re
from enum import Enum, auto
from typing import Final, NamedTuple
from unicodedata import normalize


class Kind(Enum):
    """What a token is."""

    WORD = auto()
    DIGITS = auto()
    """Also several of one: 4s."""
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


_DIGIT: Final = r"[\d⓪①-⑨⁰¹²³⁴-⁹₀-₉]"
"""Also in circles, above and below the line."""
_TOKEN: Final = re.compile(
    r"(?P<LABEL>\[(?:…|[A-Z][A-Z_ -]*\d{0,2}(?: …\d{4})?)\])"
    r"|(?P<ORDINAL>\d{1,2}(?i:st|nd|rd|th)(?!\w))"
    r"|(?P<SEVERAL>(?<!\d)\d['’]?s(?!\w))"  # noqa: RUF001 - as it is written
    rf"|(?P<DIGITS>{_DIGIT}+)"
    rf"|(?P<WORD>(?:(?!{_DIGIT})[^\W\d_])+(?:['’][^\W\d_]+)*)"  # noqa: RUF001 - as it is written
    r"|(?P<SIGN>\S)"
)
_KINDS: Final = {kind.name: kind for kind in Kind} | {"SEVERAL": Kind.DIGITS}


def _plain(text: str) -> str:
    """Return a text in lower case, with plain apostrophes and digits."""
    plain = text.lower().replace("’", "'")  # noqa: RUF001
    return (
        plain if plain.isascii() else re.sub(_DIGIT, lambda one: normalize("NFKC", one[0]), plain)
    )


def tokens_of(text: str) -> list[Token]:
    """Cut a text into tokens, in order; between them is only space."""
    return [
        Token(
            _KINDS[match.lastgroup or ""],
            _plain(match[0]),
            match.start(),
            match.end(),
        )
        for match in _TOKEN.finditer(text)
    ]
