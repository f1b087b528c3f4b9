"""Numbers in a text: runs of what is written or said as digits, and which digits these are."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from service.redaction.languages import Language
from service.redaction.tokens import Kind, Token

_HUNDRED: Final = 100
_THOUSAND: Final = 1_000
_TEN: Final = 10
MAX_AMOUNT_DIGITS: Final = 7
"""How many digits an amount has at most: more before a unit are none of one."""
_MAX_MULTIPLIED: Final = 3
"""Digits written before a magnitude: 5 thousand, 250 million."""


@dataclass(frozen=True, slots=True)
class Run:
    """Digits that follow each other: the first and the last of their tokens."""

    first: int
    last: int
    digits: str
    """May be empty at the end of a text, which then ends in `double`."""


class Hint(NamedTuple):
    """What is known beside a text of its `oh` and `one`."""

    follows_number: bool = False
    """A number is being said: an `oh`, and a `one` at the beginning, are digits of it."""
    may_go_on: bool = False
    """The text has no end yet: an `oh` at its end may be one."""


_NO_HINT: Final = Hint()


class _Magnitude(int):
    """What multiplies the number before it: hundred does, and Spanish's ciento does not."""


def runs_of(tokens: Sequence[Token], language: Language, hint: Hint = _NO_HINT) -> list[Run]:
    """Find the runs of digits, in order."""
    runs = []
    place = 0
    while place < len(tokens):
        end = _end_of_run(tokens, place, language, hint)
        if end == place:
            place += 1
            continue
        last = _last_of(tokens, place, end, language)
        for first, until in _parted(tokens, place, last, language):
            run = Run(first, until, _digits(tokens[first : until + 1], language))
            if run.digits or until == len(tokens) - 1:
                runs.append(run)
        place = end
    return runs


def _parted(
    tokens: Sequence[Token], first: int, last: int, language: Language
) -> Iterator[tuple[int, int]]:
    """Yield a run, in two if a unit follows: it is only of the last number that was said.

    4539, *one* second is no more an amount than 4539 is.
    """
    own, after = first, tokens[last + 1].text if last + 1 < len(tokens) else ""
    is_short = len(_digits(tokens[first : last + 1], language)) <= MAX_AMOUNT_DIGITS
    if is_short and (after in language.units or after in language.pauses):
        own = _start_of_amount(tokens, first, last, language)
    if own > first:
        yield first, _last_of(tokens, first, own, language)
    yield own, last


def _start_of_amount(tokens: Sequence[Token], first: int, last: int, language: Language) -> int:
    """Return the first token of the last number of a run: forty-*five*, 1,*250*, two *hundred*."""
    own = last
    for place in range(last - 1, first - 1, -1):
        if is_number(tokens, place, language) and _is_single(tokens[place : last + 1], language):
            own = place
    while own - 2 >= first and _is_written_in_one(tokens[own - 2 : own + 1]):
        own -= 2
    return own


def _is_single(tokens: Sequence[Token], language: Language) -> bool:
    """Whether tokens are one number, and not several after each other."""
    items = list(_items(tokens, language))
    if not isinstance(items[0], int) or items[0] < 0:
        return len(items) == 1
    return _cardinal(items, 0)[1] == len(items)


def _is_written_in_one(tokens: Sequence[Token]) -> bool:
    """Whether two numbers are parted by a point or comma alone: 1,250."""
    before, sign, after = tokens
    return (
        before.kind is after.kind is Kind.DIGITS
        and sign.text in ".,:"
        and before.end == sign.start
        and sign.end == after.start
    )


def is_number(tokens: Sequence[Token], place: int, language: Language) -> bool:
    """Say whether a token is digits, or a word for some, wherever it stands."""
    token = tokens[place]
    if token.kind is Kind.DIGITS:
        return True
    return token.kind is Kind.WORD and (
        token.text in language.values or token.text in language.repeats
    )


def _end_of_run(tokens: Sequence[Token], start: int, language: Language, hint: Hint) -> int:
    """Return the token after a run that begins here; the same token if none does."""
    if not _begins(tokens, start, language, hint):
        return start
    end = start + 1
    while end < len(tokens) and _goes_on(tokens, start, end, language):
        end += 1
    return end


def _begins(tokens: Sequence[Token], place: int, language: Language, hint: Hint) -> bool:
    if is_number(tokens, place, language):
        if hint.follows_number and all(_is_between(one, language) for one in tokens[:place]):
            return True
        return not _is_pronoun(tokens, place, language)
    if tokens[place].text not in language.beside:
        return False
    return hint.follows_number or _is_beside(tokens, place, language, hint)


