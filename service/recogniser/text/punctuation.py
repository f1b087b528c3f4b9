"""Puts marks and capitals right where the model joins two pieces of what was said. Pure.

After a pause it goes on as if nothing had been, or as if all had: a sentence begins with a small
letter, a comma is written twice, a question ends before its "please". No word is changed.
"""

import re
from typing import Final

_DOUBLED: Final = re.compile(r"([,;:!?])(?:\1|[,;:])+|[,;:]([.!?])|([!?])\.(?!\.)")
"""A mark twice, or one that is none beside the one that ends a sentence."""
_LATE_PLEASE: Final = re.compile(r"([.!?]) please(?:[.!?]|$)")
_SENTENCE: Final = re.compile(r"(\S*)([.!?]) ([a-z])")
_ABBREVIATIONS: Final = frozenset(
    {"dr", "mr", "mrs", "ms", "st", "vs", "etc", "no", "inc", "co", "jr", "sr", "prof", "approx"}
)


def tidied(text: str) -> str:
    """Return a text with as many words, and marks and capitals as people would put them."""
    text = _DOUBLED.sub(lambda found: found[1] or found[2] or found[3], text)
    text = _LATE_PLEASE.sub(lambda found: f", please{found[1]}", text)
    return _SENTENCE.sub(_with_capital, text)


def _with_capital(found: re.Match[str]) -> str:
    before, mark, letter = found.groups()
    begins = not (mark == "." and _is_short(before))
    return f"{before}{mark} {letter.upper() if begins else letter}"


def _is_short(word: str) -> bool:
    """Whether a dot after it belongs to the word: p.m., e.g., Dr., or the end of an ellipsis."""
    return "." in word or len(word) <= 1 or word.casefold() in _ABBREVIATIONS
