"""Where text may be cut, what of it is counted as words, and how pieces of it are joined.

Most scripts put spaces between words. Those that do not (Chinese and Japanese, Thai, Lao, Khmer,
Burmese) are cut by ICU's dictionaries, and what reads as one letter is never cut apart. Pure.

ICU is loaded where it is needed: it takes megabytes, and most calls have spaces.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

# marks of Chinese and Japanese belong to them: no space goes before or after one
_HAN_AND_KANA: Final = (
    "\u2e80-\u2fff\u3001-\u303f\u3040-\u30ff\u3100-\u312f\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf"
    "\u4e00-\u9fff\uf900-\ufaff\uff01-\uff9f\U0001b000-\U0001b16f\U00020000-\U0003ffff"
)
_OF_SOUTHEAST_ASIA: Final = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u19e0-\u19ff\ua9e0-\ua9ff\uaa60-\uaa7f"
)
_UNSPACED: Final = re.compile(f"[{_HAN_AND_KANA}{_OF_SOUTHEAST_ASIA}]")
UNSPACED: Final = _UNSPACED.pattern
"""The letters and marks of those scripts, as a class of a regular expression."""
_WITHOUT_ANY_SPACE: Final = re.compile(f"[{_HAN_AND_KANA}]")
_SPACED: Final = re.compile(r"\S+")
_OPENING: Final = frozenset(
    "([{<\u00ab\u00bf\u00a1\u2018\u201c\u3008\u300a\u300c\u300e\u3010\uff08"
)
_HALF: Final = re.compile("[\ud800-\udfff]")
"""Half of a surrogate pair: ICU takes none."""
_ANY_LOCALE: Final = "root"


@dataclass(frozen=True, slots=True)
class Span:
    """A word of a text, with the marks at it: `text[start:end]`."""

    start: int
    end: int


def spans_of(text: str) -> Iterator[Span]:
    """Yield where the words of a text are, in order; what is no letter is at the word it is at."""
    for found in _SPACED.finditer(text):
        if _UNSPACED.search(found[0]):
            yield from _cut(found[0], found.start())
        else:
            yield Span(found.start(), found.end())


def words_of(text: str) -> list[str]:
    """Return the words of a text, each with the marks at it."""
    return [text[span.start : span.end] for span in spans_of(text)]


def has_unspaced(text: str) -> bool:
    """Return whether a text has letters or marks of a script without spaces between words."""
    return not text.isascii() and _UNSPACED.search(text) is not None


def count_words(text: str) -> int:
    """Return how many words a text has."""
    return sum(1 for _ in spans_of(text))


def join_words(words: Iterable[str]) -> str:
    """Join the words of one sentence: with a space where the script has one between words."""
    return _join(words, _UNSPACED)


def join_pieces(pieces: Iterable[str]) -> str:
    """Join what was said in several pieces: with a space where the script has one anywhere.

    Thai, Lao, Khmer and Burmese have one between phrases.
    """
    return _join(pieces, _WITHOUT_ANY_SPACE)


def letters_of(text: str) -> list[str]:
    """Return what reads as one letter each: with its marks, its joiners, its skin tone."""
    from icu4py.breakers import CharacterBreaker  # noqa: PLC0415 - see above

    letters, at = [], 0
    for letter in CharacterBreaker(_HALF.sub("\ufffd", text), _ANY_LOCALE):
        letters.append(text[at : at + len(letter)])
        at += len(letter)
    return letters


def width_of(text: str) -> int:
    """Return how many columns a text takes where every letter has one or two, or none."""
    from rich.cells import cell_len  # noqa: PLC0415 - only what prints a table needs it

    return cell_len(text)


def pad(text: str, width: int) -> str:
    """Fill a text with spaces up to so many columns."""
    return text + " " * (width - width_of(text))


def pieces_within(word: str, width: int) -> list[str]:
    """Cut a word into pieces of so many columns at most, between letters."""
    if width_of(word) <= width:
        return [word]
    pieces, piece, taken = [], "", 0
    for letter in letters_of(word):
        columns = width_of(letter)
        if piece and taken + columns > width:
            pieces.append(piece)
            piece, taken = "", 0
        piece += letter
        taken += columns
    return [*pieces, piece]


def _cut(run: str, offset: int) -> Iterator[Span]:
    """Cut a run without spaces into words; an opening mark is at the word after it."""
    from icu4py.breakers import WordBreaker  # noqa: PLC0415 - see above

    start = at = 0
    has_letter = opens = False
    for segment in WordBreaker(_HALF.sub("\ufffd", run), _ANY_LOCALE):
        is_word = any(one.isalnum() for one in segment)
        opens_here = not is_word and segment[0] in _OPENING
        if has_letter and (is_word or opens_here) and not opens:
            yield Span(offset + start, offset + at)
            start, has_letter = at, False
        opens = opens_here
        has_letter = has_letter or is_word
        at += len(segment)
    yield Span(offset + start, offset + at)


def _join(parts: Iterable[str], tight: re.Pattern[str]) -> str:
    joined = ""
    for part in parts:
        if joined and part and _is_spaced(joined[-1], part[0], tight):
            joined += " "
        joined += part
    return joined


def _is_spaced(before: str, after: str, tight: re.Pattern[str]) -> bool:
    return not (tight.match(before) and tight.match(after))
