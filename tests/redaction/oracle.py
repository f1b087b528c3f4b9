"""What a reader gets to know: the digits of a text, found in another way than the service does."""

import re
from collections.abc import Mapping
from typing import Final

from tests.redaction.tongues import ENGLISH, TONGUES, Tongue

_LABEL: Final = re.compile(r"\[[^\]]*\]")
_LAST4: Final = re.compile(r"…(\d{4})")


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
    kept = _LABEL.sub(lambda label: " ".join(_LAST4.findall(label[0])), kept)
    known = _KNOWN[tongue.code]
    made, times = "", 1
    words = re.findall(r"[^\W\d]+|\d", kept.lower())
    for place, word in enumerate(words):
        if word in _TIMES:
            times = _TIMES[word]
            continue
        digits = word if word.isdigit() else known.get(word, "")
        if len(digits) == 1 and word in tongue.tens and not _goes_on(words[place + 1 :], tongue):
            digits += "0"
        made += digits * times
        times = 1
    return made


def _goes_on(words: list[str], tongue: Tongue) -> bool:
    """Say whether tens are followed by their units."""
    join = tongue.join.strip(" -")
    if join and words[:1] == [join]:
        words = words[1:]
    elif join:
        return False
    return bool(words) and words[0] in tongue.units[1:]


def most_in_order(shown: str, secret: str) -> int:
    """Return how many digits of a secret are shown in order, at most."""
    best = 0
    for start in range(len(secret)):
        while secret[start : start + best + 1] in shown and start + best < len(secret):
            best += 1
    return best
