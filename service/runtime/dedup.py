"""The webhooks this process has committed lately, so that a repeat costs no transaction."""

from collections import deque
from collections.abc import Hashable, Iterable
from typing import Generic, TypeVar

MAX_IDS = 50_000
"""Of webhooks: some thousand calls' worth, in 10 MB."""

_Id = TypeVar("_Id", bound=Hashable)


class Dedup(Generic[_Id]):
    """A bounded memory of ids; when full, the oldest is forgotten.

    The journal's inbox is the truth: a repeat that is not remembered here is found there.
    """

    def __init__(self, most: int = MAX_IDS) -> None:
        self._most = most
        self._ids: set[_Id] = set()
        self._in_order: deque[_Id] = deque()

    def __contains__(self, one: object) -> bool:
        return one in self._ids

    def update(self, ids: Iterable[_Id]) -> None:
        """Remember these."""
        for one in ids:
            if one not in self._ids:
                self._ids.add(one)
                self._in_order.append(one)
        while len(self._ids) > self._most:
            self._ids.discard(self._in_order.popleft())
