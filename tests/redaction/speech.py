"""How people read numbers out, and engines write them: in pieces, words, digits, or both."""

import random
from collections.abc import Iterator
from typing import Final

UNITS: Final = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
TEENS: Final = [
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
TENS: Final = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_REPEATED: Final = {2: ("double",), 3: ("triple", "treble")}
_SPOKEN_BUT_ODD: Final = 0.3


def pieces(dice: random.Random, digits: str) -> list[str]:
    """Cut digits into the groups in which somebody reads them."""
    made = []
    while digits:
        size = dice.choice((1, 2, 3, 4, 4, 4, 5, 8))
        made.append(digits[:size])
        digits = digits[size:]
    return made


def read(dice: random.Random, digits: str, style: str) -> list[str]:
    """Return the words of a piece, as `written`, `spoken` or `mixed`."""
    if style == "written" or (style == "mixed" and dice.random() < 0.5):
        return _written(dice, digits)
    return list(_spoken(dice, digits))


def _written(dice: random.Random, digits: str) -> list[str]:
    if dice.random() < 0.2:
        return list(digits)
    if len(digits) > 5 and dice.random() < 0.5:
        return [f"{digits[:4]}-{digits[4:]}"]
    return [digits]


def _spoken(dice: random.Random, digits: str) -> Iterator[str]:
    at = 0
    while at < len(digits):
        words, taken = _next(dice, digits[at:])
        yield from words
        at += taken


def _next(dice: random.Random, digits: str) -> tuple[list[str], int]:
    for times in (3, 2):
        if digits[:times] == digits[0] * times and dice.random() < 0.5:
            return [dice.choice(_REPEATED[times]), _unit(dice, digits[0])], times
    if dice.random() > _SPOKEN_BUT_ODD:
        return [_unit(dice, digits[0])], 1
    if len(digits) >= 3 and digits[0] != "0" and digits[1] != "0" and dice.random() < 0.3:
        return [UNITS[int(digits[0])], "hundred", "and", *_pair(digits[1:3])], 3
    if len(digits) >= 2 and digits[0] != "0" and (len(digits) == 2 or digits[1] != "0"):
        return _pair(digits[:2]), 2
    return [_unit(dice, digits[0])], 1


def _unit(dice: random.Random, digit: str) -> str:
    return "oh" if digit == "0" and dice.random() < 0.5 else UNITS[int(digit)]


def _pair(digits: str) -> list[str]:
    """Return two digits, the first not 0, as one number: forty, forty-one, eleven."""
    if digits[0] == "1":
        return [TEENS[int(digits[1])]]
    tens = TENS[int(digits[0]) - 2]
    return [tens] if digits[1] == "0" else [f"{tens}-{UNITS[int(digits[1])]}"]