def _is_beside(tokens: Sequence[Token], place: int, language: Language, hint: Hint) -> bool:
    """Whether an `oh` is a digit: beside a number, but for fillers, or where the text ends."""
    after = place + 1
    while after < len(tokens) and _is_between(tokens[after], language):
        after += 1
    if after < len(tokens):
        is_digit = _is_digit_word(tokens[after], language)
    else:
        is_digit = hint.may_go_on or all(
            token.kind is Kind.SIGN or token.text in language.beside for token in tokens[place:]
        )
    return is_digit or _follows_number(tokens, place, language)


def _follows_number(tokens: Sequence[Token], place: int, language: Language) -> bool:
    before = place - 1
    while before >= 0 and _is_between(tokens[before], language):
        before -= 1
    return before >= 0 and _is_digit_word(tokens[before], language)


def _is_between(token: Token, language: Language) -> bool:
    return (
        token.kind is Kind.SIGN
        or token.text in language.beside
        or token.text in language.hesitations
        or token.text in language.fillers
    )


def _is_digit_word(token: Token, language: Language) -> bool:
    return (
        token.kind is Kind.DIGITS or token.text in language.repeats or token.text in language.values
    )


def _is_pronoun(tokens: Sequence[Token], place: int, language: Language) -> bool:
    """Whether `one` stands with a word that makes it no number: one moment, that one."""
    if tokens[place].text not in language.pronoun or _follows_number(tokens, place, language):
        return False
    after = tokens[place + 1] if place + 1 < len(tokens) else None
    if after is not None and _is_of_number(after, language):
        return False
    if place and tokens[place - 1].text in language.before_pronoun:
        return True
    return after is not None and after.kind is Kind.WORD and after.text not in language.fillers


def _is_of_number(token: Token, language: Language) -> bool:
    """Whether a word after `one` makes it a number."""
    return (
        _is_digit_word(token, language)
        or token.text in language.beside
        or token.text in language.magnitudes
        or token.text in language.hesitations
        or token.text in language.units
    )


def _goes_on(tokens: Sequence[Token], start: int, place: int, language: Language) -> bool:
    token = tokens[place]
    if token.kind is Kind.SIGN:
        return True
    if is_number(tokens, place, language):
        return not _is_pronoun(tokens, place, language)
    if token.kind is not Kind.WORD:
        return False
    if token.text in language.hesitations or token.text in language.beside:
        return True
    before = tokens[place - 1].text
    if token.text in language.magnitudes:
        return before in language.values or before in language.magnitudes or before.isdecimal()
    return token.text in language.joiners and _joins(tokens, start, place, language)


def _joins(tokens: Sequence[Token], start: int, place: int, language: Language) -> bool:
    """Whether a joiner is inside a number: one hundred *and* two; treinta *y* uno."""
    if place + 1 >= len(tokens) or place == start:
        return False
    before, after = tokens[place - 1].text, language.values.get(tokens[place + 1].text)
    if after is None or after == 0:
        return False
    if before in language.magnitudes:
        return after < _HUNDRED
    value = language.values.get(before, 0)
    joins = tokens[place].text in language.joins_tens
    return joins and value >= _TEN and value % _TEN == 0 and after < _TEN


def _last_of(tokens: Sequence[Token], start: int, end: int, language: Language) -> int:
    """Return the last token of a run that is more than a sign or a hesitation."""
    last = end - 1
    while last > start and not (
        _is_digit_word(tokens[last], language)
        or tokens[last].text in language.magnitudes
        or tokens[last].text in language.beside
    ):
        last -= 1
    return last


def _digits(tokens: Sequence[Token], language: Language) -> str:
    """Return the digits of a run: forty-one eleven is 4111, one hundred and two is 102."""
    items = list(_items(tokens, language))
    made, place = "", 0
    while place < len(items):
        item = items[place]
        if isinstance(item, str):
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
            counted = len(text) <= _MAX_MULTIPLIED and following in language.magnitudes
            yield int(text) if counted else text
        elif text in language.repeats:
            yield -language.repeats[text]
        elif text in language.hesitations or (token.kind is Kind.SIGN and text != "-"):
            yield ""
        elif text in language.magnitudes:
            yield _Magnitude(language.magnitudes[text])
        elif text in language.bare_tens and 0 < language.values.get(following, 0) < _TEN:
            yield from (language.values[text], "")
        else:
            for table in (language.values, language.beside):
                if text in table:
                    yield table[text]
                    break


def _repeated(made: str, items: Sequence[str | int], place: int) -> tuple[str, int]:
    times, place = -int(items[place]), place + 1
    while place < len(items) and items[place] == "":
        place += 1
    if place == len(items):
        return made, place
    repeated = items[place]
    if isinstance(repeated, int) and repeated < 0:
        return made, place
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
