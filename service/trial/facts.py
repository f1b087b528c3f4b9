"""What was seen of a call, by name: nothing of anybody is in it. Pure.

Values are made of our own words and of names that Telnyx gave things (headers, fields, events,
codecs, codes). A name with more than five digits, or with a sign that no name has, is not kept: it
might be a number, an id or a key.
"""

import re
from collections.abc import Iterable

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9._/ -]{0,59}|[0-9]{1,5}")
_MAX_DIGITS = 5
UNNAMED = "?"
"""Stands for what may not be shown."""
MAX_NAMES = 60

Fact = str | tuple[str, ...]
"""A sentence, or a sorted list of names."""


def name_of(text: object) -> str:
    """Return a name that Telnyx gave something, or `UNNAMED`."""
    said = str(text)
    digits = sum(sign.isdigit() for sign in said)
    return said if digits <= _MAX_DIGITS and _NAME.fullmatch(said) else UNNAMED


class Facts:
    """What is known of one call so far, in the order in which it was seen."""

    def __init__(self) -> None:
        self.seen: dict[str, Fact] = {}
        self.took_ms: dict[str, int] = {}
        """How long things took: told, and never compared."""

    def note(self, fact: str, said: object) -> None:
        """Note a sentence; the first one counts.

        Each word of it has to be one that `name_of` lets through.
        """
        words = (name_of(word) for word in str(said).split(" "))
        self.seen.setdefault(name_of(fact), " ".join(words))

    def note_names(self, fact: str, names: Iterable[object]) -> None:
        """Note a list of names, sorted and each once."""
        shown = sorted({name_of(name) for name in names})
        self.seen.setdefault(name_of(fact), tuple(shown[:MAX_NAMES]))

    def time(self, fact: str, seconds: float) -> None:
        """Note how long something took."""
        self.took_ms.setdefault(name_of(fact), round(seconds * 1000))
