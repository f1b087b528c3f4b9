"""How people read numbers out, and engines write them: in pieces, words, digits, or both."""

import random
from collections.abc import Iterator, Sequence
from typing import Final

from tests.redaction.tongues import ENGLISH, Tongue

SIZES: Final = (1, 2, 3, 4, 4, 4, 5, 8)
"""How many digits people read at once."""
UNITS: Final = ENGLISH.units
TEENS: Final = ENGLISH.teens
TENS: Final = ENGLISH.tens
_SPOKEN_BUT_ODD: Final = 0.3
_SAID_HOW_MANY: Final = 0.4
_MAX_SEVERAL: Final = 9
_ORDINAL: Final = 0.03
_HOMOPHONE: Final = 0.03
_IN_ONE_WORD: Final = 0.03
_LABELLED: Final = 0.03


def pieces(dice: random.Random, digits: str, sizes: Sequence[int] = SIZES) -> list[str]:
    """Cut digits into the groups in which somebody reads them."""
    made = []
    while digits:
        size = dice.choice(sizes)
        made.append(digits[:size])
        digits = digits[size:]
    return made


def read(dice: random.Random, digits: str, style: str, tongue: Tongue = ENGLISH) -> list[str]:
    """Return the words of a piece, as `written`, `spoken` or `mixed`."""
    if style == "written" or (style == "mixed" and dice.random() < 0.5):
        return _written(dice, digits)
    return _in_one_word(dice, list(_spoken(dice, digits, tongue)), tongue)


def _in_one_word(dice: random.Random, words: list[str], tongue: Tongue) -> list[str]:
    """Return words, of which the first two are now and then written as one: fourfive."""
    if len(words) > 1 and {*words[:2]} <= {*tongue.units} and dice.random() < _IN_ONE_WORD:
        return ["".join(words[:2]), *words[2:]]
    return words


def _written(dice: random.Random, digits: str) -> list[str]:
    if dice.random() < 0.2:
        return list(digits)
    if len(digits) <= 2 and dice.random() < _LABELLED:
        return [f"[NUM_{digits}]"]
    if len(digits) > 5 and dice.random() < 0.5:
        return [f"{digits[:4]}-{digits[4:]}"]
    return [digits]


def _spoken(dice: random.Random, digits: str, tongue: Tongue) -> Iterator[str]:
    at = 0
    while at < len(digits):
        words, taken = _oddly(dice, digits[at:], tongue, is_first=not at)
        if not taken:
            words, taken = _next(dice, digits[at:], tongue)
        yield from words
        at += taken


def _oddly(
    dice: random.Random, digits: str, tongue: Tongue, *, is_first: bool
) -> tuple[list[str], int]:
    """Return words as few people say them, and of how many digits; none where it is as usual."""
    several = min(len(digits) - len(digits.lstrip(digits[0])), _MAX_SEVERAL)
    if several > 1 and dice.random() < _SAID_HOW_MANY:
        return _how_many(dice, digits[0], several, tongue), several
    if not is_first and int(digits[0]) in tongue.ordinals and dice.random() < _ORDINAL:
        return [tongue.ordinals[int(digits[0])]], 1
    if not is_first and int(digits[0]) in tongue.homophones and dice.random() < _HOMOPHONE:
        return [dice.choice(tongue.homophones[int(digits[0])])], 1
    return [], 0


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


def _how_many(dice: random.Random, digit: str, several: int, tongue: Tongue) -> list[str]:
    """Return how often a digit is: four ones, four times one."""
    said = tongue.units[several]
    if dice.random() < 0.5:
        return [said, tongue.plurals[int(digit)]]
    return [said, tongue.times, tongue.units[int(digit)]]


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
