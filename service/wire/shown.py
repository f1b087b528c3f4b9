"""Text of a stranger as it is shown: whatever belongs to the spelling, nothing that steers.

Joiners, marks, soft hyphens, private characters and those of a Unicode that this Python does not
know yet are letters of somebody's. Control characters and bidi overrides move the cursor or turn
around what stands behind the text; half of a surrogate pair is no character.
"""

import re
from typing import Final

_STEERS: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_STEERS_IN_LINE: Final = re.compile(
    r"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069]"
)
"""Those that are no spaces."""
_HALF: Final = re.compile(r"[\ud800-\udfff]")


def one_line(text: str) -> str:
    """Return text on one line, its spaces single ones, without what steers."""
    return _without_halves(" ".join(_STEERS_IN_LINE.sub("", text).split()))


def in_place(text: str) -> str:
    """Return text with a space for each character that steers: what is a space stays one."""
    return _without_halves(_STEERS.sub(" ", text))


def _without_halves(text: str) -> str:
    return _HALF.sub("\ufffd", text)
