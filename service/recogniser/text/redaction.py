"""Redaction: takes the numbers that are nobody's business out of a text. Pure.

Source: TELNYX.md §5.2, `redact`. A card is read out in groups, with pauses and mishearings
between them, and the first group has been sent before the last is said. So for `pci` and `ssn`
every number of three digits or more goes that is not plainly an amount: rather too much than a
card that is let out in pieces. For `numbers` amounts go, too, and whatever is written in digits.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

KINDS: Final = frozenset({"numbers", "pci", "ssn"})
_MIN_DIGITS: Final = 3
_MAX_AMOUNT_DIGITS: Final = 7
_SSN_DIGITS: Final = 9
_CARD_DIGITS: Final = range(13, 20)
_UNITS: Final = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
_TEENS: Final = (
    "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen",
    "eighteen", "nineteen",
)  # fmt: skip
_TENS: Final = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_DIGITS: Final = (
    {word: str(value) for value, word in enumerate([*_UNITS, *_TEENS])}
    | {word: str(value) for value, word in enumerate(_TENS, start=2)}
    | {"oh": "0", "o": "0", "nought": "0", "hundred": "00", "thousand": "000", "million": "000000"}
)
_WRITTEN: Final = re.compile(r"\d")
_TIMES: Final = {"double": 2, "triple": 3, "treble": 3}
_WORDS: Final = "|".join(sorted([*_DIGITS, *_TIMES], key=len, reverse=True))
_ATOM: Final = re.compile(
    rf"\d+|(?<!\w)(?!o['’]\w\w)(?:{_WORDS})(?!\w)",  # noqa: RUF001 - as it is written
    re.IGNORECASE,
)
"""The o of o'clock and of O'Hare is no zero."""
_LARGE: Final = frozenset({"hundred", "thousand", "million"})
_AND: Final = re.compile(r"\s+and\s+", re.IGNORECASE)
_BETWEEN: Final = re.compile(
    r"(?:[\s.,;:()/$€£#–—-]|(?<!\w)(?:uh|um|uhm|er|dash|hyphen)(?!\w))*",  # noqa: RUF001 - dashes that are written
    re.IGNORECASE,
)
_PRICED: Final = ("$", "€", "£")
_COUNTED: Final = re.compile(
    r"\s?%|[\s-](?:percent|per cent|dollars?|bucks|cents|euros?|pounds)(?!\w)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class _Number:
    start: int
    end: int
    digits: str


def redact(text: str, kinds: frozenset[str], *, growing: bool = False) -> str:
    """Return the text with `[PCI]`, `[SSN]` or `[NUMBER]` for each number of these kinds.

    Thirteen to nineteen digits are `[PCI]`, whether they add up or not, and nine are `[SSN]`,
    where it is asked for; what may be a piece of one is a `[NUMBER]`.

    At the end of a text that is `growing`, a number of any length is left out: it may be the
    beginning of a longer one.
    """
    if not kinds:
        return text
    made, at = "", 0
    for number in _numbers(text):
        if growing and not _BETWEEN.sub("", text[number.end :]):
            return (made + text[at : number.start]).rstrip()
        if _is_redacted(text, number, kinds):
            made += text[at : number.start] + _tag(number.digits, kinds)
            at = number.end
    return made + text[at:]


def _is_redacted(text: str, number: _Number, kinds: frozenset[str]) -> bool:
    if "numbers" in kinds and _WRITTEN.search(text, number.start, number.end):
        return True
    if len(number.digits) < _MIN_DIGITS:
        return False
    return "numbers" in kinds or not _is_amount(text, number)


def _numbers(text: str) -> Iterator[_Number]:
    """Find what is said or written as digits, one after the other."""
    atoms: list[re.Match[str]] = []
    for atom in _ATOM.finditer(text):
        if atoms and not _goes_on(text, atoms[-1], atom):
            yield _number(atoms)
            atoms = []
        atoms.append(atom)
    if atoms:
        yield _number(atoms)


def _goes_on(text: str, before: re.Match[str], atom: re.Match[str]) -> bool:
    """Say whether the digits go on: two hundred *and* fifty, but not four and five."""
    between = before.end(), atom.start()
    is_large = before.group().lower() in _LARGE
    return bool(_BETWEEN.fullmatch(text, *between) or (is_large and _AND.fullmatch(text, *between)))


def _number(atoms: list[re.Match[str]]) -> _Number:
    digits, times, ten = "", 1, False
    for atom in atoms:
        word = atom.group().lower()
        times = _TIMES.get(word, times)
        if word in _TIMES:
            continue
        if ten and word not in _UNITS[1:]:
            digits += "0"  # forty is 40, but forty two is 42
        digits += _DIGITS.get(word, word) * times
        times, ten = 1, word in _TENS
    return _Number(atoms[0].start(), atoms[-1].end(), digits + "0" * ten)


def _is_amount(text: str, number: _Number) -> bool:
    """Whether it is money or a share: what nobody reads out of a card."""
    return len(number.digits) <= _MAX_AMOUNT_DIGITS and (
        text[: number.start].endswith(_PRICED) or _COUNTED.match(text, number.end) is not None
    )


def _tag(digits: str, kinds: frozenset[str]) -> str:
    if "pci" in kinds and len(digits) in _CARD_DIGITS:
        return "[PCI]"
    if "ssn" in kinds and len(digits) == _SSN_DIGITS:
        return "[SSN]"
    return "[NUMBER]"
