"""Numbers that are no secret: amounts, dates, times, years. Told by what stands beside them."""

import re
from bisect import bisect_left
from collections.abc import Sequence
from enum import Enum, auto
from typing import Final

from service.redaction.languages import Language
from service.redaction.numbers import MAX_AMOUNT_DIGITS, Run
from service.redaction.tokens import Kind, Token

_MAX_PRICE_DIGITS: Final = 10
_PRICED: Final = frozenset("$€£¥")
_CLOCK: Final = re.compile(r"(?:[01]?\d|2[0-4]):[0-5]\d(?::[0-5]\d)?")
_DATE: Final = re.compile(
    r"(?:19|20)\d\d-[01]?\d-[0-3]?\d|[0-3]?\d([/.-])[0-3]?\d\1(?:(?:19|20)\d\d|\d\d)"
)
_YEAR: Final = re.compile(r"(?:19|20)\d\d")
_DAY: Final = r"(?:0?[1-9]|[12]\d|3[01])"
_DAY_AND_YEAR: Final = re.compile(rf"{_DAY}?(?:(?:19|20)\d\d)?")
_TIME: Final = re.compile(r"(?:[01]?\d|2[0-3])(?:[0-5]\d)?")
_ROUND: Final = re.compile(r"[1-9]\d{0,2}(?:000)+")
_MAX_PAUSE: Final = 2
"""So many seconds or minutes one is asked to wait in the middle of a number."""
_MAX_LENGTH: Final = 19
"""How many digits a card has at most."""
_RANGE: Final = 2
"""How many tokens after the first of two moments the second begins."""
_NEAR_MONTH: Final = 3
"""How many words before or after a date its month may stand."""
_BESIDE_MONTH: Final = 1
"""How many where a card is read out: may is no month everywhere."""


class Exemption(Enum):
    """Why a number may be shown."""

    AMOUNT = auto()
    """By a unit, or a form of its own."""
    MOMENT = auto()
    """By the word before it, unless a number is being read out."""


class Caution(Enum):
    """What is known of the number that is being said."""

    NONE = auto()
    NAMED = auto()
    """It is one that is to be hidden: what has the form of a date or time may be part of it."""
    CARD = auto()
    """It is a card or its code: no number is none of it but money and dates with a month."""


def exemption_of(
    said: tuple[str, Sequence[Token], Language],
    run: Run,
    caution: Caution,
    *,
    moment: int | None,
    is_open: bool,
) -> Exemption | None:
    """Return why a number of a text may be shown; None where nothing speaks for it.

    `moment` is the last token of the last number that was a moment: from nine thirty *to ten*.
    `is_open` says whether digits were said before it: then november is a letter.
    """
    text, tokens, language = said
    written = text[tokens[run.first].start : tokens[run.last].end]
    if caution is Caution.CARD:
        is_amount = (
            is_money(tokens, run, language)
            or _is_said_between(tokens, run, language)
            or _is_of_month(tokens, run, language, within=_BESIDE_MONTH, is_open=is_open)
        )
        return Exemption.AMOUNT if is_amount else None
    if (
        is_money(tokens, run, language)
        or _is_said_between(tokens, run, language)
        or _is_counted(tokens, run, language)
        or _is_of_month(tokens, run, language, within=_NEAR_MONTH, is_open=is_open)
        or (caution is Caution.NONE and (_CLOCK.fullmatch(written) or _DATE.fullmatch(written)))
    ):
        return Exemption.AMOUNT
    return _by_sentence(tokens, run, language, moment=moment)


def is_undecided(tokens: Sequence[Token], run: Run, language: Language) -> bool:
    """Say whether a text that goes on may end before it says what a number is: 737 am (I right)."""
    after = len(tokens) - 1 - run.last
    return after == 0 or (after == 1 and tokens[-1].text in language.of_times)


def is_pause(tokens: Sequence[Token], run: Run, language: Language) -> bool:
    """Say whether a number is how long to wait: it ends no other."""
    return any(token.text in language.pauses for token in tokens[run.last + 1 : run.last + 2])


def begins_number(tokens: Sequence[Token], word: Token) -> bool:
    """Say whether digits follow a word that begins a number: order 45, not *in that order*."""
    after = bisect_left(tokens, word.end, key=lambda token: token.start)
    return after < len(tokens) and tokens[after].kind is Kind.DIGITS


