"""Numbers in a text: runs of what is written or said as digits, and which digits these are."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from service.redaction.digits import digits_of, is_single
from service.redaction.languages import Language
from service.redaction.tokens import Kind, Token

_HUNDRED: Final = 100
_TEN: Final = 10
MAX_AMOUNT_DIGITS: Final = 7
"""How many digits an amount has at most: more before a unit are none of one."""
_RANGE: Final = 2
"""How many tokens a digit and how often it is are, or a number and a word behind it."""


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
            run = Run(first, until, digits_of(tokens[first : until + 1], language))
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
    is_short = len(digits_of(tokens[first : last + 1], language)) <= MAX_AMOUNT_DIGITS
    if is_short and (after in language.units or after in language.pauses):
        own = last
        if not _is_a_moment(tokens[last], after, language):
            own = _start_of_amount(tokens, first, last, language)
    if own > first:
        yield first, _last_of(tokens, first, own, language)
    yield own, last


def _is_a_moment(word: Token, unit: str, language: Language) -> bool:
    """Whether it is *one* minute, behind whatever number: nine hundred and thirty, one minute."""
    return word.text in language.pronoun and unit in language.pauses and not unit.endswith("s")


def _start_of_amount(tokens: Sequence[Token], first: int, last: int, language: Language) -> int:
    """Return the first token of the last number of a run: forty-*five*, 1,*250*, two *hundred*."""
    own = last
    for place in range(last - 1, first - 1, -1):
        if is_number(tokens, place, language) and is_single(tokens[place : last + 1], language):
            own = place
    while own - 2 >= first and _is_written_in_one(tokens[own - 2 : own + 1]):
        own -= 2
    return own


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


def unsure_in(tokens: Sequence[Token], runs: Sequence[Run], language: Language) -> frozenset[int]:
    """Return where an `oh` or a `one` is that is in no run and may be a digit all the same.

    It is the last word, and the next text may go on with two; or one word stands between it and a
    number: *oh*, apple, zero.
    """
    places = {place for run in runs for place in range(run.first, run.last + 1)}
    last = len(tokens) - 1
    return frozenset(
        place
        for place, token in enumerate(tokens)
        if (token.text in language.pronoun or token.text in language.beside)
        and place not in places
        and (place == last or _is_near_another(tokens, place, language))
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
        if hint.follows_number and all(is_between(one, language) for one in tokens[:place]):
            return True
        return not _is_pronoun(tokens, place, language)
    if is_ordinal(tokens[place], language):
        return any(is_ordinal(one, language) for one in tokens[place + 1 : place + 2])
    if tokens[place].text in language.plurals:
        return _is_left_of_several(tokens, place, language)
    if tokens[place].text not in language.beside:
        return False
    return hint.follows_number or _is_beside(tokens, place, language, hint)


def _is_left_of_several(tokens: Sequence[Token], place: int, language: Language) -> bool:
    """Whether a text begins with several of a digit: how many was said before a seam."""
    before, after = tokens[:place], tokens[place + 1 : place + 2]
    return all(one.kind is Kind.SIGN or one.text in language.hesitations for one in before) and all(
        _is_digit_of(one, language) or is_between(one, language) for one in after
    )


def _is_beside(tokens: Sequence[Token], place: int, language: Language, hint: Hint) -> bool:
    """Whether an `oh` is a digit: beside a number, but for fillers, or where the text ends."""
    after = place + 1
    while after < len(tokens) and is_between(tokens[after], language):
        after += 1
    if after < len(tokens):
        is_digit = (
            _is_digit_word(tokens[after], language)
            or (
                is_ordinal(tokens[after], language)
                and (
                    language.ordinals.get(tokens[after].text) != 1  # oh, first of all
                    or any(_is_digit_word(one, language) for one in tokens[:place])
                )
            )
        )
    else:
        is_digit = hint.may_go_on or _is_said_again(tokens[place:], language)
    return is_digit or _follows_number(tokens, place, language)


def _is_said_again(tokens: Sequence[Token], language: Language) -> bool:
    """Whether the end of a text is an `oh` alone, or several: oh, no, sorry, oh."""
    if all(one.kind is Kind.SIGN or one.text in language.beside for one in tokens):
        return True
    is_several = any(one.text in language.beside for one in tokens[1:])
    return is_several and not any(one.text in language.exclaims for one in tokens)


def _follows_number(tokens: Sequence[Token], place: int, language: Language) -> bool:
    before = place - 1
    while before >= 0 and (
        is_between(tokens[before], language) or _ends_none(tokens[before], language)
    ):
        before -= 1
    return before >= 0 and _is_digit_word(tokens[before], language)


def _ends_none(token: Token, language: Language) -> bool:
    """Whether a word behind a digit ends no number: two *times*, one *second*, 7 *am* (I right)."""
    text = token.text
    return text in language.times or text in language.pauses or text in language.of_times


def is_between(token: Token, language: Language) -> bool:
    """Say whether a token may stand between two digits of a number: and, uh, x, a comma."""
    return (
        token.kind is Kind.SIGN
        or token.text in language.beside
        or token.text in language.hesitations
        or token.text in language.fillers
        or language.spells(token.text)
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
    if _is_near_another(tokens, place, language):
        return False
    if place and tokens[place - 1].text in language.before_pronoun:
        return True
    return after is not None and after.kind is Kind.WORD and after.text not in language.fillers


def _is_of_number(token: Token, language: Language) -> bool:
    """Whether a word after `one` makes it a number."""
    return (
        _is_digit_of(token, language)
        or token.text in language.times
        or token.text in language.magnitudes
        or token.text in language.hesitations
        or token.text in language.units
        or language.spells(token.text)
    )


def _is_near_another(tokens: Sequence[Token], place: int, language: Language) -> bool:
    """Whether one word stands between a number and another: four, apple, *one*."""
    for between, other in ((place - 1, place - _RANGE), (place + 1, place + _RANGE)):
        if not (0 <= other < len(tokens) and _is_digit_word(tokens[other], language)):
            continue
        word = tokens[between].text
        if word not in language.units and word not in language.before_pronoun:
            return True
    return False


def _goes_on(tokens: Sequence[Token], start: int, place: int, language: Language) -> bool:
    token = tokens[place]
    if token.kind is Kind.SIGN:
        return True
    if is_number(tokens, place, language):
        return not _is_pronoun(tokens, place, language)
    if is_ordinal(token, language) or token.text in language.plurals:
        before = tokens[place - 1]
        return _is_digit_of(before, language) or before.kind is Kind.SIGN
    if token.text in language.times:
        return _repeats(tokens, start, place, language)
    return _is_inside(tokens, start, place, language)


def _is_inside(tokens: Sequence[Token], start: int, place: int, language: Language) -> bool:
    """Whether a word that is no number by itself is inside of one."""
    token = tokens[place]
    if token.text in language.hesitations or token.text in language.beside:
        return True
    before = tokens[place - 1].text
    if token.text in language.magnitudes:
        return before in language.values or before in language.magnitudes or before.isdecimal()
    return token.text in language.joiners and _joins(tokens, start, place, language)


def is_ordinal(token: Token, language: Language) -> bool:
    """Say whether a token may be a digit that an engine takes for an ordinal: fourth, 4th."""
    return token.kind is Kind.ORDINAL or token.text in language.ordinals


def _is_digit_of(token: Token, language: Language) -> bool:
    """Whether a token is a digit, or one of several, where it stands in a run."""
    return (
        _is_digit_word(token, language)
        or token.text in language.beside
        or token.text in language.plurals
        or is_ordinal(token, language)
    )


def _repeats(tokens: Sequence[Token], start: int, place: int, language: Language) -> bool:
    """Whether a word says how often a digit is: four *times* one; one four *times*."""
    if place == start or not _is_digit_word(tokens[place - 1], language):
        return False
    if place + 1 < len(tokens) and _is_digit_word(tokens[place + 1], language):
        return True
    two = tokens[max(start, place - _RANGE) : place]
    return all(_is_digit_word(one, language) for one in two) and not is_single(two, language)


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
        tokens[last].text in language.magnitudes
        or tokens[last].text in language.times
        or _is_digit_of(tokens[last], language)
    ):
        last -= 1
    return last
