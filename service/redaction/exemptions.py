"""Numbers that are no secret: amounts, dates, times, years. Told by what stands beside them."""

import re
from collections.abc import Sequence
from enum import Enum, auto
from typing import Final

from service.redaction.languages import Language
from service.redaction.numbers import Run
from service.redaction.tokens import Kind, Token

_MAX_AMOUNT_DIGITS: Final = 7
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
_MAX_PROSE_DIGITS: Final = 2
_RANGE: Final = 2
"""How many tokens after the first of two moments the second begins."""
_NEAR_MONTH: Final = 3
"""How many words before or after a date its month may stand."""


class Exemption(Enum):
    """Why a number may be shown."""

    AMOUNT = auto()
    """By a unit, or a form of its own: whatever was said before, a number is over with it."""
    MOMENT = auto()
    """By the word before it, unless a number is being read out."""
    PROSE = auto()
    """A small number in the middle of a sentence."""


def exemption_of(
    text: str, tokens: Sequence[Token], run: Run, language: Language, *, moment: int | None
) -> Exemption | None:
    """Return why a number may be shown; None where nothing speaks for it.

    `moment` is the last token of the last number that was a moment: from nine thirty *to ten*.
    """
    written = text[tokens[run.first].start : tokens[run.last].end]
    before = tokens[run.first - 1] if run.first else None
    after = tokens[run.last + 1] if run.last + 1 < len(tokens) else None
    if (
        _is_amount(run, before, _unit(tokens, run, language), language)
        or _CLOCK.fullmatch(written)
        or _DATE.fullmatch(written)
        or _is_of_month(tokens, run, language)
    ):
        return Exemption.AMOUNT
    if before is None:
        return None
    if len(run.digits) <= _MAX_PROSE_DIGITS and _is_between(before, after, language):
        return Exemption.PROSE
    goes_on = moment == run.first - _RANGE and before.text in language.ranges
    spoken = tokens[run.last].text in language.magnitudes
    if (
        (_YEAR.fullmatch(run.digits) and (goes_on or before.text in language.before_years))
        or (_TIME.fullmatch(run.digits) and (goes_on or before.text in language.before_times))
        or (spoken and _ROUND.fullmatch(run.digits))
    ):
        return Exemption.MOMENT
    return None


def _is_between(before: Token, after: Token | None, language: Language) -> bool:
    return after is not None and _is_plain(before, language) and _is_plain(after, language)


def _is_plain(token: Token, language: Language) -> bool:
    """Whether a word is of a sentence, and nothing that is said between groups of a number."""
    return token.kind is Kind.WORD and token.text not in (
        language.fillers | language.hesitations | language.beside.keys() | language.repeats.keys()
    )


def _unit(tokens: Sequence[Token], run: Run, language: Language) -> Token | None:
    """Return the word that may say what a number is an amount of: dos millones *de euros*."""
    place = run.last + 1
    spoken = tokens[run.last].text in language.magnitudes
    if spoken and place < len(tokens) and tokens[place].text in language.before_units:
        place += 1
    return tokens[place] if place < len(tokens) else None


def _is_amount(run: Run, before: Token | None, after: Token | None, language: Language) -> bool:
    count = len(run.digits)
    if before is not None and before.text in _PRICED:
        return count <= _MAX_PRICE_DIGITS
    if after is None or count > _MAX_AMOUNT_DIGITS:
        return False
    return after.text in language.units or after.text in _PRICED


def _is_of_month(tokens: Sequence[Token], run: Run, language: Language) -> bool:
    if not run.digits or not _DAY_AND_YEAR.fullmatch(run.digits):
        return False
    around = (
        *tokens[max(0, run.first - _NEAR_MONTH) : run.first],
        *tokens[run.last + 1 : run.last + 1 + _NEAR_MONTH],
    )
    return any(token.kind is Kind.WORD and token.text in language.months for token in around)