def _by_sentence(
    tokens: Sequence[Token], run: Run, language: Language, *, moment: int | None
) -> Exemption | None:
    before = tokens[run.first - 1] if run.first else None
    if before is None:
        return None
    goes_on = moment == run.first - _RANGE and before.text in language.ranges
    spoken = tokens[run.last].text in language.magnitudes
    if (
        (_YEAR.fullmatch(run.digits) and (goes_on or before.text in language.before_years))
        or (_TIME.fullmatch(run.digits) and (goes_on or before.text in language.before_times))
        or (spoken and _ROUND.fullmatch(run.digits))
    ):
        return Exemption.MOMENT
    return None


def _unit(tokens: Sequence[Token], run: Run, language: Language) -> Token | None:
    """Return the word that may say what a number is an amount of: dos millones *de euros*."""
    place = run.last + 1
    spoken = tokens[run.last].text in language.magnitudes
    if spoken and place < len(tokens) and tokens[place].text in language.before_units:
        place += 1
    return tokens[place] if place < len(tokens) else None


def is_money(tokens: Sequence[Token], run: Run, language: Language) -> bool:
    """Say whether a number is money: by a sign before it, or a word after it."""
    count = len(run.digits)
    if run.first and tokens[run.first - 1].text in _PRICED:
        return count <= _MAX_PRICE_DIGITS
    after = _unit(tokens, run, language)
    if after is None or count > MAX_AMOUNT_DIGITS:
        return False
    return after.text in language.money or after.text in _PRICED


def _is_said_between(tokens: Sequence[Token], run: Run, language: Language) -> bool:
    """Whether a number is how long to wait, as a word (one second), or of how many digits one is.

    The latter is asked for: the *three* digits on the back.
    """
    if run.first != run.last or run.last + 1 >= len(tokens):
        return False
    after = tokens[run.last + 1].text
    if after in language.lengths:
        return 0 < int(run.digits[:3] or 0) <= _MAX_LENGTH
    value = language.values.get(tokens[run.first].text, 0)
    return 0 < value <= _MAX_PAUSE and after in language.pauses


def _is_counted(tokens: Sequence[Token], run: Run, language: Language) -> bool:
    """Whether a unit says what a number is: five percent, 9 am; but not 4539, second group."""
    after = _unit(tokens, run, language)
    if after is None or len(run.digits) > MAX_AMOUNT_DIGITS or after.text not in language.units:
        return False
    if after.text in language.of_one:
        return run.digits == "1"
    if after.text not in language.of_times:
        return True
    following = tokens[run.last + 2 : run.last + 3]
    return not any(token.text in language.after_no_time for token in following)


def _is_of_month(
    tokens: Sequence[Token], run: Run, language: Language, *, within: int, is_open: bool
) -> bool:
    if not run.digits or not _DAY_AND_YEAR.fullmatch(run.digits):
        return False
    around = (
        *range(max(0, run.first - within), run.first),
        *range(run.last + 1, min(len(tokens), run.last + 1 + within)),
    )
    beside = (*tokens[max(0, run.first - 1) : run.first], *tokens[run.last + 1 : run.last + 2])
    is_open = is_open or any(_is_letter(one, language) for one in beside)
    return any(_is_month(tokens, place, language, is_open=is_open) for place in around)


def _is_letter(token: Token, language: Language) -> bool:
    """Whether a word is a letter alone, and neither a month nor another word: x, but not a."""
    others = language.months | language.fillers
    return language.spells(token.text) and token.text not in others


def _is_month(tokens: Sequence[Token], place: int, language: Language, *, is_open: bool) -> bool:
    """Whether a word is a month, and no letter of the phonetic alphabet: 7 *november* 4, tango."""
    word = tokens[place].text
    if word not in language.months or word not in language.letters:
        return word in language.months
    sides = (*tokens[max(0, place - 1) : place], *tokens[place + 1 : place + 2])
    if any(_YEAR.fullmatch(one.text) for one in sides):
        return True
    digits = [one for one in sides if one.kind is Kind.DIGITS or one.text in language.digit_words]
    is_letter = is_open or len(digits) > 1 or any(language.spells(one.text) for one in sides)
    return not (is_letter or _goes_on_behind(tokens, place + 1, language))


def _goes_on_behind(tokens: Sequence[Token], place: int, language: Language) -> bool:
    """Whether a number is read out from here on, with a word in it: november 7 *apple 27*.

    A time of that day is none: november 7 *at 10*.
    """
    if len(tokens) <= place + _RANGE:
        return False
    of_time = language.before_times | language.ranges | language.of_times
    first, between, then = tokens[place : place + _RANGE + 1]
    numbers = (one.kind is Kind.DIGITS or one.text in language.digit_words for one in (first, then))
    return between.kind is Kind.WORD and between.text not in of_time and all(numbers)
