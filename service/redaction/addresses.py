"""E-mail addresses, written and spoken, and IBANs with letters inside: which tokens they are."""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from service.redaction.labels import Kind as Hidden
from service.redaction.labels import Label, is_iban
from service.redaction.languages import Language
from service.redaction.numbers import is_number
from service.redaction.tokens import Kind, Token

_WRITTEN: Final = re.compile(
    r"(?<![\w.+%-])[\w.+%-]+\s?[@﹫＠](?:\s?[\w.@﹫＠+%-]*\w)?",  # noqa: RUF001 - also the wide one
    re.ASCII,
)
"""It begins where a word does, so that each sign is looked at once."""
_LOCAL: Final = re.compile(
    r"(?<![\w.+%-])[a-z](?:[\w%-]*[._+][\w.+%-]*\w|[a-z]*\d\w*)\Z", re.ASCII | re.IGNORECASE
)
"""A text that ends in what is written like the part before an at sign: john.smith, john85."""
_IBAN: Final = re.compile(r"\b[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]{4}){2,7}(?:[ -]?[A-Z0-9]{1,4})?\b")
_MIN_IBAN_DIGITS: Final = 8
_MAX_DOMAIN: Final = 3
"""How many words a domain has before its dot."""
_MIN_SPELLED: Final = 2


@dataclass(frozen=True, slots=True)
class Place:
    """From which sign of the text to which, and what stands there."""

    start: int
    end: int
    label: Label


def addresses_in(
    text: str,
    tokens: Sequence[Token],
    language: Language,
    kinds: Collection[Hidden],
    *,
    expected: bool,
) -> dict[int, Place]:
    """Return addresses of some kinds by their first sign; they are hidden whatever was said."""
    places: list[Place] = []
    if "email" in kinds:
        places += emails_in(text, tokens, language, expected=expected)
    if "iban" in kinds:
        places += ibans_in(text)
    found: dict[int, Place] = {}
    last: Place | None = None
    for place in sorted(places, key=lambda one: one.start):
        goes_on = last is not None and place.start < last.end  # a@b.example at c dot d
        last = replace(last, end=max(last.end, place.end)) if last and goes_on else place
        found[last.start] = last
    return found


def ibans_in(text: str) -> Iterator[Place]:
    """Yield what has the form of an IBAN; where it does not add up, it is a number all the same."""
    for match in _IBAN.finditer(text):
        if sum(sign.isdigit() for sign in match[0]) >= _MIN_IBAN_DIGITS:
            label = Label.IBAN if is_iban(match[0].replace("-", "")) else Label.NUMBER
            yield Place(match.start(), match.end(), label)


def emails_in(
    text: str, tokens: Sequence[Token], language: Language, *, expected: bool
) -> Iterator[Place]:
    """Yield e-mail addresses, with an at sign or with words for their signs, in order.

    Where one is `expected`, also what is spelled by letters, and a domain by itself.
    """
    for match in _WRITTEN.finditer(text):
        yield Place(match.start(), match.end(), Label.EMAIL)
    if expected and (local := _LOCAL.search(text.rstrip())):
        yield Place(local.start(), local.end(), Label.EMAIL)
    after = 0
    for place, token in enumerate(tokens):
        if place < after:
            continue
        found = _spoken(tokens, place, language, expected=expected)
        if found is None and _is_bracketed(tokens, place, language):
            found = _local_start(tokens, place - 1, language), _end(tokens, place, language)
        if found is not None and found[0] >= after:
            first, after = found
            yield Place(tokens[first].start, tokens[after - 1].end, Label.EMAIL)
        elif expected and (last := _spelled(tokens, place, language)) - place >= _MIN_SPELLED:
            after = last
            yield Place(token.start, tokens[last - 1].end, Label.EMAIL)


def without(tokens: Sequence[Token], places: Collection[Place]) -> Iterator[Token]:
    """Yield the tokens; those of an address are none that a number may go on over."""
    for token in tokens:
        inside = any(place.start <= token.start < place.end for place in places)
        yield token._replace(kind=Kind.LABEL, text="") if inside else token


def open_email(tokens: Sequence[Token], language: Language) -> int | None:
    """Return the first token of an address that the text may end in; None where there is none."""
    last = len(tokens) - 1
    while last >= 0 and tokens[last].text in ".,":
        last -= 1
    if last < 0:
        return None
    for at in range(last, max(-1, last - _MAX_DOMAIN - 1), -1):
        if tokens[at].text not in language.at:
            continue
        first = _local_start(tokens, at - 1, language)
        if _may_be_domain(tokens, at + 1, language, is_plain=first < at - 1):
            return first
    if _is_part(tokens, last, language) or (last and tokens[last - 1].text in language.dot):
        first = _local_start(tokens, last, language)
        spelled = any(
            tokens[one].kind is Kind.WORD and not is_number(tokens, one, language)
            for one in range(first, last + 1)
        )
        return first if spelled and last - first >= _MIN_SPELLED - 1 else None
    return None


