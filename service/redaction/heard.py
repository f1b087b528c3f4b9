"""What engines write for what was said: numbers in one word, words that sound like digits.

They become the words that were meant, each where it stands in the text, before anything is counted:
`fourfive` is four and five, `one ate two` is one, eight, two, and `(at)` is an at.
"""

import re
from collections.abc import Sequence
from functools import cache
from typing import Final

from service.redaction.languages import Language
from service.redaction.numbers import Hint
from service.redaction.tokens import Kind, Token

_CLOSED_BY: Final = {"(": ")", "[": "]", "{": "}", "<": ">"}
_MIN_TOGETHER: Final = 5
"""How many letters two number words have at least: ohone."""
_MIN_READ: Final = 3
"""From so many digits one after the other on a number is being read out."""
_TEN: Final = 10


def parted(tokens: list[Token], language: Language) -> list[Token]:
    """Part numbers that are written in one word, and take brackets into the at that is in them."""
    beginnings = _beginnings(language)
    if not any(
        token.text[:2] in beginnings
        and len(token.text) >= _MIN_TOGETHER
        and token.text not in language.values
        if token.kind is Kind.WORD
        else token.kind is Kind.LABEL or token.text in _CLOSED_BY
        for token in tokens
    ):
        return tokens
    made: list[Token] = []
    for place, token in enumerate(tokens):
        if token.kind is Kind.SIGN and _is_bracket(tokens, place, language):
            continue
        if token.kind is Kind.LABEL and _is_sign(token.text[1:-1], language):
            made.append(token._replace(kind=Kind.WORD, text=token.text[1:-1]))
        elif _is_sign(token.text, language) and _is_bracket(tokens, place + 1, language):
            made.append(token._replace(start=tokens[place - 1].start, end=tokens[place + 1].end))
        else:
            made += _apart(token, language)
    return made


def sounded(tokens: list[Token], language: Language, hint: Hint) -> list[Token]:
    """Take words for the digits that they sound like, where they stand among digits."""
    if not any(token.text in language.homophones for token in tokens):
        return tokens
    made = tokens.copy()
    for place, token in enumerate(tokens):
        digit = language.homophones.get(token.text)
        if digit is not None and _is_meant(made, place, language, hint):
            made[place] = token._replace(text=digit)
    return made


def _is_bracket(tokens: Sequence[Token], place: int, language: Language) -> bool:
    """Whether a token is a bracket around an at or a dot alone."""
    for first in (place, place - 2):
        match [one.text for one in tokens[max(first, 0) : first + 3]]:
            case [opening, inside, closing] if _is_sign(inside, language):
                return _CLOSED_BY.get(opening) == closing
    return False


def _is_sign(word: str, language: Language) -> bool:
    return word in language.at or word in language.dot


def _apart(token: Token, language: Language) -> list[Token]:
    """Return the number words of which a word is made; itself where it is none, or is one."""
    is_word = token.kind is Kind.WORD and len(token.text) >= _MIN_TOGETHER
    if not is_word or not _together(language).fullmatch(token.text):
        return [token]
    made, start = [], token.start
    for word in _first_words(token.text, language):
        made.append(Token(Kind.WORD, word, start, start + len(word)))
        start += len(word)
    return made


def _first_words(text: str, language: Language) -> list[str]:
    """Return the words of a text that is made of number words, each as long as may be."""
    words = _number_words(language)
    if text in words:
        return [text]
    for word in words:
        if text.startswith(word) and _together(language).fullmatch(text[len(word) :]):
            return [word, *_first_words(text[len(word) :], language)]
    return [text]


@cache
def _number_words(language: Language) -> list[str]:
    """Return words that numbers are made of, the longest first; a letter is none of them."""
    known = {*language.digit_words, *language.magnitudes, *language.plurals}
    return sorted((word for word in known if len(word) > 1), key=len, reverse=True)


@cache
def _beginnings(language: Language) -> frozenset[str]:
    """Return the first two letters of each of them."""
    return frozenset(word[:2] for word in _number_words(language))


@cache
def _together(language: Language) -> re.Pattern[str]:
    return re.compile(f"(?:{'|'.join(_number_words(language))})+")


def _is_meant(tokens: Sequence[Token], place: int, language: Language, hint: Hint) -> bool:
    """Whether a word that sounds like a digit is one: one *ate* two, four *for* five.

    A word that often stands beside numbers (two *for* me) needs digits on either side, or stands
    behind some at the end of the text, or goes on with a number that is being read out.
    """
    words, following = (_words(side, language) for side in (tokens[:place], tokens[place + 1 :]))
    before = _digits_before(words, language)
    is_after = before > 0 if words else hint.follows_number
    if tokens[place].text not in language.ambiguous:
        is_after = is_after or (bool(words) and _is_above_nine(words[-1], language))
        return is_after or _is_digit_ahead(following, language)
    if not is_after:
        return not following and bool(words) and words[-1].kind is Kind.DIGITS
    if not following or _is_digit_ahead(following, language):
        return True
    is_read = before >= (1 if hint.follows_number else _MIN_READ)
    return is_read and following[0].text in language.fillers


def _digits_before(words: Sequence[Token], language: Language) -> int:
    """Return how many single digits words end with, up to three."""
    found = 0
    while found < min(len(words), _MIN_READ) and _is_digit(words[-1 - found], language):
        found += 1
    if found == 1 and words[-1].text in language.pronoun and len(words) > 1:
        return int(words[-2].text not in language.before_pronoun)  # no one ate it
    return found


def _is_digit_ahead(words: Sequence[Token], language: Language) -> bool:
    """Whether a digit follows; words that sound like some may come before it, or be the end."""
    for word in words:
        if word.text not in language.homophones:
            return _is_digit(word, language)
    return any(word.text not in language.ambiguous for word in words)


def _words(tokens: Sequence[Token], language: Language) -> list[Token]:
    """Return tokens but for signs and hesitations, which may stand between digits."""
    return [
        token
        for token in tokens
        if token.kind is not Kind.SIGN and token.text not in language.hesitations
    ]


def _is_above_nine(token: Token, language: Language) -> bool:
    """Whether a word is a number of several digits: twenty, hundred, 1984."""
    if token.kind is Kind.DIGITS or token.text in language.magnitudes:
        return True
    return language.values.get(token.text, 0) >= _TEN


def _is_digit(token: Token, language: Language) -> bool:
    """Whether a word is a digit as it is said one by one: four, oh, double, fourth."""
    text = token.text
    if token.kind is Kind.DIGITS:
        return len(text) == 1
    value = language.values.get(text)
    known = (language.beside, language.repeats, language.plurals, language.ordinals)
    return any(text in words for words in known) if value is None else value < _TEN
