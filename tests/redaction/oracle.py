"""What a reader gets to know: the digits of a text, found in another way than the service does."""

import re
from collections.abc import Mapping
from typing import Final

from tests.redaction.tongues import ENGLISH, TONGUES, Tongue

_LABEL: Final = re.compile(r"\[[^\]]*\]")
_LABELLED: Final = re.compile(r"\d+")


def _known(tongue: Tongue) -> Mapping[str, str]:
    return {
        word: str(value)
        for first, said in (
            (2, tongue.tens),
            (10, tongue.teens),
            (20, tongue.twenties),
            (1, tongue.hundreds),
            (0, tongue.units),
            (0, tongue.zeros),
        )
        for value, word in enumerate(said, first)
    } | {
        **{word: str(value) * 2 for value, word in enumerate(tongue.plurals)},
    }


_KNOWN: Final = {tongue.code: _known(tongue) for tongue in TONGUES.values()}
_TIMES: Final = {
    word: times
    for tongue in TONGUES.values()
    for times, said in tongue.repeats.items()
    for word in said
}


def digits_in(text: str, tongue: Tongue = ENGLISH) -> str:
    """Return the digits that a text shows, in order; what is no number separates nothing.

    How many there are is no part of a number, and asked for by the other side.
    """
    kept = re.sub(tongue.counted, "", text)
    kept = _LABEL.sub(lambda label: " ".join(_LABELLED.findall(label[0])), kept)
    known = _KNOWN[tongue.code]
    ordinals = {said: str(value) for value, said in tongue.ordinals.items()}
    sounds = {word: str(value) for value, said in tongue.homophones.items() for word in said}
    made, times, before = "", 1, False
    words = [
        word for said in re.findall(r"[^\W\d]+|\d", kept.lower()) for word in _apart(said, tongue)
    ]
    place = 0
    while place < len(words):
        word, after = words[place], words[place + 1 :]
        place += 1
        if word in _TIMES:
            times = _TIMES[word]
            continue
        several, taken = _several(word, after, tongue)
        if before and word in ordinals:
            several = ordinals[word]
        if before and word in sounds and _is_among_digits(word, after, tongue):
            several = sounds[word]
        digits = several if several or taken else word if word.isdigit() else known.get(word, "")
        place += taken
        if len(digits) == 1 and word in tongue.tens and not _goes_on(after, tongue):
            digits += "0"
        made, before, times = made + digits * times, bool(digits), 1
    return made


def _apart(word: str, tongue: Tongue) -> list[str]:
    """Return the digits of which a word is made: fourfive; itself where it is none."""
    digits = "|".join(tongue.units)
    return re.findall(digits, word) if re.fullmatch(f"(?:{digits}){{2,}}", word) else [word]


def _is_among_digits(word: str, after: list[str], tongue: Tongue) -> bool:
    """Say whether a word behind a digit is one: four *for*, at the end or before a digit."""
    return word not in tongue.ambiguous or not after or after[0] in tongue.units


def _several(word: str, after: list[str], tongue: Tongue) -> tuple[str, int]:
    """Return the digits that stand as how many there are of one, and of how many more words.

    Of how many there are alone nobody learns a digit.
    """
    many = tongue.units.index(word) if word in tongue.units else 0
    if many and after and after[0] in tongue.plurals:
        return str(tongue.plurals.index(after[0])) * many, 1
    if many and after and after[0] == tongue.times:
        of_what = tongue.units.index(after[1]) if after[1:] and after[1] in tongue.units else None
        return ("", 1) if of_what is None else (str(of_what) * many, 2)
    return "", 0


def _goes_on(words: list[str], tongue: Tongue) -> bool:
    """Say whether tens are followed by their units."""
    join = tongue.join.strip(" -")
    if join and words[:1] == [join]:
        words = words[1:]
    elif join:
        return False
    return bool(words) and words[0] in (*tongue.units[1:], *tongue.ordinals.values())


def most_in_order(shown: str, secret: str) -> int:
    """Return how many digits of a secret are shown in order, at most."""
    best = 0
    for start in range(len(secret)):
        while secret[start : start + best + 1] in shown and start + best < len(secret):
            best += 1
    return best
