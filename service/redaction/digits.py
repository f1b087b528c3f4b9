"""Which digits words say: forty-one eleven is 4111, four ones are 1111, and double four is 44."""

from collections.abc import Iterator, Sequence
from typing import Final

from service.redaction.languages import Language
from service.redaction.tokens import Kind, Token

_HUNDRED: Final = 100
_THOUSAND: Final = 1_000
_TEN: Final = 10
_MAX_REPEATS: Final = 99
"""How many there may be of one digit."""
_MAX_MULTIPLIED: Final = 3
"""Digits written before a magnitude: 5 thousand, 250 million."""


class _Magnitude(int):
    """What multiplies the number before it: hundred does, and Spanish's ciento does not."""


class _Plural(int):
    """Several of a digit: four *ones*."""


class _Times(str):
    """Stands between how often and a digit, or behind a digit and how often."""

    __slots__ = ()


_TIMES: Final = _Times()


def digits_of(tokens: Sequence[Token], language: Language) -> str:
    """Return the digits of a run: forty-one eleven is 4111, one hundred and two is 102."""
    items = _with_repeated(list(_items(tokens, language)))
    made, place = "", 0
    while place < len(items):
        item = items[place]
        if isinstance(item, _Plural):  # nobody says how many: two at least
            made, place = made + str(int(item)) * 2, place + 1
        elif isinstance(item, str):
            made, place = made + item, place + 1
        elif item < 0:
            made, place = _repeated(made, items, place)
        else:
            value, place = _cardinal(items, place)
            made += str(value)
    return made


def _items(tokens: Sequence[Token], language: Language) -> Iterator[str | int]:
    """Yield written digits as text, words by their values, and below zero how often to repeat.

    What parts two words (twenty, uh, one) is an empty text: they are not composed.
    """
    for place, token in enumerate(tokens):
        text = token.text
        following = tokens[place + 1].text if place + 1 < len(tokens) else ""
        if token.kind is Kind.DIGITS:
            yield _written(text, following, language)
        elif text in language.repeats:
            yield -language.repeats[text]
        elif text in language.hesitations or (token.kind is Kind.SIGN and text != "-"):
            yield ""
        elif token.kind is Kind.ORDINAL:
            yield text[:-2]
        elif text in language.bare_tens and 0 < _unit(following, language) < _TEN:
            yield from (language.values[text], "")
        elif (item := _word(text, language)) is not None:
            yield item


def _unit(text: str, language: Language) -> int:
    return language.values.get(text, language.ordinals.get(text, 0))


def _written(text: str, following: str, language: Language) -> str | int:
    """Return what written digits are: several of one, what is multiplied, or themselves."""
    if text.endswith("s"):
        return _Plural(text[0])
    counted = len(text) <= _MAX_MULTIPLIED and following in language.magnitudes
    return int(text) if counted else text


def _word(text: str, language: Language) -> str | int | None:
    """Return what a word is; None where it is nothing in a number."""
    if text in language.times:
        return _TIMES
    if text in language.plurals:
        return _Plural(language.plurals[text])
    if text in language.magnitudes:
        return _Magnitude(language.magnitudes[text])
    tables = (language.values, language.beside, language.ordinals)
    return next((table[text] for table in tables if text in table), None)


def is_single(tokens: Sequence[Token], language: Language) -> bool:
    """Say whether tokens are one number, and not several after each other."""
    items = _with_repeated(list(_items(tokens, language)))
    if not isinstance(items[0], int):
        return len(items) == 1
    if items[0] < 0:
        return _repeated("", items, 0)[1] == len(items)
    return _cardinal(items, 0)[1] == len(items)


def _with_repeated(items: list[str | int]) -> list[str | int]:
    """Return items with the digits themselves where it is said how many there are of one."""
    if not any(isinstance(item, (_Plural, _Times)) for item in items):
        return items
    said = [place for place, item in enumerate(items) if item != "" or isinstance(item, _Times)]
    made: list[str | int] = []
    place = number = 0
    while number < len(said):
        made += items[place : said[number]]  # what parts two words
        digits, taken = _several([items[one] for one in said[number : number + 3]])
        made.append(digits if taken else items[said[number]])
        number += taken or 1
        place = said[number - 1] + 1
    return made


def _several(items: Sequence[str | int]) -> tuple[str, int]:
    """Return the digits that items say as how many there are of one, and of how many items."""
    match items:
        case [many, _Plural() as digit, *_] | [many, _Times(), digit] | [digit, many, _Times()]:
            if _is_count(many) and not isinstance(digit, _Times) and _is_count(digit):
                taken = 2 if isinstance(items[1], _Plural) else 3
                return str(int(digit)) * int(many), taken
    return "", 0


def _is_count(item: str | int) -> bool:
    return str(item).isdecimal() and int(item) <= _MAX_REPEATS


def _repeated(made: str, items: Sequence[str | int], place: int) -> tuple[str, int]:
    times, place = -int(items[place]), place + 1
    while place < len(items) and items[place] == "":
        place += 1
    if place == len(items):
        return made, place
    repeated = items[place]
    if isinstance(repeated, int) and repeated < 0:  # double double four
        again, place = _repeated("", items, place)
        return made + again * times, place
    return made + str(repeated) * times, place + 1


def _cardinal(items: Sequence[str | int], place: int) -> tuple[int, int]:
    """Compose one number from here on; return it, and the place after it."""
    total = value = 0
    if _value(items, place) < _THOUSAND:  # mil ciento uno: a thousand may stand by itself
        value, place = _below_thousand(items, place)
    while (magnitude := _value(items, place)) >= _THOUSAND:
        total += max(value, 1) * magnitude
        value, place = 0, place + 1
        if 0 < _value(items, place) < _THOUSAND:
            value, place = _below_thousand(items, place)
    return total + value, place


def _below_thousand(items: Sequence[str | int], place: int) -> tuple[int, int]:
    value, place = _below_hundred(items, place)
    if _multiplies(items, place, _HUNDRED) and 0 < value < _HUNDRED:
        value, place = value * _HUNDRED, place + 1
    if value >= _HUNDRED and value % _HUNDRED == 0 and 0 < _value(items, place) < _HUNDRED:
        rest, place = _below_hundred(items, place)
        value += rest
    return value, place


def _below_hundred(items: Sequence[str | int], place: int) -> tuple[int, int]:
    value, place = _value(items, place), place + 1
    tens = 2 * _TEN <= value < _HUNDRED and value % _TEN == 0
    if tens and 0 < _value(items, place) < _TEN:
        return value + _value(items, place), place + 1
    return value, place


def _multiplies(items: Sequence[str | int], place: int, by: int) -> bool:
    return _value(items, place) == by and isinstance(items[place], _Magnitude)


def _value(items: Sequence[str | int], place: int) -> int:
    """Return the value at a place; below zero where there is none to compose with."""
    item = items[place] if place < len(items) else ""
    return item if isinstance(item, int) else -1
