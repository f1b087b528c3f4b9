"""How people read numbers out, and engines write them: in pieces, words, digits, or both."""

import random
from collections.abc import Iterator
from typing import Final

from tests.redaction.tongues import ENGLISH, Tongue

UNITS: Final = ENGLISH.units
TEENS: Final = ENGLISH.teens
TENS: Final = ENGLISH.tens
_SPOKEN_BUT_ODD: Final = 0.3


def pieces(dice: random.Random, digits: str) -> list[str]:
    """Cut digits into the groups in which somebody reads them."""
    made = []
    while digits:
        size = dice.choice((1, 2, 3, 4, 4, 4, 5, 8))
        made.append(digits[:size])
        digits = digits[size:]
    return made


def read(dice: random.Random, digits: str, style: str, tongue: Tongue = ENGLISH) -> list[str]:
    """Return the words of a piece, as `written`, `spoken` or `mixed`."""
    if style == "written" or (style == "mixed" and dice.random() < 0.5):
        return _written(dice, digits)
    return list(_spoken(dice, digits, tongue))


def _written(dice: random.Random, digits: str) -> list[str]:
    if dice.random() < 0.2:
        return list(digits)
    if len(digits) > 5 and dice.random() < 0.5:
        return [f"{digits[:4]}-{digits[4:]}"]
    return [digits]


def _spoken(dice: random.Random, digits: str, tongue: Tongue) -> Iterator[str]:
    at = 0
    while at < len(digits):
        words, taken = _next(dice, digits[at:], tongue)
        yield from words
        at += taken


def _next(dice: random.Random, digits: str, tongue: Tongue) -> tuple[list[str], int]:
    for times in (3, 2):
        if digits[:times] == digits[0] * times and dice.random() < 0.5:
            return [dice.choice(tongue.repeats[times]), _unit(dice, digits[0], tongue)], times
    if dice.random() > _SPOKEN_BUT_ODD:
        return [_unit(dice, digits[0], tongue)], 1
    if len(digits) >= 3 and digits[0] != "0" and digits[1] != "0" and dice.random() < 0.3:
        return [*_hundreds(digits[0], tongue), *_pair(digits[1:3], tongue)], 3
    if len(digits) >= 2 and digits[0] != "0" and (len(digits) == 2 or digits[1] != "0"):
        return _pair(digits[:2], tongue), 2
    return [_unit(dice, digits[0], tongue)], 1


def _unit(dice: random.Random, digit: str, tongue: Tongue) -> str:
    if digit == "0" and dice.random() < 0.5:
        return tongue.zeros[0]
    return tongue.units[int(digit)]


def _hundreds(digit: str, tongue: Tongue) -> list[str]:
    if tongue.hundreds:
        return [tongue.hundreds[int(digit) - 1]]
    return [tongue.units[int(digit)], *tongue.hundred]


def _pair(digits: str, tongue: Tongue) -> list[str]:
    """Return two digits, the first not 0, as one number: forty, forty-one, eleven."""
    if digits[0] == "1":
        return [tongue.teens[int(digits[1])]]
    if digits[0] == "2" and tongue.twenties:
        return [tongue.twenties[int(digits[1])]]
    tens = tongue.tens[int(digits[0]) - 2]
    if digits[1] == "0":
        return [tens]
    return f"{tens}{tongue.join}{tongue.units[int(digits[1])]}".split(" ")