def open_written(
    text: str, tokens: Sequence[Token], language: Language, *, expected_after: int | None
) -> int | None:
    """Return the last token where it may be written with an at sign in a moment; None: it may not.

    After a place, where one is expected, any word may be one.
    """
    if not tokens:
        return None
    if match := _LOCAL.search(text.rstrip()):
        return next(place for place, one in enumerate(tokens) if one.end > match.start())
    last = tokens[-1]
    if expected_after is None or last.start < expected_after or last.kind is not Kind.WORD:
        return None
    return None if last.text in language.fillers | language.hesitations else len(tokens) - 1


def _spoken(
    tokens: Sequence[Token], place: int, language: Language, *, expected: bool
) -> tuple[int, int] | None:
    """Return from where to where an address goes whose `dot` is at a place, if it is one's."""
    if not _is_dot(tokens, place, language) or place + 1 >= len(tokens):
        return None
    end = _end(tokens, place, language)
    for at in range(place - 2, max(-1, place - 2 - _MAX_DOMAIN), -1):
        if any(token.kind is Kind.LABEL for token in tokens[at + 1 : place + 2]):
            break
        if tokens[at].text in language.at:
            return _local_start(tokens, at - 1, language), end
    is_said = tokens[place].text in language.dot
    if expected and is_said and place and tokens[place - 1].kind is Kind.WORD:
        return _local_start(tokens, place - 1, language), end
    return None


def _end(tokens: Sequence[Token], place: int, language: Language) -> int:
    """Return the token after the word behind an at or a dot, and those behind further dots."""
    end = place + 2
    while end + 1 < len(tokens) and _is_dot(tokens, end, language):
        end += 2
    return min(end, len(tokens))


def _is_bracketed(tokens: Sequence[Token], place: int, language: Language) -> bool:
    """Whether an at stands in brackets: john (at) example is an address as it is."""
    token, following = tokens[place], tokens[place + 1 : place + 2]
    if token.text not in language.at or token.end - token.start == len(token.text):
        return False
    return not any(one.text in language.after_at for one in following)


def _is_dot(tokens: Sequence[Token], place: int, language: Language) -> bool:
    """Whether a token is a dot, said or written: example *dot* com, example.com."""
    if tokens[place].text != ".":
        return tokens[place].text in language.dot
    if not 0 < place < len(tokens) - 1:
        return False
    before, sign, after = tokens[place - 1 : place + 2]
    is_close = before.end == sign.start and sign.end == after.start
    return is_close and before.kind is after.kind is Kind.WORD


def _may_be_domain(
    tokens: Sequence[Token], place: int, language: Language, *, is_plain: bool
) -> bool:
    """Whether what follows an `at` to the end of the text may be the beginning of a domain.

    It may be several words where what is before the `at` is plainly an address.
    """
    words = tokens[place:]
    if not words:
        return True
    first = words[0]
    if first.kind is not Kind.WORD or first.text in language.after_at:
        return False
    return not is_number(tokens, place, language) and (
        is_plain or len(words) == 1 or words[1].text in language.dot
    )


def _local_start(tokens: Sequence[Token], last: int, language: Language) -> int:
    """Return where the part before an at begins that ends here: one word, or what is spelled."""
    first = max(last, 0)
    while first > 0 and (
        tokens[first].text in language.separators
        or tokens[first - 1].text in language.separators
        or _is_letter(tokens, first - 1, language)
    ):
        first -= 1
    return first


def _is_part(tokens: Sequence[Token], place: int, language: Language) -> bool:
    return tokens[place].text in language.separators or _is_letter(tokens, place, language)


def _is_letter(tokens: Sequence[Token], place: int, language: Language) -> bool:
    """Whether a token is a letter or digit that is spelled, or what joins two."""
    token = tokens[place]
    if token.kind is Kind.WORD and language.spells(token.text):
        return token.text not in ("a", "i", "y")
    return token.text in "-_" or is_number(tokens, place, language)


def _spelled(tokens: Sequence[Token], place: int, language: Language) -> int:
    """Return the token after letters that are spelled from here on; the same if there are none."""
    end = place
    while end < len(tokens) and (
        (tokens[end].kind is Kind.WORD and language.spells(tokens[end].text))
        or (end > place and tokens[end].text in language.separators)
    ):
        end += 1
    return end
