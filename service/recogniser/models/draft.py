"""What is likely to come next in a text: the tokens of an earlier decoding of the same speech."""

from collections.abc import Sequence
from typing import Final

_TRIED: Final = 12
"""So many tokens are tried at once: it takes the decoder twice as long as one."""
_NEAR: Final = 8
"""So far on it is looked for where both say the same again."""


class Draft:
    """A text that is followed token by token while it is right."""

    def __init__(self, tokens: Sequence[int]) -> None:
        self._tokens = list(tokens)
        self._at = 0
        self._follows = True

    def ahead(self) -> list[int]:
        """Return what may come next; nothing where the draft was wrong."""
        return self._tokens[self._at : self._at + _TRIED] if self._follows else []

    def take(self, token: int) -> None:
        """Learn what came."""
        near = self._tokens[self._at : self._at + _NEAR]
        self._follows = token in near
        if self._follows:
            self._at += near.index(token) + 1
