"""What a reader gets to know: the digits of a text, found in another way than the service does."""

import re
from typing import Final

from tests.redaction.speech import TEENS, TENS, UNITS

_WORDS: Final = (
    {word: str(value) for value, word in enumerate(UNITS)}
    | {word: str(value) for value, word in enumerate(TEENS, 10)}
    | {word: str(value) for value, word in enumerate(TENS, 2)}
    | {"oh": "0"}
)
_TIMES: Final = {"double": 2, "triple": 3, "treble": 3}
_LABEL: Final = re.compile(r"\[[^\]]*\]")
_COUNTED: Final = re.compile(r"\b(?:three|four) digits\b")
"""How many there are is no part of a number, and asked for by the other side."""
_LAST4: Final = re.compile(r"…(\d{4})")


def digits_in(text: str) -> str:
    """Return the digits that a text shows, in order; what is no number separates nothing."""
    kept = _COUNTED.sub("", text)
    kept = _LABEL.sub(lambda label: " ".join(_LAST4.findall(label[0])), kept)
    made, times = "", 1
    words = re.findall(r"[^\W\d]+|\d", kept.lower())
    for place, word in enumerate(words):
        after = words[place + 1] if place + 1 < len(words) else ""
        if word in _TIMES:
            times = _TIMES[word]
            continue
        digits = word if word.isdigit() else _WORDS.get(word, "")
        if word in TENS and after not in UNITS[1:]:
            digits += "0"
        made += digits * times
        times = 1
    return made


def most_in_order(shown: str, secret: str) -> int:
    """Return how many digits of a secret are shown in order, at most."""
    best = 0
    for start in range(len(secret)):
        while secret[start : start + best + 1] in shown and start + best < len(secret):
            best += 1
    return best
